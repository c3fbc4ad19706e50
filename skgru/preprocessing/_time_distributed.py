"""A transformer for tables, applied to every time step."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, MetaEstimatorMixin, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._input_formats import begins, read_sequences, unchanged_on_error, write_sequences
from .._sklearn_compat import (
    CallbackSupportMixin,
    FitCallbacks,
    HasMethods,
    Interval,
    check_feature_names_in,
    fit_context,
    in_container,
    with_set_output,
)


@with_set_output
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
        Any scikit-learn transformer that keeps the number of samples. A `ColumnTransformer` is
        told the columns by their position within a step; or by name, if X is a list of tables.
    n_features_per_step : int, default=1
        How a row of a 2-D X is cut into steps, as in `skgru.GRURegressor`.

    Attributes
    ----------
    transformer_ : estimator
        The fitted transformer.
    n_features_in_ : int
        Number of columns of a 2-D X, of features per step otherwise.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names; only after `fit` with a table, or with a list of tables, whose column names
        are all strings.

    Notes
    -----
    NaN may stand inside a sequence where the transformer takes it: an imputer, a scaler, a
    `FunctionTransformer`, a pipeline that begins with one of them, or a `ColumnTransformer` with
    one for the column. Steps at the end of a 3-D array that are NaN in all features are padding
    all the same, and are not imputed; in a list they are.

    Steps hold numbers. Columns of text become codes before, by an `OrdinalEncoder` on the long
    table for instance; a `OneHotEncoder` in here takes these.

    `set_output` is for tables: what a table becomes is returned as a DataFrame. Lists and 3-D
    arrays stay what they are.

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
            is_named = not self._fitted_on_table and hasattr(self, "feature_names_in_")
            self._table_type = type(next(iter(X))) if is_named else None
            rows = batch.rows()
            targets = [] if y is None else _of_steps(y, batch.lengths)
            with _explained(batch, self._table_type):
                self.transformer_ = clone(self.transformer).fit(self._named(rows), *targets)
                first = self._named(rows[:1].copy())  # some work in place
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
            padded with it. Of a table a table, of the kind that was asked for with `set_output`.
        """
        check_is_fitted(self)
        batch = read_sequences(self, X, reset=False, allow_nan=self._allows_nan())
        with _explained(batch, self._table_type):
            rows = self._apply(self.transformer_.transform, self._named(batch.rows()))
        made = write_sequences(X, batch, rows)
        is_table = self._fitted_on_table and isinstance(made, np.ndarray) and made.ndim == 2
        return in_container(self, made, X) if is_table else made

    def fit_transform(self, X, y=None):
        """Fit the transformer to the steps of all sequences, and transform them.

        Parameters
        ----------
        X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences
        y : array-like of shape (n_samples,), default=None
            As in `fit`.

        Returns
        -------
        X_new
            As `transform` returns it.
        """
        return self.fit(X, y).transform(X)  # that of TransformerMixin makes DataFrames of all

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
        batch = read_sequences(reader, X, reset=False, allow_nan=self._allows_nan())
        rows = self._apply(self.transformer_.inverse_transform, batch.rows())
        return write_sequences(X, batch, rows)

    def _named(self, rows):
        """Return all steps as the kind of table that `fit` got, if it did; of pandas, no copy."""
        if self._table_type is None:
            return rows
        names = list(self.feature_names_in_)
        if hasattr(self._table_type, "iloc"):
            return self._table_type(rows, columns=names, copy=False)
        return self._table_type(rows, schema=names)

    def _allows_nan(self):
        return _allows_nan(self.transformer)

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

        Where the transformer calls its features by names of its own, such as pca0, the same in
        each step, the columns of a table begin with their step: step0__pca0, step1__pca0, ...

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
        made = [self.transformer_.get_feature_names_out(step) for step in steps]
        if len(set(np.concatenate(made))) < sum(map(len, made)):
            made = [[f"step{i}__{name}" for name in step] for i, step in enumerate(made)]
        return np.concatenate(made).astype(object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.two_d_array = True
        tags.input_tags.allow_nan = self._allows_nan()
        tags.target_tags.required = get_tags(self.transformer).target_tags.required
        tags.transformer_tags = get_tags(self.transformer).transformer_tags
        return tags


def _allows_nan(transformer: Any) -> bool:
    """Say whether NaN may go into a transformer; the tags of compositions do not tell."""
    if isinstance(transformer, str):
        return transformer == "passthrough"
    if isinstance(transformer, Pipeline):
        steps = [step for _, step in transformer.steps if step not in (None, "passthrough")]
        return not steps or _allows_nan(steps[0])
    if isinstance(transformer, FeatureUnion):
        return all(_allows_nan(part) for _, part in transformer.transformer_list if part != "drop")
    if isinstance(transformer, ColumnTransformer):  # which column holds NaN is not looked at
        parts = [part for _, part, _ in transformer.transformers]
        return any(_allows_nan(part) for part in [*parts, transformer.remainder])
    tags = get_tags(transformer)
    return tags.input_tags.allow_nan or tags.no_validation


@contextmanager
def _explained(batch: Any, table_type: type | None) -> Iterator[None]:
    """Say what to do if there are no names, and where the first NaN is if it is not taken."""
    try:
        yield
    except ValueError as error:
        if "dataframes" in str(error) and table_type is None:
            raise ValueError(
                "The transformer selects columns by name, but the steps of X have none. Give X as "
                "a list of DataFrames, one for each sequence, or select by position: 0 is the "
                f"first feature of a step. {error}"
            ) from error
        missing = np.isnan(batch.rows())
        if "NaN" not in str(error) or not missing.any():
            raise
        row, feature = np.argwhere(missing)[0]
        sample = int(np.searchsorted(begins(batch.lengths), row, side="right")) - 1
        step = row - begins(batch.lengths)[sample]
        raise ValueError(
            f"The first NaN of X is at sample {sample}, step {step}, feature {feature}. Impute it "
            f"before the part of the transformer that does not take it. {error}"
        ) from error


def _of_steps(y, lengths):
    """Return the one target of each sequence for all its steps, in a list; else an empty one."""
    try:
        y = np.asarray(y)
    except ValueError:  # of steps already, for sequences of different lengths
        return []
    return [np.repeat(y, lengths)] if y.shape == lengths.shape else []
