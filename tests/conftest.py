"""Common set-up: few BLAS threads, and small objects that many tests need."""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before NumPy is imported; two workers share two cores

import numpy as np
import pytest

# For fits that have to be quick, and of which k and k more epochs are 2 k.
FAST = {
    "hidden_layer_sizes": 4,
    "max_iter": 4,
    "learning_rate": "constant",
    "learning_rate_init": 3e-3,
    "random_state": 0,
}


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
