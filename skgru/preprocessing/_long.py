"""From long tables, a row for each step of each sequence, to ragged lists, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from .._input_formats import begins, read_any
from ._numbers import as_array, is_missing, read_numbers


class LongSequences(NamedTuple):
    """What `from_long` returns: each with an entry for each sequence, in the same order.

    Attributes
    ----------
    X : list of ndarray of shape (n_timesteps_i, n_features)
    y : ndarray, list of ndarray, or None
        Without ``target`` None.
    ids : ndarray of shape (n_sequences,)
    times : list of ndarray of shape (n_timesteps_i,), or None
        Without ``time`` None.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgru.preprocessing import from_long
    >>> df = pd.DataFrame({"patient": ["b", "a", "b"], "pulse": [70.0, 60.0, 80.0]})
    >>> visits = from_long(df, id="patient", columns="pulse")
    >>> visits.ids, [len(x) for x in visits.X]
    (array(['b', 'a'], dtype=object), [2, 1])
    """

    X: list[np.ndarray]
    y: Any
    ids: np.ndarray
    times: list[np.ndarray] | None


def from_long(df, *, id, time=None, columns, target=None, target_per_step=False):
    """Turn a long table, with a row for each step, into a list of sequences.

    Sequences come in the order in which their ids first appear in the table, and steps in the
    order of time; rows with the same time, or without a ``time``, keep their order.

    Parameters
    ----------
    df : pandas or polars DataFrame of shape (n_rows, n_columns)
        The rows may be in any order.
    id : str
        The column that tells to which sequence a row belongs.
    time : str, default=None
        The column to order the steps by: numbers, dates or an ordered category. None: the table
        is in order already.
    columns : str or list of str
        The columns that become features, in this order. They must hold numbers; a missing one
        becomes NaN.
    target : str or list of str, default=None
        The column that becomes y, or several.
    target_per_step : bool, default=False
        False: a target has one value in each sequence. True: it has one in each step, for
        estimators with ``return_sequences=True``.

    Returns
    -------
    X : list of ndarray of shape (n_timesteps_i, n_columns)
        In float32 if all columns are that, else in float64.
    y : ndarray of shape (n_sequences,) or (n_sequences, n_targets), list of ndarray, or None
        The latter shape if ``target`` is a list. With ``target_per_step`` a list of arrays of
        shape (n_timesteps_i,) or (n_timesteps_i, n_targets).
    ids : ndarray of shape (n_sequences,)
        The id of each sequence.
    times : list of ndarray of shape (n_timesteps_i,), or None
        The time of each step, if ``time`` is given. The four are a named tuple.

    Raises
    ------
    TypeError
        If df is no DataFrame, or names have no order, as those of a set.
    ValueError
        If a column is not there, naming it; if an id or a time is missing, naming the row or the
        id; if a column holds what is no number, or a target is not constant, naming column and id.

    See Also
    --------
    to_long : The way back.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgru.preprocessing import from_long
    >>> df = pd.DataFrame({
    ...     "patient": ["b", "b", "a"],
    ...     "day": [2, 1, 1],
    ...     "pulse": [80.0, 70.0, 60.0],
    ...     "ill": [True, True, False],
    ... })
    >>> X, y, ids, times = from_long(df, id="patient", time="day", columns="pulse", target="ill")
    >>> X
    [array([[70.],
           [80.]]), array([[60.]])]
    >>> y, ids
    (array([ True, False]), array(['b', 'a'], dtype=object))
    """
    _check_table(df)
    if not isinstance(target_per_step, (bool, np.bool_)):
        raise TypeError(f"target_per_step must be True or False. Got {target_per_step!r} instead.")
    if target_per_step and target is None:
        raise ValueError("target_per_step=True needs target, the name of a column.")
    features = _names(df, columns, "columns")
    targets = [] if target is None else _names(df, target, "target")
    _names_one(df, id, "id")
    of_rows, sequence = _sequence_of_rows(df[id], id)
    order = _order(df, time, id, of_rows, sequence)
    firsts = np.unique(sequence, return_index=True)[1]
    cuts = np.cumsum(np.bincount(sequence))[:-1]

    rows = _join([_numbers(df[name], name, id, of_rows) for name in features])
    X = np.split(rows[order], cuts)
    times = None if time is None else np.split(as_array(df[time])[order], cuts)
    y: Any = _targets(df, target, targets)
    if target_per_step and targets:
        y = np.split(y[order], cuts)
    elif targets:
        for name in targets:
            _check_constant(df[name], name, id, of_rows, sequence, firsts)
        y = y[firsts]
    return LongSequences(X, y, as_array(df[id])[firsts], times)


def _check_table(df: Any) -> None:
    if len(getattr(df, "shape", ())) != 2 or not hasattr(df, "columns"):
        raise TypeError(
            f"df must be a pandas or polars DataFrame. Got {type(df).__name__} instead; a dict or "
            "an array becomes one with pandas.DataFrame(...), a LazyFrame with its .collect()."
        )
    if not len(df):
        raise ValueError("df has no rows.")


def _names(df: Any, names: Any, argument: str) -> list[Any]:
    """Return the names of columns as a list, after a look whether each is there once."""
    there = list(df.columns)
    names = _as_list(names, there, argument)
    if not names:
        raise ValueError(f"{argument} is empty: name at least one column of df.")
    for name in names:
        if name not in there:
            index = name is not None and name in _index_names(df)
            cure = "It is in the index: use df.reset_index()." if index else f"It has {there}."
            raise ValueError(f"{argument}={name!r} is no column of df. {cure}")
        if there.count(name) > 1 or names.count(name) > 1:
            where = "df" if there.count(name) > 1 else argument
            raise ValueError(f"{argument}={name!r}: {where} has this column more than once.")
    return names


def _names_one(df: Any, name: Any, argument: str) -> None:
    """Raise unless it is the name of one column."""
    if _is_list(name, list(df.columns)):
        raise ValueError(
            f"{argument} must be the name of one column. Got {name!r} instead; join the columns "
            "into one before."
        )
    _names(df, [name], argument)


def _index_names(df: Any) -> list[Any]:
    """Return the names of a pandas index; a table of polars has none."""
    return list(getattr(getattr(df, "index", None), "names", []))


def _as_list(names: Any, there: list[Any], argument: str) -> list[Any]:
    """Return one name or several as a list; their order is that of the features."""
    if _is_list(names, there):
        return list(names)
    if isinstance(names, Iterable) and not isinstance(names, (str, bytes, tuple)):
        raise TypeError(
            f"{argument} must be the name of a column or a list of names. Got "
            f"{type(names).__name__} instead; make a list of it, in the order that you want."
        )
    return [names]


def _is_list(names: Any, there: list[Any]) -> bool:
    if isinstance(names, tuple):  # in pandas one column may be called that
        return names not in there
    return isinstance(names, list) or hasattr(names, "tolist")


def _sequence_of_rows(column: Any, id: Any) -> tuple[list[Any], np.ndarray]:
    """Return the id of each row, and the number of its sequence, in order of first appearance."""
    missing = is_missing(column)
    if missing.any():
        raise ValueError(
            f"id column {id!r} is missing in row {int(np.argmax(missing))} of df. Leave such rows "
            "out."
        )
    of_rows = column.to_list()
    values = as_array(column)
    return of_rows, _codes(of_rows) if values.dtype == object else _ranks_of_first(values)


def _ranks_of_first(values: np.ndarray) -> np.ndarray:
    """Return a number for each value, in order of first appearance; of numbers and dates, fast."""
    _, firsts, codes = np.unique(values, return_index=True, return_inverse=True)
    ranks = np.empty(len(firsts), int)
    ranks[np.argsort(firsts)] = np.arange(len(firsts))
    return ranks[codes]


def _codes(values: list[Any]) -> np.ndarray:
    """Return a number for each value, in order of first appearance."""
    numbers: dict[Any, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values])


def _order(df: Any, time: Any, id: Any, of_rows: list[Any], sequence: np.ndarray) -> np.ndarray:
    """Return the rows sequence by sequence, and by time within each."""
    if time is None:
        return np.argsort(sequence, kind="stable")
    _names_one(df, time, "time")
    missing = is_missing(df[time])
    if missing.any():
        row = int(np.argmax(missing))
        raise ValueError(
            f"time column {time!r} is missing in row {row} of df, where {id!r} is "
            f"{of_rows[row]!r}. Leave such rows out, or fill in the time."
        )
    _check_ordered(df[time], time)
    try:
        ranks = df[time].rank(method="dense").to_numpy()
    except TypeError as error:
        raise ValueError(f"time column {time!r} has no order: {error}.") from error
    return np.lexsort((ranks, sequence))


def _check_ordered(column: Any, name: Any) -> None:
    """Raise if times are text, or categories without an order of their own."""
    is_ordered = getattr(column.dtype, "ordered", type(column.dtype).__name__ == "Enum")
    is_category = hasattr(column.dtype, "categories")
    if not is_ordered and (is_category or any(isinstance(one, str) for one in column.to_list())):
        raise ValueError(
            f"time column {name!r} holds text or categories without an order: '10' would come "
            "before '9'. Make numbers or dates of it, with pandas.to_numeric or "
            "pandas.to_datetime, or an ordered category."
        )


def _numbers(column: Any, name: Any, id: Any, of_rows: list[Any]) -> np.ndarray:
    """Return a feature in float32 if it is that, else in float64."""
    values, bad, cure = read_numbers(column)
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(
            f"Column {name!r} holds {column.to_list()[row]!r} in row {row} of df, where {id!r} is "
            f"{of_rows[row]!r}. {cure}"
        )
    return values


def _join(columns: list[np.ndarray]) -> np.ndarray:
    """Return columns as one array; numbers stay numbers beside text."""
    if len({values.dtype.kind in "iufb" for values in columns}) > 1:
        columns = [values.astype(object) for values in columns]
    return np.column_stack(columns)


def _targets(df: Any, target: Any, names: list[Any]) -> np.ndarray | None:
    """Return the targets of all rows: (n_rows,) for one name, (n_rows, n_targets) for a list."""
    if target is None:
        return None
    values = [as_array(df[name]) for name in names]
    return _join(values) if _is_list(target, list(df.columns)) else values[0]


def _check_constant(
    column: Any, name: Any, id: Any, of_rows: list[Any], sequence: np.ndarray, firsts: np.ndarray
) -> None:
    """Raise if a target has several values in a sequence; missing ones are the same."""
    values, missing, first_rows = as_array(column), is_missing(column), firsts[sequence]
    if values.dtype == object:
        values = values.copy()
        values[missing] = None  # NA of pandas is neither equal nor different
    differs = (values != values[first_rows]) & ~(missing & missing[first_rows])
    if differs.any():
        row = int(np.argmax(differs))
        first = int(first_rows[row])
        values = column.to_list()
        raise ValueError(
            f"Target {name!r} is not constant where {id!r} is {of_rows[row]!r}: it is "
            f"{values[first]!r} in row {first} of df, {values[row]!r} in row {row}. Set "
            "target_per_step=True if each step has its own."
        )


def to_long(
    X,
    *,
    columns,
    id="id",
    ids=None,
    time=None,
    times=None,
    target=None,
    y=None,
    output="pandas",
):
    """Turn sequences into a long table, with a row for each step; undo `from_long`.

    Parameters
    ----------
    X : list of sequences, array of shape (n_samples, n_timesteps, n_features) or table
        Padding is left out.
    columns : str or list of str
        Names of the features of a step.
    id : str, default="id"
        Name of the column with the id of each row's sequence.
    ids : array-like of shape (n_samples,), default=None
        Ids, each once; None: 0, 1, ...
    time : str, default=None
        Name of the column with the time of each step; None: there is none.
    times : list of array-like of shape (n_timesteps_i,), default=None
        Time of each step; None: 0, 1, ...
    target : str or list of str, default=None
        Name of the column with the targets or predictions; a list for several.
    y : array-like, default=None
        Needed with ``target``: an entry for each sequence, which is repeated for its steps, or a
        list of arrays with an entry for each step. An entry is a number or label, or
        ``n_targets`` of them if ``target`` is a list.
    output : {"pandas", "polars"}, default="pandas"
        Which kind of DataFrame to make.

    Returns
    -------
    df : DataFrame
        Columns id, time, features and targets, sequence by sequence.

    Raises
    ------
    ImportError
        If what ``output`` names is not installed: `pip install skgru[pandas]` or
        `pip install skgru[polars]`.
    ValueError
        If numbers of sequences, steps, features or targets differ, naming the first sequence, or
        if a name or an id is there twice, or an id is missing.

    See Also
    --------
    from_long : The way back.

    Examples
    --------
    >>> from skgru.preprocessing import to_long
    >>> to_long(
    ...     [[[70.0], [80.0]], [[60.0]]],
    ...     columns="pulse", id="patient", ids=["b", "a"], time="day", target="ill", y=[1, 0],
    ... )
      patient  day  pulse  ill
    0       b    0   70.0    1
    1       b    1   80.0    1
    2       a    0   60.0    0
    """
    columns = _as_list(columns, [], "columns")
    batch = read_any(X, len(columns))
    if batch.n_features != len(columns):
        raise ValueError(
            f"X has {batch.n_features} features per step, but columns names {len(columns)}."
        )
    if (target is None) != (y is None):
        raise ValueError("target, the name of a column, and y, its values, go together.")
    if time is None and times is not None:
        raise ValueError("times needs the name of its column: set time.")
    lengths = batch.lengths
    padded_to = X.shape[1] if len(getattr(X, "shape", ())) == 3 else None
    parts = [(id, np.repeat(_ids(ids, len(lengths)), lengths))]
    if time is not None:
        parts.append((time, _times(times, lengths, padded_to)))
    parts += zip(columns, batch.rows().T, strict=True)
    if target is not None:
        parts += _target_columns(target, y, lengths, padded_to)
    names = [name for name, _ in parts]
    if len(set(names)) < len(names):
        raise ValueError(f"Each column needs a name of its own. Got {names}.")
    return _data_frame(dict(parts), output)


def _ids(ids: Any, n_samples: int) -> np.ndarray:
    if ids is None:
        return np.arange(n_samples)
    ids = np.asarray(ids)
    if ids.shape != (n_samples,):
        raise ValueError(f"ids has shape {ids.shape}, but X has {n_samples} sequences.")
    missing = is_missing(ids)
    if missing.any():
        i = int(np.argmax(missing))
        raise ValueError(f"ids[{i}] is {ids[i]}, which is none. Give each sequence an id.")
    again = _codes(ids.tolist()) != np.arange(n_samples)
    if again.any():
        i = int(np.argmax(again))
        raise ValueError(
            f"ids[{i}] is {ids.tolist()[i]!r}, which is there before: two sequences would be one."
        )
    return ids


def _times(times: Any, lengths: np.ndarray, padded_to: int | None) -> np.ndarray:
    if times is None:
        return np.arange(lengths.sum()) - np.repeat(begins(lengths), lengths)
    _check_number("times", times, lengths)
    return _of_steps("times", [np.asarray(one) for one in times], lengths, padded_to)


def _of_steps(
    name: str, values: list[np.ndarray], lengths: np.ndarray, padded_to: int | None
) -> np.ndarray:
    """Join values of steps, those of padding left out."""
    for i, (one, length) in enumerate(zip(values, lengths, strict=True)):
        if not one.ndim or len(one) not in {length, padded_to}:
            raise ValueError(
                f"{name}[{i}] has shape {one.shape}, but sequence {i} of X has {length} steps."
            )
    return np.concatenate([one[:length] for one, length in zip(values, lengths, strict=True)])


def _check_number(name: str, values: Any, lengths: np.ndarray) -> None:
    n_entries = len(values) if hasattr(values, "__len__") else "no"
    if n_entries != len(lengths):
        raise ValueError(f"{name} has {n_entries} entries, but X has {len(lengths)} sequences.")


def _target_columns(
    target: Any, y: Any, lengths: np.ndarray, padded_to: int | None
) -> list[tuple[Any, np.ndarray]]:
    """Return names and values of the columns that y makes."""
    of_one_step = int(_is_list(target, []))  # dimensions of what one step has
    names = _as_list(target, [], "target")
    y = y.to_numpy() if hasattr(y, "to_numpy") else y
    _check_number("y", y, lengths)
    entries = [np.asarray(one) for one in y]
    if entries[0].ndim == of_one_step:
        rows = np.repeat(np.stack(entries) if of_one_step else np.asarray(y), lengths, axis=0)
    else:
        rows = _of_steps("y", entries, lengths, padded_to)
    rows = rows if of_one_step else rows[:, None]
    if rows.ndim != 2 or rows.shape[1] != len(names):
        raise ValueError(
            f"y[0] has shape {entries[0].shape}, but target={target!r} names {len(names)} for each "
            "sequence or step."
        )
    return list(zip(names, rows.T, strict=True))


def _data_frame(columns: dict[Any, np.ndarray], output: str) -> Any:
    if output not in ("pandas", "polars"):
        raise ValueError(f"output must be 'pandas' or 'polars'. Got {output!r} instead.")
    try:
        if output == "pandas":
            from pandas import DataFrame
        else:
            from polars import DataFrame
    except ImportError as error:
        raise ImportError(
            f"output={output!r} needs {output}: pip install skgru[{output}]."
        ) from error
    return DataFrame(
        {
            name: values.tolist() if values.dtype == object else values  # so types are found
            for name, values in columns.items()
        }
    )
