"""What does a search on a cluster gain, what does a task cost, and how long take 10 000 fits?

    python benchmarks/cluster.py --json numbers.json

`GridSearchCV` in one process, in joblib's own processes (loky), on Dask and, where it is installed,
on Ray, by turns; all workers are on this machine and have one thread of BLAS. A cluster is there
for its own turn only, so that none shares the cores with idle ones. The clock starts when workers
have done a first search, and includes the scattering of data. The overhead of a task is the time
that the workers had, less that within fits and scores, over the number of fits; that of the client
is the CPU time of its process, which is the scheduler's too. Needs `pip install "skgru[dask]"`,
Linux.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from pairing import (
    conditions,
    limit_blas,
    print_conditions,
    print_table,
    write_json,
)

limit_blas(1)

import memory
import numpy as np
from joblib import parallel_config
from rivals import Row
from sklearn.model_selection import GridSearchCV, KFold

from skgru import GRURegressor

N_WORKERS = 2
N_FOLDS = 2
N_TIMESTEPS = 20
N_FEATURES = 8
SEEDS = count()
MB = 1e6
N_PLANNED = 10_000
PLANNED_SECONDS = (0.01, 0.1, 1, 10, 100)
PLANNED_WORKERS = (2, 8, 32, 128)


class Search(NamedTuple):
    """The sizes of a search."""

    n_candidates: int
    n_samples: int
    n_hidden: int
    n_epochs: int

    @property
    def n_fits(self) -> int:
        return self.n_candidates * N_FOLDS


SEARCHES = (Search(60, 100, 4, 1), Search(16, 300, 16, 5), Search(4, 1000, 32, 10))
SENT = Search(20, 3000, 2, 1)
HELD = Search(4, 8_000, 2, 1), Search(4, 80_000, 2, 1)
Data = tuple[Any, np.ndarray, list[Any]]


def dense(search: Search) -> Data:
    """Draw X, y and folds, new ones in each call.

    Equal data must not be scattered while an equal copy is being forgotten: dask/distributed#8576.
    """
    seed = next(SEEDS)
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((search.n_samples, N_TIMESTEPS, N_FEATURES), np.float32)
    folds = KFold(N_FOLDS, shuffle=True, random_state=seed).split(X)
    return X, X[:, :, 0].mean(axis=1), list(folds)


def ragged(search: Search) -> Data:
    X, y, folds = dense(search)
    return [x[i % N_TIMESTEPS // 2 :].copy() for i, x in enumerate(X)], y, folds


def objects(search: Search) -> Data:
    sequences, y, folds = ragged(search)
    X = np.empty(len(sequences), object)
    X[:] = sequences
    return X, y, folds


FORMS = {"3-D array": dense, "list of arrays": ragged, "object array": objects}


def everything(X: Any, y: Any, folds: list[Any]) -> list[Any]:
    """Return what a search hands to all of its tasks."""
    return [X, y, *(part for fold in folds for part in fold)]


def fit_search(search: Search, data: Data) -> GridSearchCV:
    X, y, folds = data
    model = GRURegressor(search.n_hidden, max_iter=search.n_epochs, batch_size=64, random_state=0)
    rates = {"learning_rate_init": np.geomspace(1e-4, 1e-2, search.n_candidates)}
    return GridSearchCV(model, rates, cv=folds, refit=False).fit(X, y)


@contextmanager
def dask_client() -> Iterator[Any]:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=N_WORKERS, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        Client(cluster) as client,
    ):
        client.amm.stop()
        yield client


@contextmanager
def ray() -> Iterator[None]:
    import ray
    from ray.util.joblib import register_ray

    register_ray()
    ray.init(num_cpus=N_WORKERS, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


class Backend(NamedTuple):
    """How a cluster is set up, and what a search with some data runs in."""

    set_up: Callable[[], AbstractContextManager]
    context: Callable[[Data], AbstractContextManager]


BACKENDS = {
    "one process": Backend(nullcontext, lambda data: nullcontext()),
    "loky": Backend(nullcontext, lambda data: parallel_config("loky", n_jobs=N_WORKERS)),
    "Dask": Backend(dask_client, lambda data: parallel_config("dask", scatter=everything(*data))),
}
if find_spec("ray"):
    BACKENDS["Ray"] = Backend(ray, lambda data: parallel_config("ray", n_jobs=N_WORKERS))


class Run(NamedTuple):
    """Seconds of a search: by the clock, in its fits and scores, and of this process's CPU."""

    clock: float
    inside: float
    client: float


def run(backend: Backend, search: Search, data: Data) -> Run:
    started, cpu = time.perf_counter(), time.process_time()
    with backend.context(data):
        results = fit_search(search, data).cv_results_
    clock, client = time.perf_counter() - started, time.process_time() - cpu
    inside = N_FOLDS * float(np.sum(results["mean_fit_time"] + results["mean_score_time"]))
    return Run(clock, inside, client)


def compare(search: Search, n_repeats: int) -> dict[str, dict[str, float]]:
    """Run the search on all backends by turns."""
    rounds = []
    for i in range(n_repeats):
        names = list(BACKENDS)[:: 1 if i % 2 else -1]  # none is always the one that comes second
        rounds.append({name: second_run(BACKENDS[name], search) for name in names})
    return {name: summary(name, rounds, search.n_fits) for name in BACKENDS}


