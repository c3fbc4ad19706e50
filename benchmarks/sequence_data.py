"""Thirteen real problems for benchmarks: four that ship with skgru, nine from a directory of files.

Official splits where there are any; of a series, the first 70 % of its steps are for training. A
window belongs to the part in which its target lies, and X is float32 for all rivals.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import r2_score

from skgru.datasets import load_airline, load_japanese_vowels, load_pendigits, load_seattle_weather
from skgru.preprocessing import make_windows

N_WORDS = 60  # of a text, the rest is cut off
MIN_COUNT = 2  # words that are rarer in the training part are unknown
PADDING, UNKNOWN = 0, 1  # ids; those of known words follow


@dataclass(frozen=True)
class Task:
    """A problem with its split."""

    name: str
    kind: str  # "classification" or "regression"
    X_train: Any  # (n_samples, n_timesteps, n_features), or a list of sequences
    y_train: np.ndarray
    X_test: Any
    y_test: np.ndarray
    persistence: float | None = None  # R2 of a naive forecast on the test part
    options: dict[str, Any] = field(default_factory=dict)  # what the data demands of estimators
    ordered: bool = False  # whether the training part is in the order of time

    @property
    def has_tokens(self) -> bool:
        return "embedding_dim" in self.options


def load(directory: Path | None = None) -> list[Task]:
    """Load the problems that ship; with a directory all, in the order of their training parts."""
    tasks = [airline(), japanese_vowels(), seattle_weather(), pendigits()]
    if directory is not None:
        tasks += [read(directory) for read in FROM_FILES]
    return sorted(tasks, key=lambda task: len(task.y_train))


# What ships with skgru


def japanese_vowels() -> Task:
    parts = [load_japanese_vowels(subset=part, return_X_y=True) for part in ("train", "test")]
    return Task("japanese vowels", "classification", *parts[0], *parts[1])


def pendigits() -> Task:
    parts = [load_pendigits(subset=part, return_X_y=True) for part in ("train", "test")]
    return Task("pendigits", "classification", *parts[0], *parts[1])


def seattle_weather() -> Task:
    """The next day's highest temperature."""
    days = load_seattle_weather()
    highest = days.feature_names.index("temp_max")
    return forecast("seattle weather", days.data, n_timesteps=14, target=highest)


def airline() -> Task:
    return forecast("airline", load_airline().data, n_timesteps=12, change=True, season=12)


# What is read from files


def co2(directory: Path) -> Task:
    """Weekly carbon dioxide; missing weeks, all of them early, are interpolated."""
    values = read_column(directory / "k_co2_weekly.csv", "co2_ppm")
    weeks, known = np.arange(len(values)), ~np.isnan(values)
    values = np.interp(weeks, weeks[known], values[known])
    return forecast("co2", values[:, None], n_timesteps=52, change=True)


def taylor(directory: Path) -> Task:
    """Half-hourly demand of electricity, a day to forecast the next value."""
    values = read_column(directory / "k_electricity_taylor_30min.csv", "demand_mw")
    return forecast("taylor electricity", values[:, None], n_timesteps=48, season=7 * 48)


def amazon_stock(directory: Path) -> Task:
    """Log returns of closing prices; the naive forecast is that the price stays."""
    prices = read_column(directory / "d_stock_amzn_daily.csv", "close")
    task = forecast("amazon stock", np.diff(np.log(prices))[:, None], n_timesteps=20)
    return replace(task, persistence=r2_score(task.y_test, np.zeros(len(task.y_test))))


def basic_motions(directory: Path) -> Task:
    return read_split("basic motions", directory / "h_har_basic_motions.npz")


def gunpoint(directory: Path) -> Task:
    return read_split("gunpoint", directory / "j_gunpoint.npz")


def italypower(directory: Path) -> Task:
    return read_split("italypower", directory / "j_italypower.npz")


def elec_next_peak(directory: Path) -> Task:
    """Blocks of weeks, every fourth for testing: forecasts lie between weeks that are known."""
    return read_split("elec next peak", directory / "j_reg_elec_next_peak.npz", "regression")


def tecator(directory: Path) -> Task:
    return read_split("tecator", directory / "j_reg_tecator.npz", "regression")


def amazon_sentiment(directory: Path) -> Task:
    """Positive or negative? Lists of word ids."""
    rows = read_table(directory / "a_sentiment_amazon.csv")
    rows = [row for row in rows if row["label"] in ("pos", "neg")]
    parts = {name: [row for row in rows if row["split"] == name] for name in ("train", "test")}
    texts = {name: [words(row["text"]) for row in part] for name, part in parts.items()}
    labels = {name: np.array([row["label"] for row in part]) for name, part in parts.items()}
    ids = vocabulary(texts["train"])
    return Task(
        "amazon sentiment",
        "classification",
        encode(texts["train"], ids),
        labels["train"],
        encode(texts["test"], ids),
        labels["test"],
        options={"embedding_dim": 32},
    )


FROM_FILES: tuple[Callable[[Path], Task], ...] = (
    co2,
    taylor,
    amazon_stock,
    basic_motions,
    gunpoint,
    italypower,
    elec_next_peak,
    tecator,
    amazon_sentiment,
)


# Series


def forecast(
    name: str,
    series: np.ndarray,
    *,
    n_timesteps: int,
    target: int = 0,
    change: bool = False,
    season: int = 1,
) -> Task:
    """Make a task of windows and the next value of one column.

    ``change``: windows and target are differences to the window's last step. The naive forecast is
    the value ``season`` steps before the target, even where that is before the window.
    """
    X, y = make_windows(series, n_timesteps=n_timesteps, target=target)
    y = y[:, 0]
    naive = np.roll(series[:, target], season)[n_timesteps:]
    if change:
        last = X[:, -1:]
        X, y, naive = X - last, y - last[:, 0, target], naive - last[:, 0, target]
    X = X.astype(np.float32)
    n_train = -(-7 * len(series) // 10) - n_timesteps
    test = slice(n_train, None)
    persistence = r2_score(y[test], naive[test])
    train = X[:n_train], y[:n_train]
    return Task(name, "regression", *train, X[test], y[test], persistence, ordered=True)


# Files


def read_split(name: str, path: Path, kind: str = "classification") -> Task:
    stored = np.load(path)
    names = "X_train", "y_train", "X_test", "y_test"
    return Task(name, kind, *(stored[name] for name in names))


def read_table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_column(path: Path, name: str) -> np.ndarray:
    """Read numbers; empty cells are NaN."""
    return np.array([float(row[name] or "nan") for row in read_table(path)])


# Text


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())[:N_WORDS]


def vocabulary(texts: list[list[str]]) -> dict[str, int]:
    """Return ids of words, the most frequent first."""
    counts = Counter(word for text in texts for word in text).most_common()
    known = [word for word, count in counts if count >= MIN_COUNT]
    return {word: i for i, word in enumerate(known, start=UNKNOWN + 1)}


def encode(texts: list[list[str]], ids: dict[str, int]) -> list[np.ndarray]:
    """Return ids of words; a text without any is one unknown word."""
    return [np.array([ids.get(word, UNKNOWN) for word in text] or [UNKNOWN]) for text in texts]
