"""The only file with private or version-dependent names of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.base import _fit_context as fit_context
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in
from sklearn.utils.validation import _check_sample_weight

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # scikit-learn < 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing: this version has no callbacks."""


__all__ = [
    "CallbackSupportMixin",
    "EpochCallbacks",
    "HasMethods",
    "Interval",
    "StrOptions",
    "check_feature_names_in",
    "check_sample_weight",
    "fit_context",
]


def check_sample_weight(sample_weight, X, dtype):
    """Return finite, non-negative weights of shape (n_samples,), all 1 if None."""
    return _check_sample_weight(sample_weight, X, dtype=dtype, ensure_non_negative=True)


class EpochCallbacks:
    """Tells scikit-learn's callbacks, where there are any, of the epochs of one fit.

    Parameters
    ----------
    estimator : estimator
    n_epochs : int
        At most that many there will be.
    fitted_attributes : callable
        Returns what makes a copy of the estimator ready to predict in the middle of the fit.
    data : dict
        ``X``, ``y`` and ``metadata`` of the fit.
    """

    def __init__(
        self,
        estimator: Any,
        n_epochs: int,
        fitted_attributes: Callable[[], dict[str, Any]],
        data: dict[str, Any],
    ) -> None:
        self._arguments = {"estimator": estimator, **data}
        self._fitted_attributes = fitted_attributes
        self._fit: Any = None
        if hasattr(estimator, "_init_callback_context"):
            self._fit = estimator._init_callback_context(max_subtasks=n_epochs)
            self._fit.call_on_fit_task_begin(**self._arguments)
        self._is_needed = self._fit is not None and bool(getattr(estimator, "_skl_callbacks", []))

    def begin_epoch(self) -> None:
        """Say that an epoch begins."""
        if self._is_needed:
            self._epoch = self._fit.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(**self._arguments)

    def end_epoch(self) -> bool:
        """Say that an epoch is done; return whether a callback asks to stop."""
        return self._is_needed and self._epoch.call_on_fit_task_end(
            **self._arguments, reconstruction_attributes=self._fitted_attributes
        )

    def end(self) -> None:
        """Say that the fit is done."""
        if self._fit is not None:
            self._fit.call_on_fit_task_end(
                **self._arguments, reconstruction_attributes=self._fitted_attributes
            )
