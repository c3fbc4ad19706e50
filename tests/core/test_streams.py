"""Long sequences in stretches: the state is carried over, in training, scoring and generation."""

import numpy as np
import pytest

from skgru._core import _objective, _streams
from skgru._core._carry import Carry, Link
from skgru._core._generation import Continuation, draw
from skgru._core._log_losses import MultinomialLogLoss
from skgru._core._losses import SquaredError
from skgru._core._samples import Samples
from skgru._core._sequences import SequenceBatch
from skgru._core._streams import Stream, cut, step_losses
from skgru._core._tape import Workspace
from tests.core.conftest import Case
from tests.core.test_objective import (
    Recorder,
    assert_gradient_equals_the_reference,
    assert_is_the_reference,
)

N_TOKENS = 6


def language_case(sizes=(3, 2), reset_after=False, lengths="ragged", **options):
    loss = MultinomialLogLoss(N_TOKENS)
    return Case(
        *(sizes, False, reset_after, lengths, loss, 1),
        pooling="every step",
        n_tokens=N_TOKENS,
        **options,
    )


def numbered(*lengths):
    """Sequences whose values count the steps of all of them."""
    rows = np.arange(sum(lengths))[:, None]
    starts = np.cumsum(lengths) - lengths
    sequences = SequenceBatch(rows, starts, np.array(lengths))
    return Samples(
        sequences, SequenceBatch(rows + 0.5, starts, np.array(lengths)), np.ones(len(lengths))
    )


def steps_of(batch):
    return [batch.X[np.array([i])].rows().ravel().tolist() for i in range(len(batch))]


# The state before the first step


class LinkedCase:
    """A case in the order of falling lengths that begins with random states."""

    def __init__(self, case, rng):
        order = case.batch.falling_lengths()
        case.sequences = [case.sequences[i] for i in order]
        case.y = [case.y[i] for i in order] if isinstance(case.y, list) else case.y[order]
        sizes = [direction.cell.n_hidden for (direction,) in case.objective.network.layers.layers]
        self.states = [rng.standard_normal((size, len(order))) for size in sizes]
        case.architecture["initial"] = [
            [state[:, i] for state in self.states] for i in range(len(order))
        ]
        lanes = np.arange(len(order))
        self.carry = Carry(len(order))
        self.carry.write(lanes, self.states)
        self.link = Link(self.carry, lanes, np.zeros(len(order), bool))
        self.objective, self.params, self.batch = case.objective, case.params, case.batch
        plain = case.samples
        self.samples = Samples(plain.X, plain.y, plain.weights, self.link)
        self.case = case

    def __getattr__(self, name):
        return getattr(self.case, name)


@pytest.mark.usefixtures("token_inputs")
@pytest.mark.parametrize("lengths", ["equal", "ragged", "one step"])
def test_gradient_with_states_from_before(reset_after, lengths, rng):
    case = LinkedCase(language_case((3, 2), reset_after, lengths, alpha=0.0), rng)
    assert_gradient_equals_the_reference(case)


def test_final_states_are_handed_on(rng):
    """A sequence in two stretches ends with the state that it ends with as a whole."""
    case = language_case((3, 2), lengths="one sequence")
    network = case.objective.network
    whole = network.forward(case.named, case.batch, Workspace(np.dtype(float))).trunk.final_states()
    (tokens,) = case.sequences
    carry, gradient = Carry(1), np.empty_like(case.params)
    for i, part in enumerate((slice(0, 4), slice(4, None))):
        link = Link(carry, np.array([0]), np.array([i == 0]))
        X = SequenceBatch.from_list([tokens[part]])
        y = SequenceBatch.from_list([case.y[0][part]])
        samples = Samples(X, y, np.ones(1), link)
        workspace = Workspace(gradient.dtype)
        case.objective.loss_and_gradient(case.params, samples, gradient, workspace)
    for ours, expected in zip(carry.read(np.array([0]), np.array([False])), whole, strict=True):
        assert np.ptp(expected) > 0.01
        np.testing.assert_allclose(ours, expected, rtol=1e-12)


def test_a_lane_begins_anew_with_zeros():
    carry = Carry(3)
    assert carry.read(np.array([0]), np.array([True])) is None
    carry.write(np.array([2, 0]), [np.array([[5.0, 7.0]])])
    read = carry.read(np.array([0, 1, 2, 2]), np.array([False, False, False, True]))
    np.testing.assert_array_equal(read, [[[7, 0, 5, 0]]])


