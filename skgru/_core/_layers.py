"""The recurrent part of the network: stacked layers, one or two directions, and dropout."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from ._batching import Packing, Tokens
from ._cell import Cell, CellWeights
from ._dropout import draw_mask
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


@dataclass
class LayerRecord:
    """What the forward pass of a layer leaves for the backward pass.

    Attributes
    ----------
    tapes : list of Tape
        One per direction.
    input_masks : list of ndarray, or None
        Dropout of the layer's inputs, (n_steps, n_inputs, N) per run.
    """

    tapes: list[Tape]
    input_masks: list[np.ndarray] | None = None


class States:
    """The states of one layer: both directions, one below the other."""

    def __init__(self, tapes: list[Tape]) -> None:
        self._tapes = tapes
        self.final = np.concatenate([tape.final_state for tape in tapes])  # (D H, N)

    def per_step(self) -> list[np.ndarray]:
        """Return the states after each step, (n_steps, D H, N) per run in time order."""
        per_direction = [tape.outputs() for tape in self._tapes]
        if len(per_direction) == 1:
            return per_direction[0]
        return [np.concatenate(runs, axis=1) for runs in zip(*per_direction, strict=True)]

    def write(self, packing: Packing, cells: np.ndarray) -> np.ndarray:
        """Write the states after each step to rows (n_cells, D H) and return these.

        They stand as `Packing.cell_rows` has them.
        """
        places, stop = packing.cut(cells), 0
        for tape in self._tapes:
            start, stop = stop, stop + len(tape.final_state)
            tape.write_outputs([place[:, start:stop] for place in places])
        return cells


class RecurrentLayers:
    """Stacked GRU layers.

    Parameters
    ----------
    n_features : int
        Number of input features per step.
    hidden_layer_sizes : sequence of int
    bidirectional, reset_after : bool
    dropout : float
        Share of a layer's outputs that the next layer does not see in training.
    recurrent_dropout : float
        Share of the state that the weights of the same layer do not see, the same units at every
        step of a sequence (Gal and Ghahramani 2016, https://arxiv.org/abs/1512.05287). What the
        update gate carries over is the whole state.
    n_frozen : int
        How many layers, from the first, get no gradient.
    reads_tokens : bool
        Whether inputs are `Tokens` in training.
    role : str
        Ends the names of the parameters, where a network has layers of several kinds.
    """

    def __init__(
        self,
        n_features: int,
        hidden_layer_sizes: tuple[int, ...],
        *,
        bidirectional: bool = False,
        reset_after: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        n_frozen: int = 0,
        reads_tokens: bool = False,
        role: str = "",
    ) -> None:
        cell_type = ResetAfter if reset_after else ResetBefore
        endings = ["", "_reverse"] if bidirectional else [""]
        self.n_features = n_features
        self.reads_tokens = reads_tokens
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.n_frozen = n_frozen
        self.layers: list[list[Direction]] = []
        self.shapes: Shapes = {}
        self.frozen_names: set[str] = set()
        n_inputs = n_features
        for i, n_hidden in enumerate(hidden_layer_sizes):
            suffixes = [f"_l{i}{ending}{role}" for ending in endings]
            new_cell = partial(cell_type, n_inputs, n_hidden, reads_tokens=reads_tokens and i == 0)
            self.layers.append(
                [Direction(new_cell(), suffix, "_reverse" in suffix) for suffix in suffixes]
            )
            shapes: Shapes = {}
            for suffix in suffixes:
                shapes["weight_ih" + suffix] = (3 * n_hidden, n_inputs)
                shapes["weight_hh" + suffix] = (3 * n_hidden, n_hidden)
                shapes["bias_ih" + suffix] = (3 * n_hidden,)
                if reset_after:
                    shapes["bias_hh" + suffix] = (n_hidden,)
            self.shapes |= shapes
            self.frozen_names |= shapes.keys() if i < n_frozen else set()
            n_inputs = n_hidden * len(endings)
        self.n_outputs = n_inputs

    def forward(
        self,
        parameters: dict[str, np.ndarray],
        packing: Packing,
        inputs: list[np.ndarray] | Tokens,
        workspace: Workspace,
        rng: np.random.RandomState | None = None,
        *,
        keeps_states: bool = True,
        initial: list[np.ndarray] | None = None,
    ) -> tuple[States, list[LayerRecord]]:
        """Return the states of the last layer, and the records that `backward` reads.

        ``inputs`` are (n_steps, n_features, N) per run of the packing, or `Tokens`, which layers
        that read these want for `backward`. ``rng`` draws the masks of dropout; None: nothing is
        dropped. Without ``keeps_states`` only the final ones are left of the last layer, and no
        `backward` is possible. ``initial`` is h_0 of each layer, (H, N), None: zero; for layers in
        one direction only.
        """
        records: list[LayerRecord] = []
        for i, layer in enumerate(self.layers):
            record = LayerRecord([])
            if records:
                inputs = States(records[-1].tapes).per_step()
                record.input_masks = self._drop(inputs, rng)
            for direction in layer:
                weights, cell = direction.weights(parameters), direction.cell
                if not isinstance(inputs, Tokens):
                    cell = cell.for_vectors()
                shape = cell.n_hidden, packing.n_sequences
                mask = draw_mask(rng, self.recurrent_dropout, shape, workspace.dtype)
                tape = cell.tape(
                    workspace,
                    direction.suffix,
                    packing,
                    reverse=direction.reverse,
                    masked=mask is not None,
                    keeps_states=keeps_states or layer is not self.layers[-1],
                )
                h_0 = None if initial is None else initial[i]
                if isinstance(inputs, Tokens):
                    cell.load_tokens(weights, tape, inputs, mask, h_0)
                else:
                    tape.load(inputs, mask, h_0)
                cell.forward(weights, tape, workspace)
                record.tapes.append(tape)
            records.append(record)
        return States(records[-1].tapes), records

    def _drop(
        self, inputs: list[np.ndarray], rng: np.random.RandomState | None
    ) -> list[np.ndarray] | None:
        """Multiply a layer's inputs by masks, in place, and return those."""
        masks = []
        for run in inputs:
            mask = draw_mask(rng, self.dropout, run.shape, run.dtype)
            if mask is None:
                return None
            np.multiply(run, mask, run)
            masks.append(mask)
        return masks

    def backward(
        self,
        parameters: dict[str, np.ndarray],
        records: list[LayerRecord],
        d_final: np.ndarray | None,
        d_outputs: list[np.ndarray] | None,
        gradient: dict[str, np.ndarray],
        workspace: Workspace,
        *,
        wants_inputs: bool = False,
        d_initial: list[np.ndarray] | None = None,
    ) -> list[np.ndarray]:
        """Write the gradient of the parameters that are not frozen.

        Takes that of the last layer's final states (D H, N) and of its states after each step,
        (n_steps, D H, N) per run; None: zero. Returns the gradient of the inputs, per run, if
        ``wants_inputs``, else nothing: the way there leads through frozen layers too, whose
        parameters then have to be in ``gradient``. Where tokens are read, the first layer's
        ``weight_ih`` and ``bias_ih`` are left to the caller. The gradient of h_0 is written to
        ``d_initial``, (H, N) per layer, if given; for one direction only.
        """
        first = 0 if wants_inputs else self.n_frozen
        for i in reversed(range(first, len(self.layers))):
            pairs = list(zip(self.layers[i], records[i].tapes, strict=True))
            self._backward_layer(parameters, pairs, d_final, d_outputs, gradient, workspace)
            if d_initial is not None:
                d_initial[i][...] = records[i].tapes[0].initial_gradient
            if i > first or wants_inputs:
                d_final = None  # of a lower layer only the outputs count
                d_outputs = _input_gradient(parameters, pairs)
                for d_run, mask in zip(d_outputs, records[i].input_masks or [], strict=False):
                    d_run *= mask
        return d_outputs if wants_inputs and d_outputs is not None else []

    def _backward_layer(
        self,
        parameters: dict[str, np.ndarray],
        pairs: list[tuple[Direction, Tape]],
        d_final: np.ndarray | None,
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
                np.zeros_like(tape.final_state) if d_final is None else d_final[start:stop],
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
