"""Long sequences in training: cut into stretches, the state handed on from each to the next.

Truncated backpropagation through time: the state at the start of a stretch is what the one before
it left, and the gradient ends there.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ._batching import minibatches
from ._carry import Carry, Link
from ._network import PREDICTION_SIZE
from ._objective import Objective
from ._samples import Samples
from ._sequences import SequenceBatch, begins
from ._tape import Workspace

N_SCORED = 256  # sequences that are walked through side by side


@dataclass(frozen=True, kw_only=True)
class Stream(Samples):
    """Stretches as samples, and the chains that they form.

    Attributes
    ----------
    chains : ndarray of shape (n_chains,)
        Number of stretches of each chain; those of a chain stand one after the other.
    """

    chains: np.ndarray

    def n_batches(self, batch_size: int) -> int:
        singles, longer = self._kinds()
        return -(-len(singles) // batch_size) + _longest_lane(self.chains[longer], batch_size)

    def batches(self, batch_size: int, rng: np.random.RandomState | None) -> Iterator[Samples]:
        """Yield batches that cover all stretches once, those of a chain in their order.

        Chains of one stretch are samples like any other, and their batches stand in between.
        """
        singles, longer = self._kinds()
        lanes = self._lanes(longer, batch_size, rng)
        n_of_lanes = max(map(len, lanes), default=0)
        is_of_lanes = np.arange(self.n_batches(batch_size)) < n_of_lanes
        if rng is not None:
            rng.shuffle(is_of_lanes)
        of_lanes = self._batches_of_lanes(lanes)
        of_singles = self._batches_of_singles(begins(self.chains)[singles], batch_size, rng)
        for comes_from_lanes in is_of_lanes:
            yield next(of_lanes if comes_from_lanes else of_singles)

    def _kinds(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the indices of chains of one stretch, and of all others."""
        return np.flatnonzero(self.chains == 1), np.flatnonzero(self.chains > 1)

    def _lanes(
        self, chains: np.ndarray, n_lanes: int, rng: np.random.RandomState | None
    ) -> list[list[int]]:
        """Give each chain to the lane that is the shortest so far, the longest chains first."""
        order = chains if rng is None else rng.permutation(chains)
        order = order[np.argsort(-self.chains[order], kind="stable")]
        lanes: list[list[int]] = [[] for _ in range(min(n_lanes, len(chains)))]
        heap = [(0, i) for i in range(len(lanes))]
        first = begins(self.chains)
        for chain in order:
            n_before, i = heap[0]
            lanes[i].extend(range(first[chain], first[chain] + self.chains[chain]))
            heapq.heapreplace(heap, (n_before + int(self.chains[chain]), i))
        return lanes

    def _batches_of_lanes(self, lanes: list[list[int]]) -> Iterator[Samples]:
        """Yield the k-th stretch of each lane together, for each k."""
        carry = Carry(len(lanes))
        is_first = np.zeros(len(self), bool)
        is_first[begins(self.chains)] = True
        for k in range(max(map(len, lanes), default=0)):
            active = np.array([i for i, lane in enumerate(lanes) if k < len(lane)])
            stretches = np.array([lanes[i][k] for i in active])
            falling = np.argsort(-self.X.lengths[stretches], kind="stable")
            stretches, active = stretches[falling], active[falling]
            batch = self.select(stretches)
            link = Link(carry, active, is_first[stretches])
            yield Samples(batch.X, batch.y, batch.weights, link)

    def _batches_of_singles(
        self, stretches: np.ndarray, batch_size: int, rng: np.random.RandomState | None
    ) -> Iterator[Samples]:
        if len(stretches):
            for places in minibatches(self.X.lengths[stretches], batch_size, rng):
                yield self.select(stretches[places])


