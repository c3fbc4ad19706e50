"""Every accepted form of X becomes a `SequenceBatch`; no other module knows the forms.

Targets and predictions of every step have the form of X: see `read_step_targets`.

==================================================== ======================================
given                                                read as
==================================================== ======================================
3-D array (n_samples, n_timesteps, n_features)       itself
3-D array whose last steps are NaN in all features   ragged: those steps are padding
2-D array or DataFrame (n_samples, T * F)            (n_samples, T, F), F = n_features_per_step
list, tuple or object array of (T_i, F) arrays       ragged sequences, also of tables
list, tuple or object array of 1-D arrays            each cut like a row of a 2-D array
==================================================== ======================================
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from ._core._sequences import SequenceBatch, begins

DTYPES = (np.float64, np.float32)
AXES = "(n_samples, n_timesteps, n_features)"
# Beyond them, several integers become one.
LARGEST_ID = {np.dtype(np.float64): 2**53 - 1, np.dtype(np.float32): 2**24 - 1}


def read_sequences(
    estimator: Any, X: Any, *, reset: bool, allow_nan: bool = False
) -> SequenceBatch:
    """Validate X and return it as sequences, in float32 if it is that, else in float64.

    With ``reset`` the estimator gets ``n_features_in_``, what else is needed to compare with
    later, and ``feature_names_in_`` for a table with named columns, or a list of them; without, X
    is compared with them. ``allow_nan``: values may be missing, for a transformer that can do with
    that.

    Raises
    ------
    ValueError, TypeError
        Naming the first offending sample, step and feature, and what to do.
    """
    given, X = X, list_or_array(X)
    n_features = _expected_features(estimator) if reset else estimator._n_features_per_step
    n_columns = names = None
    if isinstance(X, list):
        names = _names_of_steps(X)
        batch = _read_list(estimator, X, n_features, allow_nan)
    elif len(X.shape) == 3:
        batch = _read_3d(estimator, X, n_features, allow_nan)
    else:
        # Lists that happen to have one length are still lists: those of fit may have another.
        as_fitted = (
            not isinstance(given, (list, tuple)) and not reset and estimator._fitted_on_table
        )
        batch = _read_table(estimator, X, n_features, allow_nan, reset=reset, as_fitted=as_fitted)
        n_columns = X.shape[1]
    if reset:
        estimator.n_features_in_ = n_columns or batch.n_features
        estimator._n_features_per_step = batch.n_features
        estimator._fitted_on_table = n_columns is not None
        if n_columns is None and hasattr(estimator, "feature_names_in_"):
            del estimator.feature_names_in_
        if names is not None:
            estimator.feature_names_in_ = np.array(names, dtype=object)
    elif batch.n_features != n_features:
        raise ValueError(
            f"X has {batch.n_features} features per step, but {type(estimator).__name__} was "
            f"fitted with {n_features}. The axes of a 3-D X are {AXES}."
        )
    elif names is not None and not estimator._fitted_on_table:
        _check_names(names, list(getattr(estimator, "feature_names_in_", names)))
    return batch


def _names_of_steps(X: list[Any]) -> list[str] | None:
    """Return the column names of sequences that are tables, None if one has none or other ones."""
    first: list[str] | None = None
    for i, sequence in enumerate(X):
        names = list(getattr(sequence, "columns", []))
        if not names or not all(isinstance(name, str) for name in names):
            return None
        first = first or names
        if names != first:
            raise ValueError(
                f"Sequence {i} of X has the columns {names}, but sequence 0 has {first}. Each must "
                "have the same, in the same order: use its [[...]] with their names."
            )
    return first


def _check_names(names: list[str], fitted: list[str]) -> None:
    if names != fitted:
        raise ValueError(
            f"The feature names should match those that were passed during fit. X has {names}, but "
            f"they were {fitted}. Give each sequence those columns, in that order."
        )


class _Reader(BaseEstimator):
    """What `read_sequences` needs of an estimator: how many numbers a step of a flat X has."""

    def __init__(self, n_features_per_step):
        self.n_features_per_step = n_features_per_step


def read_any(X: Any, n_features_per_step: int = 1) -> SequenceBatch:
    """Return X, which no estimator was fitted to, as sequences; values may be missing."""
    return read_sequences(_Reader(n_features_per_step), X, reset=True, allow_nan=True)


def _expected_features(estimator: Any) -> int:
    """Return how many numbers a step of a flat X has; of tokens it is one."""
    holds_tokens = getattr(estimator, "embedding_dim", None) is not None
    return 1 if holds_tokens else estimator.n_features_per_step


def as_tokens(batch: SequenceBatch, *, per_step: bool) -> SequenceBatch:
    """Turn sequences into token ids, int64; steps of id 0 are padding and left out.

    Of a sequence that is all padding, a text without a known word perhaps, one step stays: 0, the
    unknown token. ``per_step``: what is predicted belongs to steps, so they have to keep their
    numbers, with padding only after a first token.

    Raises
    ------
    ValueError
        Naming the first sample and step whose id is no integer of at least 0.
    """
    if batch.n_features != 1:
        raise ValueError(
            f"X has {batch.n_features} features per step, but with embedding_dim set a step is "
            "one token id: give X as (n_samples, n_timesteps) or as a list of 1-D arrays."
        )
    values = batch.rows()[:, 0]
    with np.errstate(invalid="ignore"):
        ids = values.astype(np.int64)
    _check_ids(values, ids, batch.lengths)
    is_token = ids != 0
    lengths = np.add.reduceat(is_token, begins(batch.lengths), dtype=int)
    if per_step and not lengths.all():
        _complain_about_empty(int(np.argmin(lengths)))
    is_token[begins(batch.lengths)[lengths == 0]] = True
    lengths = np.maximum(lengths, 1)
    steps = np.arange(len(ids)) - np.repeat(begins(batch.lengths), batch.lengths)
    if per_step and (is_token & (steps >= np.repeat(lengths, batch.lengths))).any():
        raise ValueError(
            "X has id 0, which is padding, before other ids. With return_sequences=True padding "
            "must stand at the end of a sequence."
        )
    return SequenceBatch(ids[is_token][:, None], begins(lengths), lengths)


def _check_ids(values: np.ndarray, ids: np.ndarray, lengths: np.ndarray) -> None:
    largest = LARGEST_ID[values.dtype]
    bad = (ids != values) | (ids < 0) | (ids > largest)
    if bad.any():
        row = int(np.argmax(bad))
        sample, step = place_of(row, lengths)
        what = "Negative values in data: X" if values[row] < 0 else "X"
        raise ValueError(
            f"{what} holds {values[row]:g} at sample {sample}, step {step}, but with embedding_dim "
            f"set X must hold token ids: integers from 1 to {largest} (in {values.dtype}), and 0 "
            "for padding."
        )


def place_of(row: int, lengths: np.ndarray) -> tuple[int, int]:
    """Return sample and step of a row, of sequences that stand one after the other."""
    offsets = begins(lengths)
    sample = int(np.searchsorted(offsets, row, side="right")) - 1
    return sample, row - int(offsets[sample])


def read_step_targets(X: Any, batch: SequenceBatch, y: Any) -> np.ndarray:
    """Return the targets of all valid steps, one after the other: (n_rows,) or (n_rows, K).

    ``y`` is a list of arrays (T_i,) or (T_i, K), one for each sequence, or an array (n, T) or (n,
    T, K) with the number of steps that X has; what stands at padding is not looked at.

    Raises
    ------
    ValueError
        Naming the first sample whose targets are not as many as its steps, or the first sample and
        step where a target is missing.
    """
    n_timesteps = _n_timesteps(X, batch)
    y = list_or_array(y)
    if isinstance(y, list):
        rows = _join_step_targets(y, n_timesteps)
    else:
        y = np.asarray(y)
        shape = len(batch), int(n_timesteps.max())
        if y.ndim not in (2, 3) or y.shape[:2] != shape:
            raise ValueError(
                f"y has shape {y.shape}, but with return_sequences=True it must be {shape} or "
                f"({shape[0]}, {shape[1]}, n_outputs): a target for each step of X; or a list of "
                "arrays, one for each sequence."
            )
        n_timesteps = np.full(*shape)
        rows = y.reshape(-1, *y.shape[2:])
    rows = rows[_is_valid(n_timesteps, batch)]
    bad = _not_finite(rows)
    if bad is not None and bad.any():
        sample, step = place_of(np.argwhere(bad)[0, 0], batch.lengths)
        raise ValueError(
            f"Input y contains NaN or infinity at sample {sample}, step {step}. Leave that "
            "sequence out, or end it before."
        )
    return rows


def _join_step_targets(y: list[Any], n_timesteps: np.ndarray) -> np.ndarray:
    if len(y) != len(n_timesteps):
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"{[len(n_timesteps), len(y)]}"
        )
    targets = [np.asarray(one) for one in y]
    for i, (one, length) in enumerate(zip(targets, n_timesteps, strict=True)):
        if one.ndim not in (1, 2) or len(one) != length:
            raise ValueError(
                f"y[{i}] has shape {one.shape}, but sequence {i} of X has {length} steps, and with "
                "return_sequences=True each step has a target."
            )
        if one.shape[1:] != targets[0].shape[1:]:
            raise ValueError(
                f"y[{i}] has shape {one.shape}, but y[0] has {targets[0].shape}: steps must have "
                "the same number of targets in each sequence."
            )
    return np.concatenate(targets)


def write_step_values(X: Any, batch: SequenceBatch, rows: np.ndarray) -> Any:
    """Return predictions of all valid steps, (n_rows, ...), in the form of X.

    A list of arrays for ragged X, or an object array of them if X is one; else an array (n_samples,
    n_timesteps, ...), in which padding is NaN, or the first value where there is no NaN.
    """
    n_timesteps = _n_timesteps(X, batch)
    padding = np.nan if rows.dtype.kind == "f" else rows.flat[0]
    values = rows
    if (n_timesteps != batch.lengths).any():
        values = np.full((n_timesteps.sum(), *rows.shape[1:]), padding, rows.dtype)
        values[_is_valid(n_timesteps, batch)] = rows
    if isinstance(list_or_array(X), list):
        return _in_list_of(X, np.split(values, np.cumsum(n_timesteps)[:-1]))
    return values.reshape(len(batch), -1, *rows.shape[1:])


def _in_list_of(X: Any, sequences: list[np.ndarray]) -> Any:
    """Return sequences as an object array if X is one: unlike lists, parts of it can be joined."""
    return as_objects(sequences) if isinstance(X, np.ndarray) else sequences


def as_objects(sequences: list[np.ndarray]) -> np.ndarray:
    """Return sequences as an array of objects (n_samples,), also where all have one length."""
    objects = np.empty(len(sequences), dtype=object)
    for i, sequence in enumerate(sequences):
        objects[i] = sequence
    return objects


def _n_timesteps(X: Any, batch: SequenceBatch) -> np.ndarray:
    """Return the number of steps of each sequence of X, padding included."""
    X = list_or_array(X)
    if isinstance(X, list):
        return np.array([np.size(sequence) // batch.n_features for sequence in X])
    n_timesteps = X.shape[1] if len(X.shape) == 3 else X.shape[1] // batch.n_features
    return np.full(len(batch), n_timesteps)


def _is_valid(n_timesteps: np.ndarray, batch: SequenceBatch) -> np.ndarray:
    """Say of sequences with so many steps, one after the other, which steps are no padding."""
    steps = np.arange(n_timesteps.sum()) - np.repeat(begins(n_timesteps), n_timesteps)
    return steps < np.repeat(batch.lengths, n_timesteps)


@contextmanager
def unchanged_on_error(estimator: Any) -> Iterator[None]:
    """Leave a fitted estimator as it was if the new fit does not succeed."""
    before = estimator.__dict__.copy()  # the callbacks of scikit-learn are set up before
    try:
        yield
    except BaseException:
        estimator.__dict__ = before
        raise


def check_targets_finite(y: Any) -> None:
    """Raise if y holds NaN, infinity or None, naming the first such sample, or is ragged."""
    try:
        values = np.asarray(list_or_array(y))
        if values.dtype.kind in "UT":  # of NaN beside strings, NumPy makes the string "nan"
            values = np.asarray(y, dtype=object)
    except ValueError as error:
        raise ValueError(
            "y holds sequences of different lengths. Set return_sequences=True if each step has a "
            "target."
        ) from error
    bad = _not_finite(values)
    if bad is not None and bad.any():
        sample = np.argwhere(bad)[0, 0]
        raise ValueError(
            f"Input y contains NaN or infinity at sample {sample}. Leave that sample out."
        )


def _not_finite(y: np.ndarray) -> np.ndarray | None:
    """Return where targets are NaN, infinity or None; None for a type that can't be."""
    if y.dtype.kind == "f":
        return ~np.isfinite(y)
    if y.dtype.kind == "O" and y.ndim:
        return np.frompyfunc(_is_missing, 1, 1)(y).astype(bool)
    return None


