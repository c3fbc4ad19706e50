"""Memory as vector registers like it."""

from __future__ import annotations

import numpy as np

CACHE_LINE = 64  # bytes
# Numbers from which it pays: to find out where memory begins takes 3 us.
MANY_NUMBERS = 2**12


def aligned_empty(size: int, dtype: np.dtype) -> np.ndarray:
    """Return memory (size,), with arbitrary contents; much of it begins with a line of the cache.

    NumPy's begins 16 bytes behind one as a rule, and every second register of 32 bytes, or each
    one of 64, is read from two lines: sums take up to twice as long, products in blocks up to 1.4
    times (AVX-512).
    """
    if size < MANY_NUMBERS:
        return np.empty(size, dtype)
    memory = np.empty(size + CACHE_LINE // dtype.itemsize, dtype)
    start = -memory.ctypes.data % CACHE_LINE // dtype.itemsize
    return memory[start : start + size]
