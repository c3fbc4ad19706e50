"""What the regressor and the classifier promise, beyond scikit-learn's own checks."""

import copy
import gc
import itertools
import os
import threading
import warnings
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from joblib import cpu_count, parallel_config
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, r2_score
from threadpoolctl import threadpool_info, threadpool_limits

from skgru import GRUClassifier, GRURegressor, _base, _threads
from skgru._core import _network, _training
from skgru._core._tape import Workspace

FAST = {"hidden_layer_sizes": 4, "max_iter": 5, "learning_rate": "constant", "random_state": 0}
BOTH = pytest.mark.parametrize("estimator", [GRURegressor, GRUClassifier])
VARIANTS = [{}, {"hidden_layer_sizes": (4, 3)}, {"bidirectional": True}, {"reset_after": True}]


# Learning


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_regressor_learns_a_sum_over_ragged_sequences(ragged, options):
    X, y = ragged
    options = {"hidden_layer_sizes": 16, "learning_rate_init": 0.01, **options}
    model = GRURegressor(random_state=0, batch_size=10, **options).fit(X, y)
    assert model.score(X, y) > 0.9


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_classifier_learns_the_sign_of_the_last_step(dense, options):
    X, y = dense
    options = {"hidden_layer_sizes": 16, "learning_rate_init": 0.01, **options}
    model = GRUClassifier(random_state=0, batch_size=10, **options).fit(X, y)
    assert model.score(X, y) > 0.95


def test_order_of_the_steps_matters(dense):
    X, y = dense
    model = GRUClassifier(16, learning_rate_init=0.01, random_state=0).fit(X, y)
    assert model.score(X[:, ::-1], y) < 0.8 < model.score(X, y)


# Outputs


def test_several_outputs(ragged, rng):
    X, y = ragged
    Y = np.column_stack([y, -2 * y, rng.standard_normal(len(y))])
    model = GRURegressor(**FAST).fit(X, Y)
    assert model.predict(X).shape == Y.shape
    assert model.n_outputs_ == 3
    assert model.score(X, Y) == pytest.approx(r2_score(Y, model.predict(X)))


def test_a_column_stays_a_column(ragged):
    X, y = ragged
    column = GRURegressor(**FAST).fit(X, y[:, None]).predict(X)
    np.testing.assert_array_equal(column, GRURegressor(**FAST).fit(X, y).predict(X)[:, None])


@pytest.mark.parametrize("labels", [["no", "yes"], [3, 1, 2], [True, False]])
def test_probabilities(dense, labels):
    X, y = dense
    y = np.array(labels)[np.arange(len(y)) % len(labels)]
    model = GRUClassifier(**FAST).fit(X, y)
    p = model.predict_proba(X)
    assert list(model.classes_) == sorted(labels)
    assert p.shape == (len(X), len(labels))
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(model.predict(X), model.classes_[p.argmax(axis=1)])
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(p), rtol=1e-9)
    assert model.score(X, y) == accuracy_score(y, model.predict(X))


def test_log_probabilities_are_finite_where_probabilities_are_zero(dense):
    X, y = dense
    for classes in (y, y + (np.arange(40) % 2) * 2):
        model = GRUClassifier(**FAST).fit(X, classes)
        model.weights_["weight_out"][...] *= 1e6
        assert (model.predict_proba(X) == 0).any()
        assert np.isfinite(model.predict_log_proba(X)).all()


def test_several_labels_at_once(dense):
    X, y = dense
    Y = np.column_stack([y, X[:, -1, 1] > 0, np.ones_like(y)])
    model = GRUClassifier(16, learning_rate_init=0.02, random_state=0).fit(X, Y)
    p = model.predict_proba(X)
    assert p.shape == Y.shape
    np.testing.assert_array_equal(model.predict(X), p > 0.5)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), p)
    assert model.score(X, Y) == accuracy_score(Y, model.predict(X)) > 0.7
    assert model.out_activation_ == "logistic"


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (np.array([0.0, 10.0] * 20), 5.0),
        (np.array([7.0] * 40), 7.0),
    ],
)
def test_output_bias_starts_at_the_mean(dense, y, expected):
    X, _ = dense
    model = GRURegressor(4, max_iter=1, learning_rate_init=1e-12, random_state=0).fit(X, y)
    np.testing.assert_allclose(model.weights_["bias_out"], expected, rtol=1e-9)


def test_output_bias_starts_at_the_log_prior(dense):
    X, _ = dense
    y = np.array([0] * 10 + [1] * 30)
    model = GRUClassifier(4, max_iter=1, learning_rate_init=1e-12, random_state=0).fit(X, y)
    np.testing.assert_allclose(model.weights_["bias_out"], np.log(3), rtol=1e-9)
    y[:5] = 2
    model.fit(X, y)
    np.testing.assert_allclose(model.weights_["bias_out"], np.log([1 / 8, 6 / 8, 1 / 8]), rtol=1e-9)


