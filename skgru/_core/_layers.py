"""The recurrent part of the network: stacked layers, one or two directions, and pooling."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._batching import Packing
from ._cell import Cell, CellWeights
from ._params import Shapes
from ._reset_after import ResetAfter
from ._reset_before import ResetBefore
from ._tape import Tape, Workspace


class Direction(NamedTuple):
    """One cell of a layer."""

    cell: Cell
    suffix: str  # of its parameters' names: PyTorch's, "_l0" or "_l0_reverse"
    reverse: bool

    def weights(self, parameters: dict[str, np.ndarray]) -> CellWeights:
        return CellWeights(
            parameters["weight_ih" + self.suffix],
            parameters["weight_hh" + self.suffix],
            parameters["bias_ih" + self.suffix],
            parameters.get("bias_hh" + self.suffix),
        )


class RecurrentLayers:
    """Stacked GRU layers whose pooled output is the final state of each direction of the last one.

    Parameters
    ----------
    n_features : int
        Number of input features per step.
    hidden_layer_sizes : sequence of int
    bidirectional, reset_after : bool
    """

    def __init__(
        self,
        n_features: int,
        hidden_layer_sizes: tuple[int, ...],
        *,
        bidirectional: bool,
        reset_after: bool,
    ) -> None:
        cell_type = ResetAfter if reset_after else ResetBefore
        endings = ["", "_reverse"] if bidirectional else [""]
        self.layers: list[list[Direction]] = []
        self.shapes: Shapes = {}
        n_inputs = n_features
        for i, n_hidden in enumerate(hidden_layer_sizes):
            self.layers.append(
                [
                    Direction(cell_type(n_inputs, n_hidden), f"_l{i}{ending}", ending != "")
                    for ending in endings
                ]
            )
            for ending in endings:
                suffix = f"_l{i}{ending}"
                self.shapes["weight_ih" + suffix] = (3 * n_hidden, n_inputs)
                self.shapes["weight_hh" + suffix] = (3 * n_hidden, n_hidden)
                self.shapes["bias_ih" + suffix] = (3 * n_hidden,)
                if reset_after:
                    self.shapes["bias_hh" + suffix] = (n_hidden,)
            n_inputs = n_hidden * len(endings)
        self.n_outputs = n_inputs

    def forward(
        self,
        parameters: dict[str, np.ndarray],
        packing: Packing,
        inputs: list[np.ndarray],
        workspace: Workspace,
    ) -> tuple[np.ndarray, list[list[Tape]]]:
        """Return the pooled output (n_outputs, N), and the tapes that `backward` reads.

        ``inputs`` are (n_steps, n_features, N) per run of the packing.
        """
        tapes: list[list[Tape]] = []
        for i, layer in enumerate(self.layers):
            if i > 0:
                outputs = zip(*(tape.outputs() for tape in tapes[-1]), strict=True)
                inputs = [np.concatenate(directions, axis=1) for directions in outputs]
            tapes.append([])
            pooled = []
            for direction in layer:
                name = direction.suffix
                tape = direction.cell.tape(workspace, name, packing, direction.reverse)
                tape.load(inputs)
                pooled.append(direction.cell.forward(direction.weights(parameters), tape))
                tapes[-1].append(tape)
        return np.concatenate(pooled), tapes

    def backward(
        self,
        parameters: dict[str, np.ndarray],
        tapes: list[list[Tape]],
        d_pooled: np.ndarray,
        gradient: dict[str, np.ndarray],
        workspace: Workspace,
    ) -> None:
        """Write the gradient of all recurrent parameters, given that of the pooled output."""
        d_final, d_outputs = d_pooled, None
        for layer, layer_tapes in zip(reversed(self.layers), reversed(tapes), strict=True):
            pairs = list(zip(layer, layer_tapes, strict=True))
            self._backward_layer(parameters, pairs, d_final, d_outputs, gradient, workspace)
            if layer is not self.layers[0]:
                d_outputs = _input_gradient(parameters, pairs)
                # Of a lower layer only the outputs count, not the final states as such.
                d_final = np.zeros((layer[0].cell.n_inputs, d_final.shape[1]), d_final.dtype)

    def _backward_layer(
        self,
        parameters: dict[str, np.ndarray],
        pairs: list[tuple[Direction, Tape]],
        d_final: np.ndarray,
        d_outputs: list[np.ndarray] | None,
        gradient: dict[str, np.ndarray],
        workspace: Workspace,
    ) -> None:
        """Give each direction its rows of the gradients of final states and outputs."""
        stop = 0
        for direction, tape in pairs:
            start, stop = stop, stop + direction.cell.n_hidden
            direction.cell.backward(
                direction.weights(parameters),
                tape,
                d_final[start:stop],
                None if d_outputs is None else [d_run[:, start:stop] for d_run in d_outputs],
                direction.weights(gradient),
                workspace,
            )


def _input_gradient(
    parameters: dict[str, np.ndarray], pairs: list[tuple[Direction, Tape]]
) -> list[np.ndarray]:
    """Return the gradient of a layer's inputs, summed over directions: (n_steps, F, N) per run."""
    per_direction = [
        direction.cell.input_gradient(direction.weights(parameters), tape)
        for direction, tape in pairs
    ]
    return [sum(runs[1:], start=runs[0]) for runs in zip(*per_direction, strict=True)]
