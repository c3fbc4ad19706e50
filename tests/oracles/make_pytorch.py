"""Write pytorch.npz: what PyTorch's nn.GRU computes, for tests/core/test_against_pytorch.py.

    pip install torch==2.13.0 && python tests/oracles/make_pytorch.py

For an ordinary and for a stacked bidirectional network, float64, on packed sequences of different
lengths: parameters, outputs, loss, gradients, and the parameters after each of ten full-batch steps
of Adam with weight decay on the weights. PyTorch has two biases for the reset and the update gate,
of which only the sum counts; the second is held at zero.
"""

from pathlib import Path

import numpy as np
import torch

LENGTHS = [6, 9, 3, 9, 1]
N_FEATURES, N_OUTPUTS = 3, 2
LEARNING_RATE, ALPHA, N_STEPS = 0.05, 0.1, 10


class Model(torch.nn.Module):
    def __init__(self, n_hidden, n_layers, bidirectional):
        super().__init__()
        self.gru = torch.nn.GRU(N_FEATURES, n_hidden, n_layers, bidirectional=bidirectional)
        self.out = torch.nn.Linear(n_hidden * (1 + bidirectional), N_OUTPUTS)
        self.n_directions = 1 + bidirectional
        for name, parameter in self.gru.named_parameters():
            if name.startswith("bias_hh"):
                mask = torch.arange(3 * n_hidden) >= 2 * n_hidden
                with torch.no_grad():
                    parameter *= mask
                parameter.register_hook(lambda gradient, mask=mask: gradient * mask)

    def forward(self, sequences):
        packed = torch.nn.utils.rnn.pack_sequence(sequences, enforce_sorted=False)
        _, states = self.gru(packed)
        return self.out(torch.cat(list(states[-self.n_directions :]), dim=1))


def record(prefix, n_hidden, n_layers, bidirectional):
    torch.manual_seed(0)
    model = Model(n_hidden, n_layers, bidirectional)
    X = [torch.randn(n, N_FEATURES) for n in LENGTHS]
    y = torch.randn(len(LENGTHS), N_OUTPUTS)
    weights = [p for name, p in model.named_parameters() if "weight" in name]
    biases = [p for name, p in model.named_parameters() if "bias" in name]
    groups = [{"params": weights, "weight_decay": ALPHA}, {"params": biases, "weight_decay": 0.0}]
    optimizer = torch.optim.Adam(groups, lr=LEARNING_RATE)
    result = {"X": torch.cat(X).numpy(), "y": y.numpy()}
    for step in range(N_STEPS + 1):
        for name, parameter in model.named_parameters():
            result[f"step{step}/{name}"] = parameter.detach().numpy().copy()
        optimizer.zero_grad()
        raw = model(X)
        loss = 0.5 * torch.mean((raw - y) ** 2)
        loss.backward()
        if step == 0:
            result["raw"], result["loss"] = raw.detach().numpy(), loss.item()
            for name, parameter in model.named_parameters():
                result[f"gradient/{name}"] = parameter.grad.numpy().copy()
        optimizer.step()
    return {f"{prefix}/{name}": value for name, value in result.items()}


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    arrays = {
        **record("plain", n_hidden=4, n_layers=1, bidirectional=False),
        **record("deep", n_hidden=3, n_layers=2, bidirectional=True),
    }
    path = Path(__file__).with_name("pytorch.npz")
    np.savez_compressed(path, lengths=LENGTHS, version=torch.__version__, **arrays)
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
