"""Optimisers: flat arrays, in place. They know no network."""

from __future__ import annotations

import numpy as np


class Adam:
    """Algorithm 1 of Kingma and Ba (2015), https://arxiv.org/abs/1412.6980.

        m = beta_1 m + (1 - beta_1) g
        v = beta_2 v + (1 - beta_2) g^2
        params -= learning_rate * m_hat / (sqrt(v_hat) + epsilon)

    with ``m_hat = m / (1 - beta_1^t)``, ``v_hat = v / (1 - beta_2^t)``. The moments are float64 or
    float32, as the parameters.
    """

    def __init__(
        self,
        learning_rate: float,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        self.learning_rate = learning_rate
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_steps = 0

    def step(self, params: np.ndarray, gradient: np.ndarray) -> None:
        """Update ``params`` in place."""
        if self.n_steps == 0:
            self.m, self.v = np.zeros_like(params), np.zeros_like(params)
        self.n_steps += 1
        m, v = self.m, self.v
        m *= self.beta_1
        scratch = (1 - self.beta_1) * gradient
        m += scratch
        v *= self.beta_2
        np.multiply(gradient, gradient, scratch)
        scratch *= 1 - self.beta_2
        v += scratch
        # Both corrections moved out of the vectors: sqrt(v_hat) + eps = (sqrt(v) + eps / s) s with
        # 1/s below.
        sqrt_correction = np.sqrt(1 - self.beta_2**self.n_steps)
        step_size = self.learning_rate * sqrt_correction / (1 - self.beta_1**self.n_steps)
        np.sqrt(v, scratch)
        scratch += self.epsilon * sqrt_correction
        np.divide(m, scratch, scratch)
        scratch *= step_size
        params -= scratch


def clip_by_norm(gradient: np.ndarray, max_norm: float | None) -> float:
    """Scale ``gradient`` in place to a Euclidean norm of at most ``max_norm``.

    Returns the norm that it had before.

    Pascanu et al. (2013), https://arxiv.org/abs/1211.5063.
    """
    norm = float(np.linalg.norm(gradient))
    if max_norm is not None and norm > max_norm:
        gradient *= max_norm / norm
    return norm
