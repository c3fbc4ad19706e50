"""How long does one sequence take, and where does the time go?

    python benchmarks/latency.py --json numbers.json

`predict` of one (50, 4) sequence with 32 units, scikit-learn's validation included, beside a bare
call of PyTorch's module; then each piece of the call alone. A piece that stands below another one
and further in is a part of it.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

from pairing import (
    compare,
    conditions,
    limit_threads,
    print_conditions,
    print_header,
    print_line,
    seconds,
    write_json,
)

limit_threads(1)

from collections.abc import Callable
from statistics import median

import numpy as np
from rivals import Row, Torch, random_data, regressor

from skgru import GRURegressor
from skgru._core._batching import pack
from skgru._core._tape import Workspace

ROW = Row(64, 50, 4, 32, 32)


def pieces(fitted: GRURegressor, X: np.ndarray) -> dict[str, Callable[[], object]]:
    """Return the parts of a call of `predict`, outer ones before what they consist of."""
    trainer = fitted._trainer
    params, objective = trainer.params, trainer.objective
    network = objective.network
    sequences, _ = fitted._read_sequences(X, params.dtype)
    views = objective.layout.views(params)
    workspace = Workspace(params.dtype, keeps_gates=False)
    network.forward(views, sequences, workspace, keeps_states=False)
    direction = network.layers.layers[0][0]
    cell, weights = direction.cell, direction.weights(views)
    packing, inputs = pack(sequences)
    kind = {"reverse": False, "keeps_states": False}
    tape = cell.tape(workspace, direction.suffix, packing, **kind)
    tape.load(inputs)

    def fresh_tape() -> None:
        own = Workspace(params.dtype, keeps_gates=False)
        cell._forward_views(cell.tape(own, "", packing, **kind).runs[0])

    return {
        "predict": lambda: fitted.predict(X),
        ". validation of X": lambda: fitted._read_sequences(X, params.dtype),
        ". names of the parameters": lambda: objective.layout.views(params),
        ". network": lambda: network.predict(views, sequences),
        ". . memory and its views": fresh_tape,
        ". . gathering the inputs": lambda: pack(sequences),
        ". . laying them out": lambda: tape.load(inputs),
        ". . 50 steps": lambda: cell.forward(weights, tape, workspace),
        ". . head": lambda: network.head.forward(views, tape.final_state),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    setting = conditions(threads=1, repeats=arguments.repeats)
    print_conditions(setting)
    X, y = random_data(ROW)
    fitted = regressor(ROW, n_epochs=1).fit(X, y)
    rival = Torch(ROW, X, y, 1)
    rival.prepare(fitted)
    paired = compare(lambda: fitted.predict(X[:1]), lambda: rival.predict(1), arguments.repeats)
    print(
        f"one sequence: {1e6 * paired.skgru:.0f} us, PyTorch's module {1e6 * paired.peer:.0f} us, "
        f"ratio {paired.ratio:.2f}\n"
    )
    print_header(["piece", "us"])
    # By turns, so that all meet the same conditions; the first round does not count.
    parts = pieces(fitted, X[:1])
    rounds = [[seconds(run) for run in parts.values()] for _ in range(arguments.repeats + 1)][1:]
    times = dict(
        zip(parts, (1e6 * median(column) for column in zip(*rounds, strict=True)), strict=True)
    )
    for name, time in times.items():
        print_line([name, f"{time:.1f}"])
    write_json(
        arguments.json, {"setting": setting, "one sequence": paired._asdict(), "pieces": times}
    )


if __name__ == "__main__":
    main()
