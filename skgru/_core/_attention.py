"""Attention: which steps of a source matter to a step of a target, and what is read there.

    a_tj = exp(q_t . W_a m_j) / (sum over the steps k of exp(q_t . W_a m_k))
    context_t = sum over j of a_tj m_j
    u_t = tanh(W_u [context_t, q_t] + b_u)

with states ``q_t`` of the decoder and ``m_j`` of the encoder: the "general" score of Luong et al.
(2015), https://arxiv.org/abs/1508.04025. W_u is linear, so the context's part of its product is the
same mean of ``W_u m_j``: these *values* are computed with the *keys* ``W_a m_j`` in one product,
and contexts themselves never.

Shape letters beside those of `_core`: ``S`` steps of the source, ``T`` of the target, ``M`` units
of the encoder's states, ``H`` of the decoder's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._params import Shapes
from ._tape import Workspace


@dataclass
class Memory:
    """What a decoder may look at.

    Attributes
    ----------
    keys_and_values : ndarray of shape (N, S, 2 H)
        What is compared with the states of the decoder, and what is read. Zero behind the valid
        steps.
    lengths : ndarray of shape (N,)
        How many of the steps are valid.
    """

    keys_and_values: np.ndarray
    lengths: np.ndarray

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def keys(self) -> np.ndarray:
        return halves(self.keys_and_values)[0]

    @property
    def values(self) -> np.ndarray:
        return halves(self.keys_and_values)[1]

    def select(self, indices: np.ndarray) -> Memory:
        """Return that of some of the sequences, as long as the longest of them."""
        lengths = self.lengths[indices]
        return Memory(self.keys_and_values[indices, : int(lengths.max())], lengths)


@dataclass
class Reading:
    """What the forward pass leaves for the backward pass.

    Attributes
    ----------
    states : ndarray of shape (M, H)
        Of the decoder after valid steps.
    places : ndarray of shape (M,)
        Where these steps stand in an array (N, T), flat.
    queries : ndarray of shape (N, T, H)
        The same states, where they stand there.
    weights : ndarray of shape (N, T, S)
        a, where it is not negligible beside 1, and 0 elsewhere.
    outputs : ndarray of shape (M, H)
        u of valid steps.
    """

    states: np.ndarray
    places: np.ndarray
    queries: np.ndarray
    weights: np.ndarray
    outputs: np.ndarray


class Attention:
    """What a decoder with states q makes of a memory.

    Parameters
    ----------
    n_queried : int
        Units of the decoder's states, H; as many outputs.
    n_memory : int
        Units of the encoder's states, M.
    """

    def __init__(self, n_queried: int, n_memory: int) -> None:
        self._n_memory = n_memory
        self.shapes: Shapes = {
            "weight_attention": (n_queried, n_memory),
            "weight_readout": (n_queried, n_memory + n_queried),
            "bias_readout": (n_queried,),
        }

    def _kernel(self, parameters: dict[str, np.ndarray]) -> np.ndarray:
        """Return what makes keys and values of states, (2 H, M)."""
        of_context = parameters["weight_readout"][:, : self._n_memory]
        return np.concatenate([parameters["weight_attention"], of_context])

    def memorise(
        self,
        parameters: dict[str, np.ndarray],
        states: np.ndarray,
        places: np.ndarray,
        lengths: np.ndarray,
        workspace: Workspace,
    ) -> Memory:
        """Return the memory of the valid states, rows that stand at ``places`` of (N, S), flat."""
        kernel = self._kernel(parameters)
        # One product for all sequences: one for each takes 1.4 times as long.
        rows = workspace.empty("rows of memory", len(states), len(kernel))
        np.matmul(states, kernel.T, rows)
        both = workspace.empty("keys and values", len(lengths), int(lengths.max()), len(kernel))
        spread(rows, places, both)
        return Memory(both, lengths)

    def _weights(self, memory: Memory, queries: np.ndarray, workspace: Workspace) -> np.ndarray:
        """Return how much of each value is read at each step, (N, T, S), for (N, T, H)."""
        a = workspace.empty("attention", *queries.shape[:2], memory.keys.shape[1])
        np.matmul(queries, memory.keys.transpose(0, 2, 1), a)
        if (memory.lengths != a.shape[2]).any():
            is_padding = np.arange(a.shape[2]) >= memory.lengths[:, None]
            np.copyto(a, -np.inf, where=is_padding[:, None])
        a -= a.max(axis=2, keepdims=True)
        np.exp(a, a)
        a /= a.sum(axis=2, keepdims=True)
        # Beside the largest they change no digit of what is read. On the way back they, and what is
        # multiplied by them, would be subnormal numbers, which some processors are slow with: they
        # took a tenth of a short training, and up to three quarters of the time late in a long one.
        np.putmask(a, a < np.finfo(a.dtype).eps ** 2, 0.0)
        return a

    def forward(
        self,
        parameters: dict[str, np.ndarray],
        memory: Memory,
        states: np.ndarray,
        places: np.ndarray,
        n_timesteps: int,
        workspace: Workspace,
    ) -> Reading:
        """Return outputs for states (M, H), which stand at ``places`` of (N, n_timesteps)."""
        padded = len(memory), n_timesteps, states.shape[1]
        queries = workspace.empty("queries", *padded)
        spread(states, places, queries)
        a = self._weights(memory, queries, workspace)
        reads, own = workspace.empty("padded", *padded), workspace.empty("rows", *states.shape)
        np.matmul(a, memory.values, reads)
        outputs = gather(reads, places, workspace.empty("outputs", *states.shape))
        outputs += np.matmul(states, parameters["weight_readout"][:, self._n_memory :].T, own)
        outputs += parameters["bias_readout"]
        np.tanh(outputs, outputs)
        return Reading(states, places, queries, a, outputs)

    def backward(
        self,
        parameters: dict[str, np.ndarray],
        memory: Memory,
        memory_states: np.ndarray,
        memory_places: np.ndarray,
        reading: Reading,
        d_outputs: np.ndarray,
        gradient: dict[str, np.ndarray],
        workspace: Workspace,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradients of the decoder's states and of those that `memorise` was given.

        Writes that of the parameters.
        """
        d_sums, d_states = self._backward_readout(
            parameters, reading, d_outputs, gradient, workspace
        )
        d_both, d_queries = self._backward_weights(memory, reading, d_sums, workspace)
        d_states += gather(d_queries, reading.places, workspace.empty("rows", *d_states.shape))
        rows = workspace.empty("rows of memory", len(memory_states), d_both.shape[2])
        d_rows = gather(d_both, memory_places, rows)
        d_kernel, d_readout = d_rows.T @ memory_states, gradient["weight_readout"]
        gradient["weight_attention"][...], d_readout[:, : self._n_memory] = np.split(d_kernel, 2)
        d_memory = workspace.empty("d_memory", *memory_states.shape)
        return d_states, np.matmul(d_rows, self._kernel(parameters), d_memory)

    def _backward_readout(
        self,
        parameters: dict[str, np.ndarray],
        reading: Reading,
        d_outputs: np.ndarray,
        gradient: dict[str, np.ndarray],
        workspace: Workspace,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradients of what tanh is taken of, and of the states as a part of that.

        Writes that of the bias and of the weights on these states.
        """
        shape, of_states = d_outputs.shape, slice(self._n_memory, None)
        d_sums = workspace.empty("d_sums", *shape)
        np.multiply(reading.outputs, reading.outputs, d_sums)
        np.subtract(1, d_sums, d_sums)
        d_sums *= d_outputs
        d_sums.sum(axis=0, out=gradient["bias_readout"])
        np.matmul(d_sums.T, reading.states, gradient["weight_readout"][:, of_states])
        weights, d_states = parameters["weight_readout"], workspace.empty("d_states", *shape)
        return d_sums, np.matmul(d_sums, weights[:, of_states], d_states)

    def _backward_weights(
        self, memory: Memory, reading: Reading, d_sums: np.ndarray, workspace: Workspace
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradients of keys and values (N, S, 2 H) and of the queries (N, T, H)."""
        a, padded = reading.weights, reading.queries.shape
        d_reads = workspace.empty("d_reads", *padded)
        spread(d_sums, reading.places, d_reads)
        d_both = workspace.empty("d_both", *memory.keys_and_values.shape)
        d_keys, d_values = halves(d_both)
        np.matmul(a.transpose(0, 2, 1), d_reads, d_values)
        d_a = d_reads @ memory.values.transpose(0, 2, 1)
        d_a -= np.einsum("nts,nts->nt", d_a, a)[:, :, None]
        d_a *= a
        np.matmul(d_a.transpose(0, 2, 1), reading.queries, d_keys)
        return d_both, np.matmul(d_a, memory.keys, workspace.empty("padded", *padded))


def flat(padded: np.ndarray) -> np.ndarray:
    """Return an array (N, T, R) as its rows (N * T, R)."""
    return padded.reshape(-1, padded.shape[2])


def spread(rows: np.ndarray, places: np.ndarray, padded: np.ndarray) -> None:
    """Write rows to ``places`` of an array (N, T, R), flat, and zeros elsewhere."""
    if padded.size > rows.size:
        padded.fill(0)
    flat(padded)[places] = rows


def gather(padded: np.ndarray, places: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Write what stands at ``places`` of an array (N, T, R), flat, to rows and return these."""
    return flat(padded).take(places, axis=0, out=rows, mode="clip")  # "raise" would copy


def halves(both: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the second half of the last axis."""
    middle = both.shape[-1] // 2
    return both[..., :middle], both[..., middle:]
