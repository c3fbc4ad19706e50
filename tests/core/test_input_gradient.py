"""The gradient by the inputs, and states, against complex steps and states of the reference."""

import numpy as np
import pytest

from skgru._core import _network
from skgru._core._losses import SquaredError
from tests.core.conftest import Case
from tests.reference import gru

STEP = 1e-30
POOLING_NAMES = list(gru.POOLINGS)


def weighted_sums(case, sequences, d_raw):
    """What each sequence adds to the function whose gradient by the raw outputs is ``d_raw``."""
    raw = gru.raw_outputs(case.named, sequences, **case.architecture)
    return [np.sum(one * d) for one, d in zip(raw, d_raw, strict=True)]


def complex_step_gradient(case, d_raw):
    """Differentiate by every input; sequences do not touch each other."""
    gradients = []
    for i, x in enumerate(case.sequences):
        gradient = np.empty_like(x)
        for place in np.ndindex(x.shape):
            shifted = x.astype(complex)
            shifted[place] += 1j * STEP
            (value,) = weighted_sums(case, [shifted], d_raw[i : i + 1])
            gradient[place] = value.imag / STEP
        gradients.append(gradient)
    return np.concatenate(gradients)


def assert_input_gradient_equals_the_reference(case):
    rng = np.random.RandomState(1)
    per_step = case.objective.network.pooling.per_step
    d_raw = rng.standard_normal((len(case.batch.rows()) if per_step else len(case.batch), 2))
    splits = np.cumsum(case.batch.lengths)[:-1]
    expected = complex_step_gradient(case, np.split(d_raw, splits) if per_step else d_raw)
    ours = case.objective.network.input_gradient(case.named, case.batch, d_raw)
    assert np.linalg.norm(expected) > 1e-3
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-13)


def test_input_gradient_of_every_architecture(sizes, bidirectional, reset_after, lengths):
    assert_input_gradient_equals_the_reference(
        Case(sizes, bidirectional, reset_after, lengths, SquaredError(), 2)
    )


@pytest.mark.parametrize("pooling", POOLING_NAMES)
def test_input_gradient_of_every_pooling(pooling, bidirectional, lengths):
    assert_input_gradient_equals_the_reference(
        Case((3, 2), bidirectional, False, lengths, SquaredError(), 2, pooling=pooling)
    )


@pytest.mark.parametrize("n_frozen", [1, 2])
def test_input_gradient_leads_through_frozen_layers(n_frozen):
    assert_input_gradient_equals_the_reference(
        Case((3, 2), True, False, "ragged", SquaredError(), 2, n_frozen=n_frozen)
    )


@pytest.mark.parametrize("pooling", ["mean", "every step"])
def test_input_gradient_in_chunks(monkeypatch, pooling):
    monkeypatch.setattr(_network, "PREDICTION_SIZE", 1)  # of one sequence
    assert_input_gradient_equals_the_reference(
        Case((3, 2), True, True, "ragged", SquaredError(), 2, pooling=pooling)
    )


def states_of_the_reference(case, x, layer):
    """Those of a network that ends at this layer."""
    architecture = {name: case.architecture[name] for name in ("bidirectional", "reset_after")}
    return gru.last_layer(case.named, x, layer + 1, masks={}, **architecture)[0]


@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize("n_threads", [1, 3])
def test_states_of_every_layer(layer, n_threads, bidirectional, reset_after, lengths):
    case = Case((2, 3, 2), bidirectional, reset_after, lengths, SquaredError(), 1)
    ours = case.objective.network.states(case.named, case.batch, layer, n_threads)
    expected = [states_of_the_reference(case, x, layer) for x in case.sequences]
    assert np.ptp(ours) > 0.1
    np.testing.assert_allclose(ours, np.concatenate(expected), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("pooling", POOLING_NAMES)
def test_pooled_states(pooling, bidirectional, lengths):
    case = Case((3, 2), bidirectional, False, lengths, SquaredError(), 1, pooling=pooling)
    ours = case.objective.network.pool(case.named, case.batch)
    expected = [
        gru.POOLINGS[pooling](
            case.named, *gru.last_layer(case.named, x, 2, bidirectional, False, masks={})
        )
        for x in case.sequences
    ]
    assert np.ptp(ours) > 0.01
    np.testing.assert_allclose(ours, np.vstack(expected), rtol=1e-10, atol=1e-13)
