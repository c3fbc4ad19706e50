"""Letters to sounds by an n-gram of joint units: the figure to beat.

Each letter and the none, one or two phonemes that it stands for are one unit; expectation
maximisation finds which (Bisani and Ney 2008, https://doi.org/10.1016/j.specom.2008.01.002, with
units of one letter). An n-gram with Witten-Bell smoothing gives sequences of units a probability,
and a beam search finds the best one for given letters.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

LONGEST = 2  # phonemes of a letter
Unit = tuple[str, tuple[str, ...]]


class JointNGram:
    """Estimator of phonemes for words."""

    def __init__(self, order: int = 6, beam_width: int = 10, n_iterations: int = 8) -> None:
        self.order = order
        self.beam_width = beam_width
        self.n_iterations = n_iterations

    def fit(self, words: Sequence[str], phonemes: Sequence[Sequence[str]]) -> JointNGram:
        aligned = align(words, phonemes, self.n_iterations)
        units = Counter(unit for word in aligned for unit in word)
        self.units = {unit: i for i, unit in enumerate(units, start=1)}  # 0: begin and end
        self.sounds = [(), *(phonemes for _, phonemes in self.units)]
        self.counts = defaultdict(Counter)
        for word in aligned:
            ids = [0, *(self.units[unit] for unit in word), 0]
            for i in range(1, len(ids)):
                for length in range(min(self.order, i + 1)):
                    self.counts[tuple(ids[i - length : i])][ids[i]] += 1
        of_letter = defaultdict(list)
        for (letter, _), i in self.units.items():
            of_letter[letter].append(i)
        self.of_letter = {letter: np.array(ids) for letter, ids in of_letter.items()}
        self.of_letter[""] = np.array([0])
        self._log_p = lru_cache(maxsize=200_000)(self._uncached_log_p)
        return self

    def predict(self, words: Sequence[str]) -> list[list[str]]:
        return [self._best(word) for word in words]

    def _best(self, word: str) -> list[str]:
        beam = [(0.0, (0,))]
        for letter in [*word, ""]:  # "" stands for the end
            units = self.of_letter[letter]
            scores = np.array(
                [total + self._log_p(self._known(ids), letter) for total, ids in beam]
            )
            chosen = np.argsort(-scores, axis=None)[: self.beam_width]
            rows, columns = np.unravel_index(chosen, scores.shape)
            beam = [
                (scores[row, column], (*beam[row][1], int(units[column])))
                for row, column in zip(rows, columns, strict=True)
            ]
        return [sound for i in beam[0][1] for sound in self.sounds[i]]

    def _known(self, ids: tuple[int, ...]) -> tuple[int, ...]:
        """Return the longest context that was seen."""
        context = ids[max(0, len(ids) - self.order + 1) :]
        while context and context not in self.counts:
            context = context[1:]
        return context

    def _uncached_log_p(self, context: tuple[int, ...], letter: str) -> np.ndarray:
        return np.log(self._p(context, letter))

    def _p(self, context: tuple[int, ...], letter: str) -> np.ndarray:
        """Return the probability of each unit of the letter after a context that was seen."""
        units = self.of_letter[letter]
        if context:
            shorter = np.exp(self._log_p(context[1:], letter))
        else:
            shorter = np.full(len(units), 1 / (len(self.units) + 1))
        seen = self.counts[context]
        n, d = seen.total(), len(seen)
        return (np.array([seen[int(i)] for i in units]) + d * shorter) / (n + d)


def align(
    words: Sequence[str], phonemes: Sequence[Sequence[str]], n_iterations: int
) -> list[list[Unit]]:
    """Return units for each word; words with more than two phonemes per letter are left out."""
    letters, sounds = sorted(set("".join(words))), sorted({p for one in phonemes for p in one})
    groups = list(_groups(words, phonemes, letters, sounds))
    tables = _first_tables(len(letters), len(sounds))
    for _ in range(n_iterations):
        counts = [np.zeros_like(table) for table in tables]
        for x, y in groups:
            _expect(x, y, tables, counts)
        total = sum(float(count.sum()) for count in counts)
        tables = [count / total for count in counts]
    return [
        [(letters[a], tuple(sounds[b] for b in unit)) for a, unit in word]
        for x, y in groups
        for word in _most_probable(x, y, tables)
    ]


def _groups(words, phonemes, letters, sounds) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield ids of letters (n, L) and phonemes (n, P) of words with equal lengths of both."""
    letter_ids, sound_ids = ({x: i for i, x in enumerate(known)} for known in (letters, sounds))
    by_lengths = defaultdict(list)
    for word, one in zip(words, phonemes, strict=True):
        by_lengths[len(word), len(one)].append((word, one))
    for (n_letters, n_sounds), pairs in by_lengths.items():
        if n_sounds <= LONGEST * n_letters:
            x = np.array([[letter_ids[a] for a in word] for word, _ in pairs])
            y = np.array([[sound_ids[b] for b in one] for _, one in pairs])
            yield x, y


