"""The fitted estimators as transformers: what a GRU has learned, as features for another model."""

from __future__ import annotations

from typing import Any

from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.metaestimators import available_if

from ._core._network import Network


def _pools(estimator: Any) -> bool:
    """Say whether there is one vector for each sequence; raise, with the cure, if not."""
    return _is_pooled(getattr(estimator, "_per_step", estimator.return_sequences))


def _will_pool(estimator: Any) -> bool:
    """Say the same of the next fit, for which a parameter may have been set since the last."""
    return _is_pooled(estimator.return_sequences)


def _is_pooled(per_step: bool) -> bool:
    if per_step:
        raise AttributeError(
            "With return_sequences=True there is no vector for a sequence, but one for each step. "
            "Use skgru.inspection.hidden_states, or return_sequences=False."
        )
    return True


class _Wrapped(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """`transform` in the wrapper that puts it into the container of `set_output`."""

    def transform(self, X):
        """Return what the output layer sees: the pooled states of the last layer.

        One vector for each sequence, learned for the target of `fit`, which any other model can
        take as features. Not available with ``return_sequences=True``.

        Parameters
        ----------
        X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_units)
            Of the last layer, by ``pooling``; with ``bidirectional=True`` the units of the second
            direction follow those of the first. Or a DataFrame, see `set_output`.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn.pipeline import make_pipeline
        >>> from skgru import GRURegressor
        >>> X = np.random.RandomState(0).standard_normal((60, 5, 2))
        >>> model = make_pipeline(GRURegressor(8, random_state=0), LogisticRegression())
        >>> model.fit(X, X[:, -1, 0] > 0).score(X, X[:, -1, 0] > 0) > 0.9
        True
        >>> model[0].get_feature_names_out()[:2]
        array(['gruregressor0', 'gruregressor1'], dtype=object)
        """
        return self._evaluate(X, Network.pool)[1]


class PooledStates(
    _Wrapped,
    auto_wrap_output_keys=None,  # type: ignore[call-arg]  # scikit-learn has no types
):
    """`transform` and what belongs to it, where there is one vector for each sequence."""

    # scikit-learn's wrapper would make them available always, so it is inside.
    transform = available_if(_pools)(_Wrapped.transform)
    fit_transform = available_if(_will_pool)(TransformerMixin.fit_transform)

    @available_if(_pools)
    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns of `transform`: the class's and a number.

        Parameters
        ----------
        input_features : array-like of str of shape (`n_features_in_`,), default=None
            Compared with those of `fit`; the names of units do not depend on them.

        Returns
        -------
        names : ndarray of str
        """
        return super().get_feature_names_out(input_features)

    @property
    def _n_features_out(self) -> int:
        return self._trainer.objective.network.layers.n_outputs
