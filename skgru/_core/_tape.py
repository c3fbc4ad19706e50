"""Memory of one layer in one direction: what the forward pass writes and the backward pass reads.

Layout (a secret of ``_core``): time first, then features, then sequences. At each step any block
of rows is contiguous, and products with the weights need no transposition. Layers of many units
that read tokens have *planes*, where features and sequences have changed places in memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from ._aligned import aligned_empty
from ._batching import Packing
from ._runs import Run

# Packings whose views are kept: the full batch and the smaller one that ends an epoch.
N_KEPT_PACKINGS = 2


class Workspace:
    """Flat memory under names, kept from batch to batch and grown when a batch needs more.

    With ``keeps_gates=False`` all steps write their gates to the same place: for prediction.
    """

    def __init__(self, dtype: np.dtype, *, keeps_gates: bool = True) -> None:
        self.dtype = dtype
        self.keeps_gates = keeps_gates
        self._memory: dict[Any, np.ndarray] = {}
        self._tapes: dict[Any, dict[Any, Tape]] = {}

    def empty(self, name: Any, *shape: int, sequences_first: bool = False) -> np.ndarray:
        """Return memory with arbitrary contents; the same name returns the same memory again.

        With ``sequences_first`` the last two axes have changed places in it.
        """
        if sequences_first:
            *others, n_rows, n_sequences = shape
            return self.empty(name, *others, n_sequences, n_rows).swapaxes(-2, -1)
        size = math.prod(shape)
        memory = self._memory.get(name)
        if memory is None or memory.size < size:
            if memory is not None:
                self._tapes.clear()  # they would keep the old memory alive
            memory = self._memory[name] = aligned_empty(size, self.dtype)
        return memory[:size].reshape(shape)

    def tape(self, name: Any, packing: Packing, build: Callable[[], Tape]) -> Tape:
        """Return the tape called ``name``, an old one if the packing was met shortly before."""
        tape = self._tapes.get(packing.runs, {}).get(name)
        if tape is None:
            tape = build()
            if packing.runs not in self._tapes and len(self._tapes) == N_KEPT_PACKINGS:
                del self._tapes[next(iter(self._tapes))]
            self._tapes.setdefault(packing.runs, {})[name] = tape
        return tape


class Tape:
    """Columns, gates and states of all steps.

    The column of a step is what the weights multiply: rows ``[h_{t-1}; 1; x_t; ...]``, so that one
    product covers recurrence, bias and input. A new state is written straight into the next
    column. Without ``keeps_states`` that is the same one: nothing is left but the final states.

    With ``has_planes`` columns have no ``1`` and no x: products of the inputs with the weights are
    added to what the weights make of the column. Columns and gates then are *planes*: a table of
    cells for h, for ``r * h`` and for each gate, see `Packing.planes`. What is looked up for a
    step, summed over steps or passed to a table of cells needs no transposition there, and products
    of a few sequences take less time, because vectors are cut from units.
    """

    def __init__(
        self,
        workspace: Workspace,
        name: Any,
        packing: Packing,
        n_inputs: int,
        n_hidden: int,
        n_column_rows: int,
        n_gate_rows: int,
        *,
        reverse: bool,
        masked: bool,
        keeps_states: bool,
        has_planes: bool,
    ) -> None:
        self.reverse = reverse
        self.has_planes = has_planes
        self.n_sequences = packing.n_sequences
        empty = partial(workspace.empty, sequences_first=has_planes)
        self.state_rows = slice(n_hidden)
        self.bias_row = n_hidden
        self.input_rows = slice(n_hidden + 1, n_hidden + 1 + n_inputs)
        self.final_state = empty((name, "final"), n_hidden, packing.n_sequences)
        self.runs = []
        of_columns, of_gates, of_states = ((name, part) for part in ("columns", "gates", "states"))
        self.gate_cells: np.ndarray | None = None
        if has_planes:
            assert keeps_states  # for training only
            assert workspace.keeps_gates
            table = packing.n_cells, n_hidden
            self.gate_cells = workspace.empty(of_gates, n_gate_rows // n_hidden, *table)
            run_gates = packing.planes(self.gate_cells)
            columns = workspace.empty(of_columns, n_column_rows // n_hidden, *table)
            run_columns = packing.planes(columns)
            run_seen = [columns[:, 0] for columns in run_columns]
        else:
            run_gates = _steps(workspace, of_gates, packing, n_gate_rows, workspace.keeps_gates)
            run_columns = _steps(workspace, of_columns, packing, n_column_rows, keeps_states)
            run_seen = [columns[:, self.state_rows] for columns in run_columns]
        run_states = run_seen
        if masked:
            states = workspace.empty(of_states, n_hidden * packing.n_cells)
            run_states = (
                packing.cut(states.reshape(-1, n_hidden))
                if has_planes
                else packing.run_views(states, n_hidden)
            )
        for i, arrays in enumerate(zip(run_columns, run_gates, run_states, run_seen, strict=True)):
            columns, gates, states, seen = (array[::-1] if reverse else array for array in arrays)
            n_active = columns.shape[-1]
            last_state = empty((name, "last", i), n_hidden, n_active)
            # Two memories in turn: the hand-over reads one and writes the other.
            d_state = empty(("d_state", i % 2), 2, n_hidden, n_active)
            mask = empty((name, "mask", i), n_hidden, n_active) if masked else None
            self.runs.append(Run(columns, gates, states, seen, last_state, d_state, mask))
        if reverse:
            self.runs.reverse()

    def load(
        self,
        inputs: list[np.ndarray],
        mask: np.ndarray | None = None,
        initial: np.ndarray | None = None,
    ) -> None:
        """Write the inputs, (n_steps, F, N) per run in time order, and h_0.

        ``mask`` (H, N) is that of recurrent dropout, if the tape is made for one. ``initial``
        (H, N) is h_0, None: zero; forward in time only, where all sequences begin together.
        """
        for run, values in zip(self.runs, self.reorder(inputs), strict=True):
            if run.keeps_states:
                run.columns[:, self.input_rows] = values
            else:
                run.inputs, run.input_place = list(values), run.columns[0, self.input_rows]
        self._begin(mask, initial)

    def load_products(
        self,
        products: np.ndarray,
        rows: list[np.ndarray],
        mask: np.ndarray | None,
        initial: np.ndarray | None,
    ) -> None:
        """Take the products of the inputs with the weights from a table (G, U, H).

        ``rows`` says which ones each step takes, (n_steps, N) per run in time order; ``mask`` and
        ``initial`` are as of `load`.
        """
        for run, of_run in zip(self.runs, self.reorder(rows), strict=True):
            # Step by step, when they are wanted: while they are in the cache.
            run.inputs = (products.take(ids, axis=1).swapaxes(1, 2) for ids in of_run)
        self._begin(mask, initial)

    def _begin(self, mask: np.ndarray | None, initial: np.ndarray | None) -> None:
        """Write the mask of recurrent dropout, and h_0."""
        for run in self.runs:
            if run.mask is not None and mask is not None:
                run.mask[...] = mask[:, : run.n_active]
        first = self.runs[0]
        first.states[0] = 0.0 if initial is None else initial
        if first.mask is not None:
            np.multiply(first.states[0], first.mask, first.seen[0])

    def forward_runs(self) -> Iterator[Run]:
        """Yield the runs in order, each with the states that the one before it left."""
        before: Run | None = None
        for run in self.runs:
            if not self.has_planes:
                run.columns[:, self.bias_row] = 1.0
            if before is not None:
                self._hand_over(before, run)
            yield run
            before = run
        self.final_state[:, : run.n_active] = run.last_state

    def _hand_over(self, run: Run, following: Run) -> None:
        n_both = min(run.n_active, following.n_active)
        state = following.states[0]
        state[:, :n_both] = run.last_state[:, :n_both]
        state[:, n_both:] = 0.0  # backwards in time, shorter sequences begin later
        if following.mask is not None:
            np.multiply(state, following.mask, following.seen[0])
        self.final_state[:, n_both : run.n_active] = run.last_state[:, n_both:]

    def backward_runs(self, d_final: np.ndarray) -> Iterator[Run]:
        """Yield the runs, the last one first, with the gradient of its last state in place."""
        last = self.runs[-1]
        last.d_state[0] = d_final[:, : last.n_active]
        yield last
        for following, run in pairwise(reversed(self.runs)):
            n_both = min(run.n_active, following.n_active)
            run.d_state[0, :, :n_both] = following.d_state[0, :, :n_both]
            run.d_state[0, :, n_both:] = d_final[:, n_both : run.n_active]
            yield run

    @property
    def initial_gradient(self) -> np.ndarray:
        """Return the gradient of h_0 after `Cell.backward`, (H, N), until another layer's."""
        return self.runs[0].d_state[0]

    def outputs(self) -> list[np.ndarray]:
        """Return the states after each step, (n_steps, H, N) per run in time order."""
        outputs = self.reorder([np.empty_like(run.states) for run in self.runs])
        self.write_outputs(outputs)
        return outputs

    def write_outputs(self, places: list[np.ndarray]) -> None:
        """Write the states after each step to places like the arrays of `outputs`."""
        for run, place in zip(self.runs, self.reorder(places), strict=True):
            place[:-1] = run.states[1:]
            place[-1] = run.last_state

    def reorder(self, per_run: list[np.ndarray]) -> list[np.ndarray]:
        """Turn arrays per run from time order into the order of processing, or back."""
        return [values[::-1] for values in reversed(per_run)] if self.reverse else per_run


def _steps(
    workspace: Workspace, name: Any, packing: Packing, n_rows: int, keeps_all: bool
) -> list[np.ndarray]:
    """Return memory (n_steps, n_rows, N) for each run; without ``keeps_all`` one for its steps."""
    if keeps_all:
        return packing.run_views(workspace.empty(name, n_rows * packing.n_cells), n_rows)
    return [
        _repeat(workspace.empty(name, n_rows, n_active), stop - start)
        for start, stop, n_active in packing.runs
    ]


def _repeat(step: np.ndarray, n_steps: int) -> np.ndarray:
    """Let every one of the steps see the same memory."""
    # What as_strided does, at a tenth of its price.
    return np.ndarray((n_steps, *step.shape), step.dtype, step, strides=(0, *step.strides))
