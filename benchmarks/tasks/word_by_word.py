"""Translation word by word, with a dictionary learned by co-occurrence: the figure to beat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


class WordByWord:
    """Each word becomes the one that is found together with it most, by Dice's coefficient.

    2 n(a, b) / (n(a) + n(b)), where n counts pairs of sentences. A word that was never seen stays
    as it is: many are names.
    """

    def fit(self, X: Sequence[Sequence[str]], y: Sequence[Sequence[str]]) -> WordByWord:
        in_x, in_y, both = Counter(), Counter(), Counter()
        for source, target in zip(X, y, strict=True):
            source, target = set(source), set(target)
            in_x.update(source)
            in_y.update(target)
            both.update((a, b) for a in source for b in target)
        best = {}
        for (a, b), n in both.items():
            best[a] = max(best.get(a, (0.0, "")), (2 * n / (in_x[a] + in_y[b]), b))
        self.dictionary = {a: b for a, (_, b) in best.items()}
        return self

    def predict(self, X: Sequence[Sequence[str]]) -> list[list[str]]:
        return [[self.dictionary.get(word, word) for word in source] for source in X]
