"""What the displays share: colours and axes."""

from __future__ import annotations

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
