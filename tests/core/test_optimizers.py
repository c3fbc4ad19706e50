"""Optimisers: closed forms, PyTorch's steps (tests/oracles/make_pytorch_optimizers.py), parts."""

import copy
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skgru._core import _optimizers
from skgru._core._optimizers import (
    SGD,
    SOLVERS,
    Adam,
    AdamW,
    OptimizerSettings,
    RMSProp,
    clip_by_norm,
)
from skgru._core._params import Entries

STORED = dict(np.load(Path(__file__).parents[1] / "oracles" / "pytorch_optimizers.npz"))
CASES = sorted({name.split("/")[1] for name in STORED if name.startswith("solver/")})
N_WEIGHTS = int(STORED["n_weights"])
SETTINGS = OptimizerSettings(beta_1=0.8, beta_2=0.95, epsilon=1e-3, weight_decay=0.1)


def below(prefix):
    return {
        name.removeprefix(prefix): value
        for name, value in STORED.items()
        if name.startswith(prefix)
    }


def stored_settings(values):
    names = [name for name in values if name.startswith("settings/")]
    return OptimizerSettings(**{name.split("/")[1]: values[name].item() for name in names})


@pytest.fixture(params=SOLVERS)
def optimizer(request):
    return SOLVERS[request.param](SETTINGS)


@pytest.fixture
def steps(rng):
    """Parameters and five gradients for them."""
    return rng.standard_normal(8), rng.standard_normal((5, 8))


def test_first_step_of_adam_has_the_length_of_the_learning_rate():
    """Both bias corrections cancel: g / sqrt(g^2), up to epsilon."""
    params = np.zeros(3)
    optimizer = Adam(OptimizerSettings(epsilon=1e-12))
    optimizer.step(params, np.array([1e-3, -20.0, 0.0]), 0.1)
    np.testing.assert_allclose(params, [-0.1, 0.1, 0.0], rtol=1e-8)


def test_adam_follows_algorithm_1_with_epsilon_outside_the_correction():
    """Two steps by hand, in exact fractions: g = 3, then -1, with beta_1 = 1/2, beta_2 = 3/4."""
    params = np.array([0.0])
    optimizer = Adam(OptimizerSettings(beta_1=0.5, beta_2=0.75, epsilon=1.0))
    optimizer.step(params, np.array([3.0]), 1.0)  # m_hat = 3, v_hat = 9
    assert params[0] == pytest.approx(-3 / (3 + 1))
    optimizer.step(params, np.array([-1.0]), 1.0)  # m = 1/4, m_hat = 1/3, v = 31/16, v_hat = 31/7
    assert params[0] == pytest.approx(-3 / 4 - (1 / 3) / ((31 / 7) ** 0.5 + 1))


def test_settings_may_be_left_out(optimizer):
    assert type(optimizer)().settings == OptimizerSettings()


def test_adamw_without_gradient_shrinks_the_weights_alone():
    params = np.ones(3)
    optimizer = AdamW(OptimizerSettings(weight_decay=0.5))
    for _ in range(2):
        optimizer.step(params, np.zeros(3), 0.5, n_decayed=2)
    np.testing.assert_array_equal(params, [9 / 16, 9 / 16, 1])


def test_others_leave_weight_decay_to_the_objective(optimizer, steps):
    params, gradients = steps
    decayed = params.copy()
    twin = copy.deepcopy(optimizer)
    optimizer.step(params, gradients[0], 0.1)
    twin.step(decayed, gradients[0], 0.1, n_decayed=8)
    assert np.array_equal(params, decayed) == (not optimizer.decouples_decay)


def test_first_step_of_rmsprop_is_ten_learning_rates_long():
    params = np.zeros(2)
    RMSProp(OptimizerSettings(epsilon=1e-12)).step(params, np.array([1e-3, -20.0]), 0.01)
    np.testing.assert_allclose(params, [-0.1, 0.1], rtol=1e-6)


@pytest.mark.parametrize(
    ("nesterovs_momentum", "expected"),
    [(False, -(1 + 3 / 2)), (True, -(3 / 2 + 7 / 4))],
)
def test_two_steps_of_sgd_with_momentum_one_half(nesterovs_momentum, expected):
    params = np.zeros(1)
    optimizer = SGD(OptimizerSettings(momentum=0.5, nesterovs_momentum=nesterovs_momentum))
    for _ in range(2):
        optimizer.step(params, np.ones(1), 1.0)
    assert params[0] == expected


