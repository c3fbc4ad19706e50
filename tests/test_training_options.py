"""Solvers, learning rates, dropout, and training that goes on."""

import copy
import math
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV, KFold

from skgru import GRUClassifier, GRURegressor

FAST = {
    "hidden_layer_sizes": 4,
    "max_iter": 6,
    "learning_rate": "constant",
    "learning_rate_init": 3e-3,
    "random_state": 0,
}
SOLVERS = ["adam", "adamw", "rmsprop", "sgd"]
SCHEDULES = ["constant", "plateau", "cosine", "onecycle"]


@pytest.fixture
def data(rng):
    """Forty ragged sequences with their sums."""
    X = [rng.standard_normal((n, 2)) for n in rng.randint(1, 6, 40)]
    return X, np.array([x[:, 0].sum() for x in X])


def bits(model):
    return model._trainer.params


# Solvers


@pytest.mark.parametrize(
    ("solver", "learning_rate"), [("adam", 0.02), ("adamw", 0.02), ("rmsprop", 0.01), ("sgd", 0.1)]
)
def test_each_solver_learns(data, solver, learning_rate):
    X, y = data
    model = GRURegressor(8, solver=solver, learning_rate_init=learning_rate, batch_size=10)
    model.set_params(max_iter=60, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.9


@pytest.mark.parametrize(
    ("solver", "options", "has_effect"),
    [
        ("sgd", {"momentum": 0.5}, True),
        ("sgd", {"nesterovs_momentum": False}, True),
        ("sgd", {"momentum": 0.0, "nesterovs_momentum": False}, True),
        ("sgd", {"beta_1": 0.5, "beta_2": 0.5, "epsilon": 1.0}, False),
        ("rmsprop", {"epsilon": 1.0}, True),
        ("rmsprop", {"beta_1": 0.5, "beta_2": 0.5, "momentum": 0.5}, False),
        ("adam", {"beta_1": 0.5}, True),
        ("adamw", {"beta_2": 0.5}, True),
        ("adam", {"momentum": 0.5, "nesterovs_momentum": False}, False),
    ],
    ids=str,
)
def test_options_of_a_solver(data, solver, options, has_effect):
    plain = GRURegressor(solver=solver, **FAST).fit(*data)
    model = GRURegressor(solver=solver, **options, **FAST).fit(*data)
    assert np.array_equal(bits(model), bits(plain)) != has_effect
    later = GRURegressor(solver=solver, warm_start=True, **FAST).fit(*data)
    later.set_params(**options).fit(*data)
    other = GRURegressor(solver=solver, warm_start=True, **FAST).fit(*data).fit(*data)
    assert np.array_equal(bits(later), bits(other)) != has_effect


def test_without_momentum_look_ahead_is_nothing(data):
    first, second = (
        GRURegressor(solver="sgd", momentum=0.0, nesterovs_momentum=ahead, **FAST).fit(*data)
        for ahead in (True, False)
    )
    np.testing.assert_allclose(bits(first), bits(second), rtol=1e-12)


def test_decay_of_adamw_is_of_weights_and_apart_from_the_loss(data):
    X, y = data
    options = {**FAST, "max_iter": 1, "learning_rate_init": 0.01}
    plain = GRURegressor(solver="adamw", alpha=0.0, **options).fit(X, y)
    decayed = GRURegressor(solver="adamw", alpha=3.0, **options).fit(X, y)
    start = GRURegressor(solver="adamw", **{**options, "learning_rate_init": 1e-14}).fit(X, y)
    assert decayed.loss_ == plain.loss_
    for name, weights in start.weights_.items():
        difference = plain.weights_[name] - decayed.weights_[name]
        expected = 0.01 * 3.0 * weights if name.startswith("weight") else np.zeros_like(weights)
        np.testing.assert_allclose(difference, expected, atol=1e-12)


# Learning rates


def rates(model):
    return np.array(model.history_["learning_rate"]) / model.learning_rate_init


def test_learning_rates_of_the_epochs(data):
    """What stands in the history is the rate of an epoch's last step; here it has four."""
    n_steps, done = 24, np.arange(3, 24, 4)
    model = GRURegressor(batch_size=10, **FAST)
    assert rates(model.fit(*data)).tolist() == [1.0] * 6
    cosine = rates(model.set_params(learning_rate="cosine").fit(*data))
    np.testing.assert_allclose(cosine, (1 + np.cos(np.pi * done / n_steps)) / 2, rtol=1e-12)
    one_cycle = rates(model.set_params(learning_rate="onecycle").fit(*data))
    assert np.argmax(one_cycle) == 1
    assert one_cycle[1] == pytest.approx(1, abs=0.01)
    assert one_cycle[-1] == pytest.approx(4e-6, rel=1e-6)
    seen = []
    model.set_params(learning_rate=lambda share: seen.append(share) or 1 - share).fit(*data)
    np.testing.assert_allclose(seen, np.arange(n_steps) / n_steps)
    np.testing.assert_allclose(rates(model), 1 - done / n_steps)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_rate_that_a_schedule_gives_is_the_rate_of_the_step(data, solver):
    """A function that is 0 after the first third stops the weights there."""
    options = {**FAST, "solver": solver, "alpha": 0.1}
    model = GRURegressor(**options).set_params(learning_rate=lambda share: float(share < 1 / 3))
    model.fit(*data)
    shorter = GRURegressor(**{**options, "max_iter": 2}).fit(*data)
    np.testing.assert_array_equal(bits(model), bits(shorter))


def test_plateau_divides_by_five_where_the_loss_stays(data):
    X, y = data
    model = GRURegressor(**{**FAST, "learning_rate": "plateau", "max_iter": 20})
    model.set_params(n_iter_no_change=6, tol=10.0).fit(X, y)
    # Patience is 6 // 3 = 2 epochs; the first loss is an improvement, and training ends after 7.
    assert model.n_iter_ == 8
    np.testing.assert_allclose(rates(model), [1, 1, 1, 1, 0.2, 0.2, 0.2, 0.04])
    falling = model.set_params(tol=0.0, max_iter=8, learning_rate_init=1e-3).fit(X, y)
    assert np.diff(falling.loss_curve_).max() < 0
    assert rates(falling).tolist() == [1.0] * 8


def test_plateau_watches_what_early_stopping_watches(rng):
    """On noise the training loss falls, and the validation loss does not."""
    X, y = rng.standard_normal((60, 4, 2)), rng.standard_normal(60)
    options = {"learning_rate": "plateau", "n_iter_no_change": 3, "learning_rate_init": 0.02}
    model = GRURegressor(16, **options, early_stopping=True, max_iter=30, random_state=0)
    model.fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    assert np.diff(model.loss_curve_).max() < 0
    assert rates(model).min() <= 0.2
    model.set_params(early_stopping=False).fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    assert rates(model).min() == 1


@pytest.mark.parametrize("factor", [math.nan, math.inf, -1.0, "fast", None, np.ones(2)], ids=str)
def test_a_function_that_returns_no_rate(data, factor):
    """NaN in the last step went unnoticed: predictions were NaN."""
    X, y = data
    model = GRURegressor(**FAST).fit(X, y)
    before = model.predict(X)
    with pytest.raises(ValueError, match=r"The function learning_rate returned .* for 0\.8"):
        model.set_params(learning_rate=lambda share: 1.0 if share < 0.8 else factor).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), before)


