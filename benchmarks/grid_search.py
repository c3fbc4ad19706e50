"""How long does a grid search over pen digits take, beside the same in skorch?

    python benchmarks/grid_search.py --jobs 2 --json numbers.json

12 candidates, 5 folds, `GridSearchCV(n_jobs=...)` with one thread of BLAS or PyTorch a process.
Each search runs in a process of its own; memory is the highest sum of the private memory of it
and its workers (Linux, sampled every 20 ms).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from pairing import conditions, limit_blas, print_conditions, print_header, print_line, write_json

GRID = {"n_units": [16, 32, 64], "rate": [3e-3, 1e-2], "alpha": [1e-4, 1e-3]}
N_FOLDS = 5
N_EPOCHS = 20
BATCH_SIZE = 64
N_SAMPLES = 2000


def pen_digits() -> tuple[Any, Any]:
    import numpy as np
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    from skgru.datasets import load_pendigits

    X, y = load_pendigits(return_X_y=True)
    X, _, y, _ = train_test_split(X, y, train_size=N_SAMPLES, random_state=0, stratify=y)
    flat = StandardScaler().fit_transform(X.reshape(-1, X.shape[-1]))
    return flat.reshape(X.shape).astype(np.float32), y.astype(np.int64)


def skgru_search() -> tuple[Any, dict[str, list[Any]]]:
    from skgru import GRUClassifier

    estimator = GRUClassifier(
        max_iter=N_EPOCHS, batch_size=BATCH_SIZE, tol=0, n_iter_no_change=N_EPOCHS, random_state=0
    )
    return estimator, {
        "hidden_layer_sizes": GRID["n_units"],
        "learning_rate_init": GRID["rate"],
        "alpha": GRID["alpha"],
    }


def skorch_search() -> tuple[Any, dict[str, list[Any]]]:
    import torch
    from skorch import NeuralNetClassifier
    from skorch.callbacks import GradientNormClipping
    from torch_classifier import LastState

    torch.set_num_threads(1)
    torch.manual_seed(0)
    estimator = NeuralNetClassifier(
        LastState,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        optimizer__fused=True,
        max_epochs=N_EPOCHS,
        batch_size=BATCH_SIZE,
        iterator_train__shuffle=True,
        train_split=None,
        callbacks=[GradientNormClipping(5.0)],
        verbose=0,
    )
    return estimator, {
        "module__n_units": GRID["n_units"],
        "lr": GRID["rate"],
        "optimizer__weight_decay": GRID["alpha"],
    }


SEARCHES = {"skgru": skgru_search, "skorch": skorch_search}


def search(name: str, n_jobs: int) -> dict[str, float]:
    """Run in this process; return the seconds and the best score."""
    limit_blas(1)
    warnings.simplefilter("ignore")
    from sklearn.model_selection import GridSearchCV

    X, y = pen_digits()
    estimator, grid = SEARCHES[name]()
    started = time.perf_counter()
    found = GridSearchCV(estimator, grid, cv=N_FOLDS, n_jobs=n_jobs).fit(X, y)
    return {"seconds": time.perf_counter() - started, "score": float(found.best_score_)}


def private_memory(process: int) -> int:
    """Return the bytes of a process and of those that it started."""
    total = 0
    try:
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("RssAnon"):
                total += 1024 * int(line.split()[1])
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:  # it has ended
        return total
    return total + sum(private_memory(int(child)) for child in children)


def measure(name: str, n_jobs: int) -> dict[str, float]:
    """Run a search in a fresh process; add its highest memory in MB."""
    command = [sys.executable, __file__, "--jobs", str(n_jobs), "--search", name]
    highest = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            highest = max(highest, private_memory(process.pid))
            time.sleep(0.02)
        assert process.stdout is not None
        return {**json.loads(process.stdout.read()), "MB": highest / 1e6}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    parser.add_argument("--search", choices=SEARCHES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.search is not None:
        print(json.dumps(search(arguments.search, arguments.jobs)))
        return
    setting = conditions(jobs=arguments.jobs)
    print_conditions(setting)
    print_header(["search by", "s", "highest memory, MB", "best accuracy"])
    results = {name: measure(name, arguments.jobs) for name in SEARCHES}
    for name, result in results.items():
        cells = f"{result['seconds']:.1f}", f"{result['MB']:.0f}", f"{result['score']:.3f}"
        print_line([name, *cells])
    ratio = results["skorch"]["seconds"] / results["skgru"]["seconds"]
    print(f"\nskorch's time / skgru's: {ratio:.2f}")
    write_json(arguments.json, {"setting": setting, **results})


if __name__ == "__main__":
    main()
