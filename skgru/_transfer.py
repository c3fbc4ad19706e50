"""Start a network from the weights of another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

HEAD = {"weight_query", "weight_out", "bias_out"}  # always begins anew: it serves another target


def check_weights(weights: Any) -> None:
    """Raise if ``init_from`` is neither None nor what ``weights_`` of a fitted estimator is."""
    if weights is None:
        return
    if hasattr(weights, "fit"):
        raise TypeError(
            f"init_from is a {type(weights).__name__}, of which a grid search would keep the "
            "parameters only. Pass its weights: init_from=estimator.weights_."
        )
    if (
        not isinstance(weights, Mapping)
        or not all(isinstance(value, np.ndarray) for value in weights.values())
        or ("embedding" in weights) != ("token_ids" in weights)
    ):
        raise TypeError("init_from must be the weights_ of a fitted estimator, or None.")


def take_over(
    weights: Mapping[str, np.ndarray],
    views: dict[str, np.ndarray],
    frozen_names: Collection[str],
    token_ids: np.ndarray | None,
) -> None:
    """Overwrite the named ``views`` of a new network with what ``weights`` has for them.

    Layers that ``weights`` does not have, and the head, keep what they are. Vectors of tokens go by
    their ids.

    Raises
    ------
    ValueError
        If a shape or ``reset_after`` differs, nothing is taken over, or something that is not is
        frozen.
    """
    shared = [name for name in views if name in weights and name not in HEAD]
    if not any(name.startswith("weight_ih") for name in shared):
        raise ValueError(
            "init_from has no layer of this network: it holds "
            f"{', '.join(weights)}, and the network has {', '.join(views)}."
        )
    if ("bias_hh_l0" in weights) != ("bias_hh_l0" in views):
        raise ValueError(
            f"init_from comes from an estimator with reset_after={'bias_hh_l0' in weights}, which "
            "uses weights differently. Set the same."
        )
    missing = sorted(set(frozen_names).difference(shared))
    if missing:
        raise ValueError(
            f"freeze would keep {', '.join(missing)} at random values: init_from does not have "
            "them. Freeze fewer layers."
        )
    for name in shared:
        view, values = views[name], weights[name]
        if view.shape[-1:] != values.shape[-1:] or (
            name != "embedding" and view.shape != values.shape
        ):
            raise ValueError(
                f"init_from has {name} of shape {values.shape}, but the network needs "
                f"{view.shape}: hidden_layer_sizes, embedding_dim and the number of features per "
                "step must be those of the estimator that the weights come from."
            )
        if name == "embedding" and token_ids is not None:
            known = np.isin(token_ids, weights["token_ids"])
            view[0] = values[0]
            view[1:][known] = values[1:][np.searchsorted(weights["token_ids"], token_ids[known])]
        else:
            view[...] = values