def _is_missing(value: Any) -> bool:
    if isinstance(value, (float, np.floating)):
        return not np.isfinite(value)
    return value is None or type(value).__name__ in {"NAType", "NaTType"}  # of pandas


def cast(values: np.ndarray, dtype: np.dtype, name: str) -> np.ndarray:
    """Return values in the type that a model computes in; raise if they overflow it."""
    if values.dtype == dtype:
        return values
    with np.errstate(over="ignore", invalid="ignore"):
        converted = values.astype(dtype)
    if np.isinf(converted).any():
        raise ValueError(
            f"{name} has values too large for {dtype}, in which the model computes. Scale {name}, "
            "or fit with X in float64."
        )
    return converted


def write_sequences(X: Any, batch: SequenceBatch, rows: np.ndarray) -> Any:
    """Return new values of all steps, in the order of `SequenceBatch.rows`, in the form of X."""
    given, X = X, list_or_array(X)
    if isinstance(X, list):
        return _in_list_of(given, np.split(rows, np.cumsum(batch.lengths)[:-1]))
    if len(X.shape) == 2:
        return rows.reshape(len(batch), -1)
    n_samples, n_timesteps, _ = X.shape
    if batch.lengths.min() == n_timesteps:
        return rows.reshape(n_samples, n_timesteps, -1)
    padded = np.full((n_samples, n_timesteps, rows.shape[1]), np.nan, rows.dtype)
    padded[np.arange(n_timesteps) < batch.lengths[:, None]] = rows
    return padded


