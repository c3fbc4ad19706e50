"""Summary statistics of sequences: the baseline to beat."""

from __future__ import annotations

import re
from collections.abc import Callable
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._input_formats import begins, read_sequences, unchanged_on_error
from .._sklearn_compat import Interval, check_feature_names_in, fit_context


class _Steps:
    """All steps of all sequences, one after the other, and where each sequence is.

    Sums are made in float64: over many steps those of float32 lose digits.
    """

    def __init__(self, rows: np.ndarray, lengths: np.ndarray) -> None:
        self.rows = rows.astype(np.float64, copy=False)
        self.lengths = lengths
        self.begins = begins(lengths)
        self.mean = self.mean_of(self.rows)
        self.centred = self.rows - np.repeat(self.mean, lengths, axis=0)

    def reduce(self, function: np.ufunc, values: np.ndarray) -> np.ndarray:
        return function.reduceat(values, self.begins, axis=0)

    def mean_of(self, values: np.ndarray) -> np.ndarray:
        return self.reduce(np.add, values) / self.lengths[:, None]


def _slope(steps: _Steps) -> np.ndarray:
    """Return covariance with time over variance of time, (n^2 - 1) / 12 for n steps."""
    lengths = steps.lengths
    time = np.arange(len(steps.rows)) - np.repeat(steps.begins + (lengths - 1) / 2, lengths)
    covariance = steps.mean_of(time[:, None] * steps.centred)
    return covariance / np.maximum((lengths**2 - 1) / 12, 1 / 12)[:, None]  # one step: 0 / 1


# How the columns of a table may be called: rain_0, rain-1, rain2; or 0_rain, t1 rain, step2__rain.
STEP_LAST = re.compile(r"^(.+?)[\W_]*\d+$")
STEP_FIRST = re.compile(r"^[^\W\d_]*[\W_]*\d+[\W_]+(.+)$")

STATISTICS: dict[str, Callable[[_Steps], np.ndarray]] = {
    "mean": lambda steps: steps.mean,
    "std": lambda steps: np.sqrt(steps.mean_of(steps.centred**2)),
    "min": lambda steps: steps.reduce(np.minimum, steps.rows),
    "max": lambda steps: steps.reduce(np.maximum, steps.rows),
    "first": lambda steps: steps.rows[steps.begins],
    "last": lambda steps: steps.rows[steps.begins + steps.lengths - 1],
    "slope": _slope,
}


class SequenceSummary(TransformerMixin, BaseEstimator):
    """Summarise each sequence by statistics of its features over the valid steps.

    A linear model or gradient boosting on this table is the baseline to run before any recurrent
    network: what a GRU adds is what the order of the steps tells beyond it.

    Parameters
    ----------
    statistics : list or tuple of str, default: all of those below
        Which columns to make of each feature, in this order: ``"mean"``, ``"std"``, ``"min"``,
        ``"max"``, ``"first"``, ``"last"``, ``"slope"``. The standard deviation divides by the
        number of steps, as `numpy.std` does; the slope is that of the least-squares line over the
        steps 0, 1, ..., in units of the feature per step. Both are 0 for a sequence of one step.
    n_features_per_step : int, default=1
        How a row of a 2-D X is cut into steps, as in `skgru.GRURegressor`.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of a 2-D X, of features per step otherwise.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names; only after `fit` with a table, or with a list of tables, whose column names
        are all strings.

    Examples
    --------
    >>> from skgru.preprocessing import SequenceSummary
    >>> X = [[[1.0], [2.0], [6.0]], [[4.0], [4.0]]]
    >>> summary = SequenceSummary(["mean", "last", "slope"])
    >>> summary.fit_transform(X)
    array([[3. , 6. , 2.5],
           [4. , 4. , 0. ]])
    >>> summary.get_feature_names_out(["speed"])
    array(['speed_mean', 'speed_last', 'speed_slope'], dtype=object)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "statistics": [list, tuple],
        "n_features_per_step": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, statistics=tuple(STATISTICS), n_features_per_step=1):
        self.statistics = statistics
        self.n_features_per_step = n_features_per_step

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the number of features; nothing else is to be learned.

        Parameters
        ----------
        X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences
        y : None
            Ignored.

        Returns
        -------
        self : SequenceSummary

        Raises
        ------
        ValueError
            If ``statistics`` has an unknown name or one twice, or naming the first sample, step
            and feature of X that is missing or not finite.
        """
        self._check_statistics()
        with unchanged_on_error(self):
            read_sequences(self, X, reset=True)
        return self

    def _check_statistics(self):
        unknown = [name for name in self.statistics if name not in list(STATISTICS)]
        if unknown or not self.statistics or len(set(self.statistics)) < len(self.statistics):
            raise ValueError(
                f"statistics must be different names out of {list(STATISTICS)}, at least one. Got "
                f"{self.statistics!r} instead."
            )

    def transform(self, X):
        """Summarise each sequence.

        Parameters
        ----------
        X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features * n_statistics)
            All statistics of the first feature, then of the next; in float32 if X is that, else
            in float64.
        """
        check_is_fitted(self)
        batch = read_sequences(self, X, reset=False)
        rows = batch.rows()
        steps = _Steps(rows, batch.lengths)
        made = np.stack([STATISTICS[name](steps) for name in self.statistics], axis=2)
        return made.reshape(len(batch), -1).astype(rows.dtype, copy=False)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns: ``<feature>_<statistic>``.

        Parameters
        ----------
        input_features : array-like of str of shape (`n_features_in_`,), default=None
            Names of the columns of a table, or of the features of a step; None:
            ``feature_names_in_`` if there are any, else x0, x1, ... Columns of a table, which are
            steps and features, name a feature where they differ in the number of the step only:
            rain_0, wind_0, rain_1, wind_1 or step0__rain, ...; otherwise features are x0, x1, ...

        Returns
        -------
        names : ndarray of str
        """
        check_is_fitted(self)
        names = check_feature_names_in(self, input_features)
        if self._fitted_on_table:
            is_named = input_features is not None or hasattr(self, "feature_names_in_")
            names = _names_of_features(names if is_named else [], self._n_features_per_step)
        made = [f"{name}_{statistic}" for name in names for statistic in self.statistics]
        return np.array(made, dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.two_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _names_of_features(columns: Any, n_features: int) -> list[str]:
    """Return what the columns of the steps have in common; x0, x1, ... if it tells nothing."""
    steps = np.reshape(columns, (-1, n_features))
    if len(steps) == 1:
        return steps[0].tolist()
    for pattern in STEP_LAST, STEP_FIRST:
        found = [{pattern.sub(r"\1", name) for name in of_feature} for of_feature in steps.T]
        names = [one.pop() for one in found if len(one) == 1]
        if len(set(names)) == n_features:
            return names
    return [f"x{i}" for i in range(n_features)]
