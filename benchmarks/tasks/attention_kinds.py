"""Which attention? Luong's beside Bahdanau's, as PyTorch modules of the same sizes.

    python benchmarks/tasks/attention_kinds.py --json numbers.json

general: the decoder is a GRU over the target's tokens alone; each of its states s scores all states
of the encoder by a bilinear form, and softmax(tanh(W [context, s] + b)) reads the mixture (Luong et
al. 2015, https://arxiv.org/abs/1508.04025, without input feeding). The recurrence is free of it.
additive: the state before a step scores the encoder's by a small network, and the context is an
input of the step (Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473).

Two tasks: dates in many styles to ISO 8601, and letters to sounds on a part of the CMU dictionary.
Same data, batches, updates and Adam; greedy decoding; exact matches on the test part.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from statistics import mean, stdev
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from pairing import (
    conditions,
    limit_blas,
    print_conditions,
    print_header,
    print_line,
    write_json,
)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--tasks", nargs="+", default=["dates", "sounds"])
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    return parser.parse_args()


ARGUMENTS = parse_arguments()
limit_blas(1)

import numpy as np
import torch
from dates import make_dates
from pronunciations import load_pronunciations
from torch_seq2seq import Additive, General, decode, train

from skgru.preprocessing import TextEncoder

KINDS = {"general": General, "additive": Additive}
HIDDEN, DIMENSIONS, BATCH, RATE = 128, 64, 64, 2e-3


class Task(NamedTuple):
    """Inputs and targets of both parts: strings, or lists of tokens."""

    train: tuple[list, list]
    test: tuple[list, list]
    n_epochs: int


def dates() -> Task:
    return Task(make_dates(6000, seed=1), make_dates(2000, seed=2), 5)


def sounds() -> Task:
    parts = load_pronunciations(stress=False)
    rng = np.random.default_rng(0)
    return Task(some(parts["train"], 20_000, rng), some(parts["test"], 2000, rng), 6)


def some(part: tuple[list, list], n: int, rng: np.random.Generator) -> tuple[list, list]:
    rows = rng.permutation(len(part[0]))[:n]
    return [part[0][i] for i in rows], [part[1][i] for i in rows]


def measure(task: Task, kind: str, seed: int) -> tuple[float, float]:
    """Return the share of exact matches and the seconds of training."""
    encoders = [TextEncoder(list).fit(column) for column in task.train]
    (X, y), (X_test, y_test) = (
        [encoder.transform(column) for encoder, column in zip(encoders, part, strict=True)]
        for part in (task.train, task.test)
    )
    torch.manual_seed(seed)
    model = KINDS[kind](*(encoder.n_tokens_ for encoder in encoders), DIMENSIONS, HIDDEN)
    started = time.perf_counter()
    train(model, X, y, n_epochs=task.n_epochs, batch_size=BATCH, rate=RATE)
    seconds = time.perf_counter() - started
    predicted = decode(model, X_test, max_length=2 * max(map(len, y)))
    exact = [p == list(t) for p, t in zip(predicted, y_test, strict=True)]
    return mean(exact), seconds


def main() -> None:
    torch.set_num_threads(1)
    setting = conditions(threads=1, hidden=HIDDEN, embedding=DIMENSIONS, batch=BATCH, rate=RATE)
    print_conditions(setting)
    print_header(["task", "attention", "exact matches", "seconds"])
    rows = []
    for name in ARGUMENTS.tasks:
        task = globals()[name]()
        runs: dict[str, list] = {kind: [] for kind in KINDS}
        for seed in ARGUMENTS.seeds:
            for kind in KINDS:
                runs[kind].append(measure(task, kind, seed))
        for kind, results in runs.items():
            exact, seconds = zip(*results, strict=True)
            spread = f" +- {stdev(exact):.4f}" if len(exact) > 1 else ""
            print_line([name, kind, f"{mean(exact):.4f}{spread}", f"{mean(seconds):.0f}"])
            rows.append({"task": name, "kind": kind, "exact": exact, "seconds": seconds})
    write_json(ARGUMENTS.json, {"setting": setting, "rows": rows})


if __name__ == "__main__":
    main()
