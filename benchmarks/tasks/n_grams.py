"""What language models are measured against: n-grams of tokens with Witten-Bell smoothing."""

from __future__ import annotations

import numpy as np

ORDERS = range(1, 13)


def witten_bell(
    train: np.ndarray, test: np.ndarray, n_tokens: int, order: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the probability of each test token, and whether it was the most frequent one seen.

    Probabilities given long contexts are mixed with those given shorter ones, down to 1 / n_tokens.
    The share of what is new in a context is d / (n + d) for d different of n tokens that were seen
    there (Witten and Bell 1991, https://doi.org/10.1109/18.87000). Test tokens see what is before
    them, the end of the training part too.
    """
    tokens = np.concatenate([train, test])
    n_train = len(train)
    context = np.zeros(len(tokens), np.int64)  # number of the context before each token
    p = np.full(len(test), 1 / n_tokens)
    is_right = np.zeros(len(test), bool)
    for _ in range(order):
        grams, gram = np.unique(context * n_tokens + tokens, return_inverse=True)
        seen = np.bincount(gram[:n_train], minlength=len(grams))
        owner = grams // n_tokens  # the context of each gram
        n_seen = np.bincount(owner, seen)
        n_different = np.bincount(owner, seen > 0)
        at = context[n_train:]
        n, d = n_seen[at], n_different[at]
        known = n > 0
        p[known] = ((seen[gram[n_train:]] + d * p) / np.maximum(n + d, 1))[known]
        best = _most_frequent(owner, seen)[at]
        is_right[known] = (gram[n_train:] == best)[known]
        context = np.concatenate([[len(grams)], gram[:-1]])  # longer by one; the first has none
        context = np.unique(context, return_inverse=True)[1]
    return p, is_right


def best_bits(train: np.ndarray, test: np.ndarray, n_tokens: int) -> dict[str, float]:
    """Return bits per token and accuracy of the order that is best on the test part.

    That is in the n-gram's favour: the networks do not get to choose anything there.
    """
    results = []
    for order in ORDERS:
        p, is_right = witten_bell(train, test, n_tokens, order)
        bits = -float(np.mean(np.log2(p)))
        results.append({"order": order, "bits": bits, "accuracy": float(is_right.mean())})
        if order > 2 and bits > results[-2]["bits"] > results[-3]["bits"]:
            break  # it only gets worse
    return min(results, key=lambda result: result["bits"])


def _most_frequent(owner: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the gram that was seen most often in each context."""
    rank = np.lexsort([seen, owner])
    last = np.append(owner[rank][1:] != owner[rank][:-1], True)
    return rank[last]
