"""Losses: value and gradient on the link scale, one value per row.

``raw`` are the outputs of the head before the link, (M, R); ``y`` are the targets, (M, K). A row is
a sequence or one of its steps; R is K, or K Q for Q quantiles. The loss of several outputs is their
mean, in value and gradient alike. float32 stays float32.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

HUBER_DELTA = 1.0  # where the quadratic part ends, in units of y

# Instead of the 0 that a constant may find in the data, where the link would start at -inf.
SMALLEST_MEAN = 1e-6  # of counts
SMALLEST_STEP = 1e-3  # between quantiles; leaves softplus's flat end sooner than 1e-6 would


class Loss(ABC):
    """A loss, and the link, by default the identity, from predictions to raw outputs."""

    link_name: str = "identity"
    smallest_target: float = -np.inf

    def n_raw(self, n_outputs: int) -> int:
        """Return the number R of raw outputs for K targets."""
        return n_outputs

    @abstractmethod
    def value_and_gradient(self, raw: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the loss of each row, (M,), and its gradient by raw, (M, R)."""

    def inverse_link(self, raw: np.ndarray) -> np.ndarray:
        """Turn raw outputs into predictions on the scale of y, (M, R)."""
        return raw

    @abstractmethod
    def best_constant(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the raw output, (R,), that fits best without X: where the bias starts."""


class SquaredError(Loss):
    """``(raw - y)^2 / 2``: the half makes the gradient the residual, as in scikit-learn's MLP."""

    def value_and_gradient(self, raw: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        residual = raw - y
        half_mean = 0.5 / y.shape[1]
        return half_mean * np.vecdot(residual, residual), residual / y.shape[1]

    def best_constant(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return np.average(y, axis=0, weights=weights)


class AbsoluteError(Loss):
    """``|raw - y|``, which the median minimises; the kink has gradient 0."""

    def value_and_gradient(self, raw: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        residual = raw - y
        return np.mean(np.abs(residual), axis=1), np.sign(residual) / y.shape[1]

    def best_constant(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return _quantiles(y, (0.5,), weights)[0]


class Huber(Loss):
    """Squared error within delta of the target, absolute error beyond.

    Notes
    -----
    With the residual ``e = raw - y``::

        e^2 / 2                     |e| <= delta
        delta (|e| - delta / 2)     |e| > delta

    ``delta`` is `HUBER_DELTA`: the loss is meant for targets of about unit scale.

    References
    ----------
    .. [1] Huber (1964), Robust estimation of a location parameter, The Annals of Mathematical
       Statistics 35, https://doi.org/10.1214/aoms/1177703732
    """

    def value_and_gradient(self, raw: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        residual = raw - y
        slope = np.clip(residual, -HUBER_DELTA, HUBER_DELTA)
        return np.mean(slope * (residual - 0.5 * slope), axis=1), slope / y.shape[1]

    def best_constant(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return np.array([_huber_location(column, weights) for column in y.T])


class Poisson(Loss):
    """Half the Poisson deviance of counts, or other targets >= 0, with mean ``exp(raw)``.

    Notes
    -----
    ``exp(raw) - y - y (raw - log(y))``, and ``exp(raw)`` for y = 0: with the terms in y alone, a
    perfect fit has value 0.

    References
    ----------
    .. [1] Nelder and Wedderburn (1972), Generalized linear models, Journal of the Royal Statistical
       Society A 135, https://doi.org/10.2307/2344614
    """

    link_name = "log"
    smallest_target = 0.0

    def value_and_gradient(self, raw: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # An infinite loss is what training knows divergence by; a warning would say nothing more.
        with np.errstate(over="ignore"):
            mean = np.exp(raw)
            # As written above, large counts are rounded away (float32, 1e6: values of 0.5 +- 0.5).
            positive = np.where(y > 0, y, 1)
            log_ratio = raw - np.log(positive)
            values = np.where(y > 0, positive * (np.expm1(log_ratio) - log_ratio), mean)
            return np.mean(values, axis=1), (mean - y) / y.shape[1]

    def inverse_link(self, raw: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            return np.exp(raw)

    def best_constant(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return np.log(np.maximum(np.average(y, axis=0, weights=weights), SMALLEST_MEAN))


class Quantile(Loss):
    """Pinball loss of one quantile, or the mean over several that cannot cross.

    Parameters
    ----------
    quantiles : tuple of float
        Q levels in rising order, each in (0, 1).

    Notes
    -----
    The pinball loss [1]_ of a level ``tau`` and its quantile ``q``::

        (1 - tau) (q - y)     q > y
        tau (y - q)           q < y

    with gradient 0 at the kink. One quantile is the raw output. Several are the lowest and steps
    up, the incremental quantile function of [2]_::

        q_1 = raw_1,    q_j = q_{j-1} + log(1 + exp(raw_j))

    Raw outputs and predictions are (M, K Q), in C order of (K, Q).

    References
    ----------
    .. [1] Koenker and Bassett (1978), Regression quantiles, Econometrica 46,
       https://doi.org/10.2307/1913643
    .. [2] Park, Maddix, Aubet, Kan, Gasthaus and Wang (2022), Learning quantile functions without
       quantile crossing for distribution-free time series forecasting,
       https://proceedings.mlr.press/v151/park22a.html

    Examples
    --------
    >>> import numpy as np
    >>> Quantile((0.1, 0.5, 0.9)).inverse_link(np.array([[1.0, -100.0, 100.0]]))
    array([[  1.,   1., 101.]])
    """

    def __init__(self, quantiles: tuple[float, ...]) -> None:
        self.quantiles = quantiles
        self.link_name = "identity" if len(quantiles) == 1 else "cumulative softplus"

    def n_raw(self, n_outputs: int) -> int:
        return n_outputs * len(self.quantiles)

    def value_and_gradient(self, raw: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        levels = np.array(self.quantiles, raw.dtype)
        excess = self._by_target(self.inverse_link(raw)) - y[:, :, None]  # (M, K, Q)
        slope = np.where(excess > 0, 1 - levels, -levels) * (excess != 0)
        # A raw output moves its own quantile and all above it.
        d_raw = np.cumsum(slope[:, :, ::-1], axis=2)[:, :, ::-1] / raw.shape[1]
        d_raw[:, :, 1:] *= expit(self._by_target(raw)[:, :, 1:])
        return np.mean(slope * excess, axis=(1, 2)), d_raw.reshape(raw.shape)

    def inverse_link(self, raw: np.ndarray) -> np.ndarray:
        steps = self._by_target(raw).copy()
        steps[:, :, 1:] = np.logaddexp(0, steps[:, :, 1:])
        return np.cumsum(steps, axis=2).reshape(raw.shape)

    def best_constant(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        raw = _quantiles(y, self.quantiles, weights)  # (Q, K)
        steps = np.maximum(np.diff(raw, axis=0), SMALLEST_STEP)
        raw[1:] = steps + np.log(-np.expm1(-steps))  # the inverse of softplus
        return raw.T.ravel()

    def _by_target(self, raw: np.ndarray) -> np.ndarray:
        """View (M, K Q) as (M, K, Q)."""
        return raw.reshape(len(raw), -1, len(self.quantiles))


def _quantiles(y: np.ndarray, quantiles: tuple[float, ...], weights: np.ndarray) -> np.ndarray:
    """Return the quantiles of each column, (Q, K); they are values that y has."""
    return np.quantile(y, quantiles, axis=0, weights=weights, method="inverted_cdf")


def _huber_location(y: np.ndarray, weights: np.ndarray) -> float:
    """Return the number from which the residuals of y, (M,), pull equally up and down."""

    def pull(location: float) -> float:
        return float(weights @ np.clip(y - location, -HUBER_DELTA, HUBER_DELTA))

    return brentq(pull, y.min(), y.max(), maxiter=10_000)  # an outlier makes it halve often


REGRESSION_LOSSES: dict[str, Callable[[tuple[float, ...]], Loss]] = {
    "squared_error": lambda quantiles: SquaredError(),
    "absolute_error": lambda quantiles: AbsoluteError(),
    "huber": lambda quantiles: Huber(),
    "poisson": lambda quantiles: Poisson(),
    "quantile": Quantile,
}
