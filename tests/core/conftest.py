"""Networks of all kinds on sequences of all kinds."""

import numpy as np
import pytest

from skgru._core._layers import RecurrentLayers
from skgru._core._losses import BinaryLogLoss, MultinomialLogLoss, SquaredError
from skgru._core._objective import Objective, Samples
from skgru._core._params import initialise
from skgru._core._sequences import SequenceBatch

LENGTHS = {
    "equal": [5, 5, 5, 5],
    "ragged": [3, 7, 1, 4, 4, 7, 2],
    "one step": [1, 1],
    "one sequence": [6],
}


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
    ):
        rng = np.random.RandomState(42)
        dtype = np.dtype(dtype)
        n_features = 2
        layers = RecurrentLayers(
            n_features, sizes, bidirectional=bidirectional, reset_after=reset_after
        )
        self.objective = Objective(layers, loss, n_outputs, alpha)
        self.params = initialise(self.objective.layout, rng, dtype)
        self.params += 0.3 * rng.standard_normal(self.params.shape)  # biases are tested off zero
        self.sequences = [
            rng.standard_normal((n, n_features)).astype(dtype) for n in LENGTHS[lengths]
        ]
        n = len(self.sequences)
        self.y = {
            "SquaredError": rng.standard_normal((n, n_outputs)),
            "BinaryLogLoss": rng.randint(2, size=(n, n_outputs)),
            "MultinomialLogLoss": np.eye(n_outputs)[rng.randint(n_outputs, size=n)],
        }[type(loss).__name__].astype(dtype)
        self.sample_weight = rng.uniform(0.5, 2, n).astype(dtype)
        self.architecture = {
            "n_layers": len(sizes),
            "bidirectional": bidirectional,
            "reset_after": reset_after,
        }

    @property
    def batch(self):
        return SequenceBatch.from_list(self.sequences)

    @property
    def samples(self):
        return Samples(self.batch, self.y, self.sample_weight)

    @property
    def named(self):
        return self.objective.layout.views(self.params)


@pytest.fixture(params=[False, True], ids=["before", "after"])
def reset_after(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["one direction", "both"])
def bidirectional(request):
    return request.param


@pytest.fixture(params=[(3,), (3, 2), (2, 3, 2)], ids=str)
def sizes(request):
    return request.param


@pytest.fixture(params=LENGTHS)
def lengths(request):
    return request.param


@pytest.fixture(
    params=[
        (SquaredError(), 1),
        (SquaredError(), 3),
        (BinaryLogLoss(), 1),
        (BinaryLogLoss(), 3),
        (MultinomialLogLoss(), 4),
    ],
    ids=lambda param: f"{type(param[0]).__name__} {param[1]}",
)
def loss_and_n_outputs(request):
    return request.param
