"""Network + head + loss + L2: what training minimises, and what prediction evaluates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._batching import pack
from ._heads import AffineHead
from ._layers import RecurrentLayers
from ._losses import Loss
from ._params import ParameterLayout
from ._sequences import SequenceBatch
from ._tape import Workspace

# Numbers on the tapes that prediction holds at a time: fewer make the products small (a quarter of
# it: 1.35 times as slow at T=100, H=128).
PREDICTION_SIZE = 2**22


@dataclass(frozen=True)
class Samples:
    """Sequences with their targets and weights."""

    X: SequenceBatch
    y: np.ndarray  # (N, K)
    weights: np.ndarray  # (N,)

    def __len__(self) -> int:
        return len(self.y)

    def select(self, indices: np.ndarray) -> Samples:
        return Samples(self.X.select(indices), self.y[indices], self.weights[indices])


class Objective:
    """The function of the flat parameter vector that training follows.

        J = sum_i w_i loss_i / N + alpha / 2 * (sum of squares of all weights, no biases)

    over the N samples of a batch, whose weights are scaled to a mean of 1 over the whole training
    set.

    Parameters
    ----------
    layers : RecurrentLayers
    loss : Loss
    n_outputs : int
        Number K of raw outputs.
    alpha : float
    """

    def __init__(self, layers: RecurrentLayers, loss: Loss, n_outputs: int, alpha: float) -> None:
        self.layers = layers
        self.loss = loss
        self.alpha = alpha
        self.head = AffineHead(layers.n_outputs, n_outputs)
        self.layout = ParameterLayout({**layers.shapes, **self.head.shapes})

    def loss_and_gradient(
        self, params: np.ndarray, batch: Samples, gradient: np.ndarray, workspace: Workspace
    ) -> float:
        """Return J and write dJ / dparams into ``gradient``, both flat."""
        batch = batch.select(batch.X.falling_lengths())
        named, d_named = self.layout.views(params), self.layout.views(gradient)
        packing, inputs = pack(batch.X)
        pooled, tapes = self.layers.forward(named, packing, inputs, workspace)
        raw = self.head.forward(named, pooled)
        values, d_raw = self.loss.value_and_gradient(raw, batch.y)
        d_raw *= batch.weights[:, None] / len(batch)
        d_pooled = self.head.backward(named, pooled, d_raw, d_named)
        self.layers.backward(named, tapes, d_pooled, d_named, workspace)
        return float(values @ batch.weights) / len(batch) + self._add_l2(params, gradient)

    def _add_l2(self, params: np.ndarray, gradient: np.ndarray) -> float:
        weights = params[: self.layout.n_weights]
        gradient[: self.layout.n_weights] += self.alpha * weights
        return 0.5 * self.alpha * float(weights @ weights)

    def predict_raw(self, params: np.ndarray, X: SequenceBatch) -> np.ndarray:
        """Return raw outputs (N, K), computed in chunks of similar length."""
        named = self.layout.views(params)
        raw = np.empty((len(X), self.head.shapes["bias_out"][0]), params.dtype)
        workspace = Workspace(params.dtype, keeps_gates=False)
        order = X.falling_lengths()
        while len(order):
            n_chunk = self._chunk_length(int(X.lengths[order[0]]))
            chunk, order = order[:n_chunk], order[n_chunk:]
            packing, inputs = pack(X.select(chunk))
            pooled, _ = self.layers.forward(named, packing, inputs, workspace)
            raw[chunk] = self.head.forward(named, pooled)
        return raw

    def _chunk_length(self, n_timesteps: int) -> int:
        n_rows = sum(
            direction.cell.n_column_rows for layer in self.layers.layers for direction in layer
        )
        return max(1, PREDICTION_SIZE // (n_timesteps * n_rows))
