"""Batches of training divided among processes, started by loky, which comes with joblib.

Between the products of a recurrence there is much that one thread of Python at a time can do, and
the products are too small for several threads of BLAS. But the shards of a batch have nothing to do
with each other until their gradients are added.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from joblib import cpu_count, effective_n_jobs
from threadpoolctl import threadpool_limits

from ._core._objective import Objective
from ._core._samples import Samples
from ._core._tape import Workspace
from ._core._training import LossAndGradient, Trainer
from ._threads import blas_threads_of_training, one_thread

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

# Numbers in the states of a shard, of all its units, steps and sequences, from which a process of
# its own saves more time than it costs.
SHARD_SIZE = 2**17
IDLE_SECONDS = 300.0  # after which a process ends; to start one takes a second or two


@contextmanager
def processes_of_training(
    trainer: Trainer[Objective], samples: Samples, batch_size: int, n_jobs: int | None
) -> Iterator[LossAndGradient]:
    """Yield what computes loss and gradient, in as many processes and threads as are of use."""
    network = trainer.objective.network
    n_sequences = min(batch_size, len(samples))
    n_steps = n_sequences * max(samples.X.lengths.mean(), samples.n_targets.mean())
    n_processes = min(int(n_steps * network.n_units_in_all / SHARD_SIZE), n_sequences, cpu_count())
    if parent_process() is not None:
        n_processes = 1  # it is one of several already: those of a search, say
    if n_processes > 1:
        n_processes = min(n_processes, effective_n_jobs(n_jobs))
    if n_processes <= 1:
        with blas_threads_of_training(network.n_units):
            yield trainer.objective.loss_and_gradient
        return
    with (
        one_thread(),
        TemporaryDirectory(prefix="skgru-", ignore_cleanup_errors=True) as folder,
        _workers(n_processes - 1) as workers,
    ):
        yield _Division(trainer, workers, Path(folder) / "numbers.npy")


@dataclass(frozen=True)
class _Fit:
    """What a worker is told of a fit.

    Attributes
    ----------
    objective : Objective
    numbers : Path
        Array (n_processes, size) in memory that all share: in its first row the parameters, then a
        gradient of each worker.
    row : int
        That of the worker.
    """

    objective: Objective
    numbers: Path
    row: int


@dataclass(frozen=True)
class _Task:
    """What a worker is told of a batch."""

    shard: Samples
    n_params: int
    n_trained: int
    seed: int | None  # of the masks of dropout; None: nothing is dropped
    share: float  # of the batch


@dataclass(frozen=True)
class _Done:
    """What a worker answers; its share of the gradient stands in the numbers."""

    share_of_loss: float
    states: list[np.ndarray] | None  # that stretches ended with, if any go on


class _Division:
    """Loss and gradient of a batch as means of those of its shards."""

    def __init__(self, trainer: Trainer[Objective], workers: list[_Worker], path: Path) -> None:
        self.objective = trainer.objective
        self.workers = workers
        shape = len(workers) + 1, self.objective.layout.size
        # Written whole: to touch a page of a mapped file that has no room on the disk is fatal.
        np.save(path, np.zeros(shape, trainer.params.dtype))
        self.numbers = _shared(path)
        for row, worker in enumerate(workers, start=1):
            worker.tell(_Fit(self.objective, path, row))

    def __call__(
        self,
        params: np.ndarray,
        batch: Samples,
        gradient: np.ndarray,
        workspace: Workspace,
        rng: np.random.RandomState | None = None,
    ) -> float:
        """Do what `Objective.loss_and_gradient` does."""
        n_shards = min(len(self.numbers), len(batch))
        order = batch.X.falling_lengths()
        own, *others = (batch.select(order[i::n_shards]) for i in range(n_shards))
        at_work = list(zip(self.workers, others, self.numbers[1:, : len(gradient)], strict=False))
        self.numbers[0, : len(params)] = params
        for (worker, shard, _), seed in zip(at_work, _seeds(rng, len(at_work)), strict=True):
            share = len(shard) / len(batch)
            worker.tell(_Task(shard.packed(), len(params), len(gradient), seed, share))
        share = len(own) / len(batch)
        loss = share * self.objective.loss_and_gradient(params, own, gradient, workspace, rng)
        gradient *= share
        for worker, shard, of_shard in at_work:
            done = worker.answer()
            loss += done.share_of_loss
            gradient += of_shard
            if shard.link is not None:
                assert done.states is not None
                shard.link.hand_on(done.states)
        return loss


def _seeds(rng: np.random.RandomState | None, n: int) -> list[int] | list[None]:
    """Draw seeds and put the generator back: draws for dropout move it on from batch to batch."""
    if rng is None:
        return [None] * n
    state = rng.get_state()
    seeds = rng.randint(np.iinfo(np.int32).max, size=n).tolist()
    rng.set_state(state)  # takes a third of the time of a copy of the generator
    return seeds


class _Worker:
    """Another process, which waits for what it is told."""

    def __init__(self) -> None:
        from joblib.externals.loky.backend import get_context  # not where there are no processes

        context = get_context("loky")
        self.connection, of_worker = context.Pipe()
        self.process = context.Process(target=_serve, args=(of_worker,), daemon=True)
        self.process.start()
        of_worker.close()  # so that the worker notices if this process ends
        self.owner = os.getpid()
        self.is_ready = True

    def is_available(self) -> bool:
        """Say whether it waits, and for this process and not for one that this was forked from."""
        return self.is_ready and self.owner == os.getpid() and self.process.is_alive()

    def tell(self, message: _Fit | _Task | None) -> None:
        """Begin a fit, give it a task, whose answer is then to be waited for, or end the fit."""
        self.is_ready = False
        try:
            self.connection.send(message)
        except OSError:
            raise self._unexpected_end() from None
        self.is_ready = not isinstance(message, _Task)

    def answer(self) -> _Done:
        """Wait for what it makes of the task."""
        try:
            answer = self.connection.recv()
        except (EOFError, OSError):
            raise self._unexpected_end() from None
        self.is_ready = True
        if isinstance(answer, Exception):
            raise answer
        return answer

    def end(self) -> None:
        """End the fit, and the process if nobody waits for its answer any more."""
        if self.is_available():
            with suppress(RuntimeError):
                self.tell(None)
                _IDLE.append(self)
        else:
            self.connection.close()

    def _unexpected_end(self) -> RuntimeError:
        self.process.join(timeout=10)
        code = self.process.exitcode
        cure = " Memory may have run out: with n_jobs=1, fit needs less." if code == -9 else ""
        return RuntimeError(
            f"A process of fit (n_jobs) ended unexpectedly, with exit code {code}.{cure}"
        )


_IDLE: list[_Worker] = []


@contextmanager
def _workers(n_workers: int) -> Iterator[list[_Worker]]:
    """Lend workers to a fit."""
    workers: list[_Worker] = []
    with ExitStack() as ends:
        for _ in range(n_workers):
            workers.append(_idle_worker() or _Worker())
            ends.callback(workers[-1].end)
        yield workers


def _idle_worker() -> _Worker | None:
    with suppress(IndexError):  # another thread may take the last one
        while not (worker := _IDLE.pop()).is_available():
            pass
        return worker
    return None


def _shared(path: Path) -> np.ndarray:
    return np.asarray(np.load(path, mmap_mode="r+"))


# What follows is run by the workers.


def _serve(connection: Connection) -> None:
    """Wait for fits, until nobody is there who could begin one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process deals with it
    threadpool_limits(1, user_api="blas")
    np.seterr(over="ignore", invalid="ignore")  # as in training
    with suppress(EOFError, ConnectionError):
        while connection.poll(IDLE_SECONDS):
            _serve_fit(connection.recv(), connection)


def _serve_fit(fit: _Fit, connection: Connection) -> None:
    """Compute gradients of shards until the fit ends."""
    answer: _Done | Exception
    numbers = None
    while (task := connection.recv()) is not None:
        try:
            if numbers is None:  # not before: a fit without a task may be over, and its memory gone
                numbers = _shared(fit.numbers)
                workspace = Workspace(numbers.dtype)
            params, gradient = numbers[0, : task.n_params], numbers[fit.row, : task.n_trained]
            rng = None if task.seed is None else np.random.RandomState(task.seed)
            loss = fit.objective.loss_and_gradient(params, task.shard, gradient, workspace, rng)
            gradient *= task.share
            link = task.shard.link
            answer = _Done(task.share * loss, None if link is None else link.final())
        except Exception as error:
            answer = error
        connection.send(answer)
