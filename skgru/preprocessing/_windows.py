"""Windows over a long series."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def make_windows(series, *, n_timesteps, horizon=1, target=None, stride=1):
    """Cut a long series into windows and the values that follow each of them.

    Window i holds the steps ``i * stride`` to ``i * stride + n_timesteps - 1``, and its target the
    next ``horizon`` steps: no value of the future is in X.

    Parameters
    ----------
    series : array-like of shape (n_steps,) or (n_steps, n_features), or DataFrame
        One row per step, in the order of time.
    n_timesteps : int
        Number of steps in a window.
    horizon : int, default=1
        Number of steps to forecast.
    target : int, str or list of them, default=None
        Which column (of a DataFrame: by position or name) is to be forecast; a list for several,
        None for all.
    stride : int, default=1
        By how many steps two windows are apart.

    Returns
    -------
    X : ndarray of shape (n_windows, n_timesteps, n_features)
        A read-only view of the series, not a copy.
    y : ndarray of shape (n_windows, horizon) or (n_windows, horizon, n_targets)
        The former for a single target column: for an int or str, or a series with one column.

    Raises
    ------
    ValueError
        If the series is too short for one window, or a parameter is out of range.

    Examples
    --------
    >>> from skgru.preprocessing import make_windows
    >>> X, y = make_windows([0, 1, 2, 3, 4, 5], n_timesteps=3)
    >>> X[:, :, 0]
    array([[0., 1., 2.],
           [1., 2., 3.],
           [2., 3., 4.]])
    >>> y
    array([[3.],
           [4.],
           [5.]])
    """
    for name, value in (("n_timesteps", n_timesteps), ("horizon", horizon), ("stride", stride)):
        if not _is_int(value) or value < 1:
            raise ValueError(f"{name} must be an int of at least 1. Got {value!r} instead.")
    values, names = _as_columns(series)
    columns = _target_columns(target, names, values.shape[1])
    if len(values) < n_timesteps + horizon:
        raise ValueError(
            f"series has {len(values)} steps, but n_timesteps={n_timesteps} and horizon={horizon} "
            f"need at least {n_timesteps + horizon}. Make the window or the horizon shorter."
        )
    windows = sliding_window_view(values[:-horizon], n_timesteps, axis=0)[::stride]
    X = windows.transpose(0, 2, 1)
    future = sliding_window_view(values[n_timesteps:, columns], horizon, axis=0)[::stride]
    return X, np.ascontiguousarray(future.swapaxes(-1, 1) if future.ndim == 3 else future)


def _is_int(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _as_columns(series: Any) -> tuple[np.ndarray, list[Any]]:
    """Return the series as float (n_steps, n_features), and its column names if it has any."""
    names = list(getattr(series, "columns", []))
    values = np.asarray(series)
    if values.dtype != np.float32:
        if np.iscomplexobj(values):
            raise ValueError("Complex data not supported: series has complex numbers.")
        try:
            values = values.astype(np.float64, copy=False)
        except (ValueError, TypeError) as error:
            raise ValueError(f"series must hold numbers only: {error}") from error
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2:
        raise ValueError(
            f"series has {values.ndim} dimensions; expected (n_steps,) or (n_steps, n_features)."
        )
    return values, names


def _target_columns(target: Any, names: list[Any], n_columns: int) -> Any:
    """Return the position of the target column, or a list of positions."""
    if target is None:
        return 0 if n_columns == 1 else list(range(n_columns))
    if not isinstance(target, str) and np.ndim(target) == 1 and len(target):
        return [_target_columns(one, names, n_columns) for one in target]
    if np.ndim(target) == 0 and target in names:  # names come first, should they be numbers
        return names.index(target)
    if _is_int(target) and -n_columns <= target < n_columns:
        return int(target)
    raise ValueError(
        f"target {target!r} is no column of series, which has {n_columns}: {names or 'no names'}."
    )
