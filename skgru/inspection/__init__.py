"""What a fitted model looks at, and what it makes of it."""

from ._importance import sequence_importance

__all__ = ["sequence_importance"]
