"""Common set-up: few BLAS threads, and small objects that many tests need."""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before NumPy is imported; two workers share two cores

import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.RandomState(0)


@pytest.fixture
def ragged(rng):
    """Forty sequences of 2..9 steps with 3 features, and the sum of their first feature."""
    X = [rng.standard_normal((n, 3)) for n in rng.randint(2, 10, 40)]
    return X, np.array([x[:, 0].sum() for x in X])


@pytest.fixture
def dense(rng):
    """Forty sequences of 6 steps with 2 features; is the first feature positive in the end?"""
    X = rng.standard_normal((40, 6, 2))
    return X, (X[:, -1, 0] > 0).astype(int)
