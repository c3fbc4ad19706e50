"""From the states of the last layer to the columns that the head sees, per sequence or per step.

Only valid steps count: there are no others in memory. To add a pooling, write a class and a row in
``POOLINGS``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from scipy.special import softmax

from ._batching import Packing
from ._layers import States
from ._params import Shapes

PerRun = list[np.ndarray]  # (n_steps, H, n_active) per run of the packing, in time order


class Pooling(ABC):
    """Pooled states of a batch, and the way back of their gradient.

    Parameters
    ----------
    n_inputs : int
        Rows of a state: units times directions, called H here.
    """

    per_step = False
    of_final_states = False  # and of no others

    def __init__(self, n_inputs: int) -> None:
        self.n_inputs = n_inputs
        self.shapes: Shapes = {}

    @abstractmethod
    def forward(
        self, parameters: dict[str, np.ndarray], packing: Packing, states: States
    ) -> tuple[np.ndarray, Any]:
        """Return the pooled states (H, M), and what `backward` needs."""

    @abstractmethod
    def backward(
        self,
        parameters: dict[str, np.ndarray],
        packing: Packing,
        cache: Any,
        d_pooled: np.ndarray,
        gradient: dict[str, np.ndarray],
    ) -> tuple[np.ndarray | None, PerRun | None]:
        """Return the gradients of the final states (H, N) and of the states after each step.

        None stands for zero. Writes the gradient of the pooling's own parameters.
        """


class Last(Pooling):
    """The state after the last valid step; backwards in time, that after the first."""

    of_final_states = True

    def forward(
        self, parameters: dict[str, np.ndarray], packing: Packing, states: States
    ) -> tuple[np.ndarray, None]:
        return states.final, None

    def backward(
        self,
        parameters: dict[str, np.ndarray],
        packing: Packing,
        cache: None,
        d_pooled: np.ndarray,
        gradient: dict[str, np.ndarray],
    ) -> tuple[np.ndarray | None, PerRun | None]:
        return d_pooled, None


class Mean(Pooling):
    """The mean over steps."""

    def forward(
        self, parameters: dict[str, np.ndarray], packing: Packing, states: States
    ) -> tuple[np.ndarray, None]:
        pooled = np.zeros_like(states.final)
        for run in states.per_step():
            pooled[:, : run.shape[2]] += run.sum(axis=0)
        pooled /= packing.lengths.astype(pooled.dtype)
        return pooled, None

    def backward(
        self,
        parameters: dict[str, np.ndarray],
        packing: Packing,
        cache: None,
        d_pooled: np.ndarray,
        gradient: dict[str, np.ndarray],
    ) -> tuple[np.ndarray | None, PerRun | None]:
        share = d_pooled / packing.lengths.astype(d_pooled.dtype)
        return None, [
            np.broadcast_to(share[:, :n_active], (stop - start, self.n_inputs, n_active))
            for start, stop, n_active in packing.runs
        ]


class Max(Pooling):
    """The largest value of each unit over steps; of equal ones the first counts."""

    def forward(
        self, parameters: dict[str, np.ndarray], packing: Packing, states: States
    ) -> tuple[np.ndarray, np.ndarray]:
        pooled = np.full_like(states.final, -np.inf)
        step = np.zeros(pooled.shape, int)
        for (start, _, n_active), run in zip(packing.runs, states.per_step(), strict=True):
            where = run.argmax(axis=0)
            largest = np.take_along_axis(run, where[None], axis=0)[0]
            better = largest > pooled[:, :n_active]
            pooled[:, :n_active][better] = largest[better]
            step[:, :n_active][better] = start + where[better]
        return pooled, step

    def backward(
        self,
        parameters: dict[str, np.ndarray],
        packing: Packing,
        cache: np.ndarray,
        d_pooled: np.ndarray,
        gradient: dict[str, np.ndarray],
    ) -> tuple[np.ndarray | None, PerRun | None]:
        d_states = []
        for start, stop, n_active in packing.runs:
            d_run = np.zeros((stop - start, self.n_inputs, n_active), d_pooled.dtype)
            step = cache[:, :n_active]
            unit, sequence = np.nonzero((start <= step) & (step < stop))
            d_run[step[unit, sequence] - start, unit, sequence] = d_pooled[unit, sequence]
            d_states.append(d_run)
        return None, d_states


class Attention(Pooling):
    """A mean weighted by ``softmax(q . h_t / sqrt(H))`` over steps, with one learned query q.

    Scaled dot products of Vaswani et al. (2017), https://arxiv.org/abs/1706.03762.
    """

    def __init__(self, n_inputs: int) -> None:
        super().__init__(n_inputs)
        self.shapes = {"weight_query": (1, n_inputs)}
        self.scale = 1 / float(np.sqrt(n_inputs))

    def forward(
        self, parameters: dict[str, np.ndarray], packing: Packing, states: States
    ) -> tuple[np.ndarray, tuple[PerRun, PerRun]]:
        runs = states.per_step()
        scores = np.full((packing.n_timesteps, packing.n_sequences), -np.inf, states.final.dtype)
        for (start, stop, n_active), run in zip(packing.runs, runs, strict=True):
            scores[start:stop, :n_active] = (parameters["weight_query"] @ run)[:, 0] * self.scale
        shares = softmax(scores, axis=0)
        pooled = np.zeros_like(states.final)
        share_runs = []
        for (start, stop, n_active), run in zip(packing.runs, runs, strict=True):
            share = shares[start:stop, None, :n_active]
            share_runs.append(share)
            pooled[:, :n_active] += (share * run).sum(axis=0)
        return pooled, (runs, share_runs)

    def backward(
        self,
        parameters: dict[str, np.ndarray],
        packing: Packing,
        cache: tuple[PerRun, PerRun],
        d_pooled: np.ndarray,
        gradient: dict[str, np.ndarray],
    ) -> tuple[np.ndarray | None, PerRun | None]:
        runs, shares = cache
        d_shares, mean = [], np.zeros((1, packing.n_sequences), d_pooled.dtype)
        for run, share in zip(runs, shares, strict=True):
            n_active = run.shape[2]
            d_share = (run * d_pooled[:, :n_active]).sum(axis=1, keepdims=True)
            mean[:, :n_active] += (share * d_share).sum(axis=0)
            d_shares.append(d_share)
        d_states, d_query = [], gradient["weight_query"]
        d_query[...] = 0
        for run, share, d_share in zip(runs, shares, d_shares, strict=True):
            n_active = run.shape[2]
            d_score = share * (d_share - mean[:, :n_active]) * d_query.dtype.type(self.scale)
            d_query += (d_score * run).sum(axis=(0, 2))
            d_states.append(share * d_pooled[:, :n_active] + d_score * parameters["weight_query"].T)
        return None, d_states


class EveryStep(Pooling):
    """No pooling: every valid step is a column, run by run, within it step by step."""

    per_step = True

    def forward(
        self, parameters: dict[str, np.ndarray], packing: Packing, states: States
    ) -> tuple[np.ndarray, None]:
        columns = [run.transpose(1, 0, 2).reshape(self.n_inputs, -1) for run in states.per_step()]
        return columns[0] if len(columns) == 1 else np.concatenate(columns, axis=1), None

    def backward(
        self,
        parameters: dict[str, np.ndarray],
        packing: Packing,
        cache: None,
        d_pooled: np.ndarray,
        gradient: dict[str, np.ndarray],
    ) -> tuple[np.ndarray | None, PerRun | None]:
        d_states, offset = [], 0
        for start, stop, n_active in packing.runs:
            size = (stop - start) * n_active
            d_run = d_pooled[:, offset : offset + size].reshape(self.n_inputs, -1, n_active)
            d_states.append(d_run.transpose(1, 0, 2))
            offset += size
        return None, d_states


POOLINGS: dict[str, type[Pooling]] = {
    "last": Last,
    "mean": Mean,
    "max": Max,
    "attention": Attention,
}
