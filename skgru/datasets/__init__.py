"""Real sequences and texts that ship with the package, and the notebook problem it started from."""

from ._loaders import (
    load_airline,
    load_co2,
    load_electricity,
    load_japanese_vowels,
    load_pendigits,
    load_seattle_weather,
)
from ._makers import make_last_value
from ._texts import load_gospels, load_sentiment, load_shakespeare, load_translation

__all__ = [
    "load_airline",
    "load_co2",
    "load_electricity",
    "load_gospels",
    "load_japanese_vowels",
    "load_pendigits",
    "load_seattle_weather",
    "load_sentiment",
    "load_shakespeare",
    "load_translation",
    "make_last_value",
]
