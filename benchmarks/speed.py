"""How long do fit and predict take, beside a peer that trains and evaluates the same model?

    python benchmarks/speed.py torch --threads 1 --repeats 5 --json numbers.json

Each ratio is the peer's time divided by skgru's, so more than 1 means that skgru is faster. The two
run by turns in one process; a number is the median of the ratios of neighbouring runs, because the
speed of a machine drifts by more than what is measured.

The time of a fit is that of the whole `GRURegressor.fit`: validation, first weights, shuffling,
clipping and loss curve; that of a prediction is `predict`'s, validation included. What the peers
do is in `rivals.py`.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from statistics import geometric_mean

from pairing import (
    Paired,
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
    parser.add_argument("rival", choices=["torch", "jax", "onnxruntime", "skorch"])
    parser.add_argument("--threads", type=int, default=1, help="threads of either rival")
    parser.add_argument("--repeats", type=int, default=5, help="pairs of runs behind each ratio")
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    parser.add_argument("--rows", type=int, nargs="+", help="which rows, from 0; all by default")
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    return parser.parse_args()


ARGUMENTS = parse_arguments()
if ARGUMENTS.rival == "onnxruntime" and ARGUMENTS.dtype != "float32":
    raise SystemExit("ONNX Runtime's GRU is compared in float32 only.")
limit_threads(ARGUMENTS.threads)

from rivals import RIVALS, ROWS, Row, random_data, regressor
from sklearn.exceptions import ConvergenceWarning

N_FEW = 64  # sequences of the small prediction


def measure(row: Row) -> dict[str, Paired]:
    """Return what is measured at one size, by name."""
    X, y = random_data(row, ARGUMENTS.dtype)
    rival = RIVALS[ARGUMENTS.rival](row, X, y, ARGUMENTS.threads)
    before, after = (
        regressor(row, reset_after=reset_after, n_jobs=ARGUMENTS.threads)
        for reset_after in (False, True)
    )
    measured = {}
    if rival.times_fit:
        measured["fit"] = compare(lambda: before.fit(X, y), rival.fit, ARGUMENTS.repeats)
    if ARGUMENTS.rival == "torch":  # whose equation it is
        measured["fit, reset_after"] = compare(
            lambda: after.fit(X, y), rival.fit, ARGUMENTS.repeats
        )
    rival.prepare(before.fit(X, y))
    for name, n in ("predict all", row.n_samples), (f"predict {N_FEW}", N_FEW):
        measured[name] = compare(
            lambda n=n: before.predict(X[:n]), lambda n=n: rival.predict(n), ARGUMENTS.repeats
        )
    return measured


def print_results(results: dict[Row, dict[str, Paired]]) -> None:
    """Print the last row; before the first, the header."""
    row, measured = list(results.items())[-1]
    first = next(iter(measured))
    if len(results) == 1:
        peer = ARGUMENTS.rival
        print_header(["n, T, F, H, batch", f"{first}, ms", f"{peer}, ms", *measured])
    milliseconds = (f"{1e3 * seconds:.3g}" for seconds in measured[first][:2])
    print_line([str(row), *milliseconds, *(f"{paired.ratio:.2f}" for paired in measured.values())])


def main() -> None:
    warnings.simplefilter("ignore", ConvergenceWarning)
    setting = conditions(
        rival=ARGUMENTS.rival,
        dtype=ARGUMENTS.dtype,
        threads=ARGUMENTS.threads,
        repeats=ARGUMENTS.repeats,
    )
    print_conditions(setting)
    rows = ROWS if ARGUMENTS.rows is None else [ROWS[i] for i in ARGUMENTS.rows]
    results: dict[Row, dict[str, Paired]] = {}
    for row in rows:
        results[row] = measure(row)
        print_results(results)
    means = {
        name: geometric_mean(measured[name].ratio for measured in results.values())
        for name in results[rows[0]]
    }
    print_line(["geometric mean", "", "", *(f"{mean:.2f}" for mean in means.values())])
    as_json = [
        {**row._asdict(), **{name: paired._asdict() for name, paired in measured.items()}}
        for row, measured in results.items()
    ]
    write_json(ARGUMENTS.json, {"setting": setting, "rows": as_json, "geometric_means": means})


if __name__ == "__main__":
    main()
