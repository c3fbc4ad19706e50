"""Learning-rate schedules: what the initial rate is multiplied by, step by step.

A schedule belongs to one run of training and is told its length in every call; that of `Plateau`
has a memory, the others are functions.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

PLATEAU_REDUCTION = 0.2  # MLPClassifier's "adaptive" divides by five
WARM_UP_SHARE = 0.3  # of the steps; PyTorch's pct_start
FIRST_SHARE = 1 / 25  # of the peak; PyTorch's div_factor
LAST_SHARE = FIRST_SHARE / 1e4  # of the peak; PyTorch's final_div_factor


class Schedule(ABC):
    """The learning rate of a step as a share of the initial one.

    Attributes
    ----------
    has_an_end : bool
        Whether the share depends on how much of the run is done, which then is not to end before.
    current : float
        The share outside of a run.
    """

    has_an_end = False
    current = 1.0
    memory: ClassVar[tuple[str, ...]] = ()  # attributes that outlive a run

    @abstractmethod
    def factor(self, step: int, n_steps: int) -> float:
        """Return the share for ``step``, counted from 0, of the ``n_steps`` of this run."""

    def update(self, loss: float) -> None:  # noqa: B027 - most schedules do not look at the loss
        """Take the loss of an epoch: the one that early stopping watches."""

    def go_on_from(self, earlier: Schedule) -> None:
        """Take over the memory of a schedule of the same kind, whose settings may differ."""
        for name in self.memory:
            setattr(self, name, getattr(earlier, name))


@dataclass
class Constant(Schedule):
    """The initial learning rate to the end."""

    def factor(self, step: int, n_steps: int) -> float:
        return 1.0


@dataclass
class Cosine(Schedule):
    """Half a cosine from 1 to 0: Loshchilov and Hutter (2017), without restarts.

    Zero would be reached in the step after the last. https://arxiv.org/abs/1608.03983

    Examples
    --------
    >>> [round(Cosine().factor(step, 4), 3) for step in range(4)]
    [1.0, 0.854, 0.5, 0.146]
    """

    has_an_end = True

    def factor(self, step: int, n_steps: int) -> float:
        return _anneal(1.0, 0.0, step / n_steps)


@dataclass
class OneCycle(Schedule):
    """Up to the initial rate and far down again: Smith and Topin (2018).

    Half a cosine from 1/25 to 1 during 30 % of the steps, another from there to 4e-6, as in
    PyTorch's OneCycleLR, which also counts as follows: the peak is at ``0.3 n_steps - 1``, be it
    between two steps or, for fewer than four, before the first. https://arxiv.org/abs/1708.07120

    Examples
    --------
    >>> [round(OneCycle().factor(step, 10), 3) for step in (0, 1, 2, 5, 9)]
    [0.04, 0.52, 1.0, 0.611, 0.0]
    """

    has_an_end = True

    def factor(self, step: int, n_steps: int) -> float:
        peak = WARM_UP_SHARE * n_steps - 1  # never 0
        if step <= peak:
            return _anneal(FIRST_SHARE, 1.0, step / peak)
        return _anneal(1.0, LAST_SHARE, (step - peak) / (n_steps - 1 - peak))


@dataclass
class Plateau(Schedule):
    """A fifth of the rate each time that the loss has stopped falling.

    PyTorch's ReduceLROnPlateau with an absolute threshold.

    Parameters
    ----------
    patience : int
        The rate falls after more than this number of epochs in a row without improvement.
    tol : float
        An improvement is more than this below the loss of the last improvement.

    Examples
    --------
    >>> schedule = Plateau(patience=1, tol=0.1)
    >>> for loss in (3.0, 2.0, 1.95, 1.95):
    ...     schedule.update(loss)
    >>> schedule.factor(step=4, n_steps=10)
    0.2
    """

    memory = "best_loss", "n_without_improvement", "current"

    patience: int
    tol: float
    best_loss: float = math.inf
    n_without_improvement: int = 0
    current: float = 1.0

    def factor(self, step: int, n_steps: int) -> float:
        return self.current

    def update(self, loss: float) -> None:
        if loss < self.best_loss - self.tol:
            self.best_loss, self.n_without_improvement = loss, 0
        else:
            self.n_without_improvement += 1
        if self.n_without_improvement > self.patience:
            self.current *= PLATEAU_REDUCTION
            self.n_without_improvement = 0


@dataclass
class Custom(Schedule):
    """The user's function of the share of the steps that is done, from 0 to below 1.

    Examples
    --------
    >>> Custom(lambda share: 1 - share).factor(step=3, n_steps=4)
    0.25
    """

    function: Callable[[float], float]
    has_an_end = True

    def factor(self, step: int, n_steps: int) -> float:
        answer = self.function(step / n_steps)
        try:
            factor = float(answer)
        except (TypeError, ValueError):
            factor = math.nan
        if not 0 <= factor < math.inf:
            raise ValueError(
                f"The function learning_rate returned {answer!r} for {step / n_steps:.3g}; it must "
                "return a finite number that is not negative."
            )
        return factor


def _anneal(start: float, end: float, share: float) -> float:
    """Half a cosine from ``start`` to ``end`` as ``share`` goes from 0 to 1."""
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))


# Factories take patience and tol, whether they need them or not.
SCHEDULES: dict[str, Callable[[int, float], Schedule]] = {
    "constant": lambda patience, tol: Constant(),
    "plateau": Plateau,
    "cosine": lambda patience, tol: Cosine(),
    "onecycle": lambda patience, tol: OneCycle(),
}
