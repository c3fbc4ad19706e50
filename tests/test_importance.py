"""Permutation importance of features and steps, against scikit-learn's for tables."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from skgru import GRUClassifier, GRURegressor
from skgru.inspection import sequence_importance
from skgru.preprocessing import TimeDistributed
from tests.conftest import FAST


class Witness(BaseEstimator):
    """Keeps what it is to score."""

    def __init__(self):
        self.seen = []

    def fit(self, X, y=None):
        return self

    def score(self, X, y):
        self.seen.append(X)
        return 0.0


def assert_same(ours, theirs):
    assert np.abs(theirs.importances).max() > 1e-3
    assert ours.importances.shape == theirs.importances.shape
    for name in ("importances", "importances_mean", "importances_std"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9, atol=1e-12)


@pytest.fixture
def table(rng):
    X = rng.standard_normal((30, 3))
    return X, X @ [1.0, 0.3, 0.0] + 0.1 * rng.standard_normal(30), rng.uniform(0.5, 2, 30)


@pytest.mark.parametrize("weighted", [False, True])
def test_features_of_one_step_are_the_columns_of_a_table(table, weighted):
    X, y, weights = table
    options = {"n_repeats": 4, "random_state": 5, "sample_weight": weights if weighted else None}
    model = GRURegressor(**FAST, n_features_per_step=3).fit(X, y)
    theirs = permutation_importance(model, X, y, **options)
    assert_same(sequence_importance(model, X[:, None], y, **options), theirs)
    assert_same(sequence_importance(model, X, y, n_features_per_step=3, **options), theirs)


def test_steps_of_one_feature_are_the_columns_of_a_table(table):
    X, y, _ = table
    model = LinearRegression().fit(X, y)
    theirs = permutation_importance(model, X, y, random_state=np.random.RandomState(2))
    options = {"axis": "time", "random_state": np.random.RandomState(2)}
    assert_same(sequence_importance(model, X, y, **options), theirs)


def test_several_scorers_make_a_dict(table):
    X, y, _ = table
    model = LinearRegression().fit(X, y)
    options = {"scoring": ["r2", "neg_mean_absolute_error"], "random_state": 0}
    ours = sequence_importance(model, X, y, axis="time", **options)
    theirs = permutation_importance(model, X, y, **options)
    assert list(ours) == list(theirs)
    for name in theirs:
        assert_same(ours[name], theirs[name])


def test_a_data_frame_keeps_its_names(table):
    pd = pytest.importorskip("pandas")
    X, y, _ = table
    X = pd.DataFrame(X, columns=["a", "b", "c"], index=range(5, 35))
    model = LinearRegression().fit(X, y)
    theirs = permutation_importance(model, X, y, random_state=0)
    assert_same(sequence_importance(model, X, y, axis="time", random_state=0), theirs)


def expected_exchange(X, order, axis, place):
    """Each step from the donor, or the donor's donor, that reaches it."""
    changed = [x.copy() for x in X]
    for i, x in enumerate(X):
        for t in range(len(x)):
            donor = order[i]
            while len(X[donor]) <= t:
                donor = order[donor]
            if axis == "feature":
                changed[i][t, place] = X[donor][t, place]
            elif t == place:
                changed[i][t] = X[donor][t]
    return changed


