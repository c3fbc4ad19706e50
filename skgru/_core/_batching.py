"""Cutting a data set into mini-batches, and packing a batch for the recurrence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._sequences import SequenceBatch


class Packing:
    """How sequences of falling length lie in memory: each step holds those that reach it.

    A *run* is a stretch of steps with the same number of active sequences, so that a quantity with
    R rows per step is, within a run, one contiguous array of shape (n_steps, R, n_active).
    Equal lengths make one run. Nothing is stored, nor computed, for padding.
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
        views, offset = [], 0
        for start, stop, n_active in self.runs:
            size = (stop - start) * n_rows * n_active
            views.append(flat[offset : offset + size].reshape(stop - start, n_rows, n_active))
            offset += size
        return views

    def cell_rows(self, starts: np.ndarray) -> np.ndarray:
        """Return where each valid step stands in a table, run by run and step by step.

        ``starts`` (n_sequences,) says in which row of the table each sequence begins.
        """
        rows = [
            np.arange(start, stop)[:, None] + starts[:n_active]
            for start, stop, n_active in self.runs
        ]
        return np.concatenate([run.ravel() for run in rows])


def pack(batch: SequenceBatch) -> tuple[Packing, list[np.ndarray]]:
    """Lay sequences of falling length out step by step.

    Returns the packing and, for each of its runs, the inputs (n_steps, n_features, n_active).
    """
    packing = Packing(batch.lengths)
    inputs = []
    for start, stop, n_active in packing.runs:
        rows = np.arange(start, stop)[:, None] + batch.starts[:n_active]
        inputs.append(batch.values.take(rows, axis=0).transpose(0, 2, 1))
    return packing, inputs


def minibatches(
    n_samples: int, batch_size: int, rng: np.random.RandomState | None
) -> Iterator[np.ndarray]:
    """Yield indices that cover all samples once, shuffled by ``rng`` if there is one."""
    order = np.arange(n_samples) if rng is None else rng.permutation(n_samples)
    for start in range(0, n_samples, batch_size):
        yield order[start : start + batch_size]
