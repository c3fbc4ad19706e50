"""Which defaults, and how far do they carry? Four commands:

    python benchmarks/defaults.py study --data DIR       # settings, by inner cross-validation
    python benchmarks/defaults.py untouched --data DIR   # nothing set, beside a tuned PyTorch GRU
    python benchmarks/defaults.py search --data DIR      # a small grid search beside the same
    python benchmarks/defaults.py curves --data DIR      # scores over the number of samples

The first varies one group of options at a time around the defaults and never reads a test part:
it is what defaults are chosen from. The others score on the test parts what was chosen. Without
`--data` only the problems that ship with skgru run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
import warnings
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace
from datetime import date
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import threadpoolctl
from joblib import Parallel, delayed, parallel_config
from sequence_data import Task, load
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
    train_test_split,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier, GRURegressor
from skgru.preprocessing import TimeDistributed


def vary(option: str, *values: Any) -> list[dict[str, Any]]:
    return [{option: value} for value in values]


# The settings of `study`. What is a default anyway is dropped; what does not exist, is skipped.
GROUPS = {
    "learning_rate_init": vary("learning_rate_init", 1e-3, 3e-3, 1e-2),
    "learning_rate": [
        *vary("learning_rate", "constant", "plateau", "cosine", "onecycle"),
        {"learning_rate": "cosine", "learning_rate_init": 1e-2},
        {"learning_rate": "onecycle", "learning_rate_init": 1e-2},
    ],
    "batch_size": vary("batch_size", "auto", 8, 16, 32, 64, 200),
    "hidden_layer_sizes": vary("hidden_layer_sizes", (16,), (32,), (64,), (128,), (32, 32)),
    "max_grad_norm": vary("max_grad_norm", 1.0, 5.0, None),
    "max_iter": vary("max_iter", 50, 100, 200, 400),
    "stopping": [
        *vary("n_iter_no_change", 5, 10, 20),
        {"early_stopping": False},
        {"early_stopping": True},
        {"early_stopping": True, "n_iter_no_change": 20},
        {"early_stopping": True, "n_iter_no_change": 30},
        {"early_stopping": True, "validation_fraction": 0.2},
        {"early_stopping": True, "validation_fraction": 0.2, "n_iter_no_change": 30},
    ],
    "pooling": vary("pooling", "last", "mean", "max", "attention"),
    "dropout": [*vary("dropout", 0.1, 0.2, 0.5), *vary("recurrent_dropout", 0.1, 0.2)],
    "alpha": vary("alpha", 1e-5, 1e-4, 1e-3, 1e-2),
    "bidirectional": vary("bidirectional", False, True),
}

# What `search` tries.
GRID = {
    "pooling": ["last", "max"],
    "bidirectional": [False, True],
    "hidden_layer_sizes": [32, 64],
    "learning_rate_init": [3e-3, 1e-2],
}

# These two do not count as sets with signal. Nobody forecasts the returns of a share; the motions
# are 40 test samples of a problem that ROCKET solves without an error.
WITHOUT_SIGNAL = {"amazon stock", "basic motions"}

MAX_STUDY_SAMPLES = 1000  # of a training part, for `study`
N_FOLDS = 3
SHARES = 0.25, 0.5, 1.0  # of a training part, for `curves`

# The PyTorch GRU
LEARNING_RATES = 1e-3, 3e-3, 1e-2
N_HIDDEN = 64
N_EPOCHS = 200
PATIENCE = 30
FEW_SAMPLES, LONG_PATIENCE = 100, 100  # gunpoint, seed 0: .49 with a patience of 30, .96 with 100
BATCH_SIZE = 32
VALIDATION_FRACTION = 0.2


# The estimators


def estimator(task: Task, seed: int, **options: Any):
    """Return the GRU for a task behind the scalers that its data asks for."""
    options = {**task.options, **options, "random_state": seed}
    if task.kind == "regression":
        pipeline = make_pipeline(TimeDistributed(StandardScaler()), GRURegressor(**options))
        return TransformedTargetRegressor(pipeline, transformer=StandardScaler())
    gru = GRUClassifier(**options)
    return make_pipeline(*([] if task.has_tokens else [TimeDistributed(StandardScaler())]), gru)


def grid_of(task: Task, grid: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Address the options of a grid to the GRU inside of `estimator`."""
    regression = task.kind == "regression"
    prefix = "regressor__gruregressor__" if regression else "gruclassifier__"
    return {prefix + name: values for name, values in grid.items()}


