"""The training loop: it knows an objective and an optimiser, no network and no estimator."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, Protocol, TypeVar

import numpy as np

from ._batching import minibatches
from ._objective import Samples
from ._optimizers import Adam, clip_by_norm
from ._tape import Workspace


class DifferentiableObjective(Protocol):
    """What training asks of an objective."""

    def loss_and_gradient(
        self, params: np.ndarray, batch: Samples, gradient: np.ndarray, workspace: Workspace
    ) -> float: ...


ObjectiveT = TypeVar("ObjectiveT", bound=DifferentiableObjective)


class Outcome(Enum):
    """Why training ended, when it ended well."""

    CONVERGED = "converged"
    MAX_ITER = "max_iter"
    INTERRUPTED = "interrupted"


class DivergenceError(ArithmeticError):
    """The loss or its gradient is no longer finite; the epoch has been undone."""


@dataclass
class History:
    """What is recorded of each epoch; NaN stands for a validation that there was not."""

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_score: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    gradient_norm: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def append(self, **record: float) -> None:
        for name, values in vars(self).items():
            values.append(record.get(name, np.nan))


@dataclass
class EarlyStopping:
    """Says when a loss has stopped falling.

    Parameters
    ----------
    tol : float
        By how much the loss has to fall below the best one to count as an improvement.
    patience : int
        Training ends after more than this number of epochs in a row without improvement.
    """

    tol: float
    patience: int
    best_loss: float = np.inf
    n_without_improvement: int = 0

    def update(self, loss: float) -> bool:
        """Take the loss of an epoch; return True if it is time to stop."""
        improved = loss <= self.best_loss - self.tol
        self.n_without_improvement = 0 if improved else self.n_without_improvement + 1
        self.best_loss = min(self.best_loss, loss)
        return self.n_without_improvement > self.patience


@dataclass
class Trainer(Generic[ObjectiveT]):
    """What lives on from one call of `run` to the next.

    Parameters
    ----------
    objective : DifferentiableObjective
    params : ndarray of shape (size,)
        Changed in place.
    optimizer : Adam
    rng : RandomState
        Shuffles the samples.
    """

    objective: ObjectiveT
    params: np.ndarray
    optimizer: Adam
    rng: np.random.RandomState
    history: History = field(default_factory=History)

    def run(
        self,
        samples: Samples,
        *,
        n_epochs: int,
        batch_size: int,
        shuffle: bool,
        max_norm: float | None,
        stopping: EarlyStopping,
        validate: Callable[[], tuple[float, float]] | None = None,
        on_epoch: Callable[[History], None] | None = None,
    ) -> Outcome:
        """Train for at most ``n_epochs``; an interrupted epoch is undone.

        ``validate`` returns loss and score on held-out data. With it, ``stopping`` watches that
        loss, and the parameters that had the lowest are restored at the end.
        """
        workspace = Workspace(self.params.dtype)
        rng = self.rng if shuffle and batch_size < len(samples) else None
        best_params = self.params
        try:
            for _ in range(n_epochs):
                record = self._epoch(samples, batch_size, rng, max_norm, workspace)
                watched = record["loss"]
                if validate is not None:
                    watched, score = validate()
                    record |= {"validation_loss": watched, "validation_score": score}
                    if watched < stopping.best_loss:
                        best_params = self.params.copy()
                self.history.append(**record)
                if on_epoch is not None:
                    on_epoch(self.history)
                if stopping.update(watched):
                    return Outcome.CONVERGED
            return Outcome.MAX_ITER
        except KeyboardInterrupt:
            return Outcome.INTERRUPTED
        finally:
            self.params[...] = best_params

    def _epoch(
        self,
        samples: Samples,
        batch_size: int,
        rng: np.random.RandomState | None,
        max_norm: float | None,
        workspace: Workspace,
    ) -> dict[str, float]:
        """Pass once over the samples; return what there is to record."""
        started = time.perf_counter()
        params_before, optimizer_before = self.params.copy(), copy.deepcopy(self.optimizer)
        gradient = np.empty_like(self.params)
        loss = norm = 0.0
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                for indices in minibatches(len(samples), batch_size, rng):
                    share = len(indices) / len(samples)
                    batch = samples.select(indices)
                    loss += share * self.objective.loss_and_gradient(
                        self.params, batch, gradient, workspace
                    )
                    norm += share * clip_by_norm(gradient, max_norm)
                    self.optimizer.step(self.params, gradient)
            if not np.isfinite(loss + norm):
                raise DivergenceError
        except (KeyboardInterrupt, DivergenceError):
            self.params[...], self.optimizer = params_before, optimizer_before
            raise
        return {
            "loss": loss,
            "gradient_norm": norm,
            "learning_rate": self.optimizer.learning_rate,
            "seconds": time.perf_counter() - started,
        }
