"""States that are handed from one stretch of a long sequence to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


class Carry:
    """The final states of the last stretch of each lane; new in each epoch.

    Parameters
    ----------
    n_lanes : int
        How many long sequences are walked through side by side.
    """

    def __init__(self, n_lanes: int) -> None:
        self.n_lanes = n_lanes
        self._states: list[np.ndarray] = []  # (H, n_lanes) per layer; empty: all zero

    def read(self, lanes: np.ndarray, begins_anew: np.ndarray) -> list[np.ndarray] | None:
        """Return the states of some lanes, (H, N) per layer; zero where a sequence begins."""
        if not self._states:
            return None
        states = [of_layer[:, lanes] for of_layer in self._states]
        for of_layer in states:
            of_layer[:, begins_anew] = 0.0
        return states

    def write(self, lanes: np.ndarray, states: list[np.ndarray]) -> None:
        if not self._states:
            self._states = [np.zeros((len(one), self.n_lanes), one.dtype) for one in states]
        for kept, of_layer in zip(self._states, states, strict=True):
            kept[:, lanes] = of_layer


@dataclass(frozen=True)
class Link:
    """What ties the stretches of a batch to those before and after them.

    Attributes
    ----------
    carry : Carry
    lanes : ndarray of shape (N,)
        The lane of each stretch.
    begins_anew : ndarray of shape (N,), bool
        Which of them no stretch goes before.
    """

    carry: Carry
    lanes: np.ndarray
    begins_anew: np.ndarray

    def select(self, indices: np.ndarray) -> Link:
        return Link(self.carry, self.lanes[indices], self.begins_anew[indices])

    def initial(self) -> list[np.ndarray] | None:
        """Return the states that the stretches begin with; None: zero."""
        return self.carry.read(self.lanes, self.begins_anew)

    def hand_on(self, states: list[np.ndarray]) -> None:
        """Take the states that they end with."""
        self.carry.write(self.lanes, states)

    def final(self) -> list[np.ndarray] | None:
        """Return the states that were handed on."""
        return self.carry.read(self.lanes, np.zeros(len(self.lanes), bool))
