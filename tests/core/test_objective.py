"""The gradient of the whole objective against complex-step derivatives of the reference."""

import numpy as np
import pytest

from skgru._core import _layers, _network
from skgru._core._log_losses import MultinomialLogLoss
from skgru._core._losses import SquaredError
from skgru._core._samples import Samples
from skgru._core._sequences import SequenceBatch
from skgru._core._tape import Workspace
from tests.core.conftest import Case
from tests.reference import gru

STEP = 1e-30


def reference_along(case, direction):
    """Return the value of the reference, and its derivative along a direction."""
    shifted = case.params.astype(complex)
    shifted[: len(direction)] += 1j * STEP * direction
    value = gru.objective(
        case.objective.layout.views(shifted),
        case.sequences,
        case.y,
        case.sample_weight,
        case.reference_loss,
        case.objective.alpha,
        **case.architecture,
    )
    return value.real, value.imag / STEP


def random_directions(layout):
    """One through each of the arrays that are trained, by name.

    An entry that is wrong moves the derivative along it, for a tenth of the time that a derivative
    by every entry takes.
    """
    rng = np.random.RandomState(2)
    for name, view in layout.views(np.zeros(layout.n_trained)).items():
        direction = np.zeros(layout.n_trained)
        layout.views(direction)[name][...] = rng.standard_normal(view.shape)
        yield name, direction


def assert_is_the_reference(case, value, gradient):
    """Return the derivatives, one through each array."""
    views, slopes = case.objective.layout.views(gradient), {}
    for name, direction in random_directions(case.objective.layout):
        expected_value, slope = reference_along(case, direction)
        assert value == pytest.approx(expected_value, rel=1e-12)
        assert abs(direction @ gradient - slope) <= 1e-10 * np.linalg.norm(views[name]), name
        slopes[name] = slope
    return slopes


def assert_gradient_equals_the_reference(case, rng=None):
    gradient = np.full(case.objective.layout.n_trained, np.nan)
    value = case.objective.loss_and_gradient(
        case.params, case.samples, gradient, Workspace(gradient.dtype), rng
    )
    slopes = assert_is_the_reference(case, value, gradient)
    assert all(slopes.values()), slopes


@pytest.mark.thorough
def test_gradient_of_every_architecture(sizes, bidirectional, reset_after, lengths):
    if lengths == "one step":
        # With h_0 = 0, recurrent weights of one step have no gradient but that of L2.
        case = Case(sizes, bidirectional, reset_after, lengths, SquaredError(), 2, alpha=0.1)
    else:
        case = Case(sizes, bidirectional, reset_after, lengths, SquaredError(), 2, alpha=0.0)
    assert_gradient_equals_the_reference(case)


def test_gradient_of_every_loss(loss_and_n_outputs, reset_after, lengths):
    loss, n_outputs = loss_and_n_outputs
    assert_gradient_equals_the_reference(
        Case((3,), False, reset_after, lengths, loss, n_outputs, alpha=0.1)
    )


POOLING_NAMES = list(gru.POOLINGS)


@pytest.mark.parametrize("pooling", POOLING_NAMES)
def test_gradient_of_every_pooling(pooling, bidirectional, lengths):
    alpha = 0.1 if lengths == "one step" else 0.0
    assert_gradient_equals_the_reference(
        Case((3, 2), bidirectional, False, lengths, SquaredError(), 2, alpha=alpha, pooling=pooling)
    )


@pytest.mark.parametrize("pooling", POOLING_NAMES)
@pytest.mark.usefixtures("token_inputs")
def test_gradient_with_an_embedding(pooling, reset_after):
    """Tokens stand in several places; one of them in none."""
    case = Case((3, 2), True, reset_after, "ragged", SquaredError(), 2, pooling=pooling, n_tokens=6)
    case.sequences = [np.where(x == 4, 3, x) for x in case.sequences]
    assert_gradient_equals_the_reference(case)


@pytest.mark.usefixtures("token_inputs")
def test_gradient_for_the_rows_of_the_table_that_a_batch_touches():
    """What the batch does not touch is not there, and costs nothing."""
    case = Case((3,), False, False, "ragged", SquaredError(), 2, n_tokens=50, alpha=0.0)
    case.sequences = [x % 4 + 7 for x in case.sequences]
    whole = np.empty_like(case.params)
    workspace = Workspace(whole.dtype)
    value = case.objective.loss_and_gradient(case.params, case.samples, whole, workspace)
    batch, touched = case.objective.touched(case.samples)
    n_untouched = 50 - 4
    assert len(touched) == len(case.params) - 2 * n_untouched
    part = np.full(len(touched), np.nan)
    again = case.objective.loss_and_gradient(touched.take(case.params), batch, part, workspace)
    assert again == value
    np.testing.assert_array_equal(part, touched.take(whole))
    for entries, _ in touched.parts(len(whole)):
        whole[entries] = 0.0
    assert not whole.any()


