"""Checks for estimators that take sequences, ours or another library's."""

from ._sequence_checks import check_sequence_estimator, sequence_checks

__all__ = ["check_sequence_estimator", "sequence_checks"]
