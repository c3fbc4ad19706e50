"""The only file with private or version-dependent names of scikit-learn."""

from __future__ import annotations

from sklearn.base import _fit_context as fit_context
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in
from sklearn.utils.validation import _check_sample_weight

__all__ = [
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
