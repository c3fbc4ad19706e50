"""How tokens reach the recurrence: as columns, or as products with its weights."""

import numpy as np
import pytest

from skgru._core import _cell
from skgru._core._batching import Packing
from skgru._core._embedding import look_up
from skgru._core._losses import SquaredError
from skgru._core._tape import Workspace
from tests.core.conftest import Case


@pytest.mark.parametrize(
    ("n_dimensions", "n_hidden", "takes_products"),
    [(64, 64, True), (63, 64, False), (64, 63, False), (127, 63, False), (128, 1, True)],
)
def test_so_many_dimensions_and_units_take_products(n_dimensions, n_hidden, takes_products):
    """The default of 64 dimensions among them."""
    for cell_type in _cell.Cell.__subclasses__():
        cell = cell_type(n_dimensions, n_hidden, reads_tokens=True)
        assert cell.takes_products is takes_products
        assert not cell.for_vectors().takes_products
        assert not cell_type(n_dimensions, n_hidden).takes_products


@pytest.mark.parametrize("n_rows", [9, 1000])
def test_look_up_finds_the_rows_in_small_and_large_tables(n_rows):
    rows = [np.array([[3, 0], [3, 8]]), np.array([[5], [0], [3]])]
    lookup = look_up(rows, n_rows)
    np.testing.assert_array_equal(lookup.used, [0, 3, 5, 8])
    for run, places in zip(rows, lookup.places, strict=True):
        np.testing.assert_array_equal(lookup.used[places], run)
    sums = lookup.sums() @ np.arange(7.0)  # of the steps of 0, 3, 5 and 8
    np.testing.assert_array_equal(sums, [1 + 5, 0 + 2 + 6, 4, 3])


@pytest.mark.parametrize("cell_type", _cell.Cell.__subclasses__())
def test_planes_have_the_units_of_a_sequence_side_by_side(cell_type):
    """All that a step reads and writes: operations on arrays in two orders take far longer."""
    cell, workspace = cell_type(64, 64, reads_tokens=True), Workspace(np.dtype(float))
    tape = cell.tape(workspace, "", Packing(np.array([7, 7, 5])), reverse=False, masked=True)
    for run in tape.runs:
        block = slice(0, 2)
        factors, (step, *_) = cell._backward_views(run, block, workspace)
        arrays = [
            run.columns,
            run.gates,
            run.states,
            run.seen,
            run.last_state,
            run.d_state,
            run.mask,
        ]
        for array in (*arrays, factors, *step, tape.final_state, *tape.outputs()):
            assert array.strides[-2] == array.itemsize


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_what_a_head_gives_back_has_the_order_of_planes(dropout, monkeypatch):
    monkeypatch.setattr(_cell, "VERY_MANY_DIMENSIONS", 1)
    kind = {"pooling": "every step", "n_tokens": 50, "dropout": dropout}
    case = Case((3,), False, False, "equal", SquaredError(), 2, **kind)
    network, workspace = case.objective.network, Workspace(case.params.dtype)
    rng = np.random.RandomState(0)
    record = network.forward_batch(case.named, case.samples, workspace, rng)
    states = record.trunk.outputs().per_step()[0]
    gradient = {name: np.empty_like(value) for name, value in case.named.items()}
    d_raw = np.ones((record.pooled.shape[1], 2))
    d_pooled = network.head.backward(case.named, record.pooled, d_raw, gradient)
    _, (d_states,) = network.pooling.backward(
        case.named, record.packing, record.pooling, d_pooled, gradient
    )
    assert np.argsort(d_states.strides).tolist() == np.argsort(states.strides).tolist()
