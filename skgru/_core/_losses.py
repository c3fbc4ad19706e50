"""Losses: value and gradient on the link scale, one value per sample.

``raw`` are the outputs of the head, (N, K), before the link; ``y`` are targets of the same shape.
A loss of several outputs is the mean over outputs, in value and gradient alike.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from scipy.special import expit, logsumexp, softmax


class Loss(ABC):
    """A loss, and the link between its raw outputs and what is predicted."""

    link_name: str

    @abstractmethod
    def value_and_gradient(self, raw: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the loss of each sample, (N,), and its gradient by raw, (N, K)."""

    @abstractmethod
    def inverse_link(self, raw: np.ndarray) -> np.ndarray:
        """Turn raw outputs into predictions on the scale of y, (N, K)."""

    @abstractmethod
    def best_constant(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the raw output, (K,), that fits best without X: where the bias starts."""


class SquaredError(Loss):
    """``(raw - y)^2 / 2``: the half makes the gradient the residual, as in scikit-learn's MLP."""

    link_name = "identity"

    def value_and_gradient(self, raw: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        residual = raw - y
        return 0.5 * np.mean(residual**2, axis=1), residual / y.shape[1]

    def inverse_link(self, raw: np.ndarray) -> np.ndarray:
        return raw

    def best_constant(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return np.average(y, axis=0, weights=weights)


class BinaryLogLoss(Loss):
    """``log(1 + exp(raw)) - y raw`` for y in [0, 1], each output a class of its own."""

    link_name = "logistic"

    def value_and_gradient(self, raw: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value = np.mean(np.logaddexp(0, raw) - y * raw, axis=1)
        return value, (expit(raw) - y) / y.shape[1]

    def inverse_link(self, raw: np.ndarray) -> np.ndarray:
        return expit(raw)

    def best_constant(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        share = _inside(np.average(y, axis=0, weights=weights))
        return np.log(share) - np.log1p(-share)


class MultinomialLogLoss(Loss):
    """``logsumexp(raw) - raw_k`` for the true class k; y is one-hot.

    This is one output, however many columns it has: there is no mean over them.
    """

    link_name = "softmax"

    def value_and_gradient(self, raw: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value = logsumexp(raw, axis=1) - np.einsum("nk,nk->n", y, raw)
        return value, softmax(raw, axis=1) - y

    def inverse_link(self, raw: np.ndarray) -> np.ndarray:
        return softmax(raw, axis=1)

    def best_constant(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return np.log(_inside(np.average(y, axis=0, weights=weights)))


def _inside(share: np.ndarray) -> np.ndarray:
    """Keep shares off 0 and 1, where a class without weight would start at infinity."""
    return np.clip(share, 1e-6, 1 - 1e-6)
