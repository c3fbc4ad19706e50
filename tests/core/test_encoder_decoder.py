"""Sequences into others: gradients against complex steps of the reference."""

import numpy as np
import pytest

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
from tests.reference import gru

STEP = 1e-30
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
        encoder = RecurrentLayers(2, sizes, bidirectional=bidirectional, reset_after=reset_after)
        decoder = RecurrentLayers(3, sizes, reset_after=reset_after, role="_decoder")
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

    def by_complex_steps(self, masks=None):
        gradient = np.empty(len(self.params))
        for i in range(len(gradient)):
            shifted = self.params.astype(complex)
            shifted[i] += 1j * STEP
            value = gru.encoder_decoder_objective(
                self.objective.layout.views(shifted),
                self.sources,
                self.targets,
                self.sample_weight,
                self.objective.alpha,
                masks,
                **self.kind,
            )
            gradient[i] = value.imag / STEP
        return value.real, gradient


def assert_gradient_equals_the_reference(case, masks=None, rng=None):
    value, gradient = case.loss_and_gradient(rng)
    expected_value, expected = case.by_complex_steps(masks() if masks else None)
    assert value == pytest.approx(expected_value, rel=1e-12)
    views = case.objective.layout.views(gradient)
    for name, of_reference in case.objective.layout.views(expected).items():
        scale = np.linalg.norm(of_reference)
        assert scale > 0, name
        assert np.linalg.norm(views[name] - of_reference) < 1e-10 * scale, name


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
