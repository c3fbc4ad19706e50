"""Windows never see the future; transformers see every step, and no padding."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    PolynomialFeatures,
    StandardScaler,
)

from skgru import GRURegressor
from skgru.preprocessing import TimeDistributed, from_long, make_windows


def padded(X):
    result = np.full((len(X), max(map(len, X)), X[0].shape[1]), np.nan)
    for i, x in enumerate(X):
        result[i, : len(x)] = x
    return result


class TestTimeDistributed:
    def test_scales_over_all_steps(self, dense):
        X, _ = dense
        Z = TimeDistributed(StandardScaler()).fit_transform(5 + 3 * X)
        assert Z.shape == X.shape
        np.testing.assert_allclose(Z.mean(axis=(0, 1)), 0, atol=1e-12)
        np.testing.assert_allclose(Z.std(axis=(0, 1)), 1)

    def test_ragged_and_padded_give_the_same_and_padding_does_not_count(self, ragged):
        X, _ = ragged
        rows = StandardScaler().fit(np.concatenate(X))
        listed = TimeDistributed(StandardScaler()).fit_transform(X)
        array = TimeDistributed(StandardScaler()).fit_transform(padded(X))
        assert isinstance(listed, list)
        for i, x in enumerate(X):
            np.testing.assert_allclose(listed[i], rows.transform(x), rtol=1e-12)
            np.testing.assert_array_equal(array[i, : len(x)], listed[i])
            assert np.isnan(array[i, len(x) :]).all()

    def test_table_is_cut_into_steps(self, dense):
        X, _ = dense
        flat = X.reshape(len(X), -1)
        transformed = TimeDistributed(StandardScaler(), n_features_per_step=2).fit_transform(flat)
        expected = TimeDistributed(StandardScaler()).fit_transform(X)
        np.testing.assert_array_equal(transformed, expected.reshape(len(X), -1))

    @pytest.mark.parametrize("form", [np.asarray, list, lambda X: X.reshape(len(X), -1)])
    @pytest.mark.parametrize("inner", [StandardScaler(), MinMaxScaler(), PCA(1), PCA(2)])
    def test_inverse_transform(self, dense, form, inner):
        X, _ = dense
        if inner.get_params().get("n_components") == 1:
            X = np.stack([X[:, :, 0], 2 * X[:, :, 0]], axis=2)  # one component tells all
        given = form(X)
        transformer = TimeDistributed(clone(inner), n_features_per_step=2).fit(given)
        back = transformer.inverse_transform(transformer.transform(given))
        np.testing.assert_allclose(np.asarray(back), np.asarray(given), atol=1e-12)

    def test_inverse_transform_keeps_padding(self, ragged):
        X = padded(ragged[0])
        transformer = TimeDistributed(StandardScaler()).fit(X)
        back = transformer.inverse_transform(transformer.transform(X))
        np.testing.assert_allclose(back, X, atol=1e-12)

    def test_number_of_features_may_change(self, ragged):
        X, _ = ragged
        transformer = TimeDistributed(PolynomialFeatures(2, include_bias=False))
        assert transformer.fit_transform(X)[0].shape == (len(X[0]), 9)
        assert list(transformer.get_feature_names_out(["a", "b", "c"]))[:4] == [
            "a",
            "b",
            "c",
            "a^2",
        ]

    def test_feature_names(self, dense):
        X, _ = dense
        transformer = TimeDistributed(StandardScaler()).fit(X)
        assert list(transformer.get_feature_names_out()) == ["x0", "x1"]
        transformer = TimeDistributed(StandardScaler(), n_features_per_step=2)
        transformer.fit(X[:, :2].reshape(len(X), -1))
        assert list(transformer.get_feature_names_out()) == ["x0", "x1", "x2", "x3"]
        table = pd.DataFrame(X[:, :2].reshape(len(X), -1), columns=list("abcd"))
        assert list(transformer.fit(table).get_feature_names_out()) == list("abcd")
        with pytest.raises(ValueError, match="input_features"):
            transformer.get_feature_names_out(list("abce"))

    def test_sparse_output_and_transformers_without_names(self):
        X = np.array([[[0.0], [1.0]], [[2.0], [1.0]]])
        encoded = TimeDistributed(OneHotEncoder()).fit_transform(X)
        np.testing.assert_array_equal(encoded.argmax(axis=2), X[:, :, 0])
        transformer = TimeDistributed(FunctionTransformer(np.log1p, np.expm1)).fit(X)
        np.testing.assert_allclose(transformer.inverse_transform(transformer.transform(X)), X)

    def test_a_fit_that_fails_leaves_the_last_one(self, dense):
        X, _ = dense
        transformer = TimeDistributed(PCA(2)).fit(X)
        before = transformer.transform(X)
        with pytest.raises(ValueError, match="n_components"):
            transformer.fit(X[:, :, :1])
        np.testing.assert_array_equal(transformer.transform(X), before)

    @pytest.mark.parametrize("bad", [0, 2.0, "a"])
    def test_bad_parameters(self, dense, bad):
        with pytest.raises(ValueError, match="n_features_per_step"):
            TimeDistributed(StandardScaler(), n_features_per_step=bad).fit(dense[0])

    def test_single_precision_stays(self, dense):
        X = dense[0].astype(np.float32)
        assert TimeDistributed(StandardScaler()).fit_transform(X).dtype == np.float32

    def test_pipelines_inside_and_nested_parameters(self, ragged):
        X, _ = ragged
        transformer = TimeDistributed(make_pipeline(StandardScaler(), PCA(2)))
        transformer.set_params(transformer__pca__n_components=1)
        assert transformer.fit_transform(X)[0].shape[1] == 1

    def test_a_transformer_that_works_in_place(self, dense):
        """A probe of one row scaled the first step of the user's X, twice in the end."""
        X = dense[0].copy()
        in_place = TimeDistributed(StandardScaler(copy=False)).fit(X)
        np.testing.assert_array_equal(X, dense[0])
        expected = TimeDistributed(StandardScaler()).fit_transform(dense[0])
        np.testing.assert_allclose(in_place.transform(X), expected, rtol=1e-12)

    def test_a_transformer_that_drops_rows_is_refused(self, dense):
        every_other = FunctionTransformer(lambda rows: rows[::2])
        with pytest.raises(ValueError, match="one for each step"):
            TimeDistributed(every_other).fit_transform(dense[0])

    def test_what_is_missing_inside_can_be_imputed(self, ragged):
        X, y = ragged
        X = [x.copy() for x in X]
        X[1][0, 1] = np.nan
        together = np.vstack(X)
        expected = np.nanmean(together[:, 1])
        for form in (list, padded):
            filled = TimeDistributed(SimpleImputer()).fit_transform(form(X))
            assert filled[1][0, 1] == pytest.approx(expected)
            for x, given in zip(filled, X, strict=True):
                assert np.isfinite(x[: len(given)]).all()
        model = make_pipeline(TimeDistributed(SimpleImputer()), GRURegressor(4, max_iter=1))
        assert np.isfinite(model.fit(X, y).predict(X)).all()
        X[1][0, 1] = np.inf
        with pytest.raises(ValueError, match="infinity at sample 1, step 0, feature 1"):
            TimeDistributed(SimpleImputer()).fit(X)

    def test_a_transformer_that_needs_targets_gets_that_of_the_sequence(self, ragged):
        X, y = ragged
        labels = (y > 0).astype(int)
        selected = TimeDistributed(SelectKBest(k=1)).fit(X, labels)
        steps = np.repeat(labels, [len(x) for x in X])
        expected = SelectKBest(k=1).fit(np.vstack(X), steps)
        np.testing.assert_array_equal(selected.transformer_.scores_, expected.scores_)
        with pytest.raises(ValueError, match="requires y"):
            TimeDistributed(SelectKBest(k=1)).fit(X)

    def test_the_given_transformer_is_not_fitted(self, ragged):
        inner = StandardScaler()
        TimeDistributed(inner).fit(ragged[0])
        assert not hasattr(inner, "mean_")

    def test_another_number_of_features_is_refused(self, ragged):
        X, _ = ragged
        transformer = TimeDistributed(StandardScaler()).fit(X)
        with pytest.raises(ValueError, match="2 features per step, but TimeDistributed was fitted"):
            transformer.transform([x[:, :2] for x in X])

    def test_no_inverse_where_the_transformer_has_none(self):
        assert not hasattr(TimeDistributed(PolynomialFeatures()), "inverse_transform")


