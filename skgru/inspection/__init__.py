"""What a fitted model looks at, what it makes of it, and displays of both."""

from ._forecast_display import ForecastDisplay
from ._gate_display import GateDisplay
from ._gradients import input_gradient
from ._importance import sequence_importance
from ._importance_display import ImportanceDisplay
from ._loss_curve_display import LossCurveDisplay
from ._states import hidden_states

__all__ = [
    "ForecastDisplay",
    "GateDisplay",
    "ImportanceDisplay",
    "LossCurveDisplay",
    "hidden_states",
    "input_gradient",
    "sequence_importance",
]
