"""How near are sequences to those that were asked for? Exact matches, BLEU-4 and error rates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import exp, log

Tokens = Sequence  # of anything that is hashable


def exact_matches(predicted: Sequence[Tokens], true: Sequence[Tokens]) -> float:
    pairs = zip(predicted, true, strict=True)
    return sum(list(p) == list(t) for p, t in pairs) / len(true)


def bleu_4(predicted: Sequence[Tokens], true: Sequence[Tokens]) -> float:
    """Return BLEU of a whole corpus with one reference for each, from 0 to 1, not smoothed.

    The geometric mean of the shares of 1- to 4-grams that the reference has as well, each counted
    at most as often as there, times exp(1 - r / p) where the predictions' p tokens are fewer than
    the references' r (Papineni et al. 2002, https://aclanthology.org/P02-1040).
    """
    matches, totals = [0] * 4, [0] * 4
    for p, t in zip(predicted, true, strict=True):
        for n in range(4):
            in_predicted, in_true = n_grams(p, n + 1), n_grams(t, n + 1)
            matches[n] += (in_predicted & in_true).total()
            totals[n] += in_predicted.total()
    if not all(matches):
        return 0.0
    shortness = sum(map(len, true)) / sum(map(len, predicted))
    mean_log = sum(log(m / n) for m, n in zip(matches, totals, strict=True)) / 4
    return exp(mean_log + min(0.0, 1 - shortness))


def n_grams(tokens: Tokens, n: int) -> Counter:
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def error_rate(predicted: Sequence[Tokens], true: Sequence[Tokens]) -> float:
    """Return insertions, deletions and substitutions per token of the references."""
    n_edits = sum(edits(p, t) for p, t in zip(predicted, true, strict=True))
    return n_edits / sum(map(len, true))


def edits(a: Tokens, b: Tokens) -> int:
    """Return the fewest insertions, deletions and substitutions that make b of a (Levenshtein)."""
    costs = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        diagonal, costs[0] = costs[0], i
        for j, y in enumerate(b, start=1):
            substituted = diagonal + (x != y)
            diagonal = costs[j]
            costs[j] = min(substituted, diagonal + 1, costs[j - 1] + 1)
    return costs[-1]
