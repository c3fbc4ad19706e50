"""How tokens reach the recurrence: as columns, or as products with its weights."""

import numpy as np
import pytest

from skgru._core import _cell
from skgru._core._embedding import look_up


@pytest.mark.parametrize(
    ("n_dimensions", "n_hidden", "takes_products"),
    [(64, 64, True), (63, 64, False), (64, 63, False)],
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
