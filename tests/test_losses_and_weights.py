"""`loss`, `quantile` and `class_weight`, as a user sees them."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, huber
from sklearn.base import clone
from sklearn.metrics import d2_pinball_score, r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.utils import compute_sample_weight

from skgru import GRUClassifier, GRURegressor
from tests.conftest import FAST

AT_THE_START = {**FAST, "max_iter": 1, "learning_rate_init": 1e-12, "alpha": 0}
LEVELS = [0.1, 0.5, 0.9]


# Losses


@pytest.fixture(scope="module")
def skewed():
    """Two kinds of sequences, told apart by their sign; targets have a long tail."""
    rng = np.random.RandomState(0)
    kind = np.arange(300) % 2
    X = np.where(kind, 1.0, -1.0)[:, None, None] * np.ones((1, 2, 1))
    return X, 1 + rng.exponential(np.where(kind, 1.5, 0.75)), kind


def huber_location(y):
    return minimize_scalar(lambda location: huber(1.0, y - location).sum(), (y.min(), y.max())).x


@pytest.mark.parametrize(
    ("options", "statistic"),
    [
        ({"loss": "squared_error"}, np.mean),
        ({"loss": "absolute_error"}, np.median),
        ({"loss": "huber"}, huber_location),
        ({"loss": "poisson"}, np.mean),
        ({"loss": "quantile"}, np.median),
        ({"loss": "quantile", "quantile": 0.8}, lambda y: np.quantile(y, 0.8)),
        ({"loss": "quantile", "quantile": LEVELS}, lambda y: np.quantile(y, LEVELS)),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_each_loss_learns_its_statistic(skewed, options, statistic):
    X, y, kind = skewed
    model = GRURegressor(8, batch_size=100, learning_rate="cosine", learning_rate_init=0.05)
    model.set_params(max_iter=60, tol=0, n_iter_no_change=60, random_state=0, alpha=0, **options)
    predicted = model.fit(X, y).predict(X)
    expected = np.array([statistic(y[kind == k]) for k in (0, 1)])
    assert (expected[1] - expected[0]).min() > 0.04
    np.testing.assert_allclose(predicted, expected[kind], rtol=0.03)


def test_statistics_of_the_test_above_differ(skewed):
    _, y, kind = skewed
    of_one_kind = y[kind == 1]
    values = [
        np.mean(of_one_kind),
        np.median(of_one_kind),
        huber_location(of_one_kind),
        np.quantile(of_one_kind, 0.8),
    ]
    assert np.diff(np.sort(values) / values[0]).min() > 0.05


def test_several_quantiles_cover_and_never_cross(rng):
    """The spread depends on x; far outside of the data they do not cross either."""
    x = rng.uniform(-1, 1, 600)
    y = x + np.exp(x) * rng.exponential(size=600)
    X = x[:, None, None] * np.ones((1, 2, 1))
    model = GRURegressor(8, loss="quantile", quantile=LEVELS, batch_size=100, random_state=0)
    model.set_params(learning_rate_init=0.02, max_iter=40).fit(X[:400], y[:400])
    predicted = model.predict(X[400:])
    assert predicted.shape == (200, 3)
    np.testing.assert_allclose((y[400:, None] < predicted).mean(axis=0), LEVELS, atol=0.07)
    assert np.corrcoef(predicted[:, 2] - predicted[:, 0], x[400:])[0, 1] > 0.9
    model.weights_["weight_out"][...] = 30 * rng.standard_normal((3, 8))
    wild = model.predict(100 * rng.standard_normal((500, 4, 1)))
    assert wild.std() > 3
    assert (np.diff(wild, axis=1) >= 0).all()


def test_predictions_of_counts_are_positive(rng):
    X = rng.standard_normal((60, 4, 2))
    y = rng.poisson(np.exp(X[:, :, 0].mean(axis=1)))
    assert (y == 0).any()
    model = GRURegressor(loss="poisson", **FAST).fit(X, y)
    model.weights_["weight_out"][...] *= 100
    predicted = model.predict(X)
    assert (predicted > 0).all()
    assert predicted.min() < 1e-3
    assert model.out_activation_ == "log"


@pytest.mark.parametrize("n_targets", [None, 1, 2])
@pytest.mark.parametrize(
    ("options", "more"),
    [
        ({"loss": "huber"}, ()),
        ({"loss": "quantile", "quantile": 0.2}, ()),
        ({"loss": "quantile", "quantile": [0.2]}, ()),
        ({"loss": "quantile", "quantile": np.array([0.2, 0.4])}, (2,)),
        ({"loss": "quantile", "quantile": (0.1, 0.2, 0.9)}, (3,)),
    ],
    ids=str,
)
def test_shapes_and_scores(rng, n_targets, options, more):
    X = rng.standard_normal((40, 4, 2))
    y = X.cumsum(axis=1)[:, -1, :n_targets] if n_targets else X[:, -1, 0]
    weights = rng.uniform(0.1, 3, 40)
    model = clone(GRURegressor(**FAST, **options)).fit(X, y)
    predicted = model.predict(X)
    assert predicted.shape == (*y.shape, *more)
    if more:
        of_levels = [
            d2_pinball_score(y, predicted[..., i], sample_weight=weights, alpha=level)
            for i, level in enumerate(options["quantile"])
        ]
        expected = np.mean(of_levels)
    else:
        expected = r2_score(y, predicted, sample_weight=weights)
    assert model.score(X, y, sample_weight=weights) == pytest.approx(expected, rel=1e-12)


def test_a_fitted_model_keeps_its_loss(rng):
    """`score` used the levels that were set since, with columns of other levels."""
    X = rng.standard_normal((40, 4, 2))
    y = X[:, -1, 0]
    model = GRURegressor(loss="quantile", quantile=LEVELS, **FAST).fit(X, y)
    expected = model.predict(X), model.score(X, y)
    for changes in ({"quantile": [0.5, 0.9]}, {"quantile": 0.5}, {"loss": "poisson"}):
        model.set_params(**changes)
        np.testing.assert_array_equal(model.predict(X), expected[0])
        assert model.score(X, y) == expected[1]


@pytest.mark.parametrize(
    "changes", [{"loss": "huber"}, {"loss": "poisson"}, {"quantile": 0.9}, {"quantile": LEVELS}]
)
def test_another_loss_in_a_warm_start_is_refused(rng, changes):
    """It was ignored."""
    X = rng.standard_normal((40, 4, 2))
    y = abs(X[:, -1, 0])
    model = GRURegressor(loss="quantile", quantile=0.1, warm_start=True, **FAST).fit(X, y)
    before = model.predict(X)
    with pytest.raises(ValueError, match=f"{next(iter(changes))} changed since the last fit"):
        model.set_params(**changes).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), before)
    with pytest.raises(ValueError, match="changed since the last fit"):
        model.partial_fit(X, y)


def test_negative_counts_are_refused(rng):
    X = rng.standard_normal((40, 4, 2))
    y = np.r_[-0.5, np.ones(39)]
    message = "y has the value -0.5, but loss='poisson' needs y >= 0"
    with pytest.raises(ValueError, match=message):
        GRURegressor(loss="poisson", **FAST).fit(X, y)
    with pytest.raises(ValueError, match=message):
        GRURegressor(loss="poisson", **FAST).partial_fit(X, y)
    with pytest.raises(ValueError, match=f"In X_val, y_val or sample_weight_val: {message}"):
        GRURegressor(loss="poisson", **FAST).fit(X, -y + 1, X_val=X, y_val=y)


@pytest.mark.parametrize("quantile", [np.nan, [np.nan, 0.5], [0.5, 0.5], [[0.1, 0.5]], [0, 0.5]])
def test_levels_that_are_none_are_refused(rng, quantile):
    X = rng.standard_normal((40, 4, 2))
    with pytest.raises(ValueError, match="quantile"):
        GRURegressor(loss="quantile", quantile=quantile, **FAST).fit(X, X[:, -1, 0])


def test_grid_search_over_losses(rng):
    X = rng.standard_normal((40, 4, 2))
    y = abs(X[:, -1, 0])
    grid = [
        {"loss": ["squared_error", "absolute_error", "huber", "poisson"]},
        {"loss": ["quantile"], "quantile": [0.3, [0.1, 0.9], np.array([0.2, 0.5, 0.8])]},
    ]
    search = GridSearchCV(GRURegressor(**FAST), grid, cv=2, refit=False).fit(X, y)
    assert len(np.unique(search.cv_results_["mean_test_score"])) == 7


# Class weights


@pytest.fixture
def data(rng):
    """Forty sequences; of three classes, "a" is frequent and "c" is rare."""
    X = rng.standard_normal((40, 5, 2))
    score = X[:, :, 0].sum(axis=1)
    return X, np.array(["a", "b", "c"])[np.digitize(score, [0.5, 3])]


def binary(y):
    return np.where(y == "a", 3, 7)


@pytest.mark.parametrize("batch_size", ["auto", 7])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("class_weight", "is_binary"),
    [
        ({"a": 0.5, "b": 2.0, "c": 10.0}, False),
        ({"c": 10.0}, False),
        ({"a": 0.0}, False),
        ({"a": 2.0, "b": 1.0, "c": 0.0, "d": 5.0}, False),
        ({3: 0.2, 7: 5.0}, True),
        ({7: 5}, True),
        ("balanced", True),
        ("balanced", False),
    ],
    ids=str,
)
def test_class_weight_equals_sample_weight(
    data, rng, class_weight, is_binary, weighted, batch_size
):
    X, y = data
    y = binary(y) if is_binary else y
    weights = rng.uniform(0.1, 3, 40) if weighted else np.ones(40)
    if class_weight == "balanced":
        sums = {label: weights[y == label].sum() for label in np.unique(y)}
        factors = np.array([1 / sums[label] for label in y])
    else:
        factors = np.array([class_weight.get(label, 1.0) for label in y])
    options = {**FAST, "batch_size": batch_size}
    expected = GRUClassifier(**options).fit(X, y, sample_weight=weights * factors)
    model = GRUClassifier(**options, class_weight=class_weight).fit(X, y, sample_weight=weights)
    np.testing.assert_allclose(model.predict_proba(X), expected.predict_proba(X), rtol=1e-10)
    np.testing.assert_allclose(model.loss_curve_, expected.loss_curve_, rtol=1e-10)
    plain = GRUClassifier(**options).fit(X, y, sample_weight=weights)
    assert abs(model.predict_proba(X) - plain.predict_proba(X)).max() > 0.01
    assert model.score(X, y) == (model.predict(X) == y).mean()  # weights are no part of it


def test_balanced_is_what_scikit_learn_calls_so(data):
    X, y = data
    model = GRUClassifier(class_weight="balanced", **FAST).fit(X, y)
    expected = GRUClassifier(**FAST).fit(X, y, compute_sample_weight("balanced", y))
    np.testing.assert_allclose(model.predict_proba(X), expected.predict_proba(X), rtol=1e-10)


def test_balanced_counts_copies_and_weights_alike(data):
    X, y = data
    weights = np.arange(40) % 3 + (y == "c")
    copies = np.repeat(np.arange(40), weights)
    model = GRUClassifier(class_weight="balanced", **{**FAST, "batch_size": 200})
    expected = model.fit(X[copies], y[copies]).predict_proba(X)
    np.testing.assert_allclose(model.fit(X, y, weights).predict_proba(X), expected, rtol=1e-8)
    assert not np.allclose(model.fit(X, y).predict_proba(X), expected, rtol=1e-3)


def test_a_class_that_only_samples_without_weight_have(data):
    X, y = data
    model = GRUClassifier(class_weight="balanced", **FAST).fit(X, y, sample_weight=y != "c")
    assert model.predict_proba(X).shape == (40, 3)
    assert "c" not in model.predict(X)


def test_class_weights_of_steps(rng):
    """Each step of a class has its weight, the same as in the mean over valid steps."""
    X = [rng.standard_normal((n, 2)) for n in rng.randint(1, 7, 40)]
    y = [x[:, 0] > 1 for x in X]
    options = {**AT_THE_START, "return_sequences": True}
    for class_weight, factor in (({True: 6.0}, 6.0), ("balanced", None)):
        model = GRUClassifier(**options, class_weight=class_weight).fit(X, y)
        truth, p = np.concatenate(y), np.concatenate(model.predict_proba(X))[:, 1]
        factors = np.where(truth, factor or (~truth).sum() / truth.sum(), 1.0)
        values = -np.log(np.where(truth, p, 1 - p))
        expected = np.average(values, weights=factors)
        assert model.loss_ == pytest.approx(expected, rel=1e-9)
        assert expected != pytest.approx(values.mean(), rel=1e-3)


# Several labels at once


@pytest.fixture
def labels(data):
    X, _ = data
    return X, (X[:, -1, [0, 1, 0]] > [0.0, 1.0, -1.0]).astype(int)


@pytest.mark.parametrize(
    ("class_weight", "factors"),
    [
        ({1: 8.0}, [[1, 1], [1, 8], [1, 1]]),
        ({0: 2.0, 1: 8.0, 2: 0.5}, [[1, 2], [1, 8], [1, 0.5]]),
        ([{0: 1.0, 1: 8.0}, {}, {0: 4.0}], [[1, 8], [1, 1], [4, 1]]),
        ([{0: 0.0, 1: 0.0}, {}, {0: 4.0}], [[0, 0], [1, 1], [4, 1]]),
        ("balanced", None),
    ],
    ids=str,
)
def test_class_weights_of_labels(labels, class_weight, factors):
    X, Y = labels
    if factors is None:
        factors = np.column_stack([1 / (1 - Y).sum(axis=0), 1 / Y.sum(axis=0)])
        factors *= 20  # the two halves of each label weigh the same, and all labels do
    of_entries = np.where(Y, *np.transpose(factors)[::-1, None])
    model = GRUClassifier(**AT_THE_START, class_weight=class_weight).fit(X, Y)
    p = model.predict_proba(X)
    values = -np.log(np.where(Y, p, 1 - p))
    assert model.loss_ == pytest.approx(np.average(values, weights=of_entries), rel=1e-9)
    for i in np.flatnonzero(np.any(factors, axis=1)):
        share = np.average(Y[:, i], weights=of_entries[:, i])
        assert expit(model.weights_["bias_out"][i]) == pytest.approx(share, rel=1e-9)


def test_weight_of_a_label_raises_its_probability_and_no_other(labels):
    X, Y = labels
    plain = GRUClassifier(**FAST).fit(X, Y).predict_proba(X).mean(axis=0)
    for class_weight in ({1: 8.0}, [{}, {1: 8.0}, {}]):
        model = GRUClassifier(**FAST, class_weight=class_weight).fit(X, Y)
        change = model.predict_proba(X).mean(axis=0) - plain
        assert change[1] > 0.2
        assert abs(change[[0, 2]]).max() < 0.02


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ([{}, {}], "class_weight has 2 dicts, but y has 3 columns"),
        (["balanced"] * 3, "class_weight may be a list of dicts only"),
        ([None] * 3, "class_weight may be a list of dicts only"),
        ({0: 1.0, "x": 1.0}, "class_weight does not fit the classes"),
        ([{}, {}, {2: 1.0}], "class_weight does not fit the classes"),
    ],
    ids=str,
)
def test_class_weights_that_do_not_fit_the_labels(labels, class_weight, message):
    with pytest.raises(ValueError, match=message):
        GRUClassifier(**FAST, class_weight=class_weight).fit(*labels)


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({"a": np.nan}, "class_weight must be finite and not negative"),
        ({"a": np.inf}, "class_weight must be finite and not negative"),
        ({"a": -1}, "class_weight must be finite and not negative"),
        ({"a": "much"}, "class_weight does not fit"),
        ({"a": 0, "b": 0, "c": 0}, "class_weight is zero for every class"),
        ([{"a": 1}] * 3, "class_weight may be a list only for several labels"),
    ],
    ids=str,
)
def test_class_weights_that_make_no_sense(data, class_weight, message):
    with pytest.raises(ValueError, match=message):
        GRUClassifier(**FAST, class_weight=class_weight).fit(*data)


# Going on


def test_class_weight_equals_sample_weight_in_partial_fit(data):
    """Its scale was that of the first call."""
    X, y = data
    one, other = GRUClassifier(class_weight={"b": 5}, **FAST), GRUClassifier(**FAST)
    for part in (slice(0, 25), slice(25, 40), slice(5, 9)):
        factors = np.where(y[part] == "b", 5, 1)
        one.partial_fit(X[part], y[part], ["a", "b", "c"])
        other.partial_fit(X[part], y[part], ["a", "b", "c"], sample_weight=factors)
    np.testing.assert_allclose(one.predict_proba(X), other.predict_proba(X), rtol=1e-10)


def test_class_weight_set_before_a_warm_start_takes_effect(data):
    """It was ignored, and "balanced" meant the data of the first fit."""
    X, y = data
    for class_weight in ({"b": 9.0}, "balanced"):
        one = GRUClassifier(warm_start=True, **FAST).fit(X, y)
        other = clone(one).fit(X, y)
        one.set_params(class_weight=class_weight).fit(X[:30], y[:30])
        factors = (
            compute_sample_weight("balanced", y[:30])
            if class_weight == "balanced"
            else np.where(y[:30] == "b", 9, 1)
        )
        other.fit(X[:30], y[:30], sample_weight=factors)
        np.testing.assert_allclose(one.loss_curve_, other.loss_curve_, rtol=1e-10)
        np.testing.assert_allclose(one.predict_proba(X), other.predict_proba(X), rtol=1e-10)


def test_partial_fit_cannot_balance(data):
    X, y = data
    with pytest.raises(ValueError, match="pass class_weight as a dict"):
        GRUClassifier(class_weight="balanced", **FAST).partial_fit(X, y, ["a", "b", "c"])
