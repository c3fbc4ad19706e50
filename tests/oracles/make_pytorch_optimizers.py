"""Write pytorch_optimizers.npz: torch.optim, for tests/core/test_optimizers.py, test_schedules.py.

    pip install torch==2.13.0 && python tests/oracles/make_pytorch_optimizers.py

Float64. Optimisers: settings under our names, a learning rate that changes with each step, and
gradients and parameters on the way down a Rosenbrock valley; the first `N_WEIGHTS` parameters are a
group of their own, which alone has weight decay. SparseAdam: a table whose rows are touched now and
then. Schedules: all rates of runs of several lengths, as shares of the initial one; for
ReduceLROnPlateau after each loss of several sequences.
"""

from pathlib import Path

import numpy as np
import torch
from torch.optim import lr_scheduler

START = [-1.2, 1.0, 0.5, -0.5, 0.0, 2.0]
N_WEIGHTS, N_STEPS = 4, 15

ADAM = {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-2}
SOLVERS = {  # our name and settings
    "adam": ("adam", ADAM),
    "adam_defaults": ("adam", {}),
    "adamw": ("adamw", {**ADAM, "weight_decay": 0.3}),
    "rmsprop": ("rmsprop", {"epsilon": 1e-2}),
    "sgd": ("sgd", {"momentum": 0.0, "nesterovs_momentum": False}),
    "sgd_momentum": ("sgd", {"momentum": 0.7, "nesterovs_momentum": False}),
    "sgd_nesterov": ("sgd", {"momentum": 0.7, "nesterovs_momentum": True}),
}
TABLE = (6, 3)
ROWS = [[0, 2], [2], [5, 0, 1], [1, 2], [0], [5], [0, 1, 2, 5], [3], [2, 3], [0, 5], [3], [1, 0]]

LENGTHS = [1, 2, 3, 4, 5, 10, 23]
PLATEAUS = {  # patience, tol, losses; binary fractions, so that "exactly tol" is exact
    "standstill": (2, 0.25, [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1]),
    "improvement_starts_the_count_anew": (2, 0.25, [4, 4, 4, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1]),
    "exactly_tol_is_none": (1, 0.25, [4, 3.75, 3.5, 3.25, 3, 2.75, 2.5, 2.25, 2.125, 2]),
    "creeping": (2, 0.25, [4, 3.875, 3.75, 3.625, 3.5, 3.375, 3.25, 3.125, 3, 2.875]),
    "rising": (1, 0.0, [1, 2, 3, 4, 5, 0.5, 6, 7, 8, 0.25]),
    "no_patience": (0, 0.0, [4, 4, 3, 3, 3, 2, 2.5, 1, 1, 0]),
    "not_finite": (1, 0.25, [np.inf, np.inf, 3, np.nan, 2, np.nan, np.nan, np.inf, 1, 1, 1]),
}


def rosenbrock(x):
    return torch.sum((1 - x[:-1]) ** 2 + 5 * (x[1:] - x[:-1] ** 2) ** 2)


def make_optimizer(solver, settings, params):
    if solver == "sgd":
        momentum, nesterov = settings["momentum"], settings["nesterovs_momentum"]
        return torch.optim.SGD(params, momentum=momentum, nesterov=nesterov)
    if solver == "rmsprop":
        return torch.optim.RMSprop(params, eps=settings["epsilon"])
    options = {}
    if settings:
        options = {
            "betas": (settings["beta_1"], settings["beta_2"]),
            "eps": settings["epsilon"],
        }
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[solver](params, **options)


