"""Real sequences that ship with the package, and the notebook problem that it started from."""

from ._loaders import load_airline, load_japanese_vowels, load_pendigits, load_seattle_weather
from ._makers import make_last_value

__all__ = [
    "load_airline",
    "load_japanese_vowels",
    "load_pendigits",
    "load_seattle_weather",
    "make_last_value",
]
