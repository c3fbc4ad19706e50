"""What looks inside a GRU needs one that is fitted."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted

from .._base import BaseGRU


def check_gru(estimator: Any, function: str) -> None:
    """Raise if an estimator is none of ours, or not fitted."""
    if not isinstance(estimator, BaseGRU):
        raise TypeError(
            f"{function} looks inside a GRURegressor or GRUClassifier, but estimator is "
            f"{type(estimator).__name__}. Of a pipeline, give the last step and what it sees: "
            f"{function}(pipeline[-1], pipeline[:-1].transform(X))."
        )
    check_is_fitted(estimator)
