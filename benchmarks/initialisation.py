"""Which first weights, learning rate and batch size? Inner cross-validation on the training parts
of the data that ships.

    python benchmarks/initialisation.py > benchmarks/results/initialisation.md

Each row: mean over data sets and seeds of the validation score (accuracy or R2) with everything
else at its default. Test parts are never read.
"""

from __future__ import annotations

import itertools
import time
import warnings

import numpy as np
from joblib import Parallel, delayed
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skgru._base
from skgru import GRUClassifier, GRURegressor
from skgru._core._params import initialise
from skgru.datasets import load_airline, load_japanese_vowels, load_pendigits, load_seattle_weather
from skgru.preprocessing import TimeDistributed, make_windows

LEARNING_RATES = (1e-3, 3e-3, 1e-2)
BATCH_SIZES = (16, 64, 200)
N_SEEDS = 2


def uniform(layout, rng, dtype, n_timesteps):
    """PyTorch's first weights: uniform within 1 / sqrt(H), biases included."""
    params = np.zeros(layout.size, dtype)
    n_hidden = next(
        shape[1] for name, shape in layout.shapes.items() if name.startswith("weight_hh")
    )
    limit = 1 / np.sqrt(n_hidden)
    params[...] = rng.uniform(-limit, limit, layout.size)
    return params


INITIALISATIONS = {"glorot + orthogonal": initialise, "uniform": uniform}


def data_sets():
    """Yield name, X, y and splits of the training parts."""
    X, y = load_japanese_vowels(subset="train", return_X_y=True)
    splits = list(StratifiedKFold(2, shuffle=True, random_state=0).split(y, y))
    yield "japanese vowels", X, y, splits
    X, y = load_pendigits(subset="train", return_X_y=True)
    splits = StratifiedKFold(5, shuffle=True, random_state=0).split(y, y)
    yield "pen digits (400)", X, y, [(test[:400], train[:1500]) for train, test in splits][:2]
    weather = load_seattle_weather()
    X, y = make_windows(weather.data[:1022], n_timesteps=14, target=1)
    yield "weather", X, y, list(TimeSeriesSplit(2).split(X))
    passengers = np.log(load_airline().data[:100])
    X, y = make_windows(np.diff(passengers, axis=0), n_timesteps=12)
    yield "airline (log differences)", X, y, list(TimeSeriesSplit(3).split(X))


def take(X, indices):
    return [X[i] for i in indices] if isinstance(X, list) else X[indices]


def evaluate(name, X, y, splits, initialisation, learning_rate, batch_size, early_stopping, seed):
    warnings.simplefilter("ignore", ConvergenceWarning)
    skgru._base.initialise = INITIALISATIONS[initialisation]
    options = {
        "learning_rate_init": learning_rate,
        "batch_size": batch_size,
        "early_stopping": early_stopping,
        "random_state": seed,
    }
    if y.dtype.kind == "i":
        model = make_pipeline(TimeDistributed(StandardScaler()), GRUClassifier(**options))
    else:
        pipeline = make_pipeline(TimeDistributed(StandardScaler()), GRURegressor(**options))
        model = TransformedTargetRegressor(pipeline, transformer=StandardScaler())
    started = time.perf_counter()
    scores = [
        model.fit(take(X, train), y[train]).score(take(X, test), y[test]) for train, test in splits
    ]
    seconds = time.perf_counter() - started
    setting = initialisation, learning_rate, batch_size, early_stopping
    return name, setting, np.mean(scores), seconds


def main():
    settings = [
        *itertools.product(INITIALISATIONS, LEARNING_RATES, ["auto"], [False, True]),
        *itertools.product(INITIALISATIONS, [3e-3], BATCH_SIZES, [False]),
    ]
    jobs = [
        delayed(evaluate)(*data, *setting, seed)
        for data in data_sets()
        for setting in settings
        for seed in range(N_SEEDS)
    ]
    results = Parallel(n_jobs=2, inner_max_num_threads=1)(jobs)
    names = list(dict.fromkeys(result[0] for result in results))
    header = ["first weights", "learning rate", "batch size", "early stopping", *names, "mean", "s"]
    print("| " + " | ".join(header) + " |")
    print("|---" * len(header) + "|")
    for setting in settings:
        rows = [result for result in results if result[1] == setting]
        means = [np.mean([row[2] for row in rows if row[0] == name]) for name in names]
        seconds = sum(row[3] for row in rows)
        cells = [*map(str, setting), *(f"{mean:.3f}" for mean in [*means, np.mean(means)])]
        print("| " + " | ".join([*cells, f"{seconds:.0f}"]) + " |")


if __name__ == "__main__":
    main()
