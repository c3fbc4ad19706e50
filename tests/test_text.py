"""Texts to ids and back, beside scikit-learn's counts of the same tokens."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

from skgru import GRUClassifier
from skgru.preprocessing import TextEncoder

TEXTS = [
    "The quality of mercy is not strain'd,\n  It droppeth as the gentle rain from heaven",
    "Upon the place beneath: it is twice blest;",
    "It blesseth him that gives and him that takes.",
]


@pytest.mark.parametrize("options", [{}, {"max_tokens": 5}, {"min_df": 2}, {"lowercase": False}])
def test_as_often_as_scikit_learn_counts_them(options):
    """Its order of equally frequent tokens decides which of them are kept."""
    encoder = TextEncoder(**options)
    counter = CountVectorizer(
        token_pattern=encoder.token_pattern,
        lowercase=encoder.lowercase,
        max_features=encoder.max_tokens,
        min_df=encoder.min_df,
    )
    expected = counter.fit_transform(TEXTS).toarray()
    ids = encoder.fit_transform(TEXTS)
    counts = [np.bincount(one, minlength=encoder.n_tokens_)[2:] for one in ids]
    np.testing.assert_array_equal(counts, expected)
    assert list(encoder.vocabulary_) == counter.get_feature_names_out().tolist()
    assert list(encoder.vocabulary_.values()) == list(range(2, encoder.n_tokens_))


def test_characters_come_back_one_by_one():
    """Line ends and double blanks too, which CountVectorizer does not tell apart."""
    encoder = TextEncoder("char", lowercase=False).fit(TEXTS)
    ids = encoder.transform(TEXTS)
    assert [len(one) for one in ids] == [len(text) for text in TEXTS]
    assert {one.dtype for one in ids} == {np.dtype(np.int64)}
    assert encoder.inverse_transform(ids) == TEXTS


def test_words_come_back_with_blanks_between_them():
    encoder = TextEncoder().fit(TEXTS)
    text = "is mercy twice blest , it is not ; the rain"
    assert encoder.inverse_transform(encoder.transform([text])) == [text]


def test_order_is_kept_and_unknown_tokens_are_ones():
    encoder = TextEncoder().fit(["b a", "c"])
    np.testing.assert_array_equal(encoder.transform(["c b d A"])[0], [4, 3, 1, 2])
    assert encoder.inverse_transform([[4, 1, 2]]) == ["c \ufffd a"]


@pytest.mark.parametrize("text", ["", " \n", "."])
def test_a_text_without_tokens_is_one_unknown_token(text):
    encoder = TextEncoder(token_pattern=r"\w+").fit(TEXTS)
    np.testing.assert_array_equal(encoder.transform([text])[0], [1])


def test_padding_is_left_out():
    encoder = TextEncoder("char").fit(["abc"])
    assert encoder.inverse_transform(np.array([[2, 3, 0], [4, 0, 0]])) == ["ab", "c"]
    assert encoder.inverse_transform([np.array([[2], [3]])]) == ["ab"]


def test_an_analyzer_of_ones_own():
    encoder = TextEncoder(str.split).fit(["a-b c", "c"])
    assert encoder.vocabulary_ == {"a-b": 2, "c": 3}
    assert encoder.inverse_transform(encoder.transform(["c a-b"])) == [["c", "a-b"]]
    notes = [[60, 62], [64]]
    of_lists = TextEncoder(list).fit(notes)
    assert of_lists.inverse_transform(of_lists.transform(notes)) == notes


@pytest.mark.parametrize("form", [tuple, np.array, pd.Series, iter], ids=str)
def test_forms_of_texts(form):
    ids = TextEncoder().fit(form(TEXTS)).transform(form(TEXTS))
    for one, expected in zip(ids, TextEncoder().fit_transform(TEXTS), strict=True):
        np.testing.assert_array_equal(one, expected)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("a text", TypeError, "one text"),
        (["a", None], TypeError, "None at sample 1"),
        (pd.Series(["a", np.nan]), TypeError, "nan at sample 1"),
        ([b"a"], TypeError, "b'a' at sample 0"),
        (pd.DataFrame({"text": ["a"]}), ValueError, "select a column"),
        (["", " "], ValueError, "empty vocabulary"),
    ],
    ids=repr,
)
def test_what_is_no_list_of_texts(X, error, message):
    with pytest.raises(error, match=message):
        TextEncoder().fit(X)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([[2], [2, 9]], "9 at sample 1, step 1, but ids are integers from 0 to 4"),
        ([[-1]], "-1 at sample 0, step 0"),
        ([[2.5]], "2.5 at sample 0, step 0"),
        ([[2, np.nan]], "nan at sample 0, step 1"),
        ([2, 3], "2 as sample 0, which is no sequence"),
        ("ab", "'a' as sample 0"),
    ],
    ids=repr,
)
def test_what_are_no_ids(X, message):
    with pytest.raises(ValueError, match=message):
        TextEncoder("char").fit(["abc"]).inverse_transform(X)


@pytest.mark.parametrize(
    "options",
    [{"analyzer": "words"}, {"max_tokens": 0}, {"min_df": -1}, {"lowercase": 1.5}],
    ids=str,
)
def test_bad_parameters(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        TextEncoder(**options).fit(TEXTS)


def test_copies_encode_the_same():
    encoder = TextEncoder("char").fit(TEXTS)
    copy = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(copy.transform(TEXTS)[0], encoder.transform(TEXTS)[0])
    assert not hasattr(clone(encoder), "vocabulary_")


def test_a_search_over_raw_strings():
    """Order counts: the same words in both classes. The encoder is fitted in each fold."""
    rng = np.random.RandomState(0)
    words = [f"w{i}" for i in range(6)]
    texts = [" ".join(rng.permutation(["yes", "no", *rng.choice(words, 2)])) for _ in range(120)]
    y = [text.index("yes") < text.index("no") for text in texts]
    options = {"embedding_dim": 4, "learning_rate_init": 0.03, "max_iter": 25, "random_state": 0}
    model = make_pipeline(TextEncoder(), GRUClassifier(12, **options)).set_output(
        transform="pandas"
    )
    grid = {"textencoder__max_tokens": [2, None]}
    search = GridSearchCV(model, grid, cv=3).fit(texts, y)
    assert search.best_score_ > 0.9
    assert search.best_estimator_[0].n_tokens_ > 2


@pytest.mark.parametrize(
    "name",
    [
        "check_estimator_cloneable",
        "check_estimator_repr",
        "check_get_params_invariance",
        "check_no_attributes_set_in_init",
        "check_parameters_default_constructible",
        "check_set_params",
    ],
)
def test_scikit_learn_checks_that_need_no_numbers(name):
    """All others are skipped for what takes strings, as for CountVectorizer."""
    getattr(estimator_checks, name)("TextEncoder", TextEncoder())
