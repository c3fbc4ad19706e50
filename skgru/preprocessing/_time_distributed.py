"""A transformer for tables, applied to every time step."""

from __future__ import annotations

import copy
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, MetaEstimatorMixin, TransformerMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._input_formats import read_sequences, unchanged_on_error, write_sequences
from .._sklearn_compat import (
    CallbackSupportMixin,
    FitCallbacks,
    HasMethods,
    Interval,
    check_feature_names_in,
    fit_context,
)


class TimeDistributed(
    MetaEstimatorMixin,
    TransformerMixin,
    CallbackSupportMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,  # type: ignore[call-arg]  # scikit-learn has no types
):
    """Apply a transformer to every time step of every sequence.

    The steps of all sequences, padding left out, are the samples that the transformer sees: a
    `StandardScaler` gives each feature mean 0 and variance 1 over all steps. Sequences come back
    in the form they were given in.

    Parameters
    ----------
    transformer : estimator
        Any scikit-learn transformer that keeps the number of samples.
    n_features_per_step : int, default=1
        How a row of a 2-D X is cut into steps, as in `skgru.GRURegressor`.

    Attributes
    ----------
    transformer_ : estimator
        The fitted transformer.
    n_features_in_ : int
        Number of columns of a 2-D X, of features per step otherwise.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names; only after `fit` with a table whose column names are all strings.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skgru.preprocessing import TimeDistributed
    >>> X = [np.array([[1.0], [2.0]]), np.array([[3.0], [4.0], [5.0]])]
    >>> [sequence.shape for sequence in TimeDistributed(StandardScaler()).fit_transform(X)]
    [(2, 1), (3, 1)]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "transformer": [HasMethods(["fit", "transform"])],
        "n_features_per_step": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, transformer, n_features_per_step=1):
        self.transformer = transformer
        self.n_features_per_step = n_features_per_step

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the transformer to the steps of all sequences.

        Parameters
        ----------
        X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences
        y : array-like of shape (n_samples,), default=None
            For a transformer that needs targets: each step gets that of its sequence. Targets of
            several outputs or of steps are not passed on.

        Returns
        -------
        self : TimeDistributed
        """
        callbacks = FitCallbacks(self, X=X, y=y)
        with unchanged_on_error(self):
            callbacks.begin()
            batch = read_sequences(self, X, reset=True, allow_nan=self._allows_nan())
            rows = batch.rows()
            targets = [] if y is None else _of_steps(y, batch.lengths)
            self.transformer_ = clone(self.transformer).fit(rows, *targets)
            first = rows[:1].copy()  # some work in place
            self._n_features_out = self._apply(self.transformer_.transform, first).shape[1]
            callbacks.end()
        return self

    def transform(self, X):
        """Transform each step.

        Parameters
        ----------
        X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences

        Returns
        -------
        X_new
            In the form of X, with the features that the transformer makes; NaN stays where X is
            padded with it.
        """
        check_is_fitted(self)
        batch = read_sequences(self, X, reset=False, allow_nan=self._allows_nan())
        return write_sequences(X, batch, self._apply(self.transformer_.transform, batch.rows()))

    @available_if(lambda self: hasattr(self.transformer, "inverse_transform"))
    def inverse_transform(self, X):
        """Undo `transform` for each step.

        Parameters
        ----------
        X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences
            As `transform` returns it.

        Returns
        -------
        X_original
            In the form of X.
        """
        check_is_fitted(self)
        reader = copy.copy(self)
        reader._fitted_on_table = False
        reader._n_features_per_step = self._n_features_out
        batch = read_sequences(reader, X, reset=False)
        rows = self._apply(self.transformer_.inverse_transform, batch.rows())
        return write_sequences(X, batch, rows)

    def _allows_nan(self):
        return get_tags(self.transformer).input_tags.allow_nan

    def _apply(self, method, rows):
        """Return what a method of the transformer makes of all steps, as an array."""
        made = method(rows)  # a sparse matrix or a DataFrame perhaps
        made = made.toarray() if issparse(made) else np.asarray(made)
        if len(made) != len(rows):
            raise ValueError(
                f"{self.transformer_!r} made {len(made)} rows of {len(rows)}. TimeDistributed "
                "needs one for each step."
            )
        return made

    def get_feature_names_out(self, input_features=None):
        """Return the names of the features of each step; for a table, of all its columns.

        Parameters
        ----------
        input_features : array-like of str of shape (`n_features_in_`,), default=None
            Names of what went in; None: ``feature_names_in_`` if there are any, else x0, x1, ...

        Returns
        -------
        names : ndarray of str
        """
        check_is_fitted(self)
        names = check_feature_names_in(self, input_features)
        steps = np.split(names, len(names) // self._n_features_per_step)
        return np.concatenate([self.transformer_.get_feature_names_out(step) for step in steps])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.two_d_array = True
        tags.input_tags.allow_nan = self._allows_nan()
        tags.target_tags.required = get_tags(self.transformer).target_tags.required
        tags.transformer_tags = get_tags(self.transformer).transformer_tags
        return tags


def _of_steps(y, lengths):
    """Return the one target of each sequence for all its steps, in a list; else an empty one."""
    try:
        y = np.asarray(y)
    except ValueError:  # of steps already, for sequences of different lengths
        return []
    return [np.repeat(y, lengths)] if y.shape == lengths.shape else []
