"""What the user guide advises, measured: halving in place of a whole grid, and float32.

    python benchmarks/advice.py

Pen digits, 2000 for training and 2000 for testing. Both searches go over the same nine candidates
in three folds, scored by log loss; the epochs are those of all fits together. A data type changes
the data alone; its rows are means over three seeds.
"""

from __future__ import annotations

from pairing import conditions, limit_threads, print_conditions, print_header, print_line

limit_threads(1)

from statistics import mean
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    ParameterGrid,
    train_test_split,
)

from skgru import GRUClassifier
from skgru.datasets import load_pendigits

GRID = {"hidden_layer_sizes": [8, 16, 32], "learning_rate_init": [3e-3, 1e-2, 3e-2]}
N_EPOCHS = 45
N_FOLDS = 3


def pen_digits() -> list[np.ndarray]:
    """Return X and y of a training and a test part."""
    X, y = load_pendigits(return_X_y=True)
    X = np.float32(X) / 100
    return train_test_split(X, y, train_size=2000, test_size=2000, random_state=0, stratify=y)


def compare_searches() -> None:
    X_train, X_test, y_train, y_test = pen_digits()
    model = GRUClassifier(max_iter=N_EPOCHS, random_state=0)
    n_candidates = len(ParameterGrid(GRID))
    shared: dict[str, Any] = {"scoring": "neg_log_loss", "cv": N_FOLDS}
    halving = {"resource": "max_iter", "min_resources": 5, "max_resources": N_EPOCHS}
    searches = {
        "whole grid": GridSearchCV(model, GRID, **shared),
        "halving": HalvingGridSearchCV(model, GRID, random_state=0, **halving, **shared),
    }
    print_header(["search", "s", "epochs", "units", "learning rate", "test accuracy"])
    for name, search in searches.items():
        started = perf_counter()
        search.fit(X_train, y_train)
        elapsed = perf_counter() - started
        spent = search.cv_results_.get("n_resources", np.full(n_candidates, N_EPOCHS))
        units, rate = (search.best_params_[key] for key in GRID)
        accuracy = f"{search.best_estimator_.score(X_test, y_test):.3f}"
        print_line(
            [name, f"{elapsed:.0f}", f"{N_FOLDS * spent.sum()}", f"{units}", f"{rate}", accuracy]
        )


def compare_types() -> None:
    X_train, X_test, y_train, y_test = pen_digits()
    print()
    print_header(["X", "s of fit", "test accuracy", "test log loss"])
    for dtype in (np.float32, np.float64):
        seconds, accuracies, losses = [], [], []
        for seed in range(3):
            model = GRUClassifier(64, max_iter=20, random_state=seed)
            started = perf_counter()
            model.fit(X_train.astype(dtype), y_train)
            seconds.append(perf_counter() - started)
            p = model.predict_proba(X_test.astype(dtype))
            accuracies.append(np.mean(model.classes_[p.argmax(axis=1)] == y_test))
            losses.append(-np.log(p[np.arange(len(p)), y_test.astype(int)]).mean())
        cells = [f"{mean(seconds):.2f}", f"{mean(accuracies):.4f}", f"{mean(losses):.4f}"]
        print_line([np.dtype(dtype).name, *cells])


def main() -> None:
    print_conditions(conditions(threads=1))
    compare_searches()
    compare_types()


if __name__ == "__main__":
    main()