def second_run(backend: Backend, search: Search) -> Run:
    """Set a cluster up and search twice: workers import all that they need in the first."""
    with backend.set_up():
        run(backend, search, ragged(search))
        return run(backend, search, ragged(search))


def summary(name: str, rounds: list[dict[str, Run]], n_fits: int) -> dict[str, float]:
    """Return medians over the rounds; seconds are per fit, but for those of the clock."""
    n_workers = 1 if name == "one process" else N_WORKERS
    runs = [runs[name] for runs in rounds]
    return {
        "clock": median(run.clock for run in runs),
        "speed-up": median(runs["one process"].clock / runs[name].clock for runs in rounds),
        "fit": median(run.inside for run in runs) / n_fits,
        "overhead": median(n_workers * run.clock - run.inside for run in runs) / n_fits,
        "client": median(run.client for run in runs) / n_fits,
    }


def count_received() -> None:
    """Begin to count the bytes that reach this worker, in its process."""
    from dask.sizeof import sizeof
    from distributed.comm import tcp, utils

    async def from_frames(frames: list[Any], *args: Any, **options: Any) -> Any:
        tcp.n_received += sum(map(sizeof, frames))
        return await utils.from_frames(frames, *args, **options)

    tcp.n_received, tcp.from_frames = 0, from_frames


def n_received() -> int:
    from distributed.comm import tcp

    return tcp.n_received


def copies_sent(data: Data, scatter: list[Any], client: Any) -> float:
    """Return how many times the size of X a worker received in a search: a mean over workers."""
    client.run(count_received)
    with parallel_config("dask", scatter=scatter):
        fit_search(SENT, data)
    numbers = client.run(n_received).values()
    return sum(numbers) / len(numbers) / sum(x.nbytes for x in data[0])


def peak_memory() -> int:
    """Return the most bytes that this process ever had in memory."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return 1024 * int(line.split()[1])
    raise OSError("needs Linux")


def worker_memory() -> dict[str, float]:
    """Fit a straight line through the peaks of new workers for two sizes of X, in MB."""
    sizes, peaks = [], []
    for search in HELD:
        data = dense(search)
        with dask_client() as client:
            run(BACKENDS["Dask"], search, data)
            peaks.append(max(client.run(peak_memory).values()) / MB)
        sizes.append(data[0].nbytes / MB)
    slope = (peaks[1] - peaks[0]) / (sizes[1] - sizes[0])
    return {"base": peaks[0] - slope * sizes[0], "per byte of X": slope}


def plan(overhead: float, client: float) -> list[dict[str, Any]]:
    """Return the seconds of many fits; the client can hand out no more than its CPU allows."""
    return [
        {
            "fit": seconds,
            "workers": {
                n: N_PLANNED * max((seconds + overhead) / n, client) for n in PLANNED_WORKERS
            },
        }
        for seconds in PLANNED_SECONDS
    ]


def duration(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def comparison_rows(search: Search, results: dict[str, dict[str, float]]) -> list[list[str]]:
    return [
        [
            f"{search.n_fits} fits, {name}",
            f"{row['clock']:.2f}",
            f"{row['speed-up']:.2f}",
            *(f"{1e3 * row[key]:.1f}" for key in ("fit", "overhead", "client")),
        ]
        for name, row in results.items()
    ]


def measure_searches(n_repeats: int) -> list[dict[str, Any]]:
    searches, rows = [], []
    for search in SEARCHES:
        results = compare(search, n_repeats)
        rows += comparison_rows(search, results)
        searches.append({**search._asdict(), **results})
    print_table(["search", "s", "speed-up", "fit, ms", "overhead, ms", "client, ms"], rows)
    return searches


def measure_sent(client: Any) -> dict[str, list[float]]:
    title = f"Copies of X that a worker of Dask receives in {SENT.n_fits} fits"
    print(f"\n{title}, by what is scattered:\n")
    sent = {
        name: [
            copies_sent(data, everything(*data)[:n_scattered], client)
            for n_scattered in (0, 2, None)
            for data in [make(SENT)]
        ]
        for name, make in FORMS.items()
    }
    rows = [[name, *(f"{number:.2f}" for number in numbers)] for name, numbers in sent.items()]
    print_table(["X", "nothing", "X and y", "X, y and folds"], rows)
    return sent


def print_plan(planned: list[dict[str, Any]]) -> None:
    print(f"\nA plan of {N_PLANNED} fits on Dask, by the overhead of the shortest fits:\n")
    rows = [[f"{row['fit']:g}", *map(duration, row["workers"].values())] for row in planned]
    print_table(["seconds of a fit", *(f"{n} workers" for n in PLANNED_WORKERS)], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    setting = conditions(workers=N_WORKERS, repeats=arguments.repeats)
    print_conditions(setting)
    searches = measure_searches(arguments.repeats)
    with dask_client() as client:
        sent = measure_sent(client)
    held = worker_memory()
    print("\nA worker of Dask holds {:.0f} MB and {:.1f} times X".format(*held.values()))
    chunks = memory.measure("chunks", Row(0, 100, 10, 16, 200))
    print(f"\npartial_fit on 1 GB in chunks of 10 MB: {chunks:.0f} MB above the start")
    planned = plan(searches[0]["Dask"]["overhead"], searches[0]["Dask"]["client"])
    print_plan(planned)
    numbers = {"searches": searches, "sent": sent, "memory": held, "chunks": chunks}
    write_json(arguments.json, {"setting": setting, **numbers, "plan": planned})


if __name__ == "__main__":
    main()
