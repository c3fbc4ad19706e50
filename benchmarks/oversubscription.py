"""How many threads of BLAS has a task of a search, and what do more of them than cores cost?

    python benchmarks/oversubscription.py --json numbers.json

`GridSearchCV(n_jobs=2)` with the threads of BLAS as they come, with one and with two that an
environment variable asks for; by turns, each search in a fresh process, after one search that does
not count. The search refits its best candidate in the main process. Then the threads that
tasks see on Dask and Ray, where these are installed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import warnings
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from pairing import conditions, print_conditions, print_table, write_json

VARIABLE = "OPENBLAS_NUM_THREADS"
SETTINGS = {"not set": None, "1": "1", "2": "2"}
SIZES = {"32 units, batches of 32": (32, 32), "128 units, batches of 256": (128, 256)}
N_JOBS = 2
N_FOLDS = 3


def blas_threads(*ignored: Any) -> int:
    """Return how many threads a product of NumPy may use in this process."""
    import numpy as np
    from threadpoolctl import threadpool_info

    np.ones((2, 2)) @ np.ones((2, 2))
    return max(info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas")


def search(size: str) -> dict[str, float]:
    """Search twice in this process; return seconds and threads of the second time."""
    import numpy as np
    from sklearn.model_selection import GridSearchCV

    from skgru import GRURegressor

    n_hidden, batch_size = SIZES[size]
    X = np.random.default_rng(0).standard_normal((1024, 20, 8), np.float32)
    model = GRURegressor(n_hidden, max_iter=4, batch_size=batch_size, random_state=0)
    # The threads of a task come back as if they were a score.
    scoring = {"r2": "r2", "threads": blas_threads}
    grid = {"learning_rate_init": [1e-3, 2e-3, 5e-3, 1e-2]}
    found = GridSearchCV(model, grid, cv=N_FOLDS, scoring=scoring, refit="r2", n_jobs=N_JOBS)
    for _ in range(2):
        started = time.perf_counter()
        found.fit(X, X[:, :, 0].mean(axis=1))
        seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "threads of a task": float(found.cv_results_["mean_test_threads"].max()),
        "threads of the refit": blas_threads(),
    }


def fresh(*arguments: str, threads: str | None = None) -> Any:
    """Run this file in a fresh process, in which the variable is set or is not."""
    environment = {name: value for name, value in os.environ.items() if "_NUM_THREADS" not in name}
    if threads is not None:
        environment[VARIABLE] = threads
    command = [sys.executable, "-W", "ignore", __file__, *arguments]
    output = subprocess.run(
        command, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return json.loads(output.splitlines()[-1])


def compare(size: str, n_repeats: int) -> dict[str, dict[str, float]]:
    """Return medians, and those of the ratios to one thread in the same round."""
    rounds = []
    for i in range(n_repeats):
        names = list(SETTINGS)[:: 1 if i % 2 else -1]  # none is always the one that comes second
        rounds.append({n: fresh("--search", size, threads=SETTINGS[n]) for n in names})
    return {
        name: {
            **rounds[0][name],
            "seconds": median(runs[name]["seconds"] for runs in rounds),
            "ratio": median(runs[name]["seconds"] / runs["1"]["seconds"] for runs in rounds),
        }
        for name in SETTINGS
    }


def dask_cluster(stack: ExitStack, **options: Any) -> None:
    from distributed import Client, LocalCluster

    cluster = stack.enter_context(LocalCluster(dashboard_address=":0", **options))
    stack.enter_context(Client(cluster))


def dask_worker_without_nanny(stack: ExitStack) -> None:
    from distributed import Client, LocalCluster

    cluster = stack.enter_context(LocalCluster(n_workers=0, dashboard_address=":0"))
    client = stack.enter_context(Client(cluster))
    command = "-m", "distributed.cli.dask_worker", cluster.scheduler_address, "--nthreads", "1"
    worker = subprocess.Popen(
        [sys.executable, *command, "--no-nanny", "--no-dashboard"], stderr=subprocess.DEVNULL
    )
    stack.callback(worker.wait)
    stack.callback(worker.terminate)
    client.wait_for_workers(1)


def ray_cluster(stack: ExitStack) -> None:
    import ray
    from ray.util.joblib import register_ray

    register_ray()
    ray.init(num_cpus=N_JOBS, include_dashboard=False, log_to_driver=False)
    stack.callback(ray.shutdown)


# How each is set up, and the backend of joblib.
WORKERS = {
    "loky": (lambda stack: None, "loky"),
    "threads of joblib": (lambda stack: None, "threading"),
    "Dask, processes with a nanny": (
        lambda stack: dask_cluster(stack, n_workers=N_JOBS, threads_per_worker=1),
        "dask",
    ),
    "Dask, a worker without a nanny": (dask_worker_without_nanny, "dask"),
    "Dask, threads": (
        lambda stack: dask_cluster(stack, processes=False, threads_per_worker=N_JOBS),
        "dask",
    ),
    "Ray": (ray_cluster, "ray"),
}


def threads_seen(name: str) -> list[int]:
    """Return the distinct numbers of threads that tasks have on such workers."""
    from joblib import Parallel, delayed, parallel_config

    set_up, backend = WORKERS[name]
    with ExitStack() as stack:
        set_up(stack)
        with parallel_config(backend, n_jobs=N_JOBS):
            return sorted(set(Parallel()(delayed(blas_threads)() for _ in range(4))))


def measure_searches(n_repeats: int) -> dict[str, Any]:
    searches = {size: compare(size, n_repeats) for size in SIZES}
    rows = [
        [
            size,
            name,
            f"{row['seconds']:.2f}",
            f"{row['ratio']:.2f}",
            f"{row['threads of a task']:.0f}",
            f"{row['threads of the refit']:.0f}",
        ]
        for size, results in searches.items()
        for name, row in results.items()
    ]
    print_table(["search", VARIABLE, "s", "ratio to 1", "threads of a task", "of the refit"], rows)
    return searches


def measure_workers() -> dict[str, list[list[int]]]:
    print(f"\nThreads of BLAS that a task has, by {VARIABLE}:\n")
    workers = {
        name: [fresh("--threads", name, threads=value) for value in SETTINGS.values()]
        for name, (_, backend) in WORKERS.items()
        if backend not in ("dask", "ray") or find_spec(backend)
    }
    rows = [[name, *("/".join(map(str, n)) for n in seen)] for name, seen in workers.items()]
    print_table(["workers", *SETTINGS], rows)
    return workers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    parser.add_argument("--search", choices=SIZES, help=argparse.SUPPRESS)
    parser.add_argument("--threads", choices=WORKERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if arguments.search is not None:
        print(json.dumps(search(arguments.search)))
        return
    if arguments.threads is not None:
        print(json.dumps(threads_seen(arguments.threads)))
        return
    setting = conditions(jobs=N_JOBS, cores=os.cpu_count(), repeats=arguments.repeats)
    print_conditions(setting)
    numbers = {"searches": measure_searches(arguments.repeats), "workers": measure_workers()}
    write_json(arguments.json, {"setting": setting, **numbers})


if __name__ == "__main__":
    main()
