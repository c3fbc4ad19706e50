"""Threads of our own, and how many BLAS then has: by libraries that scikit-learn comes with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Any

from joblib import effective_n_jobs

from ._core._blas import controller

__all__ = ["blas_threads", "blas_threads_of_training", "effective_n_jobs", "one_thread"]

# Units from which two threads of BLAS are faster than one. With fewer they gain nothing where they
# are alone, and two searches side by side that had two each took 7.5 times as long (32 units,
# batches of 32): they wait for each other in busy loops.
MANY_UNITS = 100
# Numbers in the states (H x N) from which BLAS takes more than one thread for a product of few
# units; the limit would cost smaller predictions up to a sixth of their time.
LIMITED_SIZE = 2**11


def blas_threads(n_threads: int, n_units: int, n_sequences: int) -> AbstractContextManager:
    """Return a context in which BLAS has the threads that a prediction is fastest with.

    Each of several threads gets one of BLAS.
    """
    is_small = n_units < MANY_UNITS and n_units * n_sequences >= LIMITED_SIZE
    return one_thread() if n_threads > 1 or is_small else nullcontext()


def blas_threads_of_training(n_units: int) -> AbstractContextManager:
    """Return a context in which BLAS has one thread if more are of no use."""
    return one_thread() if n_units < MANY_UNITS else nullcontext()


class _Limit:
    """How many are in the context now, in all threads of Python: the limit is the process's."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Start with nobody inside."""
        self.lock = Lock()
        self.n_inside = 0
        self.limiter: Any = None


_LIMIT = _Limit()


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit BLAS to one thread until the last one leaves that is inside at the same time.

    Each on its own would take the limit of another for what was there before, and leave it behind.
    """
    with _LIMIT.lock:
        if _LIMIT.n_inside == 0:
            _LIMIT.limiter = controller().limit(limits=1, user_api="blas")
        _LIMIT.n_inside += 1  # last: who is interrupted before is not inside
    try:
        yield
    finally:
        with _LIMIT.lock:
            _LIMIT.n_inside -= 1
            if _LIMIT.n_inside == 0:
                _LIMIT.limiter.restore_original_limits()


if hasattr(os, "register_at_fork"):
    # A child has none of the threads that are inside, and would wait for their lock for ever.
    os.register_at_fork(after_in_child=_LIMIT.begin)
