"""From ragged lists to arrays padded with NaN, and back."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from .._input_formats import begins, read_any


def pad_sequences(X, *, n_timesteps=None):
    """Turn sequences of different lengths into one array, padded with NaN at the end.

    Every estimator of skgru reads the array as it reads the list. `unpad_sequences` gives the
    sequences back as they were.

    Parameters
    ----------
    X : list of arrays of shape (n_timesteps_i, n_features) or (n_timesteps_i,)
        The latter have one feature. NaN may stand inside a sequence, but not in all features of
        its last step: that would be read as padding.
    n_timesteps : int, default=None
        Number of steps of the array; None: that of the longest sequence.

    Returns
    -------
    X_padded : ndarray of shape (n_samples, n_timesteps, n_features)
        A copy, in float32 if X is that, else in float64.

    Raises
    ------
    ValueError
        Naming the first sequence that is empty, has another number of features or infinity, is
        longer than ``n_timesteps`` or ends in NaN.

    See Also
    --------
    unpad_sequences : The way back.

    Examples
    --------
    >>> from skgru.preprocessing import pad_sequences
    >>> pad_sequences([[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]])
    array([[[ 1.,  2.],
            [nan, nan]],
    <BLANKLINE>
           [[ 3.,  4.],
            [ 5.,  6.]]])
    """
    batch = read_any(X)
    n_timesteps = _n_timesteps(n_timesteps, batch.lengths)
    rows = batch.rows()
    _check_last_steps(rows, batch.lengths)
    padded = np.full((len(batch), n_timesteps, batch.n_features), np.nan, rows.dtype)
    padded[np.arange(n_timesteps) < batch.lengths[:, None]] = rows
    return padded


def _n_timesteps(n_timesteps: int | None, lengths: np.ndarray) -> int:
    if n_timesteps is None:
        return int(lengths.max())
    if not isinstance(n_timesteps, Integral) or isinstance(n_timesteps, bool):
        raise ValueError(f"n_timesteps must be an int or None. Got {n_timesteps!r} instead.")
    too_long = lengths > n_timesteps
    if too_long.any():
        i = int(np.argmax(too_long))
        raise ValueError(
            f"Sequence {i} of X has {lengths[i]} steps, but n_timesteps={n_timesteps}. Set it to "
            f"at least {lengths.max()}, or cut the sequences."
        )
    return int(n_timesteps)


def _check_last_steps(rows: np.ndarray, lengths: np.ndarray) -> None:
    """Raise if a sequence could not be told from its padding."""
    ends_in_nan = np.isnan(rows[begins(lengths) + lengths - 1]).all(axis=1)
    if ends_in_nan.any():
        i = int(np.argmax(ends_in_nan))
        raise ValueError(
            f"Sequence {i} of X is NaN in all features at its last step, {lengths[i] - 1}: as an "
            "array that would be padding. Impute it, with TimeDistributed(SimpleImputer()) "
            "perhaps, or end the sequence before."
        )


def unpad_sequences(X):
    """Turn an array padded with NaN into a list of sequences without padding.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_timesteps, n_features)
        The steps of a sequence end with the last one that is not NaN in all features.

    Returns
    -------
    sequences : list of ndarray of shape (n_timesteps_i, n_features)
        Copies, in float32 if X is that, else in float64.

    Raises
    ------
    ValueError
        If X has not three dimensions, or naming the first sequence that is all NaN, or holds
        infinity.

    See Also
    --------
    pad_sequences : The way back.

    Examples
    --------
    >>> import numpy as np
    >>> from skgru.preprocessing import unpad_sequences
    >>> unpad_sequences([[[1.0], [2.0]], [[3.0], [np.nan]]])
    [array([[1.],
           [2.]]), array([[3.]])]
    """
    try:
        X = np.asarray(X)
    except ValueError as error:
        raise ValueError(
            "X holds sequences of different lengths, so there is no padding to take away; expected "
            "an array (n_samples, n_timesteps, n_features)."
        ) from error
    if X.ndim != 3:
        raise ValueError(
            f"X has {X.ndim} dimensions; expected 3, (n_samples, n_timesteps, n_features)."
        )
    return split(read_any(X))


def split(batch: Any) -> list[np.ndarray]:
    """Return sequences as a list of copies."""
    ends = batch.starts + batch.lengths
    return [batch.values[i:j].copy() for i, j in zip(batch.starts, ends, strict=True)]
