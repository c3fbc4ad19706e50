"""How much faster is a product of the recurrence as skgru takes it than as one of BLAS?

    python benchmarks/products.py --json numbers.json

What the weights of H units make of the states of N sequences, forward (2 H gates of a column) and
backward (a state of 2 H gates): the time of one product of columns divided by that of the same in
blocks of rows, and of the same in planes, as layers have them that read tokens. One thread. "whole"
stands where skgru takes columns whole: the product is small or blocks would be, or it takes none on
this processor.
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

from skgru._core._products import for_planes, product_with
from skgru._core._tape import Workspace

UNITS = 64, 100, 128, 256, 512
SEQUENCES = 16, 32, 64, 128, 200
DTYPES = np.dtype(np.float32), np.dtype(np.float64)


def ratio(kernel: np.ndarray, n_sequences: int, way: str) -> float | None:
    """Return how many times as long the whole product takes, None: skgru takes it whole."""
    workspace = Workspace(kernel.dtype)
    column = workspace.empty("column", kernel.shape[1], n_sequences)
    column[...] = np.random.default_rng(1).standard_normal(column.shape)
    place = workspace.empty("place", len(kernel), n_sequences)
    multiply, arrays = product_with(kernel, n_sequences), (column, place)
    if way == "planes":
        n_units = min(kernel.shape)
        memory = workspace.empty("kernel", kernel.size)
        arranged = for_planes(kernel, n_units, n_sequences, memory)
        multiply = product_with(arranged, n_sequences)
        arrays = tuple(in_planes(workspace, array, n_units) for array in arrays)
    elif multiply == kernel.dot:
        return None
    return compare(
        lambda: multiply(*arrays), lambda: kernel.dot(column, place), ARGUMENTS.repeats
    ).ratio


def in_planes(workspace: Workspace, array: np.ndarray, n_units: int) -> np.ndarray:
    """Return rows (P H, N) as planes (P, H, N), or the only one (H, N)."""
    n_planes, n_sequences = len(array) // n_units, array.shape[1]
    name = "planes", n_planes
    planes = workspace.empty(name, n_planes, n_units, n_sequences, sequences_first=True)
    planes[...] = array.reshape(planes.shape)
    return planes if n_planes > 1 else planes[0]


def main() -> None:
    processors = {one["architecture"] for one in threadpool_info() if "architecture" in one}
    setting = conditions(
        threads=ARGUMENTS.threads,
        repeats=ARGUMENTS.repeats,
        kernels=" and ".join(sorted(processors)),
    )
    print_conditions(setting)
    rows = []
    kinds = [
        (way, dtype, direction)
        for way in ("rows", "planes")
        for dtype in DTYPES
        for direction in ("forward", "back")
    ]
    print_header(["H", "N", *(f"{way}, {dtype}, {of}" for way, dtype, of in kinds)])
    for n_units in UNITS:
        forward = np.random.default_rng(0).standard_normal((2 * n_units, n_units))
        kernels = {"forward": forward, "back": forward.T.copy()}
        for n_sequences in SEQUENCES:
            ratios = [
                ratio(kernels[direction].astype(dtype), n_sequences, way)
                for way, dtype, direction in kinds
            ]
            texts = ["whole" if one is None else f"{one:.2f}" for one in ratios]
            print_line([str(n_units), str(n_sequences), *texts])
            rows.append({"n_units": n_units, "n_sequences": n_sequences, "ratios": ratios})
    write_json(ARGUMENTS.json, {"setting": setting, "rows": rows})


if __name__ == "__main__":
    main()
