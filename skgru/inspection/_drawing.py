"""What the displays share: colours, axes, and the way to the estimator inside of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# Of Okabe and Ito, https://jfly.uni-koeln.de/color: colour-blind people tell them apart.
BLUE, VERMILION, DARK, GREY = "#0072B2", "#D55E00", "#333333", "#767676"
# Lightness rises with the value in the one, and falls to both sides of the middle in the other.
SEQUENTIAL, DIVERGING = "viridis", "RdBu_r"


def new_axes(display: Any, **options: Any) -> Any:
    """Return the axes of a new figure."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{type(display).__name__} needs matplotlib. Install it with: pip install skgru[plot]"
        ) from error
    _, ax = plt.subplots(**options)
    return ax


def unwrap(estimator: Any, X: Sequence[Any] = ()) -> tuple[Any, Sequence[Any]]:
    """Return the estimator inside of searches, pipelines and others, and X as it gets it."""
    for name in ("best_estimator_", "regressor_"):
        if hasattr(estimator, name):
            return unwrap(getattr(estimator, name), X)
    if not hasattr(estimator, "steps"):
        return estimator, X
    for _, step in estimator.steps[:-1]:
        if len(X) and hasattr(step, "transform"):
            X = step.transform(X)
    return unwrap(estimator.steps[-1][1], X)
