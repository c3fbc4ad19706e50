"""Windows over long series."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.sparse import issparse

from ._numbers import read_numbers


def make_windows(series, *, n_timesteps, horizon=1, target=None, stride=1, exogenous=None):
    """Cut a long series, or several, into windows and the values that follow each of them.

    Window i holds the steps ``i * stride`` to ``i * stride + n_timesteps - 1``, and its target the
    next ``horizon`` steps: no value of the future is in X, but for columns that are named to be
    ``exogenous``. No window goes from one series into the next.

    Parameters
    ----------
    series : array-like of shape (n_steps,) or (n_steps, n_features), DataFrame, or list of them
        One row per step, in the order of time. A list of arrays or tables is several series, each
        of its own length, with the same columns.
    n_timesteps : int
        Number of steps in a window.
    horizon : int, default=1
        Number of steps to forecast.
    target : int, str or list of them, default=None
        Which column (of a DataFrame: by position or name) is to be forecast; a list for several,
        None for all that are not exogenous.
    stride : int, default=1
        By how many steps two windows are apart.
    exogenous : int, str or list of them, default=None
        Columns that are known in advance: days of the week, prices, weather forecasts. In X they
        run ``horizon`` steps ahead of the other columns, so that a window ends with their values
        in the steps to forecast; ``horizon`` may not exceed ``n_timesteps`` then. To have their
        values in the same step too, give them a second time under another name.

    Returns
    -------
    X : ndarray of shape (n_windows, n_timesteps, n_features)
        Of one series a read-only view, not a copy; of ``exogenous`` columns, a view of one copy of
        the series. Of several series a copy, one after the other.
    y : ndarray of shape (n_windows, horizon) or (n_windows, horizon, n_targets)
        The former for a single target column: for an int or str, or if there is only one.
    groups : ndarray of shape (n_windows,)
        Only of a list: which series a window is of, for `sklearn.model_selection.GroupKFold` and
        the like. Windows overlap, so those of one series must not be torn apart.

    Raises
    ------
    TypeError
        If a series is a masked array, or sparse.
    ValueError
        If a series holds what is no number, infinity, or integers that no float64 can tell apart,
        naming step and column; what is missing becomes NaN.
        If a series is too short for one window, if series have different columns, or if a
        parameter is out of range. If a series is NaN in all columns at the last step of a window,
        naming the step: estimators would take that for padding, and the window for a shorter one.

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

    Several series:

    >>> import numpy as np
    >>> X, y, groups = make_windows([np.arange(5.0), np.arange(4.0)], n_timesteps=3)
    >>> groups
    array([0, 0, 1])
    """
    for name, value in (("n_timesteps", n_timesteps), ("horizon", horizon), ("stride", stride)):
        if not _is_int(value) or value < 1:
            raise ValueError(f"{name} must be an int of at least 1. Got {value!r} instead.")
    is_list = _is_list_of_series(series)
    labels = [f"series[{i}]" for i in range(len(series))] if is_list else ["series"]
    tables = [
        _as_columns(one, label)
        for one, label in zip(series if is_list else [series], labels, strict=True)
    ]
    _check_same_columns(tables)
    values, names = tables[0]
    known = _known_columns(exogenous, names, values.shape[1], n_timesteps, horizon)
    columns = _forecast_columns(target, known, names, values.shape[1])
    parts = [
        _windows(values, label, n_timesteps, horizon, stride, columns, known)
        for (values, _), label in zip(tables, labels, strict=True)
    ]
    if not is_list:
        return parts[0]
    X, y = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return X, y, np.repeat(np.arange(len(parts)), [len(X) for X, _ in parts])


def _windows(
    values: np.ndarray,
    label: str,
    n_timesteps: int,
    horizon: int,
    stride: int,
    columns: Any,
    known: list[int],
) -> tuple[np.ndarray, np.ndarray]:
    """Return the windows of one series, and what follows them."""
    if len(values) < n_timesteps + horizon:
        raise ValueError(
            f"{label} has {len(values)} steps, but n_timesteps={n_timesteps} and horizon={horizon} "
            f"need at least {n_timesteps + horizon}. Make the window or the horizon shorter, "
            "or leave the series out."
        )
    seen = values[:-horizon]
    if known:
        seen = seen.copy()
        seen[:, known] = values[horizon:, known]
    _check_last_steps(seen[n_timesteps - 1 :: stride], label, n_timesteps, stride)
    X = sliding_window_view(seen, n_timesteps, axis=0)[::stride].transpose(0, 2, 1)
    future = sliding_window_view(values[n_timesteps:, columns], horizon, axis=0)[::stride]
    return X, np.ascontiguousarray(future.swapaxes(-1, 1) if future.ndim == 3 else future)


def _check_last_steps(ends: np.ndarray, label: str, n_timesteps: int, stride: int) -> None:
    """Raise if a window would end in what estimators take for padding."""
    empty = np.isnan(ends).all(axis=1)
    if empty.any():
        window = int(np.argmax(empty))
        raise ValueError(
            f"{label} is NaN in all columns at step {window * stride + n_timesteps - 1}, where "
            f"window {window} ends: there it would be taken for padding. Impute the series before, "
            "with pandas' interpolate or scikit-learn's SimpleImputer, or cut it into several "
            "series at its gaps."
        )


def _is_list_of_series(series: Any) -> bool:
    """Tell a list of arrays from one of numbers or of rows."""
    return isinstance(series, (list, tuple)) and any(
        len(getattr(one, "shape", ())) > 0 for one in series
    )


def _check_same_columns(tables: list[tuple[np.ndarray, list[Any]]]) -> None:
    values, names = tables[0]
    for i, (others, other_names) in enumerate(tables):
        if others.shape[1] != values.shape[1] or other_names != names:
            raise ValueError(
                f"series[{i}] has {others.shape[1]} columns, {other_names or 'without names'}, but "
                f"series[0] has {values.shape[1]}, {names or 'without names'}. Give each the same, "
                "in the same order."
            )


def _is_int(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _as_columns(series: Any, label: str) -> tuple[np.ndarray, list[Any]]:
    """Return the series as float (n_steps, n_features), and its column names if it has any."""
    names = list(getattr(series, "columns", []))
    if names and not all(getattr(dtype, "kind", None) == "f" for dtype in series.dtypes):
        if len(set(names)) < len(names):
            raise ValueError(f"{label} has two columns of one name: {names}. Rename one of them.")
        return np.column_stack([_numbers(series[name], label, name) for name in names]), names
    values = _as_array(series, label)
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2:
        raise ValueError(
            f"{label} has {values.ndim} dimensions; expected (n_steps,) or (n_steps, n_features)."
        )
    if not values.shape[1]:
        raise ValueError(f"{label} has no columns: give it at least one.")
    return _numbers(values, label), names


def _as_array(series: Any, label: str) -> np.ndarray:
    if np.ma.isMaskedArray(series):
        raise TypeError(f"{label} is a masked array. Use its .filled(numpy.nan), in floats.")
    if issparse(series):
        raise TypeError(f"{label} is sparse. Use its .toarray().")
    try:
        values = np.asarray(series)
    except ValueError as error:
        raise ValueError(
            f"The steps of {label} have different numbers of values; expected (n_steps,) or "
            "(n_steps, n_features). Several series are a list of arrays."
        ) from error
    if values.dtype.kind == "c":
        raise ValueError(
            f"Complex data not supported: {label} has complex numbers. Give real and imaginary "
            "parts as two columns."
        )
    return values


def _numbers(column: Any, label: str, name: Any = None) -> np.ndarray:
    """Return a column of a table, or a whole array, as floats; say where it holds no number."""
    values, bad, cure = read_numbers(column)
    if bad.any():
        step, *others = np.argwhere(bad)[0].tolist()
        held = column[(step, *others)] if others else column.to_list()[step]
        if isinstance(held, np.generic) and held.dtype.kind not in "mM":
            held = held.item()
        where = others[0] if others else repr(name)
        raise ValueError(f"{label} holds {held!r} at step {step}, column {where}. {cure}")
    return values


def _forecast_columns(target: Any, known: list[int], names: list[Any], n_columns: int) -> Any:
    """Return the position of the column to forecast, or a list of positions."""
    if target is None:
        columns = [i for i in range(n_columns) if i not in known]
        if not columns:
            raise ValueError("All columns of series are exogenous: there is none to forecast.")
        return columns[0] if len(columns) == 1 else columns
    columns = _positions("target", target, names, n_columns)
    both = {i % n_columns for i in np.atleast_1d(columns)} & set(known)
    if both:
        raise ValueError(
            f"target {target!r} is exogenous, too: X would hold what is to be forecast. Column "
            f"{both.pop()} may be one of them only."
        )
    return columns


def _known_columns(
    exogenous: Any, names: list[Any], n_columns: int, n_timesteps: int, horizon: int
) -> list[int]:
    """Return the positions of the exogenous columns."""
    if exogenous is None:
        return []
    if horizon > n_timesteps:
        raise ValueError(
            f"With exogenous columns horizon={horizon} may not exceed n_timesteps={n_timesteps}: a "
            "window has to hold their values in all steps to forecast."
        )
    positions = np.atleast_1d(_positions("exogenous", exogenous, names, n_columns))
    return [int(i) % n_columns for i in positions]


def _positions(argument: str, wanted: Any, names: list[Any], n_columns: int) -> Any:
    """Return the position of a column, or a list of positions."""
    if not isinstance(wanted, str) and np.ndim(wanted) == 1 and len(wanted):
        return [_positions(argument, one, names, n_columns) for one in wanted]
    if np.ndim(wanted) == 0 and wanted in names:  # names come first, should they be numbers
        return names.index(wanted)
    if _is_int(wanted) and -n_columns <= wanted < n_columns:
        return int(wanted)
    raise ValueError(
        f"{argument} {wanted!r} is no column of series, which has {n_columns}: "
        f"{names or 'no names'}."
    )
