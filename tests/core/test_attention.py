"""Attention that is sure of itself: most weights are too small for numbers of full precision."""

import numpy as np
import pytest

from skgru._core._attention import Attention, Memory
from skgru._core._tape import Workspace

N, S, T, H, M = 5, 7, 6, 16, 12


def read_and_go_back(dtype, scale):
    """Return weights and outputs, then gradients of states, of the memory and of parameters."""
    rng = np.random.RandomState(0)
    attention = Attention(H, M)
    parameters = {
        name: rng.standard_normal(shape).astype(dtype) for name, shape in attention.shapes.items()
    }
    parameters["weight_attention"] *= scale
    memory_states = rng.uniform(-1, 1, (N * S, M)).astype(dtype)
    states = rng.uniform(-1, 1, (N * T, H)).astype(dtype)
    d_outputs = rng.standard_normal((N * T, H)).astype(dtype)
    gradient = {name: np.empty_like(parameter) for name, parameter in parameters.items()}
    workspace = Workspace(np.dtype(dtype))
    places = np.arange(N * S)
    memory = attention.memorise(parameters, memory_states, places, np.full(N, S), workspace)
    reading = attention.forward(parameters, memory, states, np.arange(N * T), T, workspace)
    d_states, d_memory = attention.backward(
        parameters, memory, memory_states, places, reading, d_outputs, gradient, workspace
    )
    return [reading.weights, reading.outputs, d_states, d_memory, *gradient.values()]


@pytest.mark.parametrize("scale", [1, 10])
def test_weights_that_are_nothing_beside_others_leave_no_subnormal_numbers(scale):
    """Some processors are slow with products of these; and nothing else changes."""
    exact = read_and_go_back(np.float64, scale)
    if scale > 1:
        smallest_normal = np.finfo(np.float32).smallest_normal
        assert (exact[0] < smallest_normal).mean() > 0.1
    ours = read_and_go_back(np.float32, scale)
    for one, right in zip(ours, exact, strict=True):
        sizes = np.abs(one[one != 0])
        assert sizes.min() > 1e-30
        np.testing.assert_allclose(one, right, rtol=0, atol=2e-5 * np.abs(right).max())


def test_a_weight_is_dropped_below_the_square_of_epsilon():
    """Two steps with logits of 0 and ``log(share)``."""
    for factor, is_kept in ((1.1, True), (0.9, False)):
        share = factor * np.finfo(np.float64).eps ** 2
        attention, workspace = Attention(1, 1), Workspace(np.dtype(float))
        keys_and_values = np.array([[[0.0, 1.0], [np.log(share), 1.0]]])  # (1, S, 2)
        memory = Memory(keys_and_values, np.array([2]))
        weights = attention._weights(memory, np.ones((1, 1, 1)), workspace)
        np.testing.assert_allclose(weights, [[[1.0, share if is_kept else 0.0]]], rtol=1e-12)


def test_weights_that_count_are_kept():
    weights = read_and_go_back(np.float64, 10)[0]
    assert ((weights > 0) & (weights < 1e-20)).any()
    assert weights[weights > 0].min() >= np.finfo(np.float64).eps ** 2
    np.testing.assert_allclose(weights.sum(axis=2), 1.0, rtol=1e-14)
