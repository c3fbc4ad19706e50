"""How tokens reach the recurrence: as columns, or as products with its weights."""

import numpy as np
import pytest

from skgru._core import _cell
from skgru._core._embedding import look_up


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
