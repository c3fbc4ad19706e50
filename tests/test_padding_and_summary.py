"""Padding is undone exactly; summaries are what pandas and NumPy say of each sequence."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgru import GRURegressor
from skgru.datasets import load_japanese_vowels
from skgru.preprocessing import SequenceSummary, TimeDistributed, pad_sequences, unpad_sequences

STATISTICS = ["mean", "std", "min", "max", "first", "last", "slope"]


class TestPadding:
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_round_trip_is_exact(self, ragged, dtype):
        X = [x.astype(dtype) for x in ragged[0]]
        padded = pad_sequences(X)
        assert padded.dtype == dtype
        assert padded.shape == (40, 9, 3)
        back = unpad_sequences(padded)
        assert len(back) == 40
        for one, given, row in zip(back, X, padded, strict=True):
            assert one.dtype == dtype
            np.testing.assert_array_equal(one, given)
            assert np.isnan(row[len(given) :]).all()
        np.testing.assert_array_equal(pad_sequences(back), padded)

    def test_missing_values_inside_stay(self):
        X = [np.array([[np.nan, np.nan], [1, np.nan], [2, 3]]), np.array([[5.0, np.nan]])]
        for one, given in zip(unpad_sequences(pad_sequences(X)), X, strict=True):
            np.testing.assert_array_equal(one, given)

    def test_results_are_copies(self, ragged):
        X = [x.copy() for x in ragged[0]]
        padded = pad_sequences(X)
        unpad_sequences(padded)[0][:] = 7
        padded[:] = 8
        np.testing.assert_array_equal(X[0], ragged[0][0])
        whole = np.ones((2, 3, 1))
        pad_sequences(whole)[:] = 7
        unpad_sequences(whole)[0][:] = 8
        assert (whole == 1).all()

    def test_an_estimator_predicts_the_same(self, ragged):
        X, y = ragged
        model = GRURegressor(4, max_iter=2, random_state=0).fit(X, y)
        expected = model.predict(X)
        np.testing.assert_allclose(model.predict(pad_sequences(X)), expected, rtol=1e-12)
        longer = pad_sequences(X, n_timesteps=20)
        assert longer.shape == (40, 20, 3)
        np.testing.assert_allclose(model.predict(longer), expected, rtol=1e-12)

    def test_lists_of_one_feature_and_of_integers(self):
        padded = pad_sequences([[1, 2], [3]])
        np.testing.assert_array_equal(padded, [[[1], [2]], [[3], [np.nan]]])
        assert padded.dtype == np.float64
        series = pd.Series([np.array([1.0, 2.0]), np.array([3.0])])
        np.testing.assert_array_equal(pad_sequences(series), padded)

    @pytest.mark.parametrize(
        ("X", "options", "message"),
        [
            ([], {}, "0 sequences"),
            ([[1.0, 2.0], []], {}, "Sequence 1 of X is empty"),
            ([np.ones((2, 2)), np.ones((2, 3))], {}, "Sequence 1 of X has 3 features per step"),
            ([[1.0], [2.0, np.nan]], {}, "Sequence 1 of X is NaN in all features at its last .* 1"),
            ([[1.0], [2.0, np.inf]], {}, "infinity at sample 1, step 1, feature 0"),
            ([[1.0], np.array([2.0, "a"], object)], {}, "string 'a' at sample 1, step 1"),
            ([[1.0], [2, 3, 4]], {"n_timesteps": 2}, "Sequence 1 of X has 3 steps.*at least 3"),
            ([[1.0]], {"n_timesteps": 2.0}, "n_timesteps must be an int or None. Got 2.0"),
            ([[1.0]], {"n_timesteps": True}, "n_timesteps must be an int or None. Got True"),
        ],
    )
    def test_bad_lists(self, X, options, message):
        with pytest.raises(ValueError, match=message):
            pad_sequences(X, **options)

    @pytest.mark.parametrize(
        ("X", "message"),
        [
            (np.ones((2, 3)), r"X has 2 dimensions; expected 3, \(n_samples, n_timesteps"),
            ([[[1.0]], [[1.0], [2.0]]], "different lengths, so there is no padding"),
            ([[[1.0]], [[np.nan]]], "Sequence 1 of X is empty"),
            ([[[1.0]], [[np.inf]]], "infinity at sample 1, step 0, feature 0"),
        ],
    )
    def test_bad_arrays(self, X, message):
        with pytest.raises(ValueError, match=message):
            unpad_sequences(X)


def by_pandas(x):
    """Return the seven statistics of one sequence, feature by feature."""
    table = pd.DataFrame(x)
    slopes = [np.polyfit(np.arange(len(x)), column, 1)[0] if len(x) > 1 else 0 for column in x.T]
    ends = table.iloc[0], table.iloc[-1]
    parts = [table.mean(), table.std(ddof=0), table.min(), table.max(), *ends, pd.Series(slopes)]
    return np.stack(parts, axis=1).ravel()


class TestSequenceSummary:
    def test_numbers_are_those_of_pandas_and_polyfit(self, ragged):
        X = [*ragged[0], np.array([[1.0, -2.0, 0.0]])]
        expected = np.array([by_pandas(x) for x in X])
        assert np.abs(expected[:-1]).min() > 0
        made = SequenceSummary().fit_transform(X)
        np.testing.assert_allclose(made, expected, rtol=1e-10, atol=1e-12)
        np.testing.assert_array_equal(SequenceSummary().fit_transform(pad_sequences(X)), made)

    def test_real_data(self):
        X, _ = load_japanese_vowels(subset="train", return_X_y=True)
        X = [x.astype(np.float64) for x in X]
        expected = np.array([by_pandas(x) for x in X])
        made = SequenceSummary().fit_transform(X)
        np.testing.assert_allclose(made, expected, rtol=1e-9, atol=1e-12)

    def test_large_offset_costs_no_digits(self, ragged):
        shifted = [x + 1e8 for x in ragged[0]]
        made = SequenceSummary(["std", "slope"]).fit_transform(shifted)
        expected = SequenceSummary(["std", "slope"]).fit_transform([x - 1e8 for x in shifted])
        np.testing.assert_allclose(made, expected, rtol=1e-6, atol=1e-8)

    def test_array_table_and_list_are_the_same(self, dense):
        X, _ = dense
        expected = np.array([by_pandas(x) for x in X])
        flat = X.reshape(len(X), -1)
        for given, n_features in ((X, 1), (list(X), 1), (flat, 2), (pd.DataFrame(flat), 2)):
            made = SequenceSummary(n_features_per_step=n_features).fit_transform(given)
            np.testing.assert_allclose(made, expected, rtol=1e-10, atol=1e-12)

    def test_float32_is_summed_in_float64(self):
        X = np.array([[[1e8], [1], [-1e8]]], np.float32)
        made = SequenceSummary(["mean", "std"]).fit_transform(X)
        assert made.dtype == np.float32
        wide = X[0].astype(np.float64)
        np.testing.assert_allclose(made[0], [1 / 3, wide.std()], rtol=1e-6)

    def test_a_sequence_does_not_depend_on_its_neighbours(self, ragged):
        X, _ = ragged
        summary = SequenceSummary().fit(X)
        together = summary.transform(X)
        for x, row in zip(X, together, strict=True):
            np.testing.assert_array_equal(summary.transform([x])[0], row)

    def test_names_say_what_the_columns_are(self, ragged):
        X, _ = ragged
        summary = SequenceSummary(["max", "mean"]).set_output(transform="pandas")
        made = summary.fit_transform(X)
        assert list(made) == ["x0_max", "x0_mean", "x1_max", "x1_mean", "x2_max", "x2_mean"]
        np.testing.assert_array_equal(made["x1_max"], [x[:, 1].max() for x in X])
        names = summary.get_feature_names_out(["a", "b", "c"])
        assert list(names) == ["a_max", "a_mean", "b_max", "b_mean", "c_max", "c_mean"]
        with pytest.raises(ValueError, match="input_features"):
            summary.get_feature_names_out(["a", "b"])

    def test_names_and_index_over_a_table(self, dense):
        X, _ = dense
        table = pd.DataFrame(X.reshape(len(X), -1), index=np.arange(40) + 100).add_prefix("c")
        summary = SequenceSummary(n_features_per_step=2).set_output(transform="pandas")
        made = summary.fit_transform(table)
        assert list(made) == [f"x{i}_{name}" for i in range(2) for name in STATISTICS]
        assert list(made.index) == list(table.index)
        np.testing.assert_array_equal(made["x1_last"], X[:, -1, 1])

    @pytest.mark.parametrize(
        ("columns", "expected"),
        [
            (["rain_0", "wind_0", "rain_1", "wind_1"], ["rain", "wind"]),
            (["rain9", "wind9", "rain10", "wind10"], ["rain", "wind"]),
            (["x0_0", "x1_0", "x0_1", "x1_1"], ["x0", "x1"]),
            (["step0__rain", "step0__wind", "step1__rain", "step1__wind"], ["rain", "wind"]),
            (["1 rain", "1 wind", "2 rain", "2 wind"], ["rain", "wind"]),
            (["rain_0", "rain_1", "wind_0", "wind_1"], ["x0", "x1"]),  # feature by feature
            (["rain_0", "rain_1", "rain_2", "rain_3"], ["x0", "x1"]),
            (["a", "b", "c", "d"], ["x0", "x1"]),
            (["0", "1", "2", "3"], ["x0", "x1"]),
        ],
    )
    def test_names_of_the_columns_of_a_table(self, columns, expected):
        """They were never looked at."""
        table = pd.DataFrame(np.arange(8.0).reshape(2, 4), columns=columns)
        summary = SequenceSummary(["last", "max"], n_features_per_step=2).fit(table)
        made = [f"{name}_{statistic}" for name in expected for statistic in ("last", "max")]
        assert list(summary.get_feature_names_out()) == made
        unnamed = SequenceSummary(["last", "max"], n_features_per_step=2).fit(table.to_numpy())
        assert list(unnamed.get_feature_names_out(columns)) == made
        assert unnamed.get_feature_names_out()[0] == "x0_last"

    def test_names_of_a_table_of_one_step_and_of_a_list_of_tables(self):
        table = pd.DataFrame(np.eye(3, 2), columns=["rain", "wind"])
        for X in (table, [table, table[:2]]):
            summary = SequenceSummary(["max"], n_features_per_step=2).fit(X)
            assert list(summary.get_feature_names_out()) == ["rain_max", "wind_max"]

    def test_the_baseline_in_scikit_learns_tools(self):
        X, y = load_japanese_vowels(subset="train", return_X_y=True)
        model = make_pipeline(SequenceSummary(), StandardScaler(), LogisticRegression())
        assert cross_val_score(model, X, y, cv=3).mean() > 0.95
        grid = {"sequencesummary__statistics": [["first"], STATISTICS]}
        search = GridSearchCV(model, grid, cv=3).fit(X, y)
        assert search.best_params_["sequencesummary__statistics"] == STATISTICS

    def test_behind_time_distributed_and_in_a_column_transformer(self, dense):
        X, _ = dense
        scaled = make_pipeline(TimeDistributed(StandardScaler()), SequenceSummary(["max"]))
        z = StandardScaler().fit_transform(X.reshape(-1, 2)).reshape(X.shape)
        np.testing.assert_allclose(scaled.fit_transform(X), z.max(axis=1))
        table = np.hstack([X.reshape(len(X), -1), np.arange(40)[:, None]])
        summary = SequenceSummary(["max"], n_features_per_step=2)
        joined = ColumnTransformer([("sequence", summary, slice(12))], remainder="passthrough")
        made = joined.fit_transform(table)
        np.testing.assert_array_equal(made[:, :2], X.max(axis=1))
        np.testing.assert_array_equal(made[:, 2], np.arange(40))

    @pytest.mark.parametrize("bad", [["median"], [], ["mean", "mean"], [["mean"]], "mean", None])
    def test_bad_statistics(self, bad, dense):
        with pytest.raises(ValueError, match="statistics"):
            SequenceSummary(bad).fit(dense[0])

    def test_a_fit_that_fails_leaves_the_last_one(self, dense):
        X, _ = dense
        summary = SequenceSummary().fit(X)
        with pytest.raises(ValueError, match="infinity at sample 0"):
            summary.fit(np.full((4, 3, 5), np.inf))
        np.testing.assert_array_equal(summary.transform(X), SequenceSummary().fit_transform(X))

    def test_bad_data(self, ragged):
        X = [x.copy() for x in ragged[0]]
        X[3][1, 2] = np.nan
        with pytest.raises(ValueError, match="NaN at sample 3, step 1, feature 2"):
            SequenceSummary().fit(X)
        summary = SequenceSummary().fit(ragged[0])
        with pytest.raises(ValueError, match="2 features per step, but SequenceSummary was fitted"):
            summary.transform([x[:, :2] for x in X])


@pytest.mark.filterwarnings("default")
@parametrize_with_checks([SequenceSummary(), SequenceSummary(statistics=["slope", "mean"])])
def test_scikit_learn_check(estimator, check):
    check(estimator)
