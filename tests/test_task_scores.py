"""Measures and rivals of benchmarks/tasks against what was worked out by hand."""

import sys
from math import exp
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _tasks(monkeypatch):
    tasks = Path(__file__).parents[1] / "benchmarks" / "tasks"
    monkeypatch.setattr(sys, "path", [str(tasks), *sys.path])


def test_exact_matches():
    from sequence_scores import exact_matches

    assert exact_matches([[1, 2], np.array([3]), [4]], [[1, 2], [3], [5]]) == pytest.approx(2 / 3)


def test_bleu():
    from sequence_scores import bleu_4

    split = str.split
    true = [split("the cat sat on the mat")]
    assert bleu_4(true, true) == 1
    # 1-grams: 5 of 6, "the" counts at most twice; 2-grams: the cat, cat sat, the mat of 5;
    # 3-grams: the cat sat of 4; 4-grams: none.
    assert bleu_4([split("the cat sat the the mat")], true) == 0
    # 5 of 5, 4 of 4, 3 of 3, 2 of 2, but 5 tokens in place of 6.
    assert bleu_4([split("the cat sat on the")], true) == pytest.approx(exp(1 - 6 / 5))
    # 6 of 7, 5 of 6, 4 of 5, 3 of 4: being too long costs nothing more.
    longer = [split("the cat sat on the mat mat")]
    assert bleu_4(longer, true) == pytest.approx((6 / 7 * 5 / 6 * 4 / 5 * 3 / 4) ** 0.25)


def test_bleu_counts_over_the_whole_corpus():
    from sequence_scores import bleu_4

    predicted, true = [list("abcd"), list("xy")], [list("abcd"), list("xyz")]
    # 6 of 6, 4 of 4, 2 of 2, 1 of 1; 6 tokens in place of 7. Alone, the second would be 0.
    assert bleu_4(predicted, true) == pytest.approx(exp(1 - 7 / 6))


def test_error_rate():
    from sequence_scores import edits, error_rate

    assert edits("kitten", "sitting") == 3
    assert edits("", "abc") == edits("abc", "") == 3
    assert edits([1, 2, 3], [2, 3, 4]) == 2
    assert error_rate(["kitten", "ab"], ["sitting", "abc"]) == pytest.approx((3 + 1) / (7 + 3))


def test_word_by_word():
    from word_by_word import WordByWord

    X = [["red", "house"], ["red", "cat"], ["house"], ["a", "cat"]]
    y = [["maison", "rouge"], ["chat", "rouge"], ["maison"], ["un", "chat"]]
    model = WordByWord().fit(X, y)
    assert model.predict([["a", "red", "house", "Django"]]) == [["un", "rouge", "maison", "Django"]]


def test_witten_bell():
    from n_grams import witten_bell

    train, test = np.array([0, 1, 0, 1, 0, 2]), np.array([0, 1])
    # 1-grams: 0 three times, 1 twice, 2 once; 3 different of 6.
    p, is_right = witten_bell(train, test, n_tokens=4, order=1)
    np.testing.assert_allclose(p, [(3 + 3 / 4) / 9, (2 + 3 / 4) / 9])
    assert is_right.tolist() == [True, False]
    # 2-grams: nothing was seen after 2; after 0 there were 1 twice and 2 once.
    q, is_right = witten_bell(train, test, n_tokens=4, order=2)
    np.testing.assert_allclose(q, [p[0], (2 + 2 * p[1]) / 5])
    assert is_right.tolist() == [True, True]


def test_probabilities_of_n_grams_sum_to_one():
    from n_grams import witten_bell

    train = np.random.default_rng(0).integers(3, size=60)
    for order in 1, 2, 4:
        p = [witten_bell(train, np.array([token]), 3, order)[0][0] for token in range(3)]
        assert sum(p) == pytest.approx(1)


def test_joint_n_gram_finds_what_letters_stand_for():
    from joint_n_gram import JointNGram, align

    words = ["ax", "xa", "b", "ab", "hb"]
    sounds = [list("AKS"), list("KSA"), ["B"], list("AB"), ["B"]]
    aligned = align(words, sounds, n_iterations=10)
    assert [("a", ("A",)), ("x", ("K", "S"))] in aligned
    assert [("h", ()), ("b", ("B",))] in aligned
    assert JointNGram(order=2).fit(words, sounds).predict(["bax", "hax"]) == [
        list("BAKS"),
        list("AKS"),
    ]


def test_dates_are_written_in_many_ways():
    from datetime import date

    from dates import STYLES, make_dates

    day = date(2026, 11, 2)
    assert {style(day) for style in STYLES} >= {
        "November 2, 2026",
        "November 2nd, 2026",
        "2 Nov 2026",
        "Monday, 2 November 2026",
        "11/2/2026",
        "02.11.2026",
    }
    written, iso = make_dates(500, seed=0)
    assert (written, iso) == make_dates(500, seed=0)
    assert len(set(written)) > 490
    assert all(date.fromisoformat(one).isoformat() == one for one in iso)


@pytest.mark.parametrize("number", range(1, 32))
def test_ordinals(number):
    from dates import _ordinal

    ends = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
    assert _ordinal(number) == f"{number}{ends.get(number, 'th')}"
