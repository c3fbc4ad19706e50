"""Values and gradients against mpmath, other people's losses, and complex steps of naive ones."""

import copy
import pickle

import numpy as np
import pytest
import scipy.special
import sklearn.metrics

from skgru._core._log_losses import BinaryLogLoss, MultinomialLogLoss
from skgru._core._losses import (
    REGRESSION_LOSSES,
    AbsoluteError,
    Huber,
    Poisson,
    Quantile,
    SquaredError,
)
from tests.core.conftest import naive_loss, random_targets

# Computed by mpmath with 50 digits, of which 30 are kept; arguments are the floats that they say.

# raw, y, log(1 + exp(raw)) - y raw, 1 / (1 + exp(-raw)) - y
BINARY_EXTREMES = [
    (-1000.0, 0.0, 0.0, 0.0),
    (-1000.0, 1.0, 1000.0, -1.0),
    (-40.0, 0.0, 4.24835425529158898615e-18, 4.24835425529158896810e-18),
    (-1e-9, 0.0, 0.693147180059945309542, 0.49999999975),
    (40.0, 1.0, 4.24835425529158898615e-18, -4.24835425529158896810e-18),
    (700.0, 0.0, 700.0, 1.0),
]

# raw, y, y log(y) - y + exp(raw) - y raw, exp(raw) - y
POISSON_EXTREMES = [
    (-1000.0, 0.0, 0.0, 0.0),
    (-1000.0, 3.0, 3000.29583686600432907418573571, -3.0),
    (-40.0, 0.0, 4.24835425529158899532923478286e-18, 4.24835425529158899532923478286e-18),
    (0.0, 0.0, 1.0, 1.0),
    (0.0, 1.0, 0.0, 0.0),
    (1e-9, 1.0, 5.00000000166666728989924822262e-19, 1.00000000050000000062448258182e-9),
    (2.5, 7.0, 1.30386500409066657380764515527, 5.18249396070347343807017595117),
    (13.8, 1e6, 119.669193309077819207365575108, -15390.8887709643157460056024309),
    (40.0, 3.0, 235385266837019865.703736776753, 235385266837019982.407899910749),
    (700.0, 0.0, 1.01423205473500450945532959523e304, 1.01423205473500450945532959523e304),
    (700.0, 2.0, 1.01423205473500450945532959523e304, 1.01423205473500450945532959523e304),
    (709.0, 1e6, 8.2184074615549721892413723866e307, 8.2184074615549721892413723866e307),
]

# raw - y, the loss with delta = 1, its slope
HUBER_AROUND_DELTA = [
    (0.0, 0.0, 0.0),
    (1e-9, 5.0000000000000006228159145778e-19, 1.00000000000000006228159145778e-9),
    (0.999999, 0.499999000000499971244364239453, 0.999998999999999971244335483789),
    (1.0, 0.5, 1.0),
    (1.000001, 0.500000999999999917733362053696, 1.0),
    (1000.0, 999.5, 1.0),
    (1e12, 999999999999.5, 1.0),
]

# x, log(1 + exp(x)), its slope 1 / (1 + exp(-x))
SOFTPLUS = [
    (-1000.0, 0.0, 0.0),
    (-40.0, 4.24835425529158898630497784363e-18, 4.2483542552915889772807209044e-18),
    (0.0, 0.693147180559945309417232121458, 0.5),
    (0.5, 0.974076984180106680872997355081, 0.622459331201854564638900565746),
    (40.0, 40.0000000000000000042483542553, 0.999999999999999995751645744708),
    (700.0, 700.0, 1.0),
]

# d, log(exp(d) - 1)
INVERSE_SOFTPLUS = [
    (0.001, -6.90725523731547071178243262084),
    (0.5, -0.432752129567188571894641000149),
    (1.0, 0.541324854612918108978356354933),
    (40.0, 39.9999999999999999957516457447),
    (1000.0, 1000.0),
]


def rows(loss, n_outputs, rng, dtype=np.float64):
    """Raw outputs, targets and weights of fifty rows."""
    raw = 1.5 * rng.standard_normal((50, loss.n_raw(n_outputs)))
    y = random_targets(loss, 50, n_outputs, rng)
    return raw.astype(dtype), y.astype(dtype), rng.uniform(0.1, 2, 50).astype(dtype)


