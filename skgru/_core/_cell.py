"""One layer in one direction: forward over time and backpropagation through time.

What both reset variants share: the walk over the tape, and the sums of the weights' gradients. The
equations are in `_reset_before` and `_reset_after`. Gate rows are ordered reset, update,
candidate.

A gate is ``1 / (1 + exp(-a))`` with the minus folded into the weights: exp takes 2.2 ns a number
where tanh takes 3.6 (float32, AVX2), and where it overflows to inf the gate is exactly 0, as it
should be.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ._batching import Packing, Tokens
from ._products import KernelGradient
from ._tape import Run, Tape, Workspace

# For how many numbers (steps x H x N) the factors of the backward pass are computed at a time:
# fewer calls for small steps, and no block that leaves the cache for large ones.
BLOCK_SIZE = 2**15
# For how many steps times sequences at least: as half as wide products, those for the gradient of
# the weights take 5 to 15 % more time, with the additions to those before (AVX-512).
BLOCK_COLUMNS = 2**8
# After how many steps at most it is looked whether the gradient has vanished.
CHECKED_STEPS = 32
# From how many dimensions on it is worth while to look up the products of tokens. Per number of a
# gate, in float32 on AVX2, to look it up, transpose and add it takes 0.7 to 1.4 ns, and its part of
# a product 0.025 ns a dimension; the narrower column is cheaper to copy, too. Fits are faster by 2
# to 9 % with 64 dimensions and 6 % with 100, and slower by up to 6 % where all tokens are
# different. Predictions, of many sequences at a time, would lose 24 % there.
MANY_DIMENSIONS = 64
# From how many numbers on tanh is faster by exp in float64: 6.5 ns in place of 13 (AVX2).
MANY_NUMBERS = 2**9


class CellWeights(NamedTuple):
    """Named views into the flat parameter vector, or into its gradient."""

    weight_ih: np.ndarray  # (3H, F)
    weight_hh: np.ndarray  # (3H, H)
    bias_ih: np.ndarray  # (3H,)
    bias_hh: np.ndarray | None = None  # (H,): of the candidate, inside the reset; reset_after only


def tanh_for(states: np.ndarray) -> Callable[[np.ndarray, np.ndarray], Any]:
    """Return what computes tanh fastest for arrays (n_steps, H, N) of states, step by step."""
    n_numbers = math.prod(states.shape[1:])
    return tanh_by_exp if states.dtype == np.float64 and n_numbers >= MANY_NUMBERS else np.tanh


def tanh_by_exp(a: np.ndarray, out: np.ndarray) -> None:
    """Write ``tanh(a) = 1 - 2 / (1 + exp(2 a))``, with an error of 4e-16 at most.

    That is what a state near 1 is rounded by. Where a is small, so many digits of it are lost: in
    float32 too many of inputs of 1e-4.
    """
    np.add(a, a, out)
    np.exp(out, out)
    np.add(out, 1.0, out)
    np.divide(-2.0, out, out)
    np.add(out, 1.0, out)


def drop_underflow(gradient: np.ndarray) -> None:
    """Set to zero, in place, what is on its way to the subnormal numbers.

    Far back in time a gradient may shrink until some processors take a hundred cycles for a product
    with it, and there it stays, because ``tiny * 0.9`` rounds to ``tiny``. What falls below
    ``eps * sqrt(smallest normal number)``, 1.3e-26 in float32 and 3e-170 in float64, is taken for
    nothing. In float32 even 1e-19 has no normal square, so Adam could make no use of it.
    """
    np.putmask(gradient, np.abs(gradient) < _negligible(gradient.dtype), 0.0)


@cache
def _negligible(dtype: np.dtype) -> np.ndarray:
    info = np.finfo(dtype)
    return info.eps * np.sqrt(info.smallest_normal)


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
        Whether a tape is given ``W_ih x + b_ih`` of each step and not x, see `load_tokens`.
    n_column_inputs : int
        Rows of inputs in a column: F, or none.
    """

    n_column_rows: int
    n_gate_rows: int

    def __init__(self, n_inputs: int, n_hidden: int, *, reads_tokens: bool = False) -> None:
        self.reads_tokens = reads_tokens
        self.takes_products = reads_tokens and n_inputs >= MANY_DIMENSIONS
        self.n_inputs = n_inputs
        self.n_column_inputs = 0 if self.takes_products else n_inputs
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
        sizes = self.n_column_inputs, self.n_hidden, self.n_column_rows, self.n_gate_rows
        kind = {
            "reverse": reverse,
            "masked": masked,
            "keeps_states": keeps_states,
            "takes_products": self.takes_products,
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
        products = tokens.vectors @ weights.weight_ih.T
        products += weights.bias_ih
        of_gates = products[:, : 2 * self.n_hidden]
        np.negative(of_gates, of_gates)
        tape.load_products(products, tokens.places, mask, initial)

    def forward(self, weights: CellWeights, tape: Tape, kernels: Any = None) -> np.ndarray:
        """Run over a loaded tape and return the final state of each sequence, (H, N).

        ``kernels`` are `forward_kernels` of the weights, where they serve for several tapes.
        """
        kernels = self.forward_kernels(weights) if kernels is None else kernels
        with np.errstate(over="ignore"):
            for run in tape.forward_runs():
                run.forward_views = run.forward_views or self._forward_views(run)
                self._forward(kernels, run)
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
        kernels = self._backward_kernels(weights)
        sums = KernelGradient(workspace)
        d_runs = [None] * len(tape.runs) if d_outputs is None else tape.reorder(d_outputs)
        for run, d_output in zip(tape.backward_runs(d_final), reversed(d_runs), strict=True):
            run.backward_views = run.backward_views or [
                (block, *self._backward_views(run, block, workspace)) for block in self._blocks(run)
            ]
            self._backward_run(kernels, run, d_output, sums)
        self._write_gradient(gradient, sums)

    def _backward_run(
        self, kernels: Any, run: Run, d_output: np.ndarray | None, sums: KernelGradient
    ) -> None:
        """Go through a run from its last block to the first, unless the gradient has vanished."""
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
            self._backward(kernels, run.d_state, run.mask, zip(d_steps, views, strict=True))
            self._add_products(sums, sums.wide("gates", gates), sums.wide("columns", columns))

    def input_gradient(self, weights: CellWeights, tape: Tape) -> list[np.ndarray]:
        """Return the gradient of the inputs after `backward`, (n_steps, F, N) per run."""
        return [weights.weight_ih.T @ d_products for d_products in self.product_gradient(tape)]

    def product_gradient(self, tape: Tape) -> list[np.ndarray]:
        """Return the gradient of ``W_ih x + b_ih`` after `backward`, (n_steps, 3H, N) per run."""
        return tape.reorder([run.gates[:, -3 * self.n_hidden :] for run in tape.runs])

    def _blocks(self, run: Run) -> list[slice]:
        """Cut the steps of a run into blocks, the last one first."""
        n_columns = max(BLOCK_COLUMNS, BLOCK_SIZE // self.n_hidden)
        length = min(CHECKED_STEPS, max(1, n_columns // run.n_active))
        return [slice(max(0, stop - length), stop) for stop in range(len(run.gates), 0, -length)]

    def _of_column(self, weights: CellWeights) -> tuple[np.ndarray, np.ndarray]:
        """Return ``weight_ih`` (3H, F) and ``bias_ih`` as far as they multiply a column."""
        if self.takes_products:
            return weights.weight_ih[:, :0], np.zeros_like(weights.bias_ih)
        return weights.weight_ih, weights.bias_ih

    @abstractmethod
    def forward_kernels(self, weights: CellWeights) -> Any:
        """Arrange the weights as the forward products want them."""

    @abstractmethod
    def _forward_views(self, run: Run) -> list[Any]:
        """Cut a run into the arrays that `_forward` meets at each step."""

    @abstractmethod
    def _forward(self, kernels: Any, run: Run) -> None:
        """Compute the gates and states of a run, step by step."""

    @abstractmethod
    def _backward_kernels(self, weights: CellWeights) -> Any:
        """Arrange the weights as the backward products want them, in C order."""

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
        self, kernels: Any, d_state: np.ndarray, mask: np.ndarray | None, steps: Any
    ) -> None:
        """Turn gates into gradients of pre-activations, and carry ``d_state[0]`` back."""

    @abstractmethod
    def _add_products(self, sums: KernelGradient, d_gates: np.ndarray, columns: np.ndarray) -> None:
        """Add a block's share of the gradient of the weights."""

    @abstractmethod
    def _write_gradient(self, gradient: CellWeights, sums: KernelGradient) -> None:
        """Take the sums apart into weights and biases."""
