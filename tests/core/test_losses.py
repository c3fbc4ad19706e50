"""Values and gradients against mpmath, closed forms and the complex step."""

import numpy as np
import pytest

from skgru._core._losses import BinaryLogLoss, MultinomialLogLoss, SquaredError
from tests.reference import gru

# mpmath, 30 digits: log(1 + exp(x)) - y x, and 1 / (1 + exp(-x)) - y.
BINARY_EXTREMES = [
    (-1000.0, 0.0, 0.0, 0.0),
    (-1000.0, 1.0, 1000.0, -1.0),
    (-40.0, 0.0, 4.24835425529158898615e-18, 4.24835425529158896810e-18),
    (-1e-9, 0.0, 0.693147180059945309542, 0.49999999975),
    (40.0, 1.0, 4.24835425529158898615e-18, -4.24835425529158896810e-18),
    (700.0, 0.0, 700.0, 1.0),
]


@pytest.mark.parametrize(("raw", "y", "value", "gradient"), BINARY_EXTREMES)
def test_binary_log_loss_at_extremes(raw, y, value, gradient):
    result = BinaryLogLoss().value_and_gradient(np.array([[raw]]), np.array([[y]]))
    assert result[0][0] == pytest.approx(value, rel=1e-14, abs=1e-16)
    assert result[1][0, 0] == pytest.approx(gradient, rel=1e-14, abs=1e-16)


def test_multinomial_log_loss_at_extremes():
    """Differences of 1000 leave the largest exponential alone: value 0 or 1000."""
    raw = np.array([[1000.0, 0.0, -1000.0], [1000.0, 0.0, -1000.0]])
    y = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    value, gradient = MultinomialLogLoss().value_and_gradient(raw, y)
    np.testing.assert_allclose(value, [0.0, 1000.0], atol=1e-300)
    np.testing.assert_allclose(gradient, [[0, 0, 0], [1, -1, 0]], atol=1e-300)


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        (SquaredError(), [0.3, -1.2, 2.0]),
        (BinaryLogLoss(), [1.0, 0.0, 1.0]),
        (MultinomialLogLoss(), [0.0, 1.0, 0.0]),
    ],
    ids=lambda param: type(param).__name__,
)
def test_gradients_by_complex_step(loss, y):
    raw, y = np.array([0.7, -0.2, 1.5]), np.array(y)
    naive = gru.LOSSES[type(loss).__name__]
    value, gradient = loss.value_and_gradient(raw[None], y[None])
    assert value[0] == pytest.approx(naive(raw, y), rel=1e-14)
    for k in range(3):
        shifted = raw.astype(complex)
        shifted[k] += 1e-30j
        assert gradient[0, k] == pytest.approx(naive(shifted, y).imag / 1e-30, rel=1e-13)


@pytest.mark.parametrize("loss", [SquaredError(), BinaryLogLoss(), MultinomialLogLoss()])
def test_best_constant_has_no_gradient(loss, rng):
    """Where the output bias starts, the weighted mean of the gradients vanishes."""
    y = np.eye(3)[rng.randint(3, size=50)]
    weights = rng.uniform(0, 2, 50)
    raw = np.tile(loss.best_constant(y, weights), (50, 1))
    _, gradient = loss.value_and_gradient(raw, y)
    assert np.abs(gradient).max() > 0.1
    np.testing.assert_allclose(weights @ gradient, 0, atol=1e-12)


def test_a_class_without_weight_starts_at_a_finite_bias():
    y, weights = np.array([[1.0], [0.0]]), np.array([1.0, 0.0])
    assert np.isfinite(BinaryLogLoss().best_constant(y, weights)).all()
    assert np.isfinite(MultinomialLogLoss().best_constant(np.eye(2), weights)).all()
