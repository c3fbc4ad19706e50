"""Gates and states from ``weights_``, and displays where matplotlib is missing."""

import subprocess
import sys

import numpy as np
import pytest

from skgru import GRUClassifier, GRURegressor
from skgru.inspection import ForecastDisplay, ImportanceDisplay, LossCurveDisplay
from skgru.inspection._gates import gates_over_time, n_layers

from .reference import gru

QUICK = {"max_iter": 3, "random_state": 0}
KINDS = [
    {"hidden_layer_sizes": 4},
    {"hidden_layer_sizes": (4, 3)},
    {"hidden_layer_sizes": (4, 3), "reset_after": True},
    {"hidden_layer_sizes": (4, 3, 2), "bidirectional": True},
    {"hidden_layer_sizes": (4, 3), "bidirectional": True, "reset_after": True},
]


def outputs(weights, pooled):
    return pooled @ weights["weight_out"].T + weights["bias_out"]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_final_states_of_the_last_layer_give_the_prediction(ragged, kind):
    X, y = ragged
    model = GRURegressor(**kind, **QUICK).fit(X, y)
    weights, last = model.weights_, np.size(kind["hidden_layer_sizes"]) - 1
    assert n_layers(weights) == last + 1
    for x, expected in zip(X[:5], model.predict(X[:5]), strict=True):
        final = gates_over_time(weights, x, last).state[-1]
        if kind.get("bidirectional"):
            final = np.append(final, gates_over_time(weights, x, last, reverse=True).state[0])
        np.testing.assert_allclose(outputs(weights, final), [expected], rtol=1e-10)


def test_states_after_each_step_give_the_predictions_of_steps(ragged):
    X, _ = ragged
    model = GRURegressor(4, return_sequences=True, **QUICK)
    model.fit(X, [x[:, 0].cumsum() for x in X])
    for x, expected in zip(X[:5], model.predict(X[:5]), strict=True):
        states = gates_over_time(model.weights_, x).state
        np.testing.assert_allclose(outputs(model.weights_, states)[:, 0], expected, rtol=1e-10)


@pytest.mark.parametrize("tokens", [[3, 1, 2], [3, 99, 1], [2, 3, 0, 0], [0, 0]], ids=str)
def test_tokens(rng, tokens):
    """Known ones, an unknown one, padding, and padding alone, which is an unknown one."""
    X = rng.randint(1, 6, (30, 7))
    model = GRURegressor(4, embedding_dim=3, **QUICK).fit(X, X[:, -1])
    final = gates_over_time(model.weights_, np.array(tokens)).state[-1]
    expected = model.predict([np.array(tokens)])
    np.testing.assert_allclose(outputs(model.weights_, final), expected, rtol=1e-10)


@pytest.mark.parametrize("reset_after", [False, True])
@pytest.mark.parametrize("suffix", ["_l0", "_l0_reverse"])
def test_states_of_each_direction_equal_the_naive_ones(ragged, suffix, reset_after):
    X, y = ragged
    model = GRURegressor(4, bidirectional=True, reset_after=reset_after, **QUICK).fit(X, y)
    reverse = suffix.endswith("reverse")
    steps = slice(None, None, -1) if reverse else slice(None)
    expected = gru.layer(model.weights_, suffix, X[0][steps], reset_after)[steps]
    actual = gates_over_time(model.weights_, X[0], 0, reverse).state
    np.testing.assert_allclose(actual, expected, rtol=1e-10)


def test_gates_are_what_the_order_of_the_weights_says(dense):
    """Reset, update, candidate: a bias of 100 opens the gate whose it is, -100 closes it."""
    X, y = dense
    model = GRUClassifier(4, **QUICK).fit(X, y)
    before = gates_over_time(model.weights_, X[0])
    assert (before.update > 0.01).all()
    assert (before.update < 0.99).all()
    bias = model.weights_["bias_ih_l0"]
    bias[:4] = -100
    shut = gates_over_time(model.weights_, X[0])
    np.testing.assert_allclose(shut.reset, 0, atol=1e-20)
    np.testing.assert_array_equal(shut.update[0], before.update[0])
    bias[4:8] = -100
    np.testing.assert_allclose(gates_over_time(model.weights_, X[0]).state, 0, atol=1e-20)
    bias[4:8] = 100
    np.testing.assert_allclose(gates_over_time(model.weights_, X[0]).update, 1)


@pytest.mark.parametrize(
    "display",
    [ForecastDisplay([1, 2]), ImportanceDisplay(np.eye(2)), LossCurveDisplay([1, 2])],
    ids=lambda display: type(display).__name__,
)
def test_without_matplotlib_the_error_names_the_extra(display, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"needs matplotlib. .* pip install skgru\[plot\]"):
        display.plot()


def test_import_loads_no_matplotlib():
    code = "import sys, skgru.inspection; print('matplotlib' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert result.stdout.strip() == "False"