def list_or_array(X: Any) -> Any:
    """Return ragged input as a list of sequences, all other as something with a shape."""
    if hasattr(X, "iloc") and X.ndim == 1 and X.dtype == object:
        X = X.to_numpy()  # a pandas Series
    if isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1:
        X = list(X)
    if isinstance(X, (list, tuple)):
        if not X or any(hasattr(sequence, "__array__") and np.ndim(sequence) for sequence in X):
            return list(X)
        try:
            return np.asarray(X)
        except ValueError:  # nested lists of different lengths
            return list(X)
    return X if hasattr(X, "shape") else np.asarray(X)


def _read_table(
    estimator: Any, X: Any, n_features: int, allow_nan: bool, *, reset: bool, as_fitted: bool
) -> SequenceBatch:
    """Read a row as T steps of F features each, in C order.

    ``as_fitted``: the columns have to be those of the fit.
    """
    if len(X.shape) != 2:
        _refuse_texts(X)
        raise ValueError(
            f"X has {len(X.shape)} dimensions; expected 3, {AXES}, or 2. Reshape your data; a "
            "single sequence is a list of one."
        )
    if reset or as_fitted:
        with _explained(X, n_features):
            _refuse_text_and_time(X)
            X = validate_data(estimator, X, dtype=DTYPES, ensure_all_finite=False, reset=reset)
    else:
        X = _check_array(estimator, X, n_features)
    n_samples, n_columns = X.shape
    if n_columns % n_features:
        cure = "Set n_features_per_step to a divisor of the number of columns."
        if not reset and not estimator._fitted_on_table:
            cure = f"Give a multiple of {n_features}, as many as a step had in fit."
        raise ValueError(
            f"X has {n_columns} columns, which cannot be cut into steps of {n_features} features. "
            f"{cure}"
        )
    X = X.reshape(n_samples, -1, n_features)
    _check_finite(X, np.full(n_samples, X.shape[1]), allow_nan)
    return SequenceBatch.from_dense(X)


