"""The GRU of Cho et al. (2014): the reset gate acts before the product with the weights.

    r = sigmoid(W_r [h, x] + b_r)
    z = sigmoid(W_z [h, x] + b_z)
    c = tanh(W_h [r * h, x] + b_h)
    h' = h + z * (c - h)

Columns hold ``[h; 1; x; r * h]``: the gates multiply the first rows, the candidate the last ones.
Of planes they are h and ``r * h``.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ._cell import Cell, CellWeights
from ._elementwise import tanh_for
from ._products import KernelGradient, Product
from ._runs import Run, each_step
from ._tape import Workspace


class ResetBefore(Cell):
    """Cell with ``reset_after=False``."""

    def __init__(self, n_inputs: int, n_hidden: int, *, reads_tokens: bool = False) -> None:
        super().__init__(n_inputs, n_hidden, reads_tokens=reads_tokens)
        self.n_column_rows = 2 * n_hidden + (0 if self.takes_products else 1 + n_inputs)
        self.n_gate_rows = 3 * n_hidden

    def forward_kernels(self, weights: CellWeights) -> tuple[np.ndarray, ...]:
        H, W = self.n_hidden, weights.weight_hh
        if self.takes_products:
            return -W[: 2 * H], W[2 * H :]
        of_inputs = self._of_inputs(weights)
        gate_kernel = np.concatenate([W[: 2 * H], of_inputs[: 2 * H]], axis=1)
        np.negative(gate_kernel, gate_kernel)
        return gate_kernel, np.concatenate([of_inputs[2 * H :], W[2 * H :]], axis=1)

    def _columns(self) -> tuple[Any, Any, Any]:
        """Return where in a column stands what gates and candidate multiply, and ``r * h``."""
        H = self.n_hidden
        return (0, 1, 1) if self.takes_products else (slice(-H), slice(H, None), slice(-H, None))

    def _forward_views(self, run: Run) -> list[Any]:
        places = [run.columns[:, place] for place in self._columns()]
        rz, r, z, c = (run.gates[:, self._gates(*of)] for of in ((0, 2), (0,), (1,), (2,)))
        steps = map(each_step, (*places, rz, r, z, c))
        return list(zip(*run.state_views(c), *steps, strict=True))

    def _forward(self, products: list[Product], run: Run) -> None:
        to_gates, to_candidate = products
        one = np.ones((), run.states.dtype)  # ufuncs take a 0-d array faster than a float
        mask, tanh = run.mask, tanh_for(run.states)
        place, takes_products = run.input_place, self.takes_products
        for x, step in run.forward_steps():
            h, h_seen, change, h_next, next_seen, gate_column, column, rh, rz, r, z, c = step
            if place is not None:
                place[...] = x
            to_gates(gate_column, rz)
            if takes_products:
                np.add(rz, x[:2], rz)
            np.exp(rz, rz)
            np.add(rz, one, rz)
            np.divide(h_seen, r, rh)
            to_candidate(column, c)
            if takes_products:
                np.add(c, x[2], c)
            tanh(c, c)
            np.subtract(c, h, change)
            np.divide(change, z, change)
            np.add(h, change, h_next)
            if mask is not None and next_seen is not None:
                np.multiply(h_next, mask, next_seen)

    def _backward_kernels(self, weights: CellWeights) -> tuple[np.ndarray, ...]:
        H, W = self.n_hidden, weights.weight_hh
        return W[: 2 * H].T, W[2 * H :].T

    def _backward_views(
        self, run: Run, block: slice, workspace: Workspace
    ) -> tuple[Any, list[Any]]:
        H, N = self.n_hidden, run.n_active
        gates = run.gates[block]
        empty = partial(workspace.empty, sequences_first=run.has_planes)
        factors, tmp = empty("factors", len(gates), 5, H, N), empty("tmp", H, N)
        d_zc = gates[:, self._gates(1, 3)].reshape(len(gates), 2, H, N)
        d_gates = (d_zc, *(gates[:, self._gates(*of)] for of in ((0, 2), (0,), (2,))))
        views = (factors[:, :2], factors[:, 2], factors[:, 3:], *d_gates)
        steps = [(*step, tmp) for step in zip(*(view[::-1] for view in views), strict=True)]
        return factors, steps

    def _write_factors(
        self, factors: Any, columns: np.ndarray, states: np.ndarray, gates: np.ndarray
    ) -> None:
        rzc = gates.reshape(len(gates), 3, self.n_hidden, gates.shape[-1])
        rz, r, c = rzc[:, :2], rzc[:, 0], rzc[:, 2]
        to_z, to_c, to_r, keep, reset = (factors[:, i] for i in range(5))
        np.reciprocal(rz, rz)
        reset[...] = r
        np.subtract(1, rz, factors[:, 2:4])
        to_r *= columns[:, self._columns()[2]]  # r h (1 - r)
        np.subtract(c, states, to_z)
        np.multiply(c, c, to_c)
        np.subtract(1, to_c, to_c)
        factors[:, :2] *= rzc[:, 1:2]  # z (1 - c^2), and for the other
        to_z *= keep  # (c - h) z (1 - z)

    def _backward(
        self, products: list[Product], d_state: np.ndarray, mask: np.ndarray | None, steps: Any
    ) -> None:
        to_state, to_reset = products
        dh, d_rh = d_state
        for d_output, (to_zc, to_r, keep_and_r, d_zc, d_rz, d_r, d_c, tmp) in steps:
            if d_output is not None:
                np.add(dh, d_output, dh)
            np.multiply(dh, to_zc, d_zc)
            to_reset(d_c, d_rh)
            np.multiply(d_rh, to_r, d_r)
            np.multiply(d_state, keep_and_r, d_state)  # dh (1 - z) and d_rh r in one call
            to_state(d_rz, tmp)
            np.add(tmp, d_rh, tmp)
            if mask is not None:
                np.multiply(tmp, mask, tmp)
            np.add(dh, tmp, dh)

    def _add_products(self, sums: KernelGradient, d_gates: np.ndarray, columns: np.ndarray) -> None:
        H = self.n_hidden
        of_gates, of_candidate, of_reset = self._columns()
        if self.reads_tokens and not self.takes_products:
            of_gates, of_candidate = slice(H), of_reset
        sums.add("gates", d_gates[self._gates(0, 2)], columns[of_gates])
        sums.add("candidate", d_gates[self._gates(2, 3)], columns[of_candidate])

    def _write_gradient(self, gradient: CellWeights, sums: KernelGradient) -> None:
        H = self.n_hidden
        gates, candidate = sums["gates"].reshape(2 * H, -1), sums["candidate"].reshape(H, -1)
        gradient.weight_hh[: 2 * H] = gates[:, :H]
        gradient.weight_hh[2 * H :] = candidate[:, -H:]
        if not self.reads_tokens:
            gradient.bias_ih[: 2 * H] = gates[:, H]
            gradient.weight_ih[: 2 * H] = gates[:, H + 1 :]
            gradient.bias_ih[2 * H :] = candidate[:, 0]
            gradient.weight_ih[2 * H :] = candidate[:, 1:-H]