class Recorder:
    """Draws the masks of dropout and keeps them, in the order in which the network asks."""

    def __init__(self, monkeypatch):
        self.original = _layers.draw_mask
        self.drawn = []
        for module in (_layers, _network):
            monkeypatch.setattr(module, "draw_mask", self)

    def __call__(self, *args):
        self.drawn.append(self.original(*args))
        return self.drawn[-1]

    def by_sequence(self, case):
        """What the reference calls masks, for the sequences in the order of the case."""
        masks, drawn = [{} for _ in case.sequences], iter(self.drawn)
        order = case.batch.falling_lengths()
        n_runs = len({len(x) for x in case.sequences})
        for i in range(case.architecture["n_layers"]):
            runs = [next(drawn) for _ in range(n_runs)] if i > 0 else []
            states = {suffix: next(drawn) for suffix in self.suffixes(case, i)}
            for place, sequence in enumerate(order):
                if i > 0:
                    of_runs = [run[:, :, place] for run in runs if place < run.shape[2]]
                    masks[sequence][f"inputs_l{i}"] = np.concatenate(of_runs)
                for suffix, state in states.items():
                    masks[sequence]["state" + suffix] = state[:, place]
        pooled = next(drawn)
        for place, sequence in enumerate(order):
            masks[sequence]["pooled"] = pooled[:, place]
        assert next(drawn, None) is None
        return masks

    def suffixes(self, case, i):
        return [f"_l{i}", f"_l{i}_reverse"] if case.architecture["bidirectional"] else [f"_l{i}"]


@pytest.mark.parametrize("pooling", ["last", "max"])
def test_gradient_with_dropout(monkeypatch, pooling, bidirectional, reset_after, lengths):
    alpha = 0.1 if lengths == "one step" else 0.0
    case = Case(
        *((3, 2), bidirectional, reset_after, lengths, SquaredError(), 2),
        alpha=alpha,
        pooling=pooling,
        dropout=0.3,
        recurrent_dropout=0.4,
    )
    assert_gradient_with_dropout_equals_the_reference(case, monkeypatch)


@pytest.mark.usefixtures("token_inputs")
def test_gradient_with_dropout_and_tokens(monkeypatch, bidirectional, reset_after):
    options = {"n_tokens": 6, "dropout": 0.3, "recurrent_dropout": 0.4}
    case = Case((3, 2), bidirectional, reset_after, "ragged", SquaredError(), 2, **options)
    assert_gradient_with_dropout_equals_the_reference(case, monkeypatch)


def assert_gradient_with_dropout_equals_the_reference(case, monkeypatch):
    recorder = Recorder(monkeypatch)
    workspace, gradient = Workspace(case.params.dtype), np.empty_like(case.params)
    rng = np.random.RandomState(5)
    value = case.objective.loss_and_gradient(case.params, case.samples, gradient, workspace, rng)
    assert {0.0} < {float(x) for mask in recorder.drawn for x in np.unique(mask)}
    case.architecture["masks"] = recorder.by_sequence(case)
    assert any(assert_is_the_reference(case, value, gradient).values())


def test_dropout_keeps_means_and_leaves_prediction_alone():
    case = Case((40,), False, False, "equal", SquaredError(), 1, dropout=0.5, recurrent_dropout=0.5)
    mask = _layers.draw_mask(np.random.RandomState(0), 0.75, (1000,), np.dtype(np.float32))
    assert mask.dtype == np.float32
    assert set(np.unique(mask)) == {0, 4}
    assert mask.mean() == pytest.approx(1, abs=0.15)
    predictions = [case.objective.predict_raw(case.params, case.batch) for _ in range(2)]
    np.testing.assert_array_equal(*predictions)


@pytest.mark.parametrize("n_tokens", [None, 6])
def test_frozen_layers_have_no_gradient(n_tokens, bidirectional):
    """The rest has the gradient that it has without."""
    options = {"bidirectional": bidirectional, "reset_after": False, "lengths": "ragged"}
    options |= {"loss": SquaredError(), "n_outputs": 2, "n_tokens": n_tokens, "alpha": 0.1}
    frozen, whole = Case((3, 2), n_frozen=1, **options), Case((3, 2), **options)
    for name, view in frozen.named.items():
        view[...] = whole.named[name]
    n_trained = frozen.objective.layout.n_trained
    assert n_trained < len(frozen.params)
    gradients = np.full(n_trained, np.nan), np.empty_like(whole.params)
    for case, gradient in zip((frozen, whole), gradients, strict=True):
        workspace = Workspace(gradient.dtype)
        case.objective.loss_and_gradient(case.params, whole.samples, gradient, workspace)
    views = [
        case.objective.layout.views(gradient)
        for case, gradient in zip((frozen, whole), gradients, strict=True)
    ]
    left_out = {name for name in views[1] if "_l0" in name or name == "embedding"}
    assert set(views[0]) == set(views[1]) - left_out
    for name, view in views[0].items():
        np.testing.assert_allclose(view, views[1][name], rtol=1e-12)


