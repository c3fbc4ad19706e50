"""A stretch of steps with the same sequences: what a cell's loops walk through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np


class Run:
    """Steps with the same number N of active sequences, in the order in which they are processed.

    Attributes
    ----------
    columns : ndarray of shape (n_steps, n_column_rows, N), or (n_steps, K, H, N) of planes
    gates : ndarray of shape (n_steps, n_gate_rows, N), or (n_steps, G, H, N) of planes
    states : ndarray of shape (n_steps, H, N)
        The states before each step. Without recurrent dropout they are the columns' own.
    seen : ndarray of shape (n_steps, H, N)
        What the weights see of these, in the columns.
    last_state : ndarray of shape (H, N)
        The state after the run.
    mask : ndarray of shape (H, N), or None
        Recurrent dropout: what the weights see of a state is the state times this.
    d_state : ndarray of shape (2, H, N)
        First half: gradient of the state after the run, and in the end of the state before it.
        The second half belongs to the cell.
    has_planes : bool
        See `Tape`.
    inputs : iterable
        For each step (F, N), to be written to ``input_place`` before it, or products (G, H, N), to
        be added to the gates of planes, or None. To be gone through once.
    input_place : ndarray of shape (F, N), or None
        In the column, where all steps share one.
    forward_views, backward_views
        What the cell's loops walk through; empty until it fills them.
    """

    def __init__(
        self,
        columns: np.ndarray,
        gates: np.ndarray,
        states: np.ndarray,
        seen: np.ndarray,
        last_state: np.ndarray,
        d_state: np.ndarray,
        mask: np.ndarray | None,
    ) -> None:
        self.columns = columns
        self.gates = gates
        self.states = states
        self.seen = seen
        self.last_state = last_state
        self.d_state = d_state
        self.mask = mask
        self.has_planes = columns.ndim == 4
        self.n_active = columns.shape[-1]
        self.keeps_states = columns.strides[0] != 0
        self.inputs: Iterable[Any] = [None] * len(columns)
        self.input_place: np.ndarray | None = None
        self.forward_views: list[Any] = []
        self.backward_views: list[Any] = []

    def forward_steps(self) -> Iterator[tuple[Any, Any]]:
        """Yield for each step its inputs or products, if any, and the cell's views."""
        return zip(self.inputs, self.forward_views, strict=True)

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
        seen = each_step(self.seen)
        return states, seen, changes, following, [*seen[1:], None]


def each_step(array: np.ndarray) -> list[np.ndarray]:
    """Return the views of the steps, (R, N) each; of memory that they share, one for all."""
    return list(array) if array.strides[0] else [array[0]] * len(array)
