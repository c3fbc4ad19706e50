"""Why do language models of skgru end lower than PyTorch's? First weights and reset gates apart.

    python benchmarks/tasks/first_weights.py --json numbers.json

The soprano of Bach's chorales, as in `music_generation`. Between GRULanguageModel and PyTorch's
module as they are stand two others: GRULanguageModel with PyTorch's reset gate, and PyTorch's
module with the first weights of that.
"""

from __future__ import annotations

import argparse
import sys
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

limit_threads(1)

from functools import partial
from statistics import mean, stdev

import numpy as np
import torch
import torch_language_model as peer
from music_data import chorale_tokens
from next_token import fit_torch

from skgru import GRULanguageModel


def first_weights_of(
    model: GRULanguageModel, train: np.ndarray, seed: int
) -> dict[str, np.ndarray]:
    """Return the weights before the first step, which a step of no length leaves as they are."""
    still = GRULanguageModel(**model.get_params() | {"random_state": seed, "max_iter": 1})
    return still.set_params(learning_rate_init=1e-30).fit([train]).weights_


def load_into(module: peer.LanguageModel, weights: dict[str, np.ndarray], ids: np.ndarray) -> None:
    """Give PyTorch's module our weights; its update gate is 1 where ours is 0."""
    n_hidden = weights["weight_hh_l0"].shape[1]
    of_update = slice(n_hidden, 2 * n_hidden)
    arrays = {name: torch.from_numpy(values.copy()) for name, values in weights.items()}
    for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0"):
        arrays[name][of_update] *= -1
    state = module.state_dict()
    state["embedding.weight"][ids] = arrays["embedding"][1:]
    state["head.weight"][ids], state["head.bias"][ids] = (
        arrays[name][1:] for name in ("weight_out", "bias_out")
    )
    for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0"):
        state["gru." + name].copy_(arrays[name])
    state["gru.bias_hh_l0"].zero_()
    state["gru.bias_hh_l0"][2 * n_hidden :] = arrays["bias_hh_l0"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    setting = conditions(threads=1, epochs=arguments.epochs)
    print_conditions(setting)
    _, train, test = chorale_tokens(n_voices=1)
    n_tokens = int(max(train.max(), test.max())) + 1
    bits: dict[str, list[float]] = {}
    for seed in arguments.seeds:
        before, after = (
            GRULanguageModel(reset_after=reset, max_iter=arguments.epochs, random_state=seed)
            for reset in (False, True)
        )
        weights = first_weights_of(after, train, seed)
        measured = {
            "GRULanguageModel": before.fit([train]).bits_per_token([test]),
            "GRULanguageModel, reset_after": after.fit([train]).bits_per_token([test]),
        }
        for name, first in ("PyTorch, first weights of skgru", weights), ("PyTorch", None):
            begin = (
                None if first is None else partial(load_into, weights=first, ids=after.token_ids_)
            )
            module = fit_torch(train, n_tokens, after, seed, begin)
            measured[name] = peer.bits_per_token(module, test)
        for name, value in measured.items():
            bits.setdefault(name, []).append(value)
    print_header(["", "bits per token"])
    for name, values in bits.items():
        spread = stdev(values) if len(values) > 1 else float("nan")
        print_line([name, f"{mean(values):.3f} +- {spread:.3f}"])
    write_json(arguments.json, {"setting": setting, "bits": bits})


if __name__ == "__main__":
    main()