def splitter(task: Task):
    if task.ordered:
        return TimeSeriesSplit(N_FOLDS)
    folds = StratifiedKFold if task.kind == "classification" else KFold
    return folds(N_FOLDS, shuffle=True, random_state=0)


def default_options() -> dict[str, Any]:
    return GRUClassifier().get_params()


@cache
def is_missing(option: str) -> bool:
    """Say on stderr, once, that the estimators do not have an option."""
    missing = option not in default_options()
    if missing:
        say(f"skipped: the estimators have no {option}")
    return missing


def take(X: Any, indices: np.ndarray) -> Any:
    return [X[i] for i in indices] if isinstance(X, list) else X[indices]


def quiet() -> None:
    """Silence what is expected of fits that stop at max_iter; called in each process."""
    warnings.simplefilter("ignore", ConvergenceWarning)


# study


def settings_of(groups: Iterable[str]) -> list[dict[str, Any]]:
    """Return what differs from the defaults, each setting once; the first is the defaults."""
    defaults = default_options()
    settings: list[dict[str, Any]] = [{}]
    for setting in (setting for group in groups for setting in GROUPS[group]):
        if not any(map(is_missing, setting)):
            changed = {name: value for name, value in setting.items() if value != defaults[name]}
            settings += [changed] if changed not in settings else []
    return settings


def study_part(task: Task) -> Task:
    """Leave the test part out and cut a large training part."""
    part = smaller(task, MAX_STUDY_SAMPLES)
    return replace(part, X_test=part.X_train[:0], y_test=part.y_train[:0])


def smaller(task: Task, n_samples: int) -> Task:
    """Cut the training part to so many samples: the last ones, or a fixed draw."""
    kept = np.arange(len(task.y_train))
    if len(kept) > n_samples and task.ordered:
        kept = kept[-n_samples:]
    elif len(kept) > n_samples:
        strata = task.y_train if task.kind == "classification" else None
        kept, _ = train_test_split(kept, train_size=n_samples, stratify=strata, random_state=0)
    return replace(task, X_train=take(task.X_train, kept), y_train=task.y_train[kept])


def cross_validate(task: Task, setting: dict[str, Any], seed: int) -> dict[str, Any]:
    """Score one setting on the folds of a training part; a fit that fails scores NaN."""
    quiet()
    started = time.process_time()
    scores = []
    for train, test in splitter(task).split(task.y_train, task.y_train):
        model = estimator(task, seed, **setting)
        try:
            model.fit(take(task.X_train, train), task.y_train[train])
            scores.append(model.score(take(task.X_train, test), task.y_train[test]))
        except ValueError as error:
            print(f"{task.name}, {setting}: {error}", file=sys.stderr)
            scores.append(np.nan)
    seconds = time.process_time() - started
    return {
        "task": task.name,
        "setting": describe(setting),
        "seed": seed,
        "scores": scores,
        "seconds": seconds,
    }


def study(arguments: argparse.Namespace, tasks: list[Task]) -> None:
    settings = settings_of(arguments.groups)
    parts = [study_part(task) for task in tasks]
    jobs = [
        delayed(cross_validate)(part, setting, seed)
        for part in reversed(parts)  # the largest first, so that no process ends long after others
        for setting in settings
        for seed in range(arguments.seeds)
    ]
    results = run(jobs, arguments)
    names = [task.name for task in tasks]
    print_study(results, names, [describe(setting) for setting in settings])


def print_study(results: list[dict[str, Any]], names: list[str], settings: list[str]) -> None:
    print_header(["setting", *names, "mean", "mean, signal", "better on", "CPU s"])
    means = {}
    for setting in settings:
        rows = [row for row in results if row["setting"] == setting]
        means[setting] = [np.mean(scores_on(name, rows)) for name in names]
        better = np.sum(np.array(means[setting]) > means[settings[0]])
        cells = *means[setting], np.mean(means[setting]), mean_with_signal(names, means[setting])
        seconds = sum(row["seconds"] for row in rows)
        print_line([setting, *map(three, cells), f"{better}/{len(names)}", f"{seconds:.0f}"])


def scores_on(name: str, rows: list[dict[str, Any]]) -> list[list[float]]:
    return [row["scores"] for row in rows if row["task"] == name]


def describe(setting: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in setting.items()) or "defaults"


# untouched


