"""Optimisers: flat arrays, in place. They know no network."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from ._params import Entries

SQUARES_DECAY = 0.99  # of RMSProp: PyTorch's default; Tieleman and Hinton write 0.9
# After how many steps moments are looked through for what is about to become subnormal. In between
# a decay of 0.9 shrinks them to a thousandth, and one of 0.78 or more by less than 1 / eps.
CHECKED_STEPS = 64
# How many entries in a row are updated at a time: what one operation leaves of so many, the next
# one meets in the cache. A step of Adam on 350 000 float32 takes 15 to 20 % less time.
STRETCH = 2**16


@dataclass(frozen=True)
class OptimizerSettings:
    """What an optimiser can be told; each reads what concerns it.

    Parameters
    ----------
    beta_1, beta_2 : float
        Decay of the means of gradient and squared gradient; Adam and AdamW.
    epsilon : float
        Added to the root of the mean square; all but SGD.
    momentum : float
        Decay of the sum of gradients; SGD.
    nesterovs_momentum : bool
        Look ahead along that sum; SGD.
    weight_decay : float
        Share of the weights, times the learning rate, that a step takes away; AdamW.
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        # A search over np.logspace brings float64 scalars. They make float32 arrays be computed in
        # float64: 1.7x the time of a step of Adam on 10^5 parameters.
        for name, value in list(vars(self).items()):
            if isinstance(value, np.generic):
                object.__setattr__(self, name, value.item())


class Optimizer(ABC):
    """What the optimisers share: their state, and steps on a part of the parameters.

    Parameters
    ----------
    settings : OptimizerSettings or None
        May be replaced between steps.

    Attributes
    ----------
    n_steps : int
        Steps done.
    moments : list of ndarray of shape (size,)
        Running means of the past, in the dtype of the parameters; empty before the first step.
    """

    n_moments: int
    n_means: int  # of these, the first: means of gradients, not of squares
    decouples_decay: bool = False  # if so, weight decay is no part of the gradient

    def __init__(self, settings: OptimizerSettings | None = None) -> None:
        self.settings = settings or OptimizerSettings()
        self.n_steps = 0
        self.moments: list[np.ndarray] = []

    def step(
        self,
        params: np.ndarray,
        gradient: np.ndarray,
        learning_rate: float,
        *,
        n_decayed: int = 0,
        touched: Entries | None = None,
    ) -> None:
        """Update ``params`` in place.

        Parameters
        ----------
        params : ndarray of shape (size,)
        gradient : ndarray of shape (size,) or (n_touched,)
            Of the entries ``touched``; only read.
        learning_rate : float
        n_decayed : int
            That many entries, of the touched ones the first, are subject to decoupled weight decay.
        touched : Entries or None
            Of ``params``, n_touched of them. All other parameters and moments rest, without decay
            of the moments either, as in PyTorch's SparseAdam; the cost is that of ``n_touched``
            parameters. None: every entry.
        """
        if not self.moments:
            self.moments = [np.zeros_like(params) for _ in range(self.n_moments)]
        self.n_steps += 1
        state = [params, *self.moments]
        entries = Entries(slice(0, len(params))) if touched is None else touched
        for part, of_part in entries.parts(STRETCH):
            pieces = [array[part] for array in state]
            n_decayed_of_part = max(0, n_decayed - of_part.start)
            self._update(pieces, gradient[of_part], float(learning_rate), n_decayed_of_part)
            if not isinstance(part, slice):  # pieces are copies then
                for array, piece in zip(state, pieces, strict=True):
                    array[part] = piece
        if touched is None and self.n_steps % CHECKED_STEPS == 0:
            for moment in self.moments[: self.n_means]:
                _drop_underflow(moment)

    def _update(
        self, state: list[np.ndarray], gradient: np.ndarray, learning_rate: float, n_decayed: int
    ) -> None:
        params, *moments = state
        if self.decouples_decay:
            params[:n_decayed] *= 1 - learning_rate * self.settings.weight_decay
        params -= self._change(gradient, learning_rate, moments)

    @abstractmethod
    def _change(
        self, gradient: np.ndarray, learning_rate: float, moments: list[np.ndarray]
    ) -> np.ndarray:
        """Update the moments in place; return a new array, to be subtracted from the parameters."""


