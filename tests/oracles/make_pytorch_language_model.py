"""Write pytorch_language_model.npz: PyTorch's truncated backpropagation through time.

    pip install torch==2.13.0 && python tests/oracles/make_pytorch_language_model.py

An embedding, two GRU layers and a linear layer walk through two lanes of tokens in stretches, in
float64; each stretch begins with the detached states of the one before it. Stored are tokens,
parameters, and the cross-entropy (mean over tokens) and gradients of each stretch. Of the two
biases of the reset and the update gate only the sum counts; the second is held at zero. For
tests/core/test_against_pytorch.py.
"""

from pathlib import Path

import numpy as np
import torch

N_TOKENS, N_DIMENSIONS, N_HIDDEN, N_LAYERS = 7, 3, 4, 2
N_LANES, N_STEPS, N_STRETCHES = 2, 5, 3


def new_modules():
    embedding = torch.nn.Embedding(N_TOKENS, N_DIMENSIONS)
    gru = torch.nn.GRU(N_DIMENSIONS, N_HIDDEN, N_LAYERS, batch_first=True)
    for name, parameter in gru.named_parameters():
        if name.startswith("bias_hh"):
            mask = torch.arange(3 * N_HIDDEN) >= 2 * N_HIDDEN
            with torch.no_grad():
                parameter *= mask
            parameter.register_hook(lambda gradient, mask=mask: gradient * mask)
    return torch.nn.ModuleDict(
        {"embedding": embedding, "gru": gru, "out": torch.nn.Linear(N_HIDDEN, N_TOKENS)}
    )


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    modules = new_modules()
    tokens = torch.randint(N_TOKENS, (N_LANES, N_STEPS * N_STRETCHES + 1))
    arrays = {"tokens": tokens.numpy(), "version": torch.__version__}
    for name, parameter in modules.named_parameters():
        arrays[f"parameter/{name}"] = parameter.detach().numpy().copy()
    state = None
    for i in range(N_STRETCHES):
        stretch = tokens[:, i * N_STEPS : (i + 1) * N_STEPS + 1]
        modules.zero_grad()
        outputs, state = modules["gru"](modules["embedding"](stretch[:, :-1]), state)
        raw = modules["out"](outputs)
        loss = torch.nn.functional.cross_entropy(raw.flatten(0, 1), stretch[:, 1:].flatten())
        loss.backward()
        state = state.detach()
        arrays[f"loss/{i}"] = loss.item()
        for name, parameter in modules.named_parameters():
            arrays[f"gradient{i}/{name}"] = parameter.grad.numpy().copy()
    path = Path(__file__).with_name("pytorch_language_model.npz")
    np.savez_compressed(path, **arrays)
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
