"""Problems that take a memory: solved with the settings that stand here."""

import numpy as np
import pytest

from skgru import GRURegressor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Training reached max_iter"),
]

SETTINGS = {
    "learning_rate": "constant",
    "learning_rate_init": 5e-3,
    "batch_size": 64,
    "max_iter": 25,
    "alpha": 0.0,  # what is to be kept for long must not decay
    "random_state": 0,
}


def adding(n_samples, n_timesteps):
    """Two of the numbers are marked; the target is their sum (Hochreiter and Schmidhuber 1997)."""
    rng = np.random.RandomState(0)
    X = np.zeros((n_samples, n_timesteps, 2), np.float32)
    X[:, :, 0] = rng.uniform(size=(n_samples, n_timesteps))
    half = n_timesteps // 2
    for marked in (rng.randint(0, half, n_samples), rng.randint(half, n_timesteps, n_samples)):
        X[np.arange(n_samples), marked, 1] = 1
    return X, X.prod(axis=2).sum(axis=1)


def first_step(n_samples, n_timesteps):
    """The target is the first number; what follows are others like it."""
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, (n_samples, n_timesteps, 1)).astype(np.float32)
    return X, X[:, 0, 0]


def test_adding_problem_over_50_steps():
    """Always to say 1 has an error of 0.167."""
    X, y = adding(2500, 50)
    model = GRURegressor(32, **SETTINGS)
    error = model.fit(X[:2000], y[:2000]).predict(X[2000:]) - y[2000:]
    assert np.mean(error**2) < 0.02


def test_remembers_the_first_of_200_steps():
    X, y = first_step(2500, 200)
    model = GRURegressor(32, **SETTINGS)
    assert model.fit(X[:2000], y[:2000]).score(X[2000:], y[2000:]) > 0.95
