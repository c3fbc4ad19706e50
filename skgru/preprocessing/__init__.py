"""From tables and series to sequences that a GRU can learn from."""

from ._time_distributed import TimeDistributed
from ._windows import make_windows

__all__ = ["TimeDistributed", "make_windows"]
