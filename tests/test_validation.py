"""Data that training is watched on: given as X_val, or held out of X."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    LeaveOneOut,
    PredefinedSplit,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier, GRURegressor
from skgru.preprocessing import TimeDistributed
from tests.conftest import FAST

BOTH = pytest.mark.parametrize("estimator", [GRURegressor, GRUClassifier])


@pytest.fixture
def data(rng):
    """Forty sequences to train on and sixteen others: the sum of the first feature."""
    X = rng.standard_normal((56, 5, 2))
    y = X[:, :, 0].sum(axis=1)
    return X[:40], y[:40], {"X_val": X[40:], "y_val": y[40:]}


def of_classes(y, validation):
    return (y > 0).astype(int), validation | {"y_val": (validation["y_val"] > 0).astype(int)}


class Spy:
    """A splitter that remembers what it was asked for and what it answered."""

    def __init__(self, splitter):
        self.splitter = splitter

    def get_n_splits(self, X=None, y=None, groups=None):
        return self.splitter.get_n_splits(X, y, groups)

    def split(self, X, y=None, groups=None):
        self.asked = len(X), y, groups
        self.splits = list(self.splitter.split(X, y, groups))
        return iter(self.splits)


# X_val


def test_nothing_is_split_off_where_there_is_x_val(data):
    X, y, validation = data
    model = GRURegressor(early_stopping=True, **FAST).fit(X, y, **validation)
    assert model.t_ == 4 * 40
    other = GRURegressor(**FAST).fit(X, y)
    np.testing.assert_array_equal(model.loss_curve_, other.loss_curve_)
    assert GRURegressor(early_stopping=True, **FAST).fit(X, y).t_ == 4 * 36


def test_early_stopping_watches_x_val_and_keeps_the_best_weights(rng):
    """There is more noise than can be learned, so the validation loss rises again."""
    X = rng.standard_normal((60, 4, 2))
    y = X[:, :, 0].sum(axis=1) + rng.standard_normal(60)
    options = {"learning_rate": "constant", "learning_rate_init": 0.02, "max_iter": 200}
    model = GRURegressor(16, early_stopping=True, n_iter_no_change=4, random_state=0, **options)
    model.fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    losses = model.validation_loss_curve_
    best = int(np.argmin(losses))
    assert 0 < best < len(losses) - 1 < 199
    assert model.best_validation_score_ == model.validation_scores_[best]
    predicted = model.predict(X[40:])
    assert np.mean((predicted - y[40:]) ** 2) / 2 == pytest.approx(losses[best], rel=1e-12)
    assert model.score(X[40:], y[40:]) == pytest.approx(model.validation_scores_[best], rel=1e-12)
    shorter = clone(model).set_params(max_iter=best + 1, early_stopping=False).fit(X[:40], y[:40])
    np.testing.assert_array_equal(shorter.predict(X), model.predict(X))


@BOTH
def test_without_early_stopping_x_val_is_only_recorded(data, estimator):
    X, y, validation = data
    if estimator is GRUClassifier:
        y, validation = of_classes(y, validation)
    X_val, y_val = validation.values()
    model = estimator(**FAST).fit(X, y, **validation)
    expected = estimator(**FAST).fit(X, y)
    assert expected.validation_loss_curve_ is expected.validation_scores_ is None
    assert expected.best_validation_score_ is None
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))
    curve = []
    for n_epochs in range(1, 5):
        estimator_then = estimator(**FAST | {"max_iter": n_epochs}).fit(X, y)
        if estimator is GRUClassifier:
            curve.append(log_loss(y_val, estimator_then.predict_proba(X_val)))
        else:
            curve.append(np.mean((estimator_then.predict(X_val) - y_val) ** 2) / 2)
    np.testing.assert_allclose(model.validation_loss_curve_, curve, rtol=1e-10)
    metric = accuracy_score if estimator is GRUClassifier else r2_score
    score = metric(y_val, model.predict(X_val))
    assert model.best_validation_score_ == model.validation_scores_[-1] == pytest.approx(score)


@BOTH
def test_history_holds_the_validation_curves(data, estimator):
    X, y, validation = data
    if estimator is GRUClassifier:
        y, validation = of_classes(y, validation)
    for options in ({}, validation):
        model = estimator(early_stopping=True, **FAST).fit(X, y, **options)
        assert model.history_["loss"] == model.loss_curve_
        assert model.history_["validation_loss"] == model.validation_loss_curve_
        assert model.history_["validation_score"] == model.validation_scores_
        assert len(pd.DataFrame(model.history_)) == model.n_iter_ == 4
    model = estimator(**FAST).fit(X, y)
    assert np.isnan(model.history_["validation_loss"]).all()


def test_weights_of_x_val_count(data, rng):
    X, y, validation = data
    weights = rng.uniform(0.1, 3, 16)
    plain = GRURegressor(**FAST).fit(X, y, **validation)
    weighted = GRURegressor(**FAST).fit(X, y, **validation, sample_weight_val=weights)
    X_val, y_val = validation.values()
    squared = (weighted.predict(X_val) - y_val) ** 2 / 2
    expected = np.average(squared, weights=weights)
    assert weighted.validation_loss_curve_[-1] == pytest.approx(expected, rel=1e-12)
    assert weighted.validation_scores_[-1] == pytest.approx(weighted.score(X_val, y_val, weights))
    assert plain.validation_loss_curve_[-1] != pytest.approx(expected, rel=1e-3)
    np.testing.assert_array_equal(plain.predict(X), weighted.predict(X))


def test_forms_of_x_val(data):
    """Any that X may have, whatever X has; so may y_val, where each step has a target."""
    X, y, validation = data
    X_val, y_val = validation.values()
    expected = GRURegressor(**FAST).fit(X, y, **validation).validation_loss_curve_
    padded = np.concatenate([X_val, np.full((16, 1, 2), np.nan)], axis=1)
    for same in (list(X_val), padded):
        curve = GRURegressor(**FAST).fit(X, y, X_val=same, y_val=list(y_val)).validation_loss_curve_
        np.testing.assert_allclose(curve, expected, rtol=1e-12)
    table = pd.DataFrame(X.reshape(40, 10)).add_prefix("x")
    table_val = pd.DataFrame(X_val.reshape(16, 10)).add_prefix("x")
    model = GRURegressor(n_features_per_step=2, **FAST)
    curve = model.fit(table, y, X_val=table_val, y_val=y_val).validation_loss_curve_
    np.testing.assert_allclose(curve, expected, rtol=1e-12)
    steps, steps_val = X.cumsum(axis=1), X_val.cumsum(axis=1)
    model = GRURegressor(return_sequences=True, **FAST).fit(
        X, steps, X_val=[x[:3] for x in X_val], y_val=[s[:3] for s in steps_val]
    )
    squared = (model.predict(X_val)[:, :3] - steps_val[:, :3]) ** 2 / 2
    assert model.validation_loss_curve_[-1] == pytest.approx(squared.mean(), rel=1e-12)


def test_tokens_that_only_x_val_has_are_unknown(rng):
    X, y = rng.randint(1, 9, (40, 4)), np.arange(40) % 2
    model = GRUClassifier(embedding_dim=2, **FAST)
    model.fit(X, y, X_val=np.full((2, 4), 99), y_val=[0, 1])
    assert 99 not in model.token_ids_
    p = model.predict_proba([[77] * 4])
    assert model.validation_loss_curve_[-1] == pytest.approx(-np.log(p).mean(), rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_val": None}, "X_val was passed without y_val"),
        ({"X_val": None}, "y_val or sample_weight_val was passed without X_val"),
        ({"X_val": np.zeros((16, 5, 3))}, "In X_val.*X has 3 features per step.*fitted with 2"),
        ({"X_val": np.full((16, 5, 2), np.inf)}, "In X_val.*infinity at sample 0, step 0"),
        ({"y_val": np.zeros(15)}, r"In X_val.*inconsistent numbers of samples: \[16, 15\]"),
        ({"y_val": np.full(16, 7)}, "In X_val, y_val.*y holds 7"),
        ({"y_val": np.full(16, np.nan)}, "In X_val, y_val.*y contains NaN"),
        ({"sample_weight_val": np.zeros(16)}, "sample_weight_val: .* zero for every sample"),
        ({"sample_weight_val": np.ones(15)}, r"sample_weight_val: .*shape == \(15,\)"),
    ],
)
def test_bad_validation_data_are_named(data, changes, message):
    """Errors spoke of X and y, so that one looked for the fault in the wrong place."""
    X, y, validation = data
    y, validation = of_classes(y, validation)
    model = GRUClassifier(**FAST).fit(X, y)
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y, **validation | changes)
    np.testing.assert_array_equal(model.predict_proba(X), before)


def test_a_validation_loss_that_overflows_is_divergence(data):
    """It was a RuntimeWarning from inside, and an error of the metric in words of scikit-learn."""
    X, y, validation = data
    model = GRURegressor(**{**FAST, "learning_rate_init": 1e200})
    with pytest.raises(ValueError, match="Training diverged in epoch 1"):
        model.fit(X, y, **validation)


# Pipelines and searches


def test_x_val_through_a_pipeline_in_a_grid_search(data):
    """X_val is scaled as X is: in each fold by what was learned from the training part."""
    X, y, validation = data
    X_val, y_val = 100 * validation["X_val"], validation["y_val"]
    with sklearn.config_context(enable_metadata_routing=True):
        gru = GRURegressor(early_stopping=True, **FAST).set_fit_request(X_val=True, y_val=True)
        scaler = TimeDistributed(StandardScaler())
        pipeline = Pipeline([("scaler", scaler), ("gru", gru)], transform_input=["X_val"])
        search = GridSearchCV(pipeline, {"gru__learning_rate_init": [1e-9, 0.01]}, cv=3)
        search.fit(100 * X, y, X_val=X_val, y_val=y_val)
    assert search.best_params_ == {"gru__learning_rate_init": 0.01}
    fitted = search.best_estimator_[-1]
    assert fitted.t_ == 4 * 40
    scaler = clone(scaler).fit(100 * X)
    expected = GRURegressor(early_stopping=True, **FAST).set_params(learning_rate_init=0.01)
    expected.fit(scaler.transform(100 * X), y, X_val=scaler.transform(X_val), y_val=y_val)
    np.testing.assert_allclose(
        fitted.validation_loss_curve_, expected.validation_loss_curve_, rtol=1e-9
    )
    raw = GRURegressor(early_stopping=True, **FAST).set_params(learning_rate_init=0.01)
    raw.fit(scaler.transform(100 * X), y, X_val=X_val, y_val=y_val)
    assert not np.allclose(raw.validation_loss_curve_, expected.validation_loss_curve_, rtol=1e-3)


def test_groups_are_routed_to_the_splitter_and_to_fit(data):
    X, y, _ = data
    groups = np.repeat(np.arange(10), 4)
    with sklearn.config_context(enable_metadata_routing=True):
        model = GRURegressor(early_stopping=True, **FAST).set_fit_request(groups=True)
        options = {"cv": GroupKFold(5), "params": {"groups": groups}}
        scores = cross_val_score(model, X, y, **options)
        search = GridSearchCV(model, {"alpha": [0.0]}, cv=GroupKFold(5))
        search.fit(X, y, groups=groups)
    by_hand = [
        clone(model).fit(X[train], y[train], groups=groups[train]).score(X[test], y[test])
        for train, test in GroupKFold(5).split(X, y, groups)
    ]
    np.testing.assert_allclose(scores, by_hand, rtol=1e-12)
    assert search.best_estimator_.t_ == 4 * 36  # one group of ten, whole
    without = [
        clone(model).fit(X[train], y[train]).score(X[test], y[test])
        for train, test in GroupKFold(5).split(X, y, groups)
    ]
    assert not np.allclose(scores, without)


# What is held out


def held_out(model, X, y, groups=None):
    """Fit; return the indices of the validation part, which the targets tell."""
    parts = []
    original = type(model)._validate
    model._validate = lambda part: (parts.append(part), original(model, part))[1]
    model.fit(X, y, groups=groups)
    del model._validate
    indices = np.flatnonzero(np.isin(y, parts[0].y[:, 0]))
    assert len(indices) == len(parts[0])
    assert model.t_ == model.n_iter_ * (len(y) - len(indices))
    return indices


def test_a_time_series_split_holds_out_the_end(data):
    X, y, _ = data
    spy = Spy(TimeSeriesSplit(n_splits=4))
    model = GRURegressor(early_stopping=True, validation_split=spy, **FAST)
    assert held_out(model, X, y).tolist() == list(range(32, 40))
    n_samples, _, groups = spy.asked
    assert n_samples == 40
    assert groups is None
    assert len(spy.splits) == 4
    with_gap = model.set_params(validation_split=TimeSeriesSplit(n_splits=4, gap=5)).fit(X, y)
    assert with_gap.t_ == 4 * 27


def test_a_splitter_gets_the_groups(data):
    X, y, _ = data
    groups = np.array(list("abcdefgh") * 5)
    spy = Spy(GroupShuffleSplit(n_splits=3, test_size=2, random_state=1))
    model = GRURegressor(early_stopping=True, validation_split=spy, **FAST)
    indices = held_out(model, X, y, groups=list(groups))
    assert indices.tolist() == spy.splits[-1][1].tolist() != spy.splits[0][1].tolist()
    assert len(indices) == 10
    assert len(np.unique(groups[indices])) == 2
    model.set_params(validation_split=GroupKFold(4))
    with pytest.raises(ValueError, match="groups"):
        model.fit(X, y)


def test_groups_alone_are_held_out_whole(data):
    X, y, _ = data
    groups = np.random.RandomState(0).permutation(np.arange(40) % 8)
    parts = []
    for seed in (0, 0, 1, 2):
        model = GRURegressor(early_stopping=True, validation_fraction=0.25, **FAST)
        indices = held_out(model.set_params(random_state=seed), X, y, groups=groups)
        assert len(indices) == 10
        assert not set(groups[indices]) & set(np.delete(groups, indices))
        parts.append(indices.tolist())
    assert parts[0] == parts[1]
    assert len({tuple(part) for part in parts}) > 1


def test_a_splitter_of_a_classifier_gets_the_classes(data):
    X = data[0]
    spy = Spy(StratifiedKFold(5))
    words = np.where(np.arange(40) % 4 == 0, "rare", "usual")
    model = GRUClassifier(early_stopping=True, validation_split=spy, **FAST).fit(X, words)
    assert model.t_ == 4 * 32
    assert sorted(words[spy.splits[-1][1]]) == ["rare"] * 2 + ["usual"] * 6


@pytest.mark.parametrize(
    ("options", "groups", "message"),
    [
        ({"validation_split": LeaveOneOut()}, None, "Only 1 of 40 samples would be held out"),
        ({"validation_fraction": 0.01}, None, "Only 1 of 40 samples would be held out"),
        ({"validation_fraction": 0.01}, np.arange(40), "Only 1 of 40 samples"),
        ({}, np.zeros(39), r"inconsistent numbers of samples: \[40, 39\]"),
        ({}, np.zeros(40), "validation_fraction=0.1 of the groups cannot split.*n_samples=1"),
        ({"validation_split": PredefinedSplit([-1] * 40)}, None, "yields no split"),
    ],
)
def test_parts_that_are_too_small(data, options, groups, message):
    X, y, _ = data
    model = GRURegressor(early_stopping=True, **options, **FAST)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y, groups=groups)


@pytest.mark.parametrize(
    ("estimator", "split", "message"),
    [
        (GRURegressor(), TimeSeriesSplit, r"validation_split .* pass TimeSeriesSplit\(...\)"),
        (GRURegressor(), StratifiedKFold(5), "validation_split=StratifiedKFold.*continuous"),
        (GRUClassifier(return_sequences=True), StratifiedKFold(5), "validation_split=Strat"),
    ],
)
def test_splitters_that_cannot_split_are_named(data, estimator, split, message):
    X, y, _ = data
    if estimator.return_sequences:
        y = (X[:, :, 0] > 0).astype(int)
    model = estimator.set_params(early_stopping=True, validation_split=split, **FAST)
    with pytest.raises((TypeError, ValueError), match=message):
        model.fit(X, y)


@pytest.mark.parametrize("how", ["groups", "validation_split"])
def test_what_has_no_effect_without_early_stopping_is_told(data, how):
    X, y, _ = data
    split = TimeSeriesSplit(3) if how == "validation_split" else None
    groups = np.arange(40) if how == "groups" else None
    with pytest.warns(UserWarning, match="have no effect without early_stopping"):
        GRURegressor(validation_split=split, **FAST).fit(X, y, groups=groups)


def test_tokens_that_are_only_held_out_are_unknown():
    X = np.array([[1, 2, 3]] * 6 + [[1, 2, 9]] * 4)
    split = PredefinedSplit([-1] * 6 + [0] * 4)
    model = GRURegressor(embedding_dim=3, early_stopping=True, validation_split=split, **FAST)
    vectors = model.fit(X, np.arange(10)).weights_["embedding"]
    assert model.token_ids_.tolist() == [1, 2, 3, 9]
    np.testing.assert_array_equal(vectors[4], vectors[0])
    assert (vectors[1:4] != 0).all()


def test_the_output_bias_does_not_see_what_is_held_out(data):
    """A learning rate next to zero leaves it where it began."""
    X, y, _ = data
    y = np.where(np.arange(40) < 20, 3.0, 1e6)
    split = PredefinedSplit(np.where(np.arange(40) < 20, -1, 0))
    options = FAST | {"learning_rate_init": 1e-12}
    model = GRURegressor(early_stopping=True, validation_split=split, **options).fit(X, y)
    np.testing.assert_allclose(model.weights_["bias_out"], 3)


def test_a_predefined_split_and_weights_of_what_is_held_out(data, rng):
    X, y, _ = data
    weights = rng.uniform(0.1, 3, 40)
    split = PredefinedSplit(np.where(np.arange(40) % 4 == 0, 0, -1))
    model = GRURegressor(early_stopping=True, validation_split=split, **FAST)
    model.fit(X, y, sample_weight=weights)
    chosen = np.arange(0, 40, 4)
    squared = (model.predict(X[chosen]) - y[chosen]) ** 2 / 2
    expected = np.average(squared, weights=weights[chosen])
    assert min(model.validation_loss_curve_) == pytest.approx(expected, rel=1e-12)
    assert expected != pytest.approx(squared.mean(), rel=1e-3)


def test_a_warm_start_holds_out_the_same_samples(data):
    X, y, _ = data
    model = GRURegressor(early_stopping=True, warm_start=True, **FAST)
    first = held_out(model, X, y)
    assert len(first) == 4
    np.testing.assert_array_equal(held_out(model, X, y), first)
    assert model.n_iter_ == 8
