"""From tables and series to sequences that a GRU can learn from."""

from ._long import LongSequences, from_long, to_long
from ._padding import pad_sequences, unpad_sequences
from ._summary import SequenceSummary
from ._text import TextEncoder
from ._time_distributed import TimeDistributed
from ._windows import make_windows

__all__ = [
    "LongSequences",
    "SequenceSummary",
    "TextEncoder",
    "TimeDistributed",
    "from_long",
    "make_windows",
    "pad_sequences",
    "to_long",
    "unpad_sequences",
]