class TestMakeWindows:
    @pytest.mark.parametrize("stride", [1, 2, 5])
    @pytest.mark.parametrize("horizon", [1, 3])
    def test_targets_follow_their_window(self, horizon, stride):
        series = np.arange(40.0).reshape(20, 2)  # value = 2 * step + column
        X, y = make_windows(series, n_timesteps=4, horizon=horizon, stride=stride, target=1)
        assert X.shape[1:] == (4, 2)
        assert y.shape == (len(X), horizon)
        assert len(X) == (20 - 4 - horizon) // stride + 1
        for i, (window, target) in enumerate(zip(X, y, strict=True)):
            first = i * stride
            np.testing.assert_array_equal(window, series[first : first + 4])
            np.testing.assert_array_equal(target, series[first + 4 : first + 4 + horizon, 1])
            assert window.max() < target.min()  # the series rises: nothing of the future is in X

    def test_windows_are_a_view_that_cannot_be_written_to(self):
        series = np.arange(20.0)
        X, _ = make_windows(series, n_timesteps=4)
        assert np.shares_memory(X, series)
        with pytest.raises(ValueError, match="read-only"):
            X[0, 0, 0] = 1

    def test_several_targets(self):
        series = np.arange(40.0).reshape(20, 2)
        X, y = make_windows(series, n_timesteps=4, horizon=3)
        assert y.shape == (len(X), 3, 2)
        np.testing.assert_array_equal(y[0], series[4:7])
        _, y = make_windows(series, n_timesteps=4, horizon=3, target=[1])
        np.testing.assert_array_equal(y[0], series[4:7, [1]])

    def test_data_frames_and_names(self):
        table = pd.DataFrame({"a": range(10), "b": range(100, 110)})
        X, y = make_windows(table, n_timesteps=3, target="b")
        np.testing.assert_array_equal(X[0], table.to_numpy()[:3])
        assert y[0, 0] == 103
        _, y = make_windows(table, n_timesteps=3, target=["b", "a"])
        np.testing.assert_array_equal(y[0, 0], [103, 3])

    def test_names_that_are_numbers_are_names(self):
        table = pd.DataFrame({1: range(10), 0: range(100, 110)})
        assert make_windows(table, n_timesteps=3, target=1)[1][0, 0] == 3
        assert make_windows(table, n_timesteps=3, target=np.array([0]))[1][0, 0, 0] == 103

    def test_what_is_no_number_is_refused(self):
        with pytest.raises(ValueError, match=r"series holds 'a' at step 0, column 'a'.* encode it"):
            make_windows(pd.DataFrame({"a": list("abcdef")}), n_timesteps=2)
        with pytest.raises(ValueError, match="Complex data not supported"):
            make_windows(np.arange(6) * 1j, n_timesteps=2)

    @pytest.mark.parametrize(
        ("series", "message"),
        [
            (np.array(["1", "2", "3", "4"]), "'1'.* at step 0, column 0. .*encode it"),
            ([["1", 2.0]] * 4, "'1'.* at step 0, column 0"),
            (np.array([1.0, None, "3", 4], object), "'3' at step 2, column 0"),
            (
                np.arange("2020-01", "2020-05", dtype="M8[M]"),
                "2020.* step 0.* days since the first",
            ),
            (np.arange(4).astype("m8[ns]"), "at step 0, column 0.* days since"),
            (pd.Series(pd.date_range("2020", periods=4)), "2020.* at step 0, column 0"),
            (
                pd.DataFrame({"a": [1.0] * 4, "b": pd.date_range("2020", periods=4)}),
                r"Timestamp\('2020.*'\) at step 0, column 'b'",
            ),
            (np.array([[1, 2], [3, np.inf], [1, 1], [1, 1]]), "inf.* at step 1, column 1. Replace"),
            (np.array([1, 2, -np.inf, 4], object), "-inf at step 2"),
            (pd.DataFrame({"a": [1.0, 2, np.inf, 3]}), "inf.* at step 2"),
            (np.array([1, 2**60, 3, 4]), f"{2**60}.* at step 1, column 0. As a float64"),
            (
                pd.DataFrame({"a": [0.5] * 4, "b": [-(2**60)] * 4}),
                "step 0, column 'b'. As a float64",
            ),
            ([[1.0], [2.0, 3.0], [1.0]], "different numbers of values"),
            (np.array(["1", "2", "3", "4"], "S"), "at step 0"),
        ],
    )
    def test_what_would_become_another_number_is_refused(self, series, message):
        with pytest.raises(ValueError, match=rf"series (holds )?.*{message}"):
            make_windows(series, n_timesteps=2)
        with pytest.raises(ValueError, match=rf"series\[1\] (holds )?.*{message}"):
            make_windows([np.ones(9), series], n_timesteps=2)

    def test_columns_of_polars(self):
        pl = pytest.importorskip("polars")
        with pytest.raises(ValueError, match="series holds 'x' at step 0, column 'a'"):
            make_windows(pl.DataFrame({"a": ["x"] * 4}), n_timesteps=2)
        with pytest.raises(ValueError, match=f"{2**53 + 2} at step 3, column 'a'.* identifier"):
            make_windows(pl.DataFrame({"a": [1, 2, 3, 2**53 + 2]}), n_timesteps=2)
        for series in (pl.DataFrame({"a": [1, None, 3, 4]}), pl.Series([1.0, None, 3, 4])):
            X, _ = make_windows(series, n_timesteps=3)
            np.testing.assert_array_equal(X[0, :, 0], [1, np.nan, 3])

    def test_two_columns_of_one_name(self):
        table = pd.DataFrame([[1, 2]] * 4, columns=["a", "a"])
        with pytest.raises(ValueError, match="series has two columns of one name"):
            make_windows(table, n_timesteps=2)

    def test_masked_and_sparse_series_are_refused(self):
        masked = np.ma.masked_array([1.0, 2, 3, 4], [0, 1, 0, 0])
        with pytest.raises(TypeError, match=r"series\[1\] is a masked array. .*filled"):
            make_windows([np.arange(9.0), masked], n_timesteps=2)
        with pytest.raises(TypeError, match="series is sparse"):
            make_windows(csr_array(np.eye(4)), n_timesteps=2)

    @pytest.mark.parametrize(
        "series",
        [
            np.array([1, None, 3, 4, 5], object),
            pd.Series([1, None, 3, 4, 5], dtype="Int64"),
            pd.DataFrame({"a": pd.array([1, None, 3, 4, 5], dtype="Int8")}),
        ],
        ids=lambda series: type(series).__name__,
    )
    def test_what_is_missing_is_nan(self, series):
        X, y = make_windows(series, n_timesteps=3)
        np.testing.assert_array_equal(X[:, :, 0], [[1, np.nan, 3], [np.nan, 3, 4]])
        assert y.tolist() == [[4], [5]]

    def test_windows_of_a_table_of_floats_are_a_view(self):
        series = np.arange(20.0)
        table = pd.DataFrame({"a": series}, copy=False)
        assert np.shares_memory(make_windows(table, n_timesteps=4)[0], table["a"].to_numpy())

    def test_floating_point_type(self):
        assert make_windows(np.arange(9), n_timesteps=3)[0].dtype == np.float64
        assert make_windows(np.arange(9, dtype="f4"), n_timesteps=3)[0].dtype == np.float32

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"n_timesteps": 0}, "n_timesteps must be an int of at least 1"),
            ({"n_timesteps": 3, "horizon": 0}, "horizon must be an int of at least 1"),
            ({"n_timesteps": 3, "stride": 1.5}, "stride must be an int of at least 1"),
            ({"n_timesteps": 10}, "series has 10 steps, but n_timesteps=10 and horizon=1 need"),
            ({"n_timesteps": 3, "target": "c"}, r"target 'c' is no column of series.*\['a', 'b'\]"),
            ({"n_timesteps": 3, "target": 2}, "target 2 is no column"),
            ({"n_timesteps": 3, "target": []}, "is no column"),
            ({"n_timesteps": 3, "target": True}, "target True is no column"),
            ({"n_timesteps": True}, "n_timesteps must be an int"),
        ],
    )
    def test_bad_parameters(self, options, message):
        table = pd.DataFrame({"a": range(10), "b": range(10)})
        with pytest.raises(ValueError, match=message):
            make_windows(table, **options)

    def test_three_dimensions_are_refused(self):
        with pytest.raises(ValueError, match="series has 3 dimensions"):
            make_windows(np.zeros((4, 4, 4)), n_timesteps=2)

    @pytest.mark.parametrize("horizon", [1, 3])
    def test_exogenous_columns_run_ahead(self, horizon):
        steps = np.arange(20.0)
        table = pd.DataFrame({"sales": steps, "price": 100 + steps, "weekday": steps % 7})
        X, y = make_windows(
            table, n_timesteps=4, horizon=horizon, stride=2, exogenous=["price", "weekday"]
        )
        assert X.shape == ((20 - 4 - horizon) // 2 + 1, 4, 3)
        assert y.shape == (len(X), horizon)
        for i, (window, target) in enumerate(zip(X, y, strict=True)):
            now, to_come = 2 * i + np.arange(4), 2 * i + 4 + np.arange(horizon)
            np.testing.assert_array_equal(window[:, 0], table["sales"][now])
            np.testing.assert_array_equal(target, table["sales"][to_come])
            for column, name in ((1, "price"), (2, "weekday")):
                np.testing.assert_array_equal(window[:, column], table[name][now + horizon])
                np.testing.assert_array_equal(window[-horizon:, column], table[name][to_come])
        assert list(table["price"]) == list(100 + steps)

    def test_exogenous_columns_by_position(self):
        series = np.arange(40.0).reshape(20, 2)
        expected = make_windows(pd.DataFrame(series), n_timesteps=4, exogenous=1)
        for exogenous in (-1, [1]):
            made = make_windows(series, n_timesteps=4, exogenous=exogenous, target=0)
            for one, other in zip(made, expected, strict=True):
                np.testing.assert_array_equal(one, other)

    def test_what_is_known_in_advance_is_learned(self):
        """The next value is the exogenous one: without it there is nothing to learn."""
        rng = np.random.RandomState(0)
        known = rng.standard_normal(300)
        series = np.column_stack([2 * known, known])
        X, y = make_windows(series, n_timesteps=4, exogenous=1)
        last = X[:, -1, 1]
        np.testing.assert_allclose(y[:, 0], 2 * last)
        blind, _ = make_windows(series, n_timesteps=4)
        assert abs(np.corrcoef(blind[:, -1, 1], y[:, 0])[0, 1]) < 0.2

    @pytest.mark.parametrize("kind", [np.asarray, pd.DataFrame])
    def test_several_series(self, rng, kind):
        series = [rng.standard_normal((n, 2)) for n in (9, 5, 12)]
        options = {"n_timesteps": 3, "horizon": 2, "stride": 2, "target": 1}
        X, y, groups = make_windows([kind(one) for one in series], **options)
        assert len(X) == len(y) == len(groups)
        for i, one in enumerate(series):
            expected_X, expected_y = make_windows(one, **options)
            np.testing.assert_array_equal(X[groups == i], expected_X)
            np.testing.assert_array_equal(y[groups == i], expected_y)
        assert (np.diff(groups) >= 0).all()

    def test_series_of_one_column_and_a_list_of_one(self):
        X, y, groups = make_windows((np.arange(5.0), pd.Series(np.arange(7.0))), n_timesteps=3)
        assert X.shape == (6, 3, 1)
        assert list(y[:, 0]) == [3, 4, 3, 4, 5, 6]
        assert list(groups) == [0, 0, 1, 1, 1, 1]
        assert list(make_windows([np.arange(5.0)], n_timesteps=3)[2]) == [0, 0]

    def test_lists_of_numbers_and_of_rows_are_one_series(self):
        for series in ([1, 2, 3, 4], list(np.arange(4.0)), [[1, 2], [3, 4], [5, 6], [7, 8]]):
            X, y = make_windows(series, n_timesteps=2)
            np.testing.assert_array_equal(X[1], np.reshape(series[1:3], (2, -1)))
            np.testing.assert_array_equal(y[1, 0], series[3])

    def test_groups_keep_the_windows_of_a_series_together(self, rng):
        series = [rng.standard_normal(12) for _ in range(6)]
        X, y, groups = make_windows(series, n_timesteps=4)
        for train, test in GroupKFold(3).split(X, y, groups):
            assert set(groups[train]).isdisjoint(groups[test])
            seen = set(X[train].ravel()) | set(y[train].ravel())
            assert seen.isdisjoint(X[test].ravel())
        model = GRURegressor(4, max_iter=1, random_state=0)
        scores = cross_val_score(model, X, y[:, 0], cv=GroupKFold(3), groups=groups)
        assert np.isfinite(scores).all()

    def test_tables_of_from_long(self):
        long = pd.DataFrame({"shop": list("bbbbbaaaa"), "sold": np.arange(9.0)})
        shops = from_long(long, id="shop", columns="sold")
        _, y, groups = make_windows(shops.X, n_timesteps=3)
        assert list(shops.ids[groups]) == ["b", "b", "a"]
        assert list(y[:, 0]) == [3, 4, 8]

    def test_a_gap_at_the_end_of_a_window_is_no_padding(self):
        """Estimators took it for padding, and predicted from a shorter window without a word."""
        series = np.arange(20.0).reshape(10, 2)
        series[5] = np.nan
        with pytest.raises(ValueError, match=r"series is NaN .* step 5, where window 2 ends"):
            make_windows(series, n_timesteps=4)
        with pytest.raises(ValueError, match=r"series\[1\] is NaN in all columns at step 5"):
            make_windows([series[6:], series], n_timesteps=3)
        with pytest.raises(ValueError, match=r"series is NaN .* step 5, where window 1 ends"):
            make_windows(series, n_timesteps=3, stride=3)
        X, _ = make_windows(series, n_timesteps=4, stride=3, target=0)  # 5 is the end of none
        assert np.isnan(X).any()
        lengths = [np.isfinite(window).any(axis=1).nonzero()[0][-1] + 1 for window in X]
        assert lengths == [4, 4]
        series[5, 1] = 0
        assert len(make_windows(series, n_timesteps=4)[0]) == 6

    @pytest.mark.parametrize(
        ("series", "options", "message"),
        [
            ([np.ones(9), np.ones(3)], {}, r"series\[1\] has 3 steps, but n_timesteps=3"),
            ([np.ones(9), np.ones((9, 2))], {}, r"series\[1\] has 2 columns.* series\[0\] has 1"),
            (
                [pd.DataFrame({"a": [1] * 9}), pd.DataFrame({"b": [1] * 9})],
                {},
                r"series\[1\] has 1 columns, \['b'\], but series\[0\] has 1, \['a'\]",
            ),
            (
                [np.ones(9), np.array(list("abcdefghi"))],
                {},
                r"series\[1\] holds 'a' at step 0, col",
            ),
            (np.ones((9, 0)), {}, "series has no columns"),
            (np.ones((9, 2)), {"exogenous": "c"}, "exogenous 'c' is no column"),
            (np.ones((9, 2)), {"exogenous": []}, "exogenous .* is no column"),
            (np.ones((9, 2)), {"exogenous": [0, 1]}, "none to forecast"),
            (np.ones((9, 2)), {"exogenous": 1, "target": -1}, "target -1 is exogenous, too"),
            (np.ones((9, 2)), {"exogenous": 1, "horizon": 4}, "horizon=4 may not exceed n_timest"),
        ],
    )
    def test_bad_series_and_exogenous_columns(self, series, options, message):
        with pytest.raises(ValueError, match=message):
            make_windows(series, n_timesteps=3, **options)
