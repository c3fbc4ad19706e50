"""Sequences into others: gradients against complex steps of the reference."""

import numpy as np
import pytest

from skgru._core._dropout import draw_mask
from skgru._core._embedding import Embedding
from skgru._core._encoder_decoder import EncoderDecoder
from skgru._core._layers import RecurrentLayers
from skgru._core._log_losses import MultinomialLogLoss
from skgru._core._objective import Objective
from skgru._core._params import initialise
from skgru._core._samples import Samples
from skgru._core._sequences import SequenceBatch
from skgru._core._tape import Workspace
from skgru._core._trunk import Trunk
from tests.core.test_objective import STEP, random_directions
from tests.reference import gru

pytestmark = pytest.mark.usefixtures("token_inputs")

N_TOKENS, N_CLASSES = 6, 5
LENGTHS = {
    "equal": ([4, 4, 4], [3, 3, 3]),
    "ragged": ([3, 7, 1, 4, 4], [2, 1, 5, 5, 3]),
    "one step": ([1, 1], [1, 1]),
    "one sequence": ([5], [3]),
}


class Pairs:
    """An objective with random parameters and pairs of sequences, and the same for the reference.

    The last class is the end. It stands behind every target here, and before the first one.
    """

    def __init__(
        self, sizes, bidirectional, reset_after, lengths, *, n_tokens=N_TOKENS, alpha=0.0, **options
    ):
        rng = np.random.RandomState(7)
        dropout = options.pop("dropout", 0.0)
        self.sources = [
            rng.randint(n_tokens, size=(n, 1)) if n_tokens else rng.standard_normal((n, 2))
            for n in LENGTHS[lengths][0]
        ]
        end = N_CLASSES - 1
        self.targets = [
            np.append(rng.randint(end, size=n - 1), end).astype(float) for n in LENGTHS[lengths][1]
        ]
        self.sample_weight = rng.uniform(0.5, 2, len(self.sources))
        encoder = RecurrentLayers(
            2,
            sizes,
            bidirectional=bidirectional,
            reset_after=reset_after,
            reads_tokens=n_tokens is not None,
        )
        decoder = RecurrentLayers(
            3, sizes, reset_after=reset_after, reads_tokens=True, role="_decoder"
        )
        network = EncoderDecoder(
            Trunk(encoder, Embedding(n_tokens, 2) if n_tokens else None),
            Trunk(decoder, Embedding(N_CLASSES, 3, "embedding_decoder")),
            N_CLASSES,
            dropout=dropout,
        )
        self.objective = Objective(network, MultinomialLogLoss(N_CLASSES), alpha)
        self.params = initialise(self.objective.layout, rng, np.dtype(float), 4)
        self.params += 0.3 * rng.standard_normal(self.params.shape)
        self.kind = {
            "n_layers": len(sizes),
            "bidirectional": bidirectional,
            "reset_after": reset_after,
        }

    @property
    def samples(self):
        rows = [np.append(N_CLASSES - 1, y)[:, None] for y in self.targets]
        y = SequenceBatch.from_list(rows)
        y = SequenceBatch(y.values, y.starts + 1, y.lengths - 1)
        return Samples(SequenceBatch.from_list(self.sources), y, self.sample_weight)

    def loss_and_gradient(self, rng=None):
        gradient = np.full(len(self.params), np.nan)
        value = self.objective.loss_and_gradient(
            self.params, self.samples, gradient, Workspace(gradient.dtype), rng
        )
        return value, gradient

    def reference_along(self, direction, masks=None):
        """Return the value of the reference, and its derivative along a direction."""
        value = gru.encoder_decoder_objective(
            self.objective.layout.views(self.params + 1j * STEP * direction),
            self.sources,
            self.targets,
            self.sample_weight,
            self.objective.alpha,
            masks,
            **self.kind,
        )
        return value.real, value.imag / STEP


def assert_gradient_equals_the_reference(case, rng=None, masks=None):
    value, gradient = case.loss_and_gradient(rng)
    drawn = None if masks is None else masks()
    views = case.objective.layout.views(gradient)
    for name, direction in random_directions(case.objective.layout):
        expected_value, slope = case.reference_along(direction, drawn)
        assert value == pytest.approx(expected_value, rel=1e-12)
        assert abs(slope) > 0, name
        assert abs(direction @ gradient - slope) <= 1e-10 * np.linalg.norm(views[name]), name


@pytest.mark.parametrize("sizes", [(3,), (3, 2)], ids=str)
@pytest.mark.parametrize("lengths", LENGTHS)
def test_gradient_of_every_architecture(sizes, bidirectional, reset_after, lengths):
    # With one step in the source there is no choice to attend to, and no state before.
    alpha = 0.1 if lengths == "one step" else 0.0
    assert_gradient_equals_the_reference(
        Pairs(sizes, bidirectional, reset_after, lengths, alpha=alpha)
    )


@pytest.mark.parametrize("lengths", ["equal", "ragged"])
def test_gradient_with_numbers_as_inputs(lengths, bidirectional):
    assert_gradient_equals_the_reference(
        Pairs((3, 2), bidirectional, False, lengths, n_tokens=None, alpha=0.1)
    )


@pytest.mark.parametrize("lengths", ["equal", "ragged"])
def test_gradient_with_dropout_before_the_head(lengths, monkeypatch, rng):
    drawn = []

    def draw(*arguments):
        drawn.append(draw_mask(*arguments))
        return drawn[-1]

    monkeypatch.setattr("skgru._core._encoder_decoder.draw_mask", draw)
    case = Pairs((3,), True, False, lengths, dropout=0.4)
    network, samples = case.objective.network, case.samples

    def masks():
        """By sequence, in the order of the case."""
        order = samples.X.falling_lengths()
        batch = samples.select(order)
        named = case.objective.layout.views(case.params)
        record = network.forward_batch(named, batch, Workspace(np.dtype(float)))
        rows = record.trunk.packing.cell_sequences()
        of_sequence = {order[record.order[i]]: drawn[0][rows == i] for i in range(len(order))}
        return [of_sequence[i] for i in range(len(order))]

    assert_gradient_equals_the_reference(case, rng, masks)
    assert 0 < (drawn[0] == 0).mean() < 1


def test_a_second_batch_of_other_lengths_is_not_disturbed_by_the_first():
    case, other = (Pairs((3,), True, False, lengths) for lengths in ("ragged", "equal"))
    workspace = Workspace(np.dtype(float))
    for one in (case, other, case):
        gradient = np.empty(len(one.params))
        one.objective.loss_and_gradient(one.params, one.samples, gradient, workspace)
        np.testing.assert_array_equal(gradient, one.loss_and_gradient()[1])