def test_some_of_the_stretches_of_a_batch_keep_their_lanes():
    carry, batch = Carry(3), numbered(2, 2, 2)
    link = Link(carry, np.array([2, 0, 1]), np.array([True, False, False]))
    part = Samples(batch.X, batch.y, batch.weights, link).select(np.array([2, 0]))
    assert part.link.initial() is None
    part.link.hand_on([np.array([[5.0, 7.0]])])
    np.testing.assert_array_equal(part.link.final(), [[[5, 7]]])
    np.testing.assert_array_equal(part.link.initial(), [[[5, 0]]])
    np.testing.assert_array_equal(link.initial(), [[[0, 0, 5]]])


@pytest.mark.usefixtures("token_inputs")
def test_gradient_with_states_from_before_and_dropout(monkeypatch, reset_after, rng):
    """Recurrent dropout masks what the weights see of the first state too."""
    options = {"dropout": 0.3, "recurrent_dropout": 0.4, "alpha": 0.0, "n_tokens": N_TOKENS}
    case = Case((3, 2), False, reset_after, "ragged", SquaredError(), 2, **options)
    case = LinkedCase(case, rng)
    recorder, gradient = Recorder(monkeypatch), np.empty_like(case.params)
    value = case.objective.loss_and_gradient(
        *(case.params, case.samples, gradient, Workspace(gradient.dtype)), np.random.RandomState(5)
    )
    assert {0.0} < {float(x) for mask in recorder.drawn for x in np.unique(mask)}
    case.architecture["masks"] = recorder.by_sequence(case)
    assert any(assert_is_the_reference(case, value, gradient).values())


# Batches of stretches