def test_weights_that_overflow_in_the_last_step_are_divergence(data):
    X, y = data
    X = [x.astype(np.float32) for x in X]
    model = GRURegressor(**{**FAST, "max_iter": 1, "learning_rate_init": 1e39})
    with pytest.raises(ValueError, match="Training diverged in epoch 1"):
        model.fit(X, y)


# Dropout

DROPOUTS = [
    {"dropout": 0.5},
    {"recurrent_dropout": 0.5},
    {"dropout": 0.3, "recurrent_dropout": 0.2, "hidden_layer_sizes": (4, 3)},
]


@pytest.mark.parametrize("options", DROPOUTS, ids=str)
def test_dropout_is_seeded_and_only_of_training(data, options):
    X, y = data
    options = {**FAST, **options}
    model = GRURegressor(**options).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), model.predict(X))
    np.testing.assert_allclose(model.predict(X[:1]), model.predict(X)[:1], rtol=1e-12)
    np.testing.assert_array_equal(bits(clone(model).fit(X, y)), bits(model))
    plain = GRURegressor(**{**options, "dropout": 0, "recurrent_dropout": 0}).fit(X, y)
    assert not np.allclose(plain.loss_curve_, model.loss_curve_, rtol=1e-4)
    other = clone(model).set_params(random_state=1).fit(X, y)
    assert not np.allclose(other.predict(X), model.predict(X), rtol=1e-4)


def test_the_validation_loss_is_without_dropout(data):
    X, y = data
    model = GRURegressor(dropout=0.5, recurrent_dropout=0.5, **FAST)
    model.fit(X, y, X_val=X, y_val=y)
    expected = np.mean((model.predict(X) - y) ** 2) / 2
    assert model.validation_loss_curve_[-1] == pytest.approx(expected, rel=1e-12)


