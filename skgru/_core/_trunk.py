"""Embedding, where there is one, and recurrent layers: from sequences to states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._batching import Packing, Tokens, pack
from ._embedding import Embedding, Lookup, look_up
from ._layers import LayerRecord, RecurrentLayers, States
from ._params import Shapes
from ._sequences import SequenceBatch
from ._tape import Workspace


@dataclass
class TrunkRecord:
    """What the forward pass leaves for the backward pass."""

    packing: Packing
    lookup: Lookup | None  # in the embedding's table, if there is one, in training
    layers: list[LayerRecord]

    def outputs(self) -> States:
        """Return the states of the last layer."""
        return States(self.layers[-1].tapes)

    def final_states(self) -> list[np.ndarray]:
        """Return the final states of each layer, (D H, N)."""
        return [States(layer.tapes).final for layer in self.layers]

    def states(self, layer: int, cells: np.ndarray) -> np.ndarray:
        """Write the states of a layer after each step to rows (n_cells, D H), and return these."""
        return States(self.layers[layer].tapes).write(self.packing, cells)


class Trunk:
    """Recurrent layers, and a table of token vectors below them.

    Parameters
    ----------
    layers : RecurrentLayers
        They read tokens if there is an embedding.
    embedding : Embedding or None
        Makes inputs of tokens; None: sequences hold the inputs themselves.
    """

    def __init__(self, layers: RecurrentLayers, embedding: Embedding | None = None) -> None:
        assert layers.reads_tokens == (embedding is not None)
        self.layers = layers
        self.embedding = embedding
        self.frozen_names = set(layers.frozen_names)
        if embedding is not None and layers.n_frozen:
            self.frozen_names |= embedding.shapes.keys()

    @property
    def n_units(self) -> int:
        """Number of units of the largest layer, in one direction."""
        return max(layer[0].cell.n_hidden for layer in self.layers.layers)

    @property
    def n_units_in_all(self) -> int:
        """Number of units of all layers, in all directions."""
        return sum(direction.cell.n_hidden for layer in self.layers.layers for direction in layer)

    @property
    def n_column_rows(self) -> int:
        """Return how many numbers all tapes hold of a step of a sequence in prediction."""
        cells = (direction.cell for layer in self.layers.layers for direction in layer)
        return sum(cell.for_vectors().n_column_rows for cell in cells)

    @property
    def shapes(self) -> Shapes:
        of_embedding = {} if self.embedding is None else self.embedding.shapes
        return {**of_embedding, **self.layers.shapes}

    def forward(
        self,
        parameters: dict[str, np.ndarray],
        X: SequenceBatch,
        workspace: Workspace,
        rng: np.random.RandomState | None = None,
        *,
        keeps_states: bool = True,
        initial: list[np.ndarray] | None = None,
    ) -> TrunkRecord:
        """Run over sequences of falling length.

        ``rng`` draws the masks of dropout; None: nothing is dropped. Without ``keeps_states`` only
        the final ones of the last layer are left. ``initial`` is h_0 of each layer, (H, N), None:
        zero; for one direction only.
        """
        packing, runs = pack(X)
        inputs: list[np.ndarray] | Tokens = runs
        lookup = None
        if self.embedding is not None:
            table, rows = parameters[self.embedding.name], [run[:, 0] for run in runs]
            if workspace.keeps_gates:
                lookup = look_up(rows, len(table))
                inputs = Tokens(table[lookup.used], lookup.places)
            else:  # what they share does not pay in prediction
                inputs = Tokens(table, rows).per_step()
        _, layer_records = self.layers.forward(
            parameters,
            packing,
            inputs,
            workspace,
            rng,
            keeps_states=keeps_states,
            initial=initial,
        )
        return TrunkRecord(packing, lookup, layer_records)

    def backward(
        self,
        parameters: dict[str, np.ndarray],
        record: TrunkRecord,
        d_final: np.ndarray | None,
        d_outputs: list[np.ndarray] | None,
        gradient: dict[str, np.ndarray],
        workspace: Workspace,
        *,
        wants_inputs: bool = False,
        d_initial: list[np.ndarray] | None = None,
    ) -> list[np.ndarray]:
        """Write the gradient of what is not frozen; arguments as those of the layers.

        Returns the gradient of the first layer's inputs if it was computed, else nothing.
        """
        d_inputs = self.layers.backward(
            parameters,
            record.layers,
            d_final,
            d_outputs,
            gradient,
            workspace,
            wants_inputs=wants_inputs,
            d_initial=d_initial,
        )
        if self.embedding is not None and self.embedding.name in gradient:
            self._backward_embedding(self.embedding.name, parameters, record, gradient, workspace)
        return d_inputs

    def _backward_embedding(
        self,
        name: str,
        parameters: dict[str, np.ndarray],
        record: TrunkRecord,
        gradient: dict[str, np.ndarray],
        workspace: Workspace,
    ) -> None:
        """Write the gradient of the table, and of the weights that multiply its rows.

        A token is the input of many steps. So what these steps pass back is added up before it is
        multiplied.
        """
        assert record.lookup is not None
        used, sums = record.lookup.used, record.lookup.sums()
        table, d_table = parameters[name], gradient[name]
        d_table[...] = 0.0
        for direction, tape in zip(self.layers.layers[0], record.layers[0].tapes, strict=True):
            weights, d_weights = direction.weights(parameters), direction.weights(gradient)
            d_products = direction.cell.token_gradient(tape, record.packing, sums, workspace)
            np.matmul(d_products.T, table[used], d_weights.weight_ih)
            d_products.sum(axis=0, out=d_weights.bias_ih)
            d_table[used] += d_products @ weights.weight_ih
