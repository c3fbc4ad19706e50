"""Texts in ``data/``: to classify, to go on writing, to translate."""

from __future__ import annotations

import gzip
from importlib.resources import files

import numpy as np
from sklearn.utils import Bunch

from ._loaders import _bunch, _parts

SENTIMENT = """Sentiment: is the reviewer pleased?

3 697 snippets, sentences mostly, from 309 customers' reviews of five products of electronics on
Amazon. Twenty people or more gave each a score from -4 (extremely negative) to 4 (extremely
positive); the mean is kept. Up to -0.5 it counts as negative, from 0.5 on as positive, between them
as neutral. 2 975 are for training and 722 for testing; no review is in both parts.

Source: C. J. Hutto, E. E. Gilbert (2014). VADER: a parsimonious rule-based model for sentiment
analysis of social media text. ICWSM. By way of https://github.com/cjhutto/vaderSentiment; the
reviews were collected by M. Hu, B. Liu (2004). Licence: MIT, copyright (c) 2016 C.J. Hutto, see
LICENCES.txt beside the data. Changed: classes and split were added.
"""

SHAKESPEARE = """Shakespeare: ten plays.

Hamlet, Macbeth, Romeo and Juliet, Julius Caesar, Othello, King Lear, The Tempest, A Midsummer
Night's Dream, The Merchant of Venice and Richard III, one after the other: 1 332 599 characters, 80
different ones. The last tenth is for testing.

Source: W. Shakespeare (1564-1616), an old edition as plain text. Licence: public domain.
"""

GOSPELS = """Gospels: Matthew, Mark, Luke and John in modern English.

One text of 422 709 characters, 64 different ones. The last tenth is for testing.

Source: World English Bible, https://worldenglish.bible. Licence: public domain.
"""

TRANSLATION = """Translation: user interfaces in English and in French.

3 670 short texts of four programs (buttons, labels, messages) of up to 15 words, and their
translations: 3 285 for training and 385 for testing. No English text is there twice.

Source: message catalogues of Django, JupyterLab, Sphinx and Wagtail. Licence: BSD, copyright (c)
Django Software Foundation and individual contributors; Project Jupyter; the Sphinx team; Torchbox
Ltd and individual contributors; see LICENCES.txt beside the data. Changed: a choice of messages,
with a split.
"""


def load_sentiment(*, subset="all", neutral=False, return_X_y=False):
    """Load the sentiment data: snippets of reviews, negative or positive (classification of texts).

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="all"
        The split that comes with the data, or both parts, training part first.
    neutral : bool, default=False
        Whether to have the neutral ones as well, as a third class.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : Bunch
        ``data``: list of str; ``target`` (n_samples,): index into ``target_names``, from negative
        to positive; ``score`` (n_samples,), float64: people's mean judgement, -4 to 4; ``DESCR``.

    Examples
    --------
    >>> from skgru.datasets import load_sentiment
    >>> sentiment = load_sentiment(subset="test")
    >>> len(sentiment.data), sentiment.target_names
    (580, ['negative', 'positive'])
    >>> sentiment.data[0], sentiment.target_names[sentiment.target[0]]
    ('incredibe price / performance.', 'positive')
    """
    names = ["neg", "neutral", "pos"] if neutral else ["neg", "pos"]
    rows = [row for row in _load_tsv("sentiment.tsv.gz", subset) if row["label"] in names]
    return _bunch(
        return_X_y,
        data=[row["text"] for row in rows],
        target=np.array([names.index(row["label"]) for row in rows]),
        score=np.array([float(row["score"]) for row in rows]),
        target_names=[{"neg": "negative", "pos": "positive"}.get(name, name) for name in names],
        DESCR=SENTIMENT,
    )


def load_shakespeare(*, subset="all"):
    """Load ten plays of Shakespeare as one long text (language models).

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="all"
        The first nine tenths, the last tenth, or the whole.

    Returns
    -------
    bunch : Bunch
        ``data``: list with one str, as `skgru.preprocessing.TextEncoder` takes it; ``DESCR``.

    Examples
    --------
    >>> from skgru.datasets import load_shakespeare
    >>> (text,) = load_shakespeare().data
    >>> len(text), text[:25]
    (1332599, 'HAMLET, PRINCE OF DENMARK')
    """
    return Bunch(data=[_part_of_text("shakespeare.txt.gz", subset)], DESCR=SHAKESPEARE)


def load_gospels(*, subset="all"):
    """Load the four gospels of the World English Bible as one long text (language models).

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="all"
        The first nine tenths, the last tenth, or the whole.

    Returns
    -------
    bunch : Bunch
        ``data``: list with one str, as `skgru.preprocessing.TextEncoder` takes it; ``DESCR``.

    Examples
    --------
    >>> from skgru.datasets import load_gospels
    >>> (text,) = load_gospels().data
    >>> len(text), text[:33]
    (422709, 'The book of the generation of Jes')
    """
    return Bunch(data=[_part_of_text("gospels.txt.gz", subset)], DESCR=GOSPELS)


def load_translation(*, subset="all", return_X_y=False):
    """Load texts of user interfaces in English and French (sequences to sequences).

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="all"
        The split that comes with the data, or both parts, training part first.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : Bunch
        ``data``: list of str, English; ``target``: list of as many, French; ``origin``: the program
        of each; ``DESCR``.

    Examples
    --------
    >>> from skgru.datasets import load_translation
    >>> X, y = load_translation(subset="test", return_X_y=True)
    >>> len(X), X[2], y[2]
    (385, 'IPv4 address', 'Adresse IPv4')
    """
    rows = _load_tsv("translation.tsv.gz", subset)
    return _bunch(
        return_X_y,
        data=[row["en"] for row in rows],
        target=[row["fr"] for row in rows],
        origin=[row["origin"] for row in rows],
        DESCR=TRANSLATION,
    )


def _part_of_text(name: str, subset: str) -> str:
    text = _load_text(name)
    n_train = len(text) * 9 // 10
    parts = {"train": text[:n_train], "test": text[n_train:]}
    return "".join(parts[part] for part in _parts(subset))


def _load_tsv(name: str, subset: str) -> list[dict[str, str]]:
    """Return the rows of a part; the columns are separated by tabs, and nothing is quoted."""
    parts = _parts(subset)
    header, *lines = [line.split("\t") for line in _load_text(name).rstrip("\n").split("\n")]
    rows = [dict(zip(header, line, strict=True)) for line in lines]
    return [row for part in parts for row in rows if row["split"] == part]


def _load_text(name: str) -> str:
    compressed = files(__package__).joinpath("data", name).read_bytes()
    return gzip.decompress(compressed).decode()
