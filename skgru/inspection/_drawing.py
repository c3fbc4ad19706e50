"""What the displays share: colours and axes."""

from __future__ import annotations

import math
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


def feature_names_of(names: Any, n_features: int) -> list[str]:
    """Return names as strings, x0, x1, ... if there are none."""
    if names is None:
        return [f"x{i}" for i in range(n_features)]
    names = [str(name) for name in names]
    if len(names) != n_features:
        raise ValueError(
            f"feature_names has {len(names)} names, but there are {n_features} features."
        )
    return names


def label_features(ax: Any, names: list[str]) -> None:
    """Write names beside rows 0, 1, ..., as many as find room; between two, the same number."""
    height = ax.get_position().height * ax.figure.get_figheight() * 72  # in points
    each = max(1, math.ceil(len(names) * 1.1 * ax.yaxis.label.get_fontsize() / height))
    ax.set(yticks=range(0, len(names), each), yticklabels=names[::each])
