"""Products with the weights: those of each step, and the sums over steps of the way back."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

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


def product_with(
    kernel: np.ndarray, n_active: int, sums: np.ndarray | None = None
) -> Callable[..., Any]:
    """Return what writes ``kernel @ column`` to a place, in ``(column, place)``.

    Parameters
    ----------
    kernel : ndarray of shape (R, K)
        In C order, or blocks may take longer than the whole.
    n_active : int
        N: columns are (K, N), places (R, N).
    sums : ndarray of shape (R or more, N), or None
        With this memory products are added to what is there.
    """
    multiply = _multiplication(kernel, n_active)
    if sums is None:
        return multiply
    between = sums[: len(kernel)]

    def add(column: np.ndarray, place: np.ndarray) -> None:
        multiply(column, between)
        np.add(place, between, place)

    return add


def _multiplication(kernel: np.ndarray, n_active: int) -> Callable[..., Any]:
    """Return what multiplies, in blocks of rows where BLAS is faster with these.

    It then does not copy kernel and column into an order of its own first, and takes up to a third
    less time in float32, to a half in float64: benchmarks/products.py.
    """
    n_rows, n_inner = kernel.shape
    ends_within_vector = kernel.dtype == np.float32 and n_active > VECTOR and n_active % VECTOR
    if (
        ends_within_vector
        or n_rows * n_inner * n_active <= SMALL_PRODUCT
        or not is_fast_with_small_products()
    ):
        return kernel.dot  # a call of np.dot takes 0.2 us more
    n_blocks = _n_blocks(n_rows, SMALL_PRODUCT // (n_inner * n_active))
    if n_blocks is None:
        return kernel.dot
    blocks = kernel.reshape(n_blocks, -1, n_inner)

    def multiply(column: np.ndarray, place: np.ndarray) -> None:
        np.matmul(blocks, column, place.reshape(n_blocks, -1, n_active))

    return multiply


@cache
def _n_blocks(n_rows: int, most_rows: int) -> int | None:
    """Return into how few blocks rows are divided if none has more, None: there are none."""
    for rows_of_block in range(most_rows, FEW_ROWS - 1, -1):
        if n_rows % rows_of_block == 0:
            return n_rows // rows_of_block
    return None


class KernelGradient:
    """Sums over all steps of ``d_gates @ columns.T``, in one product a block."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._sums: dict[str, np.ndarray] = {}

    def wide(self, name: str, block: np.ndarray) -> np.ndarray:
        """Return a block (n_steps, R, N) as (R, n_steps * N)."""
        n_steps, n_rows, n_active = block.shape
        if n_steps == 1:
            return block[0]
        wide = self._workspace.empty(("wide", name), n_rows, n_steps, n_active)
        wide[...] = block.transpose(1, 0, 2)
        return wide.reshape(n_rows, -1)

    def add(self, name: str, d_gates: np.ndarray, columns: np.ndarray) -> None:
        shape = len(d_gates), len(columns)
        if name not in self._sums:
            total = self._sums[name] = self._workspace.empty(("sum", name), *shape)
            np.matmul(d_gates, columns.T, total)
        else:
            term = self._workspace.empty("term", *shape)
            np.matmul(d_gates, columns.T, term)
            self._sums[name] += term

    def __getitem__(self, name: str) -> np.ndarray:
        return self._sums[name]

    def __len__(self) -> int:
        return len(self._sums)
