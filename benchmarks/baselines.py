"""What should be run before any GRU, beside a GRU with nothing set: scores on test parts.

    python benchmarks/baselines.py --data DIR > benchmarks/results/YYYY-MM-DD_baselines.md

A linear model on summary statistics and one on the flat sequence, gradient boosting on the flat
sequence (lags, of a series), and ROCKET's random kernels before a ridge (classification), by
sktime: ``pip install sktime numba``. All as they come; nothing is chosen by these scores.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path
from typing import Any

from pairing import conditions, limit_blas

limit_blas(1)

import numpy as np
from defaults import estimator, padded, shape_of, with_sd
from pairing import print_conditions, print_header, print_line
from sequence_data import Task, load
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skgru.preprocessing import SequenceSummary

N_SEEDS = 3
MEASURES = {"classification": "accuracy", "regression": "R2"}


def naive(task: Task) -> float:
    """Return the score of the naive forecast, or of the most frequent class."""
    if task.kind == "regression":
        return np.nan if task.persistence is None else task.persistence
    classes, counts = np.unique(task.y_train, return_counts=True)
    return float(np.mean(task.y_test == classes[counts.argmax()]))


def models(task: Task) -> dict[str, Any]:
    """Return the baselines that a problem allows, by name."""
    flat = FunctionTransformer(lambda X: padded(X, shape_of(task)[0])[0].reshape(len(X), -1))
    if task.kind == "classification":
        linear, boosting = LogisticRegression(max_iter=1000), HistGradientBoostingClassifier
    else:
        linear = TransformedTargetRegressor(Ridge(), transformer=StandardScaler())
        boosting = HistGradientBoostingRegressor
    found = {
        "summary + linear": make_pipeline(SequenceSummary(), StandardScaler(), linear),
        "flat + linear": make_pipeline(flat, StandardScaler(), linear),
        "flat + boosting": make_pipeline(flat, boosting(random_state=0)),
    }
    if task.kind == "classification":
        ridge = RidgeClassifierCV(alphas=np.logspace(-3, 3, 10))
        kernels = RandomKernels(shape_of(task))
        found["ROCKET"] = make_pipeline(flat, kernels, StandardScaler(with_mean=False), ridge)
    return found


class RandomKernels(TransformerMixin, BaseEstimator):
    """Features of 10 000 random kernels (Dempster et al. 2020), by sktime's `Rocket`.

    It does not bear to be in a pipeline of scikit-learn 1.9 itself.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape

    def _channels_first(self, rows: np.ndarray) -> np.ndarray:
        return rows.reshape(-1, *self.shape).transpose(0, 2, 1).astype(float)

    def fit(self, X: np.ndarray, y: Any = None) -> RandomKernels:
        from sktime.transformations.panel.rocket import Rocket

        self.kernels_ = Rocket(random_state=0).fit(self._channels_first(X))
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(self.kernels_.transform(self._channels_first(X)))


def gru_scores(task: Task) -> list[float]:
    """Return the scores of the GRU by seed."""
    fitted = (estimator(task, seed).fit(task.X_train, task.y_train) for seed in range(N_SEEDS))
    return [model.score(task.X_test, task.y_test) for model in fitted]


def report(task: Task) -> list[str]:
    """Return the row of a problem: scores, the best one in bold, and seconds of GRU and ROCKET."""
    scores = {"naive": naive(task)}
    for name, model in models(task).items():
        scores[name] = model.fit(task.X_train, task.y_train).score(task.X_test, task.y_test)
    started = time.process_time()
    by_seed = gru_scores(task)
    seconds = (time.process_time() - started) / N_SEEDS
    best = max(float(np.mean(by_seed)), *(s for s in scores.values() if not np.isnan(s)))
    cells = [mark(scores.get(name, np.nan), best) for name in HEADER[3:-2]]
    gru = with_sd(by_seed)
    gru = f"**{gru}**" if round(float(np.mean(by_seed)), 3) >= round(best, 3) else gru
    sizes = f"{len(task.y_train)}/{len(task.y_test)}", "{} x {}".format(*shape_of(task))
    return [task.name, *sizes, *cells, gru, f"{seconds:.1f}"]


def mark(score: float, best: float) -> str:
    """Write a score, in bold where it is the best; nothing where there is none."""
    if np.isnan(score):
        return ""
    return f"**{score:.3f}**" if round(score, 3) >= round(best, 3) else f"{score:.3f}"


HEADER = [
    *("set", "n", "T, F", "naive", "summary + linear", "flat + linear", "flat + boosting"),
    *("ROCKET", "GRU", "GRU, CPU s a fit"),
]


def main() -> None:
    """Print a table for classification (accuracy) and one for regression (R2)."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, help="directory of the files that do not ship")
    parser.add_argument("--kinds", nargs="+", choices=list(MEASURES), default=list(MEASURES))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    print_conditions(conditions("sktime", "numba", threads=1, seeds=N_SEEDS))
    tasks = [task for task in load(arguments.data) if not task.has_tokens]
    for kind in arguments.kinds:
        print(f"\n## {kind.capitalize()}: {MEASURES[kind]} on the test part\n", flush=True)
        print_header(HEADER)
        for task in tasks:
            if task.kind == kind:
                print_line(report(task))


if __name__ == "__main__":
    main()
