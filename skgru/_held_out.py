"""Which samples are held out of training, to tell when it should stop."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._core._samples import Samples
from ._core._sequences import SequenceBatch


def hold_out(
    samples: Samples,
    *,
    strata: np.ndarray | None,
    groups: Any,
    fraction: float,
    splitter: Any,
    seed: int,
) -> tuple[Samples, Samples]:
    """Split samples into those that are trained on and those that are held out.

    Parameters
    ----------
    samples : Samples
    strata : ndarray of shape (n_samples,), or None
        Class labels whose shares both parts should have.
    groups : array-like of shape (n_samples,), or None
        No group is in both parts.
    fraction : float
        Share of samples, or of groups, that is held out where there is no ``splitter``.
    splitter : cross-validation splitter, or None
        The test part of its last split is held out.
    seed : int
        Of the random split where there is no ``splitter``.

    Raises
    ------
    ValueError
        If the splitter cannot split these samples, or a part has too few samples or no weight.
    TypeError
        If the splitter is a class.
    """
    if isinstance(splitter, type):
        raise TypeError(f"validation_split is a class: pass {splitter.__name__}(...), an instance.")
    asked = f"validation_split={splitter!r}"
    if splitter is None and groups is not None:
        from sklearn.model_selection import GroupShuffleSplit  # loads much, and few need it

        asked = f"validation_fraction={fraction} of the groups"
        splitter = GroupShuffleSplit(1, test_size=fraction, random_state=seed)
    if splitter is not None:
        X = np.zeros((len(samples), 1))
        has_plain_y = strata is None and not isinstance(samples.y, SequenceBatch)
        y = samples.y if has_plain_y else strata  # stratified splits of several labels need it
        try:
            splits = list(splitter.split(X, y, groups))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{asked} cannot split these samples: {error}") from error
        if not splits:
            raise ValueError(f"{asked} yields no split of these samples.")
        kept, held_out = splits[-1]
    else:
        kept, held_out = _random_split(len(samples), strata, fraction, seed)
    if len(held_out) < 2:
        raise ValueError(
            f"Only {len(held_out)} of {len(samples)} samples would be held out for early stopping, "
            "which needs two: set a larger validation_fraction, another validation_split, or "
            "early_stopping=False."
        )
    parts = samples.select(kept), samples.select(held_out)
    for name, part in zip(("training", "validation"), parts, strict=True):
        if not part.weights.any():
            raise ValueError(
                f"sample_weight is zero for all of the {name} part that early_stopping "
                "split off. Leave samples without weight out, or change random_state."
            )
    return parts[0].with_mean_weight_1(), parts[1].with_mean_weight_1()


def _random_split(
    n_samples: int, strata: np.ndarray | None, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Split at random, with a sample of each class in either part where there are two of each."""
    from sklearn.model_selection import train_test_split  # as above

    n_held_out = math.ceil(fraction * n_samples)
    if n_held_out == n_samples:
        raise ValueError(
            f"early_stopping would hold out all of n_samples={n_samples}: give more, set a smaller "
            "validation_fraction, or early_stopping=False."
        )
    if strata is not None:
        sizes = np.unique(strata, return_counts=True)[1]
        n_held_out = max(n_held_out, len(sizes))
        if sizes.min() < 2 or n_samples - n_held_out < len(sizes):
            strata = None
    return train_test_split(
        np.arange(n_samples), test_size=n_held_out, stratify=strata, random_state=seed
    )
