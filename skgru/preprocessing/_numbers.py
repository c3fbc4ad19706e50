"""Columns of tables and arrays as numbers, and where they hold none."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

LARGEST_INTEGER = 2**53  # beyond it, several integers become one float64


class Numbers(NamedTuple):
    """A column in float32 if it was that, else in float64; where it holds what is no number."""

    values: np.ndarray
    bad: np.ndarray
    cure: str


def read_numbers(column: Any) -> Numbers:
    """Read a column of pandas or polars, or an array of any shape; what is missing becomes NaN."""
    values = as_array(column)
    if values.dtype.kind in "iu":
        bad = (values > LARGEST_INTEGER) | (values < -LARGEST_INTEGER)
        cure = "As a float64 it would be another number. Is it an identifier?"
    elif values.dtype.kind in "fb":
        bad = np.isinf(values)
        cure = "Replace it, or let it be missing."
    else:
        cure = "Features must be numbers: encode it, or turn dates into days since the first."
        of_objects = np.frompyfunc(_number, 1, 1)
        values = of_objects(_objects(column)).astype(np.float64)
        bad = np.isnan(values) & ~is_missing(column)
        if not bad.any():
            bad, cure = np.isinf(values), "Replace it, or let it be missing."
    if values.dtype != np.float32:
        values = values.astype(np.float64, copy=False)
    return Numbers(values, bad, cure)


def as_array(column: Any) -> np.ndarray:
    """Return a column as an array, of pandas' nullable numbers as one of numbers."""
    if isinstance(column, np.ndarray):
        return column
    if getattr(column.dtype, "time_zone", None):  # polars would leave it away
        return np.array(column.to_list(), dtype=object)
    dtype = getattr(column.dtype, "numpy_dtype", np.dtype(object))
    if dtype.kind not in "iufb":
        return column.to_numpy()
    if is_missing(column).any():
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return column.to_numpy(dtype=dtype)


def is_missing(column: Any) -> np.ndarray:
    """Return where there is no value."""
    if isinstance(column, np.ndarray):
        return np.frompyfunc(_is_none, 1, 1)(column).astype(bool)
    if hasattr(column, "isna"):
        return np.asarray(column.isna())
    missing = column.is_null()
    if column.dtype.is_float():
        missing = missing | column.is_nan().fill_null(True)
    return missing.to_numpy()


def _is_none(value: Any) -> bool:
    """Say whether a value is None, NaN, or what pandas and NumPy have in their place."""
    if value is None or type(value).__name__ == "NAType":
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return False


def _objects(column: Any) -> np.ndarray:
    if isinstance(column, np.ndarray):
        return column.astype("U" if column.dtype.kind in "mM" else object)  # dates could be ints
    objects = np.empty(len(column), dtype=object)
    objects[:] = column.to_list()
    return objects


def _number(value: Any) -> float:
    """Return a number, NaN for what is none; strings are none even if they look like one."""
    try:
        return np.nan if isinstance(value, (str, bytes)) else float(value)
    except (TypeError, ValueError, OverflowError):
        return np.nan
