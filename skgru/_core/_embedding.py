"""A learned table of vectors: from token ids to the inputs of the first layer."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csc_array, csr_array

from ._params import Shapes
from ._sequences import SequenceBatch, begins


class Embedding:
    """``x_t = table[id_t]``.

    A step of training works on the rows that its batch uses, as a table of its own: see
    `with_own_rows`.

    Parameters
    ----------
    n_rows : int
        Number of different tokens; row 0 is for tokens that were never seen.
    n_dimensions : int
    name : str
        Of the table among the parameters.
    """

    def __init__(self, n_rows: int, n_dimensions: int, name: str = "embedding") -> None:
        self.n_rows = n_rows
        self.n_dimensions = n_dimensions
        self.name = name
        self.shapes: Shapes = {name: (n_rows, n_dimensions)}

    def forward(self, table: np.ndarray, rows: list[np.ndarray]) -> list[np.ndarray]:
        """Return vectors (n_steps, n_dimensions, N) of table rows (n_steps, 1, N), per run."""
        return [table[run[:, 0]].transpose(0, 2, 1) for run in rows]


def sums_per_row(rows: np.ndarray, n_rows: int) -> tuple[np.ndarray, csc_array]:
    """Return the different ones (U,) of rows (M,), and a matrix (U, M) that adds up over each.

    They are rows of a table of ``n_rows``.
    """
    is_used = np.zeros(n_rows, bool)
    is_used[rows] = True
    used, places = np.flatnonzero(is_used), (np.cumsum(is_used) - 1)[rows]  # np.unique would sort
    ones, ends = np.ones(len(rows), np.float32), np.arange(len(rows) + 1)
    # A sparse product adds up 20 times as fast as np.add.at.
    return used, csr_array((ones, places, ends), (len(rows), len(used))).T


def with_own_rows(X: SequenceBatch) -> tuple[SequenceBatch, np.ndarray]:
    """Return a batch whose tokens are numbered without gaps, and the rows that they had."""
    rows, numbers = np.unique(X.rows(), return_inverse=True)
    starts = begins(X.lengths)
    return SequenceBatch(numbers.reshape(-1, 1), starts, X.lengths), rows
