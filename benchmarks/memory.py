"""How much memory does training take beyond its data, and does it come back?

    python benchmarks/memory.py --json numbers.json

Each measurement runs in a process of its own: the highest private memory (RssAnon of Linux, sampled
every 2 ms) less what there was before, with NumPy, data and a first tiny fit already in place.
Pages of a mapped file are the system's to take back and do not count.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

from pairing import (
    conditions,
    limit_blas,
    print_conditions,
    print_header,
    print_line,
    write_json,
)

limit_blas(1)

import numpy as np
from rivals import Row, Torch, random_data, regressor

BATCHES = (
    Row(2_000, 50, 8, 64, 64),
    Row(20_000, 50, 8, 64, 64),
    Row(2_000, 100, 8, 128, 64),
    Row(2_000, 100, 16, 128, 256),
    Row(2_000, 200, 1, 100, 200),
)
N_EPOCHS = 1
MEMMAP_BYTES = 10**9
N_FITS = 30
MB = 1e6


def private_memory() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return 1024 * int(line.split()[1])
    raise OSError("needs Linux")


class Peak:
    """Highest private memory within a `with` block, above that at its start, in bytes."""

    def __enter__(self) -> Peak:
        self.start = self.highest = private_memory()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.wait(0.002):
            self.highest = max(self.highest, private_memory())

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def above_start(self) -> int:
        return self.highest - self.start


def fit_skgru(row: Row) -> float:
    X, y = random_data(row)
    regressor(row, n_epochs=N_EPOCHS).fit(X[:8], y[:8])
    with Peak() as peak:
        regressor(row, n_epochs=N_EPOCHS).fit(X, y)
    return peak.above_start / MB


def predict_skgru(row: Row) -> float:
    X, y = random_data(row)
    fitted = regressor(row, n_epochs=N_EPOCHS).fit(X[:8], y[:8])
    with Peak() as peak:
        fitted.predict(X)
    return peak.above_start / MB


def fit_torch(row: Row) -> float:
    X, y = random_data(row)
    Torch(row, X[:8], y[:8], 1).fit(N_EPOCHS)
    rival = Torch(row, X, y, 1)
    with Peak() as peak:
        rival.fit(N_EPOCHS)
    return peak.above_start / MB


def memmap(row: Row) -> float:
    """Train on a mapped file of 1 GB."""
    n_samples = MEMMAP_BYTES // (4 * row.n_timesteps * row.n_features)
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "X.dat"
        with path.open("wb") as file:
            for _ in range(100):
                rng.standard_normal(MEMMAP_BYTES // 400, np.float32).tofile(file)
        shape = n_samples, row.n_timesteps, row.n_features
        X = np.memmap(path, np.float32, "r", shape=shape)
        y = rng.standard_normal(n_samples, np.float32)
        regressor(row, n_epochs=N_EPOCHS).fit(X[:8], y[:8])
        with Peak() as peak:
            regressor(row, n_epochs=N_EPOCHS).fit(X, y).predict(X)
        return peak.above_start / MB


def chunks(row: Row) -> float:
    """Train on 1 GB that Dask makes chunk by chunk, 10 MB at a time."""
    import dask
    import dask.array as da

    n_samples = MEMMAP_BYTES // (4 * row.n_timesteps * row.n_features)
    shape = n_samples, row.n_timesteps, row.n_features
    drawn = da.random.default_rng(0).standard_normal(shape, chunks=(n_samples // 100, -1, -1))
    model = regressor(row, n_epochs=N_EPOCHS)
    with dask.config.set(scheduler="synchronous"):
        X = drawn[:8].astype(np.float32).compute()
        model.partial_fit(X, X[:, -1, 0])
        with Peak() as peak:
            for block in drawn.astype(np.float32).blocks:
                X = block.compute()
                model.partial_fit(X, X[:, -1, 0])
    return peak.above_start / MB


def growth(row: Row) -> float:
    """Fit 30 times; return how much more memory is in use after the last than after the fifth."""
    X, y = random_data(row)
    for i in range(N_FITS):
        regressor(row, n_epochs=N_EPOCHS).fit(X, y)
        if i == 4:
            before = private_memory()
    return (private_memory() - before) / MB


MEASUREMENTS = {
    measured.__name__: measured
    for measured in (fit_skgru, fit_torch, predict_skgru, memmap, chunks, growth)
}


def measure(name: str, row: Row) -> float:
    """Run one measurement in a fresh process."""
    command = [sys.executable, __file__, "--measure", name, *map(str, row)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if arguments.measure is not None:
        name, *sizes = arguments.measure
        print(json.dumps(MEASUREMENTS[name](Row(*map(int, sizes)))))
        return
    setting = conditions()
    print_conditions(setting)
    print_header(["n, T, F, H, batch", "data MB", "fit MB", "PyTorch's fit MB", "predict MB"])
    rows = []
    for row in BATCHES:
        size = 4 * row.n_samples * row.n_timesteps * row.n_features / MB
        numbers = [measure(name, row) for name in ("fit_skgru", "fit_torch", "predict_skgru")]
        print_line([str(row), *(f"{number:.1f}" for number in (size, *numbers))])
        rows.append({**row._asdict(), "MB": [size, *numbers]})
    started = time.perf_counter()
    large, small = Row(0, 100, 10, 16, 200), Row(1_000, 50, 4, 32, 32)
    mapped, grown = measure("memmap", large), measure("growth", small)
    print(f"\nfit and predict on a mapped file of 1 GB: {mapped:.0f} MB above the start")
    print(f"25 more fits after the fifth: {grown:.1f} MB ({time.perf_counter() - started:.0f} s)")
    write_json(arguments.json, {"setting": setting, "rows": rows, "mapped": mapped, "grown": grown})


if __name__ == "__main__":
    main()
