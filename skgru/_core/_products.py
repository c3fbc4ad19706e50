"""Products with the weights: those of each step, and the sums over steps of the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._tape import Workspace


def product_with(kernel: np.ndarray, sums: np.ndarray | None) -> Callable[..., Any]:
    """Return what writes ``kernel @ column`` to a place, in ``(column, place)``.

    With ``sums``, memory for as many numbers at least, it adds them to what is there.
    """
    if sums is None:
        return kernel.dot  # a call of np.dot takes 0.2 us more
    between = sums[: len(kernel)]

    def add(column: np.ndarray, place: np.ndarray) -> None:
        np.add(place, kernel.dot(column, between), place)

    return add


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
