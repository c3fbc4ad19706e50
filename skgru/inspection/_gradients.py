"""How outputs change with single inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np

from .._core._sequences import SequenceBatch
from .._input_formats import begins, write_step_values
from .._sklearn_compat import Interval, validate_params
from ._inside import gru_inside


@validate_params(
    {
        "output": [Integral, None],
        "step": [Integral],
        "integrated": ["boolean"],
        "n_points": [Interval(Integral, 1, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def input_gradient(
    estimator, X, *, output=None, step=-1, integrated=False, baseline=0.0, n_points=50
):
    """Return the gradient of an output by each input, for each sample, step and feature.

    The output is that before the link, and before a target is transformed back: of a classifier the
    log odds of ``classes_[1]``, or with more classes the logit of each; of a regressor the
    prediction, except that with ``loss="poisson"`` it is its logarithm, and of several quantiles
    what each is made of.

    Parameters
    ----------
    estimator : GRURegressor or GRUClassifier
        Fitted; or a pipeline, a search or a `TransformedTargetRegressor` around one. The other
        steps of a pipeline transform X first, and it is their outcome that the gradient is
        by. Without ``embedding_dim``.
    X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences
        In any form that the estimator takes.
    output : int or None, default=None
        Which output, of ``n_outputs_``; None: all of them.
    step : int, default=-1
        With ``return_sequences=True``: at which step the output is taken. Negative ones count from
        the end of each sequence. Not used otherwise.
    integrated : bool, default=False
        Whether to return integrated gradients [1]_ instead: the mean of the gradient on the
        straight way from ``baseline`` to X, times the way. They sum over steps and features to the
        difference that the output makes between the two.
    baseline : float or array-like of shape (n_features,), default=0.0
        Where the way of integrated gradients starts, at every step. 0 is the mean of standardised
        inputs.
    n_points : int, default=50
        Number of points of the Gauss-Legendre quadrature of integrated gradients.

    Returns
    -------
    gradient : ndarray of shape (n_samples, n_timesteps, n_features), or list of ndarray
        With NaN at padding; for a list of sequences a list of arrays (n_timesteps_i, n_features).
        For all of several outputs, a further axis at the end is that of outputs.

    Raises
    ------
    ValueError, TypeError
        If X or a parameter is not valid, or the estimator is of another kind or takes tokens.

    See Also
    --------
    sequence_importance : What the score depends on, for any estimator.

    Notes
    -----
    Computed by backpropagation through time, without dropout. With ``pooling="max"`` the output has
    kinks, and integrated gradients need more points.

    References
    ----------
    .. [1] Sundararajan et al. (2017). Axiomatic attribution for deep networks.
       https://arxiv.org/abs/1703.01365

    Examples
    --------
    What a model that recalls the last number looks at:

    >>> import numpy as np
    >>> from skgru import GRURegressor
    >>> from skgru.datasets import make_last_value
    >>> from skgru.inspection import input_gradient
    >>> X, y = make_last_value(n_samples=300, random_state=0, return_X_y=True)
    >>> model = GRURegressor(16, random_state=0).fit(X / 100, y / 100)
    >>> gradient = input_gradient(model, X / 100)
    >>> gradient.shape
    (300, 10, 1)
    >>> np.abs(gradient).mean(axis=(0, 2)).argmax()
    np.int64(9)
    """
    estimator, X = gru_inside(estimator, X, "input_gradient")
    if estimator._takes_tokens:
        raise ValueError(
            "input_gradient needs inputs that are numbers, but this estimator takes tokens "
            "(embedding_dim is set). Use sequence_importance."
        )
    sequences, _ = estimator._read_sequences(X, estimator._trainer.params.dtype)
    sequences = _of_its_own(sequences)
    gradient = partial(_gradient, estimator, _output_rows(estimator, sequences, step))
    if integrated:
        start = _baseline(baseline, sequences)
        gradient = partial(_integrate, gradient, start=start, n_points=n_points)
    rows = [gradient(sequences, one) for one in _outputs(estimator, output)]
    is_one = output is not None or len(rows) == 1
    return write_step_values(X, sequences, rows[0] if is_one else np.stack(rows, axis=-1))


def _outputs(estimator: Any, output: int | None) -> list[int]:
    n_outputs = estimator.n_outputs_
    if output is None:
        return list(range(n_outputs))
    if not -n_outputs <= output < n_outputs:
        raise ValueError(
            f"output={output}, but the estimator has {n_outputs} outputs before the link: give one "
            f"of {-n_outputs} to {n_outputs - 1}, or None for all."
        )
    return [int(output)]


def _of_its_own(sequences: SequenceBatch) -> SequenceBatch:
    """Return sequences that share no rows, one after the other."""
    return SequenceBatch(sequences.rows(), begins(sequences.lengths), sequences.lengths)


def _output_rows(estimator: Any, sequences: SequenceBatch, step: int) -> np.ndarray:
    """Return a column (n_rows, 1) with 1 in the rows of outputs that are looked at, else 0."""
    dtype = estimator._trainer.params.dtype
    lengths = sequences.lengths
    if not estimator._per_step:
        return np.ones((len(lengths), 1), dtype)
    too_short = (lengths <= step) | (lengths < -step)
    if too_short.any():
        sample = int(np.argmax(too_short))
        raise ValueError(
            f"step={step}, but sequence {sample} of X has {lengths[sample]} steps only. Leave "
            "shorter sequences out, or choose a step that all have."
        )
    rows = np.zeros((lengths.sum(), 1), dtype)
    rows[begins(lengths) + (step if step >= 0 else lengths + step)] = 1
    return rows


def _gradient(
    estimator: Any, output_rows: np.ndarray, sequences: SequenceBatch, output: int
) -> np.ndarray:
    """Return the gradient of one output, (n_rows, n_features)."""
    d_raw = np.zeros((len(output_rows), estimator.n_outputs_), output_rows.dtype)
    d_raw[:, [output]] = output_rows
    return estimator._input_gradient(sequences, d_raw)


def _baseline(baseline: Any, sequences: SequenceBatch) -> np.ndarray:
    try:
        start = np.asarray(baseline, sequences.values.dtype)
    except (TypeError, ValueError) as error:
        raise ValueError(f"baseline must hold numbers. Got {baseline!r} instead.") from error
    if start.shape not in {(), (sequences.n_features,)} or not np.isfinite(start).all():
        raise ValueError(
            f"baseline must be a finite number, or one for each of the {sequences.n_features} "
            f"features of a step. Got {baseline!r} instead."
        )
    return start


def _integrate(
    gradient: Callable[[SequenceBatch, int], np.ndarray],
    sequences: SequenceBatch,
    output: int,
    *,
    start: np.ndarray,
    n_points: int,
) -> np.ndarray:
    """Return the mean of the gradient between ``start`` and the sequences, times the difference."""
    way = sequences.values - start
    places, weights = np.polynomial.legendre.leggauss(n_points)  # on [-1, 1]
    mean = np.zeros_like(way)
    for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
        values = start + way.dtype.type(place) * way
        mean += way.dtype.type(weight) * gradient(replace(sequences, values=values), output)
    return mean * way
