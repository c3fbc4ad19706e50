"""The training loop: it knows an objective and an optimiser, no network and no estimator."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Generic, Protocol, TypeVar

import numpy as np

from ._optimizers import Optimizer, clip_by_norm
from ._params import Entries
from ._samples import Samples
from ._schedules import Schedule
from ._tape import Workspace


class DifferentiableObjective(Protocol):
    """What training asks of an objective."""

    def touched(self, batch: Samples) -> tuple[Samples, Entries | None]: ...

    def sizes(self, params: np.ndarray) -> tuple[int, int]: ...

    def loss_and_gradient(
        self,
        params: np.ndarray,
        batch: Samples,
        gradient: np.ndarray,
        workspace: Workspace,
        rng: np.random.RandomState | None = None,
    ) -> float: ...


LossAndGradient = Callable[..., float]  # as an objective's method

ObjectiveT = TypeVar("ObjectiveT", bound=DifferentiableObjective)


class Outcome(Enum):
    """Why training ended, when it ended well."""

    CONVERGED = "converged"
    MAX_ITER = "max_iter"
    INTERRUPTED = "interrupted"


class DivergenceError(ArithmeticError):
    """The loss, its gradient or a parameter is no longer finite; the epoch has been undone."""


@dataclass
class History:
    """What is recorded of each epoch; NaN stands for a validation that there was not."""

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_score: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    gradient_norm: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def __deepcopy__(self, memo: dict) -> History:
        return History(*map(list, vars(self).values()))  # not number by number

    def append(self, **record: float) -> None:
        for name, values in vars(self).items():
            values.append(record.get(name, np.nan))

    def cut(self) -> None:
        """Leave out an epoch that was not recorded whole."""
        n_epochs = min(map(len, vars(self).values()))
        for values in vars(self).values():
            del values[n_epochs:]


@dataclass
class EarlyStopping:
    """Says when a loss has stopped falling.

    Parameters
    ----------
    tol : float
        By how much the loss has to fall below the best one to count as an improvement.
    patience : float
        Training ends after more than this number of epochs in a row without improvement.
    """

    tol: float
    patience: float
    best_loss: float = np.inf
    n_without_improvement: int = 0

    def update(self, loss: float) -> bool:
        """Take the loss of an epoch; return True if it is time to stop."""
        improved = loss <= self.best_loss - self.tol
        self.n_without_improvement = 0 if improved else self.n_without_improvement + 1
        self.best_loss = min(self.best_loss, loss)
        return self.n_without_improvement > self.patience


@dataclass(frozen=True)
class Plan:
    """How a run of training goes.

    Parameters
    ----------
    n_epochs, batch_size : int
    learning_rate : float
        What the schedule's factors multiply.
    shuffle : bool
    max_norm : float or None
        Longer gradients are scaled down to it.
    follows_schedule : bool
        If not, the schedule stands still: for a single epoch on a part of a stream.
    """

    n_epochs: int
    batch_size: int
    learning_rate: float
    shuffle: bool = True
    max_norm: float | None = None
    follows_schedule: bool = True


@dataclass
class Trainer(Generic[ObjectiveT]):
    """What lives on from one call of `run` to the next.

    Parameters
    ----------
    objective : DifferentiableObjective
    params : ndarray of shape (size,)
        Changed in place.
    optimizer : Optimizer
    schedule : Schedule
    rng : RandomState
        Shuffles the samples and draws the masks of dropout.
    """

    objective: ObjectiveT
    params: np.ndarray
    optimizer: Optimizer
    schedule: Schedule
    rng: np.random.RandomState
    history: History = field(default_factory=History)

    def run(
        self,
        samples: Samples,
        plan: Plan,
        stopping: EarlyStopping,
        *,
        loss_and_gradient: LossAndGradient | None = None,
        validate: Callable[[], tuple[float, float]] | None = None,
        keep_best: bool = False,
        before_epoch: Callable[[], None] | None = None,
        after_epoch: Callable[[History], bool] | None = None,
    ) -> Outcome:
        """Train for at most ``plan.n_epochs``; an interrupted epoch is undone.

        ``loss_and_gradient`` does what the objective's method does, in another way. ``validate``
        returns loss and score on held-out data. With ``keep_best``, ``stopping`` and
        the schedule watch that loss in place of the training loss, and the parameters that had the
        lowest are restored at the end. ``after_epoch`` may return True to end the training.
        """
        compute = partial(
            loss_and_gradient or self.objective.loss_and_gradient,
            workspace=Workspace(self.params.dtype),
            rng=self.rng,
        )
        best_params = self.params
        try:
            for epoch in range(plan.n_epochs):
                if before_epoch is not None:
                    before_epoch()
                record = self._epoch(samples, plan, epoch, compute, validate)
                watched = record["validation_loss" if keep_best else "loss"]
                if keep_best and watched < stopping.best_loss:
                    best_params = self.params.copy()
                self.history.append(**record)
                if plan.follows_schedule:
                    self.schedule.update(watched)
                is_asked_to_stop = after_epoch is not None and after_epoch(self.history)
                if stopping.update(watched) or is_asked_to_stop:
                    return Outcome.CONVERGED
            return Outcome.MAX_ITER
        except KeyboardInterrupt:
            self.history.cut()
            return Outcome.INTERRUPTED
        finally:
            self.params[...] = best_params

    def _epoch(
        self,
        samples: Samples,
        plan: Plan,
        epoch: int,
        loss_and_gradient: LossAndGradient,
        validate: Callable[[], tuple[float, float]] | None,
    ) -> dict[str, float]:
        """Pass once over the samples; return what there is to record."""
        started = time.perf_counter()
        before = self.params.copy(), copy.deepcopy(self.optimizer), self.rng.get_state()
        gradient = np.empty_like(self.params)
        shuffles = plan.shuffle and plan.batch_size < len(samples)
        n_batches = samples.n_batches(plan.batch_size)
        batches = samples.batches(plan.batch_size, self.rng if shuffles else None)
        loss = norm = learning_rate = 0.0
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                for i, batch in enumerate(batches):
                    factor = self.schedule.current
                    if plan.follows_schedule:
                        step, n_steps = epoch * n_batches + i, plan.n_epochs * n_batches
                        factor = self.schedule.factor(step, n_steps)
                    learning_rate = plan.learning_rate * factor
                    batch_loss, batch_norm = self._step(
                        batch, gradient, learning_rate, plan.max_norm, loss_and_gradient
                    )
                    loss += batch_loss * len(batch) / len(samples)
                    norm += batch_norm * len(batch) / len(samples)
            if not (np.isfinite(loss + norm) and np.isfinite(self.params).all()):
                raise DivergenceError
            seconds = time.perf_counter() - started
            validation_loss, validation_score = validate() if validate else (np.nan, np.nan)
        except (KeyboardInterrupt, DivergenceError):
            self.params[...], self.optimizer = before[:2]
            self.rng.set_state(before[2])
            raise
        return {
            "loss": loss,
            "validation_loss": validation_loss,
            "validation_score": validation_score,
            "gradient_norm": norm,
            "learning_rate": learning_rate,
            "seconds": seconds,
        }

    def _step(
        self,
        batch: Samples,
        gradient: np.ndarray,
        learning_rate: float,
        max_norm: float | None,
        loss_and_gradient: LossAndGradient,
    ) -> tuple[float, float]:
        """Follow the gradient of one mini-batch; return its loss and the gradient's norm."""
        batch, touched = self.objective.touched(batch)
        params = self.params if touched is None else touched.take(self.params)
        n_trained, n_weights = self.objective.sizes(params)
        gradient = gradient[:n_trained]
        loss = loss_and_gradient(params, batch, gradient)
        norm = clip_by_norm(gradient, max_norm)
        self.optimizer.step(
            self.params if touched is not None else params[:n_trained],
            gradient,
            learning_rate,
            n_decayed=n_weights,
            touched=None if touched is None else touched.first(n_trained),
        )
        return loss, norm