def mean_gradient(loss, constant, y, weights):
    """The gradient of the weighted mean loss by a raw output that is the same for all rows."""
    _, gradient = loss.value_and_gradient(np.tile(constant, (len(y), 1)), y)
    assert np.abs(gradient).max() > 1e-3
    return np.average(gradient, axis=0, weights=weights)


@pytest.mark.parametrize(
    ("loss", "raw", "y", "value", "gradient"),
    [(BinaryLogLoss(), *row) for row in BINARY_EXTREMES]
    + [(Poisson(), *row) for row in POISSON_EXTREMES]
    + [(Huber(), residual, 0.0, *results) for residual, *results in HUBER_AROUND_DELTA]
    + [(Huber(), -r, 0.0, value, -slope) for r, value, slope in HUBER_AROUND_DELTA],
)
def test_extremes(loss, raw, y, value, gradient):
    """To a few roundings of the value, of 700 in the exponent, and of y."""
    result = loss.value_and_gradient(np.array([[raw]]), np.array([[y]]))
    assert result[0][0] == pytest.approx(value, rel=1e-13, abs=1e-16)
    assert result[1][0, 0] == pytest.approx(gradient, rel=1e-14, abs=1e-16 * max(y, 1))


def test_multinomial_log_loss_at_extremes():
    """Differences of 1000 leave the largest exponential alone: value 0 or 1000."""
    raw = np.array([[1000.0, 0.0, -1000.0], [1000.0, 0.0, -1000.0]])
    y = np.array([[0.0], [1.0]])
    value, gradient = MultinomialLogLoss(3).value_and_gradient(raw, y)
    np.testing.assert_allclose(value, [0.0, 1000.0], atol=1e-300)
    np.testing.assert_allclose(gradient, [[0, 0, 0], [1, -1, 0]], atol=1e-300)


def test_multinomial_log_loss_keeps_its_digits_near_zero():
    """log(1 + 2 exp(-40)); the sum alone would be 1."""
    value, _ = MultinomialLogLoss(3).value_and_gradient(np.array([[40.0, 0, 0]]), np.zeros((1, 1)))
    assert value[0] == pytest.approx(2 * np.exp(-40), rel=1e-14)


@pytest.mark.parametrize(("step", "softplus", "slope"), SOFTPLUS)
def test_steps_between_quantiles_at_extremes(step, softplus, slope):
    """Both quantiles stay above y; the gradient by a large step is that by the quantile itself."""
    loss, y = Quantile((0.1, 0.9)), np.array([[-1.0]])
    assert loss.inverse_link(np.array([[0.0, step]]))[0, 1] == pytest.approx(softplus, rel=1e-14)
    _, gradient = loss.value_and_gradient(np.array([[0.0, step]]), y)
    _, of_quantile = loss.value_and_gradient(np.array([[0.0, 1000.0]]), y)
    assert of_quantile[0, 1] > 0.01
    assert gradient[0, 1] / of_quantile[0, 1] == pytest.approx(slope, rel=1e-14)


@pytest.mark.parametrize(("distance", "step"), INVERSE_SOFTPLUS)
def test_steps_start_where_softplus_gives_the_distance_of_quantiles(distance, step):
    constant = Quantile((0.25, 0.75)).best_constant(np.array([[0.0], [distance]]), np.ones(2))
    assert constant.tolist() == pytest.approx([0.0, step], rel=1e-14)


@pytest.mark.parametrize(
    ("dtype", "raw"), [(np.float64, 710), (np.float64, 1e300), (np.float32, 89)]
)
def test_poisson_is_infinite_where_exp_is_without_a_warning(dtype, raw):
    """Training knows divergence by it."""
    raw = np.array([[raw, 0], [raw, raw], [0, 1]], dtype)
    y = np.array([[0, 2], [2, 0], [1, 1]], dtype)
    value, gradient = Poisson().value_and_gradient(raw, y)
    np.testing.assert_array_equal(value == np.inf, [True, True, False])
    np.testing.assert_array_equal(gradient == np.inf, raw > 80)
    np.testing.assert_array_equal(Poisson().inverse_link(raw) == np.inf, raw > 80)


def test_poisson_of_large_counts_is_not_lost_in_float32(rng):
    """The deviance is about one half, whatever the mean; y log(y) is a million times as much."""
    y = rng.poisson(1e6, (1000, 1))
    raw = np.full(y.shape, np.log(1e6))
    exact, _ = Poisson().value_and_gradient(raw.astype(np.float32).astype(float), y.astype(float))
    value, _ = Poisson().value_and_gradient(raw.astype(np.float32), y.astype(np.float32))
    assert exact.mean() == pytest.approx(0.5, rel=0.1)
    np.testing.assert_allclose(value, exact, atol=0.01)
    assert value.min() >= 0


