"""How long do the first and the last epochs of an encoder-decoder take, beside PyTorch?

    python benchmarks/tasks/late_epochs.py --json numbers.json

While a model learns to turn letters into sounds, its attention becomes sure of itself: some letters
get weights that are subnormal numbers or nearly so, and products with these take many times as long
on many processors. GRUSeq2Seq drops such weights. Beside it PyTorch's module with the same
architecture (its own reset gate), data, batch size and rates: as it is, and with
``torch.set_flush_denormal(True)``. One run each, one thread.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from pairing import (
    conditions,
    limit_threads,
    print_conditions,
    print_header,
    print_line,
    write_json,
)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--words", type=int, default=8000, help="of the training part, at random")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--without", nargs="*", default=[], choices=["PyTorch"])
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    return parser.parse_args()


ARGUMENTS = parse_arguments()
limit_threads(1)

import numpy as np
import torch
import torch_seq2seq as peer
from pronunciations import load_pronunciations

from skgru import GRUSeq2Seq
from skgru.preprocessing import TextEncoder

DIMENSIONS, BATCH, RATE, DROPOUT = 64, 64, 0.002, 0.4


def fit_skgru(X: list, y: list) -> list[float]:
    """Return the seconds of each epoch."""
    model = GRUSeq2Seq(
        ARGUMENTS.hidden,
        batch_size=BATCH,
        learning_rate_init=RATE,
        dropout=DROPOUT,
        max_iter=ARGUMENTS.epochs,
        random_state=0,
    )
    return model.fit(X, y).history_["seconds"]


def fit_torch(X: list, y: list, *, flush: bool) -> list[float]:
    torch.manual_seed(0)
    n_tokens = (int(max(map(max, column))) + 1 for column in (X, y))
    model = peer.General(*n_tokens, DIMENSIONS, ARGUMENTS.hidden, dropout=DROPOUT)
    torch.set_flush_denormal(flush)
    times = [time.perf_counter()]
    peer.train(
        model,
        X,
        y,
        n_epochs=ARGUMENTS.epochs,
        batch_size=BATCH,
        rate=RATE,
        after_epoch=lambda: times.append(time.perf_counter()),
    )
    torch.set_flush_denormal(False)
    return np.diff(times).tolist()


def main() -> None:
    setting = conditions(threads=1, **{k: v for k, v in vars(ARGUMENTS).items() if k != "json"})
    print_conditions(setting)
    torch.set_num_threads(1)
    columns = load_pronunciations(stress=False)["train"]
    drawn = np.random.RandomState(0).permutation(len(columns[0]))[: ARGUMENTS.words]
    X, y = (TextEncoder(list).fit_transform([column[i] for i in drawn]) for column in columns)
    epochs = {"skgru": fit_skgru(X, y)}
    if "PyTorch" not in ARGUMENTS.without:
        fit_torch(X[:BATCH], y[:BATCH], flush=False)  # what PyTorch does once
        epochs["PyTorch"] = fit_torch(X, y, flush=False)
        epochs["PyTorch, set_flush_denormal(True)"] = fit_torch(X, y, flush=True)
    print_header(["seconds of an epoch", "first", "middle", "last", "all"])
    for name, seconds in epochs.items():
        of_epochs = seconds[0], seconds[len(seconds) // 2], seconds[-1], sum(seconds)
        print_line([name, *(f"{one:.2f}" for one in of_epochs)])
    write_json(ARGUMENTS.json, {"setting": setting, "seconds": epochs})


if __name__ == "__main__":
    main()
