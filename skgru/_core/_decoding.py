"""Targets of an encoder-decoder: how probable given ones are, and the most probable ones."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import log_softmax

from ._encoder_decoder import EncoderDecoder, Encoding
from ._generation import Stepper
from ._objective import Objective
from ._samples import Samples
from ._sequences import SequenceBatch, begins
from ._tape import Workspace

UNKNOWN = 0  # the class of tokens that were never seen, which is never chosen


class Hypothesis(NamedTuple):
    """A target that beam search ended with."""

    tokens: np.ndarray  # classes, without the end
    log_probability: float
    log_cost: float  # by which hypotheses are compared


class Search(NamedTuple):
    """How targets are searched for.

    Attributes
    ----------
    beam_width : int
        How many hypotheses are followed side by side; 1: the most probable token is taken at each
        step.
    max_length : int
        Hypotheses with so many tokens end there.
    length_penalty : float
        Hypotheses are compared by ``log_probability / n_tokens ** length_penalty``, where the end
        counts as a token: 0 favours short ones, 1 compares means.
    """

    beam_width: int
    max_length: int
    length_penalty: float

    def log_cost(self, log_probability: float, n_tokens: int) -> float:
        """Return the logarithm of that quotient's size, which no penalty makes overflow."""
        if log_probability == 0:
            return -math.inf
        return math.log(-log_probability) - self.length_penalty * math.log(n_tokens)


def target_losses(objective: Objective, params: np.ndarray, samples: Samples) -> np.ndarray:
    """Return the loss of each step of the targets, (M,), in the order of ``samples.rows()``."""
    named, network = objective.layout.views(params), objective.network
    assert isinstance(samples.y, SequenceBatch)
    workspace = Workspace(params.dtype, keeps_gates=False)
    offsets = begins(samples.y.lengths)
    losses = np.empty(int(samples.y.lengths.sum()), params.dtype)
    for chunk in network.chunks(samples.X, n_targets=samples.n_targets):
        batch = samples.select(chunk)
        record = network.forward_batch(named, batch, workspace)
        places = record.trunk.packing.cell_rows(offsets[chunk][record.order])
        losses[places] = objective.row_losses(named, record.pooled, record.targets(batch)[0])
    return losses


def encoder_states(
    network: EncoderDecoder, parameters: dict[str, np.ndarray], X: SequenceBatch, layer: int
) -> np.ndarray:
    """Return the states of a layer of the encoder after each step, (M, D H), as in `X.rows()`."""
    workspace = Workspace(parameters["weight_out"].dtype, keeps_gates=False)
    offsets = begins(X.lengths)
    n_units = sum(direction.cell.n_hidden for direction in network.encoder.layers.layers[layer])
    states = np.empty((int(X.lengths.sum()), n_units), workspace.dtype)
    for chunk in network.chunks(X):
        record = network.encoder.forward(parameters, X[chunk], workspace)
        cells = np.empty((record.packing.n_cells, n_units), workspace.dtype)
        states[record.packing.cell_rows(offsets[chunk])] = record.states(layer, cells)
    return states


def most_probable(
    network: EncoderDecoder,
    parameters: dict[str, np.ndarray],
    X: SequenceBatch,
    search: Search,
) -> list[list[Hypothesis]]:
    """Return the hypotheses for each source, the best one first."""
    found: list[list[Hypothesis]] = [[] for _ in range(len(X))]
    workspace = Workspace(parameters["weight_out"].dtype, keeps_gates=False)
    for chunk in network.chunks(X, width=search.beam_width):
        encoding = network.encode(parameters, X[chunk], workspace)
        beams = _Beams(network, parameters, encoding, search, workspace)
        for i, hypotheses in zip(chunk, beams.run(), strict=True):
            found[i] = sorted(hypotheses, key=lambda one: one.log_cost)
    return found


