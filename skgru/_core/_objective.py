"""Network + loss + L2: what training minimises, and what prediction evaluates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ._embedding import with_own_rows
from ._losses import Loss
from ._params import Entries, ParameterLayout
from ._samples import Samples
from ._sequences import SequenceBatch
from ._tape import Workspace

# Raw outputs (rows x K) that head and loss hold at a time: with many classes at every step, all of
# them would be the largest array by far.
HEAD_SIZE = 2**20
# But so many rows at least: the gradient of the head, which is added up over the chunks, has K rows
# itself (20 rows in place of 64: 1.6 times as slow at K = 50 000, H = 128).
HEAD_ROWS = 64


class Objective:
    """The function of the flat parameter vector that training follows.

        J = sum_i w_i loss_i / N + alpha / 2 * (sum of squares of all weights, no biases)

    over the N sequences of a batch; where each step has a target, loss_i sums over steps.

    Parameters
    ----------
    network : Network or EncoderDecoder
    loss : Loss
    alpha : float
    """

    def __init__(self, network: Any, loss: Loss, alpha: float) -> None:
        self.network = network
        self.loss = loss
        self.alpha = alpha
        self.layout = ParameterLayout(network.shapes, network.frozen_names)

    def touched(self, batch: Samples) -> tuple[Samples, Entries | None]:
        """Return which parameters a batch touches, and the batch as it is seen from among them.

        None: all. Of an embedding's table only the rows of the tokens at hand are touched, so that
        a step costs the same however large the vocabulary is.
        """
        if self.network.embedding is None:
            return batch, None
        X, rows = with_own_rows(batch.X)
        place, n_dimensions = self.layout["embedding"], self.network.embedding.n_dimensions
        of_table = place.start + rows[:, None] * n_dimensions + np.arange(n_dimensions)
        before, after = slice(0, place.start), slice(place.stop, self.layout.size)
        return replace(batch, X=X), Entries(before, of_table.ravel(), after)

    def loss_and_gradient(
        self,
        params: np.ndarray,
        batch: Samples,
        gradient: np.ndarray,
        workspace: Workspace,
        rng: np.random.RandomState | None = None,
    ) -> float:
        """Return J and write dJ / dparams into ``gradient``, both flat.

        The gradient ends before what is frozen. ``rng`` draws the masks of dropout; None: nothing
        is dropped.
        """
        lengths = batch.X.lengths
        if (lengths[1:] > lengths[:-1]).any():
            batch = batch.select(batch.X.falling_lengths())
        layout = self._layout_of(params)
        named, d_named = layout.views(params), layout.views(gradient)
        record = self.network.forward_batch(named, batch, workspace, rng)
        y, weights = record.targets(batch)
        values, d_pooled = self._head_and_loss(
            named, record.pooled, y, weights / len(batch), d_named
        )
        self.network.backward(named, record, d_pooled, d_named, workspace)
        l2 = self._add_l2(params[: layout.n_weights], gradient[: layout.n_weights])
        return float(values @ weights) / len(batch) + l2

    def _head_and_loss(
        self,
        named: dict[str, np.ndarray],
        pooled: np.ndarray,
        y: np.ndarray,
        factors: np.ndarray,
        d_named: dict[str, np.ndarray],
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the loss of each row (M,), and the gradient of the pooled states (n_inputs, M).

        That of a row counts ``factors`` times. Writes the gradient of the head.
        """
        chunks = self._row_chunks(len(y))
        if len(chunks) == 1:
            return self._head_and_loss_of_chunk(named, pooled, y, factors, d_named)
        sums = {name: np.zeros_like(d_named[name]) for name in self.network.head.shapes}
        values, d_pooled = np.empty(len(y), pooled.dtype), np.empty_like(pooled)
        for rows in chunks:
            part = pooled[:, rows], y[rows], factors[rows]
            values[rows], d_pooled[:, rows] = self._head_and_loss_of_chunk(named, *part, d_named)
            for name, total in sums.items():
                total += d_named[name]
        for name, total in sums.items():
            d_named[name][...] = total
        return values, d_pooled

    def _head_and_loss_of_chunk(
        self,
        named: dict[str, np.ndarray],
        pooled: np.ndarray,
        y: np.ndarray,
        factors: np.ndarray,
        d_named: dict[str, np.ndarray],
    ) -> tuple[np.ndarray, np.ndarray]:
        raw = self.network.head.forward(named, pooled)
        values, d_raw = self.loss.value_and_gradient(raw, y)
        d_raw *= factors[:, None]
        return values, self.network.head.backward(named, pooled, d_raw, d_named)

    def row_losses(
        self, named: dict[str, np.ndarray], pooled: np.ndarray, y: np.ndarray
    ) -> np.ndarray:
        """Return the loss of each row, (M,), given the pooled states (n_inputs, M)."""
        losses = np.empty(len(y), pooled.dtype)
        for rows in self._row_chunks(len(y)):
            raw = self.network.head.forward(named, pooled[:, rows])
            losses[rows] = self.loss.value_and_gradient(raw, y[rows])[0]
        return losses

    def _row_chunks(self, n_rows: int) -> list[slice]:
        """Cut the rows of raw outputs into what is held at a time."""
        n_each = max(HEAD_ROWS, HEAD_SIZE // self.network.n_raw)
        return [slice(start, start + n_each) for start in range(0, n_rows, n_each)]

    def _layout_of(self, params: np.ndarray) -> ParameterLayout:
        """Return the layout of a vector that holds all parameters, or those a batch touches."""
        surplus = self.layout.size - len(params)
        if surplus == 0:
            return self.layout
        n_rows, n_dimensions = self.layout.shapes["embedding"]
        rows = {"embedding": (n_rows - surplus // n_dimensions, n_dimensions)}
        return ParameterLayout(self.layout.shapes | rows, self.network.frozen_names)

    def sizes(self, params: np.ndarray) -> tuple[int, int]:
        """Return how many leading numbers of such a vector are trained, and how many are weights.

        L2 and weight decay count the weights.
        """
        layout = self._layout_of(params)
        return layout.n_trained, layout.n_weights

    def _add_l2(self, weights: np.ndarray, gradient: np.ndarray) -> float:
        if self.alpha != 0:
            gradient += self.alpha * weights
        return self._l2(weights)

    def _l2(self, weights: np.ndarray) -> float:
        return 0.5 * self.alpha * float(weights @ weights) if self.alpha != 0 else 0.0

    def l2(self, params: np.ndarray) -> float:
        """Return the second term of J."""
        return self._l2(params[: self.layout.n_weights])

    def constant_loss(self, samples: Samples) -> float:
        """Return the first term of J for the best constant prediction."""
        y, weights = samples.rows()
        constant = self.loss.best_constant(y, weights).astype(y.dtype)
        total = 0.0
        for rows in self._row_chunks(len(y)):
            raw = np.tile(constant, (len(y[rows]), 1))
            total += float(self.loss.value_and_gradient(raw, y[rows])[0] @ weights[rows])
        return total / len(samples)

    def mean_loss(self, params: np.ndarray, samples: Samples) -> tuple[float, np.ndarray]:
        """Return the mean loss without L2 and dropout, and the raw outputs behind it."""
        raw = self.predict_raw(params, samples.X)
        y, weights = samples.rows()
        values, _ = self.loss.value_and_gradient(raw, y)
        return float(np.average(values, weights=weights)), raw

    def predict_raw(self, params: np.ndarray, X: SequenceBatch, n_threads: int = 1) -> np.ndarray:
        """Return raw outputs, a row for each sequence or each step."""
        return self.network.predict(self.layout.views(params), X, n_threads)