def _refuse_texts(X: Any) -> None:
    """Raise if each of the samples is a text."""
    first = np.asarray(X, dtype=object).ravel()[:1].tolist()
    if len(X.shape) == 1 and first and isinstance(first[0], str):
        raise ValueError(
            f"X holds the text {first[0]!r} at sample 0, but must hold sequences. TextEncoder of "
            "skgru.preprocessing makes token ids of texts, for a model with embedding_dim set."
        )


def _read_3d(estimator: Any, X: Any, n_features: int, allow_nan: bool) -> SequenceBatch:
    """Read a 3-D array, whose last steps may be padding."""
    if 0 in X.shape:
        raise ValueError(
            f"Found array X of shape {X.shape}: no axis may be empty. They are {AXES}."
        )
    X = _check_array(estimator, X, n_features, allow_nd=True)
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(X.sum()):  # settles the usual case without temporaries
            return SequenceBatch.from_dense(X)
    present = ~np.isnan(X).all(axis=2)
    lengths = np.where(present.any(axis=1), X.shape[1] - np.argmax(present[:, ::-1], axis=1), 0)
    if not lengths.all():
        _complain_about_empty(int(np.argmin(lengths)))
    _check_finite(X, lengths, allow_nan)
    return SequenceBatch.from_dense(X, lengths)