def n_stretches(samples: Samples, n_steps: int) -> int:
    """Return into how many stretches of at most ``n_steps`` the sequences are cut."""
    return int((-(-samples.X.lengths // n_steps)).sum())


def cut(samples: Samples, n_steps: int, n_lanes: int) -> Stream:
    """Cut sequences with a target for each step into stretches of at most ``n_steps``.

    Sequences longer than an ``n_lanes``-th of all are cut into chains of their own, so that there
    is work for so many lanes. The weights are scaled as those of a training set.
    """
    assert isinstance(samples.y, SequenceBatch)
    lengths = samples.X.lengths
    per_sequence = -(-lengths // n_steps)
    of = np.repeat(np.arange(len(samples)), per_sequence)
    steps_before = (np.arange(len(of)) - np.repeat(begins(per_sequence), per_sequence)) * n_steps
    cut_lengths = np.minimum(n_steps, lengths[of] - steps_before)
    stream = Stream(
        SequenceBatch(samples.X.values, samples.X.starts[of] + steps_before, cut_lengths),
        SequenceBatch(samples.y.values, samples.y.starts[of] + steps_before, cut_lengths),
        samples.weights[of],
        chains=_chains(per_sequence, n_lanes),
    )
    scaled = stream.with_mean_weight_1()
    return Stream(stream.X, stream.y, scaled.weights, chains=stream.chains)


def _chains(per_sequence: np.ndarray, n_lanes: int) -> np.ndarray:
    """Return the lengths of the chains that sequences of so many stretches are cut into."""
    longest = -(-int(per_sequence[per_sequence > 1].sum()) // n_lanes)
    chains = []
    for n in per_sequence.tolist():
        n_chains = -(-n // max(1, longest))
        chains += [n // n_chains + (i < n % n_chains) for i in range(n_chains)]
    return np.array(chains)


def _longest_lane(chains: np.ndarray, n_lanes: int) -> int:
    """Return how many stretches the longest lane has; it does not depend on the order drawn."""
    heap = [0] * min(n_lanes, len(chains))
    for n in sorted(chains.tolist(), reverse=True):
        heapq.heapreplace(heap, heap[0] + n)
    return max(heap, default=0)


def step_losses(objective: Objective, params: np.ndarray, samples: Samples) -> np.ndarray:
    """Return the loss of each step, (M,), in the order of ``samples.rows()``.

    Sequences of any length are walked through in stretches, so that memory is bounded.
    """
    named, workspace = objective.layout.views(params), Workspace(params.dtype, keeps_gates=False)
    losses = np.empty(int(samples.X.lengths.sum()), params.dtype)
    offsets, order = begins(samples.X.lengths), samples.X.falling_lengths()
    for start in range(0, len(order), N_SCORED):
        chunk = order[start : start + N_SCORED]
        part = samples.select(chunk)
        for places, values in _walk(objective, named, part, offsets[chunk], workspace):
            losses[places] = values
    return losses


def _walk(
    objective: Objective,
    named: dict[str, np.ndarray],
    samples: Samples,
    offsets: np.ndarray,
    workspace: Workspace,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield for each stretch where the losses of its steps belong, and what they are.

    The sequences, of falling length, have their first steps at ``offsets``.
    """
    X, y, network = samples.X, samples.y, objective.network
    assert isinstance(y, SequenceBatch)
    n_done, n_active, initial = 0, len(samples), None
    while n_active:
        n_steps = max(1, PREDICTION_SIZE // (n_active * network.trunk.n_column_rows))
        lengths = np.minimum(X.lengths[:n_active] - n_done, n_steps)
        stretch = SequenceBatch(X.values, X.starts[:n_active] + n_done, lengths)
        record = network.forward(named, stretch, workspace, initial=initial)
        targets = y.values[record.packing.cell_rows(y.starts[:n_active] + n_done)]
        places = record.packing.cell_rows(offsets[:n_active] + n_done)
        yield places, objective.row_losses(named, record.pooled, targets)
        n_done += n_steps
        n_active = int((X.lengths > n_done).sum())  # the first ones, because lengths fall
        initial = [state[:, :n_active] for state in record.trunk.final_states()]
