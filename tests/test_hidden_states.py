"""States of layers, against the naive GRU with the weights that an estimator publishes."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skgru import GRUClassifier, GRURegressor
from skgru.inspection import hidden_states
from tests.conftest import FAST
from tests.reference import gru


def states_of_the_reference(model, X, n_layers):
    options = {"bidirectional": model.bidirectional, "reset_after": model.reset_after}
    return [
        gru.last_layer(model.weights_, np.asarray(x), n_layers, masks={}, **options)[0] for x in X
    ]


def assert_equal_states(ours, expected):
    for one, other in zip(ours, expected, strict=True):
        assert one.any()
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("reset_after", [False, True])
@pytest.mark.parametrize(("layer", "n_layers"), [(-1, 3), (0, 1), (1, 2), (-3, 1)])
def test_states_of_a_layer(ragged, layer, n_layers, bidirectional, reset_after):
    X, y = ragged
    options = {**FAST, "hidden_layer_sizes": (4, 3, 2), "max_iter": 1}
    options |= {"bidirectional": bidirectional, "reset_after": reset_after}
    model = GRURegressor(**options).fit(X, y)
    ours = hidden_states(model, X, layer)
    n_units = [4, 3, 2][layer] * (1 + bidirectional)
    assert [one.shape for one in ours] == [(len(x), n_units) for x in X]
    assert_equal_states(ours, states_of_the_reference(model, X, n_layers))


def test_every_form_of_X(dense):
    X, y = dense
    X[3, 4:] = np.nan
    model = GRUClassifier(**FAST).fit(X, y)
    states = hidden_states(model, X)
    assert states.shape == (40, 6, 4)
    assert np.isnan(states[3, 4:]).all()
    assert np.isfinite(np.delete(states, 3, axis=0)).all()
    valid = [x[:4] if i == 3 else x for i, x in enumerate(X)]
    of_list = hidden_states(model, valid)
    assert_equal_states(of_list, states_of_the_reference(model, valid, 1))
    np.testing.assert_array_equal(states[3, :4], of_list[3])
    table = X[:3].reshape(3, -1)
    of_table = GRUClassifier(**FAST, n_features_per_step=2).fit(table, [0, 1, 0])
    assert hidden_states(of_table, table).shape == (3, 6, 4)


def test_the_head_sees_the_last_state(ragged):
    X, y = ragged
    model = GRURegressor(**FAST).fit(X, y)
    weights = model.weights_
    last = np.array([states[-1] for states in hidden_states(model, X)])
    expected = last @ weights["weight_out"][0] + weights["bias_out"]
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-12)


def test_of_tokens_padding_is_left_out():
    X = np.array([[1, 2, 1, 2], [0, 2, 0, 1], [2, 1, 0, 0]])
    model = GRUClassifier(embedding_dim=2, **FAST).fit(X, [0, 1, 1])
    states = hidden_states(model, X)
    assert states.shape == (3, 4, 4)
    assert np.isnan(states[1:, 2:]).all()
    np.testing.assert_allclose(states[1, :2], hidden_states(model, [[2, 1]])[0], rtol=1e-12)


@pytest.mark.parametrize("layer", [2, -3])
def test_a_layer_that_is_not_there(dense, layer):
    X, y = dense
    model = GRUClassifier(**{**FAST, "hidden_layer_sizes": (4, 3)}).fit(X, y)
    with pytest.raises(ValueError, match=f"layer={layer}, but .* 2 recurrent layers.* -2 to 1"):
        hidden_states(model, X, layer=layer)


def test_what_is_refused(dense):
    X, _ = dense
    with pytest.raises(NotFittedError):
        hidden_states(GRUClassifier(), X)
    with pytest.raises(TypeError, match="estimator is a list"):
        hidden_states([], X)
