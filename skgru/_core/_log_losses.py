"""The losses of classification: value and gradient on the link scale, as in `_losses`."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit, softmax

from ._losses import Loss

# Instead of the 0 that a class may have in the data, where the link would start at -inf.
SMALLEST_SHARE = 1e-6


class BinaryLogLoss(Loss):
    """``log(1 + exp(raw)) - y raw`` for y in [0, 1], each output a class of its own.

    Parameters
    ----------
    class_weight : ndarray of shape (K, 2), default=None
        Factors of the loss of each output where y = 0 and where y = 1; y has no other values then.
    """

    link_name = "logistic"

    def __init__(self, class_weight: np.ndarray | None = None) -> None:
        self.class_weight = class_weight

    def value_and_gradient(self, raw: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, gradient = np.logaddexp(0, raw) - y * raw, (expit(raw) - y) / y.shape[1]
        if self.class_weight is not None:
            factors = self._factors(y, self.class_weight)
            values *= factors
            gradient *= factors
        return np.mean(values, axis=1), gradient

    def inverse_link(self, raw: np.ndarray) -> np.ndarray:
        return expit(raw)

    def best_constant(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        weights = weights[:, None]
        if self.class_weight is not None:
            weights = weights * self._factors(y, self.class_weight)
        return logit(_shares(y, weights))

    @staticmethod
    def _factors(y: np.ndarray, class_weight: np.ndarray) -> np.ndarray:
        return np.where(y > 0, class_weight[:, 1], class_weight[:, 0])  # (M, K)


class MultinomialLogLoss(Loss):
    """``log(sum(exp(raw))) - raw_k`` for the true class k; y holds k, (M, 1).

    This is one output, however many columns its raw form has: there is no mean over them.

    Parameters
    ----------
    n_classes : int
    class_weight : ndarray of shape (K,), default=None
        Factor of the loss of each class.
    """

    link_name = "softmax"

    def __init__(self, n_classes: int, class_weight: np.ndarray | None = None) -> None:
        self.n_classes = n_classes
        self.class_weight = class_weight

    def n_raw(self, n_outputs: int) -> int:
        return self.n_classes

    def value_and_gradient(self, raw: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = np.arange(len(raw))
        of_true_class, of_largest = (rows, _codes(y)), (rows, raw.argmax(axis=1))
        # scipy's logsumexp and softmax would exponentiate twice, and cost 100 us a call.
        gradient = raw - raw[of_largest][:, None]
        values = -gradient[of_true_class]
        np.exp(gradient, gradient)
        gradient[of_largest] = 0
        others = gradient.sum(axis=1)  # without the 1, beside which they would lose digits
        values += np.log1p(others)
        gradient[of_largest] = 1
        gradient /= 1 + others[:, None]
        gradient[of_true_class] -= 1
        if self.class_weight is not None:
            factors = self.class_weight[of_true_class[1]]  # (M,)
            values *= factors
            gradient *= factors[:, None]
        return values, gradient

    def inverse_link(self, raw: np.ndarray) -> np.ndarray:
        return softmax(raw, axis=1)

    def best_constant(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        if self.class_weight is not None:
            weights = weights * self.class_weight[_codes(y)]
        sums = np.bincount(_codes(y), weights, self.n_classes)
        return np.log(_within(sums, sums.sum()))


def _codes(y: np.ndarray) -> np.ndarray:
    """Return classes (M, 1), which are floating point numbers like all targets, as indices (M,)."""
    return y[:, 0].astype(np.intp)


def _shares(y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the share of ones in each column of y, off 0 and 1; weights are (M, 1) or (M, K)."""
    total = np.sum(weights, axis=0)
    ones = np.sum(weights * y, axis=0)
    return _within(ones, total)


def _within(sums: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Return shares of totals, off 0 and 1."""
    # A total is 0 where class weights leave nothing that counts.
    return np.clip(sums / np.where(totals > 0, totals, 1), SMALLEST_SHARE, 1 - SMALLEST_SHARE)