def test_a_perfect_fit_costs_nothing(rng):
    y = rng.standard_normal((20, 3))
    for loss in (SquaredError(), AbsoluteError(), Huber(), Quantile((0.3,))):
        value, gradient = loss.value_and_gradient(y, y)
        assert not value.any(), type(loss)
        assert not gradient.any(), type(loss)
    counts = 1.0 + rng.poisson(3, (20, 3))
    value, gradient = Poisson().value_and_gradient(np.log(counts), counts)
    assert not value.any()
    np.testing.assert_allclose(gradient, 0, atol=1e-14)


def test_values_and_gradients_by_complex_step(loss_and_n_outputs, rng):
    loss, n_outputs = loss_and_n_outputs
    raw, y, _ = rows(loss, n_outputs, rng)
    naive = naive_loss(loss)
    value, gradient = loss.value_and_gradient(raw, y)
    for i in range(len(y)):
        assert value[i] == pytest.approx(naive(raw[i], y[i]), rel=1e-12, abs=1e-14)
        for r in range(raw.shape[1]):
            shifted = raw[i].astype(complex)
            shifted[r] += 1e-30j
            derivative = naive(shifted, y[i]).imag / 1e-30
            assert gradient[i, r] == pytest.approx(derivative, rel=1e-12, abs=1e-15)


def test_gradient_changes_sign_at_the_best_constant(loss_and_n_outputs, rng):
    """Of the mean loss, by each raw output: also where the loss has kinks."""
    loss, n_outputs = loss_and_n_outputs
    _, y, weights = rows(loss, n_outputs, rng)
    constant = loss.best_constant(y, weights)
    assert constant.shape == (loss.n_raw(n_outputs),)
    for r, shift in enumerate(1e-6 * np.eye(len(constant))):
        assert mean_gradient(loss, constant - shift, y, weights)[r] < 0
        assert mean_gradient(loss, constant + shift, y, weights)[r] > 0


@pytest.mark.parametrize(
    ("loss", "n_outputs"),
    [
        (SquaredError(), 3),
        (Huber(), 3),
        (Poisson(), 3),
        (BinaryLogLoss(), 3),
        (BinaryLogLoss(np.array([[0.5, 3.0], [1.0, 0.2], [2.0, 0.7]])), 3),
        (MultinomialLogLoss(3), 1),
        (MultinomialLogLoss(3, np.array([0.5, 3.0, 1.0])), 1),
    ],
)
def test_best_constant_of_a_smooth_loss_has_no_gradient(loss, n_outputs, rng):
    _, y, weights = rows(loss, n_outputs, rng)
    constant = loss.best_constant(y, weights)
    np.testing.assert_allclose(mean_gradient(loss, constant, y, weights), 0, atol=1e-11)


def test_weights_of_the_best_constant_are_copies(loss_and_n_outputs, rng):
    loss, n_outputs = loss_and_n_outputs
    _, y, _ = rows(loss, n_outputs, rng)
    n_copies = rng.randint(4, size=len(y))
    assert not n_copies.all()
    weighted = loss.best_constant(y, n_copies / 2)
    copied = loss.best_constant(np.repeat(y, n_copies, axis=0), np.ones(n_copies.sum()))
    np.testing.assert_allclose(weighted, copied, rtol=1e-10, atol=1e-10)
    assert np.abs(weighted - loss.best_constant(y, np.ones(len(y)))).max() > 1e-3


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        (BinaryLogLoss(), [[1.0], [0.0]]),
        (MultinomialLogLoss(2), [[0.0], [1.0]]),
        (Poisson(), [[0.0], [5.0]]),
        (Quantile((0.1, 0.5, 0.9)), [[2.0], [5.0]]),
    ],
)
def test_what_has_no_weight_starts_at_a_finite_bias_from_which_it_can_move(loss, y):
    """The second row has a class of its own, or is the only count, or sets quantiles apart."""
    y = np.array(y)
    constant = loss.best_constant(y, np.array([1.0, 0.0]))
    assert np.isfinite(constant).all()
    _, gradient = loss.value_and_gradient(constant[None], y[1:])
    assert np.abs(gradient).min() > 1e-4