def measure(task: Task, seed: int) -> dict[str, Any]:
    """Fit and score the GRU with nothing set, its rivals beside it; by turns the first."""
    import_module("torch")  # before the clock starts
    quiet()
    rivals = [("skgru", untouched_gru), ("pytorch", tuned_torch)]
    measured = {}
    for name, rival in rivals[:: -1 if seed % 2 else 1]:
        started = time.perf_counter()
        measured[name] = rival(task, seed)
        measured[name]["seconds"] = time.perf_counter() - started
    flat = {name: {"score": score} for name, score in flat_scores(task, seed).items()}
    return {"task": task.name, "seed": seed, **measured, **flat}


def untouched_gru(task: Task, seed: int) -> dict[str, Any]:
    model = estimator(task, seed).fit(task.X_train, task.y_train)
    return {"score": model.score(task.X_test, task.y_test)}


def compare(arguments: argparse.Namespace, tasks: list[Task]) -> list[dict[str, Any]]:
    """Measure all tasks and seeds."""
    jobs = [
        delayed(measure)(task, seed) for task in reversed(tasks) for seed in range(arguments.seeds)
    ]
    return run(jobs, arguments)


def untouched(arguments: argparse.Namespace, tasks: list[Task]) -> None:
    print_untouched(compare(arguments, tasks), tasks)


def print_untouched(results: list[dict[str, Any]], tasks: list[Task]) -> None:
    measures = ["flat", "PyTorch", "skgru", "skgru - PyTorch"]
    seconds = ["PyTorch s", "of these the best rate's", "skgru s"]
    print_header(["set", "n", "T, F", "persistence", *measures, *seconds])
    table = {task.name: summarise(results, task.name) for task in tasks}
    for task in tasks:
        row = table[task.name]
        shape = f"{len(task.y_train)}/{len(task.y_test)}", " x ".join(map(str, shape_of(task)))
        persistence = "" if task.persistence is None else three(task.persistence)
        scores = [with_sd(row[name]) for name in ("flat", "pytorch", "skgru")]
        difference = f"{np.mean(row['skgru']) - np.mean(row['pytorch']):+.3f}"
        print_line([task.name, *shape, persistence, *scores, difference, *seconds_of(row)])
    print_means("all", table)
    print_means("with signal", {n: row for n, row in table.items() if n not in WITHOUT_SIGNAL})


def print_means(name: str, table: dict[str, dict[str, list[float]]]) -> None:
    """Print the means over sets, with the sd over seeds of that mean, and total seconds."""
    if not table:
        return
    scores = {
        key: np.mean([row[key] for row in table.values()], axis=0)
        for key in ("flat", "pytorch", "skgru")
    }
    difference = f"{scores['skgru'].mean() - scores['pytorch'].mean():+.3f}"
    totals = {
        key: [sum(np.sum(row[key]) for row in table.values())]
        for key in ("pytorch s", "best rate s", "skgru s")
    }
    cells = [f"mean of {len(table)} ({name}), total s", "", "", "", *map(with_sd, scores.values())]
    print_line([*cells, difference, *seconds_of(totals)])


def summarise(results: list[dict[str, Any]], name: str) -> dict[str, list[float]]:
    """Return scores and seconds of a task, an entry per seed; flat is the better on the test."""
    rows = sorted((row for row in results if row["task"] == name), key=lambda row: row["seed"])
    flat = [[row[key]["score"] for row in rows] for key in ("linear", "mlp") if key in rows[0]]
    return {
        "flat": max(flat, key=np.mean),
        "pytorch": [row["pytorch"]["score"] for row in rows],
        "skgru": [row["skgru"]["score"] for row in rows],
        "pytorch s": [row["pytorch"]["seconds"] for row in rows],
        "best rate s": [row["pytorch"]["best_seconds"] for row in rows],
        "skgru s": [row["skgru"]["seconds"] for row in rows],
    }


def seconds_of(row: dict[str, list[float]]) -> list[str]:
    return [f"{np.sum(row[name]):.1f}" for name in ("pytorch s", "best rate s", "skgru s")]


def shape_of(task: Task) -> tuple[int, int]:
    """Return the number of steps of the longest sequence in either part, and of features."""
    n_timesteps = max(len(sequence) for X in (task.X_train, task.X_test) for sequence in X)
    return n_timesteps, 1 if task.has_tokens else task.X_train[0].shape[1]


# Flat models: the sequence as one row


