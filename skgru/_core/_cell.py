"""One layer in one direction: forward over time and backpropagation through time.

What both reset variants share: the walk over the tape, and the sums of the weights' gradients. The
equations are in `_reset_before` and `_reset_after`. Gate rows are ordered reset, update,
candidate.

A gate is ``1 / (1 + exp(-a))`` with the minus folded into the weights: exp takes 2.2 ns a number
where tanh takes 3.6 (float32, AVX2), and where it overflows to inf the gate is exactly 0, as it
should be.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np

from ._batching import Packing, Tokens
from ._elementwise import drop_underflow
from ._products import KernelGradient, Product, for_planes, product_with
from ._runs import Run
from ._tape import Tape, Workspace

# For how many numbers (steps x H x N) the factors of the backward pass are computed at a time:
# fewer calls for small steps, and no block that leaves the cache for large ones.
BLOCK_SIZE = 2**15
# For how many steps times sequences at least: as half as wide products, those for the gradient of
# the weights take 5 to 15 % more time, with the additions to those before (AVX-512). Of so many
# columns, 64 units times 64 others are a small product.
BLOCK_COLUMNS = 240
# After how many steps at most it is looked whether the gradient has vanished.
CHECKED_STEPS = 32
# From how many dimensions on products of tokens are looked up, in layers of many units and in all.
# With 64, a fit of 16 to 48 units takes 5 to 13 % longer with planes than with vectors in columns,
# because a step of planes has more calls; with 300 it takes a quarter less (float32, AVX-512).
MANY_DIMENSIONS, VERY_MANY_DIMENSIONS = 64, 128
MANY_UNITS = 64


class CellWeights(NamedTuple):
    """Named views into the flat parameter vector, or into its gradient."""

    weight_ih: np.ndarray  # (3H, F)
    weight_hh: np.ndarray  # (3H, H)
    bias_ih: np.ndarray  # (3H,)
    bias_hh: np.ndarray | None = None  # (H,): of the candidate, inside the reset; reset_after only


class Cell(ABC):
    """The walk over a tape, forward and backward.

    Parameters
    ----------
    n_inputs, n_hidden : int
        F and H.
    reads_tokens : bool
        Whether many steps have the same inputs. Then the gradient of ``weight_ih`` and ``bias_ih``
        is left to the caller.

    Attributes
    ----------
    takes_products : bool
        Whether a tape is given ``W_ih x + b_ih`` of each step and not x, see `load_tokens`. It then
        consists of planes.
    n_column_rows, n_gate_rows : int
        Rows of a column and of the gates, of planes those of all together.
    """

    n_column_rows: int
    n_gate_rows: int

    def __init__(self, n_inputs: int, n_hidden: int, *, reads_tokens: bool = False) -> None:
        self.reads_tokens = reads_tokens
        least = MANY_DIMENSIONS if n_hidden >= MANY_UNITS else VERY_MANY_DIMENSIONS
        self.takes_products = reads_tokens and n_inputs >= least
        self.n_inputs = n_inputs
        self.n_hidden = n_hidden

    def tape(
        self,
        workspace: Workspace,
        name: Any,
        packing: Packing,
        *,
        reverse: bool,
        masked: bool = False,
        keeps_states: bool = True,
    ) -> Tape:
        """Return memory for a packing.

        ``reverse`` walks from the last valid step to the first; ``masked`` has room for recurrent
        dropout; without ``keeps_states`` only the final states are left.
        """
        sizes = self.n_inputs, self.n_hidden, self.n_column_rows, self.n_gate_rows
        kind = {
            "reverse": reverse,
            "masked": masked,
            "keeps_states": keeps_states,
            "has_planes": self.takes_products,
        }
        return workspace.tape(
            (name, masked), packing, lambda: Tape(workspace, name, packing, *sizes, **kind)
        )

    def for_vectors(self) -> Cell:
        """Return a cell for the same weights that takes x, as is best without `backward`."""
        return type(self)(self.n_inputs, self.n_hidden) if self.takes_products else self

    def load_tokens(
        self,
        weights: CellWeights,
        tape: Tape,
        tokens: Tokens,
        mask: np.ndarray | None,
        initial: np.ndarray | None,
    ) -> None:
        """Load a tape with tokens; the other arguments are as of `Tape.load`."""
        if not self.takes_products:
            tape.load(tokens.per_step(), mask, initial)
            return
        products = self._input_products(weights, tokens.vectors)
        tape.load_products(products, tokens.places, mask, initial)

    def _input_products(self, weights: CellWeights, vectors: np.ndarray) -> np.ndarray:
        """Return what is added to each gate where inputs are some vectors (U, F): (G, U, H)."""
        of_gates = weights.weight_ih.reshape(3, self.n_hidden, self.n_inputs)
        products = vectors @ of_gates.swapaxes(1, 2)
        products += weights.bias_ih.reshape(3, 1, self.n_hidden)
        np.negative(products[:2], products[:2])
        return products

    def forward(self, weights: CellWeights, tape: Tape, workspace: Workspace) -> np.ndarray:
        """Run over a loaded tape and return the final state of each sequence, (H, N)."""
        kernels = self._for_tape(self.forward_kernels(weights), tape, workspace)
        return self.forward_with(kernels, tape)

    def forward_with(self, kernels: tuple[np.ndarray, ...], tape: Tape) -> np.ndarray:
        """Do what `forward` does, given kernels as a tape wants them.

        For cells that take vectors these are `forward_kernels`.
        """
        with np.errstate(over="ignore"):
            for run in tape.forward_runs():
                run.forward_views = run.forward_views or self._forward_views(run)
                self._forward([product_with(kernel, run.n_active) for kernel in kernels], run)
        return tape.final_state

    def backward(
        self,
        weights: CellWeights,
        tape: Tape,
        d_final: np.ndarray,
        d_outputs: list[np.ndarray] | None,
        gradient: CellWeights,
        workspace: Workspace,
    ) -> None:
        """Write the gradient of the weights, given that of the states.

        Parameters
        ----------
        d_final : ndarray of shape (H, N)
            Gradient of the final state of each sequence.
        d_outputs : list of ndarray of shape (n_steps, H, N), or None
            Gradient of the state after each step, per run in time order; None: zero.
        gradient : CellWeights
            Written to. The gradient of the pre-activations replaces the gates on the tape.
        """
        kernels = self._for_tape(self._backward_kernels(weights), tape, workspace)
        sums = KernelGradient(workspace)
        d_runs = [None] * len(tape.runs) if d_outputs is None else tape.reorder(d_outputs)
        for run, d_output in zip(tape.backward_runs(d_final), reversed(d_runs), strict=True):
            run.backward_views = run.backward_views or [
                (block, *self._backward_views(run, block, workspace)) for block in self._blocks(run)
            ]
            self._backward_run(kernels, run, d_output, sums)
        self._write_gradient(gradient, sums)

    def _for_tape(
        self, kernels: tuple[np.ndarray, ...], tape: Tape, workspace: Workspace
    ) -> tuple[np.ndarray, ...]:
        """Arrange kernels as products with what is on a tape want them."""
        if not self.takes_products:
            return tuple(map(np.ascontiguousarray, kernels))
        arranged = []
        for i, kernel in enumerate(kernels):
            memory = workspace.empty(("kernel", i), kernel.size)
            arranged.append(for_planes(kernel, self.n_hidden, tape.n_sequences, memory))
        return tuple(arranged)

    def _backward_run(
        self,
        kernels: tuple[np.ndarray, ...],
        run: Run,
        d_output: np.ndarray | None,
        sums: KernelGradient,
    ) -> None:
        """Go through a run from its last block to the first, unless the gradient has vanished."""
        products = [product_with(kernel, run.n_active) for kernel in kernels]
        has_vanished = False
        n_unchecked = CHECKED_STEPS if len(sums) else 0
        for block, factors, views in run.backward_views:
            columns, gates = run.columns[block], run.gates[block]
            d_block = None if d_output is None else d_output[block]
            n_unchecked += len(views)
            if n_unchecked > CHECKED_STEPS:
                drop_underflow(run.d_state[0])
                has_vanished = not run.d_state[0].any()
                n_unchecked = len(views)
            if has_vanished and (d_block is None or not d_block.any()):
                gates[...] = 0.0
                continue
            has_vanished = False
            self._write_factors(factors, columns, run.states[block], gates)
            d_steps = [None] * len(views) if d_block is None else d_block[::-1]
            self._backward(products, run.d_state, run.mask, zip(d_steps, views, strict=True))
            self._add_products(sums, sums.wide("gates", gates), sums.wide("columns", columns))

    def input_gradient(self, weights: CellWeights, tape: Tape) -> list[np.ndarray]:
        """Return the gradient of the inputs after `backward`, (n_steps, F, N) per run."""
        return [weights.weight_ih.T @ d_products for d_products in self.product_gradient(tape)]

    def product_gradient(self, tape: Tape) -> list[np.ndarray]:
        """Return the gradient of ``W_ih x + b_ih`` after `backward`, (n_steps, 3H, N) per run."""
        runs = (run.gates.reshape(len(run.gates), -1, run.n_active) for run in tape.runs)
        return tape.reorder([of_run[:, -3 * self.n_hidden :] for of_run in runs])

    def token_gradient(
        self, tape: Tape, packing: Packing, sums: Any, workspace: Workspace
    ) -> np.ndarray:
        """Return the gradient of ``W_ih x + b_ih`` of tokens after `backward`, (U, 3H).

        ``sums`` (U, n_cells), a sparse matrix, adds up over all steps with the same token.
        """
        if tape.gate_cells is not None:
            of_gates = tape.gate_cells[-3:]
            return np.concatenate([sums @ of_gate for of_gate in of_gates], axis=1)
        cells = workspace.empty("d_products", packing.n_cells, 3 * self.n_hidden)
        return sums @ packing.join(self.product_gradient(tape), cells)

    def _blocks(self, run: Run) -> list[slice]:
        """Cut the steps of a run into blocks, the last one first."""
        n_columns = max(BLOCK_COLUMNS, BLOCK_SIZE // self.n_hidden)
        length = min(CHECKED_STEPS, max(1, n_columns // run.n_active))
        return [slice(max(0, stop - length), stop) for stop in range(len(run.gates), 0, -length)]

    def _of_inputs(self, weights: CellWeights) -> np.ndarray:
        """Return what ``[1; x]`` of a column is multiplied by, (3H, 1 + F)."""
        return np.concatenate([weights.bias_ih[:, None], weights.weight_ih], axis=1)

    def _gates(self, first: int, stop: int | None = None) -> int | slice:
        """Return where among the rows of all gates one of them stands, or some."""
        if self.takes_products:
            return first if stop is None else slice(first, stop)
        return slice(first * self.n_hidden, (first + 1 if stop is None else stop) * self.n_hidden)

    @abstractmethod
    def forward_kernels(self, weights: CellWeights) -> tuple[np.ndarray, ...]:
        """Return what columns are multiplied by in `_forward`; for vectors in C order."""

    @abstractmethod
    def _forward_views(self, run: Run) -> list[Any]:
        """Cut a run into the arrays that `_forward` meets at each step."""

    @abstractmethod
    def _forward(self, products: list[Product], run: Run) -> None:
        """Compute the gates and states of a run, step by step."""

    @abstractmethod
    def _backward_kernels(self, weights: CellWeights) -> tuple[np.ndarray, ...]:
        """Return what gradients of gates are multiplied by in `_backward`."""

    @abstractmethod
    def _backward_views(
        self, run: Run, block: slice, workspace: Workspace
    ) -> tuple[Any, list[Any]]:
        """Return memory for the factors of a block, and what `_backward` meets at each step.

        The last step comes first.
        """

    @abstractmethod
    def _write_factors(
        self, factors: Any, columns: np.ndarray, states: np.ndarray, gates: np.ndarray
    ) -> None:
        """Compute what does not depend on incoming gradients, for all steps of a block at once."""

    @abstractmethod
    def _backward(
        self, products: list[Product], d_state: np.ndarray, mask: np.ndarray | None, steps: Any
    ) -> None:
        """Turn gates into gradients of pre-activations, and carry ``d_state[0]`` back."""

    @abstractmethod
    def _add_products(self, sums: KernelGradient, d_gates: np.ndarray, columns: np.ndarray) -> None:
        """Add a block's share of the gradient of the weights."""

    @abstractmethod
    def _write_gradient(self, gradient: CellWeights, sums: KernelGradient) -> None:
        """Take the sums apart into weights and biases."""
