"""How long do fit and predict take, beside a bare PyTorch loop that trains the same model?

    python benchmarks/against_pytorch.py --threads 1 --repeats 5 --json numbers.json

Each ratio is PyTorch's time divided by skgru's, so more than 1 means that skgru is faster. The two
run by turns in one process; a number is the median of the ratios of neighbouring runs, because the
speed of a machine drifts by more than what is measured.

The time of a fit is that of the whole `GRURegressor.fit`: validation, first weights, shuffling,
clipping and loss curve. PyTorch's is that of the least that trains the model: `nn.GRU` and
`nn.Linear`, `randperm`, fused Adam, clipping; it checks nothing and keeps no loss.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import geometric_mean, median
from typing import NamedTuple


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=1, help="threads of either rival")
    parser.add_argument("--repeats", type=int, default=5, help="pairs of runs behind each ratio")
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    return parser.parse_args()


ARGUMENTS = parse_arguments()
# BLAS libraries read these when they are loaded, and only then.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(ARGUMENTS.threads)

import numpy as np
import threadpoolctl

LIBRARIES_OF_NUMPY = threadpoolctl.threadpool_info()  # before SciPy loads its own BLAS

import torch
from sklearn.exceptions import ConvergenceWarning

import skgru

N_SAMPLES = 1000
N_EPOCHS = 3
N_FEW = 64  # sequences of the small prediction
ALPHA = 1e-4
LEARNING_RATE = 1e-3
MAX_GRAD_NORM = 1.0
# A short prediction is repeated for this many seconds, long beside the jitter of the scheduler.
SHORTEST_RUN = 0.1

# What is timed. reset_after=True is the equation that PyTorch has; the other is the default.
RATIOS = ("fit", "fit, reset_after", "predict all", f"predict {N_FEW}")


class Row(NamedTuple):
    """One size of problem."""

    n_timesteps: int
    n_features: int
    n_hidden: int
    batch_size: int

    def __str__(self) -> str:
        return ", ".join(map(str, self))


class Paired(NamedTuple):
    """Median seconds of both rivals, and the median of the ratios of neighbouring runs."""

    skgru: float
    torch: float
    ratio: float


ROWS = (
    Row(10, 1, 5, 32),
    Row(50, 4, 32, 32),
    Row(50, 8, 64, 64),
    Row(100, 8, 128, 64),
    Row(100, 16, 128, 256),
)


class TorchGRU(torch.nn.Module):
    """A GRU layer and an affine map of its last state."""

    def __init__(self, n_features: int, n_hidden: int) -> None:
        super().__init__()
        self.gru = torch.nn.GRU(n_features, n_hidden, batch_first=True)
        self.head = torch.nn.Linear(n_hidden, 1)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.gru(X)
        return self.head(outputs[:, -1])[:, 0]


def fit_torch(row: Row, X: torch.Tensor, y: torch.Tensor) -> TorchGRU:
    model = TorchGRU(row.n_features, row.n_hidden)
    optimizer = torch.optim.Adam(
        model.parameters(), lr=LEARNING_RATE, weight_decay=ALPHA, fused=True
    )
    for _ in range(N_EPOCHS):
        for batch in torch.randperm(len(X)).split(row.batch_size):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(model(X[batch]), y[batch]).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM)
            optimizer.step()
    return model


def predict_torch(model: TorchGRU, X: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return model(X)


def regressor(row: Row, *, reset_after: bool) -> skgru.GRURegressor:
    return skgru.GRURegressor(
        row.n_hidden,
        reset_after=reset_after,
        alpha=ALPHA,
        batch_size=row.batch_size,
        learning_rate_init=LEARNING_RATE,
        max_grad_norm=MAX_GRAD_NORM,
        max_iter=N_EPOCHS,
        tol=0,
        n_iter_no_change=N_EPOCHS,
        random_state=0,
        n_jobs=ARGUMENTS.threads,
    )


def random_sequences(row: Row) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.RandomState(0)
    X = rng.standard_normal((N_SAMPLES, row.n_timesteps, row.n_features))
    return X.astype(np.float32), rng.standard_normal(N_SAMPLES).astype(np.float32)


def seconds(function: Callable[[], object]) -> float:
    """Return the mean time of as many calls as fill the shortest run."""
    started = time.perf_counter()
    elapsed, n_calls = 0.0, 0
    while elapsed < SHORTEST_RUN:
        function()
        n_calls += 1
        elapsed = time.perf_counter() - started
    return elapsed / n_calls


def compare(run_skgru: Callable[[], object], run_torch: Callable[[], object]) -> Paired:
    """Warm both up, then time them by turns."""
    rivals = run_skgru, run_torch
    for run in rivals:
        run()
    pairs = []
    for i in range(ARGUMENTS.repeats):
        order = rivals if i % 2 else rivals[::-1]  # neither is always the one that comes second
        times = {run: seconds(run) for run in order}
        pairs.append((times[run_skgru], times[run_torch]))
    ratios = [torch_time / skgru_time for skgru_time, torch_time in pairs]
    return Paired(*map(median, zip(*pairs, strict=True)), median(ratios))


def measure(row: Row) -> dict[str, Paired]:
    """Return what is measured at one size, under the names in RATIOS."""
    X, y = random_sequences(row)
    X_torch, y_torch = torch.from_numpy(X), torch.from_numpy(y)
    before, after = regressor(row, reset_after=False), regressor(row, reset_after=True)

    def train() -> TorchGRU:
        return fit_torch(row, X_torch, y_torch)

    def compare_predictions(n: int) -> Paired:
        return compare(
            lambda: before.predict(X[:n]), lambda: predict_torch(torch_model, X_torch[:n])
        )

    fits = [compare(lambda: before.fit(X, y), train), compare(lambda: after.fit(X, y), train)]
    torch_model = train()
    predictions = [compare_predictions(N_SAMPLES), compare_predictions(N_FEW)]
    return dict(zip(RATIOS, fits + predictions, strict=True))


def blas() -> str:
    """Name the BLAS of NumPy; PyTorch brings its own."""
    for library in LIBRARIES_OF_NUMPY:
        if library["user_api"] == "blas":
            return f"{library['internal_api']} {library['version']}"
    return "unknown"


def setting() -> dict[str, str | float]:
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "BLAS": blas(),
        "torch": torch.__version__,
        "skgru": skgru.__version__,
        "threads": ARGUMENTS.threads,
        "repeats": ARGUMENTS.repeats,
        "date": date.today().isoformat(),
        "load average": round(os.getloadavg()[0], 1),  # of the minute before: 0 where it is quiet
    }


def print_line(cells: list[str]) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def print_row(row: Row, measured: dict[str, Paired]) -> None:
    fit = measured["fit"]
    ratios = [f"{measured[name].ratio:.2f}" for name in RATIOS]
    print_line([str(row), f"{1e3 * fit.skgru:.0f}", f"{1e3 * fit.torch:.0f}", *ratios])


def as_json(row: Row, measured: dict[str, Paired]) -> dict[str, object]:
    return {**row._asdict(), **{name: paired._asdict() for name, paired in measured.items()}}


def main() -> None:
    warnings.simplefilter("ignore", ConvergenceWarning)
    torch.set_num_threads(ARGUMENTS.threads)
    torch.manual_seed(0)
    conditions = setting()
    print(", ".join(f"{name} {value}" for name, value in conditions.items()) + "\n")
    print_line(["T, F, H, batch", "fit, skgru ms", "fit, torch ms", *RATIOS])
    print("|---|" + "--:|" * (2 + len(RATIOS)))
    results = {}
    for row in ROWS:
        results[row] = measure(row)
        print_row(row, results[row])
    means = {name: geometric_mean(r[name].ratio for r in results.values()) for name in RATIOS}
    print_line(["geometric mean", "", "", *(f"{mean:.2f}" for mean in means.values())])
    if ARGUMENTS.json is not None:
        rows = [as_json(row, measured) for row, measured in results.items()]
        numbers = {"setting": conditions, "rows": rows, "geometric_means": means}
        ARGUMENTS.json.write_text(json.dumps(numbers, indent=2) + "\n")


if __name__ == "__main__":
    main()
