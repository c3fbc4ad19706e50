"""Networks of all kinds on sequences of all kinds."""

from functools import partial

import numpy as np
import pytest

from skgru._core import _cell
from skgru._core._embedding import Embedding
from skgru._core._layers import RecurrentLayers
from skgru._core._log_losses import BinaryLogLoss, MultinomialLogLoss
from skgru._core._losses import (
    AbsoluteError,
    Huber,
    Poisson,
    Quantile,
    SquaredError,
)
from skgru._core._network import Network
from skgru._core._objective import Objective
from skgru._core._params import initialise
from skgru._core._pooling import POOLINGS, EveryStep
from skgru._core._samples import Samples
from skgru._core._sequences import SequenceBatch
from tests.reference import gru

LENGTHS = {
    "equal": [5, 5, 5, 5],
    "ragged": [3, 7, 1, 4, 4, 7, 2],
    "one step": [1, 1],
    "one sequence": [6],
}


def random_targets(loss, n, n_outputs, rng):
    """Targets such as the loss is for, (n, n_outputs)."""
    match loss:
        case Poisson():
            return rng.poisson(2, (n, n_outputs))
        case BinaryLogLoss():
            return rng.randint(2, size=(n, n_outputs))
        case MultinomialLogLoss():
            return rng.randint(loss.n_classes, size=(n, 1))
        case _:
            return 2 * rng.standard_normal((n, n_outputs))  # Huber's line as well as its parabola


def loss_options(loss):
    options = {name: getattr(loss, name, None) for name in ("class_weight", "quantiles")}
    return {name: value for name, value in options.items() if value is not None}


def naive_loss(loss):
    """The same loss of the reference, with the same options."""
    return partial(gru.LOSSES[type(loss).__name__], **loss_options(loss))


class Case:
    """An objective with random parameters and data, and the same for the reference."""

    def __init__(
        self,
        sizes,
        bidirectional,
        reset_after,
        lengths,
        loss,
        n_outputs,
        dtype=np.float64,
        alpha=0.1,
        pooling="last",
        n_tokens=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        n_frozen=0,
    ):
        rng = np.random.RandomState(42)
        dtype = np.dtype(dtype)
        n_features = 2
        layers = RecurrentLayers(
            n_features,
            sizes,
            bidirectional=bidirectional,
            reset_after=reset_after,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            n_frozen=n_frozen,
            reads_tokens=n_tokens is not None,
        )
        pool = {**POOLINGS, "every step": EveryStep}[pooling](layers.n_outputs)
        embedding = None if n_tokens is None else Embedding(n_tokens, n_features)
        network = Network(layers, pool, loss.n_raw(n_outputs), dropout=dropout, embedding=embedding)
        self.objective = Objective(network, loss, alpha)
        self.params = initialise(self.objective.layout, rng, dtype, 5)
        self.params += 0.3 * rng.standard_normal(self.params.shape)  # biases are tested off zero
        self.sequences = [
            rng.standard_normal((n, n_features)).astype(dtype)
            if n_tokens is None
            else rng.randint(n_tokens, size=(n, 1))
            for n in LENGTHS[lengths]
        ]
        n = len(self.sequences)
        if pooling == "every step":
            self.y = [
                random_targets(loss, len(x), n_outputs, rng).astype(dtype) for x in self.sequences
            ]
        else:
            self.y = random_targets(loss, n, n_outputs, rng).astype(dtype)
        self.reference_loss = naive_loss(loss)
        self.sample_weight = rng.uniform(0.5, 2, n).astype(dtype)
        self.architecture = {
            "n_layers": len(sizes),
            "bidirectional": bidirectional,
            "reset_after": reset_after,
            "pooling": pooling,
        }

    @property
    def batch(self):
        return SequenceBatch.from_list(self.sequences)

    @property
    def samples(self):
        y = SequenceBatch.from_list(self.y) if isinstance(self.y, list) else self.y
        return Samples(self.batch, y, self.sample_weight)

    @property
    def named(self):
        return self.objective.layout.views(self.params)


@pytest.fixture(params=[False, True], ids=["before", "after"])
def reset_after(request):
    return request.param


@pytest.fixture(params=[np.inf, 1], ids=["vectors", "products"])
def token_inputs(request, monkeypatch):
    """How tokens reach the recurrence: as with few dimensions or units, and with many."""
    monkeypatch.setattr(_cell, "MANY_DIMENSIONS", request.param)
    monkeypatch.setattr(_cell, "VERY_MANY_DIMENSIONS", request.param)


@pytest.fixture(params=[False, True], ids=["one direction", "both"])
def bidirectional(request):
    return request.param


@pytest.fixture(params=[(3,), (3, 2), (2, 3, 2)], ids=str)
def sizes(request):
    return request.param


@pytest.fixture(params=LENGTHS)
def lengths(request):
    return request.param


def describe_loss(param):
    loss, n_outputs = param
    return " ".join(
        [type(loss).__name__, *loss_options(loss), f"{n_outputs}:{loss.n_raw(n_outputs)}"]
    )


@pytest.fixture(
    params=[
        (SquaredError(), 1),
        (SquaredError(), 3),
        (AbsoluteError(), 1),
        (AbsoluteError(), 3),
        (Huber(), 1),
        (Huber(), 3),
        (Poisson(), 1),
        (Poisson(), 3),
        (Quantile((0.3,)), 1),
        (Quantile((0.3,)), 3),
        (Quantile((0.1, 0.5, 0.8)), 1),
        (Quantile((0.1, 0.5, 0.8)), 3),
        (BinaryLogLoss(), 1),
        (BinaryLogLoss(), 3),
        (BinaryLogLoss(np.array([[0.5, 3.0]])), 1),
        (BinaryLogLoss(np.array([[0.5, 3.0], [1.0, 0.2], [2.0, 0.7]])), 3),
        (MultinomialLogLoss(4), 1),
        (MultinomialLogLoss(4, np.array([0.5, 3.0, 1.0, 0.2])), 1),
    ],
    ids=describe_loss,
)
def loss_and_n_outputs(request):
    return request.param
