"""Products with the weights: those of each step, and the sums over steps of the way back.

What multiplies columns is called a kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ._aligned import aligned_empty
from ._blas import is_fast_with_small_products
from ._tape import Workspace

# Multiplications up to which OpenBLAS takes a product for a small one, see
# kernel/x86_64/sgemm_small_kernel_permit_skylakex.c in its repository.
SMALL_PRODUCT = 10**6
# Numbers of float32 in a vector register. Longer rows of a column that are no multiple of it are
# read across lines of the cache, which takes the time that blocks save; in float64 less than that.
VECTOR = 16
# Rows that a block must have, or reading the column again for each takes longer than is saved.
FEW_ROWS = 16
# Units that a block of planes must have, and may have: more make nothing faster.
FEW_UNITS, MOST_UNITS = 32, 64

# Writes a kernel's product with a column to a place: (column, place).
Product = Callable[[np.ndarray, np.ndarray], Any]


def product_with(kernel: np.ndarray, n_active: int) -> Product:
    """Return what writes ``kernel @ column`` to a place.

    It does so in blocks of rows where BLAS is faster with these. It then does not copy kernel and
    column into an order of its own first, and takes up to a third less time in float32, to a half
    in float64: benchmarks/products.py.

    Parameters
    ----------
    kernel : ndarray of shape (R, K)
        In C order, or blocks may take longer than the whole; of planes see `for_planes`.
    n_active : int
        N: columns are (K, N), places (R, N).
    """
    if kernel.ndim > 2:
        return _product_of_planes(kernel, n_active)
    n_rows, n_inner = kernel.shape
    ends_within_vector = kernel.dtype == np.float32 and n_active > VECTOR and n_active % VECTOR
    if (
        ends_within_vector
        or n_rows * n_inner * n_active <= SMALL_PRODUCT
        or not is_fast_with_small_products()
    ):
        return kernel.dot  # a call of np.dot takes 0.2 us more
    n_blocks = _n_blocks(n_rows, SMALL_PRODUCT // (n_inner * n_active), FEW_ROWS)
    if n_blocks is None:
        return kernel.dot
    blocks = kernel.reshape(n_blocks, -1, n_inner)

    def multiply(column: np.ndarray, place: np.ndarray) -> None:
        np.matmul(blocks, column, place.reshape(n_blocks, -1, n_active))

    return multiply


def for_planes(
    kernel: np.ndarray, n_units: int, n_sequences: int, memory: np.ndarray
) -> np.ndarray:
    """Return a kernel (P H, K H) that makes P planes of K, (K, P, n_blocks, H, H / n_blocks).

    Blocks are cut from units, of which there are the same number in each run, for the most
    sequences of a run. They are written to ``memory`` of the kernel's size, which should begin
    with a line of the cache.
    """
    n_blocks = 1
    if is_fast_with_small_products():
        most_units = min(MOST_UNITS, SMALL_PRODUCT // (n_units * n_sequences))
        n_blocks = _n_blocks(n_units, most_units, FEW_UNITS) or 1
    blocks = kernel.reshape(len(kernel) // n_units, n_blocks, n_units // n_blocks, -1, n_units)
    blocks = blocks.transpose(3, 0, 1, 4, 2)
    place = memory.reshape(blocks.shape)
    place[...] = blocks
    return place


def _product_of_planes(kernel: np.ndarray, n_active: int) -> Product:
    """Return `product_with` for what `for_planes` returns; K or P is 1.

    Columns are (H, N) or (K, H, N), places (H, N) or (P, H, N), all with sequences first in memory.
    """
    n_terms, n_planes, n_blocks, n_units, _ = kernel.shape
    if n_terms == 1:
        if n_blocks == n_planes == 1:
            whole = kernel[0, 0, 0]
            return lambda column, place: column.T.dot(whole, place.T)

        def multiply(column: np.ndarray, place: np.ndarray) -> None:
            of_blocks = place.reshape(n_planes, n_blocks, -1, n_active).swapaxes(2, 3)
            np.matmul(column.T, kernel[0], of_blocks)

        return multiply
    terms = aligned_empty(n_terms * n_active * n_units, kernel.dtype)
    of_blocks = terms.reshape(n_terms, n_active, n_blocks, -1).swapaxes(1, 2)
    first, second, *others = terms.reshape(n_terms, n_active, n_units)

    def add_up(columns: np.ndarray, place: np.ndarray) -> None:
        np.matmul(columns.swapaxes(1, 2)[:, None], kernel[:, 0], of_blocks)
        total = place.T
        np.add(first, second, total)
        for term in others:
            np.add(total, term, total)

    return add_up


@cache
def _n_blocks(n_rows: int, most_rows: int, least_rows: int) -> int | None:
    """Return into how few blocks rows are divided if none has more, None: there are none."""
    for rows_of_block in range(most_rows, least_rows - 1, -1):
        if n_rows % rows_of_block == 0:
            return n_rows // rows_of_block
    return None


class KernelGradient:
    """Sums over all steps of ``d_gates @ columns.T``, in one product a block."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._sums: dict[str, np.ndarray] = {}

    def wide(self, name: str, block: np.ndarray) -> np.ndarray:
        """Return a block (n_steps, R, N) as (R, n_steps * N), planes (n_steps, K, H, N) as K such.

        The latter without a copy, and the first step first in memory.
        """
        if block.ndim == 4:
            planes = (block if block.strides[0] > 0 else block[::-1]).transpose(1, 0, 3, 2)
            return planes.reshape(len(planes), -1, planes.shape[3]).swapaxes(1, 2)
        n_steps, n_rows, n_active = block.shape
        if n_steps == 1:
            return block[0]
        wide = self._workspace.empty(("wide", name), n_rows, n_steps, n_active)
        wide[...] = block.transpose(1, 0, 2)
        return wide.reshape(n_rows, -1)

    def add(self, name: str, d_gates: np.ndarray, columns: np.ndarray) -> None:
        shape = *d_gates.shape[:-1], columns.shape[-2]
        if name not in self._sums:
            total = self._sums[name] = self._workspace.empty(("sum", name), *shape)
            _multiply_by_transposed(d_gates, columns, total)
        else:
            term = self._workspace.empty("term", *shape)
            _multiply_by_transposed(d_gates, columns, term)
            self._sums[name] += term

    def __getitem__(self, name: str) -> np.ndarray:
        return self._sums[name]

    def __len__(self) -> int:
        return len(self._sums)


def _multiply_by_transposed(d_gates: np.ndarray, columns: np.ndarray, place: np.ndarray) -> None:
    """Write ``d_gates @ columns.T``, of planes (P, H, M) and (H, M) in blocks of the result.

    With these it takes a tenth less time in float32, a fifth less in float64.
    """
    n_units, n_columns = columns.shape
    across = down = None
    if d_gates.ndim == 3 and is_fast_with_small_products():
        across = _n_blocks(n_units, MOST_UNITS, FEW_UNITS)
    if across is not None:
        most_units = SMALL_PRODUCT * across // (n_units * n_columns)
        down = _n_blocks(n_units, min(MOST_UNITS, most_units), FEW_UNITS)
    if across is None or down is None:
        np.matmul(d_gates, columns.T, place)
        return
    left = d_gates.reshape(-1, down, 1, n_units // down, n_columns)
    right = columns.reshape(across, -1, n_columns).swapaxes(1, 2)
    in_blocks = place.reshape(-1, down, n_units // down, across, n_units // across)
    np.matmul(left, right, in_blocks.swapaxes(2, 3))