def _read_list(estimator: Any, X: list[Any], n_features: int, allow_nan: bool) -> SequenceBatch:
    """Read ragged sequences."""
    if not X:
        raise ValueError("Found 0 sequences in X, while a minimum of 1 is required.")
    sequences = [_read_sequence(sequence, i, n_features) for i, sequence in enumerate(X)]
    for i, sequence in enumerate(sequences):
        if sequence.shape[1] != sequences[0].shape[1]:
            raise ValueError(
                f"Sequence {i} of X has {sequence.shape[1]} features per step, but sequence 0 has "
                f"{sequences[0].shape[1]}. Each must be an array (n_timesteps, n_features) with "
                "the same n_features."
            )
    batch = SequenceBatch.from_list(sequences)
    values = _check_array(estimator, batch.values, n_features)
    bad = _is_bad(values, allow_nan)
    if bad.any():
        row, feature = np.argwhere(bad)[0]
        sample = np.searchsorted(batch.starts, row, side="right") - 1
        _complain_not_finite(values[row, feature], sample, row - batch.starts[sample], feature)
    return SequenceBatch(values, batch.starts, batch.lengths)


def _read_sequence(sequence: Any, i: int, n_features: int) -> np.ndarray:
    """Return the i-th sequence as (n_timesteps, n_features)."""
    if issparse(sequence):
        raise TypeError(f"Sequence {i} of X is sparse. Use its .toarray().")
    if np.ma.isMaskedArray(sequence):
        raise TypeError(
            f"Sequence {i} of X is a masked array. Use its .filled(), with what is missing imputed."
        )
    if hasattr(sequence, "dtypes"):  # a table, of which numbers and dates would be objects
        _refuse_time(sequence)
    try:
        sequence = np.asarray(sequence)
    except ValueError as error:
        raise ValueError(
            f"The steps of sequence {i} of X have different numbers of features; expected an array "
            "(n_timesteps, n_features)."
        ) from error
    if sequence.ndim not in (1, 2):
        raise ValueError(
            f"Sequence {i} of X has {sequence.ndim} dimensions; expected (n_timesteps, n_features)."
            " Reshape your data: X is a list of sequences, also if there is only one."
        )
    if sequence.size == 0:
        _complain_about_empty(i)
    if sequence.ndim == 1:
        if len(sequence) % n_features:
            raise ValueError(
                f"Sequence {i} of X has {len(sequence)} values, which cannot be cut into steps of "
                f"{n_features} features. Give it as an array (n_timesteps, n_features)."
            )
        sequence = sequence.reshape(-1, n_features)
    if sequence.dtype.kind not in "fiub":
        with _explained(sequence[None], n_features, first_sample=i):
            _refuse_text_and_time(sequence[None])
            sequence = check_array(sequence, dtype=DTYPES, ensure_all_finite=False)
    return sequence


