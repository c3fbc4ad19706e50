"""A learned table of vectors: from token ids to the inputs of the first layer."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_array

from ._params import Shapes
from ._sequences import SequenceBatch, begins

# How many rows of a table, for each step of a batch, may be looked through; sorting the steps is
# faster from there on.
TABLE_SHARE = 8


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


class Lookup(NamedTuple):
    """Which rows of a table the steps of a batch use.

    Attributes
    ----------
    used : ndarray of shape (U,)
        The different ones, in rising order.
    places : list of ndarray of shape (n_steps, N)
        Which of these each step uses, per run.
    """

    used: np.ndarray
    places: list[np.ndarray]

    def sums(self) -> csc_array:
        """Return a matrix (U, M) that adds up over all steps that use a row, run by run."""
        places = np.concatenate([run.ravel() for run in self.places])
        ones, ends = np.ones(len(places), np.float32), np.arange(len(places) + 1)
        # A sparse product adds up 20 times as fast as np.add.at.
        return csc_array((ones, places, ends), (len(self.used), len(places)))


def look_up(rows: list[np.ndarray], n_rows: int) -> Lookup:
    """Return what steps use of a table of ``n_rows``: rows (n_steps, N) per run."""
    if n_rows > TABLE_SHARE * sum(run.size for run in rows):
        used, places = np.unique(np.concatenate([run.ravel() for run in rows]), return_inverse=True)
        ends = np.cumsum([run.size for run in rows])[:-1]
        of_runs = zip(np.split(places, ends), rows, strict=True)
        return Lookup(used, [of_run.reshape(run.shape) for of_run, run in of_runs])
    is_used = np.zeros(n_rows, bool)
    for run in rows:
        is_used[run] = True
    numbers = np.cumsum(is_used) - 1
    return Lookup(np.flatnonzero(is_used), [numbers[run] for run in rows])


def with_own_rows(X: SequenceBatch) -> tuple[SequenceBatch, np.ndarray]:
    """Return a batch whose tokens are numbered without gaps, and the rows that they had."""
    rows, numbers = np.unique(X.rows(), return_inverse=True)
    starts = begins(X.lengths)
    return SequenceBatch(numbers.reshape(-1, 1), starts, X.lengths), rows
