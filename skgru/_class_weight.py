"""Factors of the loss by class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils import compute_class_weight


def factors_of_classes(
    class_weight: Any, classes: np.ndarray, targets: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return the weight of each class, (n_classes,).

    Parameters
    ----------
    class_weight : dict or "balanced"
    classes : ndarray of shape (n_classes,)
    targets : ndarray of shape (n_rows,)
        Positions in ``classes``.
    weights : ndarray of shape (n_rows,)
        "balanced" makes their sum the same for all classes that occur.
    """
    if isinstance(class_weight, list):
        raise ValueError("class_weight may be a list only for several labels at once.")
    if isinstance(class_weight, Mapping):
        return _by_name(class_weight, classes)
    # scikit-learn's own function knows no weights before version 1.7.
    sums = np.bincount(targets, weights, minlength=len(classes))
    occurs = sums > 0
    return np.divide(sums.sum() / occurs.sum(), sums, out=np.ones(len(classes)), where=occurs)


def factors_of_labels(
    class_weight: Any, labels: np.ndarray, targets: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return the weights of 0 and 1 in each column, (n_labels, 2).

    Parameters
    ----------
    class_weight : dict, list of dict, or "balanced"
        A dict has the weights of samples that carry a label; a list has a dict for the 0 and 1 of
        each column.
    labels : ndarray of shape (n_labels,)
    targets : ndarray of shape (n_rows, n_labels)
        Zeros and ones.
    weights : ndarray of shape (n_rows,)
    """
    if isinstance(class_weight, Mapping):
        return np.column_stack([np.ones(len(labels)), _by_name(class_weight, labels)])
    if isinstance(class_weight, list) and not all(isinstance(one, Mapping) for one in class_weight):
        raise ValueError("class_weight may be a list of dicts only.")
    by_column = [class_weight] * len(labels) if isinstance(class_weight, str) else class_weight
    if len(by_column) != len(labels):
        raise ValueError(
            f"class_weight has {len(by_column)} dicts, but y has {len(labels)} columns."
        )
    columns = zip(by_column, targets.T.astype(int), strict=True)
    binary = np.arange(2)
    return np.array([factors_of_classes(one, binary, column, weights) for one, column in columns])


def scaled(factors: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Scale factors to a mean of 1 over the training set, as sample weights are.

    So a class of weight k is as good as k copies of its samples. ``targets`` (n_rows, K) are those
    of the loss: classes from 0 on, and factors (K, n_classes) those of each.
    """
    if not (np.isfinite(factors) & (factors >= 0)).all():
        raise ValueError("class_weight must be finite and not negative.")
    per_row = factors[np.arange(len(factors)), targets.astype(int)].mean(axis=1)
    mean = np.average(per_row, weights=weights)
    if mean == 0:
        raise ValueError("class_weight is zero for every class in y; at least one must count.")
    return (factors / mean).astype(targets.dtype)


def _by_name(class_weight: Mapping[Any, float], classes: np.ndarray) -> np.ndarray:
    try:
        return compute_class_weight(dict(class_weight), classes=classes, y=classes)
    except ValueError as error:
        raise ValueError(f"class_weight does not fit the classes in y: {error}") from error