def _check_array(estimator: Any, X: Any, n_features: int, **options: Any) -> np.ndarray:
    """Convert to float; `_check_finite` looks for what is not finite, and says where it is."""
    if type(X) in (np.ndarray, np.memmap) and X.dtype in DTYPES and X.size:
        return X  # check_array would do nothing, in 0.1 ms: a quarter of a small prediction
    with _explained(X, n_features):
        _refuse_text_and_time(X)
        return check_array(
            X,
            dtype=DTYPES,
            ensure_all_finite=False,
            estimator=estimator,
            input_name="X",
            **options,
        )


@contextmanager
def _explained(X: Any, n_features: int, first_sample: int = 0) -> Iterator[None]:
    """Say where a conversion to numbers failed, and what to do, where scikit-learn does not."""
    try:
        yield
    except ValueError as error:
        if np.iscomplexobj(X):
            raise ValueError(
                "Complex data not supported: X has complex numbers. Give real and imaginary parts "
                "as two features."
            ) from error
        found = None if issparse(X) else _first_string(np.asarray(X))
        if found is None:
            raise
        text, (sample, *rest) = found
        step, feature = rest if len(rest) == 2 else divmod(rest[0], n_features)
        raise ValueError(
            f"X holds the string {text!r} at sample {first_sample + sample}, step {step}, feature "
            f"{feature}. Encode it as a number, for example with OrdinalEncoder or OneHotEncoder."
        ) from error


def _first_string(X: np.ndarray) -> tuple[str, tuple[int, ...]] | None:
    """Return the first string, and where it stands."""
    if X.ndim < 2 or X.dtype.kind not in "OSUT":
        return None
    for position, value in np.ndenumerate(X):
        if isinstance(value, (str, bytes)):
            return str(value), position
    return None


def _refuse_text_and_time(X: Any) -> None:
    """Raise where a conversion would make numbers of what is none."""
    kinds = _refuse_time(X)
    if np.ma.isMaskedArray(X):
        raise TypeError("X is a masked array. Use its .filled(), with what is missing imputed.")
    if kinds & set("OSUT") and _first_string(np.asarray(X)) is not None:
        raise ValueError("X holds a string")  # `_explained` says where


def _refuse_time(X: Any) -> set[str]:
    """Raise if there are dates; return the kinds of types, of the columns of a DataFrame."""
    types = getattr(X, "dtypes", None)
    kinds = {X.dtype.kind} if types is None else {_kind(dtype) for dtype in types}
    if kinds & set("mM"):
        raise TypeError(
            "X holds dates or spans of time. Turn them into numbers, for example into days since "
            "the first."
        )
    return kinds


def _kind(dtype: Any) -> str:
    """Return the kind of a type as NumPy has it, also of one of polars."""
    if hasattr(dtype, "kind"):
        return dtype.kind
    if dtype.is_temporal():
        return "M"
    return "f" if dtype.is_numeric() else "O"


def _is_bad(values: np.ndarray, allow_nan: bool) -> np.ndarray:
    return np.isinf(values) if allow_nan else ~np.isfinite(values)


def _check_finite(X: np.ndarray, lengths: np.ndarray, allow_nan: bool) -> None:
    """Look for NaN and infinity in the first ``lengths[i]`` steps of each X[i]."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(X.sum()):
            return
    bad = _is_bad(X, allow_nan) & (np.arange(X.shape[1]) < lengths[:, None])[:, :, None]
    if bad.any():
        position = tuple(np.argwhere(bad)[0])
        _complain_not_finite(X[position], *position)


def _complain_not_finite(value: float, sample: int, step: int, feature: int) -> NoReturn:
    what = "NaN" if np.isnan(value) else "infinity"
    raise ValueError(
        f"Input X contains {what} at sample {sample}, step {step}, feature {feature}. Impute it, "
        "with TimeDistributed(SimpleImputer()) perhaps, or leave the sequence out. NaN stands for "
        "padding only where a 3-D array is NaN in all features from some step to the end."
    )


def _complain_about_empty(sample: int) -> NoReturn:
    raise ValueError(
        f"Sequence {sample} of X is empty: give each at least one step, or leave it out."
    )


def holds_float64(X: Any) -> bool:
    """Say whether ids were given in double precision on purpose, not as integers."""
    X = X.to_numpy() if hasattr(X, "to_numpy") else X
    if getattr(X, "dtype", np.dtype(object)).kind != "O":
        return X.dtype == np.float64
    return any(getattr(one, "dtype", None) == np.float64 for one in X)
