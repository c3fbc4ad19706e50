"""PyTorch's side of the benchmarks of GRUSeq2Seq: encoder, attention and decoder in a bare loop.

Tokens are positive integers, 0 is padding; the decoder's own first and last token is `END`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

END = 1  # of a target; its tokens begin at 2 then


class Seq2Seq(nn.Module):
    """What both kinds of attention share: the encoder, the first state and the way out."""

    def __init__(
        self, n_inputs: int, n_outputs: int, dimensions: int, n_hidden: int, *, dropout: float = 0
    ) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.read = nn.Embedding(n_inputs, dimensions)
        self.encoder = nn.GRU(dimensions, n_hidden, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(2 * n_hidden, n_hidden)
        self.written = nn.Embedding(n_outputs, dimensions)
        self.mix = nn.Linear(3 * n_hidden, n_hidden)
        self.head = nn.Linear(n_hidden, n_outputs)

    def encode(self, x: torch.Tensor, lengths: torch.Tensor):
        """Return the states of the encoder, which of them count, and the decoder's first state."""
        packed = pack_padded_sequence(self.read(x), lengths, batch_first=True, enforce_sorted=False)
        outputs, last = self.encoder(packed)
        states, _ = pad_packed_sequence(outputs, batch_first=True)
        first = torch.tanh(self.bridge(torch.cat([last[0], last[1]], dim=1)))
        return states, (x > 0)[:, None], first[None]

    def way_out(self, states: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        read = torch.tanh(self.mix(torch.cat([context, states], dim=-1)))
        return self.head(self.dropout(read))


class General(Seq2Seq):
    """Luong's general attention, read after the recurrence and no input of it."""

    def __init__(
        self, n_inputs: int, n_outputs: int, dimensions: int, n_hidden: int, *, dropout: float = 0
    ) -> None:
        super().__init__(n_inputs, n_outputs, dimensions, n_hidden, dropout=dropout)
        self.decoder = nn.GRU(dimensions, n_hidden, batch_first=True)
        self.form = nn.Linear(2 * n_hidden, n_hidden, bias=False)

    def forward(self, encoded, mask, state, tokens):
        """Return raw outputs (N, S, K) after tokens (N, S), and the last state."""
        states, state = self.decoder(self.written(tokens), state)
        scores = states @ self.form(encoded).transpose(1, 2)  # (N, S, T)
        weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=-1)
        return self.way_out(states, weights @ encoded), state


class Additive(Seq2Seq):
    """Bahdanau's attention: the state before a step looks, and the step reads what it saw."""

    def __init__(
        self, n_inputs: int, n_outputs: int, dimensions: int, n_hidden: int, *, dropout: float = 0
    ) -> None:
        super().__init__(n_inputs, n_outputs, dimensions, n_hidden, dropout=dropout)
        self.decoder = nn.GRUCell(dimensions + 2 * n_hidden, n_hidden)
        self.of_encoded = nn.Linear(2 * n_hidden, n_hidden)
        self.of_state = nn.Linear(n_hidden, n_hidden, bias=False)
        self.score = nn.Linear(n_hidden, 1, bias=False)

    def forward(self, encoded, mask, state, tokens):
        keys, state = self.of_encoded(encoded), state[0]
        states, contexts = [], []
        for vector in self.written(tokens).unbind(dim=1):
            scores = self.score(torch.tanh(keys + self.of_state(state)[:, None]))  # (N, T, 1)
            weights = scores.transpose(1, 2).masked_fill(~mask, -torch.inf).softmax(dim=-1)
            context = (weights @ encoded)[:, 0]
            state = self.decoder(torch.cat([vector, context], dim=1), state)
            states.append(state)
            contexts.append(context)
        return self.way_out(torch.stack(states, 1), torch.stack(contexts, 1)), state[None]


def padded(sequences: Sequence[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rows (N, T) with zeros at their ends, and lengths."""
    rows = [torch.from_numpy(np.asarray(one, np.int64)) for one in sequences]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(one) for one in rows])


def train(
    model: Seq2Seq,
    X: Sequence[np.ndarray],
    y: Sequence[np.ndarray],
    *,
    n_epochs: int,
    batch_size: int,
    rate: float,
    max_norm: float = 1.0,
    after_epoch: Callable[[], object] = lambda: None,
) -> None:
    """Minimise the mean log loss per token by Adam; the rate falls as half a cosine."""
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    model.train()
    n_batches = -(-len(X) // batch_size)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_epochs * n_batches)
    for _ in range(n_epochs):
        for rows in torch.randperm(len(X)).split(batch_size):
            x, lengths = padded([X[i] for i in rows])
            before, _ = padded([[END, *y[i]] for i in rows])
            after, _ = padded([[*y[i], END] for i in rows])
            optimizer.zero_grad()
            raw, _ = model(*model.encode(x, lengths), before)
            loss = nn.functional.cross_entropy(raw.flatten(0, 1), after.flatten(), ignore_index=0)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            scheduler.step()
        after_epoch()


@torch.inference_mode()
def decode(
    model: Seq2Seq, X: Sequence[np.ndarray], max_length: int, batch_size: int = 256
) -> list[list[int]]:
    """Take the most probable token at each step, until the end or max_length."""
    model.eval()
    result: list[list[int]] = []
    for start in range(0, len(X), batch_size):
        x, lengths = padded(X[start : start + batch_size])
        encoded, mask, state = model.encode(x, lengths)
        token = torch.full((len(x), 1), END)
        drawn = []
        for _ in range(max_length):
            raw, state = model(encoded, mask, state, token)
            raw[..., 0] = -torch.inf
            token = raw[:, -1:].argmax(dim=-1)
            drawn.append(token[:, 0])
        result += [_until_end(row) for row in torch.stack(drawn, dim=1).tolist()]
    return result


def _until_end(row: list[int]) -> list[int]:
    return row[: row.index(END)] if END in row else row
