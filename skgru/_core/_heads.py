"""The output layer: an affine map from pooled states to raw outputs."""

from __future__ import annotations

import numpy as np

from ._params import Shapes


class AffineHead:
    """``raw = W pooled + b``."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        self.shapes: Shapes = {"weight_out": (n_outputs, n_inputs), "bias_out": (n_outputs,)}

    def forward(self, parameters: dict[str, np.ndarray], pooled: np.ndarray) -> np.ndarray:
        """Return raw outputs (N, K) of pooled states (n_inputs, N)."""
        return pooled.T @ parameters["weight_out"].T + parameters["bias_out"]

    def backward(
        self,
        parameters: dict[str, np.ndarray],
        pooled: np.ndarray,
        d_raw: np.ndarray,
        gradient: dict[str, np.ndarray],
    ) -> np.ndarray:
        """Write the gradient of weights and bias; return that of the pooled states."""
        np.matmul(d_raw.T, pooled.T, gradient["weight_out"])
        d_raw.sum(axis=0, out=gradient["bias_out"])
        # In the order of memory that the states have: they meet at every step.
        d_pooled = np.empty_like(pooled)
        return np.matmul(parameters["weight_out"].T, d_raw.T, d_pooled)
