"""Memory of one layer in one direction: what the forward pass writes and the backward pass reads.

Layout (a secret of ``_core``): time first, then features, then sequences. At each step any block
of rows is contiguous, and products with the weights need no transposition.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from ._aligned import aligned_empty
from ._batching import Packing

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

    def empty(self, name: Any, *shape: int) -> np.ndarray:
        """Return memory with arbitrary contents; the same name returns the same memory again."""
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


class Run:
    """Steps with the same number N of active sequences, in the order in which they are processed.

    Attributes
    ----------
    columns : ndarray of shape (n_steps, n_column_rows, N)
    gates : ndarray of shape (n_steps, n_gate_rows, N)
    states : ndarray of shape (n_steps, H, N)
        The states before each step. Without recurrent dropout they are the columns' own.
    last_state : ndarray of shape (H, N)
        The state after the run.
    mask : ndarray of shape (H, N), or None
        Recurrent dropout: what the weights see of a state is the state times this.
    d_state : ndarray of shape (2, H, N)
        First half: gradient of the state after the run, and in the end of the state before it.
        The second half belongs to the cell.
    inputs, input_places
        For each step, what is to be written before it, or None, and where to: inputs to a column
        that all steps share, or products of inputs to the gates, (R, N). To be gone through once.
    sums : ndarray of shape (3 H, N), or None
        Where products of inputs are in the gates: place for what is added to them.
    forward_views, backward_views
        What the cell's loops walk through; empty until it fills them.
    """

    def __init__(
        self,
        columns: np.ndarray,
        gates: np.ndarray,
        states: np.ndarray,
        last_state: np.ndarray,
        d_state: np.ndarray,
        mask: np.ndarray | None,
        input_places: np.ndarray,
        sums: np.ndarray | None,
    ) -> None:
        self.columns = columns
        self.gates = gates
        self.states = states
        self.last_state = last_state
        self.d_state = d_state
        self.mask = mask
        self.sums = sums
        self.n_active = columns.shape[2]
        self.keeps_states = columns.strides[0] != 0
        self.input_places = each_step(input_places)
        self.inputs: Iterable[np.ndarray | None] = [None] * len(columns)
        self.forward_views: list[Any] = []
        self.backward_views: list[Any] = []

    def forward_steps(self) -> Iterator[tuple[np.ndarray | None, np.ndarray, Any]]:
        """Yield for each step what is to be written before it, where to, and the cell's views."""
        return zip(self.inputs, self.input_places, self.forward_views, strict=True)

    def state_views(self, scratch: np.ndarray) -> tuple[list[Any], ...]:
        """Return, for each step, five arrays (H, N), the last one or None.

        The state before it, the same as the weights see it, where the change of the state may be
        written, the state after it, and where the masked form of that belongs, if anywhere.
        ``scratch`` (n_steps, H, N) takes the changes where steps share a column.
        """
        states = each_step(self.states)
        following = [*states[1:], self.last_state]
        changes = following if self.keeps_states else each_step(scratch)
        if self.mask is None:
            return states, states, changes, following, [None] * len(states)
        seen = each_step(self.columns[:, : self.states.shape[1]])
        return states, seen, changes, following, [*seen[1:], None]


def each_step(array: np.ndarray) -> list[np.ndarray]:
    """Return the views of the steps, (R, N) each; of memory that they share, one for all."""
    return list(array) if array.strides[0] else [array[0]] * len(array)


class Tape:
    """Columns, gates and states of all steps.

    The column of a step is what the weights multiply: rows ``[h_{t-1}; 1; x_t; ...]``, so that one
    product covers recurrence, bias and input. A new state is written straight into the next
    column. Without ``keeps_states`` that is the same one: nothing is left but the final states.

    With ``takes_products`` columns have no x: its products with the weights are written to the
    gates, and what the weights make of the column is added to them.
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
        takes_products: bool,
    ) -> None:
        self.reverse = reverse
        self.state_rows = slice(n_hidden)
        self.product_rows = slice(n_gate_rows - 3 * n_hidden, n_gate_rows)
        self.bias_row = n_hidden
        self.input_rows = slice(n_hidden + 1, n_hidden + 1 + n_inputs)
        self.final_state = workspace.empty((name, "final"), n_hidden, packing.n_sequences)
        self.runs = []
        run_columns = _steps(workspace, (name, "columns"), packing, n_column_rows, keeps_states)
        run_gates = _steps(workspace, (name, "gates"), packing, n_gate_rows, workspace.keeps_gates)
        run_states = [columns[:, self.state_rows] for columns in run_columns]
        if masked:
            flat = workspace.empty((name, "states"), n_hidden * packing.n_cells)
            run_states = packing.run_views(flat, n_hidden)
        for i, arrays in enumerate(zip(run_columns, run_gates, run_states, strict=True)):
            columns, gates, states = (array[::-1] for array in arrays) if reverse else arrays
            n_active = columns.shape[2]
            last_state = workspace.empty((name, "last", i), n_hidden, n_active)
            # Two memories in turn: the hand-over reads one and writes the other.
            d_state = workspace.empty(("d_state", i % 2), 2, n_hidden, n_active)
            mask = workspace.empty((name, "mask", i), n_hidden, n_active) if masked else None
            places, sums = columns[:, self.input_rows], None
            if takes_products:
                places = gates[:, self.product_rows]
                sums = workspace.empty("sums", 3 * n_hidden, n_active)
            self.runs.append(Run(columns, gates, states, last_state, d_state, mask, places, sums))
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
                run.inputs = list(values)
        self._begin(mask, initial)

    def load_products(
        self,
        products: np.ndarray,
        rows: list[np.ndarray],
        mask: np.ndarray | None,
        initial: np.ndarray | None,
    ) -> None:
        """Take the products of the inputs with their weights from a table (U, 3 H).

        ``rows`` says which one each step takes, (n_steps, N) per run in time order; ``mask`` and
        ``initial`` are as of `load`.
        """
        for run, of_run in zip(self.runs, self.reorder(rows), strict=True):
            # Step by step, when they are wanted: while they are in the cache.
            run.inputs = (products.take(of_step, axis=0).T for of_step in of_run)
        self._begin(mask, initial)

    def _begin(self, mask: np.ndarray | None, initial: np.ndarray | None) -> None:
        """Write the mask of recurrent dropout, and h_0."""
        for run in self.runs:
            if run.mask is not None and mask is not None:
                run.mask[...] = mask[:, : run.n_active]
        first = self.runs[0]
        first.states[0] = 0.0 if initial is None else initial
        if first.mask is not None:
            np.multiply(first.states[0], first.mask, first.columns[0, self.state_rows])

    def forward_runs(self) -> Iterator[Run]:
        """Yield the runs in order, each with the states that the one before it left."""
        before: Run | None = None
        for run in self.runs:
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
            np.multiply(state, following.mask, following.columns[0, self.state_rows])
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
        outputs = self.reorder([np.empty(run.states.shape, run.states.dtype) for run in self.runs])
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