def test_an_output_whose_classes_have_no_weight_starts_at_a_finite_bias():
    y = np.zeros((3, 1))
    assert np.isfinite(BinaryLogLoss(np.array([[0.0, 1.0]])).best_constant(y, np.ones(3))).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_quantiles_never_cross(dtype, n_outputs, rng):
    """Not by a rounding either, however wild the raw outputs are."""
    loss = Quantile((0.05, 0.25, 0.5, 0.75, 0.95))
    raw = (1e3 * rng.standard_normal((1000, loss.n_raw(n_outputs)))).astype(dtype)
    quantiles = loss.inverse_link(raw).reshape(1000, n_outputs, 5)
    assert np.diff(quantiles, axis=2).min() >= 0
    assert np.ptp(quantiles[:, :, 0]) > 1000


def test_each_target_has_its_own_stretch_of_quantiles(rng):
    """C order of (outputs, quantiles), in raw outputs, predictions and the first bias."""
    loss = Quantile((0.2, 0.5, 0.9))
    raw, y, weights = rows(loss, 2, rng)
    y[:, 1] += 100
    value, gradient = loss.value_and_gradient(raw, y)
    parts = [(raw[:, 3 * k : 3 * k + 3], y[:, k : k + 1]) for k in range(2)]
    each = [loss.value_and_gradient(*part) for part in parts]
    np.testing.assert_allclose(value, np.mean([value for value, _ in each], axis=0), rtol=1e-14)
    np.testing.assert_allclose(gradient, np.hstack([g for _, g in each]) / 2, rtol=1e-14)
    predictions = np.hstack([loss.inverse_link(raw) for raw, _ in parts])
    np.testing.assert_array_equal(loss.inverse_link(raw), predictions)
    constants = np.hstack([loss.best_constant(y, weights) for _, y in parts])
    np.testing.assert_array_equal(loss.best_constant(y, weights), constants)


@pytest.mark.parametrize("quantiles", [(0.5,), (0.9,), (0.1, 0.5, 0.8)])
def test_quantile_is_the_pinball_loss_of_scikit_learn(quantiles, rng):
    loss = Quantile(quantiles)
    raw, y, _ = rows(loss, 2, rng)
    value, _ = loss.value_and_gradient(raw, y)
    predictions = loss.inverse_link(raw).reshape(len(y), 2, len(quantiles))
    expected = [
        sklearn.metrics.mean_pinball_loss(y, predictions[:, :, j], alpha=level)
        for j, level in enumerate(quantiles)
    ]
    assert value.mean() == pytest.approx(np.mean(expected), rel=1e-13)


def test_the_loss_of_the_median_is_half_the_absolute_error(rng):
    raw, y, weights = rows(AbsoluteError(), 2, rng)
    median, absolute = Quantile((0.5,)), AbsoluteError()
    halves = median.value_and_gradient(raw, y)
    for half, whole in zip(halves, absolute.value_and_gradient(raw, y), strict=True):
        np.testing.assert_allclose(2 * half, whole, rtol=1e-14)
    np.testing.assert_array_equal(
        median.best_constant(y, weights), absolute.best_constant(y, weights)
    )


def test_regression_losses_are_those_of_scikit_learn_and_scipy(rng):
    raw, y, _ = rows(Poisson(), 2, rng)
    assert (y == 0).any()
    values = {
        name: factory((0.5,)).value_and_gradient(raw, y)[0].mean()
        for name, factory in REGRESSION_LOSSES.items()
    }
    means = np.exp(raw).ravel()
    expected = {
        "squared_error": sklearn.metrics.mean_squared_error(y, raw) / 2,
        "absolute_error": sklearn.metrics.mean_absolute_error(y, raw),
        "huber": scipy.special.huber(1, raw - y).mean(),
        "poisson": sklearn.metrics.mean_poisson_deviance(y.ravel(), means) / 2,
        "quantile": sklearn.metrics.mean_pinball_loss(y, raw),
    }
    assert values == pytest.approx(expected, rel=1e-13)


