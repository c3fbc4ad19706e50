"""Text generation: bits per character of the World English Bible's gospels.

    python benchmarks/tasks/text_generation.py --data DIR --threads 2 --seeds 0 1 2

The last tenth of the text is the test part. Beside `GRULanguageModel` with nothing set: n-grams
with Witten-Bell smoothing, the order chosen on the test part in their favour; and with ``--torch``
PyTorch's GRU with the same architecture (its own reset gate), solver, learning rates and number of
updates. DIR holds b_text_gospels_web.txt, in the public domain: https://worldenglish.bible.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from pathlib import Path
from statistics import mean, stdev

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
    parser.add_argument("--data", type=Path, required=True, help="directory of the text")
    parser.add_argument("--threads", type=int, default=1, help="threads of either rival")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, help="in place of what max_iter=None stands for")
    parser.add_argument("--torch", action="store_true", help="train PyTorch's model as well")
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    return parser.parse_args()


ARGUMENTS = parse_arguments()
limit_threads(ARGUMENTS.threads)

import numpy as np

from skgru import GRULanguageModel
from skgru.preprocessing import TextEncoder

ORDERS = range(1, 9)


class WittenBell:
    """An n-gram of characters whose probabilities are mixed with those of shorter contexts.

    The share of what is new in a context is d / (n + d) for d different of n characters that were
    seen there (Witten and Bell 1991, https://doi.org/10.1109/18.87000).
    """

    def __init__(self, text: str, order: int, n_characters: int) -> None:
        self.order = order
        self.n_characters = n_characters
        self.counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for i, character in enumerate(text):
            for length in range(min(order, i + 1)):
                self.counts[text[i - length : i]][character] += 1
        self.totals = {context: sum(seen.values()) for context, seen in self.counts.items()}

    def probability(self, context: str, character: str) -> float:
        p = 1 / self.n_characters
        for length in range(min(self.order, len(context) + 1)):
            suffix = context[len(context) - length :]
            if suffix not in self.totals:
                break
            seen, n = self.counts[suffix], self.totals[suffix]
            p = (seen.get(character, 0) + len(seen) * p) / (n + len(seen))
        return p

    def bits(self, text: str) -> float:
        start = self.order - 1
        p = [
            self.probability(text[max(0, i - start) : i], character)
            for i, character in enumerate(text)
        ]
        return -float(np.mean(np.log2(p)))


def fit_torch(ids: np.ndarray, n_tokens: int, ours: GRULanguageModel, seed: int):
    import torch
    import torch_language_model as peer

    torch.manual_seed(seed)
    torch.set_num_threads(ARGUMENTS.threads)
    (n_hidden,) = np.ravel(ours.hidden_layer_sizes).tolist()
    model = peer.LanguageModel(n_tokens, ours.embedding_dim, n_hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=ours.learning_rate_init, fused=True)
    inputs, targets = peer.lanes(ids, ours.batch_size)
    n_steps = ours.n_iter_ * -(-inputs.shape[1] // ours.bptt_steps)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    for _ in range(ours.n_iter_):
        settings = ours.bptt_steps, ours.max_grad_norm
        peer.train_epoch(model, optimizer, scheduler, inputs, targets, *settings)
    return model


def timed(function, *args):
    started = time.perf_counter()
    result = function(*args)
    return result, time.perf_counter() - started


def measure(train: np.ndarray, test: np.ndarray, seed: int) -> dict[str, float]:
    """Return bits and characters per second of one run, of ours and perhaps of PyTorch's model."""
    model = GRULanguageModel(max_iter=ARGUMENTS.epochs, random_state=seed)
    _, seconds = timed(model.fit, [train])
    n_characters = len(train) * model.n_iter_
    numbers = {"seed": seed, "epochs": model.n_iter_, "bits": model.bits_per_token([test])}
    numbers["characters per second"] = n_characters / seconds
    if ARGUMENTS.torch:
        import torch_language_model as peer

        n_tokens = int(max(train.max(), test.max())) + 1
        theirs, seconds = timed(fit_torch, train, n_tokens, model, seed)
        numbers["PyTorch's bits"] = peer.bits_per_token(theirs, test)
        numbers["PyTorch's characters per second"] = n_characters / seconds
    return numbers


def main() -> None:
    setting = conditions(threads=ARGUMENTS.threads)
    print_conditions(setting)
    text = (ARGUMENTS.data / "b_text_gospels_web.txt").read_text()
    n_train = len(text) * 9 // 10
    parts = text[:n_train], text[n_train:]
    encoder = TextEncoder("char", lowercase=False).fit(parts[:1])
    train, test = encoder.transform(parts)
    runs = []
    for seed in ARGUMENTS.seeds:
        runs.append(measure(train, test, seed))
        if len(runs) == 1:
            print_header(list(runs[0]))
        print_line([f"{value:.4g}" for value in runs[-1].values()])
    bits = [run["bits"] for run in runs]
    spread = f" +- {stdev(bits):.3f}" if len(bits) > 1 else ""
    print(f"\nGRULanguageModel: {mean(bits):.3f}{spread} bits per character")
    n_grams = {
        order: WittenBell(parts[0], order, len(set(text))).bits(parts[1]) for order in ORDERS
    }
    best = min(n_grams, key=n_grams.__getitem__)
    print(f"best n-gram, Witten-Bell, n = {best}: {n_grams[best]:.3f} bits per character")
    write_json(ARGUMENTS.json, {"setting": setting, "runs": runs, "n_grams": n_grams})


if __name__ == "__main__":
    main()
