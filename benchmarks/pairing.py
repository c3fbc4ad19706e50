"""What the timed benchmarks share: threads, turns, and the conditions of a run.

It imports no NumPy of its own accord: BLAS libraries read the number of threads when they are
loaded, and only then.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

# A short run is repeated for this many seconds, long beside the jitter of the scheduler.
SHORTEST_RUN = 0.1
REPORTED = ("numpy", "scikit-learn", "torch", "skorch", "jax", "onnxruntime", "dask", "ray")


def parse_arguments(description: str) -> argparse.Namespace:
    """Return the arguments of a comparison in pairs: threads, repeats, a file for the numbers."""
    parser = argparse.ArgumentParser(description=description.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=1, help="threads of either rival")
    parser.add_argument("--repeats", type=int, default=5, help="pairs of runs behind each ratio")
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    return parser.parse_args()


def limit_threads(n_threads: int) -> None:
    """Give this process that many threads, and as many cores. Call it before NumPy is imported."""
    limit_blas(n_threads)
    # XLA has no such variable; it counts the cores it may run on.
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < n_threads:
            raise SystemExit(f"{n_threads} threads need as many cores; there are {len(cores)}.")
        os.sched_setaffinity(0, cores[-n_threads:])


def limit_blas(n_threads: int) -> None:
    """Give BLAS and OpenMP that many threads, in this process and those that it starts."""
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(n_threads)


class Paired(NamedTuple):
    """Median seconds of both rivals, and the median of the ratios of neighbouring runs."""

    skgru: float
    peer: float
    ratio: float


def seconds(function: Callable[[], object]) -> float:
    """Return the mean time of as many calls as fill the shortest run."""
    started = time.perf_counter()
    elapsed, n_calls = 0.0, 0
    while elapsed < SHORTEST_RUN:
        function()
        n_calls += 1
        elapsed = time.perf_counter() - started
    return elapsed / n_calls


def clock(n_threads: int) -> float:
    """Return seconds of the processor for one thread, of the wall for more.

    For runs of minutes, which cannot wait for a quiet machine: what others do in the meantime
    lengthens the time on the wall.
    """
    return time.process_time() if n_threads == 1 else time.perf_counter()


def compare(
    run_skgru: Callable[[], object], run_peer: Callable[[], object], n_repeats: int
) -> Paired:
    """Warm both up, then time them by turns."""
    rivals = run_skgru, run_peer
    for run in rivals:
        run()
    pairs = []
    for i in range(n_repeats):
        order = rivals if i % 2 else rivals[::-1]  # neither is always the one that comes second
        times = {run: seconds(run) for run in order}
        pairs.append((times[run_skgru], times[run_peer]))
    ratios = [peer_time / skgru_time for skgru_time, peer_time in pairs]
    return Paired(*map(median, zip(*pairs, strict=True)), median(ratios))


def conditions(*packages: str, **more: Any) -> dict[str, Any]:
    """Return versions, date and load, with which a result is to be read."""
    versions = {}
    for package in (*REPORTED, *packages):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        **versions,
        "BLAS of NumPy": blas(),
        "date": date.today().isoformat(),
        "load average": round(os.getloadavg()[0], 1),  # of the minute before: 0 where it is quiet
        **more,
    }


def blas() -> str:
    """Name the BLAS of NumPy; PyTorch brings its own."""
    import numpy as np

    library = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{library['name']} {library['version']}"


def print_conditions(setting: dict[str, Any]) -> None:
    print(", ".join(f"{name} {value}" for name, value in setting.items()) + "\n")


def print_line(cells: list[str]) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def print_header(cells: list[str]) -> None:
    print_line(cells)
    print("|---|" + "--:|" * (len(cells) - 1), flush=True)


def print_table(header: list[str], rows: list[list[str]]) -> None:
    """Print all lines at once, columns aligned: to be read as plain text too."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for first, *others in (header, *rows):
        cells = [text.rjust(width) for text, width in zip(others, widths[1:], strict=True)]
        print_line([first.ljust(widths[0]), *cells])
        if first == header[0]:
            rules = ["-" * (width + 1) + ":" for width in widths[1:]]
            print("|".join(["", "-" * (widths[0] + 2), *rules, ""]), flush=True)


def write_json(path: Path | None, numbers: dict[str, Any]) -> None:
    if path is not None:
        path.write_text(json.dumps(numbers, indent=2) + "\n")
