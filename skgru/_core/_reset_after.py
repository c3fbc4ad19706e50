"""The GRU of cuDNN, PyTorch and Keras: the reset gate acts after the product with the weights.

    r = sigmoid(W_r [h, x] + b_r)
    z = sigmoid(W_z [h, x] + b_z)
    q = W_hh h + b_hh
    c = tanh(W_hx x + b_h + r * q)
    h' = h + z * (c - h)

Columns hold ``[h; 1; x]`` and gate rows ``[q; r; z; c]``: q, r and z come from one product. Of
planes a column is h.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._cell import Cell, CellWeights
from ._elementwise import tanh_for
from ._products import KernelGradient, Product
from ._runs import Run, each_step
from ._tape import Workspace


class ResetAfter(Cell):
    """Cell with ``reset_after=True``."""

    def __init__(self, n_inputs: int, n_hidden: int, *, reads_tokens: bool = False) -> None:
        super().__init__(n_inputs, n_hidden, reads_tokens=reads_tokens)
        self.n_column_rows = n_hidden + (0 if self.takes_products else 1 + n_inputs)
        self.n_gate_rows = 4 * n_hidden

    def forward_kernels(self, weights: CellWeights) -> tuple[np.ndarray, ...]:
        W, b_hh, H = weights.weight_hh, weights.bias_hh, self.n_hidden
        assert b_hh is not None
        kernel = np.zeros((3 * H, self.n_column_rows), W.dtype)
        kernel[:H, :H] = W[2 * H :]
        np.negative(W[: 2 * H], kernel[H:, :H])
        if self.takes_products:
            return (kernel,)
        of_inputs = self._of_inputs(weights)
        kernel[:H, H] = b_hh
        np.negative(of_inputs[: 2 * H], kernel[H:, H:])
        return kernel, of_inputs[2 * H :]

    def _input_products(self, weights: CellWeights, vectors: np.ndarray) -> np.ndarray:
        of_others = super()._input_products(weights, vectors)
        products = np.empty((4, *of_others.shape[1:]), of_others.dtype)
        products[0], products[1:] = weights.bias_hh, of_others
        return products

    def _forward_views(self, run: Run) -> list[Any]:
        column, inputs = (0, 0) if run.has_planes else (slice(None), slice(self.n_hidden, None))
        views = (run.columns[:, place] for place in (column, inputs))  # planes have no inputs
        of_gates = ((0, 3), (1, 3), (0,), (1,), (2,), (3,))
        gates = [run.gates[:, self._gates(*of)] for of in of_gates]
        steps = map(each_step, (*views, *gates))
        return list(zip(*run.state_views(gates[2]), *steps, strict=True))

    def _forward(self, products: list[Product], run: Run) -> None:
        to_gates, *to_candidate = products
        one = np.ones((), run.states.dtype)
        mask, tanh = run.mask, tanh_for(run.states)
        place, takes_products = run.input_place, self.takes_products
        for x, step in run.forward_steps():
            h, _, change, h_next, next_seen, column, one_and_x, qrz, rz, q, r, z, c = step
            if place is not None:
                place[...] = x
            to_gates(column, qrz)
            if takes_products:
                np.add(qrz, x[:3], qrz)
                of_inputs = x[3]
            else:
                to_candidate[0](one_and_x, c)
                of_inputs = c
            np.exp(rz, rz)
            np.add(rz, one, rz)
            np.divide(q, r, change)
            np.add(of_inputs, change, c)
            tanh(c, c)
            np.subtract(c, h, change)
            np.divide(change, z, change)
            np.add(h, change, h_next)
            if mask is not None and next_seen is not None:
                np.multiply(h_next, mask, next_seen)

    def _backward_kernels(self, weights: CellWeights) -> tuple[np.ndarray, ...]:
        H = self.n_hidden
        return (np.concatenate([weights.weight_hh[2 * H :], weights.weight_hh[: 2 * H]]).T,)

    def _backward_views(
        self, run: Run, block: slice, workspace: Workspace
    ) -> tuple[Any, list[Any]]:
        H, N = self.n_hidden, run.n_active
        gates = run.gates[block]
        factors = workspace.empty("factors", len(gates), 5, H, N, sequences_first=run.has_planes)
        d_gates = gates.reshape(len(gates), 4, H, N)
        views = (factors[:, :4], factors[:, 4], d_gates, gates[:, self._gates(0, 3)])
        return factors, list(zip(*(view[::-1] for view in views), strict=True))

    def _write_factors(
        self, factors: Any, columns: np.ndarray, states: np.ndarray, gates: np.ndarray
    ) -> None:
        qrzc = gates.reshape(len(gates), 4, self.n_hidden, gates.shape[-1])
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
        self, products: list[Product], d_state: np.ndarray, mask: np.ndarray | None, steps: Any
    ) -> None:
        (to_state,) = products
        dh, tmp = d_state
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
        if self.takes_products:
            sums.add("all", d_gates[:3], columns[0])
            sums.add("bias_hh", d_gates[:1], np.ones((1, columns.shape[2]), columns.dtype))
            return
        sums.add("hidden", d_gates[:H], columns[: H + 1])
        sums.add("gates", d_gates[H : 3 * H], columns[:H] if self.reads_tokens else columns)
        if not self.reads_tokens:
            sums.add("input", d_gates[3 * H :], columns[H:])

    def _write_gradient(self, gradient: CellWeights, sums: KernelGradient) -> None:
        assert gradient.bias_hh is not None
        H = self.n_hidden
        if self.takes_products:
            of_planes = sums["all"].reshape(3 * H, H)
            gradient.weight_hh[: 2 * H], gradient.weight_hh[2 * H :] = of_planes[H:], of_planes[:H]
            gradient.bias_hh[...] = sums["bias_hh"][0, :, 0]
            return
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
