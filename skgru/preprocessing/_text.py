"""Text to sequences of token ids, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils.validation import check_is_fitted

from .._sklearn_compat import Interval, StrOptions, fit_context

PADDING, UNKNOWN = 0, 1
N_RESERVED = 2
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"  # what Unicode has for a character that is not known


class TextEncoder(TransformerMixin, BaseEstimator):
    r"""Turn texts into sequences of token ids, and ids back into texts.

    What ``embedding_dim`` of `skgru.GRUClassifier` and `skgru.GRURegressor` takes: a pipeline of
    both reads raw strings. Id 0 is padding, id 1 stands for every token that `fit` did not keep,
    known tokens begin at 2.

    Parameters
    ----------
    analyzer : {"word", "char"} or callable, default="word"
        What a token is: a match of ``token_pattern``, a character, or an element of the list that
        the callable makes of a text.
    lowercase : bool, default=True
        Make texts lower case first; not for a callable, which gets them as they are.
    token_pattern : str, default=r"\w+|[^\w\s]"
        Regular expression of a token of words. By default each word and each punctuation mark is
        one: marks tell questions from answers, and sentences that are made need them.
    max_tokens : int, default=None
        Keep at most so many tokens, the most frequent ones.
    min_df : int or float, default=1
        Keep tokens that stand in at least so many texts, or in that share of them.

    Attributes
    ----------
    vocabulary_ : dict
        Id of each known token; ids follow the order of the tokens.
    n_tokens_ : int
        Number of ids, 0 and 1 included: all are smaller.

    See Also
    --------
    sklearn.feature_extraction.text.CountVectorizer : Counts the tokens and forgets their order. It
        is what chooses them here.

    Examples
    --------
    >>> from skgru.preprocessing import TextEncoder
    >>> encoder = TextEncoder().fit(["The cat sat.", "The dog sat."])
    >>> encoder.vocabulary_
    {'.': 2, 'cat': 3, 'dog': 4, 'sat': 5, 'the': 6}
    >>> encoder.transform(["The cat ran."])
    [array([6, 3, 1, 2])]
    >>> encoder.inverse_transform([[6, 3, 5, 2, 0, 0]])
    ['the cat sat .']

    From raw strings to a prediction:

    >>> from sklearn.pipeline import make_pipeline
    >>> from skgru import GRUClassifier
    >>> model = make_pipeline(TextEncoder(), GRUClassifier(8, embedding_dim=4, random_state=0))
    >>> texts = ["not bad", "not good", "bad", "good"]
    >>> model.fit(texts, ["+", "-", "-", "+"]).predict(["not bad"])
    array(['+'], dtype='<U1')
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "analyzer": [StrOptions({"word", "char"}), callable],
        "lowercase": ["boolean"],
        "token_pattern": [str],
        "max_tokens": [None, Interval(Integral, 1, None, closed="left")],
        "min_df": [
            Interval(Integral, 1, None, closed="left"),
            Interval(Real, 0, 1, closed="both"),
        ],
    }

    def __init__(
        self,
        analyzer="word",
        *,
        lowercase=True,
        token_pattern=r"\w+|[^\w\s]",
        max_tokens=None,
        min_df=1,
    ):
        self.analyzer = analyzer
        self.lowercase = lowercase
        self.token_pattern = token_pattern
        self.max_tokens = max_tokens
        self.min_df = min_df

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the vocabulary.

        Parameters
        ----------
        X : iterable of str
            Texts; for a callable analyzer whatever that takes.
        y : None
            Ignored.

        Returns
        -------
        self : TextEncoder

        Raises
        ------
        TypeError
            If X is one text in place of several, or naming the first sample that is none.
        ValueError
            If X is a table, or no token is left.
        """
        vectorizer = CountVectorizer(
            analyzer=self._new_analyzer(), max_features=self.max_tokens, min_df=self.min_df
        )
        vectorizer.fit(self._texts(X))
        tokens = sorted(vectorizer.vocabulary_)
        self.vocabulary_ = {token: i for i, token in enumerate(tokens, start=N_RESERVED)}
        self.n_tokens_ = N_RESERVED + len(tokens)
        return self

    def transform(self, X):
        """Encode texts.

        Parameters
        ----------
        X : iterable of str

        Returns
        -------
        X_new : list of ndarray of shape (n_tokens_of_the_text,)
            Ids of the tokens, int64. A text without any is one unknown token: estimators take no
            sequences without steps.

        Raises
        ------
        TypeError
            As in `fit`.
        """
        check_is_fitted(self)
        analyze, ids = self._new_analyzer(), self.vocabulary_
        encoded = ([ids.get(token, UNKNOWN) for token in analyze(text)] for text in self._texts(X))
        return [np.array(one or [UNKNOWN], dtype=np.int64) for one in encoded]

    def inverse_transform(self, X):
        """Decode ids: the tokens of each sequence, words with a blank between them.

        Parameters
        ----------
        X : sequence of array-like of shape (n_steps,), or array of shape (n_samples, n_timesteps)
            Padding is left out. An unknown token is shown as U+FFFD, the replacement character.

        Returns
        -------
        texts : list of str
            For a callable analyzer lists of its tokens, which only it knows how to join.

        Raises
        ------
        ValueError
            Naming the first sample that is no sequence of numbers, or the first sample and step
            whose id is none of the encoder's.
        """
        check_is_fitted(self)
        tokens = ["", REPLACEMENT, *self.vocabulary_]
        decoded = [
            [tokens[i] for i in _ids(one, sample, self.n_tokens_) if i != PADDING]
            for sample, one in enumerate(X)
        ]
        if callable(self.analyzer):
            return decoded
        return [("" if self.analyzer == "char" else " ").join(one) for one in decoded]

    def set_output(self, *, transform=None):
        """Return self: no container holds lists of different lengths, so they stay as they are."""
        return self

    def _new_analyzer(self) -> Callable[[Any], Sequence[Any]]:
        """Return the function that cuts a text into tokens."""
        if callable(self.analyzer):
            return self.analyzer
        if self.analyzer == "char":  # scikit-learn's makes one blank of several and of line ends
            return (lambda text: list(text.lower())) if self.lowercase else list
        return CountVectorizer(
            lowercase=self.lowercase, token_pattern=self.token_pattern
        ).build_analyzer()

    def _texts(self, X: Any) -> Iterable[Any]:
        """Yield the texts of X, checked where the analyzer is ours."""
        if isinstance(X, (str, bytes)):
            raise TypeError("X is one text: give texts as a list, [X] for a single one.")
        if getattr(X, "ndim", 1) != 1 and not callable(self.analyzer):
            raise ValueError(
                f"X has {X.ndim} dimensions, but texts stand in one: select a column of a table."
            )
        for sample, text in enumerate(X):
            if not (callable(self.analyzer) or isinstance(text, str)):
                raise TypeError(
                    f"X holds {text!r} at sample {sample}, which is no text (str). Leave that "
                    "sample out, or make it a text."
                )
            yield text

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def _ids(sequence: Any, sample: int, n_tokens: int) -> list[int]:
    """Return the ids of a sequence, checked."""
    ids = np.asarray(sequence)
    if ids.dtype.kind not in "iuf" or ids.ndim == 0:
        raise ValueError(
            f"X holds {sequence!r} as sample {sample}, which is no sequence of ids (integers). A "
            "single sequence goes into a list: [X]."
        )
    ids = ids.ravel()
    bad = ~((ids >= 0) & (ids < n_tokens) & (ids == np.floor(ids)))
    if bad.any():
        step = int(np.argmax(bad))
        raise ValueError(
            f"X holds {ids[step]} at sample {sample}, step {step}, but ids are integers from 0 to "
            f"{n_tokens - 1}."
        )
    return ids.astype(np.int64).tolist()
