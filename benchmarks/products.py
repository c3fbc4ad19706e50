"""How much faster is a product of the recurrence in blocks of rows, where skgru takes them?

    python benchmarks/products.py --json numbers.json

What the weights of H units make of the states of N sequences, forward (2 H gates of a column) and
backward (a state of 2 H gates): the time of one product divided by that of the same in blocks, one
thread. "whole" stands where skgru takes no blocks: the product is small or the blocks would be. On
a processor for which it takes none at all, that is everywhere.
"""

from __future__ import annotations

from pairing import (
    compare,
    conditions,
    limit_threads,
    parse_arguments,
    print_conditions,
    print_header,
    print_line,
    write_json,
)

ARGUMENTS = parse_arguments(__doc__)
limit_threads(ARGUMENTS.threads)

import numpy as np
from threadpoolctl import threadpool_info

from skgru._core._products import product_with
from skgru._core._tape import Workspace

UNITS = 64, 100, 128, 256, 512
SEQUENCES = 16, 32, 64, 128, 200
DTYPES = np.dtype(np.float32), np.dtype(np.float64)


def ratio(kernel: np.ndarray, n_sequences: int) -> float | None:
    """Return how many times as long the whole product takes, None: skgru takes it whole."""
    workspace = Workspace(kernel.dtype)
    column = workspace.empty("column", kernel.shape[1], n_sequences)
    column[...] = np.random.default_rng(1).standard_normal(column.shape)
    place = workspace.empty("place", len(kernel), n_sequences)
    multiply = product_with(kernel, n_sequences)
    if multiply == kernel.dot:
        return None
    return compare(
        lambda: multiply(column, place), lambda: kernel.dot(column, place), ARGUMENTS.repeats
    ).ratio


def main() -> None:
    processors = {one["architecture"] for one in threadpool_info() if "architecture" in one}
    setting = conditions(
        threads=ARGUMENTS.threads,
        repeats=ARGUMENTS.repeats,
        kernels=" and ".join(sorted(processors)),
    )
    print_conditions(setting)
    rows = []
    print_header(
        ["H", "N", *(f"{way}, {dtype}" for dtype in DTYPES for way in ("forward", "back"))]
    )
    for n_units in UNITS:
        weights = np.random.default_rng(0).standard_normal((2 * n_units, n_units))
        for n_sequences in SEQUENCES:
            ratios = [
                ratio(kernel, n_sequences)
                for dtype in DTYPES
                for kernel in (weights.astype(dtype), weights.astype(dtype).T.copy())
            ]
            texts = ["whole" if one is None else f"{one:.2f}" for one in ratios]
            print_line([str(n_units), str(n_sequences), *texts])
            rows.append({"n_units": n_units, "n_sequences": n_sequences, "ratios": ratios})
    write_json(ARGUMENTS.json, {"setting": setting, "rows": rows})


if __name__ == "__main__":
    main()
