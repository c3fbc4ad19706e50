"""scikit-learn's callbacks hear of every epoch, and can look at it, without changing the fit."""

import copy
import pickle
import re
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier, GRURegressor
from skgru._core import _training
from skgru.preprocessing import TimeDistributed

callback = pytest.importorskip(
    "sklearn.callback", reason="scikit-learn has callbacks since version 1.9; verbose is older"
)

FAST = {"hidden_layer_sizes": 4, "max_iter": 5, "learning_rate": "constant", "random_state": 0}


class Recorder:
    """Notes what it hears, and stops the training or fails if it is told to."""

    def __init__(self, *, stop_after=None, fail_at=None):
        self.stop_after = stop_after
        self.fail_at = fail_at
        self.heard = []
        self.contexts = []
        self.seen = []  # (X, y, metadata) of every call
        self.fitted = []  # after each epoch; the last one after the fit

    def setup(self, estimator, context):
        self._hear("setup", context)

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        self.seen.append((X, y, metadata))
        self._hear("begin", context)

    def on_fit_task_end(
        self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None
    ):
        self.seen.append((X, y, metadata))
        self.fitted.append(fitted_estimator)
        self._hear("end", context)
        return self.stop_after is not None and len(self.fitted) >= self.stop_after

    def teardown(self, estimator, context):
        self._hear("teardown", context)

    def _hear(self, what, context):
        self.contexts.append(context)
        self.heard.append(f"{what} {context.task_name}")
        if self.heard[-1] == self.fail_at:
            raise RuntimeError(f"failed at {self.fail_at}")


def story(n_epochs):
    """Return what a callback hears of a fit of so many epochs."""
    epochs = ["begin epoch", "end epoch"] * n_epochs
    return ["setup fit", "begin fit", *epochs, "end fit", "teardown fit"]


def recorded(model, *data, **options):
    """Fit, and return the recorder that listened."""
    recorder = Recorder()
    model.set_callbacks(recorder).fit(*data, **options)
    return recorder


@pytest.fixture
def interrupt_epoch(monkeypatch):
    """Return a function that lets the user press Ctrl-C in the epoch of that number."""

    def interrupt(number):
        original, calls = _training.Trainer._epoch, []

        def epoch(self, *args):
            calls.append(1)
            if len(calls) == number:
                raise KeyboardInterrupt
            return original(self, *args)

        monkeypatch.setattr(_training.Trainer, "_epoch", epoch)

    return interrupt


# What callbacks hear


@pytest.mark.parametrize("estimator", [GRURegressor, GRUClassifier])
def test_every_epoch_begins_and_ends(dense, estimator):
    recorder = recorded(estimator(**FAST), *dense)
    assert recorder.heard == story(5)
    fit = recorder.contexts[0]
    assert (fit.estimator_name, fit.max_subtasks) == (estimator.__name__, 5)
    epochs = [one for one in recorder.contexts if one.task_name == "epoch"]
    assert [one.task_id for one in epochs[::2]] == [0, 1, 2, 3, 4]
    assert all(one.parent is fit and one.max_subtasks == 0 for one in epochs)


def test_training_that_converges_has_fewer_epochs_than_announced(ragged):
    model = GRURegressor(**{**FAST, "max_iter": 200}, tol=10.0, n_iter_no_change=2)
    recorder = recorded(model, *ragged)
    assert recorder.heard == story(4)
    assert recorder.contexts[0].max_subtasks == 200
    assert model.n_iter_ == 4


def test_number_of_epochs_is_announced_also_where_it_follows_from_the_data(ragged):
    model = GRURegressor(2, random_state=0)
    recorder = recorded(model, *ragged)
    assert recorder.contexts[1].max_subtasks == model.n_iter_ > 100


def test_warm_start_tells_of_the_new_epochs_only(ragged):
    model = GRURegressor(warm_start=True, **FAST).fit(*ragged)
    recorder = recorded(model, *ragged)
    assert recorder.heard == story(5)
    assert [one.n_iter_ for one in recorder.fitted] == [6, 7, 8, 9, 10, 10]


