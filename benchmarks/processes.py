"""What does a fit gain that divides its batches among processes, beside one with threads of BLAS?

    python benchmarks/processes.py --threads 2 --json numbers.json

Each estimator with ``n_jobs=1`` and as many threads of BLAS as are of use, and with ``n_jobs`` as
many and one thread of BLAS each. Both have the same cores; the fits are whole, but the processes
are those of the warm-up: to start them takes a second or two, once. The ratio is the time with
``n_jobs=1`` divided by the other.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

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
from rivals import ROWS, random_data, regressor

from skgru import GRULanguageModel, GRUSeq2Seq

N_BATCHES = 20
N_TOKENS = 80
SEQUENCES_OUT = {
    "max_iter": 1,
    "random_state": 0,
    "embedding_dim": 64,
    "learning_rate_init": 1e-3,
}


def problems() -> Iterator[tuple[str, Any, tuple]]:
    """Yield the name of a problem, an estimator and what it is fitted to."""
    for row in ROWS:
        yield f"GRURegressor: {row}", regressor(row), random_data(row)
    rng = np.random.default_rng(0)
    ids = rng.integers(1, N_TOKENS + 1, 32 * 100 * N_BATCHES + 1)
    model = GRULanguageModel(256, batch_size=32, bptt_steps=100, **SEQUENCES_OUT)
    yield "GRULanguageModel: 32 stretches, 100, 64, 256, 32", model, ([ids],)
    X, y = rng.integers(1, N_TOKENS + 1, (2, 64 * N_BATCHES, 20))
    model = GRUSeq2Seq(128, target_embedding_dim=64, batch_size=64, **SEQUENCES_OUT)
    yield f"GRUSeq2Seq: {len(X)}, 20 and 20, 64, 128, 64", model, (X, y)


def main() -> None:
    warnings.simplefilter("ignore")
    setting = conditions(threads=ARGUMENTS.threads, repeats=ARGUMENTS.repeats)
    print_conditions(setting)
    print_header(["n, T, F, H, batch", "n_jobs=1, ms", f"n_jobs={ARGUMENTS.threads}, ms", "ratio"])
    rows = []
    for name, model, data in problems():

        def fit(n_jobs: int, model: Any = model, data: tuple = data) -> None:
            model.set_params(n_jobs=n_jobs).fit(*data)

        paired = compare(lambda: fit(ARGUMENTS.threads), lambda: fit(1), ARGUMENTS.repeats)
        milliseconds = (f"{1e3 * seconds:.0f}" for seconds in (paired.peer, paired.skgru))
        print_line([name, *milliseconds, f"{paired.ratio:.2f}"])
        rows.append({"problem": name, **paired._asdict()})
    write_json(ARGUMENTS.json, {"setting": setting, "rows": rows})


if __name__ == "__main__":
    main()
