"""Settings of three pages of the gallery, chosen on their training parts alone.

    python benchmarks/gallery_settings.py vowels

vowels: five-fold cross-validation. glucose: trained on the first four fifths of the training
pieces, compared on the last. translation: a tenth of the training pairs is held out. The pages take
the best row of each table whose fit is not much longer than what a page may take.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections import Counter
from collections.abc import Callable
from importlib.metadata import distribution
from time import perf_counter

from pairing import conditions, limit_threads, print_conditions, print_header, print_line

limit_threads(1)

import numpy as np
from sklearn.metrics import average_precision_score, root_mean_squared_error
from sklearn.model_selection import ParameterGrid, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier, GRURegressor, GRUSeq2Seq
from skgru.datasets import load_japanese_vowels, load_translation
from skgru.preprocessing import TextEncoder, TimeDistributed, make_windows


def compare(name: str, grid: dict, measure: Callable[..., float]) -> None:
    """Print a measure for each combination of parameters, and the seconds that it took."""
    print()
    print_header([*grid, name, "seconds"])
    for parameters in ParameterGrid(grid):
        started = perf_counter()
        value = measure(**parameters)
        seconds = perf_counter() - started
        cells = [*(str(parameters[key]) for key in grid), f"{value:.4f}", f"{seconds:.0f}"]
        print_line(cells)


def vowels() -> None:
    X, y = load_japanese_vowels(subset="train", return_X_y=True)

    def accuracy(**parameters) -> float:
        model = GRUClassifier(random_state=0, **parameters)
        pipeline = make_pipeline(TimeDistributed(StandardScaler()), model)
        return cross_val_score(pipeline, X, y, cv=5).mean()

    grid = {"hidden_layer_sizes": [16, 32, 64], "bidirectional": [False, True]}
    compare("accuracy", grid, accuracy)


def glucose() -> None:
    X, y, latest, piece = glucose_windows()
    is_training = piece < np.quantile(piece, 0.8)  # as on the page
    X, y, latest, piece = (values[is_training] for values in (X, y, latest, piece))
    is_late = piece >= np.quantile(piece, 0.8)
    later = latest + 30 * y
    grid = {"hidden_layer_sizes": [16, 32, 64], "max_iter": [4, 8, 16]}

    def error(**parameters) -> float:
        model = GRURegressor(random_state=0, **parameters).fit(X[~is_late], y[~is_late])
        return 30 * root_mean_squared_error(y[is_late], model.predict(X[is_late]))

    def precision(**parameters) -> float:
        model = GRUClassifier(random_state=0, **parameters).fit(X[~is_late], later[~is_late] < 70)
        asked = is_late & (latest >= 70)
        return average_precision_score(later[asked] < 70, model.predict_proba(X[asked])[:, 1])

    compare("root mean squared error, mg/dl", grid, error)
    compare("average precision of lows", grid, precision)


def glucose_windows() -> tuple[np.ndarray, ...]:
    """Return windows and targets in the form of the page, the latest values, and the pieces."""
    file = distribution("bokeh-sampledata").locate_file("bokeh_sampledata/_data/CGM.csv.gz")
    with gzip.open(file, "rt") as lines:
        rows = list(csv.DictReader(lines))
    minutes = np.array([row["datetime"].replace(" ", "T") for row in rows], dtype="datetime64[m]")
    values = np.array([[float(row["glucose"])] for row in rows])
    gaps = np.flatnonzero(np.diff(minutes).astype(int) > 6) + 1
    pieces = [piece for piece in np.split(values, gaps) if len(piece) > 30]
    X, y, piece = make_windows(pieces, n_timesteps=18, horizon=6, stride=3)
    latest = X[:, -1, 0]
    level = np.broadcast_to(latest[:, None, None] / 100, X.shape)
    inputs = np.concatenate([np.float32(X - X[:, -1:]) / 30, level], axis=2)
    return inputs, (y[:, -1] - latest) / 30, latest, piece


def translation() -> None:
    english, french = load_translation(subset="train", return_X_y=True)
    parts = train_test_split(english, french, test_size=0.1, random_state=0)
    source, target = TextEncoder().fit(parts[0]), TextEncoder().fit(parts[2])
    X, X_held_out = (source.transform(texts) for texts in parts[:2])
    y, truth = target.transform(parts[2]), TextEncoder().fit(french)
    true = truth.inverse_transform(truth.transform(parts[3]))

    def words_in_common(**parameters) -> float:
        model = GRUSeq2Seq(random_state=0, **parameters).fit(X, y)
        predicted = target.inverse_transform(model.predict(X_held_out))
        return float(np.mean([f1_of_words(*pair) for pair in zip(predicted, true, strict=True)]))

    grid = {
        "hidden_layer_sizes": [64, 128],
        "learning_rate_init": [0.005, 0.01],
        "dropout": [0.1, 0.3],
        "max_iter": [12],
    }
    compare("words in common", grid, words_in_common)


def f1_of_words(a: str, b: str) -> float:
    common = (Counter(a.split()) & Counter(b.split())).total()
    return 2 * common / max(1, len(a.split()) + len(b.split()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("page", choices=["vowels", "glucose", "translation"])
    page = parser.parse_args().page
    print_conditions(conditions(threads=1, page=page))
    {"vowels": vowels, "glucose": glucose, "translation": translation}[page]()


if __name__ == "__main__":
    main()