def _first_tables(n_letters: int, n_sounds: int) -> list[np.ndarray]:
    """Return equal probabilities of all units with no, one and two phonemes."""
    shapes = [(n_letters, *[n_sounds] * length) for length in range(LONGEST + 1)]
    return [np.full(shape, 1 / np.prod(shape) / len(shapes)) for shape in shapes]


def _factor(tables, x, y, i: int, j: int, length: int) -> np.ndarray:
    """Return the probability of letter i with the ``length`` phonemes before j, of each word."""
    return tables[length][_index(x, y, i, j, length)]


def _index(x, y, i: int, j: int, length: int) -> tuple[np.ndarray, ...]:
    return (x[:, i], *(y[:, j - length + k] for k in range(length)))


def _expect(x, y, tables, counts) -> None:
    """Add the expected number of times that each unit is used (forward and backward sums)."""
    (n, n_letters), n_sounds = x.shape, y.shape[1]
    forward = np.zeros((n_letters + 1, n_sounds + 1, n))
    backward = np.zeros_like(forward)
    forward[0, 0] = backward[-1, -1] = 1
    steps = [
        (i, j, length)
        for i in range(n_letters)
        for j in range(n_sounds + 1)
        for length in range(min(LONGEST, j) + 1)
    ]
    for i, j, length in steps:
        forward[i + 1, j] += forward[i, j - length] * _factor(tables, x, y, i, j, length)
    for i, j, length in reversed(steps):
        backward[i, j - length] += backward[i + 1, j] * _factor(tables, x, y, i, j, length)
    whole = forward[-1, -1]
    for i, j, length in steps:
        factor = _factor(tables, x, y, i, j, length)
        share = forward[i, j - length] * factor * backward[i + 1, j] / whole
        np.add.at(counts[length], _index(x, y, i, j, length), share)


def _most_probable(x, y, tables) -> Iterator[list[tuple[int, tuple[int, ...]]]]:
    """Yield the units of the best alignment of each word, as ids."""
    (n, n_letters), n_sounds = x.shape, y.shape[1]
    best = np.zeros((n_letters + 1, n_sounds + 1, n))
    best[0, 0] = 1
    taken = np.zeros((n_letters + 1, n_sounds + 1, n), int)
    for i in range(n_letters):
        for j in range(n_sounds + 1):
            for length in range(min(LONGEST, j) + 1):
                p = best[i, j - length] * _factor(tables, x, y, i, j, length)
                better = p > best[i + 1, j]
                best[i + 1, j][better] = p[better]
                taken[i + 1, j][better] = length
    for row in range(n):
        units, j = [], n_sounds
        for i in reversed(range(n_letters)):
            length = taken[i + 1, j, row]
            units.append((int(x[row, i]), tuple(y[row, j - length : j].tolist())))
            j -= length
        yield units[::-1]
