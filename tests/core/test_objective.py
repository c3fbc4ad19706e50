"""The gradient of the whole objective against complex-step derivatives of the reference."""

import numpy as np
import pytest

from skgru._core import _objective
from skgru._core._losses import MultinomialLogLoss, SquaredError
from skgru._core._sequences import SequenceBatch
from skgru._core._tape import Workspace
from tests.core.conftest import Case
from tests.reference import gru

STEP = 1e-30


def complex_step_gradient(case):
    """Differentiate the reference by every parameter."""
    gradient = np.empty(len(case.params))
    for i in range(len(gradient)):
        shifted = case.params.astype(complex)
        shifted[i] += 1j * STEP
        value = gru.objective(
            case.objective.layout.views(shifted),
            case.sequences,
            case.y,
            case.sample_weight,
            type(case.objective.loss).__name__,
            case.objective.alpha,
            **case.architecture,
        )
        gradient[i] = value.imag / STEP
    return value.real, gradient


def assert_gradient_equals_the_reference(case):
    expected_value, expected = complex_step_gradient(case)
    gradient = np.full_like(case.params, np.nan)
    value = case.objective.loss_and_gradient(
        case.params, case.samples, gradient, Workspace(gradient.dtype)
    )
    assert value == pytest.approx(expected_value, rel=1e-12)
    views, expected_views = (
        case.objective.layout.views(gradient),
        case.objective.layout.views(expected),
    )
    for name, view in views.items():
        scale = np.linalg.norm(expected_views[name])
        assert scale > 0, name
        assert np.linalg.norm(view - expected_views[name]) < 1e-10 * scale, name


def test_gradient_of_every_architecture(sizes, bidirectional, reset_after, lengths):
    if lengths == "one step":
        # With h_0 = 0, recurrent weights of one step have no gradient but that of L2.
        case = Case(sizes, bidirectional, reset_after, lengths, SquaredError(), 2, alpha=0.1)
    else:
        case = Case(sizes, bidirectional, reset_after, lengths, SquaredError(), 2, alpha=0.0)
    assert_gradient_equals_the_reference(case)


def test_gradient_of_every_loss(loss_and_n_outputs, reset_after, lengths):
    loss, n_outputs = loss_and_n_outputs
    assert_gradient_equals_the_reference(
        Case((3,), False, reset_after, lengths, loss, n_outputs, alpha=0.1)
    )


def test_second_step_on_the_same_workspace_is_not_disturbed_by_the_first(lengths, reset_after):
    """Memory is used again; nothing may survive in it."""
    case = Case((3, 2), True, reset_after, lengths, SquaredError(), 2)
    other = Case((3, 2), True, reset_after, "ragged", SquaredError(), 2)
    workspace = Workspace(case.params.dtype)
    first, second = np.empty_like(case.params), np.empty_like(case.params)
    value = case.objective.loss_and_gradient(case.params, case.samples, first, workspace)
    other.objective.loss_and_gradient(-other.params, other.samples, second, workspace)
    again = case.objective.loss_and_gradient(case.params, case.samples, second, workspace)
    assert again == value
    np.testing.assert_array_equal(first, second)


def test_minibatches_add_up_to_the_full_batch(reset_after):
    case = Case((3,), False, reset_after, "ragged", MultinomialLogLoss(), 3, alpha=0.1)
    samples, n = case.samples, len(case.y)
    full, part, total = (np.empty_like(case.params) for _ in range(3))
    total[:] = 0
    workspace = Workspace(full.dtype)
    value = case.objective.loss_and_gradient(case.params, samples, full, workspace)
    total_value = 0.0
    for indices in (np.array([4, 0]), np.array([1, 2, 3, 5, 6])):
        share = len(indices) / n
        total_value += share * case.objective.loss_and_gradient(
            case.params, samples.select(indices), part, workspace
        )
        total += share * part
    assert total_value == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(total, full, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("dtype", "tol"), [(np.float64, 1e-12), (np.float32, 1e-6)])
def test_prediction_is_the_same_alone_in_a_batch_and_in_any_order(
    monkeypatch, dtype, tol, bidirectional, reset_after
):
    case = Case((4, 3), bidirectional, reset_after, "ragged", SquaredError(), 2, dtype)
    together = case.objective.predict_raw(case.params, case.batch)
    assert np.ptp(together) > 0.1
    alone = [
        case.objective.predict_raw(case.params, SequenceBatch.from_list([x]))[0]
        for x in case.sequences
    ]
    np.testing.assert_allclose(together, alone, rtol=tol, atol=tol)
    order = np.random.RandomState(0).permutation(len(case.sequences))
    reordered = case.objective.predict_raw(case.params, case.batch.select(order))
    np.testing.assert_allclose(reordered, together[order], rtol=tol, atol=tol)
    monkeypatch.setattr(_objective, "PREDICTION_SIZE", 1)  # chunks of one sequence
    chunked = case.objective.predict_raw(case.params, case.batch)
    np.testing.assert_allclose(chunked, together, rtol=tol, atol=tol)
