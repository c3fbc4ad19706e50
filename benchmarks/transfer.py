"""Does it help to have learned seven digits, when three others are to be learned from few samples?

    python benchmarks/transfer.py --figure docs/figures/transfer.svg

Pen digits, training part only for training: a GRU learns the digits 0 to 6; then 7, 8 and 9 are
learned from 1 to 30 samples each, by networks that start from its weights (`init_from`), keep them
fixed (`freeze`), or start from scratch. Accuracy on all test samples of 7, 8 and 9, mean and
standard error over draws of the few samples.
"""

from __future__ import annotations

import argparse
import warnings
from datetime import date
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skgru
from skgru import GRUClassifier
from skgru.datasets import load_pendigits
from skgru.preprocessing import TimeDistributed

NEW_DIGITS = [7, 8, 9]
SHOTS = [1, 3, 10, 30]
N_DRAWS = 8
LAYERS = (32, 32)


def pretrained_weights(X, y):
    """Learn the other seven digits."""
    model = GRUClassifier(LAYERS, max_iter=15, random_state=0)
    return model.fit(X[y < min(NEW_DIGITS)], y[y < min(NEW_DIGITS)]).weights_


def accuracy(train, test, n_shots, seed, **options):
    """Learn the new digits from ``n_shots`` samples each."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    (X, y), rng = train, np.random.RandomState(seed)
    chosen = [rng.choice(np.flatnonzero(y == digit), n_shots, False) for digit in NEW_DIGITS]
    chosen = np.concatenate(chosen)
    model = GRUClassifier(LAYERS, random_state=seed, **options)
    return model.fit(X[chosen], y[chosen]).score(*test)


def scaled_digits():
    """Return training and test part, scaled by the first."""
    scaler = make_pipeline(TimeDistributed(StandardScaler()))
    X, y = load_pendigits(subset="train", return_X_y=True)
    X_test, y_test = load_pendigits(subset="test", return_X_y=True)
    return (scaler.fit_transform(X), y), (scaler.transform(X_test), y_test)


def draw(curves, path):
    """Draw accuracy over the number of samples."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for (name, scores), marker in zip(curves.items(), "osD^", strict=False):
        error = scores.std(axis=1, ddof=1) / np.sqrt(scores.shape[1])
        axes.errorbar(SHOTS, scores.mean(axis=1), error, label=name, marker=marker, capsize=3)
    axes.set(
        xscale="log",
        xticks=SHOTS,
        xticklabels=SHOTS,
        xlabel="samples of each new digit",
        ylabel="accuracy on test samples of 7, 8 and 9",
        title="Three new digits after seven others",
    )
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--figure", type=Path, help="file that gets the curves")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    train, (X_test, y_test) = scaled_digits()
    is_new = np.isin(y_test, NEW_DIGITS)
    test = X_test[is_new], y_test[is_new]
    weights = pretrained_weights(*train)
    starts = {
        "from scratch": {},
        "init_from": {"init_from": weights},
        "init_from, freeze=1": {"init_from": weights, "freeze": 1},
    }
    jobs = [
        delayed(accuracy)(train, test, n_shots, seed, **options)
        for options in starts.values()
        for n_shots in SHOTS
        for seed in range(N_DRAWS)
    ]
    scores = np.reshape(
        Parallel(n_jobs=2, inner_max_num_threads=1)(jobs), (len(starts), len(SHOTS), N_DRAWS)
    )
    curves = dict(zip(starts, scores, strict=True))
    print(f"skgru {skgru.__version__}, numpy {np.__version__}, {date.today()}, {N_DRAWS} draws\n")
    print("| start | " + " | ".join(f"{n} of each" for n in SHOTS) + " |")
    print("|---" + "|--:" * len(SHOTS) + "|")
    for name, score in curves.items():
        cells = [f"{row.mean():.3f} ± {row.std(ddof=1) / N_DRAWS**0.5:.3f}" for row in score]
        print(f"| {name} | " + " | ".join(cells) + " |")
    if arguments.figure is not None:
        draw(curves, arguments.figure)


if __name__ == "__main__":
    main()