def flat_scores(task: Task, seed: int) -> dict[str, float]:
    """Return the test scores of a linear model and an MLP; of text, of TF-IDF and a linear one."""
    if task.has_tokens:
        model = make_pipeline(TfidfVectorizer(analyzer=list), LogisticRegression(max_iter=1000))
        model.fit(task.X_train, task.y_train)
        return {"linear": model.score(task.X_test, task.y_test)}
    X, X_test = (padded(X, shape_of(task)[0])[0].reshape(len(X), -1) for X in scaled(task))
    if task.kind == "classification":
        models = LogisticRegression(max_iter=1000), MLPClassifier(max_iter=500, random_state=seed)
    else:
        models = tuple(
            TransformedTargetRegressor(model, transformer=StandardScaler())
            for model in (Ridge(), MLPRegressor(max_iter=500, random_state=seed))
        )
    scores = [model.fit(X, task.y_train).score(X_test, task.y_test) for model in models]
    return dict(zip(("linear", "mlp"), scores, strict=True))


def scaled(task: Task) -> tuple[Any, Any]:
    """Return both parts with each feature scaled to unit variance over the training steps."""
    if task.has_tokens:
        return task.X_train, task.X_test
    scaler = TimeDistributed(StandardScaler()).fit(task.X_train)
    return scaler.transform(task.X_train), scaler.transform(task.X_test)


