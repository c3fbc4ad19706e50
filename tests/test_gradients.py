"""Gradients by the inputs, against central differences of what the estimators predict."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skgru import GRUClassifier, GRURegressor
from skgru.inspection import hidden_states, input_gradient
from skgru.preprocessing import TimeDistributed
from tests.conftest import FAST

EPS = 1e-5
KINDS = [
    {},
    {"hidden_layer_sizes": (4, 3, 2)},
    {"bidirectional": True},
    {"reset_after": True},
    {"hidden_layer_sizes": (3, 2), "bidirectional": True, "reset_after": True},
    {"pooling": "mean"},
    {"pooling": "max"},
    {"pooling": "attention", "bidirectional": True},
    {"dropout": 0.3, "recurrent_dropout": 0.3, "hidden_layer_sizes": (4, 4)},
]
kinds = pytest.mark.parametrize("kind", KINDS, ids=str)


@pytest.fixture
def X(rng):
    """Twelve sequences of 1..6 steps with 2 features."""
    return [rng.standard_normal((n, 2)) for n in np.r_[6, 1, rng.randint(1, 7, 10)]]


def central_differences(predict, X):
    """Change one step and feature of all sequences at a time: they do not touch each other."""
    gradient = [np.zeros((*x.shape, *np.shape(predict(X))[1:])) for x in X]
    for t in range(max(map(len, X))):
        for f in range(X[0].shape[1]):
            values = []
            for sign in (1, -1):
                shifted = [x.copy() for x in X]
                for x in shifted:
                    x[t : t + 1, f] += sign * EPS
                values.append(predict(shifted))
            change = (values[0] - values[1]) / (2 * EPS)
            for of_one, one in zip(gradient, change, strict=True):
                of_one[t : t + 1, f] = one
    return gradient


def assert_equal_gradients(ours, expected):
    assert max(np.abs(one).max() for one in expected) > 1e-3
    assert [one.shape for one in ours] == [one.shape for one in expected]
    for one, other in zip(ours, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-8)


@kinds
def test_gradient_of_a_regressor(X, kind):
    y = np.array([x.sum() for x in X])
    model = GRURegressor(**{**FAST, **kind}).fit(X, y)
    assert_equal_gradients(input_gradient(model, X), central_differences(model.predict, X))


def test_gradient_of_several_outputs(X):
    y = np.array([[x.sum(), x[0, 0], x.max()] for x in X])
    model = GRURegressor(**FAST).fit(X, y)
    expected = central_differences(model.predict, X)
    assert_equal_gradients(input_gradient(model, X), expected)
    for i in (0, 2, -1):
        one = input_gradient(model, X, output=i)
        assert_equal_gradients(one, [gradient[..., i] for gradient in expected])


def test_gradient_of_log_odds(X):
    model = GRUClassifier(**FAST).fit(X, np.arange(12) % 2)

    def log_odds(X):
        log_p = model.predict_log_proba(X)
        return log_p[:, 1] - log_p[:, 0]

    assert_equal_gradients(input_gradient(model, X), central_differences(log_odds, X))


def test_gradient_of_logits(X):
    """The log probability of a class is its logit less the logarithm of the sum of them all."""
    model = GRUClassifier(**FAST).fit(X, np.arange(12) % 3)
    p = model.predict_proba(X)
    expected = central_differences(model.predict_log_proba, X)
    ours = [
        of_logits - (of_logits @ shares)[..., None]
        for of_logits, shares in zip(input_gradient(model, X), p, strict=True)
    ]
    assert_equal_gradients(ours, expected)


def test_gradient_of_poisson_is_that_of_the_logarithm(X):
    model = GRURegressor(loss="poisson", **FAST).fit(X, np.arange(12))
    expected = central_differences(lambda X: np.log(model.predict(X)), X)
    assert_equal_gradients(input_gradient(model, X), expected)


@pytest.mark.parametrize("step", [0, -1, 2, -3])
def test_gradient_of_one_step_of_many(X, step):
    X = [x for x in X if len(x) >= 3]
    model = GRURegressor(return_sequences=True, bidirectional=True, **FAST)
    model.fit(X, [x.cumsum(axis=0) for x in X])
    expected = central_differences(lambda X: np.array([y[step] for y in model.predict(X)]), X)
    assert_equal_gradients(input_gradient(model, X, step=step), expected)


def test_a_prediction_of_a_step_knows_nothing_of_later_ones(X):
    X = [x for x in X if len(x) >= 3]
    model = GRURegressor(return_sequences=True, **FAST).fit(X, [x[:, 0] for x in X])
    for gradient in input_gradient(model, X, step=1):
        assert gradient[:2].all()
        assert not gradient[2:].any()


def test_frozen_layers_pass_the_gradient_on(X):
    y = np.array([x.sum() for x in X])
    first = GRURegressor(**{**FAST, "hidden_layer_sizes": (4, 3)}).fit(X, y)
    model = GRURegressor(
        **{**FAST, "hidden_layer_sizes": (4, 3)}, init_from=first.weights_, freeze=2
    ).fit(X, y)
    assert_equal_gradients(input_gradient(model, X), central_differences(model.predict, X))


def test_every_form_of_X(dense):
    X, y = dense
    model = GRURegressor(**FAST).fit(X, y)
    gradient = input_gradient(model, X)
    assert gradient.shape == X.shape
    np.testing.assert_allclose(input_gradient(model, list(X)), gradient, rtol=1e-12)
    table = X.reshape(len(X), -1)
    of_table = GRURegressor(**FAST, n_features_per_step=2).fit(table, y)
    np.testing.assert_allclose(input_gradient(of_table, table), gradient, rtol=1e-12)
    shorter = X.copy()
    shorter[3, 4:] = np.nan
    of_padded = input_gradient(model, shorter)
    assert np.isnan(of_padded[3, 4:]).all()
    np.testing.assert_allclose(of_padded[3, :4], input_gradient(model, X[3:4, :4])[0], rtol=1e-12)
    windows = np.lib.stride_tricks.sliding_window_view(X[0], 3, axis=0).transpose(0, 2, 1)
    copied = input_gradient(model, windows.copy(), integrated=True)
    np.testing.assert_array_equal(input_gradient(model, windows, integrated=True), copied)


def test_single_precision_stays(dense):
    X, y = dense
    exact = GRURegressor(**FAST).fit(X, y)
    model = GRURegressor(**FAST).fit(X.astype(np.float32), y)
    for integrated in (False, True):
        gradient = input_gradient(model, X, integrated=integrated)
        assert gradient.dtype == np.float32
        expected = input_gradient(exact, X, integrated=integrated)
        np.testing.assert_allclose(gradient, expected, rtol=1e-2, atol=1e-5)


def test_nothing_of_the_estimator_changes(dense):
    X, y = dense
    model = GRURegressor(**FAST).fit(X, y)
    before = model._trainer.params.copy(), X.copy(), model.predict(X)
    input_gradient(model, X, integrated=True, n_points=2)
    for one, other in zip(before, (model._trainer.params, X, model.predict(X)), strict=True):
        np.testing.assert_array_equal(one, other)


@kinds
@pytest.mark.parametrize("baseline", [0.0, [1.0, -0.5]], ids=str)
def test_integrated_gradients_are_complete(X, kind, baseline):
    """They sum to the difference of the outputs (Sundararajan et al. 2017, proposition 1)."""
    y = np.array([[x.sum(), 3 * x[0, 0]] for x in X])
    model = GRURegressor(**{**FAST, **kind}).fit(X, y)
    starts = [np.broadcast_to(baseline, x.shape) for x in X]
    expected = model.predict(X) - model.predict(starts)
    assert np.abs(expected).max() > 1e-2
    has_kinks = kind.get("pooling") == "max"
    attributions = input_gradient(
        model, X, integrated=True, baseline=baseline, n_points=500 if has_kinks else 50
    )
    sums = [one.sum(axis=(0, 1)) for one in attributions]
    atol = 1e-3 if has_kinks else 1e-9
    np.testing.assert_allclose(sums, expected, rtol=0, atol=atol)


def test_integrated_gradients_are_symmetric_and_leave_out_what_has_no_effect(X):
    """Axioms of the same paper: dummies get nothing, and what is symmetric gets the same."""
    X = [np.column_stack([x[:, 0], x[:, 0], x[:, 1]]) for x in X]
    model = GRURegressor(**FAST).fit(X, np.array([x.sum() for x in X]))
    weights = model.weights_["weight_ih_l0"]
    weights[:, 1] = weights[:, 0]
    weights[:, 2] = 0
    for one in input_gradient(model, X, integrated=True):
        assert one[:, 0].any()
        np.testing.assert_array_equal(one[:, 0], one[:, 1])
        assert not one[:, 2].any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"output": 1}, "output=1, but the estimator has 1 outputs .* one of -1 to 0"),
        ({"output": "up"}, "'output' parameter of input_gradient"),
        ({"n_points": 0}, "'n_points' parameter of input_gradient"),
        ({"integrated": True, "baseline": [0, 1, 2]}, "one for each of the 2 features"),
        ({"integrated": True, "baseline": np.nan}, "baseline must be a finite number"),
        ({"integrated": True, "baseline": "mean"}, "baseline must hold numbers"),
        ({"X": np.ones((3, 2, 5))}, "5 features per step"),
    ],
)
def test_what_is_refused(dense, change, message):
    X, y = dense
    model = GRURegressor(**FAST).fit(X, y)
    with pytest.raises(ValueError, match=message):
        input_gradient(model, **{"X": X, **change})


@pytest.mark.parametrize("step", [1, -2])
def test_a_step_that_a_sequence_does_not_have(X, step):
    model = GRURegressor(return_sequences=True, **FAST).fit(X, [x[:, 0] for x in X])
    with pytest.raises(ValueError, match=f"step={step}, but sequence 1 of X has 1 steps only"):
        input_gradient(model, X, step=step)


def test_tokens_have_no_gradient(rng):
    X = rng.randint(1, 5, size=(20, 4))
    model = GRUClassifier(embedding_dim=2, **FAST).fit(X, X[:, 0] > 2)
    with pytest.raises(ValueError, match=r"takes tokens .* Use sequence_importance"):
        input_gradient(model, X)


@pytest.mark.parametrize("form", [np.asarray, list], ids=["array", "list"])
def test_of_what_is_inside_of_pipelines_and_searches(dense, form):
    X, y = dense
    X = form(X)
    pipeline = make_pipeline(TimeDistributed(StandardScaler()), "passthrough", GRURegressor(**FAST))
    target = TransformedTargetRegressor(make_pipeline(TimeDistributed(MinMaxScaler()), pipeline))
    search = GridSearchCV(target, {"regressor__pipeline__gruregressor__alpha": [0.1]}, cv=2)
    search.fit(X, y)
    outer = search.best_estimator_.regressor_
    inner = outer[-1]
    seen = inner[0].transform(outer[0].transform(X))
    expected = input_gradient(inner[-1], seen)
    assert np.abs(expected).max() > 1e-3
    for model in (search, FrozenEstimator(search)):
        np.testing.assert_array_equal(input_gradient(model, X), expected)
        np.testing.assert_array_equal(hidden_states(model, X), hidden_states(inner[-1], seen))


def test_no_gru_inside(dense):
    X, y = dense
    pipeline = make_pipeline(StandardScaler(), LinearRegression()).fit(X[:, 0], y)
    with pytest.raises(TypeError, match="estimator is a Pipeline of LinearRegression"):
        input_gradient(pipeline, X)
    with pytest.raises(TypeError, match="estimator is a LinearRegression"):
        hidden_states(pipeline[-1], X)
    for model in (GRURegressor(), make_pipeline(StandardScaler(), GRURegressor())):
        with pytest.raises(NotFittedError):
            input_gradient(model, X)
