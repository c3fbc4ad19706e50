"""Sequences into other sequences: an encoder, a decoder, and attention between them.

For a source of S steps and targets y_1 ... y_T, the last of which says that the sequence ends::

    m_1 ... m_S = states of the encoder
    q_0 = tanh(W_l m + b_l)       for each layer l of the decoder; m: the encoder's final states
    q_t = GRU(e(y_{t-1}), q_{t-1})       y_0 is the end
    u_t = what attention reads in m_1 ... m_S for q_t       (`_attention`)
    p(y_t | y_1 ... y_{t-1}, source) = softmax(W u_t + b)

In training the true y_{t-1} is read, whatever was predicted (teacher forcing). So the recurrence
needs no context, and both sides run as fast as any GRU; contexts that enter it, as in Bahdanau et
al. (2015), took twice the time and gained nothing (benchmarks/results, attention_kinds). Sources:
Cho et al. (2014), https://arxiv.org/abs/1406.1078; Luong et al., https://arxiv.org/abs/1508.04025.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ._attention import Attention, Memory, Reading
from ._dense import Dense
from ._dropout import draw_mask
from ._heads import AffineHead
from ._network import PREDICTION_SIZE
from ._params import Shapes
from ._samples import Samples
from ._sequences import SequenceBatch, begins
from ._tape import Workspace
from ._trunk import Trunk, TrunkRecord


@dataclass
class Encoding:
    """What the encoder leaves of sources of falling length."""

    trunk: TrunkRecord
    states: np.ndarray  # valid ones, rows (n_cells, M)
    places: np.ndarray  # where these stand in an array (N, S), flat
    memory: Memory
    final: np.ndarray  # (N, M)
    initial: list[np.ndarray]  # q_0 of each layer of the decoder, (N, H)


@dataclass
class Record:
    """What the forward pass leaves for the backward pass."""

    encoding: Encoding
    order: np.ndarray  # of the sequences on the decoder's side: its lengths fall too
    trunk: TrunkRecord
    reading: Reading
    mask: np.ndarray | None
    pooled: np.ndarray  # what the head sees, (H, M)

    def targets(self, batch: Samples) -> tuple[np.ndarray, np.ndarray]:
        """Return targets and weights of the batch in the order of the pooled states."""
        assert isinstance(batch.y, SequenceBatch)
        packing = self.trunk.packing
        rows = packing.cell_rows(batch.y.starts[self.order])
        return batch.y.values[rows], batch.weights[self.order][packing.cell_sequences()]


class EncoderDecoder:
    """From source sequences to raw outputs for each step of a target, and back.

    Of the targets of a sample, the row before the first one holds the end: the decoder's inputs are
    the rows of the targets, each from one step before.

    Parameters
    ----------
    encoder, decoder : Trunk
        The decoder has an embedding, whose rows are numbered as the classes of the head are.
    n_raw : int
        Number of classes.
    dropout : float
        Share of u that the head does not see in training.
    """

    embedding = None  # whose rows would be touched one by one: a step works on whole tables
    frozen_names: frozenset[str] = frozenset()

    def __init__(self, encoder: Trunk, decoder: Trunk, n_raw: int, *, dropout: float = 0.0) -> None:
        n_memory, n_queried = encoder.layers.n_outputs, decoder.layers.n_outputs
        self.encoder = encoder
        self.decoder = decoder
        self.bridges = [
            Dense(f"bridge_l{i}", n_memory, direction.cell.n_hidden)
            for i, (direction,) in enumerate(decoder.layers.layers)
        ]
        self.attention = Attention(n_queried, n_memory)
        self.head = AffineHead(n_queried, n_raw)
        self.n_raw = n_raw
        self.dropout = dropout
        self.n_layers = len(encoder.layers.layers)  # of either side
        self.n_units = max(encoder.n_units, decoder.n_units)
        self.n_units_in_all = encoder.n_units_in_all + decoder.n_units_in_all

    @property
    def shapes(self) -> Shapes:
        shapes = {**self.encoder.shapes, **self.decoder.shapes}
        for bridge in self.bridges:
            shapes |= bridge.shapes
        return shapes | self.attention.shapes | self.head.shapes

    def set_dropout(self, dropout: float, recurrent_dropout: float) -> None:
        """Change the shares of what is dropped."""
        self.dropout = dropout
        for trunk in (self.encoder, self.decoder):
            trunk.layers.dropout, trunk.layers.recurrent_dropout = dropout, recurrent_dropout

    def encode(
        self,
        parameters: dict[str, np.ndarray],
        X: SequenceBatch,
        workspace: Workspace,
        rng: np.random.RandomState | None = None,
    ) -> Encoding:
        """Read sources of falling length."""
        trunk = self.encoder.forward(parameters, X, workspace, rng)
        packing = trunk.packing
        n_memory = self.encoder.layers.n_outputs
        states = trunk.states(-1, workspace.empty("encoder's cells", packing.n_cells, n_memory))
        places = packing.cell_rows(np.arange(len(X)) * packing.n_timesteps)
        memory = self.attention.memorise(parameters, states, places, packing.lengths, workspace)
        final = np.ascontiguousarray(trunk.outputs().final.T)
        initial = [bridge.forward(parameters, final) for bridge in self.bridges]
        return Encoding(trunk, states, places, memory, final, initial)

    def forward_batch(
        self,
        parameters: dict[str, np.ndarray],
        batch: Samples,
        workspace: Workspace,
        rng: np.random.RandomState | None = None,
    ) -> Record:
        """Return what samples of falling source lengths leave behind, up to the head.

        ``rng`` draws the masks of dropout; None: nothing is dropped.
        """
        encoding = self.encode(parameters, batch.X, workspace, rng)
        inputs = _inputs_of_decoder(batch)
        order = inputs.falling_lengths()
        initial = [state[order].T for state in encoding.initial]
        trunk = self.decoder.forward(parameters, inputs[order], workspace, rng, initial=initial)
        packing = trunk.packing
        places = packing.cell_rows(order * packing.n_timesteps)
        n_units = self.decoder.layers.n_outputs
        states = trunk.states(-1, workspace.empty("decoder's cells", packing.n_cells, n_units))
        reading = self.attention.forward(
            parameters, encoding.memory, states, places, packing.n_timesteps, workspace
        )
        outputs = reading.outputs
        mask = draw_mask(rng, self.dropout, outputs.shape, outputs.dtype)
        pooled = (outputs if mask is None else outputs * mask).T
        return Record(encoding, order, trunk, reading, mask, pooled)

    def backward(
        self,
        parameters: dict[str, np.ndarray],
        record: Record,
        d_pooled: np.ndarray,
        gradient: dict[str, np.ndarray],
        workspace: Workspace,
    ) -> None:
        """Write the gradient of what is below the head, given that of what the head sees."""
        encoding, d_outputs = record.encoding, d_pooled.T
        if record.mask is not None:
            d_outputs = d_outputs * record.mask
        d_decoder, d_encoder = self.attention.backward(
            parameters,
            encoding.memory,
            encoding.states,
            encoding.places,
            record.reading,
            d_outputs,
            gradient,
            workspace,
        )
        packing, order = record.trunk.packing, record.order
        dtype, N = d_pooled.dtype, len(order)
        d_initial = [np.empty((bridge.n_outputs, N), dtype) for bridge in self.bridges]
        self.decoder.backward(
            parameters,
            record.trunk,
            None,
            packing.cut(d_decoder),
            gradient,
            workspace,
            d_initial=d_initial,
        )
        d_final = np.zeros_like(encoding.final)
        for bridge, q_0, d_q_0 in zip(self.bridges, encoding.initial, d_initial, strict=True):
            d_q_0_rows = np.empty_like(q_0)
            d_q_0_rows[order] = d_q_0.T
            d_final += bridge.backward(parameters, encoding.final, q_0, d_q_0_rows, gradient)
        d_runs = encoding.trunk.packing.cut(d_encoder)
        self.encoder.backward(parameters, encoding.trunk, d_final.T, d_runs, gradient, workspace)

    def raw_of_step(
        self,
        parameters: dict[str, np.ndarray],
        memory: Memory,
        states: np.ndarray,
        workspace: Workspace,
    ) -> np.ndarray:
        """Return the raw outputs (N B, K), given the decoder's states (H, N B) after a step.

        Of each source, B states stand one after the other.
        """
        width = states.shape[1] // len(memory)
        places = np.arange(states.shape[1])
        reading = self.attention.forward(parameters, memory, states.T, places, width, workspace)
        return self.head.forward(parameters, reading.outputs.T)

    def chunks(
        self, X: SequenceBatch, *, n_targets: np.ndarray | None = None, width: int = 1
    ) -> Iterator[np.ndarray]:
        """Cut the indices of sources, of falling length, into what is computed at a time.

        The decoder goes through all ``n_targets`` steps of each of them, or without through one
        step of ``width`` hypotheses.
        """
        order = X.falling_lengths()
        while len(order):
            S = int(X.lengths[order[0]])
            of_step = self.decoder.n_column_rows + S
            of_source = max(S * self.encoder.n_column_rows, width * max(of_step, self.n_raw))
            n_chunk = max(1, PREDICTION_SIZE // of_source)
            if n_targets is not None:
                n_chunk = _n_that_fit(n_targets[order[:n_chunk]] * of_step)
            yield order[:n_chunk]
            order = order[n_chunk:]

    def attention_of(self, parameters: dict[str, np.ndarray], samples: Samples) -> list[np.ndarray]:
        """Return how much each target looks at each step of the source, (T, S) per sample."""
        weights: list[np.ndarray] = [np.empty(0)] * len(samples)
        workspace = Workspace(parameters["weight_out"].dtype, keeps_gates=False)
        for chunk in self.chunks(samples.X, n_targets=samples.n_targets):
            part = samples.select(chunk)
            attention = self.forward_batch(parameters, part, workspace).reading.weights
            assert isinstance(part.y, SequenceBatch)
            for i, n, T, S in zip(
                chunk, range(len(chunk)), part.y.lengths, part.X.lengths, strict=True
            ):
                weights[i] = attention[n, :T, :S].copy()
        return weights


def _n_that_fit(sizes: np.ndarray) -> int:
    """Return how many of some sequences are computed at a time, each as large as the largest."""
    of_all = np.maximum.accumulate(sizes) * np.arange(1, len(sizes) + 1)
    return max(1, int(np.searchsorted(of_all, PREDICTION_SIZE, side="right")))


def _inputs_of_decoder(batch: Samples) -> SequenceBatch:
    """Return what the decoder reads: the targets, each from one step before."""
    y = batch.y
    assert isinstance(y, SequenceBatch)
    before = SequenceBatch(y.values, y.starts - 1, y.lengths)
    return SequenceBatch(before.rows().astype(np.intp), begins(y.lengths), y.lengths)
