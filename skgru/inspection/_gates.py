"""Gates and state of one sequence, from published weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import expit


class Gates(NamedTuple):
    """What one layer in one direction does with a sequence, each (n_timesteps, n_hidden)."""

    update: np.ndarray
    reset: np.ndarray
    state: np.ndarray


def n_layers(weights: Mapping[str, np.ndarray]) -> int:
    """Return how many recurrent layers there are."""
    return sum(name.startswith("weight_ih") and "reverse" not in name for name in weights)


def gates_over_time(
    weights: Mapping[str, np.ndarray], sequence: np.ndarray, layer: int = 0, reverse: bool = False
) -> Gates:
    """Return gates and state of a layer after each step, in the order of time.

    Parameters
    ----------
    weights : mapping of str to ndarray
        ``weights_`` of an estimator.
    sequence : ndarray of shape (n_timesteps, n_features)
        Or, where the weights have an embedding, token ids of shape (n_timesteps,).
    layer : int
    reverse : bool
        Whether to show the second direction, from the last step to the first.
    """
    inputs = _embedded(weights, sequence) if "embedding" in weights else sequence
    for below in range(layer):
        states = [_walk(weights, f"_l{below}", inputs).state]
        if f"weight_ih_l{below}_reverse" in weights:
            states.append(_walk_back(weights, f"_l{below}_reverse", inputs).state)
        inputs = np.hstack(states)
    if reverse:
        return _walk_back(weights, f"_l{layer}_reverse", inputs)
    return _walk(weights, f"_l{layer}", inputs)


def _embedded(weights: Mapping[str, np.ndarray], ids: np.ndarray) -> np.ndarray:
    """Return the vectors of tokens, padding left out; row 0 of the table is for unknown ones."""
    ids = np.ravel(ids)
    ids = ids[ids != 0] if ids.any() else ids[:1]
    rows = {token: row for row, token in enumerate(weights["token_ids"].tolist(), start=1)}
    return weights["embedding"][[rows.get(token, 0) for token in ids.tolist()]]


def _walk(weights: Mapping[str, np.ndarray], suffix: str, inputs: np.ndarray) -> Gates:
    """Apply the equations that the estimators' docstrings have, step by step."""
    W_r, W_z, W_c = np.split(weights["weight_ih" + suffix], 3)
    U_r, U_z, U_c = np.split(weights["weight_hh" + suffix], 3)
    b_r, b_z, b_c = np.split(weights["bias_ih" + suffix], 3)
    b_hh = weights.get("bias_hh" + suffix)  # only with reset_after
    h = np.zeros(len(b_r), inputs.dtype)
    steps = []
    for x in inputs:
        z = expit(W_z @ x + U_z @ h + b_z)
        r = expit(W_r @ x + U_r @ h + b_r)
        recurrent = U_c @ (r * h) if b_hh is None else r * (U_c @ h + b_hh)
        h = (1 - z) * h + z * np.tanh(W_c @ x + recurrent + b_c)
        steps.append((z, r, h))
    return Gates(*map(np.array, zip(*steps, strict=True)))


def _walk_back(weights: Mapping[str, np.ndarray], suffix: str, inputs: np.ndarray) -> Gates:
    return Gates(*(values[::-1] for values in _walk(weights, suffix, inputs[::-1])))
