"""What a fitted model looks at, and what it makes of it."""

from ._gradients import input_gradient
from ._importance import sequence_importance
from ._states import hidden_states, pooled_states

__all__ = ["hidden_states", "input_gradient", "pooled_states", "sequence_importance"]
