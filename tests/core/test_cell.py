"""The recurrence against the naive reference, and in every order in which it can be walked."""

import numpy as np
import pytest

from skgru._core import _cell, _elementwise
from skgru._core._batching import pack
from skgru._core._cell import CellWeights
from skgru._core._losses import SquaredError
from skgru._core._reset_before import ResetBefore
from skgru._core._sequences import SequenceBatch
from skgru._core._tape import Workspace
from tests.core.conftest import Case
from tests.reference import gru


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_outputs_equal_the_reference(sizes, bidirectional, reset_after, lengths, dtype, rtol):
    case = Case(sizes, bidirectional, reset_after, lengths, SquaredError(), 2, dtype)
    raw = case.objective.predict_raw(case.params, case.batch)
    named = {name: value.astype(np.float64) for name, value in case.named.items()}
    expected = gru.raw_outputs(named, case.sequences, **case.architecture)
    assert raw.dtype == dtype
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(raw, expected, rtol=rtol, atol=rtol)


def test_notebook_forward_pass():
    """Weights of shape (hidden + input, hidden), rows ordered hidden then input."""
    rng = np.random.RandomState(1)
    H, F, T, N = 5, 3, 7, 4
    Wz, Wr, Wh = rng.standard_normal((3, H + F, H))
    bz, br, bh = rng.standard_normal((3, H))
    X = rng.standard_normal((N, T, F))
    h = np.zeros((N, H))
    for t in range(T):
        hx = np.hstack([h, X[:, t]])
        z = 1 / (1 + np.exp(-(hx @ Wz + bz)))
        r = 1 / (1 + np.exp(-(hx @ Wr + br)))
        c = np.tanh(np.hstack([r * h, X[:, t]]) @ Wh + bh)
        h = (1 - z) * h + z * c

    gates = (Wr, Wz, Wh)
    weights = CellWeights(
        weight_ih=np.vstack([W[H:].T for W in gates]),
        weight_hh=np.vstack([W[:H].T for W in gates]),
        bias_ih=np.concatenate([br, bz, bh]),
    )
    cell = ResetBefore(F, H)
    packing, inputs = pack(SequenceBatch.from_dense(X))
    workspace = Workspace(X.dtype)
    tape = cell.tape(workspace, "l0", packing, reverse=False)
    tape.load(inputs)
    np.testing.assert_allclose(cell.forward(weights, tape, workspace).T, h, rtol=1e-12, atol=1e-12)


def test_large_preactivations_saturate_without_warning():
    """exp overflows to inf there; the gate is 0 and nothing is NaN."""
    case = Case((3,), False, False, "equal", SquaredError(), 1)
    case.params *= 1e4
    raw = case.objective.predict_raw(case.params, case.batch)
    assert np.isfinite(raw).all()


def test_tanh_by_exp_is_tanh_to_the_last_digit_of_one():
    a = np.concatenate([np.linspace(-40, 40, 10_001), [0, 1e-300, -1e-12, 800, -800, np.inf]])
    actual = np.empty_like(a)
    with np.errstate(over="ignore"):
        _elementwise.tanh_by_exp(a, actual)
    np.testing.assert_allclose(actual, np.tanh(a), rtol=0, atol=4e-16)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_large_step_equals_small_ones(monkeypatch, reset_after, dtype):
    """In float64 tanh is computed by exp where there are many numbers."""
    case = Case((3,), True, reset_after, "ragged", SquaredError(), 1, dtype)
    expected = case.objective.predict_raw(case.params, case.batch)
    monkeypatch.setattr(_elementwise, "MANY_NUMBERS", 0)
    calls = []
    by_exp = _elementwise.tanh_by_exp
    monkeypatch.setattr(_elementwise, "tanh_by_exp", lambda *args: calls.append(by_exp(*args)))
    actual = case.objective.predict_raw(case.params, case.batch)
    assert bool(calls) == (dtype == np.float64)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-14)


def test_result_does_not_depend_on_the_block_size(monkeypatch, reset_after):
    """Factors of the backward pass are computed for one step at a time, or for all."""
    case = Case((3, 2), True, reset_after, "ragged", SquaredError(), 2)
    gradients = []
    for size in (1, 10**6):
        monkeypatch.setattr(_cell, "BLOCK_SIZE", size)
        gradient = np.empty_like(case.params)
        case.objective.loss_and_gradient(
            case.params, case.samples, gradient, Workspace(gradient.dtype)
        )
        gradients.append(gradient)
    assert np.abs(gradients[0]).max() > 1e-3
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-10, atol=1e-14)


def test_second_direction_is_the_first_on_reversed_input(reset_after):
    case = Case((3,), True, reset_after, "ragged", SquaredError(), 1)
    layers, named = case.objective.network.layers, case.named
    batch = case.batch.select(case.batch.falling_lengths())
    sequences = [case.sequences[i] for i in case.batch.falling_lengths()]
    reversed_batch = SequenceBatch.from_list([x[::-1] for x in sequences])
    swapped = {
        name: named[name.removesuffix("_reverse") if "_reverse" in name else name + "_reverse"]
        for name in layers.shapes
    }
    states, _ = layers.forward(named, *pack(batch), Workspace(np.dtype(float)))
    mirrored, _ = layers.forward(swapped, *pack(reversed_batch), Workspace(np.dtype(float)))
    swapped_back = np.concatenate([mirrored.final[3:], mirrored.final[:3]])
    np.testing.assert_allclose(states.final, swapped_back, rtol=1e-12)


@pytest.mark.parametrize(
    ("n_hidden", "n_active", "n_steps", "lengths"),
    [
        (256, 16, 40, [10, 15, 15]),  # 240 columns, more numbers than 2**15
        (32, 64, 40, [8, 16, 16]),  # 2**15 numbers
        (512, 200, 3, [1, 1, 1]),
        (4, 2, 70, [6, 32, 32]),  # no longer than what is checked for a vanished gradient
    ],
)
def test_blocks_of_the_backward_pass(n_hidden, n_active, n_steps, lengths):
    cell = ResetBefore(1, n_hidden)
    X = np.zeros((n_active, n_steps, 1), np.float32)
    packing, _ = pack(SequenceBatch.from_dense(X))
    tape = cell.tape(Workspace(X.dtype), "l0", packing, reverse=False)
    blocks = cell._blocks(tape.runs[0])
    assert [block.stop - block.start for block in blocks[::-1]] == lengths
