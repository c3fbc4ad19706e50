"""The one in-memory form of many sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided


def begins(lengths: np.ndarray) -> np.ndarray:
    """Return where sequences begin that stand one after the other."""
    return np.cumsum(lengths) - lengths


@dataclass(frozen=True)
class SequenceBatch:
    """Sequences as rows of one table: sequence i is ``values[starts[i] :][: lengths[i]]``.

    Rows may be shared, so windows over one long series need no copy, and rows that belong to no
    sequence (padding) are never read.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_features)
        One time step per row.
    starts, lengths : ndarray of shape (n_sequences,)
        First row and number of steps of each sequence.
    """

    values: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def n_features(self) -> int:
        return self.values.shape[1]

    @classmethod
    def from_dense(cls, X: np.ndarray, lengths: np.ndarray | None = None) -> SequenceBatch:
        """Read an array (n_sequences, n_timesteps, n_features), without a copy if it can be."""
        n_sequences, n_timesteps, _ = X.shape
        if lengths is None:
            lengths = np.full(n_sequences, n_timesteps)
        values, rows_apart = _as_rows(X)
        return cls(values, rows_apart * np.arange(n_sequences), lengths)

    @classmethod
    def from_list(cls, sequences: Sequence[np.ndarray]) -> SequenceBatch:
        """Join arrays of shape (n_timesteps_i, n_features)."""
        lengths = np.array([len(sequence) for sequence in sequences])
        return cls(np.concatenate(sequences), begins(lengths), lengths)

    def select(self, indices: np.ndarray) -> SequenceBatch:
        return SequenceBatch(self.values, self.starts[indices], self.lengths[indices])

    __getitem__ = select  # as an array of targets has it

    def sequence(self, i: int) -> np.ndarray:
        """Return one of the sequences, (n_timesteps, n_features)."""
        return self.values[self.starts[i] :][: self.lengths[i]]

    def rows(self) -> np.ndarray:
        """Return all steps of all sequences, one after the other, (sum of lengths, n_features)."""
        offsets = begins(self.lengths)
        n_rows = int(self.lengths.sum())
        if len(self.values) == n_rows and np.array_equal(self.starts, offsets):
            return self.values
        steps = np.arange(n_rows) - np.repeat(offsets, self.lengths)
        return self.values[np.repeat(self.starts, self.lengths) + steps]

    def packed(self) -> SequenceBatch:
        """Return the same without rows that belong to none, but for that before each sequence.

        A decoder reads that one.
        """
        with_one_before = SequenceBatch(self.values, self.starts - 1, self.lengths + 1)
        starts = begins(with_one_before.lengths) + 1
        return SequenceBatch(with_one_before.rows(), starts, self.lengths)

    def falling_lengths(self) -> np.ndarray:
        """Return the indices that put the longest sequence first; ties keep their order."""
        return np.argsort(-self.lengths, kind="stable")


def _as_rows(X: np.ndarray) -> tuple[np.ndarray, int]:
    """Return X (n, T, F) as a table of steps, and by how many rows two sequences are apart."""
    n_sequences, n_timesteps, n_features = X.shape
    if X.flags.c_contiguous:
        return X.reshape(-1, n_features), n_timesteps
    sequence_stride, step_stride, _ = X.strides
    if step_stride <= 0 or sequence_stride < 0 or sequence_stride % step_stride:
        return np.ascontiguousarray(X).reshape(-1, n_features), n_timesteps
    rows_apart = sequence_stride // step_stride
    # The last row is the last step of the last sequence: nothing outside X is reachable.
    n_rows = rows_apart * (n_sequences - 1) + n_timesteps
    return as_strided(X, (n_rows, n_features), X.strides[1:], writeable=False), rows_apart