# The same again


@BOTH
def test_two_fits_give_the_same_bits(dense, estimator):
    X, y = dense
    model = estimator(**FAST)
    first = model.fit(X, y).predict(X)
    np.testing.assert_array_equal(model.fit(X, y).predict(X), first)
    np.testing.assert_array_equal(clone(model).fit(X, y).predict(X), first)


@BOTH
def test_global_random_state_is_left_alone_and_not_used(dense, estimator):
    X, y = dense
    legacy = np.random.mtrand._rand  # the generator behind np.random.seed
    before = legacy.get_state(legacy=False)["state"]
    for random_state in (None, 0, np.random.RandomState(0)):
        estimator(hidden_layer_sizes=2, max_iter=2, random_state=random_state).fit(X, y)
    after = legacy.get_state(legacy=False)["state"]
    assert after["pos"] == before["pos"]
    np.testing.assert_array_equal(after["key"], before["key"])


def test_random_states(ragged):
    X, y = ragged
    fits = {
        seed: GRURegressor(4, max_iter=2, random_state=seed).fit(X, y).predict(X) for seed in (0, 1)
    }
    assert not np.allclose(fits[0], fits[1])
    rng = [np.random.RandomState(5), np.random.RandomState(5)]
    same = [GRURegressor(4, max_iter=2, random_state=one).fit(X, y).predict(X) for one in rng]
    np.testing.assert_array_equal(*same)


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_weight_k_equals_k_copies(ragged, options):
    X, y = ragged
    weights = np.arange(len(y)) % 4
    copies = np.repeat(np.arange(len(y)), weights)
    options = {**FAST, "batch_size": 1000, "learning_rate_init": 0.01, **options}
    weighted = GRURegressor(**options).fit(X, y, sample_weight=weights)
    repeated = GRURegressor(**options).fit([X[i] for i in copies], y[copies])
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-10)
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-8)
    assert not np.allclose(GRURegressor(**options).fit(X, y).predict(X), weighted.predict(X))


def test_scale_of_the_weights_does_not_matter_in_minibatches(ragged):
    X, y = ragged
    options = {**FAST, "batch_size": 7}
    weights = np.random.RandomState(0).uniform(0.5, 2, len(y))
    fits = [
        GRURegressor(**options).fit(X, y, sample_weight=scale * weights).predict(X)
        for scale in (1, 1e6)
    ]
    np.testing.assert_allclose(*fits, rtol=1e-9)