def test_dropout_keeps_a_large_network_from_learning_noise(rng):
    X, y = rng.standard_normal((40, 5, 2)), rng.standard_normal(40)
    options = {"learning_rate_init": 0.01, "max_iter": 60, "random_state": 0}
    plain = GRURegressor(32, **options).fit(X, y)
    dropped = GRURegressor(32, dropout=0.5, recurrent_dropout=0.5, **options).fit(X, y)
    assert plain.score(X, y) > dropped.score(X, y) + 0.2


def test_dropout_set_before_a_warm_start_takes_effect(data):
    X, y = data
    first = GRURegressor(warm_start=True, **FAST | {"hidden_layer_sizes": (4, 3)}).fit(X, y)
    models = [copy.deepcopy(first) for _ in range(3)]
    models[1].set_params(dropout=0.5)
    models[2].set_params(recurrent_dropout=0.5)
    assert len({model.fit(X, y).loss_ for model in models}) == 3
    network = models[1]._trainer.objective.network
    assert network.dropout == network.layers.dropout == 0.5  # before the head and between layers


# Going on

GOING_ON = [
    {},
    {"batch_size": 7},
    {"batch_size": 7, "dropout": 0.3, "recurrent_dropout": 0.3, "hidden_layer_sizes": (4, 3)},
    {"batch_size": 7, "learning_rate": "plateau", "n_iter_no_change": 3, "tol": 10.0},
    {"batch_size": 7, "alpha": 0.1, "pooling": "attention", "bidirectional": True},
    {"shuffle": False, "batch_size": 7},
    {"random_state": np.random.RandomState(3), "batch_size": 7},
]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("options", GOING_ON, ids=lambda options: " ".join(options) or "defaults")
def test_k_epochs_and_k_more_are_2k_to_the_bit(data, solver, options):
    X, y = data
    options = {**FAST, "max_iter": 2, "solver": solver, **options}
    parts = GRURegressor(**copy.deepcopy(options), warm_start=True).fit(X, y)
    after_2 = bits(parts).copy()
    parts = pickle.loads(pickle.dumps(parts)).fit(X, y)
    whole = GRURegressor(**copy.deepcopy(options) | {"max_iter": 4}).fit(X, y)
    np.testing.assert_array_equal(bits(parts), bits(whole))
    assert not np.array_equal(bits(parts), after_2)
    assert parts.n_iter_ == whole.n_iter_ == 4
    assert parts.t_ == whole.t_ == 160
    for name in ("loss", "learning_rate", "gradient_norm"):
        assert parts.history_[name] == whole.history_[name]
    if options.get("learning_rate") == "plateau":
        assert rates(whole).tolist() == pytest.approx([1, 1, 1, 0.2])


@pytest.mark.parametrize("learning_rate", ["cosine", "onecycle", lambda share: 1 - share])
def test_a_schedule_with_an_end_is_run_through_in_each_fit(data, learning_rate):
    """To its end, too, whatever the training loss does."""
    options = FAST | {"learning_rate": learning_rate, "n_iter_no_change": 1, "tol": 10.0}
    model = GRURegressor(**options, batch_size=10, warm_start=True).fit(*data)
    once = rates(model).tolist()
    assert len(set(once)) == 6
    assert rates(model.fit(*data)).tolist() == 2 * once


@pytest.mark.parametrize("options", [{"embedding_dim": 3}, {"return_sequences": True}], ids=str)
def test_tokens_and_steps_go_on_to_the_bit(rng, options):
    X = rng.randint(1, 5, (40, 6))
    y = X == 3 if "return_sequences" in options else (X == 3).any(axis=1)
    options = {**FAST, **options, "batch_size": 7, "dropout": 0.3}
    parts = GRUClassifier(**options, warm_start=True).fit(X, y).fit(X, y)
    whole = GRUClassifier(**options | {"max_iter": 12}).fit(X, y)
    np.testing.assert_array_equal(bits(parts), bits(whole))