def record_solver(solver, settings):
    start = torch.tensor(START)
    groups = [start[:N_WEIGHTS].clone(), start[N_WEIGHTS:].clone()]
    for group in groups:
        group.requires_grad_()
    decay = settings.get("weight_decay", 0.0)
    optimizer = make_optimizer(
        solver,
        settings,
        [
            {"params": [groups[0]], "weight_decay": decay},
            {"params": [groups[1]], "weight_decay": 0.0},
        ],
    )
    rates = 0.01 * (1 + 0.5 * np.sin(np.arange(N_STEPS)))
    gradients, params = [], [np.array(START)]
    for rate in rates:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        rosenbrock(torch.cat(groups)).backward()
        gradients.append(np.concatenate([group.grad.numpy() for group in groups]))
        optimizer.step()
        params.append(np.concatenate([group.detach().numpy() for group in groups]))
    result = {"solver": solver, "learning_rates": rates, "gradients": gradients, "params": params}
    return result | {"settings": settings}


def record_sparse_adam():
    """Stack arrays of the shape of the table; gradients are zero in rows that are not touched.

    PyTorch's SparseAdam, other than its Adam, does not correct epsilon for the bias of v: it is
    made so small here that this does not show.
    """
    torch.manual_seed(0)
    table = torch.randn(TABLE)
    settings = {**ADAM, "epsilon": 1e-16}
    betas = settings["beta_1"], settings["beta_2"]
    optimizer = torch.optim.SparseAdam([table], lr=0.05, betas=betas, eps=settings["epsilon"])
    start, steps = table.numpy().copy(), []
    for rows in ROWS:
        values = torch.randn(len(rows), TABLE[1])
        table.grad = torch.sparse_coo_tensor([rows], values, TABLE, check_invariants=True)
        optimizer.step()
        state = optimizer.state[table]
        arrays = table.grad.to_dense(), table, state["exp_avg"], state["exp_avg_sq"]
        steps.append([array.numpy().copy() for array in arrays])
    stacks = zip(("gradients", "tables", "m", "v"), zip(*steps, strict=True), strict=True)
    result = {"learning_rate": 0.05, "start": start, "settings": settings}
    touched = [np.isin(np.arange(TABLE[0]), rows) for rows in ROWS]
    return result | {"touched": touched} | {name: np.array(stack) for name, stack in stacks}


def optimizer_of_nothing():
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)


def record_schedule(make, n_steps):
    optimizer = optimizer_of_nothing()
    scheduler, rates = make(optimizer, n_steps), []
    for step in range(n_steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step < n_steps - 1:
            scheduler.step()
    return rates


SCHEDULES = {
    "constant": lambda optimizer, n: lr_scheduler.ConstantLR(optimizer, factor=1.0),
    "cosine": lambda optimizer, n: lr_scheduler.CosineAnnealingLR(optimizer, T_max=n),
    "onecycle": lambda optimizer, n: lr_scheduler.OneCycleLR(
        optimizer, max_lr=1.0, total_steps=n, cycle_momentum=False
    ),
    "custom": lambda optimizer, n: lr_scheduler.LambdaLR(optimizer, lambda k: (1 - k / n) ** 2),
}


def record_plateau(patience, tol, losses):
    optimizer = optimizer_of_nothing()
    scheduler = lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.2, patience=patience, threshold=tol, threshold_mode="abs", eps=0
    )
    rates = []
    for loss in losses:
        scheduler.step(loss)
        rates.append(optimizer.param_groups[0]["lr"])
    return {"patience": patience, "tol": tol, "losses": np.array(losses, float), "rates": rates}


def flat(tree, prefix=""):
    """Yield ``"a/b", value`` for ``{"a": {"b": value}}``."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}/")
        else:
            yield prefix + str(name), value


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    tree = {
        "version": torch.__version__,
        "n_weights": N_WEIGHTS,
        "solver": {name: record_solver(*case) for name, case in SOLVERS.items()},
        "sparse_adam": record_sparse_adam(),
        "schedule": {
            name: {n_steps: record_schedule(make, n_steps) for n_steps in LENGTHS}
            for name, make in SCHEDULES.items()
        },
        "plateau": {name: record_plateau(*case) for name, case in PLATEAUS.items()},
    }
    path = Path(__file__).with_name("pytorch_optimizers.npz")
    np.savez_compressed(path, **dict(flat(tree)))
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
