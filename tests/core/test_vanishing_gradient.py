"""Backpropagation ends where the gradient has vanished, and loses none that matters."""

import numpy as np
import pytest

from skgru._core import _cell, _elementwise
from skgru._core._layers import RecurrentLayers
from skgru._core._losses import SquaredError
from skgru._core._network import Network
from skgru._core._objective import Objective
from skgru._core._pooling import POOLINGS
from skgru._core._samples import Samples
from skgru._core._sequences import SequenceBatch
from skgru._core._tape import Workspace

N, T, F = 7, 300, 2


def new_objective(reset_after, *, sizes=(5,), pooling="last", bidirectional=False):
    layers = RecurrentLayers(F, sizes, bidirectional=bidirectional, reset_after=reset_after)
    network = Network(layers, POOLINGS[pooling](layers.n_outputs), 1)
    return Objective(network, SquaredError(), alpha=0.0)


def gradient_in(dtype, objective, scale=0.1, lengths=None):
    """Return the gradient for weights that forget within a few steps: a gate of one half."""
    rng = np.random.RandomState(0)
    params = (scale * rng.standard_normal(objective.layout.size)).astype(dtype)
    X = SequenceBatch.from_dense(rng.standard_normal((N, T, F)).astype(dtype), lengths)
    samples = Samples(X, rng.standard_normal((N, 1)).astype(dtype), np.ones(N, dtype))
    gradient = np.full_like(params, np.nan)
    objective.loss_and_gradient(params, samples, gradient, Workspace(np.dtype(dtype)))
    return gradient


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("lengths", [None, np.array([300, 280, 150, 150, 40, 3, 1])])
@pytest.mark.parametrize("sizes", [(5,), (4, 3)])
def test_gradient_in_float32_equals_that_in_float64(reset_after, sizes, pooling, lengths):
    objective = new_objective(reset_after, sizes=sizes, pooling=pooling, bidirectional=True)
    exact = gradient_in(np.float64, objective, lengths=lengths)
    assert np.abs(exact).max() > 1e-3
    ours = gradient_in(np.float32, objective, lengths=lengths)
    np.testing.assert_allclose(ours, exact, rtol=1e-3, atol=1e-6 * np.abs(exact).max())


def test_loop_ends_where_the_gradient_has_vanished(monkeypatch, reset_after):
    """Also of the lower of two layers, which the upper one hands its gradient to at each step."""
    objective = new_objective(reset_after, sizes=(5, 5))
    cell_type = type(objective.network.layers.layers[0][0].cell)
    n_steps = []
    walk = cell_type._backward

    def counted(self, kernels, d_state, mask, steps):
        steps = list(steps)
        n_steps.append(len(steps))
        walk(self, kernels, d_state, mask, steps)

    monkeypatch.setattr(cell_type, "_backward", counted)
    gradient = gradient_in(np.float32, objective)
    n_needed = sum(n_steps)
    assert 2 * 60 < n_needed < 2 * 250  # of twice 300

    n_steps.clear()
    monkeypatch.setattr(_cell, "drop_underflow", lambda gradient: None)
    subnormal = gradient_in(np.float32, objective)
    assert sum(n_steps) > n_needed
    np.testing.assert_allclose(gradient, subnormal, rtol=1e-6, atol=1e-15)


def test_a_small_loss_is_not_taken_for_a_vanished_gradient(reset_after):
    """Weights and targets of 1e-8, a gradient of 1e-16 and less in its smallest entries."""
    objective = new_objective(reset_after)
    exact = gradient_in(np.float64, objective, scale=1e-8)
    assert 0 < np.abs(exact[exact != 0]).min() < 1e-15
    ours = gradient_in(np.float32, objective, scale=1e-8)
    np.testing.assert_allclose(ours, exact, rtol=1e-3, atol=1e-26)


def test_a_gradient_of_zero_is_written_as_zero(reset_after):
    objective = new_objective(reset_after)
    params = np.zeros(objective.layout.size)
    X = SequenceBatch.from_dense(np.ones((2, 9, F)))
    gradient = np.full_like(params, np.nan)
    samples = Samples(X, np.zeros((2, 1)), np.ones(2))
    objective.loss_and_gradient(params, samples, gradient, Workspace(params.dtype))
    np.testing.assert_array_equal(gradient, 0.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_dropped_is_far_below_any_square(dtype):
    smallest_with_a_square = np.sqrt(np.finfo(dtype).smallest_normal)
    values = np.array([1, -1, smallest_with_a_square, 1e-8 * smallest_with_a_square], dtype)
    _elementwise.drop_underflow(values)
    expected = [1, -1, smallest_with_a_square, 0 if dtype == np.float32 else values[3]]
    np.testing.assert_array_equal(values, expected)
    subnormal = np.full(3, np.finfo(dtype).smallest_subnormal)
    _elementwise.drop_underflow(subnormal)
    assert not subnormal.any()