def test_second_step_on_the_same_workspace_is_not_disturbed_by_the_first(lengths, reset_after):
    """Memory is used again; nothing may survive in it."""
    case = Case((3, 2), True, reset_after, lengths, SquaredError(), 2)
    other = Case((3, 2), True, reset_after, "ragged", SquaredError(), 2)
    workspace = Workspace(case.params.dtype)
    first, second = np.empty_like(case.params), np.empty_like(case.params)
    value = case.objective.loss_and_gradient(case.params, case.samples, first, workspace)
    other.objective.loss_and_gradient(-other.params, other.samples, second, workspace)
    again = case.objective.loss_and_gradient(case.params, case.samples, second, workspace)
    assert again == value
    np.testing.assert_array_equal(first, second)


def test_minibatches_add_up_to_the_full_batch(reset_after):
    case = Case((3,), False, reset_after, "ragged", MultinomialLogLoss(3), 1, alpha=0.1)
    samples, n = case.samples, len(case.y)
    full, part, total = (np.empty_like(case.params) for _ in range(3))
    total[:] = 0
    workspace = Workspace(full.dtype)
    value = case.objective.loss_and_gradient(case.params, samples, full, workspace)
    total_value = 0.0
    for indices in (np.array([4, 0]), np.array([1, 2, 3, 5, 6])):
        share = len(indices) / n
        total_value += share * case.objective.loss_and_gradient(
            case.params, samples.select(indices), part, workspace
        )
        total += share * part
    assert total_value == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(total, full, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("dtype", "tol"), [(np.float64, 1e-12), (np.float32, 1e-6)])
def test_prediction_is_the_same_alone_in_a_batch_and_in_any_order(
    monkeypatch, dtype, tol, bidirectional, reset_after
):
    case = Case((4, 3), bidirectional, reset_after, "ragged", SquaredError(), 2, dtype)
    together = case.objective.predict_raw(case.params, case.batch)
    assert np.ptp(together) > 0.1
    alone = [
        case.objective.predict_raw(case.params, SequenceBatch.from_list([x]))[0]
        for x in case.sequences
    ]
    np.testing.assert_allclose(together, alone, rtol=tol, atol=tol)
    order = np.random.RandomState(0).permutation(len(case.sequences))
    reordered = case.objective.predict_raw(case.params, case.batch.select(order))
    np.testing.assert_allclose(reordered, together[order], rtol=tol, atol=tol)
    monkeypatch.setattr(_network, "PREDICTION_SIZE", 1)  # chunks of one sequence
    for n_threads in (1, 2, 20):
        chunked = case.objective.predict_raw(case.params, case.batch, n_threads)
        np.testing.assert_allclose(chunked, together, rtol=tol, atol=tol)


def test_masks_of_recurrent_dropout_come_and_go_on_one_workspace(reset_after):
    case = Case((3,), False, reset_after, "ragged", SquaredError(), 1)
    case.objective.network.layers.recurrent_dropout = 0.5

    def gradient(workspace, rng):
        out = np.empty_like(case.params)
        case.objective.loss_and_gradient(case.params, case.samples, out, workspace, rng)
        return out

    shared = Workspace(case.params.dtype)
    for seed in (0, None, 1, None):
        rngs = [None if seed is None else np.random.RandomState(seed) for _ in range(2)]
        fresh = gradient(Workspace(case.params.dtype), rngs[0])
        np.testing.assert_array_equal(gradient(shared, rngs[1]), fresh)


def test_distinct_samples():
    """Of equal sequences with different targets, and the other way round, both stay."""
    X = SequenceBatch.from_list([np.array([[i], [2.0]])[:n] for i, n in [(3, 2), (1, 2), (3, 1)]])
    samples = Samples(
        X.select(np.array([0, 1, 2, 0, 1, 0])),
        np.array([[1.0], [1.0], [1.0], [2.0], [1.0], [1.0]]),
        np.array([1.0, 2.0, 3.0, 4.0, 0.0, 3.0]),
    )
    distinct = samples.distinct()
    rows = zip(distinct.X.lengths, distinct.y[:, 0], distinct.weights, strict=True)
    assert sorted(rows) == [(1, 1, 0.75), (2, 1, 0.5), (2, 1, 1), (2, 2, 1)]
    again = samples.select(np.array([5, 3, 2, 1, 0])).distinct()
    np.testing.assert_array_equal(again.X.rows(), distinct.X.rows())
    np.testing.assert_array_equal(again.y, distinct.y)


def test_the_same_numbers_cut_elsewhere_are_another_sample():
    """Tokens 1 2 into 3 are not 1 into 2 3."""
    X, y = (
        SequenceBatch.from_list([np.array(one)[:, None] for one in sequences])
        for sequences in ([[1, 2], [1]], [[3], [2, 3]])
    )
    assert len(Samples(X, y, np.ones(2)).distinct()) == 2
