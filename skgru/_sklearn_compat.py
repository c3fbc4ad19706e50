"""The only file with private or version-dependent names of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import _fit_context as fit_context
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    StrOptions,
    validate_parameter_constraints,
    validate_params,
)
from sklearn.utils._set_output import _wrap_data_with_container
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in
from sklearn.utils.validation import _check_sample_weight

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # scikit-learn < 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing: this version has no callbacks."""


__all__ = [
    "CallbackSupportMixin",
    "FitCallbacks",
    "HasMethods",
    "Interval",
    "StrOptions",
    "check_feature_names_in",
    "check_sample_weight",
    "fit_context",
    "in_container",
    "safe_indexing",
    "validate_parameter_constraints",
    "validate_params",
    "with_set_output",
]


def with_set_output(transformer_class):
    """Give a class `set_output`, though not all that it returns fits into a DataFrame.

    It has ``auto_wrap_output_keys=None`` and calls `in_container` itself.
    """
    transformer_class._sklearn_auto_wrap_output_keys = {"transform"}
    return transformer_class


def in_container(estimator, table, X):
    """Return a table made of X as the kind that was asked for with `set_output`."""
    return _wrap_data_with_container("transform", table, X, estimator)


def check_sample_weight(sample_weight, X, dtype):
    """Return weights of shape (n_samples,), all 1 if None; name the first sample with a bad one."""
    if sample_weight is not None:
        try:
            values = np.atleast_1d(np.asarray(sample_weight, dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise ValueError("sample_weight must hold a number for each sample.") from error
        if not values.any():
            raise ValueError("sample_weight is zero for every sample; at least one must count.")
        bad = np.argwhere(~((values >= 0) & np.isfinite(values)))
        if len(bad):
            place = tuple(bad[0])
            raise ValueError(
                f"sample_weight is {values[place]:g} at sample {place[0]}. Weights must be finite "
                "and not negative; of a sample that is not to count it is 0."
            )
    return _check_sample_weight(sample_weight, X, dtype=dtype)


class FitCallbacks:
    """Tells scikit-learn's callbacks, where there are any, of one fit and its epochs.

    Parameters
    ----------
    estimator : estimator
    **data
        ``X``, ``y`` and ``metadata`` of the fit.
    """

    def __init__(self, estimator: Any, **data: Any) -> None:
        self._arguments = {"estimator": estimator, **data}
        self._fit: Any = None
        self._epoch: Any = None
        if hasattr(estimator, "_init_callback_context"):
            self._fit = estimator._init_callback_context()
        self._is_told_epochs = self._fit is not None and hasattr(estimator, "_skl_callbacks")

    def begin(self, n_epochs: int = 0) -> None:
        """Say that the fit begins, with at most so many epochs; only the data tell how many."""
        if self._fit is not None:
            self._fit.max_subtasks = n_epochs
            self._fit.call_on_fit_task_begin(**self._arguments)

    def begin_epoch(self) -> None:
        """Say that an epoch begins."""
        if self._is_told_epochs:
            self._epoch = self._fit.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(**self._arguments)

    def end_epoch(self, fitted_attributes: Callable[[], dict[str, Any]]) -> bool:
        """Say that an epoch is done; return whether a callback asks to stop.

        ``fitted_attributes`` returns what makes a copy of the estimator a fitted one.
        """
        if not self._is_told_epochs:
            return False
        epoch, self._epoch = self._epoch, None
        return epoch.call_on_fit_task_end(
            **self._arguments, reconstruction_attributes=fitted_attributes
        )

    def end(self) -> None:
        """Say that the fit is done."""
        if self._epoch is not None:  # interrupted and undone: there is nothing to show of it
            self._epoch.call_on_fit_task_end(**self._arguments)
        if self._fit is not None:
            self._fit.call_on_fit_task_end(**self._arguments, reconstruction_attributes={})
