"""How does the time of an epoch grow with samples, steps and batch size?

    python benchmarks/scaling.py --json numbers.json

Over two decades each. The exponent is the slope of a straight line through the logarithms: 1 means
that twice as much takes twice as long. Of the batch size the time of one step of training counts;
small batches pay for calls rather than numbers, so that it may grow more slowly than they do.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from statistics import median

from pairing import (
    conditions,
    limit_threads,
    print_conditions,
    print_header,
    print_line,
    seconds,
    write_json,
)

limit_threads(1)

import numpy as np
from rivals import Row, random_data, regressor

DECADES = np.logspace(0, 2, 5)
# Where each starts; the others stand still.
VARIED = {
    "n_samples": Row(200, 20, 4, 32, 32),
    "n_timesteps": Row(256, 5, 4, 32, 64),
    "batch_size": Row(2000, 20, 4, 32, 20),
}
N_EPOCHS = 2


def time_of(row: Row, n_repeats: int) -> float:
    """Return the seconds of an epoch: those of the loop, without what comes before it."""
    X, y = random_data(row)
    ours = regressor(row, n_epochs=N_EPOCHS)

    def fit() -> None:
        ours.fit(X, y)

    fit()
    times = []
    for _ in range(n_repeats):
        seconds(fit)
        times.append(min(ours.history_["seconds"]))
    return median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    setting = conditions(threads=1, repeats=arguments.repeats)
    print_conditions(setting)
    print_header(["varied", "values", "ms", "exponent"])
    curves = {}
    for name, first in VARIED.items():
        values = [round(getattr(first, name) * factor) for factor in DECADES]
        times = [time_of(first._replace(**{name: value}), arguments.repeats) for value in values]
        if name == "batch_size":
            times = [
                time / np.ceil(first.n_samples / value)
                for time, value in zip(times, values, strict=True)
            ]
        exponent = np.polyfit(np.log(values), np.log(times), 1)[0]
        milliseconds = ", ".join(f"{1e3 * time:.3g}" for time in times)
        print_line([name, ", ".join(map(str, values)), milliseconds, f"{exponent:.2f}"])
        curves[name] = {
            "others": {key: value for key, value in first._asdict().items() if key != name},
            "values": values,
            "seconds": [float(time) for time in times],
            "exponent": float(exponent),
        }
    write_json(arguments.json, {"setting": setting, "curves": curves})


if __name__ == "__main__":
    main()
