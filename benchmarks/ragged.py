"""What do sequences of unlike length cost, beside as many steps in sequences of one length?

    python benchmarks/ragged.py --json numbers.json

1000 sequences with lengths uniform in 5..100, and 1000 of their mean length. The costs are seconds
of a whole fit per step; a ratio of 1 means that raggedness costs nothing. PyTorch trains on
packed sequences, of mini-batches in random order as a `DataLoader` makes them, padded before by
`pad_sequence`; its ratio to skgru's time on the ragged ones is the last column.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

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

limit_threads(1)

import numpy as np
import torch
from rivals import ALPHA, LEARNING_RATE, MAX_GRAD_NORM, Row, regressor

N_SAMPLES = 1000
N_EPOCHS = 10  # a third of what a fit has by default: the first one builds what the others use
LENGTHS = 5, 100
SIZES = ((1, 5, 32), (4, 32, 32), (8, 64, 64), (8, 128, 64), (16, 128, 200))


class PackedTorch:
    """The bare loop of PyTorch over packed sequences."""

    def __init__(self, row: Row, sequences: list[np.ndarray], y: np.ndarray) -> None:
        torch.manual_seed(0)
        torch.set_num_threads(1)
        self.row = row
        self.lengths = torch.tensor([len(sequence) for sequence in sequences])
        tensors = [torch.from_numpy(sequence) for sequence in sequences]
        self.X = torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True)
        self.y = torch.from_numpy(y)

    def fit(self) -> None:
        gru = torch.nn.GRU(self.row.n_features, self.row.n_hidden, batch_first=True)
        head = torch.nn.Linear(self.row.n_hidden, 1)
        parameters = [*gru.parameters(), *head.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE, weight_decay=ALPHA, fused=True)
        for _ in range(N_EPOCHS):
            for batch in torch.randperm(N_SAMPLES).split(self.row.batch_size):
                lengths = self.lengths[batch]
                packed = torch.nn.utils.rnn.pack_padded_sequence(
                    self.X[batch, : lengths.max()], lengths, batch_first=True, enforce_sorted=False
                )
                optimizer.zero_grad()
                _, last = gru(packed)
                torch.nn.functional.mse_loss(head(last[0])[:, 0], self.y[batch]).backward()
                torch.nn.utils.clip_grad_norm_(parameters, MAX_GRAD_NORM)
                optimizer.step()


def measure(row: Row, lengths: np.ndarray, n_repeats: int) -> tuple[Paired, Paired]:
    rng = np.random.default_rng(0)
    ragged = [rng.standard_normal((n, row.n_features), np.float32) for n in lengths]
    equal = rng.standard_normal((N_SAMPLES, row.n_timesteps, row.n_features), np.float32)
    y = rng.standard_normal(N_SAMPLES, np.float32)
    ours, rival = regressor(row, n_epochs=N_EPOCHS), PackedTorch(row, ragged, y)

    def fit_ragged() -> None:
        ours.fit(ragged, y)

    return (
        compare(lambda: ours.fit(equal, y), fit_ragged, n_repeats),
        compare(fit_ragged, rival.fit, n_repeats),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5, help="pairs of runs behind each ratio")
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    setting = conditions(threads=1, repeats=arguments.repeats)
    print_conditions(setting)
    print_header(["F, H, batch", "ms, equal", "ms, ragged", "ragged / equal", "PyTorch / skgru"])
    lengths = np.random.default_rng(0).integers(*LENGTHS, N_SAMPLES, endpoint=True)
    n_timesteps = round(lengths.mean())
    steps = n_timesteps / lengths.mean()  # what rounding has made of them
    rows = []
    for size in SIZES:
        to_equal, to_torch = measure(Row(N_SAMPLES, n_timesteps, *size), lengths, arguments.repeats)
        cost = to_equal.ratio * steps
        print_line(
            [
                ", ".join(map(str, size)),
                f"{1e3 * to_equal.skgru:.0f}",
                f"{1e3 * to_equal.peer:.0f}",
                f"{cost:.2f}",
                f"{to_torch.ratio:.2f}",
            ]
        )
        rows.append({"size": size, "ragged / equal": cost, "torch": to_torch._asdict()})
    write_json(arguments.json, {"setting": setting, "rows": rows})


if __name__ == "__main__":
    main()
