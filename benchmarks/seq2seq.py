"""How long do training and prediction of a GRUSeq2Seq take, beside PyTorch?

    python benchmarks/seq2seq.py --threads 2 --json numbers.json

Training: batches of 64 pairs of 20 steps each, 128 units, 80 different tokens on either side; the
whole `fit` of skgru over 100 batches, and of PyTorch the shortest loop that trains the same, from
tensors that are made before and without padding. Prediction: the most probable token at each step,
for all pairs. The ratio is PyTorch's time divided by skgru's.
"""

from __future__ import annotations

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
import torch
from torch_seq2seq import END, General

from skgru import GRUSeq2Seq

BATCH, STEPS, HIDDEN, TOKENS, DIMENSIONS = 64, 20, 128, 80, 64
N_PAIRS = 100 * BATCH  # to read them and draw first weights, once a fit, takes a fiftieth


def encode(model: General, x: torch.Tensor):
    """Return states and first state of the decoder; nothing is padded, so nothing is packed."""
    states, last = model.encoder(model.read(x))
    return states, torch.tanh(model.bridge(torch.cat([last[0], last[1]], dim=1)))[None]


def fit_torch(x: torch.Tensor, y: torch.Tensor) -> General:
    model = General(TOKENS + 2, TOKENS + 2, DIMENSIONS, HIDDEN)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, N_PAIRS // BATCH)
    nothing_masked = torch.ones(1, 1, 1, dtype=torch.bool)
    before = torch.nn.functional.pad(y, (1, 0), value=END)
    after = torch.nn.functional.pad(y, (0, 1), value=END)
    for rows in torch.randperm(len(x)).split(BATCH):
        optimizer.zero_grad()
        states, first = encode(model, x[rows])
        raw, _ = model(states, nothing_masked, first, before[rows])
        loss = torch.nn.functional.cross_entropy(raw.flatten(0, 1), after[rows].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
    return model


@torch.inference_mode()
def predict_torch(model: General, x: torch.Tensor) -> torch.Tensor:
    """Take the most probable token at each step, END apart, so that all have the same length."""
    states, state = encode(model, x)
    nothing_masked = torch.ones(1, 1, 1, dtype=torch.bool)
    token, written = torch.full((len(x), 1), END), []
    for _ in range(STEPS):
        raw, state = model(states, nothing_masked, state, token)
        raw[..., : END + 1] = -torch.inf
        token = raw.argmax(dim=-1)
        written.append(token)
    return torch.cat(written, dim=1)


def main() -> None:
    torch.set_num_threads(ARGUMENTS.threads)
    setting = conditions(threads=ARGUMENTS.threads, repeats=ARGUMENTS.repeats)
    print_conditions(setting)
    rng = np.random.default_rng(0)
    X, y = rng.integers(1, TOKENS + 1, (2, N_PAIRS, STEPS))
    x_torch, y_torch = (torch.from_numpy(one + END) for one in (X, y))
    options = {"batch_size": BATCH, "learning_rate_init": 1e-3, "max_iter": 1, "random_state": 0}
    options |= {"embedding_dim": DIMENSIONS, "target_embedding_dim": DIMENSIONS}
    options |= {"n_jobs": ARGUMENTS.threads}
    measured = {}
    for name, reset_after in ("training", False), ("training, reset_after", True):
        model = GRUSeq2Seq(HIDDEN, reset_after=reset_after, **options)
        measured[name] = compare(
            lambda model=model: model.fit(X, y),
            lambda: fit_torch(x_torch, y_torch),
            ARGUMENTS.repeats,
        )
    model = GRUSeq2Seq(HIDDEN, max_length=STEPS, **options).fit(X, y)
    model.weights_["bias_out"][-1] = -100.0  # no target ends before
    theirs = fit_torch(x_torch, y_torch)
    measured["prediction"] = compare(
        lambda: model.predict(X), lambda: predict_torch(theirs, x_torch), ARGUMENTS.repeats
    )
    print_header(["", "pairs / s", "PyTorch's", "ratio"])
    for name, paired in measured.items():
        rates = (f"{N_PAIRS / seconds:.0f}" for seconds in paired[:2])
        print_line([name, *rates, f"{paired.ratio:.2f}"])
    as_json = {name: paired._asdict() for name, paired in measured.items()}
    write_json(ARGUMENTS.json, {"setting": setting, "rows": as_json})


if __name__ == "__main__":
    main()
