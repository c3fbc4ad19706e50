"""Targets that are sequences of tokens, of lengths of their own; they may be empty."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._core._sequences import SequenceBatch, begins
from ._input_formats import list_or_array, place_of

LARGEST_ID = 2**53 - 1  # beyond it, several integers become one in double precision


def read_target_sequences(y: Any) -> SequenceBatch:
    """Return y as sequences of token ids, (M, 1), int64, without padding.

    ``y`` is a list of arrays (n_timesteps_i,) of ids, or an array (n, T) of them, with 0 as padding
    at the end.

    Raises
    ------
    ValueError
        Naming the first sample and step with what is no id, or with padding before an id.
    """
    sequences = [_read_one(one, i) for i, one in enumerate(list_or_array(y))]
    lengths = np.array([len(one) for one in sequences], int)
    values = np.concatenate([np.empty(0, int), *sequences])
    with np.errstate(invalid="ignore"):
        ids = values.astype(np.int64)
    is_token = ids != 0
    bad = (ids != values) | (ids < 0) | (ids > LARGEST_ID)
    if bad.any():
        _complain(int(np.argmax(bad)), values, lengths)
    steps = np.arange(len(ids)) - np.repeat(begins(lengths), lengths)
    n_tokens = np.zeros(len(sequences), int)
    of_tokens = np.repeat(np.arange(len(sequences)), lengths)[is_token]
    np.maximum.at(n_tokens, of_tokens, steps[is_token] + 1)
    is_inside = ~is_token & (steps < np.repeat(n_tokens, lengths))
    if is_inside.any():
        sample, step = place_of(int(np.argmax(is_inside)), lengths)
        raise ValueError(
            f"y has id 0, which is padding, at sample {sample}, step {step}, before other ids. "
            "Padding must stand at the end of a sequence."
        )
    return SequenceBatch(ids[is_token][:, None], begins(n_tokens), n_tokens)


def _read_one(sequence: Any, i: int) -> np.ndarray:
    """Return the i-th target as an array of numbers (n_timesteps,)."""
    if isinstance(sequence, str):
        raise ValueError(
            f"y holds the text {sequence!r} at sample {i}, but must hold token ids. TextEncoder "
            "makes ids of texts."
        )
    try:
        values = np.asarray(sequence)
    except ValueError as error:
        raise ValueError(f"y[{i}] must be a sequence of token ids in one dimension.") from error
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ValueError(
            f"y[{i}] has shape {values.shape}, but a target is a sequence of token ids, "
            "(n_timesteps,). Give y as a list of such, one for each sequence of X."
        )
    if len(values) and values.dtype.kind not in "iuf":
        raise ValueError(
            f"y[{i}] holds {values[0]!r}, but a target is a sequence of token ids, integers. "
            "TextEncoder makes ids of texts."
        )
    return values


def _complain(row: int, values: np.ndarray, lengths: np.ndarray) -> None:
    sample, step = place_of(row, lengths)
    raise ValueError(
        f"y holds {values[row]:g} at sample {sample}, step {step}, but must hold token ids: "
        f"integers from 1 to {LARGEST_ID}, and 0 for padding."
    )
