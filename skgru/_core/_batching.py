"""Cutting a data set into mini-batches, and packing a batch for the recurrence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ._sequences import SequenceBatch, begins

# Groups of similar length that a shuffled mini-batch is made of. With one, training takes a third
# of the time of batches at random and learns worse where targets depend on the length (residuals
# 8 times as large); with 4 it takes half, with 8 two thirds, both learning as well or nearly so.
N_GROUPS = 4


class Packing:
    """How sequences of falling length lie in memory: each step holds those that reach it.

    A *run* is a stretch of steps with the same number of active sequences, so that a quantity with
    R rows per step is, within a run, one contiguous array of shape (n_steps, R, n_active).
    Equal lengths make one run. Nothing is stored, nor computed, for padding.

    The same quantity may stand in a table of *cells*, one for each valid step, (n_cells, R): then a
    run is a stretch of it.
    """

    def __init__(self, lengths: np.ndarray) -> None:
        self.lengths = lengths
        self.n_sequences = len(lengths)
        self.n_timesteps = int(lengths[0])
        if lengths[-1] == self.n_timesteps:
            self.runs: tuple[tuple[int, int, int], ...] = ((0, self.n_timesteps, self.n_sequences),)
            self.n_cells = self.n_timesteps * self.n_sequences
            return
        changes = np.unique(lengths)  # steps after which fewer sequences remain
        n_active = np.searchsorted(-lengths, -changes, side="right")
        starts = np.concatenate(([0], changes[:-1]))
        self.runs = tuple(zip(starts.tolist(), changes.tolist(), n_active.tolist(), strict=True))
        self.n_cells = int(lengths.sum())

    def run_views(self, flat: np.ndarray, n_rows: int) -> list[np.ndarray]:
        """Cut flat memory into a view (n_steps, n_rows, n_active) per run."""
        return [
            flat[cells.start * n_rows : cells.stop * n_rows].reshape(n_steps, n_rows, n_active)
            for n_steps, n_active, cells in self._stretches()
        ]

    def cut(self, cells: np.ndarray) -> list[np.ndarray]:
        """Cut rows (n_cells, R) into a view (n_steps, R, n_active) per run.

        They stand as `cell_rows` has them.
        """
        return [
            cells[of_run].reshape(n_steps, n_active, -1).transpose(0, 2, 1)
            for n_steps, n_active, of_run in self._stretches()
        ]

    def planes(self, tables: np.ndarray) -> list[np.ndarray]:
        """Cut tables of cells (K, n_cells, R) into a view (n_steps, K, R, n_active) per run."""
        return [
            tables[:, of_run].reshape(len(tables), n_steps, n_active, -1).transpose(1, 0, 3, 2)
            for n_steps, n_active, of_run in self._stretches()
        ]

    def _stretches(self) -> Iterator[tuple[int, int, slice]]:
        """Yield for each run its numbers of steps and of sequences, and where its cells stand."""
        offset = 0
        for start, stop, n_active in self.runs:
            size = (stop - start) * n_active
            yield stop - start, n_active, slice(offset, offset + size)
            offset += size

    def join(self, runs: list[np.ndarray], cells: np.ndarray) -> np.ndarray:
        """Write runs to rows (n_cells, R) and return these: `cut` undone."""
        for place, run in zip(self.cut(cells), runs, strict=True):
            place[...] = run
        return cells

    def cell_rows(self, starts: np.ndarray) -> np.ndarray:
        """Return where each valid step stands in a table, run by run and step by step.

        ``starts`` (n_sequences,) says in which row of the table each sequence begins.
        """
        if len(self.runs) == 1:
            return (np.arange(self.n_timesteps)[:, None] + starts).ravel()
        per_step = self._per_step()
        return starts[self.cell_sequences()] + np.repeat(np.arange(self.n_timesteps), per_step)

    def cell_sequences(self) -> np.ndarray:
        """Return to which sequence each valid step belongs, run by run and step by step."""
        per_step = self._per_step()
        return np.arange(self.n_cells) - np.repeat(begins(per_step), per_step)

    def _per_step(self) -> np.ndarray:
        """Return how many sequences are active at each step."""
        return np.repeat(*np.array([(n, stop - start) for start, stop, n in self.runs]).T)


class Tokens(NamedTuple):
    """Inputs that many steps have in common.

    Attributes
    ----------
    vectors : ndarray of shape (U, F)
        The different ones.
    places : list of ndarray of shape (n_steps, N)
        Which of them is the input of each step, per run.
    """

    vectors: np.ndarray
    places: list[np.ndarray]

    def per_step(self) -> list[np.ndarray]:
        """Return the inputs themselves, (n_steps, F, N) per run."""
        return [self.vectors[run].transpose(0, 2, 1) for run in self.places]


def pack(batch: SequenceBatch) -> tuple[Packing, list[np.ndarray]]:
    """Lay sequences of falling length out step by step.

    Returns the packing and, for each of its runs, the inputs (n_steps, n_features, n_active).
    """
    packing = Packing(batch.lengths)
    cells = batch.values.take(packing.cell_rows(batch.starts), axis=0)
    return packing, packing.cut(cells)


def minibatches(
    lengths: np.ndarray, batch_size: int, rng: np.random.RandomState | None
) -> Iterator[np.ndarray]:
    """Yield indices that cover all samples once, in an order drawn by ``rng`` if there is one.

    With ``rng``, where sequences differ in length, a batch is put together from a few groups of
    similar length, at random: so few different ends meet, each a stretch of steps of its own.
    """
    n_samples = len(lengths)
    order = np.arange(n_samples) if rng is None else rng.permutation(n_samples)
    if rng is not None and (lengths != lengths[0]).any():
        by_length = order[np.argsort(-lengths[order], kind="stable")]
        groups = np.array_split(by_length, math.ceil(n_samples / max(1, batch_size // N_GROUPS)))
        order = np.concatenate([groups[i] for i in rng.permutation(len(groups))])
    for start in range(0, n_samples, batch_size):
        yield order[start : start + batch_size]