@pytest.mark.parametrize("axis", ["feature", "time"])
def test_exchange_between_sequences_of_different_lengths(ragged, axis):
    X, y = ragged
    before = [x.copy() for x in X]
    witness = Witness()
    result = sequence_importance(witness, X, y, axis=axis, n_repeats=2, random_state=3)
    n_places = 3 if axis == "feature" else max(map(len, X))
    assert result.importances.shape == (n_places, 2)
    rng = np.random.RandomState(np.random.RandomState(3).randint(2**31))
    first = rng.permutation(len(X))
    second = first[rng.permutation(first)]
    seen = iter(witness.seen[1:])
    for order in (first, second):
        for place in range(n_places):
            changed = next(seen)
            expected = expected_exchange(X, order, axis, place)
            assert any((a != b).any() for a, b in zip(expected, X, strict=True))
            for one, other in zip(changed, expected, strict=True):
                np.testing.assert_array_equal(one, other)
    for one, other in zip(X, before, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("axis", ["feature", "time"])
def test_each_value_is_used_once_at_its_step(ragged, axis):
    X, y = ragged
    witness = Witness()
    sequence_importance(witness, X, y, axis=axis, n_repeats=1, random_state=0)
    for changed in witness.seen[1:]:
        for t in range(max(map(len, X))):
            steps = [np.sort([x[t] for x in one if len(x) > t], axis=0) for one in (X, changed)]
            np.testing.assert_array_equal(*steps)


def test_padding_stays_where_it_is(ragged):
    X, y = ragged
    padded = np.full((len(X), 9, 3), np.nan)
    for row, x in zip(padded, X, strict=True):
        row[: len(x)] = x
    witness, of_list = Witness(), Witness()
    sequence_importance(witness, padded, y, random_state=0)
    sequence_importance(of_list, X, y, random_state=0)
    for row, x in zip(witness.seen[-1], of_list.seen[-1], strict=True):
        np.testing.assert_array_equal(row[: len(x)], x)
        assert np.isnan(row[len(x) :]).all()


@pytest.mark.parametrize("form", ["list", "array"])
def test_informative_feature_and_step_stand_out(rng, form):
    """The sign of the second feature at the first step is the class."""
    X = [rng.standard_normal((n, 3)) for n in rng.randint(3, 6, 150)]
    y = np.array([x[0, 1] > 0 for x in X])
    X = X if form == "list" else np.stack([x[:3] for x in X])
    model = make_pipeline(
        TimeDistributed(StandardScaler()), GRUClassifier(8, max_iter=40, random_state=0)
    ).fit(X, y)
    assert model.score(X, y) > 0.9
    for axis, place in (("feature", 1), ("time", 0)):
        result = sequence_importance(model, X, y, axis=axis, scoring="accuracy", random_state=0)
        others = np.delete(result.importances_mean, place)
        assert result.importances_mean[place] > 0.3
        assert (others < 0.1).all()


def test_missing_values_are_left_to_the_estimator(dense):
    X, y = dense
    X[3, 2, 0] = np.nan
    model = make_pipeline(TimeDistributed(SimpleImputer()), GRUClassifier(**FAST)).fit(X, y)
    result = sequence_importance(model, X, y, scoring="neg_log_loss", random_state=0)
    assert np.isfinite(result.importances).all()
    assert result.importances.any()


def test_tokens(rng):
    X = rng.randint(1, 5, size=(60, 4))
    y = X[:, 2] > 2
    model = GRUClassifier(8, embedding_dim=4, max_iter=60, random_state=0).fit(X, y)
    result = sequence_importance(model, X, y, axis="time", random_state=0)
    assert result.importances_mean.argmax() == 2
    ragged = [row[row != 4] for row in X if (row != 4).any()]
    result = sequence_importance(model, ragged, y[(X != 4).any(axis=1)], random_state=0)
    assert result.importances.shape == (1, 5)


def test_a_target_for_each_step(rng):
    X = [rng.standard_normal((n, 2)) for n in rng.randint(2, 5, 30)]
    y = [x[:, 0] for x in X]
    model = GRURegressor(8, return_sequences=True, random_state=0, max_iter=60).fit(X, y)
    result = sequence_importance(model, X, y, random_state=0)
    assert result.importances_mean[0] > 10 * abs(result.importances_mean[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"axis": "step"}, "'axis' parameter of sequence_importance must be a str among"),
        ({"n_repeats": 0}, "'n_repeats' parameter .* must be an int in the range"),
        ({"X": np.ones((40, 5)), "n_features_per_step": 2}, "cut into steps of 2 features"),
        ({"X": np.full((2, 3, 1), np.inf)}, "infinity at sample 0, step 0, feature 0"),
        ({"X": []}, "0 sequences"),
        ({"estimator": None}, "'estimator' parameter"),
    ],
)
def test_what_is_refused(dense, change, message):
    X, y = dense
    arguments = {"estimator": Witness(), "X": X, "y": y} | change
    with pytest.raises(ValueError, match=message):
        sequence_importance(**arguments)


def test_padding_and_missing_ends_are_not_exchanged():
    rng = np.random.RandomState(0)
    tokens = rng.randint(1, 5, (12, 4))
    y = rng.standard_normal(12)
    tokens[::2, -1] = 0
    model = GRURegressor(2, embedding_dim=2, max_iter=1).fit(tokens, y)
    with pytest.raises(ValueError, match="holds padding, id 0"):
        sequence_importance(model, tokens, y, axis="time")
    X = rng.standard_normal((12, 3, 2))
    X[::2, -1, 0] = np.nan
    X[1::2, -1, 1] = np.nan
    model = make_pipeline(TimeDistributed(SimpleImputer()), GRURegressor(2, max_iter=1)).fit(X, y)
    with pytest.raises(ValueError, match="would be read as padding"):
        sequence_importance(model, X, y, random_state=0)
    assert sequence_importance(model, list(X), y).importances_mean.shape == (2,)


def test_steps_of_a_table_are_cut_as_the_estimator_cuts_them():
    rng = np.random.RandomState(0)
    table, y = rng.standard_normal((12, 6)), rng.standard_normal(12)
    model = make_pipeline(GRURegressor(2, n_features_per_step=2, max_iter=1)).fit(table, y)
    assert len(sequence_importance(model, table, y).importances_mean) == 2
    assert len(sequence_importance(model, table, y, axis="time").importances_mean) == 3


def test_a_table_is_cut_as_the_first_step_of_a_pipeline_cuts_it():
    """The name of the GRU's step comes first in the alphabet, and its steps have more features."""
    rng = np.random.RandomState(0)
    table, y = rng.standard_normal((12, 6)), rng.standard_normal(12)
    wider = TimeDistributed(PolynomialFeatures(), n_features_per_step=2)
    gru = GRURegressor(2, n_features_per_step=6, max_iter=1)
    search = GridSearchCV(make_pipeline(wider, gru), {}, cv=2).fit(table, y)
    assert len(sequence_importance(search, table, y).importances_mean) == 2
    assert len(sequence_importance(search, table, y, axis="time").importances_mean) == 3
