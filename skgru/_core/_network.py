"""Embedding, recurrent layers, pooling, dropout and head, one after the other."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ._batching import Packing
from ._dropout import draw_mask
from ._embedding import Embedding
from ._heads import AffineHead
from ._layers import RecurrentLayers
from ._params import Shapes
from ._pooling import Pooling
from ._samples import Samples
from ._sequences import SequenceBatch, begins
from ._tape import Workspace
from ._trunk import Trunk, TrunkRecord

# Numbers on the tapes that prediction holds at a time: fewer make the products small (a quarter of
# it: 1.35 times as slow at T=100, H=128).
PREDICTION_SIZE = 2**22
# Numbers in the states (H x N) that a thread of its own is worth: with fewer, threads wait longer
# for each other's hold on the interpreter than they save.
THREAD_SIZE = 2**13


@dataclass
class Record:
    """What the forward pass leaves for the backward pass."""

    trunk: TrunkRecord
    pooling: Any
    mask: np.ndarray | None
    pooled: np.ndarray

    @property
    def packing(self) -> Packing:
        return self.trunk.packing

    def targets(self, batch: Samples) -> tuple[np.ndarray, np.ndarray]:
        """Return targets and weights of the batch in the order of the pooled states."""
        if not isinstance(batch.y, SequenceBatch):
            return batch.y, batch.weights
        packing = self.packing
        rows = packing.cell_rows(batch.y.starts)
        return batch.y.values[rows], batch.weights[packing.cell_sequences()]


class Reading(NamedTuple):
    """What is taken from a forward pass."""

    n_columns: int
    per_step: bool  # a row for each step, in the order of `Packing.cell_rows`, or each sequence
    of_final_states: bool  # and of no others
    of: Callable[[Record], np.ndarray]  # the rows


class Network:
    """From sequences to raw outputs, and their gradient back to the parameters.

    Parameters
    ----------
    layers : RecurrentLayers
    pooling : Pooling
    n_raw : int
        Number of raw outputs of a sequence or step.
    dropout : float
        Share of the pooled states that the head does not see in training.
    embedding : Embedding or None
        Makes inputs of tokens; None: sequences hold the inputs themselves.
    """

    def __init__(
        self,
        layers: RecurrentLayers,
        pooling: Pooling,
        n_raw: int,
        *,
        dropout: float = 0.0,
        embedding: Embedding | None = None,
    ) -> None:
        self.trunk = Trunk(layers, embedding)
        self.layers = layers
        self.pooling = pooling
        self.dropout = dropout
        self.embedding = embedding
        self.head = AffineHead(layers.n_outputs, n_raw)
        self.n_raw = n_raw
        self.n_layers = len(layers.layers)
        self.frozen_names = self.trunk.frozen_names
        self.n_units = self.trunk.n_units
        self.n_units_in_all = self.trunk.n_units_in_all

    @property
    def shapes(self) -> Shapes:
        return {**self.trunk.shapes, **self.pooling.shapes, **self.head.shapes}

    def set_dropout(self, dropout: float, recurrent_dropout: float) -> None:
        """Change the shares of what is dropped."""
        self.dropout = self.layers.dropout = dropout
        self.layers.recurrent_dropout = recurrent_dropout

    def forward_batch(
        self,
        parameters: dict[str, np.ndarray],
        batch: Samples,
        workspace: Workspace,
        rng: np.random.RandomState | None = None,
    ) -> Record:
        """Return what samples of falling length leave behind, up to the head.

        Linked ones take over states and hand them on.
        """
        if batch.link is None:
            return self.forward(parameters, batch.X, workspace, rng)
        initial = batch.link.initial()
        record = self.forward(parameters, batch.X, workspace, rng, initial=initial)
        batch.link.hand_on(record.trunk.final_states())
        return record

    def forward(
        self,
        parameters: dict[str, np.ndarray],
        X: SequenceBatch,
        workspace: Workspace,
        rng: np.random.RandomState | None = None,
        *,
        keeps_states: bool = True,
        initial: list[np.ndarray] | None = None,
    ) -> Record:
        """Return what sequences of falling length leave behind, up to the head.

        Pooled states are a column for each sequence, or for each step in the order of
        `Packing.cell_rows`. ``rng`` draws the masks of dropout; None: nothing is dropped. Without
        ``keeps_states`` only the final ones of the last layer are left: enough for some poolings,
        but not for `backward`. ``initial`` is h_0 of each layer, (H, N), None: zero; for one
        direction only.
        """
        trunk = self.trunk.forward(
            parameters, X, workspace, rng, keeps_states=keeps_states, initial=initial
        )
        pooled, cache = self.pooling.forward(parameters, trunk.packing, trunk.outputs())
        mask = draw_mask(rng, self.dropout, pooled.shape, pooled.dtype)
        if mask is not None:
            pooled = np.multiply(pooled, mask, np.empty_like(pooled))  # in the same order
        return Record(trunk, cache, mask, pooled)

    def backward(
        self,
        parameters: dict[str, np.ndarray],
        record: Record,
        d_pooled: np.ndarray,
        gradient: dict[str, np.ndarray],
        workspace: Workspace,
        *,
        wants_inputs: bool = False,
    ) -> list[np.ndarray]:
        """Write the gradient of what is below the head and not frozen, given that of pooled states.

        Returns that of the first layer's inputs, (n_steps, F, N) per run, if ``wants_inputs``;
        ``gradient`` then has to hold the frozen ones too. Writes to ``d_pooled``.
        """
        if record.mask is not None:
            d_pooled *= record.mask
        d_final, d_states = self.pooling.backward(
            parameters, record.packing, record.pooling, d_pooled, gradient
        )
        return self.trunk.backward(
            parameters,
            record.trunk,
            d_final,
            d_states,
            gradient,
            workspace,
            wants_inputs=wants_inputs,
        )

    def predict(
        self, parameters: dict[str, np.ndarray], X: SequenceBatch, n_threads: int = 1
    ) -> np.ndarray:
        """Return raw outputs, computed in chunks of similar length, in the order of X.

        A row for each sequence, (N, n_raw), or for each step, in the order of `X.rows()`.
        """
        kind = self.pooling.per_step, self.pooling.of_final_states
        reading = Reading(
            self.n_raw, *kind, lambda record: self.head.forward(parameters, record.pooled)
        )
        return self._read(parameters, X, reading, n_threads)

    def pool(
        self, parameters: dict[str, np.ndarray], X: SequenceBatch, n_threads: int = 1
    ) -> np.ndarray:
        """Return what the head sees, a row for each that `predict` returns."""
        kind = self.pooling.per_step, self.pooling.of_final_states
        reading = Reading(self.layers.n_outputs, *kind, lambda record: record.pooled.T)
        return self._read(parameters, X, reading, n_threads)

    def states(
        self, parameters: dict[str, np.ndarray], X: SequenceBatch, layer: int, n_threads: int = 1
    ) -> np.ndarray:
        """Return the states of a layer after each step, (M, D H), in the order of `X.rows()`."""
        n_units = sum(direction.cell.n_hidden for direction in self.layers.layers[layer])
        dtype = parameters["weight_out"].dtype

        def states(record: Record) -> np.ndarray:
            return record.trunk.states(layer, np.empty((record.packing.n_cells, n_units), dtype))

        return self._read(parameters, X, Reading(n_units, True, False, states), n_threads)

    def input_gradient(
        self, parameters: dict[str, np.ndarray], X: SequenceBatch, d_raw: np.ndarray
    ) -> np.ndarray:
        """Return the gradient of the first layer's inputs, (M, F), in the order of `X.rows()`.

        ``d_raw`` is that of the raw outputs, in the form of `predict`.
        """
        gradient = {name: np.empty_like(value) for name, value in parameters.items()}
        workspace = Workspace(d_raw.dtype)
        offsets = begins(X.lengths)
        d_inputs = np.empty((X.lengths.sum(), self.layers.n_features), d_raw.dtype)
        for chunk in self._chunks(X, n_threads=1):
            record = self.forward(parameters, X.select(chunk), workspace)
            cells = record.packing.cell_rows(offsets[chunk])
            d_chunk = d_raw[cells if self.pooling.per_step else chunk]
            d_pooled = self.head.backward(parameters, record.pooled, d_chunk, gradient)
            d_runs = self.backward(
                parameters, record, d_pooled, gradient, workspace, wants_inputs=True
            )
            d_cells = np.empty((len(cells), self.layers.n_features), d_raw.dtype)
            d_inputs[cells] = record.packing.join(d_runs, d_cells)
        return d_inputs

    def n_useful_threads(self, n_sequences: int) -> int:
        """Return on how many threads at most a prediction gets faster."""
        return max(1, n_sequences * self.n_units // THREAD_SIZE)

    def _read(
        self,
        parameters: dict[str, np.ndarray],
        X: SequenceBatch,
        reading: Reading,
        n_threads: int,
    ) -> np.ndarray:
        """Run forward, in chunks of similar length, and return the rows of a reading."""
        n_rows = int(X.lengths.sum()) if reading.per_step else len(X)
        rows = np.empty((n_rows, reading.n_columns), parameters["weight_out"].dtype)
        chunks = self._chunks(X, n_threads)
        if n_threads == 1:
            self._read_chunks(parameters, X, chunks, reading, rows)
            return rows
        with ThreadPoolExecutor(n_threads) as threads:
            futures = []
            for i in range(n_threads):
                of_thread = chunks[i::n_threads]
                task = partial(self._read_chunks, parameters, X, of_thread, reading, rows)
                futures.append(threads.submit(copy_context().run, task))  # np.errstate's too
            for future in futures:
                future.result()
        return rows

    def _read_chunks(
        self,
        parameters: dict[str, np.ndarray],
        X: SequenceBatch,
        chunks: list[np.ndarray],
        reading: Reading,
        rows: np.ndarray,
    ) -> None:
        """Write the rows of the sequences in the chunks."""
        workspace = Workspace(rows.dtype, keeps_gates=False)
        offsets = begins(X.lengths) if reading.per_step else None
        for chunk in chunks:
            record = self.forward(
                parameters, X.select(chunk), workspace, keeps_states=not reading.of_final_states
            )
            places = chunk if offsets is None else record.packing.cell_rows(offsets[chunk])
            rows[places] = reading.of(record)

    def _chunks(self, X: SequenceBatch, n_threads: int) -> list[np.ndarray]:
        """Cut the indices of sequences, of falling length, into what is computed at a time."""
        of_thread = math.ceil(len(X) / n_threads)
        chunks, order = [], X.falling_lengths()
        while len(order):
            n_chunk = min(of_thread, self._chunk_length(int(X.lengths[order[0]])))
            chunks.append(order[:n_chunk])
            order = order[n_chunk:]
        return chunks

    def _chunk_length(self, n_timesteps: int) -> int:
        return max(1, PREDICTION_SIZE // (n_timesteps * self.trunk.n_column_rows))
