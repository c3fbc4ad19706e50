"""Targets that are sequences of tokens, of lengths of their own; they may be empty."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from scipy.sparse import issparse

from ._core._sequences import SequenceBatch, begins
from ._input_formats import list_or_array, place_of

LARGEST_ID = 2**53 - 1  # beyond it, several integers become one in double precision


def read_target_sequences(y: Any) -> SequenceBatch:
    """Return y as sequences of token ids, (M, 1), int64, without padding.

    ``y`` is a list of arrays (n_timesteps_i,) of ids, or an array or table (n, T) of them, with 0
    as padding at the end.

    Raises
    ------
    ValueError, TypeError
        Naming the first sample and step with what is no id, or with padding before an id.
    """
    sequences = [_read_one(one, i) for i, one in enumerate(_as_iterable(y))]
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


def _as_iterable(y: Any) -> Any:
    """Return y as something whose items are the targets, of a table its rows."""
    if issparse(y) or np.ma.isMaskedArray(y):
        raise TypeError(
            f"y is a {type(y).__name__}. Give a list of sequences of token ids, or an array of "
            "them with 0 as padding."
        )
    targets = np.asarray(y) if hasattr(y, "columns") else list_or_array(y)
    if not isinstance(targets, list) and targets.ndim == 0:
        raise TypeError(
            f"y is {y!r}, but must be a list of sequences of token ids, one for each of X."
        )
    return targets


def _read_one(sequence: Any, i: int) -> np.ndarray:
    """Return the i-th target as an array of numbers (n_timesteps,)."""
    if isinstance(sequence, str):
        raise ValueError(
            f"y holds the text {str(sequence)!r} at sample {i}, but must hold token ids. "
            "TextEncoder makes ids of texts."
        )
    if np.ma.isMaskedArray(sequence):
        raise TypeError(
            f"y[{i}] is a masked array, but must hold a token id at each step. If "
            f"padding is masked, give y[{i}].compressed()."
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
    if values.dtype.kind == "f":
        _refuse_rounded(values, i)
    return values if values.dtype.kind in "iuf" or not len(values) else _as_numbers(sequence, i)


def _refuse_rounded(values: np.ndarray, i: int) -> None:
    """Complain of ids beyond those that a floating point type tells apart."""
    limit = 2.0 ** (np.finfo(values.dtype).nmant + 1) - 1
    is_beyond = (values > limit) & (values < np.inf)  # infinity is no id of any type
    if is_beyond.any():
        step = int(np.argmax(is_beyond))
        raise ValueError(
            f"y holds {values[step]:.0f} at sample {i}, step {step}, but {values.dtype} has token "
            f"ids up to {limit:.0f} only. Give integers."
        )


def _as_numbers(sequence: Any, i: int) -> np.ndarray:
    """Return numbers that stand in an array of objects, or beside what is none."""
    values = np.asarray(sequence, dtype=object).ravel().tolist()
    for step, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, Real):
            raise ValueError(
                f"y holds {value!r} at sample {i}, step {step}, but a target is a sequence of "
                "token ids, integers. TextEncoder makes ids of texts."
            )
    return np.array(values, np.float64)


def _complain(row: int, values: np.ndarray, lengths: np.ndarray) -> None:
    sample, step = place_of(row, lengths)
    raise ValueError(
        f"y holds {values[row]:g} at sample {sample}, step {step}, but must hold token ids: "
        f"integers from 1 to {LARGEST_ID}, and 0 for padding."
    )
