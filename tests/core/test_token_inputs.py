"""Tokens reach the recurrence as columns or as products with its weights: the same, to rounding."""

import numpy as np
import pytest

from skgru._core import _cell, _network
from skgru._core._embedding import look_up
from skgru._core._losses import SquaredError
from tests.core.conftest import Case
from tests.reference import gru


def outcomes(monkeypatch, outcome, *, pooling="mean", **kind):
    """What ``outcome`` makes of a case without products and of one with them."""
    results = []
    for threshold, takes_products in (3, False), (2, True):
        monkeypatch.setattr(_cell, "MANY_DIMENSIONS", threshold)
        case = Case(
            lengths="ragged", loss=SquaredError(), n_outputs=2, n_tokens=6, pooling=pooling, **kind
        )
        cell = case.objective.network.layers.layers[0][0].cell
        assert cell.takes_products is takes_products
        results.append(outcome(case))
    return results


@pytest.mark.parametrize("pooling", gru.POOLINGS)
@pytest.mark.parametrize("n_at_a_time", [1, 2**22])
def test_predictions(monkeypatch, reset_after, bidirectional, pooling, n_at_a_time):
    monkeypatch.setattr(_network, "PREDICTION_SIZE", n_at_a_time)
    raw = outcomes(
        monkeypatch,
        lambda case: case.objective.network.predict(case.named, case.batch),
        sizes=(3, 2),
        bidirectional=bidirectional,
        reset_after=reset_after,
        pooling=pooling,
    )
    np.testing.assert_allclose(raw[1], raw[0], rtol=1e-12, atol=1e-14)


def test_vectors_of_so_many_dimensions_take_products():
    """The default of 64 among them."""
    for n_dimensions, takes_products in (_cell.MANY_DIMENSIONS - 1, False), (64, True):
        for cell_type in _cell.Cell.__subclasses__():
            cell = cell_type(n_dimensions, 5, reads_tokens=True)
            assert cell.takes_products is takes_products
            assert not cell_type(n_dimensions, 5).takes_products


@pytest.mark.parametrize("n_rows", [9, 1000])
def test_look_up_finds_the_rows_in_small_and_large_tables(n_rows):
    rows = [np.array([[3, 0], [3, 8]]), np.array([[5], [0], [3]])]
    lookup = look_up(rows, n_rows)
    np.testing.assert_array_equal(lookup.used, [0, 3, 5, 8])
    for run, places in zip(rows, lookup.places, strict=True):
        np.testing.assert_array_equal(lookup.used[places], run)
    sums = lookup.sums() @ np.arange(7.0)  # of the steps of 0, 3, 5 and 8
    np.testing.assert_array_equal(sums, [1 + 5, 0 + 2 + 6, 4, 3])