@pytest.mark.parametrize("learning_rate", SCHEDULES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_partial_fit_is_an_epoch_of_a_fit(data, solver, learning_rate):
    """So the solver keeps its state. Without an end in sight, the rates are constant."""
    X, y = data
    options = {**FAST, "solver": solver, "batch_size": 7, "dropout": 0.3, "tol": 10.0}
    options |= {"learning_rate": learning_rate, "n_iter_no_change": 3}
    parts = GRURegressor(**options)
    for _ in range(4):
        parts.partial_fit(X, y)
    whole = GRURegressor(**options | {"learning_rate": "constant", "max_iter": 4}).fit(X, y)
    np.testing.assert_array_equal(bits(parts), bits(whole))
    assert set(rates(parts)) == {1}


def test_partial_fit_keeps_the_rate_of_a_plateau(data):
    """Losses of other batches are not compared: the rate of a stream fell to nothing."""
    X, y = data
    options = {**FAST, "learning_rate": "plateau", "n_iter_no_change": 3, "tol": 10.0}
    model = GRURegressor(**options | {"max_iter": 4}).fit(X, y)
    reached = rates(model)[-1]
    for _ in range(6):
        model.partial_fit(X, y)
    np.testing.assert_array_equal(rates(model)[4:], [reached] * 6)
    assert reached == pytest.approx(0.2)


def test_other_data_in_a_warm_start_and_in_partial_fit(data, rng):
    X, y = data
    model = GRURegressor(warm_start=True, **FAST).fit(X, y)
    before = bits(model).copy()
    longer = rng.standard_normal((25, 11, 2))
    model.fit(longer, longer[:, -1, 0])
    assert model.n_iter_ == 12
    assert model.t_ == 6 * 40 + 6 * 25
    assert not np.allclose(bits(model), before)
    model.partial_fit(X[:1], y[:1])
    assert model.predict(longer[:3, :2]).shape == (3,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden_layer_sizes", (4, 4)),
        ("bidirectional", True),
        ("reset_after", True),
        ("pooling", "mean"),
        ("return_sequences", True),
        ("embedding_dim", 2),
        ("solver", "sgd"),
        ("freeze", 1),
        ("loss", "huber"),
    ],
)
def test_what_cannot_change_is_named(data, name, value):
    X, y = data
    model = GRURegressor(warm_start=True, **FAST).fit(X, y)
    before = model.predict(X)
    model.set_params(**{name: value})
    for again in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=f"^{name} changed since the last fit. To start anew"):
            again(X, y)
    np.testing.assert_array_equal(model.predict(X), before)
    model.set_params(**{name: GRURegressor(**FAST).get_params()[name]}).fit(X, y)
    assert model.n_iter_ == 12


def test_other_ways_to_say_the_same_are_no_change(data):
    model = GRURegressor(warm_start=True, **FAST).fit(*data)
    same = {"hidden_layer_sizes": np.array([4]), "bidirectional": np.False_, "quantile": [0.5]}
    assert model.set_params(**same).fit(*data).n_iter_ == 12


def test_the_width_of_a_step_cannot_change_for_a_table(rng):
    X = rng.standard_normal((40, 6))
    model = GRURegressor(warm_start=True, **FAST).fit(X, X[:, 0])
    with pytest.raises(ValueError, match="n_features_per_step changed since the last fit"):
        model.set_params(n_features_per_step=2).fit(X, X[:, 0])


def test_a_new_fit_may_change_everything(data):
    X, y = data
    model = GRURegressor(**FAST).fit(X, y)
    model.set_params(hidden_layer_sizes=(3, 2), solver="sgd", loss="huber", pooling="max")
    expected = clone(model).fit(X, y)
    np.testing.assert_array_equal(bits(model.fit(X, y)), bits(expected))


def test_epochs_as_the_resource_of_a_halving_search(data):
    X, y = data
    search = HalvingGridSearchCV(
        GRURegressor(8, random_state=0, batch_size=10),
        {"learning_rate_init": [1e-6, 1e-4, 1e-2, 0.05]},
        resource="max_iter",
        min_resources=2,
        max_resources=8,
        factor=2,
        cv=KFold(2),
        random_state=0,
    ).fit(X, y)
    assert search.n_resources_ == [2, 4, 8]
    assert search.best_params_["learning_rate_init"] >= 1e-2
    assert search.best_estimator_.n_iter_ == 8


def test_early_stopping_in_partial_fit_is_of_no_effect(data):
    X, y = data
    model = GRURegressor(early_stopping=True, **FAST).partial_fit(X, y)
    np.testing.assert_array_equal(bits(model), bits(GRURegressor(**FAST).partial_fit(X, y)))
    assert model.t_ == 40


def test_classes_of_partial_fit_fit_the_labels(rng):
    """More classes than there are columns went unnoticed."""
    X = rng.standard_normal((40, 4, 2))
    Y = (X[:, -1] > 0).astype(int)
    with pytest.raises(ValueError, match="classes="):
        GRUClassifier(**FAST).partial_fit(X, Y, classes=[0, 1, 2])
    model = GRUClassifier(**FAST).partial_fit(X, Y, classes=[0, 1])
    with pytest.raises(ValueError, match="classes="):
        model.partial_fit(X, Y, classes=[1, 2])
    assert model.partial_fit(X, Y).n_iter_ == 2
