"""`return_sequences`: a target and a prediction for each step."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import accuracy_score, d2_pinball_score, r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_val_score

from skgru import GRUClassifier, GRURegressor
from tests.conftest import FAST as QUICK

FAST = {**QUICK, "return_sequences": True}
BOTH = pytest.mark.parametrize("estimator", [GRURegressor, GRUClassifier])

LEVELS = [0.1, 0.5, 0.9]


def running_mean(x):
    return x[:, 0].cumsum() / np.arange(1, len(x) + 1)


def has_risen(x):
    return np.where(running_mean(x) > 0, "up", "down")


# What each step of a sequence x is asked for, and what may stand at padding instead.
TASKS = {
    "number": (GRURegressor(**FAST), running_mean, [np.nan, 1e9]),
    "numbers": (GRURegressor(**FAST), lambda x: x.cumsum(axis=0), [np.nan, -1e9]),
    "median": (GRURegressor(loss="quantile", **FAST), running_mean, [np.nan]),
    "quantiles": (GRURegressor(loss="quantile", quantile=LEVELS, **FAST), running_mean, [np.nan]),
    "binary": (GRUClassifier(**FAST), lambda x: (x[:, 0] > 0) * 2, [1, -1]),
    "words": (GRUClassifier(**FAST), has_risen, ["", "neither"]),
    "3 classes": (GRUClassifier(**FAST), lambda x: np.sign(x.round()[:, 0]), [np.nan, 7]),
    "labels": (GRUClassifier(**FAST), lambda x: (x > 0).astype(int), [7]),
}


def padded(sequences, filler):
    """Return an array with ``filler`` after the end of each sequence."""
    sequences = [np.asarray(one) for one in sequences]
    dtype = np.result_type(sequences[0], np.asarray(filler))
    shape = len(sequences), max(map(len, sequences)), *sequences[0].shape[1:]
    array = np.full(shape, filler, dtype)
    for row, one in zip(array, sequences, strict=True):
        row[: len(one)] = one
    return array


@pytest.fixture
def X(rng):
    """Twenty-four sequences of 1..7 steps with 2 features."""
    return [rng.standard_normal((n, 2)) for n in np.r_[7, 1, rng.randint(1, 8, 22)]]


@pytest.fixture(params=TASKS)
def task(request, X):
    model, target, fillers = TASKS[request.param]
    return clone(model), X, [target(x) for x in X], fillers


def test_predictions_of_a_list_are_a_list(task):
    model, X, y, _ = task
    model.fit(X, y)
    predicted = model.predict(X)
    assert isinstance(predicted, list)
    more = (3,) if np.size(getattr(model, "quantile", 0)) > 1 else ()
    assert [p.shape for p in predicted] == [(*one.shape, *more) for one in y]
    if isinstance(model, GRUClassifier):
        n_classes = len(model.classes_)
        for p, log_p in zip(model.predict_proba(X), model.predict_log_proba(X), strict=True):
            assert p.shape == (len(p), n_classes)
            np.testing.assert_allclose(np.exp(log_p), p, rtol=1e-12)
        assert [len(p) for p in model.predict_proba(X)] == [len(x) for x in X]


def test_padded_is_the_same_as_a_list_whatever_stands_at_padding(task):
    model, X, y, fillers = task
    model.fit(X, y)
    expected, score = model.predict(X), model.score(X, y)
    is_valid = padded([np.ones(len(x), bool) for x in X], False)
    assert 0.2 < is_valid.mean() < 0.8
    X_padded = padded(X, np.nan)
    for filler in fillers:
        y_padded = padded(y, filler)
        model.fit(X_padded, y_padded)
        predicted = model.predict(X_padded)
        assert predicted.shape[:2] == (24, 7)
        np.testing.assert_array_equal(predicted[is_valid], np.concatenate(expected))
        assert model.score(X_padded, y_padded) == score
        if isinstance(model, GRURegressor):
            assert np.isnan(predicted[~is_valid]).all()
        else:
            assert np.isnan(model.predict_proba(X_padded)[~is_valid]).all()
            assert np.isnan(model.predict_log_proba(X_padded)[~is_valid]).all()


def test_score_is_that_of_all_valid_steps(task, rng):
    model, X, y, _ = task
    model.fit(X, y)
    truth, predicted = np.concatenate(y), np.concatenate(model.predict(X))
    weights = rng.uniform(0.1, 3, len(X))
    of_steps = np.repeat(weights, [len(x) for x in X])
    metric = accuracy_score if isinstance(model, GRUClassifier) else r2_score
    if predicted.ndim > truth.ndim:

        def metric(truth, predicted, sample_weight):
            pinball = partial(d2_pinball_score, truth, sample_weight=sample_weight)
            return np.mean([pinball(predicted[:, i], alpha=a) for i, a in enumerate(LEVELS)])

    plain, weighted = model.score(X, y), model.score(X, y, sample_weight=weights)
    ones = np.ones(len(truth))  # without weights, scikit-learn 1.6 takes another quantile for D2
    assert plain == pytest.approx(metric(truth, predicted, sample_weight=ones), rel=1e-12)
    assert weighted == pytest.approx(metric(truth, predicted, sample_weight=of_steps), rel=1e-12)
    assert plain != pytest.approx(weighted, rel=1e-6)


def test_loss_is_the_mean_over_valid_steps(X):
    """Not over sequences, and not over padding: each step counts the same."""
    y = [running_mean(x) + 5 for x in X]
    start = {**FAST, "max_iter": 1, "learning_rate_init": 1e-12, "alpha": 0}
    start = GRURegressor(**start).fit(X, y)
    squared = [(p - one) ** 2 / 2 for p, one in zip(start.predict(X), y, strict=True)]
    mean = np.concatenate(squared).mean()
    assert start.loss_ == pytest.approx(mean, rel=1e-9)
    assert mean != pytest.approx(np.mean([one.mean() for one in squared]), rel=1e-3)


def test_a_class_that_fit_has_not_seen_is_wrong_in_score(X):
    """As for whole sequences; a rare tag made a fold of a cross-validation fail."""
    y = [has_risen(x) for x in X]
    model = GRUClassifier(**FAST).fit(X, y)
    truth, predicted = np.concatenate(y), np.concatenate(model.predict(X))
    y[0] = np.full(7, "sideways")
    assert (truth == predicted)[:7].any()
    expected = (truth == predicted)[7:].sum() / len(truth)
    assert model.score(X, y) == pytest.approx(expected)
    scores = cross_val_score(model, X, y, cv=2)
    assert (scores > 0.1).all()


@BOTH
def test_tables_are_cut_into_steps(rng, estimator):
    X = rng.standard_normal((20, 5, 2))
    y = X[:, :, 0] > 0 if estimator is GRUClassifier else X.cumsum(axis=1)[:, :, 0]
    expected = estimator(**FAST).fit(X, y).predict(X)
    assert expected.shape == (20, 5)
    assert len(np.unique(expected)) > 1
    table = pd.DataFrame(X.reshape(20, 10)).add_prefix("x")
    model = estimator(n_features_per_step=2, **FAST).fit(table, pd.DataFrame(y))
    np.testing.assert_array_equal(model.predict(table), expected)
    assert model.score(table, pd.DataFrame(y)) == model.score(table, y)


def test_other_forms_of_the_same_targets(X):
    y = [has_risen(x) for x in X]
    expected = GRUClassifier(**FAST).fit(X, y).predict_proba(X)
    objects = np.empty(len(y), object)
    objects[:] = y
    for same in (tuple(y), objects, [one.tolist() for one in y], padded(y, "")):
        p = GRUClassifier(**FAST).fit(X, same).predict_proba(X)
        np.testing.assert_array_equal(np.concatenate(p), np.concatenate(expected))


def test_a_sequence_does_not_depend_on_its_neighbours(task):
    model, X, y, _ = task
    model.fit(X, y)
    predict = model.predict if isinstance(model, GRURegressor) else model.predict_proba
    together = predict(X)
    for x, expected in zip(X[:5], together, strict=False):
        np.testing.assert_allclose(predict([x])[0], expected, rtol=1e-12)


# Causality


@pytest.mark.parametrize(
    "options", [{}, {"hidden_layer_sizes": (4, 3)}, {"reset_after": True}], ids=str
)
def test_output_does_not_depend_on_later_steps(rng, options):
    X = rng.standard_normal((10, 6, 2))
    model = GRURegressor(**{**FAST, **options}).fit(X, X.cumsum(axis=1)[:, :, 0])
    before = model.predict(X)
    X[:, 3:] = rng.standard_normal((10, 3, 2))
    after = model.predict(X)
    np.testing.assert_array_equal(after[:, :3], before[:, :3])
    assert (abs(after[:, 3:] - before[:, 3:]) > 1e-9).all()


def test_with_two_directions_output_depends_on_all_steps(rng):
    X = rng.standard_normal((10, 6, 2))
    model = GRURegressor(bidirectional=True, **FAST).fit(X, X.cumsum(axis=1)[:, :, 0])
    before = model.predict(X)
    X[:, 3] += 1
    assert (abs(model.predict(X) - before) > 1e-9).all()


# Learning


def test_learns_a_running_mean(rng):
    X = [rng.uniform(-1, 1, (n, 1)) for n in rng.randint(1, 9, 200)]
    y = [running_mean(x) for x in X]
    model = GRURegressor(16, return_sequences=True, learning_rate_init=0.01, random_state=0)
    model.set_params(max_iter=100).fit(X[:120], y[:120])
    assert model.score(X[120:], y[120:]) > 0.95


def test_learns_which_of_two_events_came_last(rng):
    """Most steps hold no event, so that no step can do without memory."""
    events = rng.choice([-1, 0, 0, 0, 1], size=(200, 10))
    events[:, 0] = rng.choice([-1, 1], 200)
    last = events.copy()
    for t in range(1, 10):
        last[:, t] = np.where(events[:, t] == 0, last[:, t - 1], events[:, t])
    y = np.array(["down", "?", "up"])[last + 1]
    X = events[:, :, None].astype(float)
    model = GRUClassifier(8, return_sequences=True, learning_rate_init=0.02, random_state=0)
    model.set_params(max_iter=60).fit(X[:120], y[:120])
    assert list(model.classes_) == ["down", "up"]
    assert model.score(X[120:], y[120:]) > 0.98


# Training


def test_early_stopping_holds_out_whole_sequences(task):
    model, X, y, _ = task
    model.set_params(early_stopping=True, validation_fraction=0.25).fit(X, y)
    assert model.t_ == model.n_iter_ * 18
    curve = model.validation_loss_curve_
    assert min(curve) < max(curve)
    _, held_out = model._split(model._read(X, y, None, reset=False))
    rows, weights = held_out.rows()
    assert len(held_out) == 6
    assert len(rows) == held_out.X.lengths.sum() > 6
    np.testing.assert_allclose(weights.sum(), 6)
    assert model._validate(held_out)[0] == pytest.approx(min(curve), rel=1e-12)


@pytest.mark.parametrize("name", ["number", "quantiles", "words", "labels"])
def test_weight_k_equals_k_copies(X, name):
    model, target, _ = TASKS[name]
    y = [target(x) for x in X]
    weights = np.arange(len(X)) % 3
    copies = np.repeat(np.arange(len(X)), weights)
    score = model.fit(X, y, sample_weight=weights).score(X, y)
    weighted = np.concatenate(model.predict(X)), model.loss_curve_
    plain = model.fit(X, y).loss_curve_
    model.fit([X[i] for i in copies], [y[i] for i in copies])
    np.testing.assert_allclose(weighted[1], model.loss_curve_, rtol=1e-10)
    assert not np.allclose(weighted[1], plain, rtol=1e-4)
    if isinstance(model, GRURegressor):
        np.testing.assert_allclose(weighted[0], np.concatenate(model.predict(X)), rtol=1e-8)
    assert model.score(X, y) == pytest.approx(score, rel=1e-8)


# scikit-learn's tools


@pytest.mark.parametrize("form", ["list", "array"])
@pytest.mark.parametrize("name", ["number", "words", "labels"])
def test_cross_validation_and_grid_search(X, name, form):
    model, target, fillers = TASKS[name]
    y = [target(x) for x in X]
    if form == "array":
        X_given, y_given = padded(X, np.nan), padded(y, fillers[0])
    else:
        X_given, y_given = X, y
    scores = cross_val_score(model, X_given, y_given, cv=2)
    by_hand = [
        model.fit([X[i] for i in train], [y[i] for i in train]).score(
            [X[i] for i in test], [y[i] for i in test]
        )
        for train, test in KFold(2).split(X)
    ]
    np.testing.assert_allclose(scores, by_hand, rtol=1e-9)
    search = GridSearchCV(model, {"learning_rate_init": [1e-9, 0.1]}, cv=2).fit(X_given, y_given)
    assert search.best_params_ == {"learning_rate_init": 0.1}
    assert search.predict(X_given)[0].shape[0] == len(X_given[0])


# Bad targets


def changed(y, i, one):
    return [*y[:i], one, *y[i + 1 :]]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (lambda y: y[:-1], "inconsistent numbers of samples"),
        (lambda y: changed(y, 5, y[5][:-1]), r"y\[5\] has shape .* sequence 5 of X has . steps"),
        (lambda y: changed(y, 5, 1.0), r"y\[5\] has shape \(\), but sequence 5 of X"),
        (lambda y: changed(y, 5, y[5][:, None]), r"y\[5\] has shape .*, but y\[0\] has \(7,\)"),
        (lambda y: padded(y, np.nan)[:, :-1], r"y has shape \(24, 6\), but .* must be \(24, 7\)"),
        (lambda y: np.array([one[0] for one in y]), r"y has shape \(24,\)"),
        (lambda y: changed(y, 0, np.r_[0, 1, 2, np.nan, 4, 5, 6]), "y .*at sample 0, step 3"),
        (lambda y: changed(y, 0, np.r_[0, 1, np.inf, 3, 4, 5, 6]), "y .*at sample 0, step 2"),
        (lambda y: None, "requires y to be passed"),
    ],
)
@BOTH
def test_bad_targets_are_refused(X, estimator, bad, message):
    y = [np.round(running_mean(x)) for x in X]
    model = estimator(**FAST).fit(X, y)
    before = model.predict(X)
    with pytest.raises(ValueError, match=message):
        model.fit(X, bad(y))
    np.testing.assert_array_equal(np.concatenate(model.predict(X)), np.concatenate(before))


def test_a_missing_word_is_located(X):
    y = [has_risen(x).astype(object) for x in X]
    y[0][4] = None
    with pytest.raises(ValueError, match=r"y .*at sample 0, step 4"):
        GRUClassifier(**FAST).fit(X, y)


@BOTH
def test_targets_of_steps_without_return_sequences(X, estimator):
    """They ended in NumPy's words on inhomogeneous shapes."""
    y = [np.round(running_mean(x)) for x in X]
    objects = np.empty(len(y), object)
    objects[:] = y
    for given in (y, objects, [one.tolist() for one in y]):
        with pytest.raises(ValueError, match="Set return_sequences=True"):
            estimator().fit(X, given)


def test_cross_val_predict_of_ragged_sequences(X):
    """Lists of different lengths cannot be joined; object arrays can."""
    objects = np.empty(len(X), dtype=object)
    objects[:] = X
    y = [x[:, 0] for x in X]
    predicted = cross_val_predict(GRURegressor(**FAST), objects, y, cv=3)
    assert predicted.dtype == object
    assert [len(one) for one in predicted] == [len(x) for x in X]