def padded(X: Any, n_timesteps: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences as one array with zeros at their ends, at least that long; and lengths."""
    lengths = np.array([len(sequence) for sequence in X])
    shape = len(X), max(n_timesteps, lengths.max()), *X[0].shape[1:]
    values = np.zeros(shape, X[0].dtype)
    for row, sequence in zip(values, X, strict=True):
        row[: len(sequence)] = sequence
    return values, lengths


# The PyTorch GRU: what a careful user writes


def tuned_torch(task: Task, seed: int) -> dict[str, Any]:
    """Train with each learning rate, keep the lowest validation loss; return its test score."""
    import torch

    torch.set_num_threads(1)
    X, X_test = (Sequences(X) for X in scaled(task))
    y, decode, n_outputs = targets(task)
    y = torch.from_numpy(y)
    train, held_out = hold_out(task, seed)
    runs = []
    for learning_rate in LEARNING_RATES:
        started = time.perf_counter()
        torch.manual_seed(seed)
        network = make_network(task, n_outputs)
        loss = train_torch(network, X, y, train, held_out, learning_rate)
        runs.append((loss, time.perf_counter() - started, learning_rate, network))
    _, seconds, learning_rate, network = min(runs, key=lambda run: run[0])
    with torch.inference_mode():
        predicted = decode(forward(network, X_test, torch.arange(len(X_test.lengths))).numpy())
    score = (accuracy_score if task.kind == "classification" else r2_score)(task.y_test, predicted)
    return {"score": score, "best_seconds": seconds, "learning_rate": learning_rate}


class Sequences:
    """Padded sequences as a tensor."""

    def __init__(self, X: Any) -> None:
        import torch

        self.values, self.lengths = map(torch.from_numpy, padded(X))


def targets(task: Task):
    """Return targets for training, a function that reads outputs, and the number of outputs."""
    if task.kind == "classification":
        classes, y = np.unique(task.y_train, return_inverse=True)
        return y, lambda outputs: classes[outputs.argmax(1)], len(classes)
    scaler = StandardScaler().fit(task.y_train[:, None])
    return scaler.transform(task.y_train[:, None]).astype(np.float32), scaler.inverse_transform, 1


def hold_out(task: Task, seed: int):
    """Return indices for training and for validation: of a series, its end."""
    import torch

    strata = task.y_train if task.kind == "classification" else None
    order = {"shuffle": False} if task.ordered else {"stratify": strata, "random_state": seed}
    indices = np.arange(len(task.y_train))
    parts = train_test_split(indices, test_size=VALIDATION_FRACTION, **order)
    return tuple(map(torch.from_numpy, parts))


def make_network(task: Task, n_outputs: int):
    from torch import nn

    n_inputs = task.options["embedding_dim"] if task.has_tokens else shape_of(task)[1]
    gru = nn.GRU(n_inputs, N_HIDDEN, batch_first=True)
    parts = {"gru": gru, "head": nn.Linear(N_HIDDEN, n_outputs)}
    if task.has_tokens:
        n_words = 1 + max(ids.max() for ids in task.X_train)
        parts["embedding"] = nn.Embedding(int(n_words), n_inputs, padding_idx=0)
    return nn.ModuleDict(parts)


def forward(network, X: Sequences, indices):
    """Return the outputs at the last valid step; no step beyond the longest is computed."""
    import torch

    lengths = X.lengths[indices]
    values = X.values[indices, : lengths.max()]
    if "embedding" in network:
        values = network["embedding"](values)
    states, _ = network["gru"](values)
    return network["head"](states[torch.arange(len(lengths)), lengths - 1])


def train_torch(network, X: Sequences, y, train, held_out, learning_rate: float) -> float:
    """Train until the validation loss no longer falls; restore the best weights."""
    import torch

    loss_function = torch.nn.MSELoss() if y.is_floating_point() else torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate, fused=True)
    patience = LONG_PATIENCE if len(y) <= FEW_SAMPLES else PATIENCE
    best_loss, best_epoch, best_state = np.inf, 0, {}
    for epoch in range(N_EPOCHS):
        for batch in train[torch.randperm(len(train))].split(BATCH_SIZE):
            optimizer.zero_grad()
            loss_function(forward(network, X, batch), y[batch]).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
        with torch.inference_mode():
            loss = loss_function(forward(network, X, held_out), y[held_out]).item()
        if loss < best_loss:
            best_loss, best_epoch, best_state = loss, epoch, deepcopy(network.state_dict())
        if epoch - best_epoch >= patience:
            break
    network.load_state_dict(best_state)
    return best_loss


# search


def search(arguments: argparse.Namespace, tasks: list[Task]) -> None:
    rivals = stored_rivals(arguments, tasks) if arguments.rivals else compare(arguments, tasks)
    grid = {name: values for name, values in GRID.items() if not is_missing(name)}
    results = []
    for task in tasks:
        for seed in range(arguments.seeds):
            results.append(grid_search(task, seed, grid, arguments.jobs))
            say(f"{task.name}: {results[-1]}")
            write_json(arguments, results)
    print_search(results, rivals, tasks)


def stored_rivals(arguments: argparse.Namespace, tasks: list[Task]) -> list[dict[str, Any]]:
    results = json.loads(arguments.rivals.read_text())["results"]
    missing = {task.name for task in tasks}.difference(row["task"] for row in results)
    if missing:
        sys.exit(f"{arguments.rivals} has no rivals for {sorted(missing)}")
    return results


def grid_search(task: Task, seed: int, grid: dict[str, list[Any]], n_jobs: int) -> dict[str, Any]:
    """Search by inner cross-validation, then score the refitted best on the test part."""
    started = time.perf_counter()
    model = estimator(task, seed)
    # Accuracies on few samples tie, and the first of equals wins; log losses do not.
    scoring = "neg_log_loss" if task.kind == "classification" else "r2"
    tuned = GridSearchCV(
        model, grid_of(task, grid), scoring=scoring, cv=splitter(task), error_score=np.nan
    )
    with parallel_config("loky", n_jobs=n_jobs, inner_max_num_threads=1):
        tuned.fit(task.X_train, task.y_train)
    best = {name.rpartition("__")[2]: value for name, value in tuned.best_params_.items()}
    return {
        "task": task.name,
        "seed": seed,
        "score": tuned.best_estimator_.score(task.X_test, task.y_test),
        "best": best,
        "inner_score": tuned.best_score_,
        "seconds": time.perf_counter() - started,
    }


def print_search(results, rivals, tasks: list[Task]) -> None:
    print_header(["set", "flat", "PyTorch", "skgru searched", "reaches both", "best", "s"])
    reached = {}
    for task in tasks:
        rows = [row for row in results if row["task"] == task.name]
        rival = summarise(rivals, task.name)
        scores = [row["score"] for row in rows]
        better = max(np.mean(rival["flat"]), np.mean(rival["pytorch"]))
        reached[task.name] = round(np.mean(scores), 3) >= round(better, 3)
        best = "; ".join(describe(row["best"]) for row in rows)
        others = [with_sd(rival["flat"]), with_sd(rival["pytorch"])]
        yes = "yes" if reached[task.name] else "no"
        seconds = f"{sum(row['seconds'] for row in rows):.0f}"
        print_line([task.name, *others, with_sd(scores), yes, best, seconds])
    counted = [reached[name] for name in reached if name not in WITHOUT_SIGNAL]
    print(f"\nAt least the better of both on {sum(counted)} of {len(counted)} sets with signal,")
    print(f"on {sum(reached.values())} of all {len(reached)}.")


# curves


def curve_point(task: Task, share: float, seed: int) -> dict[str, Any]:
    """Score GRU and flat models that were fitted to a share of the training part."""
    quiet()
    part = smaller(task, round(share * len(task.y_train)))
    model = estimator(part, seed).fit(part.X_train, part.y_train)
    return {
        "task": task.name,
        "share": share,
        "n": len(part.y_train),
        "seed": seed,
        "flat": flat_scores(part, seed),
        "train": model.score(part.X_train, part.y_train),
        "test": model.score(part.X_test, part.y_test),
    }


def curves(arguments: argparse.Namespace, tasks: list[Task]) -> None:
    jobs = [
        delayed(curve_point)(task, share, seed)
        for task in reversed(tasks)
        for share in SHARES
        for seed in range(arguments.seeds)
    ]
    results = run(jobs, arguments)
    print_header(["set", "n", "linear, test", "MLP, test", "skgru, training", "skgru, test"])
    for task in tasks:
        for share in SHARES:
            rows = [r for r in results if r["task"] == task.name and r["share"] == share]
            flat = [
                with_sd([row["flat"][name] for row in rows]) if name in rows[0]["flat"] else ""
                for name in ("linear", "mlp")
            ]
            own = [with_sd([row[name] for row in rows]) for name in ("train", "test")]
            print_line([task.name, str(rows[0]["n"]), *flat, *own])


# Running and printing


def run(jobs: list, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Run in processes of one thread each; tell of progress, keep what there is so far."""
    results = []
    with parallel_config("loky", n_jobs=arguments.jobs, inner_max_num_threads=1):
        for result in Parallel(return_as="generator_unordered", batch_size=1)(jobs):
            results.append(result)
            say(f"{len(results)}/{len(jobs)} {result['task']}")
            write_json(arguments, results)
    return results


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def mean_with_signal(names: list[str], values: list[float]) -> float:
    kept = [value for name, value in zip(names, values, strict=True) if name not in WITHOUT_SIGNAL]
    return float(np.mean(kept)) if kept else np.nan


def three(value: float) -> str:
    return f"{value:.3f}"


def with_sd(values) -> str:
    return three(np.mean(values)) + (f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else "")


def print_line(cells: list[str]) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def print_header(cells: list[str]) -> None:
    print_line(cells)
    print("|---" + "|--:" * (len(cells) - 1) + "|")


def conditions(arguments: argparse.Namespace) -> dict[str, Any]:
    packages = ["numpy", "scikit-learn", "torch", "skgru"]
    return {
        "command": arguments.command,
        "date": date.today().isoformat(),
        "python": platform.python_version(),
        **{name: version_of(name) for name in packages},
        "processes": arguments.jobs,
        "threads of each": 1,
        "seeds": arguments.seeds,
        "load average": round(os.getloadavg()[0], 1),
    }


def version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def write_json(arguments: argparse.Namespace, results: list[dict[str, Any]]) -> None:
    if arguments.json is not None:
        numbers = {"conditions": conditions(arguments), "results": results}
        arguments.json.write_text(json.dumps(numbers, indent=1) + "\n")


# The command line


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for command, n_seeds in ((study, 2), (untouched, 3), (search, 1), (curves, 3)):
        one = commands.add_parser(command.__name__)
        one.set_defaults(run=command)
        one.add_argument("--data", type=Path, help="directory of the files that do not ship")
        one.add_argument("--tasks", nargs="+", help="names of problems; all, if none are given")
        one.add_argument("--seeds", type=int, default=n_seeds, help="how many")
        one.add_argument("--jobs", type=int, default=2, help="processes, of one thread each")
        one.add_argument("--json", type=Path, help="file that gets the single numbers")
        if command is study:
            one.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS))
        if command is search:
            one.add_argument("--rivals", type=Path, help="JSON of untouched; else measured anew")
    return parser.parse_args()


def chosen(arguments: argparse.Namespace) -> list[Task]:
    """Load the problems asked for, without those that the estimators cannot read yet."""
    tasks = load(arguments.data)
    names = arguments.tasks or [task.name for task in tasks]
    unknown = set(names).difference(task.name for task in tasks)
    if unknown:
        sys.exit(f"no such problem: {sorted(unknown)}; there are {[task.name for task in tasks]}")
    return [task for task in tasks if task.name in names and not any(map(is_missing, task.options))]


def main() -> None:
    arguments = parse_arguments()
    quiet()
    print(", ".join(f"{name} {value}" for name, value in conditions(arguments).items()) + "\n")
    with threadpoolctl.threadpool_limits(1):
        arguments.run(arguments, chosen(arguments))


if __name__ == "__main__":
    main()
