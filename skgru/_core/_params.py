"""Names, shapes and first values of the parameters, in one flat vector."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

import numpy as np
from scipy.stats import ortho_group

Shapes = dict[str, tuple[int, ...]]

# Without any, sequences of 100 steps and more are learned badly or not at all; with all, forecasts
# that need the last steps only are (benchmarks/results).
MEMORY_UNITS = slice(3, None, 4)


class ParameterLayout:
    """Where each named parameter lies in the flat vector: weights, then biases, then the frozen.

    So an optimiser step and L2 are a handful of operations on the vector or its first part.
    """

    def __init__(self, shapes: Shapes, frozen: Collection[str] = ()) -> None:
        trained = {name: shape for name, shape in shapes.items() if name not in frozen}
        weights = {name: shape for name, shape in trained.items() if len(shape) == 2}
        self.shapes = weights | trained | shapes  # the first place counts
        # What is drawn does not depend on what is frozen.
        self.draw_order = sorted(shapes, key=lambda name: len(shapes[name]), reverse=True)
        self._slices: dict[str, slice] = {}
        self.size = 0
        for name, shape in self.shapes.items():
            self._slices[name] = slice(self.size, self.size + math.prod(shape))
            self.size += math.prod(shape)
        self.n_weights = sum(map(math.prod, weights.values()))
        self.n_trained = sum(map(math.prod, trained.values()))

    def __getitem__(self, name: str) -> slice:
        """Return where a parameter lies in the flat vector."""
        return self._slices[name]

    def views(self, flat: np.ndarray) -> dict[str, np.ndarray]:
        """Return the named parts of a flat vector of shape (size,), without copying."""
        return {
            name: flat[self._slices[name]].reshape(shape)
            for name, shape in self.shapes.items()
            if self._slices[name].stop <= len(flat)  # a gradient ends before what is frozen
        }


class Entries:
    """Some entries of a flat vector, in whole stretches (slices) and one by one (indices).

    A stretch is copied as such: that takes a ninth of the time of indices.

    Parameters
    ----------
    *parts : slice with start and stop, or ndarray of int
        Distinct entries, all together.
    """

    def __init__(self, *parts: slice | np.ndarray) -> None:
        self._parts = parts
        self._lengths = [
            part.stop - part.start if isinstance(part, slice) else len(part) for part in parts
        ]

    def __len__(self) -> int:
        return sum(self._lengths)

    def first(self, n: int) -> Entries:
        """Return the first n of these entries."""
        parts: list[slice | np.ndarray] = []
        for part, length in zip(self._parts, self._lengths, strict=True):
            n_kept = min(n, length)
            n -= n_kept
            if isinstance(part, slice):
                parts.append(slice(part.start, part.start + n_kept))
            else:
                parts.append(part[:n_kept])
        return Entries(*parts)

    def take(self, flat: np.ndarray) -> np.ndarray:
        """Return a copy of the entries."""
        return np.concatenate([flat[part] for part in self._parts])

    def parts(self, longest: int) -> Iterator[tuple[slice | np.ndarray, slice]]:
        """Yield parts, stretches in pieces of at most so many, and where among all they stand."""
        start = 0
        for part, length in zip(self._parts, self._lengths, strict=True):
            if isinstance(part, slice):
                for first in range(0, length, longest):
                    last = min(first + longest, length)
                    of_flat = slice(part.start + first, part.start + last)
                    yield of_flat, slice(start + first, start + last)
            elif length:
                yield part, slice(start, start + length)
            start += length


def initialise(
    layout: ParameterLayout, rng: np.random.RandomState, dtype: np.dtype, n_timesteps: float
) -> np.ndarray:
    """Draw a first parameter vector.

    Weights on inputs are uniform within ``sqrt(6 / (fan_in + fan_out))`` of a gate (Glorot and
    Bengio 2010), recurrent weights orthogonal per gate (Saxe et al. 2014). Biases are zero but for
    those of the update gate of every fourth unit: ``-log(u)``, u uniform between 1 and
    ``n_timesteps``, so that there are units that remember for any time up to that (Tallec and
    Ollivier 2018, https://arxiv.org/abs/1804.11188). Vectors of tokens are normal with variance 1,
    as standardised inputs are; that of unknown ones is zero.
    """
    flat = np.zeros(layout.size, dtype)
    views = layout.views(flat)
    for name in layout.draw_order:
        view = views[name]
        if name.startswith("weight_hh"):
            n_hidden = view.shape[1]
            view[...] = np.concatenate([_orthogonal(n_hidden, rng) for _ in range(3)])
        elif name.startswith("embedding"):
            view[1:] = rng.standard_normal(view[1:].shape)
        elif name.startswith("weight"):
            n_gates = 3 if name.startswith("weight_ih") else 1
            fan_out, fan_in = view.shape[0] // n_gates, view.shape[1]
            limit = np.sqrt(6.0 / (fan_in + fan_out))
            view[...] = rng.uniform(-limit, limit, view.shape)
        elif name.startswith("bias_ih"):
            of_update = np.split(view, 3)[1][MEMORY_UNITS]
            of_update[...] = -np.log(rng.uniform(1, n_timesteps, len(of_update)))
    return flat


def _orthogonal(n: int, rng: np.random.RandomState) -> np.ndarray:
    return ortho_group.rvs(n, random_state=rng) if n > 1 else np.ones((1, 1))
