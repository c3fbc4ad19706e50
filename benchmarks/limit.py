"""How near is a fit to the time of its arithmetic alone?

    python benchmarks/limit.py --threads 1 --json numbers.json

The limit is the time of the same matrix products in the same shapes, and of one tanh or exp for
every gate, into memory that is there already: no GRU in NumPy can be faster unless it multiplies
less. A share of 0.8 means that four fifths of a fit are that.
"""

from __future__ import annotations

import argparse
import warnings
from functools import partial
from pathlib import Path

from pairing import (
    compare,
    conditions,
    limit_threads,
    print_conditions,
    print_header,
    print_line,
    write_json,
)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5, help="pairs of runs behind each ratio")
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    return parser.parse_args()


ARGUMENTS = parse_arguments()
limit_threads(ARGUMENTS.threads)

import numpy as np
from rivals import N_EPOCHS, ROWS, Row, random_data, regressor


class Arithmetic:
    """Products and activations of a fit with `reset_after=False`, and nothing else."""

    def __init__(self, row: Row) -> None:
        rng = np.random.default_rng(0)
        T, F, H = row.n_timesteps, row.n_features, row.n_hidden
        self.row = row
        self.kernels = [
            rng.standard_normal(shape, np.float32)
            for shape in ((2 * H, H + 1 + F), (H, 1 + F + H), (H, H), (H, 2 * H))
        ]
        self.memory = [
            np.full(T * rows * row.batch_size, 0.01, np.float32) for rows in (2 * H + 1 + F, 3 * H)
        ]

    def batch(self, n: int) -> None:
        """Go over the steps of a batch forward and backward, then to the weights."""
        T, F, H = self.row.n_timesteps, self.row.n_features, self.row.n_hidden
        columns, gates = (
            memory[: T * rows * n].reshape(T, rows, n)
            for memory, rows in zip(self.memory, (2 * H + 1 + F, 3 * H), strict=True)
        )
        to_gates, to_candidate, from_candidate, from_gates = self.kernels
        result = np.empty((H, n), np.float32)
        for column, gate in zip(columns, gates, strict=True):
            both, candidate = gate[: 2 * H], gate[2 * H :]
            np.dot(to_gates, column[:-H], both)
            np.exp(both, both)
            np.dot(to_candidate, column[H:], candidate)
            np.tanh(candidate, candidate)
        for gate in gates[::-1]:
            np.dot(from_candidate, gate[2 * H :], result)
            np.dot(from_gates, gate[: 2 * H], result)
        wide_gates, wide_columns = gates.reshape(3 * H, -1), columns.reshape(2 * H + 1 + F, -1)
        np.dot(wide_gates[: 2 * H], wide_columns[:-H].T)
        np.dot(wide_gates[2 * H :], wide_columns[H:].T)

    def run(self) -> None:
        n, batch_size = self.row.n_samples, self.row.batch_size
        for _ in range(N_EPOCHS):
            for start in range(0, n, batch_size):
                self.batch(min(batch_size, n - start))


def main() -> None:
    warnings.simplefilter("ignore")
    setting = conditions(threads=ARGUMENTS.threads, repeats=ARGUMENTS.repeats)
    print_conditions(setting)
    print_header(["n, T, F, H, batch", "fit, ms", "its arithmetic, ms", "share"])
    rows = []
    for row in ROWS:
        with np.errstate(over="ignore"):
            paired = compare(
                partial(regressor(row).fit, *random_data(row)),
                Arithmetic(row).run,
                ARGUMENTS.repeats,
            )
        cells = f"{1e3 * paired.skgru:.0f}", f"{1e3 * paired.peer:.0f}", f"{paired.ratio:.2f}"
        print_line([str(row), *cells])
        rows.append({**row._asdict(), **paired._asdict()})
    write_json(ARGUMENTS.json, {"setting": setting, "rows": rows})


if __name__ == "__main__":
    main()
