"""Inverted dropout: masks of zeros and of ``1 / (1 - rate)``, so that means stay what they are."""

from __future__ import annotations

import numpy as np


def draw_mask(
    rng: np.random.RandomState | None, rate: float, shape: tuple[int, ...], dtype: np.dtype
) -> np.ndarray | None:
    """Draw a mask; None where nothing is dropped: in prediction, which has no ``rng``."""
    if rng is None or rate == 0:
        return None
    kept = rng.random_sample(shape) >= rate
    return kept.astype(dtype) / dtype.type(1 - rate)
