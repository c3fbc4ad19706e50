"""A layer without recurrence: tanh of an affine map."""

from __future__ import annotations

import numpy as np

from ._params import Shapes


class Dense:
    """``y = tanh(W x + b)``, for rows of x.

    Parameters
    ----------
    name : str
        Ends the names of the parameters.
    n_inputs, n_outputs : int
    """

    def __init__(self, name: str, n_inputs: int, n_outputs: int) -> None:
        self._weight, self._bias = f"weight_{name}", f"bias_{name}"
        self.n_outputs = n_outputs
        self.shapes: Shapes = {self._weight: (n_outputs, n_inputs), self._bias: (n_outputs,)}

    def forward(self, parameters: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """Return outputs (M, n_outputs) of inputs (M, n_inputs)."""
        y = x @ parameters[self._weight].T
        y += parameters[self._bias]
        return np.tanh(y, y)

    def backward(
        self,
        parameters: dict[str, np.ndarray],
        x: np.ndarray,
        y: np.ndarray,
        d_y: np.ndarray,
        gradient: dict[str, np.ndarray],
    ) -> np.ndarray:
        """Write the gradient of the parameters; return that of the inputs, (M, n_inputs)."""
        d_a = d_y * (1 - y * y)
        np.matmul(d_a.T, x, gradient[self._weight])
        d_a.sum(axis=0, out=gradient[self._bias])
        return d_a @ parameters[self._weight]