def test_data_are_those_that_the_user_gave(ragged):
    X, y = ragged
    weights = np.arange(1.0, len(y) + 1)
    recorder = recorded(GRURegressor(**FAST), X, y, sample_weight=weights)
    assert all(a is X and b is y and c["sample_weight"] is weights for a, b, c in recorder.seen)
    recorder = recorded(GRURegressor(**FAST), X, y)
    assert all(metadata is None for _, _, metadata in recorder.seen)
    assert len(recorder.seen) == 12


def test_partial_fit_is_no_fit(ragged):
    assert recorded(GRURegressor(**FAST).partial_fit(*ragged), *ragged).heard == story(5)
    recorder = Recorder()
    GRURegressor(**FAST).set_callbacks(recorder).partial_fit(*ragged)
    assert recorder.heard == []


def test_without_callbacks_epochs_are_not_told(ragged, monkeypatch):
    """So they cost nothing, and there is no list of them."""

    def told(self, **options):
        raise AssertionError("an epoch was announced to nobody")

    monkeypatch.setattr("sklearn.callback._callback_context.CallbackContext.subcontext", told)
    GRURegressor(**FAST).fit(*ragged)
    with pytest.raises(AssertionError, match="to nobody"):
        recorded(GRURegressor(**FAST), *ragged)


# What they can look at


@pytest.mark.parametrize("options", [{}, {"early_stopping": True}, {"batch_size": 7}], ids=str)
def test_estimator_in_the_middle_of_a_fit_is_that_of_a_shorter_fit(ragged, options):
    X, y = ragged
    model = GRURegressor(**{**FAST, **options})
    recorder = recorded(model, X, y)
    for n_epochs, snapshot in enumerate(recorder.fitted[:-1], start=1):
        shorter = clone(model).set_params(max_iter=n_epochs).fit(X, y)
        np.testing.assert_array_equal(snapshot.predict(X), shorter.predict(X))
        for name in ("n_iter_", "t_", "loss_", "loss_curve_", "validation_loss_curve_"):
            assert getattr(snapshot, name) == getattr(shorter, name)
        assert len(snapshot.history_["loss"]) == n_epochs
    assert n_epochs == 5
    np.testing.assert_array_equal(recorder.fitted[-1].predict(X), model.predict(X))


def test_looking_does_not_change_the_fit(ragged):
    X, y = ragged
    alone = GRURegressor(dropout=0.2, batch_size=7, **FAST).fit(X, y)
    watched = clone(alone)
    recorded(watched, X, y)
    np.testing.assert_array_equal(watched.predict(X), alone.predict(X))
    assert watched.t_ == alone.t_


def test_estimators_in_the_middle_of_a_fit_can_be_trained_on_their_own(ragged):
    X, y = ragged
    model = GRURegressor(**FAST)
    recorder = recorded(model, X, y)
    before = model.predict(X)
    for snapshot in recorder.fitted[:3]:
        snapshot.weights_["bias_out"][...] = 100.0
        snapshot.partial_fit(X, y)
    np.testing.assert_array_equal(model.predict(X), before)
    assert model.n_iter_ == 5
    assert [one.n_iter_ for one in recorder.fitted] == [2, 3, 4, 4, 5, 5]


def test_early_stopping_shows_each_epoch_and_at_last_the_best(rng):
    X, y = rng.standard_normal((60, 4, 2)), rng.standard_normal(60)
    model = GRURegressor(
        16, early_stopping=True, n_iter_no_change=5, learning_rate_init=0.02, random_state=0
    )
    *epochs, kept = recorded(model, X, y).fitted
    best = int(np.argmin(model.validation_loss_curve_))
    assert best < len(epochs) - 1
    np.testing.assert_array_equal(kept.predict(X), epochs[best].predict(X))
    assert not np.allclose(epochs[-1].predict(X), kept.predict(X))


