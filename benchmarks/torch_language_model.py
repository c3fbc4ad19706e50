"""PyTorch's side of the benchmarks of language models: the same architecture in a bare loop."""

from __future__ import annotations

import numpy as np
import torch


class LanguageModel(torch.nn.Module):
    """Embedding, GRU layer and affine output."""

    def __init__(self, n_tokens: int, embedding_dim: int, n_hidden: int) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(n_tokens, embedding_dim)
        self.gru = torch.nn.GRU(embedding_dim, n_hidden, batch_first=True)
        self.head = torch.nn.Linear(n_hidden, n_tokens)

    def forward(self, ids: torch.Tensor, state: torch.Tensor | None = None):
        outputs, state = self.gru(self.embedding(ids), state)
        return self.head(outputs), state


def lanes(ids: np.ndarray, n_lanes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return inputs and targets (n_lanes, n_steps) of one long sequence."""
    n_steps = (len(ids) - 1) // n_lanes
    rows = torch.from_numpy(np.asarray(ids, np.int64)[: n_lanes * n_steps + 1])
    return rows[:-1].reshape(n_lanes, -1), rows[1:].reshape(n_lanes, -1)


def train_epoch(model, optimizer, scheduler, inputs, targets, n_steps, max_norm) -> None:
    """Walk through the lanes in stretches, the state carried over and its gradient cut."""
    state = None
    for start in range(0, inputs.shape[1], n_steps):
        x, y = inputs[:, start : start + n_steps], targets[:, start : start + n_steps]
        optimizer.zero_grad()
        raw, state = model(x, state)
        loss = torch.nn.functional.cross_entropy(raw.flatten(0, 1), y.flatten())
        loss.backward()
        state = state.detach()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        scheduler.step()


@torch.inference_mode()
def bits_per_token(model, ids: np.ndarray, n_steps: int = 1000) -> float:
    """Score one long sequence, whose first token is given."""
    inputs, targets = lanes(ids, 1)
    total, state = 0.0, None
    for start in range(0, inputs.shape[1], n_steps):
        raw, state = model(inputs[:, start : start + n_steps], state)
        y = targets[0, start : start + n_steps]
        total += float(torch.nn.functional.cross_entropy(raw[0], y, reduction="sum"))
    return total / targets.numel() / float(np.log(2))


@torch.inference_mode()
def sample(model, length: int) -> list[int]:
    """Draw tokens one by one, with the state kept."""
    ids, state, drawn = torch.zeros((1, 1), dtype=torch.int64), None, []
    for _ in range(length):
        raw, state = model(ids, state)
        ids = torch.multinomial(torch.softmax(raw[0], dim=-1), 1)
        drawn.append(int(ids))
    return drawn


@torch.inference_mode()
def accuracy(model, ids: np.ndarray) -> float:
    """Return how often the most probable token is the next one, in one long sequence."""
    inputs, targets = lanes(ids, 1)
    return float((model(inputs)[0].argmax(dim=-1) == targets).double().mean())
