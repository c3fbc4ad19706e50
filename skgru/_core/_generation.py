"""Sequences made step by step: what is drawn is the next input, and states are all that is kept."""

from __future__ import annotations

import numpy as np

from ._batching import Packing
from ._network import Network
from ._sequences import SequenceBatch
from ._tape import Workspace
from ._trunk import Trunk


class Stepper:
    """Layers of one direction, with token inputs, that read one step of N sequences at a time.

    A step costs the same, however many went before.

    Parameters
    ----------
    trunk : Trunk
    parameters : dict of str to ndarray
    n_sequences : int
    """

    def __init__(self, trunk: Trunk, parameters: dict[str, np.ndarray], n_sequences: int) -> None:
        assert trunk.embedding is not None
        self._table = parameters[trunk.embedding.name]
        workspace = Workspace(self._table.dtype, keeps_gates=False)
        packing = Packing(np.ones(n_sequences, int))
        self._layers = []
        for (direction,) in trunk.layers.layers:
            cell = direction.cell.for_vectors()
            kernels = cell.forward_kernels(direction.weights(parameters))
            tape = cell.tape(workspace, direction.suffix, packing, reverse=False)
            self._layers.append((cell, tape, kernels))

    def step(self, rows: np.ndarray, states: list[np.ndarray]) -> list[np.ndarray]:
        """Return the states of each layer, (H, N), after a further token: (N,) rows of the table.

        They hold until the next step.
        """
        values, after = self._table[rows].T, []
        for (cell, tape, kernels), before in zip(self._layers, states, strict=True):
            tape.load([values[None]], initial=before)
            values = cell.forward_with(kernels, tape)
            after.append(values)
        return after


class Continuation:
    """A network with token inputs and one direction, behind the last step of some sequences.

    Parameters
    ----------
    network : Network
    parameters : dict of str to ndarray
    prompts : SequenceBatch
        Rows of the embedding's table that are read first.
    """

    def __init__(
        self, network: Network, parameters: dict[str, np.ndarray], prompts: SequenceBatch
    ) -> None:
        self._network = network
        self._parameters = parameters
        dtype = parameters["weight_out"].dtype
        order = prompts.falling_lengths()
        record = network.forward(parameters, prompts[order], Workspace(dtype, keeps_gates=False))
        places = np.argsort(order)
        self._states = [state[:, places] for state in record.trunk.final_states()]
        self._stepper = Stepper(network.trunk, parameters, len(prompts))

    def raw(self) -> np.ndarray:
        """Return the raw outputs for the step that follows, (N, K)."""
        return self._network.head.forward(self._parameters, self._states[-1])

    def step(self, rows: np.ndarray) -> None:
        """Read a further token of each sequence, (N,) rows of the table."""
        self._states = self._stepper.step(rows, self._states)


def draw(
    raw: np.ndarray,
    rng: np.random.RandomState,
    *,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
) -> np.ndarray:
    """Draw a class from each row of raw outputs (N, K).

    Parameters
    ----------
    raw : ndarray of shape (N, K)
        Before a softmax; -inf for what is not to be drawn.
    rng : RandomState
    temperature : float
        What the outputs are divided by; 0: the largest one is taken.
    top_k : int or None
        Draw from so many classes, the most probable ones.
    top_p : float or None
        Draw from the most probable classes that together have this probability at least (Holtzman
        et al. 2020, https://arxiv.org/abs/1904.09751).
    """
    if temperature == 0:
        return raw.argmax(axis=1)
    scaled = raw.astype(np.float64)
    scaled -= scaled.max(axis=1, keepdims=True)  # a low temperature would overflow otherwise
    if temperature != 1:
        with np.errstate(over="ignore"):  # -inf is what it is to become
            scaled /= temperature
    p = np.exp(scaled)
    order = None
    if top_k is not None or top_p is not None:
        order = np.argsort(-p, axis=1, kind="stable")
        p = _truncated(np.take_along_axis(p, order, axis=1), top_k, top_p)
    cumulative = p.cumsum(axis=1)
    thresholds = rng.random_sample((len(raw), 1)) * cumulative[:, -1:]
    places = (cumulative <= thresholds).sum(axis=1)
    return places if order is None else order[np.arange(len(raw)), places]


def _truncated(p: np.ndarray, top_k: int | None, top_p: float | None) -> np.ndarray:
    """Return falling probabilities, up to a factor, with zero for what is not to be drawn."""
    if top_k is not None:
        p[:, top_k:] = 0.0
    if top_p is not None:
        cumulative = p.cumsum(axis=1)
        p[:, 1:][cumulative[:, :-1] >= top_p * cumulative[:, -1:]] = 0.0
    return p