@pytest.mark.parametrize("n_lanes", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("seed", [None, 0])
def test_every_step_is_in_one_stretch_and_the_lanes_are_in_order(n_lanes, seed):
    samples = numbered(23, 4, 1, 57, 5, 6, 3)
    stream = cut(samples, 5, n_lanes)
    rng = None if seed is None else np.random.RandomState(seed)
    batches = list(stream.batches(n_lanes, rng))
    assert len(batches) == stream.n_batches(n_lanes)
    assert sum(map(len, batches)) == len(stream)
    seen = sorted(step for batch in batches for steps in steps_of(batch) for step in steps)
    assert seen == list(range(99))
    last = {}
    for batch in batches:
        assert len(batch) <= n_lanes
        assert max(batch.X.lengths) <= 5
        np.testing.assert_array_equal(batch.y.rows(), batch.X.rows() + 0.5)
        if batch.link is None:
            continue
        assert (np.diff(batch.X.lengths) <= 0).all()
        for lane, begins_anew, steps in zip(
            batch.link.lanes, batch.link.begins_anew, steps_of(batch), strict=True
        ):
            assert begins_anew or steps[0] == last[lane] + 1
            last[lane] = steps[-1]
    assert n_lanes > 7 or last


def test_one_long_sequence_keeps_all_lanes_at_work():
    stream = cut(numbered(1000), 10, 8)
    batches = list(stream.batches(8, np.random.RandomState(0)))
    assert [len(batch) for batch in batches] == [8] * 12 + [4]
    assert [batch.link.begins_anew.all() for batch in batches] == [True] + [False] * 12
    assert len({id(batch.link.carry) for batch in batches}) == 1
    (again,) = {id(batch.link.carry) for batch in stream.batches(8, None)}
    assert again != id(batches[0].link.carry)


def test_short_sequences_are_ordinary_samples():
    stream = cut(numbered(*[3, 4] * 10), 5, 4)
    batches = list(stream.batches(4, np.random.RandomState(0)))
    assert all(batch.link is None for batch in batches)
    assert [len(batch) for batch in batches] == [4] * 5


def test_epochs_have_orders_of_their_own():
    stream = cut(numbered(*[20, 3] * 10), 5, 4)
    rng = np.random.RandomState(0)
    first, second = ([steps_of(b) for b in stream.batches(4, rng)] for _ in range(2))
    assert first != second


def test_weights_count_tokens():
    """A stretch counts by its steps: the mean of weight times steps is 1, as for sequences."""
    samples = numbered(23, 4)
    weighted = Samples(samples.X, samples.y, np.array([1.0, 3.0]))
    stream = cut(weighted, 5, 2)
    assert isinstance(stream, Stream)
    assert stream.weights @ stream.X.lengths / len(stream) == pytest.approx(1)
    assert stream.weights[-1] / stream.weights[0] == pytest.approx(3)


# Not all outputs at a time


@pytest.mark.parametrize("head_size", [1, 5 * N_TOKENS, 14 * N_TOKENS, 10**6])
def test_head_in_chunks_is_the_same(monkeypatch, head_size):
    case = language_case()
    whole, parts = np.empty_like(case.params), np.full_like(case.params, np.nan)
    workspace = Workspace(whole.dtype)
    value = case.objective.loss_and_gradient(case.params, case.samples, whole, workspace)
    monkeypatch.setattr(_objective, "HEAD_SIZE", head_size)
    monkeypatch.setattr(_objective, "HEAD_ROWS", 1)
    again = case.objective.loss_and_gradient(case.params, case.samples, parts, workspace)
    assert again == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(parts, whole, rtol=1e-10, atol=1e-14)
    constant = case.objective.constant_loss(case.samples)
    monkeypatch.undo()
    assert constant == pytest.approx(case.objective.constant_loss(case.samples), rel=1e-13)


@pytest.mark.usefixtures("token_inputs")
@pytest.mark.parametrize("n_scored", [2, 256])
@pytest.mark.parametrize("size", [1, 60, 2**22])
def test_losses_of_steps_in_stretches_are_those_of_whole_sequences(
    monkeypatch, n_scored, size, reset_after, lengths
):
    case = language_case((3, 2), reset_after, lengths)
    raw = case.objective.predict_raw(case.params, case.batch)
    expected, _ = case.objective.loss.value_and_gradient(raw, case.samples.rows()[0])
    assert expected.min() > 0.01
    monkeypatch.setattr(_streams, "PREDICTION_SIZE", size)
    monkeypatch.setattr(_streams, "N_SCORED", n_scored)
    monkeypatch.setattr(_objective, "HEAD_SIZE", size)
    monkeypatch.setattr(_objective, "HEAD_ROWS", 1)
    losses = step_losses(case.objective, case.params, case.samples)
    np.testing.assert_allclose(losses, expected, rtol=1e-10)


# Step by step


@pytest.mark.usefixtures("token_inputs")
def test_continuation_is_the_same_as_the_whole_sequence(reset_after):
    case = language_case((3, 2), reset_after)
    continuation = Continuation(case.objective.network, case.named, case.batch)
    sequences, further = case.sequences, np.random.RandomState(0).randint(N_TOKENS, size=(3, 7))
    for rows in further:
        raw = case.objective.predict_raw(case.params, SequenceBatch.from_list(sequences))
        ends = np.cumsum([len(x) for x in sequences]) - 1
        np.testing.assert_allclose(continuation.raw(), raw[ends], rtol=1e-10)
        continuation.step(rows)
        sequences = [np.append(x, [[row]], axis=0) for x, row in zip(sequences, rows, strict=True)]


RAW = np.log(np.array([[0.05, 0.4, 0.1, 0.3, 0.15]]))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [0.05, 0.4, 0.1, 0.3, 0.15]),
        ({"temperature": 0.5}, np.array([1, 64, 4, 36, 9]) / 114),
        ({"top_k": 2}, np.array([0, 4, 0, 3, 0]) / 7),
        ({"top_k": 9}, [0.05, 0.4, 0.1, 0.3, 0.15]),
        ({"top_p": 0.6}, np.array([0, 4, 0, 3, 0]) / 7),
        ({"top_p": 0.75}, np.array([0, 8, 0, 6, 3]) / 17),
        ({"top_p": 0.01}, [0, 1, 0, 0, 0]),
        ({"top_p": 1.0}, [0.05, 0.4, 0.1, 0.3, 0.15]),
        ({"top_k": 3, "top_p": 0.8}, np.array([0, 4, 0, 3, 0]) / 7),
        ({"temperature": 0}, [0, 1, 0, 0, 0]),
        ({"temperature": 1e-300}, [0, 1, 0, 0, 0]),
    ],
)
def test_draws_have_their_probabilities(options, expected):
    n = 20_000
    options = {"temperature": 1.0, "top_k": None, "top_p": None} | options
    drawn = draw(np.tile(RAW, (n, 1)), np.random.RandomState(0), **options)
    expected = np.array(expected)
    shares = np.bincount(drawn, minlength=5) / n
    assert (shares[expected == 0] == 0).all()
    assert (np.abs(shares - expected) <= 4 * np.sqrt(expected * (1 - expected) / n)).all()


def test_a_probability_that_is_reached_exactly_is_enough():
    """Two of four equal ones have half of the probability: no third is drawn from."""
    options = {"temperature": 1.0, "top_k": None, "top_p": 0.5}
    drawn = draw(np.zeros((100, 4)), np.random.RandomState(0), **options)
    assert set(drawn) == {0, 1}


def test_what_is_excluded_is_never_drawn():
    raw = np.array([[-np.inf, 3.0, 2.0]], np.float32)
    for temperature in (0, 1e-3, 1.0, 1e6):
        drawn = draw(
            np.tile(raw, (1000, 1)),
            np.random.RandomState(0),
            temperature=temperature,
            top_k=None,
            top_p=None,
        )
        assert (drawn > 0).all()