# What they can do


def test_a_callback_can_stop_the_training(ragged):
    """That is no lack of convergence: there is no warning."""
    X, y = ragged
    model, recorder = GRURegressor(**FAST), Recorder(stop_after=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.set_callbacks(recorder).fit(X, y)
    assert recorder.heard == story(3)
    assert model.n_iter_ == 3
    shorter = GRURegressor(**{**FAST, "max_iter": 3}).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), shorter.predict(X))


@pytest.mark.parametrize("fail_at", list(dict.fromkeys(story(1))))
def test_a_callback_that_fails_fails_the_fit_and_leaves_the_estimator_alone(ragged, fail_at):
    X, y = ragged
    model = GRURegressor(**FAST).fit(X, y)
    before = model.predict(X)
    recorder = Recorder(fail_at=fail_at)
    with pytest.raises(RuntimeError, match=f"failed at {fail_at}"):
        model.set_params(random_state=1).set_callbacks(recorder).fit(X, y)
    assert recorder.heard[-1] == "teardown fit"
    assert recorder.heard.count("teardown fit") == 1
    if fail_at != "teardown fit":  # by then the fit is done
        np.testing.assert_array_equal(model.predict(X), before)
    recorder.fail_at, recorder.heard = None, []
    model.fit(X, y)
    assert recorder.heard == story(5)


# When a fit goes wrong


def test_callbacks_are_taken_down_when_the_training_diverges(ragged):
    X, y = ragged
    model = GRURegressor(warm_start=True, max_grad_norm=None, **FAST).fit(X, y)
    before = model.predict(X)
    recorder = Recorder()
    model.set_params(learning_rate_init=1e200).set_callbacks(recorder)
    with pytest.raises(ValueError, match="diverged in epoch"):
        model.fit(X, y)
    assert recorder.heard[-2:] == ["begin epoch", "teardown fit"]
    assert "end fit" not in recorder.heard
    np.testing.assert_array_equal(model.predict(X), before)
    recorder.heard.clear()
    model.set_params(learning_rate_init=3e-3).fit(X, y)
    assert recorder.heard == story(5)


def test_callbacks_are_taken_down_when_the_data_are_bad(ragged):
    X, y = ragged
    model, recorder = GRURegressor(**FAST), Recorder()
    with pytest.raises(ValueError, match="y contains NaN"):
        model.set_callbacks(recorder).fit(X, np.full(len(y), np.nan))
    assert recorder.heard == ["setup fit", "teardown fit"]
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_an_interrupted_epoch_ends_with_nothing_to_show(ragged, interrupt_epoch):
    interrupt_epoch(3)
    model, recorder = GRURegressor(**FAST), Recorder()
    with pytest.warns(UserWarning, match="interrupted by user after epoch 2"):
        model.set_callbacks(recorder).fit(*ragged)
    assert recorder.heard == story(3)
    assert [one and one.n_iter_ for one in recorder.fitted] == [1, 2, None, 2]


def test_an_interrupt_before_the_first_epoch_ends_like_an_error(ragged, interrupt_epoch):
    interrupt_epoch(1)
    recorder = Recorder()
    with pytest.raises(KeyboardInterrupt):
        GRURegressor(**FAST).set_callbacks(recorder).fit(*ragged)
    assert recorder.heard == ["setup fit", "begin fit", "begin epoch", "teardown fit"]


# Copies


def test_clones_share_their_callbacks(ragged):
    recorder = Recorder()
    model = GRURegressor(**FAST).set_callbacks(recorder)
    clone(model).fit(*ragged)
    assert recorder.heard == story(5)
    assert "callbacks" not in str(model.get_params())


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]
)
def test_copies_after_the_fit_predict_the_same(ragged, duplicate):
    X, y = ragged
    model = GRURegressor(**FAST).set_callbacks(callback.ScoringMonitor(scoring="r2")).fit(X, y)
    again = duplicate(model)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.fit(X, y).predict(X), model.predict(X))
    assert not [name for name in vars(model) if "callback" in name and name != "_skl_callbacks"]


