"""Sequences with their targets and weights, and the batches that they are cut into."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ._batching import minibatches
from ._carry import Link
from ._sequences import SequenceBatch


@dataclass(frozen=True)
class Samples:
    """Sequences with their targets and weights.

    Attributes
    ----------
    X : SequenceBatch
    y : ndarray of shape (N, K), or SequenceBatch with K features
        A target for each sequence, or a sequence of them: one for each step, or of other lengths,
        where sequences are turned into others.
    weights : ndarray of shape (N,)
        Scaled so that over the whole training set they sum, times the number of targets of each
        sequence, to N.
    link : Link, default=None
        Ties a batch to others, if sequences begin with the states that others end with.
    """

    X: SequenceBatch
    y: np.ndarray | SequenceBatch
    weights: np.ndarray
    link: Link | None = None

    def __len__(self) -> int:
        return len(self.weights)

    def select(self, indices: np.ndarray) -> Samples:
        link = None if self.link is None else self.link.select(indices)
        return Samples(self.X.select(indices), self.y[indices], self.weights[indices], link)

    def packed(self) -> Samples:
        """Return the same in memory of their own, as they are sent to another process."""
        y = self.y.packed() if isinstance(self.y, SequenceBatch) else self.y
        return Samples(self.X.packed(), y, self.weights, self.link)

    def n_batches(self, batch_size: int) -> int:
        return math.ceil(len(self) / batch_size)

    def batches(self, batch_size: int, rng: np.random.RandomState | None) -> Iterator[Samples]:
        """Yield mini-batches that cover all samples once, in an order drawn by ``rng``, if any."""
        return map(self.select, minibatches(self.X.lengths, batch_size, rng))

    def distinct(self) -> Samples:
        """Return the samples in an order of their own, each once with the weight of its copies.

        A sum over them is rounded in the same way then, however often and in whatever order they
        were given. From one rounding error 500 epochs make up to 10^-7.
        """
        copies: dict[bytes, list[int]] = {}
        for i in np.flatnonzero(self.weights).tolist():
            copies.setdefault(self._key(i), []).append(i)
        indices = [copies[key] for key in sorted(copies)]
        weights = np.array([self.weights[i].sum() for i in indices])
        first = self.select(np.array([i[0] for i in indices]))
        return Samples(first.X, first.y, weights / weights.max())

    def _key(self, i: int) -> bytes:
        """Return a name for the numbers of a sample, and not a copy of them all."""
        targets = self.y.sequence(i) if isinstance(self.y, SequenceBatch) else self.y[i]
        numbers = self.X.sequence(i).tobytes() + targets.tobytes()
        length = int(self.X.lengths[i]).to_bytes(8, "little")  # where the targets begin
        return hashlib.blake2b(length + numbers, digest_size=16).digest()

    @property
    def n_targets(self) -> np.ndarray:
        """Number of targets of each sequence."""
        return self.y.lengths if isinstance(self.y, SequenceBatch) else np.ones(len(self), int)

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Return targets (M, K) and weights (M,), step by step where each step has one."""
        if isinstance(self.y, SequenceBatch):
            return self.y.rows(), np.repeat(self.weights, self.y.lengths)
        return self.y, self.weights

    def with_mean_weight_1(self) -> Samples:
        """Scale the weights as a training set needs them."""
        mean = self.weights @ self.n_targets / len(self)
        return Samples(self.X, self.y, (self.weights / mean).astype(self.weights.dtype))