def test_l2_does_not_depend_on_the_batch_size(ragged):
    """With a huge alpha the loss is all L2: one batch an epoch or four, it is reported alike."""
    X, y = ragged
    losses = [
        GRURegressor(
            4, alpha=1e6, max_iter=1, learning_rate_init=1e-12, batch_size=b, random_state=0
        )
        .fit(X, y)
        .loss_
        for b in (10, 40)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


# Training


@BOTH
def test_fitted_attributes(dense, estimator):
    X, y = dense
    model = estimator(**FAST).fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == 5
    assert model.t_ == 5 * 40
    assert model.loss_ == model.loss_curve_[-1]
    assert model.best_loss_ == min(model.loss_curve_)
    assert model.n_layers_ == 3
    assert model.n_outputs_ == 1
    assert model.n_parameters_ == 3 * 4 * 2 + 3 * 4 * 4 + 3 * 4 + 4 + 1
    assert model.n_parameters_ == sum(weight.size for weight in model.weights_.values())
    assert set(model.history_) == {
        "loss",
        "validation_loss",
        "validation_score",
        "learning_rate",
        "gradient_norm",
        "seconds",
    }
    assert model.history_["learning_rate"] == [0.01] * 5
    assert all(norm > 0 for norm in model.history_["gradient_norm"])
    assert model.validation_scores_ is None
    assert model.best_validation_score_ is None
    with pytest.raises(NotFittedError):
        estimator().predict(X)
    with pytest.raises(NotFittedError):
        _ = estimator().weights_


@BOTH
def test_early_stopping_keeps_the_best_weights(rng, estimator):
    """On noise the validation loss rises soon; what is kept is the epoch where it was lowest."""
    X = rng.standard_normal((60, 4, 2))
    y = rng.randint(2, size=60)
    model = estimator(
        16,
        early_stopping=True,
        n_iter_no_change=5,
        learning_rate="constant",
        learning_rate_init=0.02,
        random_state=0,
    ).fit(X, y)
    losses = model.validation_loss_curve_
    best = int(np.argmin(losses))
    assert len(losses) == len(model.validation_scores_) == model.n_iter_ < 200
    assert best < model.n_iter_ - 1
    assert model.best_validation_score_ == model.validation_scores_[best]
    shorter = clone(model).set_params(max_iter=best + 1).fit(X, y)
    np.testing.assert_array_equal(shorter.predict(X), model.predict(X))


def test_validation_part_is_stratified(dense):
    X, _ = dense
    y = np.array([0] * 36 + [1] * 4)
    model = GRUClassifier(early_stopping=True, validation_fraction=0.5, **FAST)
    held_out = []
    model._validate = lambda part: (held_out.append(part), (0.0, 0.0))[1]
    model.fit(X, y)
    assert [part.y.sum() for part in held_out[:1]] == [2]
    assert len(held_out[0].y) == 20


def test_validation_score_is_that_of_score(dense):
    X, y = dense
    for model, targets in (
        (GRUClassifier(early_stopping=True, **FAST), y),
        (GRUClassifier(early_stopping=True, **FAST), y + (np.arange(40) % 2)),
        (GRUClassifier(early_stopping=True, **FAST), np.column_stack([y, 1 - y])),
        (GRURegressor(early_stopping=True, **FAST), X[:, :, 0].sum(axis=1)),
    ):
        model.fit(X, targets)
        samples = model._read(X, targets, None, reset=False)
        _, raw = model._predict_raw(X)
        score = model._score_raw(raw, samples.y, samples.weights)
        assert score == pytest.approx(model.score(X, targets))


@BOTH
@pytest.mark.parametrize("per_step", [False, True])
def test_order_and_copies_make_no_difference_at_all(ragged, estimator, per_step):
    """From the rounding of a sum 500 epochs made differences of 1e-8, sometimes more."""
    X, _ = ragged
    y = [(x[:, 0] > 0).astype(int) for x in X] if per_step else [int(x[0, 0] > 0) for x in X]
    weights = np.arange(40) % 4
    copies = np.random.RandomState(1).permutation(np.repeat(np.arange(40), weights))
    options = FAST | {"batch_size": 100, "max_iter": 30, "return_sequences": per_step}
    weighted = estimator(**options).fit(X, y, sample_weight=weights)
    repeated = estimator(**options).fit([X[i] for i in copies], [y[i] for i in copies])
    plain = estimator(**options).fit(X, y)
    for name, values in weighted.weights_.items():
        np.testing.assert_array_equal(values, repeated.weights_[name])
        assert (values != plain.weights_[name]).all()
    assert weighted.loss_curve_ == repeated.loss_curve_
    assert weighted.t_ == repeated.t_ == 30 * 30


@pytest.mark.parametrize(
    "option",
    [{"dropout": 0.2}, {"recurrent_dropout": 0.2}, {"early_stopping": True}, {"batch_size": 20}],
    ids=repr,
)
def test_copies_are_samples_where_something_is_drawn_for_each(dense, option):
    X, y = dense
    model = GRURegressor(**FAST | option).fit(np.repeat(X, 2, axis=0), np.repeat(y, 2))
    assert model.t_ == model.n_iter_ * (72 if "early_stopping" in option else 80)


@BOTH
def test_warm_start_goes_on(dense, estimator):
    X, y = dense
    whole = estimator(**{**FAST, "max_iter": 6}).fit(X, y)
    parts = estimator(**{**FAST, "max_iter": 3}, warm_start=True).fit(X, y).fit(X, y)
    np.testing.assert_array_equal(parts.predict(X), whole.predict(X))
    assert parts.n_iter_ == 6
    assert parts.t_ == whole.t_
    parts.set_params(alpha=10.0, learning_rate_init=1e-9).fit(X, y)
    np.testing.assert_allclose(parts.predict(X), whole.predict(X), rtol=1e-4)
    assert parts.loss_ > whole.loss_ + 1
    parts.set_params(hidden_layer_sizes=5)
    with pytest.raises(ValueError, match="changed since the last fit"):
        parts.fit(X, y)


@BOTH
def test_partial_fit_is_one_epoch_and_keeps_the_state_of_the_optimiser(dense, estimator):
    X, y = dense
    options = {"classes": [0, 1]} if estimator is GRUClassifier else {}
    whole = estimator(**{**FAST, "max_iter": 3}).fit(X, y)
    parts = estimator(**FAST)
    for _ in range(3):
        parts.partial_fit(X, y, **options)
    np.testing.assert_array_equal(parts.predict(X), whole.predict(X))
    parts.partial_fit(X[:, :3], y)  # another number of steps
    assert parts.n_iter_ == 4


def test_partial_fit_with_classes_that_come_later(dense):
    X, _ = dense
    model = GRUClassifier(**FAST)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        model.partial_fit(X, ["a"] * 40)
    model.partial_fit(X, ["a"] * 40, classes=["a", "b", "c"])
    model.partial_fit(X, ["c"] * 40)
    assert model.predict_proba(X).shape == (40, 3)
    with pytest.raises(ValueError, match=r"y holds .*'d'"):
        model.partial_fit(X, ["d"] * 40)


def test_partial_fit_trains_on_all_samples_also_with_early_stopping(ragged):
    X, y = ragged
    plain, stopping = GRURegressor(**FAST), GRURegressor(early_stopping=True, **FAST)
    for _ in range(3):
        plain.partial_fit(X, y)
        stopping.partial_fit(X, y)
    np.testing.assert_array_equal(stopping.predict(X), plain.predict(X))
    assert stopping.t_ == 3 * len(X)
    assert stopping.validation_loss_curve_ is None
    assert stopping.fit(X, y).validation_loss_curve_ is not None


def test_convergence_warning(ragged):
    X, y = ragged
    with pytest.warns(ConvergenceWarning, match="reached max_iter .* after 2 epochs"):
        GRURegressor(4, learning_rate="constant", max_iter=2).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        GRURegressor(4, learning_rate="constant", max_iter=50, tol=10.0).fit(X, y)
        GRURegressor(4, max_iter=2).fit(X, y)  # a learning rate that ends there, by plan
        GRURegressor(4, max_iter=2, learning_rate=lambda share: 1 - share).fit(X, y)


@pytest.mark.parametrize(
    ("n_samples", "batch_size", "n_epochs"),
    [(40, "auto", 500), (40, 10, 250), (40, 1, 30), (70, "auto", 200)],
)
def test_number_of_epochs_makes_a_thousand_steps_within_bounds(n_samples, batch_size, n_epochs):
    X, y = np.zeros((n_samples, 1, 1)), np.arange(n_samples)
    model = GRURegressor(1, batch_size=batch_size, random_state=0).fit(X, y)
    assert model.n_iter_ == n_epochs


def test_verbose_prints_a_line_per_epoch(dense, capsys):
    X, y = dense
    GRUClassifier(verbose=True, early_stopping=True, **FAST).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("Epoch 1, loss = ")
    assert "validation loss" in lines[-1]


def test_verbose_estimates_the_time_that_is_left(dense, capsys, monkeypatch):
    """Epochs of 3 s: after the first of 5, at most 12 s are left; partial_fit is over then."""
    clock = itertools.count(step=3.0)
    monkeypatch.setattr(_base, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    X, y = dense
    GRUClassifier(verbose=True, **FAST).fit(X, y).partial_fit(X, y)
    seconds = [line.rpartition(", ")[2] for line in capsys.readouterr().out.splitlines()]
    assert seconds == [f"at most {n} s left" for n in (12, 9, 6, 3, 0, 0)]


@BOTH
def test_fit_prints_nothing_and_writes_no_file(dense, capfd, tmp_path, monkeypatch, estimator):
    monkeypatch.chdir(tmp_path)
    estimator(**FAST).fit(*dense)
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_interrupt_keeps_the_epochs_done_so_far(ragged, monkeypatch):
    X, y = ragged
    three = GRURegressor(**{**FAST, "max_iter": 3}).fit(X, y)
    original, calls = _training.Trainer._epoch, []

    def interrupted(self, *args):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return original(self, *args)

    monkeypatch.setattr(_training.Trainer, "_epoch", interrupted)
    with pytest.warns(UserWarning, match="interrupted by user after epoch 3"):
        model = GRURegressor(**{**FAST, "max_iter": 10}).fit(X, y)
    assert model.n_iter_ == 3
    np.testing.assert_array_equal(model.predict(X), three.predict(X))


def test_interrupt_while_validating_undoes_the_epoch_too(ragged, monkeypatch):
    X, y = ragged
    three = GRURegressor(**{**FAST, "max_iter": 3}).fit(X, y)
    validate, calls = GRURegressor._validate, []

    def interrupted(self, held_out):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return validate(self, held_out)

    monkeypatch.setattr(GRURegressor, "_validate", interrupted)
    with pytest.warns(UserWarning, match="interrupted by user after epoch 3"):
        model = GRURegressor(**{**FAST, "max_iter": 10}).fit(X, y, X_val=X, y_val=y)
    np.testing.assert_array_equal(model.predict(X), three.predict(X))


def test_interrupt_before_the_first_epoch_is_passed_on(ragged, monkeypatch):
    X, y = ragged
    fitted = GRURegressor(**FAST).fit(X, y)
    before = fitted.predict(X)

    def interrupted(self, *args):
        raise KeyboardInterrupt

    monkeypatch.setattr(_training.Trainer, "_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fitted.fit(X[:20], y[:20])
    np.testing.assert_array_equal(fitted.predict(X), before)


def test_divergence_says_when_why_and_what_to_try(ragged):
    X, y = ragged
    model = GRURegressor(**FAST).fit(X, y)
    before = model.predict(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(
            ValueError, match=r"diverged in epoch 1: .*learning_rate_init .*max_grad_norm.*scaled"
        ):
            model.fit([x.astype(np.float32) for x in X], 1e30 * y)
    np.testing.assert_array_equal(model.predict(X), before)


def test_a_warm_fit_that_diverges_later_leaves_the_estimator_as_it_was(ragged):
    X, y = ragged
    model = GRURegressor(warm_start=True, max_grad_norm=None, **FAST).fit(X, y)
    before, reference = model.predict(X), copy.deepcopy(model)
    with pytest.raises(ValueError, match=r"diverged in epoch [67]"):
        model.set_params(learning_rate_init=1e200).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), before)
    model.set_params(learning_rate_init=0.01).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), reference.fit(X, y).predict(X))
    with pytest.raises(ValueError, match="Only 1 of 40 samples would be held out"):
        model.set_params(early_stopping=True, validation_fraction=0.01, alpha=5.0).fit(X, y)
    assert model._trainer.objective.alpha == 1e-3