class _Beams:
    """Beam search over N sources side by side, with B hypotheses each.

    A hypothesis that ends leaves the beam, which is narrower by one from then on (Sutskever et al.
    2014, https://arxiv.org/abs/1409.3215). Sources without hypotheses are left out of further
    steps once they are half of all.
    """

    def __init__(
        self,
        network: EncoderDecoder,
        parameters: dict[str, np.ndarray],
        encoding: Encoding,
        search: Search,
        workspace: Workspace,
    ) -> None:
        n_sources, width = len(encoding.memory), search.beam_width
        self._network, self._parameters, self._search = network, parameters, search
        self._end = network.n_raw - 1
        self._memory, self._workspace = encoding.memory, workspace
        self._states = [np.repeat(q, width, axis=0).T for q in encoding.initial]  # (H, N B)
        self._active = np.arange(n_sources)
        self._scores = np.full((n_sources, width), -np.inf)  # log-probabilities so far
        self._scores[:, 0] = 0.0
        self._n_ended = np.zeros(n_sources, int)
        self._last = np.full((n_sources, width), self._end)
        self._found: list[list[Hypothesis]] = [[] for _ in range(n_sources)]
        # Of each step, for all sources: which hypothesis was continued, and with what.
        self._steps: list[tuple[np.ndarray, np.ndarray]] = []
        self._stepper = Stepper(network.decoder, parameters, n_sources * width)

    def run(self) -> list[list[Hypothesis]]:
        """Return the hypotheses of each source."""
        for _ in range(self._search.max_length):
            self._step()
            if not len(self._active):
                return self._found
        # One more token would be too many.
        for place, beam in np.argwhere(np.isfinite(self._scores)):
            self._keep(place, beam, self._scores[place, beam])
        return self._found

    def _step(self) -> None:
        """Continue all hypotheses by a token, and keep the most probable ones."""
        parents, tokens, scores = self._best(self._log_probabilities())
        n_free = self._search.beam_width - self._n_ended
        scores[np.arange(scores.shape[1]) >= n_free[:, None]] = -np.inf
        self._remember(parents, tokens)
        has_ended = (tokens == self._end) & np.isfinite(scores)
        for place, beam in np.argwhere(has_ended):
            self._keep(place, beam, scores[place, beam])
        self._n_ended += has_ended.sum(axis=1)
        scores[has_ended] = -np.inf
        width = scores.shape[1]
        columns = (np.arange(len(parents))[:, None] * width + parents).ravel()
        self._states = [state[:, columns] for state in self._states]
        self._scores, self._last = scores, tokens
        self._drop_done()

    def _log_probabilities(self) -> np.ndarray:
        """Return those of the token that follows each hypothesis, (N, B, K), float64."""
        n_sources, width = self._scores.shape
        self._states = self._stepper.step(self._last.ravel(), self._states)
        raw = self._network.raw_of_step(
            self._parameters, self._memory, self._states[-1], self._workspace
        )
        log_p = log_softmax(raw.astype(np.float64), axis=1)
        log_p[:, UNKNOWN] = -np.inf
        return log_p.reshape(n_sources, width, -1)

    def _best(self, log_p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the B most probable continuations: of which hypothesis, by what, and how probable.

        All are (N, B), the most probable one first.
        """
        n_sources, width, n_classes = log_p.shape
        log_p += self._scores[:, :, None]
        flat = log_p.reshape(n_sources, -1)
        if width == 1:
            best = flat.argmax(axis=1)[:, None]
        else:
            best = np.argpartition(-flat, width - 1, axis=1)[:, :width]
            order = np.argsort(-np.take_along_axis(flat, best, axis=1), axis=1, kind="stable")
            best = np.take_along_axis(best, order, axis=1)
        return best // n_classes, best % n_classes, np.take_along_axis(flat, best, axis=1)

    def _remember(self, parents: np.ndarray, tokens: np.ndarray) -> None:
        shape = len(self._found), self._search.beam_width
        of_all = np.zeros(shape, int), np.zeros(shape, int)
        for kept, values in zip(of_all, (parents, tokens), strict=True):
            kept[self._active] = values
        self._steps.append(of_all)

    def _keep(self, place: int, beam: int, log_probability: float) -> None:
        """Take a hypothesis for one that has ended."""
        source, tokens = self._active[place], []
        n_steps = len(self._steps)
        for parents, chosen in reversed(self._steps):
            tokens.append(chosen[source, beam])
            beam = parents[source, beam]
        tokens.reverse()
        if tokens[-1] == self._end:
            tokens.pop()
        log_cost = self._search.log_cost(float(log_probability), n_steps)
        hypothesis = Hypothesis(np.array(tokens, int), float(log_probability), log_cost)
        self._found[source].append(hypothesis)

    def _drop_done(self) -> None:
        """Go on with those sources only that have hypotheses, if they are few enough."""
        going_on = np.flatnonzero(np.isfinite(self._scores).any(axis=1))
        if 2 * len(going_on) > len(self._active):
            return
        width = self._search.beam_width
        columns = (going_on[:, None] * width + np.arange(width)).ravel()
        self._states = [state[:, columns] for state in self._states]
        self._active, self._n_ended = self._active[going_on], self._n_ended[going_on]
        self._scores, self._last = self._scores[going_on], self._last[going_on]
        if len(going_on):
            self._memory = self._memory.select(going_on)
            self._stepper = Stepper(self._network.decoder, self._parameters, len(columns))
