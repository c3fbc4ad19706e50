"""One long sequence of tokens, learned by GRULanguageModel and by PyTorch's GRU, by turns.

Same architecture (PyTorch's reset gate is its own), first learning rate and its fall, clipping,
batches, stretches and number of updates. The time is that of the whole fit, see `pairing.clock`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from statistics import mean, median, stdev
from typing import Any

import numpy as np
import torch
import torch_language_model as peer
from n_grams import best_bits
from pairing import clock, print_header, print_line

from skgru import GRULanguageModel
from skgru.inspection import hidden_states

Numbers = dict[str, Any]


def compare_on(
    train: np.ndarray, test: np.ndarray, options: dict[str, Any], seeds: list[int]
) -> tuple[GRULanguageModel, Numbers]:
    """Print a line per seed; return the last model of ours and all numbers."""
    n_tokens = int(max(train.max(), test.max())) + 1
    runs = []
    for i, seed in enumerate(seeds):
        ours = GRULanguageModel(**options, random_state=seed)
        fits = [partial(ours.fit, [train]), partial(fit_torch, train, n_tokens, ours, seed)]
        fitted, seconds = by_turns(fits, first=i % 2)
        runs.append(scores(fitted, seconds, train, test, seed))
        if i == 0:
            print_header(list(runs[0]))
        print_line([f"{value:.4g}" for value in runs[-1].values()])
    n_gram = best_bits(train, test, n_tokens)
    summary = summarise(runs)
    print_summary(summary, n_gram)
    return ours, {"options": options, "runs": runs, "summary": summary, "n_gram": n_gram}


def by_turns(fits: list[Callable[[], Any]], first: int) -> tuple[list[Any], list[float]]:
    """Run both, the one named first; return models and seconds in the order of fits."""
    fitted, seconds = [None, None], [0.0, 0.0]
    for which in first, 1 - first:
        started = clock(torch.get_num_threads())
        fitted[which] = fits[which]()
        seconds[which] = clock(torch.get_num_threads()) - started
    return fitted, seconds


def fit_torch(
    ids: np.ndarray,
    n_tokens: int,
    like: GRULanguageModel,
    seed: int,
    begin: Callable[[torch.nn.Module], None] | None = None,
):
    """Train PyTorch's model as ``like`` is trained; ``begin`` may change its first weights."""
    torch.manual_seed(seed)
    (n_hidden,) = np.ravel(like.hidden_layer_sizes).tolist()
    model = peer.LanguageModel(n_tokens, like.embedding_dim, n_hidden)
    if begin is not None:
        begin(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=like.learning_rate_init, fused=True)
    inputs, targets = peer.lanes(ids, like.batch_size)
    n_updates = like.max_iter * -(-inputs.shape[1] // like.bptt_steps)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_updates)
    for _ in range(like.max_iter):
        settings = like.bptt_steps, like.max_grad_norm
        peer.train_epoch(model, optimizer, scheduler, inputs, targets, *settings)
    return model


def scores(
    fitted: list[Any], seconds: list[float], train: np.ndarray, test: np.ndarray, seed: int
) -> Numbers:
    ours, theirs = fitted
    n_read = len(train) * ours.max_iter
    return {
        "seed": seed,
        "bits": ours.bits_per_token([test]),
        "PyTorch's bits": peer.bits_per_token(theirs, test),
        "accuracy": accuracy(ours, test),
        "PyTorch's accuracy": peer.accuracy(theirs, test),
        "tokens / s": n_read / seconds[0],
        "PyTorch's tokens / s": n_read / seconds[1],
        "ratio": seconds[1] / seconds[0],
    }


def accuracy(model: GRULanguageModel, test: np.ndarray) -> float:
    """Return how often the most probable token is the next one."""
    (states,) = hidden_states(model, [test])
    weights = model.weights_
    raw = states[:-1] @ weights["weight_out"].T + weights["bias_out"]
    predicted = model.token_ids_[raw[:, 1:].argmax(axis=1)]  # without the class of unknown ones
    return float(np.mean(predicted == test[1:]))


def summarise(runs: list[Numbers]) -> Numbers:
    """Return mean and standard deviation over seeds, and of the ratio the median."""
    names = [name for name in runs[0] if name not in ("seed", "ratio")]
    columns = {name: [run[name] for run in runs] for name in names}
    spread = stdev if len(runs) > 1 else lambda values: float("nan")
    result: Numbers = {name: [mean(values), spread(values)] for name, values in columns.items()}
    return result | {"ratio": median([run["ratio"] for run in runs])}


def print_summary(summary: Numbers, n_gram: Numbers) -> None:
    print()
    print_header(["", "bits per token", "next token right"])
    for name, prefix in ("GRULanguageModel", ""), ("PyTorch", "PyTorch's "):
        cells = [summary[prefix + measure] for measure in ("bits", "accuracy")]
        print_line([name, *(f"{centre:.3f} +- {spread:.3f}" for centre, spread in cells)])
    name = f"best n-gram, Witten-Bell, n = {n_gram['order']}"
    print_line([name, f"{n_gram['bits']:.3f}", f"{n_gram['accuracy']:.3f}"])
    print(f"\nPyTorch's time / skgru's, median: {summary['ratio']:.2f}\n", flush=True)