def test_interrupt_in_partial_fit_is_passed_on(ragged, monkeypatch):
    """A loop over partial_fit must be possible to stop."""
    X, y = ragged
    model = GRURegressor(**FAST).partial_fit(X, y)
    before = model.predict(X)

    def interrupted(self, *args):
        raise KeyboardInterrupt

    monkeypatch.setattr(_training.Trainer, "_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.partial_fit(X, y)
    np.testing.assert_array_equal(model.predict(X), before)


def test_values_that_overflow_single_precision_are_refused(ragged):
    X, y = ragged
    single = [x.astype(np.float32) for x in X]
    model = GRURegressor(**FAST).fit(single, y)
    with pytest.raises(ValueError, match="X has values too large for float32"):
        model.predict([x * 1e300 for x in X])
    with pytest.raises(ValueError, match="y has values too large for float32"):
        model.fit(single, y * 1e45)


def test_huge_weights_do_not_overflow(ragged):
    X, y = ragged
    expected = GRURegressor(**FAST).fit(X, y).predict(X)
    model = GRURegressor(**FAST).fit(X, y, sample_weight=np.full(len(y), 1e308))
    np.testing.assert_array_equal(model.predict(X), expected)


def test_unshuffled_batches_come_in_the_order_of_the_samples(ragged):
    """So the order of the samples matters, and the seed only through the first weights."""
    X, y = ragged
    options = {**FAST, "batch_size": 10, "shuffle": False, "warm_start": True}
    fits = []
    for seed in (1, 2):
        model = GRURegressor(**options).fit(X, y)
        model._trainer.rng.seed(seed)
        fits.append(model.fit(X, y).predict(X))
    np.testing.assert_array_equal(*fits)
    other = GRURegressor(**options).fit(X[::-1], y[::-1]).fit(X[::-1], y[::-1])
    assert not np.allclose(other.predict(X), fits[0])


def test_loss_of_an_epoch_weighs_an_uneven_last_batch_by_its_size(ragged):
    X, y = ragged
    options = {"max_iter": 1, "learning_rate_init": 1e-12, "random_state": 0, "shuffle": False}
    whole, uneven = (
        GRURegressor(4, batch_size=size, **options).fit(X, y).loss_ for size in (40, 33)
    )
    assert uneven == pytest.approx(whole, rel=1e-9)


def test_validation_loss_is_weighted_and_so_is_what_is_left_to_train(ragged):
    X, y = ragged
    weights = np.random.RandomState(0).uniform(0.1, 5, len(y))
    model = GRURegressor(early_stopping=True, validation_fraction=0.3, **FAST)
    model.fit(X, y, sample_weight=weights)
    samples = model._read(X, y, weights, reset=False)
    training, held_out = model._split(samples)
    np.testing.assert_allclose(training.weights.mean(), 1)
    np.testing.assert_allclose(held_out.weights.mean(), 1)
    loss, _ = model._validate(held_out)
    squared = (model._predict_raw(X)[1][:, 0] - y) ** 2 / 2
    chosen = np.isin(y, held_out.y[:, 0])
    assert chosen.sum() == len(held_out) == 12
    assert loss == pytest.approx(np.average(squared[chosen], weights=weights[chosen]))
    assert loss != pytest.approx(squared[chosen].mean(), rel=1e-3)


def test_rare_classes_are_in_the_validation_part_for_every_seed(dense):
    X, _ = dense
    y = np.array([0] * 36 + [1] * 4)
    for seed in range(8):
        model = GRUClassifier(4, max_iter=1, early_stopping=True, random_state=seed)
        model.set_params(validation_fraction=0.25).fit(X, y)
        _, held_out = model._split(model._read(X, y, None, reset=False))
        assert held_out.y.sum() == 1


def test_best_validation_score_after_a_worse_warm_start_is_that_of_the_weights_kept(ragged):
    X, y = ragged
    model = GRURegressor(8, warm_start=True, early_stopping=True, max_iter=60, random_state=0)
    model.set_params(learning_rate_init=0.05).fit(X, y)
    model.set_params(max_iter=2, learning_rate_init=0.9).fit(X, y)
    _, held_out = model._split(model._read(X, y, None, reset=False))
    assert model.best_validation_score_ == pytest.approx(model._validate(held_out)[1])


def test_history_is_a_table(ragged):
    X, y = ragged
    model = GRURegressor(warm_start=True, **FAST).fit(X, y)
    model.set_params(early_stopping=True).fit(X, y)
    table = pd.DataFrame(model.history_)
    assert len(table) == model.n_iter_ == 10
    assert list(table.validation_loss.isna()) == [True] * 5 + [False] * 5


def test_parameters_of_adam_take_effect_in_a_warm_start(ragged):
    X, y = ragged
    fits = []
    for options in ({}, {"beta_1": 0.1}, {"beta_2": 0.5}, {"epsilon": 1.0}):
        model = GRURegressor(warm_start=True, **FAST).fit(X, y)
        fits.append(model.set_params(**options).fit(X, y).predict(X))
    for other in fits[1:]:
        assert not np.allclose(other, fits[0])


def test_other_kinds_of_classes_than_in_the_first_fit_are_refused(dense):
    X, y = dense
    model = GRUClassifier(warm_start=True, **FAST).fit(X, np.eye(2, dtype=int)[y])
    with pytest.raises(ValueError, match="y holds one class per sample, unlike the indicators"):
        model.fit(X, y)
    model = GRUClassifier(**FAST).partial_fit(X, y + 1, classes=[1, 2])
    with pytest.raises(ValueError, match="y holds 0, but the classes of the first fit are"):
        model.partial_fit(X, y)
    with pytest.raises(ValueError, match="is not what the first call had"):
        model.partial_fit(X, y + 1, classes=[1, 2, 3])


def test_memory_of_fit_and_predict_is_free_at_once(ragged):
    """A cycle of references kept it until the garbage collector came: predictions were slow."""
    X, y = ragged
    gc.collect()
    gc.disable()
    try:
        GRURegressor(**FAST).fit(X, y).predict(X)
        assert not [held for held in gc.get_objects() if type(held) is Workspace]
    finally:
        gc.enable()


def test_weights_are_views_and_survive_clone_of_what_holds_them(ragged):
    X, y = ragged
    model = GRURegressor(**FAST).fit(X, y)
    model.weights_["weight_out"][...] = 0
    model.weights_["bias_out"][...] = 3
    np.testing.assert_array_equal(model.predict(X), np.full(len(X), 3.0))


# Threads


@pytest.mark.parametrize("options", [{}, {"return_sequences": True}, {"pooling": "max"}], ids=str)
def test_prediction_on_threads(rng, options, monkeypatch):
    """The same to rounding on any number, and to the bit on the same; each has one of BLAS."""
    monkeypatch.setattr(_network, "THREAD_SIZE", 16)
    X = [rng.standard_normal((length, 2)) for length in rng.randint(1, 9, 30)]
    y = [x[:, 0] for x in X] if options.get("return_sequences") else [x[0, 0] for x in X]
    model = GRURegressor(**FAST, **options).fit(X, y)
    alone = np.vstack([np.c_[one] for one in model.predict(X)])
    blas = set()
    all_at_once = threading.Barrier(3)
    forward = _network.Network.forward

    def spy(*arguments, **options):
        all_at_once.wait(timeout=60)
        blas.update(one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas")
        return forward(*arguments, **options)

    monkeypatch.setattr(_network.Network, "forward", spy)
    model.set_params(n_jobs=3)
    results = [np.vstack([np.c_[one] for one in model.predict(X)]) for _ in range(2)]
    np.testing.assert_allclose(results[0], alone, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(results[0], results[1])
    assert blas == {1}


def test_few_sequences_take_no_thread(dense, monkeypatch):
    X, y = dense
    model = GRURegressor(**FAST, n_jobs=2).fit(X, y)
    monkeypatch.setattr(_network, "ThreadPoolExecutor", None)
    assert len(model.predict(X)) == len(X)


def test_n_jobs_of_a_context_of_joblib(dense, monkeypatch):
    X, y = dense
    model = GRURegressor(**FAST).fit(X, y)
    predict, used = _network.Network.predict, []

    def spy(*arguments, n_threads):
        used.append(n_threads)
        return predict(*arguments, n_threads)

    monkeypatch.setattr(_network.Network, "predict", spy)
    monkeypatch.setattr(_network, "THREAD_SIZE", 1)
    model.predict(X)
    with parallel_config("threading", n_jobs=2):
        model.predict(X)
    model.set_params(n_jobs=-1).predict(X)
    assert used == [1, 2, cpu_count()]


def blas_threads_now():
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


@pytest.mark.parametrize(("n_units", "expected"), [(4, 1), (256, 2)])
def test_training_of_few_units_has_one_thread_of_blas(dense, monkeypatch, n_units, expected):
    """Two of them wait for each other, and for those of other processes, longer than they work."""
    X, y = dense
    seen = set()
    step = _training.Trainer._step

    def spy(*arguments):
        seen.update(blas_threads_now())
        return step(*arguments)

    monkeypatch.setattr(_training.Trainer, "_step", spy)
    with threadpool_limits(2, user_api="blas"):
        GRURegressor(n_units, max_iter=1, batch_size=32, random_state=0).fit(X, y)
        assert seen == {expected}
        assert blas_threads_now() == {2}


@pytest.mark.parametrize(("n_units", "n", "expected"), [(32, 70, 1), (32, 2, 2), (128, 70, 2)])
def test_predictions_of_few_units_have_one_thread_of_blas(rng, monkeypatch, n_units, n, expected):
    """But for the smallest, for which BLAS itself takes one and the limit would cost more."""
    X = rng.standard_normal((70, 2, 2))
    model = GRURegressor(n_units, max_iter=1, random_state=0).fit(X, X[:, -1, 0])
    seen = set()
    forward = _network.Network.forward

    def spy(*arguments, **options):
        seen.update(blas_threads_now())
        return forward(*arguments, **options)

    monkeypatch.setattr(_network.Network, "forward", spy)
    with threadpool_limits(2, user_api="blas"):
        model.predict(X[:n])
    assert seen == {expected}


def test_the_limit_ends_with_the_last_of_fits_that_overlap():
    """Each took the limit of the other for what was there before, and it stayed for good."""
    with threadpool_limits(2, user_api="blas"):
        first, second = (_threads.blas_threads_of_training(4) for _ in range(2))
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert blas_threads_now() == {1}
        second.__exit__(None, None, None)
        assert blas_threads_now() == {2}


def test_a_limit_that_failed_leaves_the_next_one_as_it_would_be(monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    with threadpool_limits(2, user_api="blas"):
        with monkeypatch.context() as patch:
            patch.setattr(_threads, "controller", interrupted)
            with pytest.raises(KeyboardInterrupt), _threads.blas_threads_of_training(4):
                pass
        with _threads.blas_threads_of_training(4):
            assert blas_threads_now() == {1}
        assert blas_threads_now() == {2}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes without a new interpreter")
def test_a_forked_process_does_not_wait_for_threads_that_it_has_not():
    with _threads._LIMIT.lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads beside a fork
        pid = os.fork()
        if pid == 0:
            os._exit(0 if _threads._LIMIT.lock.acquire(timeout=1) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


# Bad parameters and targets

BAD_PARAMETERS = [
    ("hidden_layer_sizes", 0),
    ("hidden_layer_sizes", ()),
    ("hidden_layer_sizes", (4, 0)),
    ("hidden_layer_sizes", (4.5,)),
    ("hidden_layer_sizes", "4"),
    ("hidden_layer_sizes", (True,)),
    ("n_features_per_step", 0),
    ("n_features_per_step", 1.5),
    ("bidirectional", "yes"),
    ("reset_after", None),
    ("pooling", "first"),
    ("return_sequences", "no"),
    ("embedding_dim", 0),
    ("dropout", 1.0),
    ("dropout", -0.1),
    ("recurrent_dropout", 1.0),
    ("solver", "lbfgs"),
    ("alpha", -1e-4),
    ("batch_size", 0),
    ("batch_size", "all"),
    ("learning_rate", "adaptive"),
    ("learning_rate_init", 0),
    ("max_grad_norm", 0),
    ("max_iter", 0),
    ("max_iter", 2.5),
    ("shuffle", "no"),
    ("random_state", "seed"),
    ("tol", -1),
    ("verbose", "loud"),
    ("warm_start", "no"),
    ("momentum", 1.0),
    ("nesterovs_momentum", "no"),
    ("early_stopping", "no"),
    ("validation_fraction", 0.0),
    ("validation_fraction", 1.0),
    ("validation_split", 5),
    ("n_iter_no_change", 0),
    ("beta_1", 1.0),
    ("beta_2", -0.1),
    ("epsilon", 0),
    ("init_from", "pretrained"),
    ("init_from", {"weight_ih_l0": [1.0]}),
    ("init_from", {"weight_ih_l0": np.zeros((1, 1))}),
    ("freeze", -1),
    ("freeze", 2),
    ("n_jobs", 0),
    ("n_jobs", 1.5),
]
OWN_BAD_PARAMETERS = {
    GRURegressor: [
        ("loss", "log_loss"),
        ("quantile", 0.0),
        ("quantile", [0.5, 1.0]),
        ("quantile", [0.9, 0.1]),
        ("quantile", []),
        ("quantile", ["half"]),
    ],
    GRUClassifier: [
        ("class_weight", "equal"),
        ("class_weight", {0: -1.0}),
        ("class_weight", {0: 0.0, 1: 0.0}),
        ("class_weight", {0: 1.0, "unknown": 1.0}),
        ("class_weight", [{0: 1.0}]),
    ],
}


@pytest.mark.parametrize(
    ("estimator", "name", "value"),
    [
        (estimator, *bad)
        for estimator, own in OWN_BAD_PARAMETERS.items()
        for bad in BAD_PARAMETERS + own
    ],
    ids=str,
)
def test_bad_parameters_are_refused_by_name(dense, estimator, name, value):
    X, y = dense
    model = estimator(**FAST).fit(X, y)
    before = model.predict(X)
    with pytest.raises((ValueError, TypeError), match=name):
        model.set_params(**{name: value}).fit(X, y)
    model.set_params(n_jobs=None)  # the one that prediction goes by
    np.testing.assert_array_equal(model.predict(X), before)


def test_every_parameter_has_a_bad_value_above():
    for estimator, own in OWN_BAD_PARAMETERS.items():
        assert {name for name, _ in BAD_PARAMETERS + own} == set(estimator().get_params())


def nan_at(y, i):
    y = y.astype(float)
    y[i] = np.nan
    return y


@BOTH
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (lambda y: None, "requires y to be passed"),
        (lambda y: y[:-1], "inconsistent numbers of samples"),
        (lambda y: nan_at(y, 3), "Input y contains NaN"),
        (lambda y: [*y[:-1], None], "Input y contains NaN or infinity at sample 39"),
        (lambda y: np.array([np.inf] * 40, object), "Input y contains NaN or infinity at sample 0"),
        (lambda y: np.zeros((len(y), 2, 2)), "y|dimensions|supported"),
        (lambda y: y + 1j, "[Cc]omplex"),
    ],
)
def test_bad_y_is_refused(dense, estimator, bad, message):
    X, y = dense
    model = estimator(**FAST).fit(X, y)
    before = model.predict(X)
    with pytest.raises(ValueError, match=message):
        model.fit(X, bad(y))
    np.testing.assert_array_equal(model.predict(X), before)


def test_nan_in_y_is_located(dense):
    X, y = dense
    with pytest.raises(ValueError, match="Input y contains NaN or infinity at sample 3"):
        GRURegressor().fit(X, nan_at(y, 3))


def test_classes(dense):
    X, y = dense
    with pytest.raises(ValueError, match=r"at least 2 classes in y.*only one class: 'a'"):
        GRUClassifier().fit(X, ["a"] * 40)
    with pytest.raises(ValueError, match="Unknown label type"):
        GRUClassifier().fit(X, y + 0.5 * X[:, 0, 0])


@BOTH
@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.zeros(40), "sample_weight is zero for every sample"),
        (-np.ones(40), "[Nn]egative"),
        (nan_at(np.ones(40), 3), "sample_weight is nan at sample 3"),
        (np.ones(39), r"sample_weight.shape == \(39,\)"),
        (np.ones((40, 2)), "[Ss]ample.weight"),
    ],
)
def test_bad_weights_are_refused(dense, estimator, weights, message):
    X, y = dense
    with pytest.raises(ValueError, match=message):
        estimator(**FAST).fit(X, y, sample_weight=weights)


