"""Threads of our own, and how many BLAS then has: by libraries that scikit-learn comes with."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache

from joblib import effective_n_jobs
from threadpoolctl import ThreadpoolController

__all__ = ["blas_threads", "effective_n_jobs"]


def blas_threads(n_threads: int) -> AbstractContextManager:
    """Return a context in which each of several threads gets one of BLAS; one keeps them all."""
    if n_threads == 1:
        return nullcontext()
    return _controller().limit(limits=1, user_api="blas")


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all libraries that are loaded: 20 ms