class Adam(Optimizer):
    """Algorithm 1 of Kingma and Ba (2015), https://arxiv.org/abs/1412.6980.

        m = beta_1 m + (1 - beta_1) g
        v = beta_2 v + (1 - beta_2) g^2
        params -= learning_rate * m_hat / (sqrt(v_hat) + epsilon)

    with ``m_hat = m / (1 - beta_1^t)``, ``v_hat = v / (1 - beta_2^t)`` in step ``t``.

    Examples
    --------
    >>> params = np.array([1.0, 1.0, 1.0])
    >>> Adam().step(params, np.array([20.0, -0.001, 0.0]), learning_rate=0.5)
    >>> params.round(3)
    array([0.5, 1.5, 1. ])
    """

    n_moments = 2
    n_means = 1

    def _change(
        self, gradient: np.ndarray, learning_rate: float, moments: list[np.ndarray]
    ) -> np.ndarray:
        m, v = moments
        beta_1, beta_2 = self.settings.beta_1, self.settings.beta_2
        change = (1 - beta_1) * gradient
        m *= beta_1
        m += change
        v *= beta_2
        np.multiply(gradient, gradient, change)
        change *= 1 - beta_2
        v += change
        # Both corrections moved out of the vectors: sqrt(v_hat) + eps = (sqrt(v) + eps s) / s.
        s = math.sqrt(1 - beta_2**self.n_steps)
        np.sqrt(v, change)
        change += self.settings.epsilon * s
        np.divide(m, change, change)
        change *= learning_rate * s / (1 - beta_1**self.n_steps)
        return change


class AdamW(Adam):
    """Adam with decoupled weight decay: Loshchilov and Hutter (2019).

    Before a step of `Adam`, ``weights -= learning_rate * weight_decay * weights``, as in PyTorch;
    their schedule multiplier is our learning rate. https://arxiv.org/abs/1711.05101

    Examples
    --------
    >>> params = np.array([1.0, 1.0])
    >>> AdamW(OptimizerSettings(weight_decay=0.1)).step(params, np.zeros(2), 0.5, n_decayed=1)
    >>> params
    array([0.95, 1.  ])
    """

    decouples_decay = True


class RMSProp(Optimizer):
    """Lecture 6.5 of Tieleman and Hinton (2012), Neural networks for machine learning, Coursera.

        v = 0.99 v + 0.01 g^2
        params -= learning_rate * g / (sqrt(v) + epsilon)

    ``v`` starts from zero and is not corrected for it: first steps are ten times as long as Adam's.

    Examples
    --------
    >>> params = np.array([1.0, 1.0])
    >>> RMSProp().step(params, np.array([20.0, -0.001]), learning_rate=0.05)
    >>> params.round(3)
    array([0.5, 1.5])
    """

    n_moments = 1
    n_means = 0

    def _change(
        self, gradient: np.ndarray, learning_rate: float, moments: list[np.ndarray]
    ) -> np.ndarray:
        (v,) = moments
        change = gradient * gradient
        change *= 1 - SQUARES_DECAY
        v *= SQUARES_DECAY
        v += change
        np.sqrt(v, change)
        change += self.settings.epsilon
        np.divide(gradient, change, change)
        change *= learning_rate
        return change


class SGD(Optimizer):
    """Gradient descent with momentum, as Sutskever et al. (2013) but in PyTorch's formulation.

        b = momentum b + g
        params -= learning_rate * (g + momentum b)      Nesterov
        params -= learning_rate * b                     otherwise

    The learning rate is outside of ``b``, so that a change of it takes effect at once; without
    momentum both are plain gradient descent. https://proceedings.mlr.press/v28/sutskever13.html

    Examples
    --------
    >>> params, gradient = np.array([1.0]), np.array([1.0])
    >>> optimizer = SGD(OptimizerSettings(momentum=0.5, nesterovs_momentum=False))
    >>> optimizer.step(params, gradient, 0.25)
    >>> optimizer.step(params, gradient, 0.25)
    >>> params  # 1 - 0.25 (1 + 1.5)
    array([0.375])
    """

    n_moments = 1
    n_means = 1

    def _change(
        self, gradient: np.ndarray, learning_rate: float, moments: list[np.ndarray]
    ) -> np.ndarray:
        (b,) = moments
        momentum = self.settings.momentum
        b *= momentum
        b += gradient
        if not self.settings.nesterovs_momentum:
            return learning_rate * b
        change = momentum * b
        change += gradient
        change *= learning_rate
        return change


def _drop_underflow(moment: np.ndarray) -> None:
    """Set to zero, in place, what is within ``1 / eps`` of the subnormal numbers.

    Where the gradient stays zero, as that of a token which is met once in a thousand batches, a
    mean of the past decays until it is subnormal, and a step takes ten times as long. Means of
    squares are none of it: they decay far more slowly, and where ``epsilon`` is small, they count
    however small they are.
    """
    info = np.finfo(moment.dtype)
    np.putmask(moment, np.abs(moment) < info.smallest_normal / info.eps, 0.0)


SOLVERS: dict[str, type[Optimizer]] = {
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSProp,
    "sgd": SGD,
}


def clip_by_norm(gradient: np.ndarray, max_norm: float | None) -> float:
    """Scale ``gradient`` in place to a Euclidean norm of at most ``max_norm``.

    Returns the norm that it had before.

    Pascanu et al. (2013), https://arxiv.org/abs/1211.5063.
    """
    norm = math.sqrt(gradient @ gradient)
    if max_norm is not None and norm > max_norm:
        gradient *= max_norm / norm
    return norm