@pytest.mark.parametrize("missing", [np.nan, None, pd.NA, pd.NaT], ids=str)
@pytest.mark.parametrize("form", [list, partial(np.array, dtype=object), pd.Series])
def test_missing_class_labels_are_refused(dense, missing, form):
    """NaN among strings became a class of the name "nan"."""
    y = form(["a", "b", missing, "a"] * 10)
    with pytest.raises(ValueError, match="y contains NaN or infinity at sample 2"):
        GRUClassifier(**FAST).fit(dense[0], y)


@pytest.mark.parametrize("values", [(1, 2), (0, 2), (-1, 1)], ids=str)
def test_indicators_are_zeros_and_ones(dense, values):
    """They were trained on as they stood, with a log loss below zero."""
    X, y = dense
    Y = np.where(np.column_stack([y, 1 - y]), values[1], values[0])
    with pytest.raises(ValueError, match=r"at sample 0, column .*zeros and ones only"):
        GRUClassifier(**FAST).fit(X, Y)


@pytest.mark.parametrize("rate", [10.0, 100.0])
def test_a_rate_that_is_far_too_high_is_told(rng, rate):
    """With clipping nothing becomes infinite."""
    X = rng.standard_normal((200, 10, 2))
    options = {"learning_rate": "constant", "learning_rate_init": rate, "max_iter": 30}
    with pytest.warns(ConvergenceWarning, match="worse than to predict a constant.*smaller"):
        GRURegressor(16, random_state=0, **options).fit(X, X[:, -1, 0])


def test_beats_a_linear_model_where_order_counts(rng):
    """Was the larger of two events first? Summing up the steps cannot tell."""
    X = np.zeros((400, 12, 1))
    places = np.array([rng.choice(12, 2, replace=False) for _ in range(400)])
    X[np.arange(400), places[:, 0]], X[np.arange(400), places[:, 1]] = 1.0, 2.0
    y = (places[:, 0] < places[:, 1]).astype(int)
    flat = X[:, :, 0]
    linear = LogisticRegression().fit(flat[:300], y[:300]).score(flat[300:], y[300:])
    model = GRUClassifier(16, learning_rate_init=0.01, max_iter=60, random_state=0)
    assert model.fit(X[:300], y[:300]).score(X[300:], y[300:]) > max(0.97, linear)
