"""How long do training and sampling of a language model take, beside PyTorch?

    python benchmarks/language_model.py --threads 2 --json numbers.json

Training: batches of 32 stretches of 100 steps, 256 units, 80 different tokens; the whole `fit` of
skgru, and of PyTorch the shortest loop that trains the same. Sampling: 1000 tokens of one sequence.
The ratio is PyTorch's time divided by skgru's.
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
import torch_language_model as peer

from skgru import GRULanguageModel

BATCH, STEPS, HIDDEN, TOKENS, DIMENSIONS = 32, 100, 256, 80, 64
N_BATCHES = 40  # first weights, drawn once a fit, take a fiftieth
LENGTH = 1000


def fit_torch(inputs: torch.Tensor, targets: torch.Tensor) -> torch.nn.Module:
    model = peer.LanguageModel(TOKENS, DIMENSIONS, HIDDEN)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, N_BATCHES)
    peer.train_epoch(model, optimizer, scheduler, inputs, targets, STEPS, 1.0)
    return model


def main() -> None:
    torch.set_num_threads(ARGUMENTS.threads)
    setting = conditions(threads=ARGUMENTS.threads, repeats=ARGUMENTS.repeats)
    print_conditions(setting)
    ids = np.random.default_rng(0).integers(1, TOKENS + 1, BATCH * STEPS * N_BATCHES + 1)
    lanes = peer.lanes(ids - 1, BATCH)
    options = {"embedding_dim": DIMENSIONS, "batch_size": BATCH, "bptt_steps": STEPS}
    options |= {"learning_rate_init": 1e-3, "max_iter": 1, "random_state": 0}
    options |= {"n_jobs": ARGUMENTS.threads}
    before, after = (
        GRULanguageModel(HIDDEN, reset_after=reset_after, **options)
        for reset_after in (False, True)
    )
    measured = {}
    for name, model in ("training", before), ("training, reset_after", after):
        measured[name] = compare(
            lambda model=model: model.fit([ids[:-1]]), lambda: fit_torch(*lanes), ARGUMENTS.repeats
        )
    theirs = fit_torch(*lanes)
    measured["sampling"] = compare(
        lambda: before.sample(1, LENGTH, random_state=0),
        lambda: peer.sample(theirs, LENGTH),
        ARGUMENTS.repeats,
    )
    print_header(["", "tokens / s", "PyTorch's", "ratio"])
    for name, paired in measured.items():
        n_tokens = LENGTH if name == "sampling" else len(ids) - 1
        rates = (f"{n_tokens / seconds:.0f}" for seconds in paired[:2])
        print_line([name, *rates, f"{paired.ratio:.2f}"])
    as_json = {name: paired._asdict() for name, paired in measured.items()}
    write_json(ARGUMENTS.json, {"setting": setting, "rows": as_json})


if __name__ == "__main__":
    main()
