"""How near are fit and predict to the time of their arithmetic alone?

    python benchmarks/limit.py --threads 1 --json numbers.json

The limit is the time of the same matrix products, in blocks where the fit takes them, and of one
tanh or exp for every gate, into memory that is there already: no GRU in NumPy can be faster unless
it multiplies less. A share of 0.8 means that four fifths of a fit are that. Of a fit, the share of
its recurrence stands beside it: the calls of NumPy that walk over the steps, forward and backward,
and the sums of the weights' gradient. The rest goes to all else: batches, loss, optimiser,
validation.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

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

from skgru._core._batching import pack
from skgru._core._products import product_with
from skgru._core._sequences import SequenceBatch
from skgru._core._tape import Workspace


class Arithmetic:
    """Products and activations of a model with `reset_after=False`, and nothing else."""

    def __init__(self, row: Row) -> None:
        rng = np.random.default_rng(0)
        T, F, H = row.n_timesteps, row.n_features, row.n_hidden
        self.row = row
        self.kernels = [
            rng.standard_normal(shape, np.float32)
            for shape in ((2 * H, H + 1 + F), (H, 1 + F + H), (H, H), (H, 2 * H))
        ]
        workspace = Workspace(np.dtype(np.float32))
        self.memory = [
            workspace.empty(name, T * rows * row.n_samples)
            for name, rows in (("columns", 2 * H + 1 + F), ("gates", 3 * H))
        ]
        for memory in self.memory:
            memory.fill(0.01)

    def tape(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return columns and gates for n sequences."""
        T, F, H = self.row.n_timesteps, self.row.n_features, self.row.n_hidden
        columns, gates = (
            memory[: T * rows * n].reshape(T, rows, n)
            for memory, rows in zip(self.memory, (2 * H + 1 + F, 3 * H), strict=True)
        )
        return columns, gates

    def predict(self, n: int) -> None:
        """Go over the steps of n sequences forward, all in the memory of one."""
        columns, gates = self.tape(n)
        T = self.row.n_timesteps
        self.forward([columns[0]] * T, [gates[0]] * T)

    def forward(self, columns: Sequence[np.ndarray], gates: Sequence[np.ndarray]) -> None:
        H = self.row.n_hidden
        n = gates[0].shape[1]
        to_gates, to_candidate = (product_with(kernel, n) for kernel in self.kernels[:2])
        for column, gate in zip(columns, gates, strict=True):
            both, candidate = gate[: 2 * H], gate[2 * H :]
            to_gates(column[:-H], both)
            np.exp(both, both)
            to_candidate(column[H:], candidate)
            np.tanh(candidate, candidate)

    def batch(self, n: int) -> None:
        """Go over the steps of a batch forward and backward, then to the weights."""
        F, H = self.row.n_features, self.row.n_hidden
        columns, gates = self.tape(n)
        self.forward(columns, gates)
        from_candidate, from_gates = (product_with(kernel, n) for kernel in self.kernels[2:])
        result = np.empty((H, n), np.float32)
        for gate in gates[::-1]:
            from_candidate(gate[2 * H :], result)
            from_gates(gate[: 2 * H], result)
        wide_gates, wide_columns = gates.reshape(3 * H, -1), columns.reshape(2 * H + 1 + F, -1)
        np.dot(wide_gates[: 2 * H], wide_columns[:-H].T)
        np.dot(wide_gates[2 * H :], wide_columns[H:].T)

    def fit(self) -> None:
        for n in batch_lengths(self.row):
            self.batch(n)


class Recurrence:
    """The loops of a fit over the steps, on tapes that are loaded."""

    def __init__(self, row: Row, X: np.ndarray) -> None:
        self.row = row
        fitted = regressor(row, n_epochs=1).fit(X, np.zeros(len(X), np.float32))
        network = fitted._trainer.objective.network
        self.direction = network.layers.layers[0][0]
        self.weights = self.direction.weights(fitted.weights_)
        gradient = {name: np.empty_like(value) for name, value in fitted.weights_.items()}
        self.gradient = self.direction.weights(gradient)
        self.workspace = Workspace(X.dtype)
        self.tapes = {n: self.loaded_tape(X[:n]) for n in set(batch_lengths(row))}

    def loaded_tape(self, X: np.ndarray) -> Any:
        packing, inputs = pack(SequenceBatch.from_dense(X))
        tape = self.direction.cell.tape(Workspace(X.dtype), "", packing, reverse=False)
        tape.load(inputs)
        return tape

    def fit(self) -> None:
        cell, d_final = (
            self.direction.cell,
            np.ones_like(self.tapes[self.row.batch_size].final_state),
        )
        for n in batch_lengths(self.row):
            tape = self.tapes[n]
            cell.forward(self.weights, tape, self.workspace)
            cell.backward(self.weights, tape, d_final[:, :n], None, self.gradient, self.workspace)


def batch_lengths(row: Row) -> list[int]:
    """Return the number of sequences of each batch of a fit."""
    starts = range(0, row.n_samples, row.batch_size)
    return [min(row.batch_size, row.n_samples - start) for start in starts] * N_EPOCHS


def main() -> None:
    warnings.simplefilter("ignore")
    setting = conditions(threads=ARGUMENTS.threads, repeats=ARGUMENTS.repeats)
    print_conditions(setting)
    parts = ["fit", "recurrence", "predict all", "predict 64"]
    print_header(["n, T, F, H, batch", "fit, ms", *(f"share, {part}" for part in parts)])
    rows = []
    for row in ROWS:
        X, y = random_data(row)
        fit, arithmetic = partial(regressor(row).fit, X, y), Arithmetic(row)
        fitted = fit()
        pairs = [
            (fit, arithmetic.fit),
            (fit, Recurrence(row, X).fit),
            (partial(fitted.predict, X), partial(arithmetic.predict, row.n_samples)),
            (partial(fitted.predict, X[:64]), partial(arithmetic.predict, 64)),
        ]
        with np.errstate(over="ignore"):
            paired = [compare(*pair, ARGUMENTS.repeats) for pair in pairs]
        cells = f"{1e3 * paired[0].skgru:.0f}", *(f"{one.ratio:.2f}" for one in paired)
        print_line([str(row), *cells])
        named = {part: one._asdict() for part, one in zip(parts, paired, strict=True)}
        rows.append({**row._asdict(), **named})
    write_json(ARGUMENTS.json, {"setting": setting, "rows": rows})


if __name__ == "__main__":
    main()
