"""Names, shapes and first values of the parameters, in one flat vector."""

from __future__ import annotations

import math
from itertools import accumulate

import numpy as np
from scipy.stats import ortho_group

Shapes = dict[str, tuple[int, ...]]


class ParameterLayout:
    """Where each named parameter lies in the flat vector: weights first, then biases.

    So an optimiser step and L2 are a handful of operations on the vector or its first part.
    """

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = dict(sorted(shapes.items(), key=lambda item: len(item[1]), reverse=True))
        sizes = [math.prod(shape) for shape in self.shapes.values()]
        stops = list(accumulate(sizes))
        self._slices = [slice(stop - size, stop) for size, stop in zip(sizes, stops, strict=True)]
        self.size = stops[-1]
        self.n_weights = sum(math.prod(shape) for shape in shapes.values() if len(shape) == 2)

    def views(self, flat: np.ndarray) -> dict[str, np.ndarray]:
        """Return the named parts of a flat vector of shape (size,), without copying."""
        return {
            name: flat[part].reshape(shape)
            for (name, shape), part in zip(self.shapes.items(), self._slices, strict=True)
        }


def initialise(layout: ParameterLayout, rng: np.random.RandomState, dtype: np.dtype) -> np.ndarray:
    """Draw a first parameter vector.

    Weights on inputs are uniform within ``sqrt(6 / (fan_in + fan_out))`` of a gate (Glorot and
    Bengio 2010), recurrent weights orthogonal per gate (Saxe et al. 2014), biases zero.
    """
    flat = np.zeros(layout.size, dtype)
    for name, view in layout.views(flat).items():
        if name.startswith("weight_hh"):
            n_hidden = view.shape[1]
            view[...] = np.concatenate([_orthogonal(n_hidden, rng) for _ in range(3)])
        elif name.startswith("weight"):
            n_gates = 3 if name.startswith("weight_ih") else 1
            fan_out, fan_in = view.shape[0] // n_gates, view.shape[1]
            limit = np.sqrt(6.0 / (fan_in + fan_out))
            view[...] = rng.uniform(-limit, limit, view.shape)
    return flat


def _orthogonal(n: int, rng: np.random.RandomState) -> np.ndarray:
    return ortho_group.rvs(n, random_state=rng) if n > 1 else np.ones((1, 1))
