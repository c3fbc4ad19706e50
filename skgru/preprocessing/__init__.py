"""From tables and series to sequences that a GRU can learn from."""

from ._padding import pad_sequences, unpad_sequences
from ._summary import SequenceSummary
from ._time_distributed import TimeDistributed
from ._windows import make_windows

__all__ = [
    "SequenceSummary",
    "TimeDistributed",
    "make_windows",
    "pad_sequences",
    "unpad_sequences",
]
