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
    ) -> None:
        """Write the gradient of all recurrent parameters, given that of the pooled output."""
        d_outputs: list[np.ndarray] | None = None  # per run, the rows of both directions together
        for i in reversed(range(len(self.layers))):
            d_inputs = []
            for j, (direction, tape) in enumerate(zip(self.layers[i], tapes[i], strict=True)):
                H = direction.cell.n_hidden
                rows = slice(j * H, (j + 1) * H)
                weights = direction.weights(parameters)
                direction.cell.backward(
                    weights,
                    tape,
                    d_pooled[rows],
                    None if d_outputs is None else [d_run[:, rows] for d_run in d_outputs],
                    direction.weights(gradient),
                )
                if i > 0:
                    d_inputs.append(direction.cell.input_gradient(weights, tape))
            if i > 0:
                d_outputs = [sum(runs[1:], start=runs[0]) for runs in zip(*d_inputs, strict=True)]
                d_pooled = np.zeros(
                    (self.layers[i][0].cell.n_inputs, d_pooled.shape[1]), d_pooled.dtype
                )