@pytest.mark.parametrize("case", CASES)
def test_steps_of_pytorch(case):
    values = below(f"solver/{case}/")
    optimizer = SOLVERS[str(values["solver"])](stored_settings(values))
    params = values["params"][0].copy()
    assert len(values["gradients"]) >= 10
    assert np.abs(np.diff(values["params"], axis=0)).min() > 0
    for rate, gradient, expected in zip(
        values["learning_rates"], values["gradients"], values["params"][1:], strict=True
    ):
        optimizer.step(params, gradient, rate, n_decayed=N_WEIGHTS)
        np.testing.assert_allclose(params, expected, rtol=1e-11)


def test_there_are_steps_of_pytorch_for_every_solver():
    assert {str(STORED[f"solver/{case}/solver"]) for case in CASES} == set(SOLVERS)


def test_lazy_steps_of_sparse_adam():
    """Rows of a table, touched now and then; the others keep parameters and moments."""
    values = below("sparse_adam/")
    table, rate = values["start"].copy(), float(values["learning_rate"])
    entries = np.arange(table.size).reshape(table.shape)
    optimizer = Adam(stored_settings(values))
    assert len(values["tables"]) >= 10
    for step, rows in enumerate(values["touched"]):
        gradient, touched = values["gradients"][step][rows].ravel(), entries[rows].ravel()
        optimizer.step(table.reshape(-1), gradient, rate, touched=Entries(touched))
        m, v = optimizer.moments
        for ours, name in ((table, "tables"), (m, "m"), (v, "v")):
            expected = values[name][step]
            np.testing.assert_allclose(ours.reshape(table.shape), expected, rtol=1e-11, atol=1e-15)
    at_rest = ~values["touched"].any(axis=0)
    assert at_rest.sum() == 1
    np.testing.assert_array_equal(table[at_rest], values["start"][at_rest])


@pytest.mark.parametrize(
    "parts", [[[6, 1, 2]], [slice(1, 3), [6], slice(4, 5)], [[6], slice(2, 5)]]
)
def test_step_on_touched_entries_is_the_step_on_them_alone(optimizer, steps, parts):
    params, gradients = steps
    entries = Entries(*(part if isinstance(part, slice) else np.array(part) for part in parts))
    touched = entries.take(np.arange(len(params)))
    before, alone, twin = params.copy(), params[touched], copy.deepcopy(optimizer)
    for gradient in gradients:
        optimizer.step(params, gradient[touched], 0.1, n_decayed=2, touched=entries)
        twin.step(alone, gradient[touched], 0.1, n_decayed=2)
    assert not np.isclose(params[touched], before[touched]).any()
    np.testing.assert_array_equal(params[touched], alone)
    for ours, theirs in zip(optimizer.moments, twin.moments, strict=True):
        np.testing.assert_array_equal(ours[touched], theirs)


