"""Look into fitted estimators: displays in the style of scikit-learn."""

from ._displays import ForecastDisplay, GateDisplay, ImportanceDisplay, LossCurveDisplay

__all__ = ["ForecastDisplay", "GateDisplay", "ImportanceDisplay", "LossCurveDisplay"]