def test_class_weights_of_multinomial_log_loss_are_sample_weights(rng):
    plain, weighted = MultinomialLogLoss(3), MultinomialLogLoss(3, np.array([0.5, 3.0, 0.0]))
    raw, y, weights = rows(plain, 1, rng)
    of_class = np.array([0.5, 3.0, 0.0])[y[:, 0].astype(int)]
    value, gradient = plain.value_and_gradient(raw, y)
    weighted_value, weighted_gradient = weighted.value_and_gradient(raw, y)
    np.testing.assert_allclose(weighted_value, of_class * value, rtol=1e-14)
    np.testing.assert_allclose(weighted_gradient, of_class[:, None] * gradient, rtol=1e-14)
    np.testing.assert_allclose(
        weighted.best_constant(y, weights), plain.best_constant(y, of_class * weights), rtol=1e-12
    )
    expected = sklearn.metrics.log_loss(
        y, plain.inverse_link(raw), sample_weight=of_class, normalize=False
    )
    assert weighted_value.sum() == pytest.approx(expected, rel=1e-12)


def test_class_weights_of_binary_log_loss_are_sample_weights_of_each_label(rng):
    class_weight = np.array([[0.5, 3.0], [1.0, 0.2], [0.0, 2.0]])
    loss = BinaryLogLoss(class_weight)
    raw, y, weights = rows(loss, 3, rng)
    shares = loss.inverse_link(raw)
    value, gradient = loss.value_and_gradient(raw, y)
    expected = 0.0
    for k in range(3):
        of_class = class_weight[k][y[:, k].astype(int)]
        expected += sklearn.metrics.log_loss(
            y[:, k], shares[:, k], sample_weight=of_class, normalize=False
        )
        alone, y_k = BinaryLogLoss(), y[:, k : k + 1]
        _, gradient_k = alone.value_and_gradient(raw[:, k : k + 1], y_k)
        np.testing.assert_allclose(gradient[:, k], of_class * gradient_k[:, 0] / 3, rtol=1e-13)
        np.testing.assert_allclose(
            loss.best_constant(y, weights)[k],
            alone.best_constant(y_k, of_class * weights)[0],
            rtol=1e-12,
        )
    assert value.sum() == pytest.approx(expected / 3, rel=1e-12)


def test_float32_stays(loss_and_n_outputs, rng):
    loss, n_outputs = loss_and_n_outputs
    raw, y, weights = rows(loss, n_outputs, rng, np.float32)
    single = [*loss.value_and_gradient(raw, y), loss.inverse_link(raw)]
    constant = loss.best_constant(y, weights)
    raw, y, weights = (array.astype(np.float64) for array in (raw, y, weights))
    double = [*loss.value_and_gradient(raw, y), loss.inverse_link(raw)]
    np.testing.assert_allclose(constant, loss.best_constant(y, weights), rtol=1e-5, atol=1e-5)
    for single_part, double_part in zip(single, double, strict=True):
        assert single_part.dtype == np.float32
        assert double_part.dtype == np.float64
        np.testing.assert_allclose(single_part, double_part, rtol=1e-5, atol=1e-5)


def test_inputs_are_not_written_to(loss_and_n_outputs, rng):
    loss, n_outputs = loss_and_n_outputs
    arrays = rows(loss, n_outputs, rng)
    for array in arrays:
        array.flags.writeable = False
    raw, y, weights = arrays
    _, gradient = loss.value_and_gradient(raw, y)
    gradient *= 2  # the objective weighs it in place
    loss.inverse_link(raw)
    loss.best_constant(y, weights)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda loss: pickle.loads(pickle.dumps(loss))])
def test_copies_are_the_same_loss(copied, loss_and_n_outputs, rng):
    loss, n_outputs = loss_and_n_outputs
    raw, y, _ = rows(loss, n_outputs, rng)
    twin = copied(loss)
    assert twin.link_name == loss.link_name
    for ours, theirs in zip(
        loss.value_and_gradient(raw, y), twin.value_and_gradient(raw, y), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_several_quantiles_have_a_link_and_more_raw_outputs():
    one, several = Quantile((0.5,)), Quantile((0.1, 0.5, 0.9))
    assert (one.link_name, one.n_raw(2)) == ("identity", 2)
    assert (several.link_name, several.n_raw(2)) == ("cumulative softplus", 6)


def test_only_poisson_limits_its_targets(loss_and_n_outputs):
    loss, _ = loss_and_n_outputs
    assert loss.smallest_target == (0 if isinstance(loss, Poisson) else -np.inf)


def test_a_huge_outlier_does_not_keep_the_huber_loss_from_its_start():
    """The root was given up after 100 steps."""
    y = np.array([[0.0], [1.0], [2.0], [1e30]])
    constant = Huber().best_constant(y, np.ones(4))
    np.testing.assert_allclose(constant, 1.5)  # where the pulls are -1, -1/2, 1/2 and 1