@pytest.mark.parametrize("n_decayed", [2, 4])  # less than a stretch, and more
@pytest.mark.parametrize("touched", [None, Entries(slice(1, 8), np.array([0]))])
def test_step_in_stretches_is_the_step_at_once(optimizer, steps, touched, n_decayed, monkeypatch):
    params, gradients = steps
    twin, twins_params = copy.deepcopy(optimizer), params.copy()
    for gradient in gradients:
        given = gradient if touched is None else touched.take(gradient)
        optimizer.step(params, given, 0.1, n_decayed=n_decayed, touched=touched)
        with monkeypatch.context() as patch:
            patch.setattr(_optimizers, "STRETCH", 3)
            twin.step(twins_params, given, 0.1, n_decayed=n_decayed, touched=touched)
    for ours, theirs in zip(
        (params, *optimizer.moments), (twins_params, *twin.moments), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_untouched_entries_keep_their_bits(optimizer, steps):
    params, gradients = steps
    optimizer.step(params, gradients[0], 0.1)
    state = [params, *optimizer.moments]
    before = [array.copy() for array in state]
    optimizer.step(params, gradients[1, :2], 0.1, n_decayed=2, touched=Entries(np.array([4, 0])))
    for array, old in zip(state, before, strict=True):
        assert np.flatnonzero(array != old).tolist() == [0, 4]


def test_touching_nothing_changes_nothing(optimizer, steps):
    params, _ = steps
    before = params.copy()
    optimizer.step(params, np.empty(0), 0.1, n_decayed=4, touched=Entries(np.empty(0, dtype=int)))
    np.testing.assert_array_equal(params, before)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_goes_on_alike_and_apart(optimizer, steps, duplicate):
    params, gradients = steps
    optimizer.step(params, gradients[0], 0.1, n_decayed=4)
    twin, twins_params = duplicate(optimizer), params.copy()
    for gradient in gradients[1:]:
        optimizer.step(params, gradient, 0.1, n_decayed=4)
    assert (optimizer.n_steps, twin.n_steps) == (5, 1)
    for gradient in gradients[1:]:
        twin.step(twins_params, gradient, 0.1, n_decayed=4)
    np.testing.assert_array_equal(params, twins_params)


def test_gradient_is_only_read(optimizer, steps):
    params, gradients = steps
    gradients.flags.writeable = False
    for gradient in gradients:
        optimizer.step(params, gradient, 0.1, n_decayed=4)


def test_settings_may_change_between_steps():
    params, optimizer = np.zeros(1), SGD(OptimizerSettings(momentum=0.5))
    optimizer.step(params, np.ones(1), 1.0)
    optimizer.settings = replace(optimizer.settings, momentum=0.0)
    before = params.copy()
    optimizer.step(params, np.ones(1), 1.0)
    assert params - before == -1


def test_float32_stays_float32_and_numpy_scalars_do_not_matter(optimizer, steps):
    params, gradients = (array.astype(np.float32) for array in steps)
    exact, twin = params.astype(float), copy.deepcopy(optimizer)
    other, others_params = copy.deepcopy(optimizer), params.copy()
    other.settings = OptimizerSettings(
        **{name: np.float64(value) for name, value in vars(SETTINGS).items()}
    )
    for gradient in gradients:
        optimizer.step(params, gradient, 0.1, n_decayed=4)
        other.step(others_params, gradient, np.float64(0.1), n_decayed=4)
        twin.step(exact, gradient.astype(float), 0.1, n_decayed=4)
    assert {array.dtype for array in [params, *optimizer.moments]} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(others_params, params)
    np.testing.assert_allclose(params, exact, rtol=1e-4)


def test_clipping_scales_only_what_is_too_long():
    gradient = np.array([3.0, 4.0])
    assert clip_by_norm(gradient, 10.0) == 5.0
    np.testing.assert_array_equal(gradient, [3, 4])
    assert clip_by_norm(gradient, 1.0) == 5.0
    np.testing.assert_allclose(gradient, [0.6, 0.8])
    assert clip_by_norm(gradient, None) == pytest.approx(1.0)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_moments_of_a_gradient_that_stays_zero_do_not_become_subnormal(solver, dtype, monkeypatch):
    """A step with subnormal numbers takes ten times as long; what is dropped changes nothing."""
    start = np.linspace(-1, 1, 9).astype(dtype)

    def after_long_silence():
        optimizer, params = SOLVERS[solver](OptimizerSettings()), start.copy()
        optimizer.step(params, start, 0.01)
        is_subnormal = False
        for _ in range(900 if dtype == np.float32 else 7000):
            optimizer.step(params, np.zeros_like(start), 0.01)
            moment = np.abs(optimizer.moments[0])
            is_subnormal |= ((moment > 0) & (moment < np.finfo(dtype).smallest_normal)).any()
        return params, is_subnormal

    params, is_subnormal = after_long_silence()
    assert not is_subnormal
    monkeypatch.setattr(_optimizers, "_drop_underflow", lambda moment: None)
    exact, is_subnormal = after_long_silence()
    assert is_subnormal
    np.testing.assert_array_equal(params, exact)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_dropped_is_near_the_subnormal_numbers(dtype):
    info = np.finfo(dtype)
    limit = info.smallest_normal / info.eps
    values = np.array([1, -1, limit, -limit, limit / 2, -limit / 2, info.smallest_subnormal], dtype)
    _optimizers._drop_underflow(values)
    np.testing.assert_array_equal(values, np.array([1, -1, limit, -limit, 0, 0, 0], dtype))


@pytest.mark.parametrize("solver", ["adam", "adamw", "rmsprop"])
def test_means_of_squares_are_kept_however_small(solver, rng):
    """Without them a step would be as long as ``1 / epsilon`` allows."""
    optimizer, params = SOLVERS[solver](OptimizerSettings(epsilon=1e-20)), np.zeros(8, np.float32)
    for _ in range(4 * _optimizers.CHECKED_STEPS):
        before = params.copy()
        optimizer.step(params, rng.normal(0, 3e-16, 8).astype(np.float32), 1.0)
        assert np.abs(params - before).max() < 11
        assert optimizer.moments[-1].all()
