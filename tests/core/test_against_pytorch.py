"""What PyTorch computes, stored by scripts in tests/oracles: outputs, gradients and steps."""

from pathlib import Path

import numpy as np
import pytest

from skgru._core._embedding import Embedding
from skgru._core._layers import RecurrentLayers
from skgru._core._log_losses import MultinomialLogLoss
from skgru._core._losses import SquaredError
from skgru._core._network import Network
from skgru._core._objective import Objective
from skgru._core._optimizers import Adam
from skgru._core._pooling import EveryStep, Last
from skgru._core._samples import Samples
from skgru._core._sequences import SequenceBatch
from skgru._core._streams import cut
from skgru._core._tape import Workspace

ORACLES = Path(__file__).parents[1] / "oracles"
STORED = dict(np.load(ORACLES / "pytorch.npz"))
LANGUAGE_MODEL = dict(np.load(ORACLES / "pytorch_language_model.npz"))
ALPHA, LEARNING_RATE = 0.1, 0.05


def from_pytorch(name, value):
    """Our name and value: update gate negated, second bias cut to the candidate."""
    if name.startswith("out."):
        return name.removeprefix("out.") + "_out", value
    if name == "embedding.weight":
        return "embedding", value
    name = name.removeprefix("gru.")
    H = len(value) // 3
    if name.startswith("bias_hh"):
        assert not value[: 2 * H].any()
        return name, value[2 * H :]
    value = value.copy()
    value[H : 2 * H] *= -1
    return name, value


def flat_vector(layout, values, prefix):
    """Stored arrays whose names begin with ``prefix`` as our flat vector."""
    flat = np.full(layout.size, np.nan)
    views = layout.views(flat)
    for name, value in values.items():
        if name.startswith(prefix):
            ours, converted = from_pytorch(name.removeprefix(prefix), value)
            views[ours][...] = converted
    assert not np.isnan(flat).any()
    return flat


class Stored:
    """One network of the file, with our objective for it."""

    def __init__(self, prefix, sizes, bidirectional):
        self.values = {
            name.removeprefix(prefix + "/"): value
            for name, value in STORED.items()
            if name.startswith(prefix)
        }
        X = np.split(self.values["X"], np.cumsum(STORED["lengths"])[:-1])
        y = self.values["y"]
        self.samples = Samples(SequenceBatch.from_list(X), y, np.ones(len(y)))
        layers = RecurrentLayers(3, sizes, bidirectional=bidirectional, reset_after=True)
        network = Network(layers, Last(layers.n_outputs), n_raw=2)
        self.objective = Objective(network, SquaredError(), alpha=0.0)

    def flat(self, prefix):
        """Stored parameters or gradients as our flat vector."""
        return flat_vector(self.objective.layout, self.values, prefix)


@pytest.fixture(params=[("plain", (4,), False), ("deep", (3, 3), True)], ids=lambda param: param[0])
def stored(request):
    return Stored(*request.param)


def test_outputs(stored):
    raw = stored.objective.predict_raw(stored.flat("step0/"), stored.samples.X)
    np.testing.assert_allclose(raw, stored.values["raw"], rtol=1e-6, atol=1e-12)


def test_loss_and_gradients(stored):
    params = stored.flat("step0/")
    gradient = np.empty_like(params)
    loss = stored.objective.loss_and_gradient(
        params, stored.samples, gradient, Workspace(params.dtype)
    )
    expected = stored.flat("gradient/")
    assert loss == pytest.approx(float(stored.values["loss"]), rel=1e-6)
    assert np.abs(expected).max() > 1e-2
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-12)


def test_ten_steps_of_adam_with_weight_decay(stored):
    stored.objective.alpha = ALPHA
    params, optimizer = stored.flat("step0/"), Adam()
    gradient, workspace = np.empty_like(params), Workspace(params.dtype)
    for step in range(1, 11):
        stored.objective.loss_and_gradient(params, stored.samples, gradient, workspace)
        optimizer.step(params, gradient, LEARNING_RATE)
        np.testing.assert_allclose(params, stored.flat(f"step{step}/"), rtol=1e-6, atol=1e-8)


@pytest.mark.usefixtures("token_inputs")
def test_truncated_backpropagation_through_time():
    """Two lanes in stretches of 5 steps: loss and gradient of each, the state carried over."""
    tokens = LANGUAGE_MODEL["tokens"]
    n_tokens, n_dimensions = LANGUAGE_MODEL["parameter/embedding.weight"].shape
    layers = RecurrentLayers(n_dimensions, (4, 4), reset_after=True, reads_tokens=True)
    network = Network(layers, EveryStep(4), n_tokens, embedding=Embedding(n_tokens, n_dimensions))
    objective = Objective(network, MultinomialLogLoss(n_tokens), alpha=0.0)
    params = flat_vector(objective.layout, LANGUAGE_MODEL, "parameter/")
    X = SequenceBatch.from_dense(tokens[:, :-1, None])
    y = SequenceBatch.from_dense(tokens[:, 1:, None].astype(float))
    batches = list(cut(Samples(X, y, np.ones(2)), n_steps=5, n_lanes=2).batches(2, None))
    assert len(batches) == 3
    gradient, workspace = np.empty_like(params), Workspace(params.dtype)
    for i, batch in enumerate(batches):
        loss = objective.loss_and_gradient(params, batch, gradient, workspace)
        assert loss == pytest.approx(float(LANGUAGE_MODEL[f"loss/{i}"]), rel=1e-12)
        expected = flat_vector(objective.layout, LANGUAGE_MODEL, f"gradient{i}/")
        assert np.abs(expected).max() > 1e-2
        np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-14)
