"""A module that processes of a search can import."""

from __future__ import annotations

import torch


class LastState(torch.nn.Module):
    """A GRU over pen digits and an affine map of its last state to ten classes."""

    def __init__(self, n_units: int = 32) -> None:
        super().__init__()
        self.gru = torch.nn.GRU(2, n_units, batch_first=True)
        self.head = torch.nn.Linear(n_units, 10)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.gru(X)
        return self.head(outputs[:, -1])