# scikit-learn's own


def scores_by_epoch(monitor, name):
    return [row[name] for row in monitor.get_logs().data if row["task_name"] == "epoch"]


def test_scores_are_those_of_shorter_fits(ragged):
    X, y = ragged
    weights = np.arange(1.0, len(y) + 1)
    monitor = callback.ScoringMonitor(scoring=["r2", "neg_mean_absolute_error"])
    model = GRURegressor(**FAST).set_callbacks(monitor).fit(X, y, sample_weight=weights)
    for n_epochs, score in enumerate(scores_by_epoch(monitor, "r2"), start=1):
        shorter = GRURegressor(**{**FAST, "max_iter": n_epochs}).fit(X, y, sample_weight=weights)
        assert score == r2_score(y, shorter.predict(X), sample_weight=weights)
    assert n_epochs == 5
    fit = [row for row in monitor.get_logs().data if row["task_name"] == "fit"]
    assert [row["r2"] for row in fit] == [model.score(X, y, weights)]


def test_scores_of_every_step(ragged):
    X, _ = ragged
    y = [x[:, 0].cumsum() for x in X]
    # As scoring=None should: that fails for every estimator in scikit-learn 1.9.1.
    monitor = callback.ScoringMonitor(scoring=lambda model, X, y: {"score": model.score(X, y)})
    model = GRURegressor(return_sequences=True, **FAST).set_callbacks(monitor).fit(X, y)
    scores = scores_by_epoch(monitor, "score")
    assert len(scores) == 5
    assert scores[-1] == model.score(X, y)


def test_scores_in_a_pipeline(ragged):
    X, y = ragged
    monitor = callback.ScoringMonitor(scoring="r2")
    model = GRURegressor(**FAST).set_callbacks(monitor)
    pipeline = make_pipeline(TimeDistributed(StandardScaler()), model).fit(X, y)
    assert len(scores_by_epoch(monitor, "r2")) == 5
    assert scores_by_epoch(monitor, "r2")[-1] == pipeline.score(X, y)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_scores_in_a_grid_search(dense, n_jobs):
    X, y = dense
    monitor = callback.ScoringMonitor(scoring="accuracy")
    model = GRUClassifier(**FAST).set_callbacks(monitor)
    search = GridSearchCV(model, {"max_iter": [2, 3]}, cv=2, n_jobs=n_jobs).fit(X, y)
    n_epochs = 2 * (2 + 3) + search.best_params_["max_iter"]
    assert len(scores_by_epoch(monitor, "accuracy")) == n_epochs
    refit, *_ = [row for row in monitor.get_logs().data if row["task_name"] == "fit"]
    assert refit["accuracy"] == search.score(X, y)


def test_progress_of_a_fit(ragged, capsys):
    pytest.importorskip("rich", reason="what ProgressBar draws with")
    GRURegressor(**FAST).set_callbacks(callback.ProgressBar()).fit(*ragged)
    assert re.search(r"GRURegressor - fit .* 100%", capsys.readouterr().out)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_progress_of_a_grid_search_over_a_pipeline(ragged, capsys, n_jobs):
    pytest.importorskip("rich", reason="what ProgressBar draws with")
    pipeline = make_pipeline(TimeDistributed(StandardScaler()), GRURegressor(**FAST))
    search = GridSearchCV(pipeline, {"gruregressor__max_iter": [2, 3]}, cv=2, n_jobs=n_jobs)
    search.set_callbacks(callback.ProgressBar(max_propagation_depth=None)).fit(*ragged)
    shown = capsys.readouterr().out
    n_fits = 2 * 2 + 1
    assert len(re.findall(r"\| GRURegressor - fit .* 100%", shown)) == n_fits
    assert len(re.findall(r"\| TimeDistributed - fit .* 100%", shown)) == n_fits
    assert not hasattr(search.best_estimator_[-1], "_skl_callbacks")
