"""The way to the estimator inside of searches, pipelines and others."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from .._base import BaseGRU


def parts(estimator: Any) -> list[Any]:
    """Return what X goes through in searches, pipelines and others, the last one predicts."""
    if isinstance(estimator, FrozenEstimator):
        return parts(estimator.estimator)
    for name in ("best_estimator_", "regressor_"):  # of searches, of TransformedTargetRegressor
        if hasattr(estimator, name):
            return parts(getattr(estimator, name))
    if hasattr(estimator, "steps"):
        *before, last = (step for _, step in estimator.steps)
        return [*before, *parts(last)]
    return [estimator]


def unwrap(estimator: Any, X: Any = None) -> tuple[Any, Any]:
    """Return the estimator inside of searches, pipelines and others, and X as it gets it."""
    *before, model = parts(estimator)
    for step in before:
        if X is not None and hasattr(step, "transform"):  # not if it is "passthrough"
            X = step.transform(X)
    return model, X


def names_known(model: Any) -> Any:
    """Return what the features of a step are called in the list of tables that it was fitted to."""
    of_columns = getattr(model, "_fitted_on_table", True)  # each a feature at a step
    return None if of_columns else getattr(model, "feature_names_in_", None)


def gru_inside(estimator: Any, X: Any, function: str) -> tuple[BaseGRU, Any]:
    """Return the fitted GRU inside of a search or pipeline, if it is none itself, and X for it."""
    if isinstance(estimator, BaseEstimator):
        check_is_fitted(estimator)
    gru = parts(estimator)[-1]
    if not isinstance(gru, BaseGRU):
        of = "" if gru is estimator else f"{type(estimator).__name__} of "
        raise TypeError(
            f"{function} looks inside a GRURegressor or GRUClassifier, but estimator is a {of}"
            f"{type(gru).__name__}. Pass one of them, or a fitted pipeline or search around one."
        )
    check_is_fitted(gru)
    return unwrap(estimator, X)
