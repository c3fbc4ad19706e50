"""The GRU of cuDNN, PyTorch and Keras: the reset gate acts after the product with the weights.

    r = sigmoid(W_r [h, x] + b_r)
    z = sigmoid(W_z [h, x] + b_z)
    q = W_hh h + b_hh
    c = tanh(W_hx x + b_h + r * q)
    h' = h + z * (c - h)

Columns hold ``[h; 1; x]`` and gate rows ``[q; r; z; c]``: q, r and z come from one product.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._cell import Cell, CellWeights, tanh_for
from ._products import KernelGradient, product_with
from ._tape import Run, Workspace, each_step


class ResetAfter(Cell):
    """Cell with ``reset_after=True``."""

    def __init__(self, n_inputs: int, n_hidden: int, *, reads_tokens: bool = False) -> None:
        super().__init__(n_inputs, n_hidden, reads_tokens=reads_tokens)
        self.n_column_rows = n_hidden + 1 + self.n_column_inputs
        self.n_gate_rows = 4 * n_hidden

    def forward_kernels(self, weights: CellWeights) -> Any:
        W_hh, b_hh = weights.weight_hh, weights.bias_hh
        W_ih, b_ih = self._of_column(weights)
        assert b_hh is not None
        H, F = self.n_hidden, self.n_column_inputs
        kernel = np.zeros((3 * H, H + 1 + F), W_hh.dtype)
        kernel[:H, :H] = W_hh[2 * H :]
        kernel[:H, H] = b_hh
        np.negative(W_hh[: 2 * H], kernel[H:, :H])
        np.negative(b_ih[: 2 * H], kernel[H:, H])
        np.negative(W_ih[: 2 * H], kernel[H:, H + 1 :])
        return kernel, np.column_stack([b_ih[2 * H :], W_ih[2 * H :]])

    def _forward_views(self, run: Run) -> list[Any]:
        H = self.n_hidden
        columns, gates = run.columns, run.gates
        gate_views = (gates[:, : 3 * H], gates[:, H : 3 * H], *self._split(gates))
        steps = map(each_step, (columns, columns[:, H:], *gate_views))
        return list(zip(*run.state_views(gates[:, :H]), *steps, strict=True))

    def _forward(self, kernels: Any, run: Run) -> None:
        kernel, input_kernel = kernels
        to_gates, to_candidate = product_with(kernel, run.n_active, run.sums), input_kernel.dot
        one = np.ones((), kernel.dtype)
        mask, tanh = run.mask, tanh_for(run.states)
        for x, place, step in run.forward_steps():
            h, _, change, h_next, next_seen, column, one_and_x, qrz, rz, q, r, z, c = step
            if x is not None:
                place[...] = x
            if self.takes_products:
                q[...] = 0.0  # to which is added, as to r and z
            else:
                to_candidate(one_and_x, c)
            to_gates(column, qrz)
            np.exp(rz, rz)
            np.add(rz, one, rz)
            np.divide(q, r, change)
            np.add(c, change, c)
            tanh(c, c)
            np.subtract(c, h, change)
            np.divide(change, z, change)
            np.add(h, change, h_next)
            if mask is not None and next_seen is not None:
                np.multiply(h_next, mask, next_seen)

    def _backward_kernels(self, weights: CellWeights) -> Any:
        H = self.n_hidden
        kernel = np.concatenate([weights.weight_hh[2 * H :], weights.weight_hh[: 2 * H]])
        return kernel.T.copy()

    def _backward_views(
        self, run: Run, block: slice, workspace: Workspace
    ) -> tuple[Any, list[Any]]:
        H, N = self.n_hidden, run.n_active
        gates = run.gates[block]
        factors = workspace.empty("factors", len(gates), 5, H, N)
        d_gates = gates.reshape(len(gates), 4, H, N)
        views = (factors[:, :4], factors[:, 4], d_gates, gates[:, : 3 * H])
        return factors, list(zip(*(view[::-1] for view in views), strict=True))

    def _write_factors(
        self, factors: Any, columns: np.ndarray, states: np.ndarray, gates: np.ndarray
    ) -> None:
        qrzc = gates.reshape(len(gates), 4, self.n_hidden, -1)
        rz, q, r, c = qrzc[:, 1:3], qrzc[:, 0], qrzc[:, 1], qrzc[:, 3]
        to_q, to_r, to_z, to_c, keep = (factors[:, i] for i in range(5))
        np.reciprocal(rz, rz)
        np.subtract(1, rz, factors[:, 1::3])  # to_r and keep
        np.subtract(c, states, to_z)
        np.multiply(c, c, to_c)
        np.subtract(1, to_c, to_c)
        factors[:, 2:4] *= qrzc[:, 2:3]  # z (1 - c^2), and for the other
        to_z *= keep  # (c - h) z (1 - z)
        np.multiply(to_c, r, to_q)
        to_r *= to_q
        to_r *= q  # q r (1 - r) z (1 - c^2)

    def _backward(
        self, kernels: Any, d_state: np.ndarray, mask: np.ndarray | None, steps: Any
    ) -> None:
        dh, tmp = d_state
        to_state = product_with(kernels, d_state.shape[2])
        for d_output, (to_gates, keep, d_gates, d_qrz) in steps:
            if d_output is not None:
                np.add(dh, d_output, dh)
            np.multiply(dh, to_gates, d_gates)
            to_state(d_qrz, tmp)
            if mask is not None:
                np.multiply(tmp, mask, tmp)
            np.multiply(dh, keep, dh)
            np.add(dh, tmp, dh)

    def _add_products(self, sums: KernelGradient, d_gates: np.ndarray, columns: np.ndarray) -> None:
        H = self.n_hidden
        sums.add("hidden", d_gates[:H], columns[: H + 1])
        sums.add("gates", d_gates[H : 3 * H], columns[:H] if self.reads_tokens else columns)
        if not self.reads_tokens:
            sums.add("input", d_gates[3 * H :], columns[H:])

    def _write_gradient(self, gradient: CellWeights, sums: KernelGradient) -> None:
        assert gradient.bias_hh is not None
        H = self.n_hidden
        hidden, gates = sums["hidden"], sums["gates"]
        gradient.weight_hh[: 2 * H] = gates[:, :H]
        gradient.weight_hh[2 * H :] = hidden[:, :H]
        gradient.bias_hh[...] = hidden[:, H]
        if not self.reads_tokens:
            inputs = sums["input"]
            gradient.bias_ih[: 2 * H] = gates[:, H]
            gradient.weight_ih[: 2 * H] = gates[:, H + 1 :]
            gradient.bias_ih[2 * H :] = inputs[:, 0]
            gradient.weight_ih[2 * H :] = inputs[:, 1:]

    def _split(self, gates: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the views q, r, z, c of gates (n_steps, 4H, N)."""
        H = self.n_hidden
        return gates[:, :H], gates[:, H : 2 * H], gates[:, 2 * H : 3 * H], gates[:, 3 * H :]
