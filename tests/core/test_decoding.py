"""Probabilities of given targets, and the search for the most probable ones."""

import itertools

import numpy as np
import pytest

from skgru._core import _decoding
from skgru._core._decoding import Search, most_probable, target_losses
from skgru._core._sequences import SequenceBatch
from tests.core.test_encoder_decoder import N_CLASSES, Pairs
from tests.reference import gru

pytestmark = pytest.mark.usefixtures("token_inputs")

END = N_CLASSES - 1


@pytest.fixture(params=["equal", "ragged"])
def case(request):
    return Pairs((3, 2), True, False, request.param)


def log_probability(case, source, tokens):
    """Of tokens and the end behind them, by the reference."""
    targets = [*tokens, END]
    named = case.objective.layout.views(case.params)
    raw = gru.encoder_decoder(named, source, targets, **case.kind)
    return -sum(gru.multinomial_log_loss(row, [k]) for row, k in zip(raw, targets, strict=True))


def found_by(case, **options):
    search = Search(**{"beam_width": 1, "max_length": 4, "length_penalty": 0.0} | options)
    named = case.objective.layout.views(case.params)
    return most_probable(case.objective.network, named, case.samples.X, search)


def all_targets(max_length):
    """Every target that can be predicted with its end: the class of unknown tokens is not."""
    for n in range(max_length):
        yield from itertools.product(range(1, END), repeat=n)


def test_losses_of_targets(case):
    losses = target_losses(case.objective, case.params, case.samples)
    starts = np.cumsum(case.samples.y.lengths) - case.samples.y.lengths
    totals = np.add.reduceat(losses, starts)
    for source, y, total in zip(case.sources, case.targets, totals, strict=True):
        assert -total == pytest.approx(log_probability(case, source, y[:-1].astype(int)), rel=1e-12)


def test_losses_in_several_chunks(case, monkeypatch):
    whole = target_losses(case.objective, case.params, case.samples)
    monkeypatch.setattr("skgru._core._encoder_decoder.PREDICTION_SIZE", 1)
    apart = target_losses(case.objective, case.params, case.samples)
    np.testing.assert_allclose(apart, whole, rtol=1e-12)


def greedy(case, source, max_length):
    """Step by step, the whole beginning read anew for each."""
    tokens, named = [], case.objective.layout.views(case.params)
    while len(tokens) < max_length:
        raw = gru.encoder_decoder(named, source, [*tokens, END], **case.kind)[-1]
        best = 1 + int(np.argmax(raw[1:]))
        if best == END:
            break
        tokens.append(best)
    return tokens


def test_beam_of_one_takes_the_most_probable_token_at_each_step(case):
    for source, hypotheses in zip(case.sources, found_by(case, max_length=6), strict=True):
        (best,) = hypotheses
        assert best.tokens.tolist() == greedy(case, source, 6)


def test_beam_that_is_wide_enough_finds_the_most_probable_target_of_all(case):
    case.params *= 2  # so that targets differ in probability
    width = N_CLASSES**4
    found = found_by(case, beam_width=width, max_length=4)
    for source, hypotheses in zip(case.sources, found, strict=True):
        ended = [one for one in hypotheses if len(one.tokens) < 4]
        expected = {tokens: log_probability(case, source, tokens) for tokens in all_targets(4)}
        best = max(expected, key=expected.get)
        assert tuple(ended[0].tokens) == best
        for one in ended:
            assert one.log_probability == pytest.approx(expected[tuple(one.tokens)], rel=1e-10)
        assert {tuple(one.tokens) for one in ended} == set(expected)


@pytest.mark.parametrize("width", [2, 3])
def test_scores_fall_and_belong_to_their_targets(case, width):
    found = found_by(case, beam_width=width, max_length=5, length_penalty=1.0)
    for source, hypotheses in zip(case.sources, found, strict=True):
        assert len(hypotheses) == width
        assert len({tuple(one.tokens) for one in hypotheses}) == width
        scores = [one.log_probability / min(len(one.tokens) + 1, 5) for one in hypotheses]
        assert scores == sorted(scores, reverse=True)
        for one in hypotheses:
            if len(one.tokens) < 5:
                expected = log_probability(case, source, one.tokens)
                assert one.log_probability == pytest.approx(expected, rel=1e-10)
                mean = expected / (len(one.tokens) + 1)
                assert np.exp(one.log_cost) == pytest.approx(-mean, rel=1e-10)


def test_length_penalty_chooses_among_short_and_long_ones():
    search = Search(beam_width=1, max_length=9, length_penalty=0.0)
    assert search.log_cost(-2.0, 1) == pytest.approx(np.log(2.0), rel=1e-15)
    mean = search._replace(length_penalty=1.0).log_cost(-3.0, 6)
    assert mean == pytest.approx(np.log(0.5), rel=1e-15)
    longest = search._replace(length_penalty=1e9)
    assert longest.log_cost(-50.0, 4) < longest.log_cost(-1.0, 3)
    assert longest.log_cost(0.0, 1) == -np.inf  # it is certain


def test_result_does_not_depend_on_the_other_sources(case, monkeypatch):
    together = found_by(case, beam_width=3)
    for i, source in enumerate(case.sources):
        alone = most_probable(
            case.objective.network,
            case.objective.layout.views(case.params),
            SequenceBatch.from_list([source]),
            Search(3, 4, 0.0),
        )[0]
        for one, other in zip(alone, together[i], strict=True):
            assert one.tokens.tolist() == other.tokens.tolist()
            assert one.log_probability == pytest.approx(other.log_probability, rel=1e-10)


def test_nothing_is_longer_than_asked_for(case):
    case.objective.layout.views(case.params)["bias_out"][END] = -50.0
    for hypotheses in found_by(case, beam_width=2, max_length=3):
        assert [len(one.tokens) for one in hypotheses] == [3, 3]


def test_unknown_token_is_never_chosen(case):
    case.objective.layout.views(case.params)["bias_out"][_decoding.UNKNOWN] = 50.0
    for hypotheses in found_by(case, beam_width=2):
        assert all((one.tokens > 0).all() for one in hypotheses)
