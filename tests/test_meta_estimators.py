"""Estimators of scikit-learn around ours: each in the forms of X that it takes, with its score."""

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import Ridge
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import (
    ClassifierChain,
    MultiOutputClassifier,
    MultiOutputRegressor,
    RegressorChain,
)
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

from skgru import GRUClassifier, GRURegressor

N_SAMPLES, N_TIMESTEPS = 60, 4
OPTIONS = {"max_iter": 20, "batch_size": 15, "learning_rate_init": 0.03, "random_state": 0}
FORMS = "3-D", "ragged", "table"

classifier = GRUClassifier(8, **OPTIONS)
regressor = GRURegressor(8, **OPTIONS)
two_classifiers = [("last", classifier), ("max", clone(classifier).set_params(pooling="max"))]
two_regressors = [("last", regressor), ("max", clone(regressor).set_params(pooling="max"))]

# With the target that they are given; what is sought is the last number of a sequence.
EVERY_FORM = [
    (CalibratedClassifierCV(classifier, cv=2), "positive"),
    (TunedThresholdClassifierCV(classifier, cv=2), "positive"),
    (FixedThresholdClassifier(classifier), "positive"),
    (VotingClassifier(two_classifiers, voting="soft"), "third"),
    (VotingRegressor(two_regressors), "value"),
    (StackingClassifier(two_classifiers, cv=2), "positive"),
    (StackingRegressor(two_regressors, cv=2), "value"),
    (OneVsRestClassifier(classifier), "third"),
    (MultiOutputClassifier(classifier), "two labels"),
    (MultiOutputRegressor(regressor), "two values"),
    (TransformedTargetRegressor(regressor, transformer=StandardScaler()), "value"),
]
NOT_RAGGED = [
    (AdaBoostClassifier(classifier, n_estimators=2, random_state=0), "third"),
    (AdaBoostRegressor(regressor, n_estimators=2, random_state=0), "value"),
]
# scikit-learn itself wants two dimensions here.
TABLES = [
    (BaggingClassifier(classifier, n_estimators=2, random_state=0), "third"),
    (BaggingRegressor(regressor, n_estimators=2, random_state=0), "value"),
    (OneVsOneClassifier(classifier), "third"),
    (OutputCodeClassifier(classifier, code_size=4, random_state=0), "third"),
    (RegressorChain(regressor), "two values"),
    (ClassifierChain(classifier), "two labels"),
]
CASES = [
    pytest.param(estimator, target, form, id=f"{type(estimator).__name__}-{form}")
    for group, forms in ((EVERY_FORM, FORMS), (NOT_RAGGED, ["3-D", "table"]), (TABLES, ["table"]))
    for estimator, target in group
    for form in forms
]


@pytest.fixture(scope="module")
def sequences():
    rng = np.random.RandomState(0)
    return rng.uniform(-1, 1, (N_SAMPLES, N_TIMESTEPS, 1))


@pytest.fixture(scope="module")
def forms(sequences):
    n_cut = np.random.RandomState(1).randint(0, 3, N_SAMPLES)
    return {
        "3-D": sequences,
        "ragged": [one[n:] for one, n in zip(sequences, n_cut, strict=True)],
        "table": sequences.reshape(N_SAMPLES, -1),
    }


@pytest.fixture(scope="module")
def targets(sequences):
    last = sequences[:, -1, 0]
    return {
        "value": last,
        "positive": last > 0,
        "third": np.digitize(last, [-1 / 3, 1 / 3]),
        "two values": np.column_stack([last, -last]),
        "two labels": np.column_stack([last > 0, last < 0]).astype(int),
    }


@pytest.mark.parametrize(("estimator", "target", "form"), CASES)
def test_score_around_ours(estimator, target, form, forms, targets):
    """A constant scores 0, or about 0.5 of two classes and 0.35 of three."""
    X, y = forms[form], targets[target]
    score = clone(estimator).fit(X, y).score(X, y)
    assert score > (0.8 if is_classifier(estimator) else 0.9)


@pytest.mark.parametrize(("estimator", "target"), [case for case in TABLES if case[1] != "value"])
def test_what_takes_tables_only_says_so(estimator, target, sequences, targets):
    """If one of these begins to take sequences, it belongs to another list."""
    with pytest.raises(ValueError, match="dim 3"):
        clone(estimator).fit(sequences, targets[target])


def test_self_training(forms, targets):
    """Two thirds of the labels are unknown."""
    X, y = forms["table"], targets["positive"].astype(int)
    known = np.arange(N_SAMPLES) % 3 == 0
    model = SelfTrainingClassifier(classifier).fit(X, np.where(known, y, -1))
    assert model.score(X[~known], y[~known]) > 0.8


def test_sequential_feature_selector_selects_whole_steps(forms, targets):
    """With a feature per step, a column is a step."""
    selector = SequentialFeatureSelector(regressor, n_features_to_select=1, cv=2)
    selector.fit(forms["table"], targets["value"])
    assert list(selector.get_support(indices=True)) == [N_TIMESTEPS - 1]


def test_importance_and_dependence_over_a_table(forms, targets):
    X, y = forms["table"], targets["value"]
    model = clone(regressor).fit(X, y)
    importances = permutation_importance(model, X, y, n_repeats=3, random_state=0).importances_mean
    assert importances[-1] > 1
    assert np.abs(importances[:-1]).max() < 0.2
    curve = partial_dependence(model, X, [N_TIMESTEPS - 1], grid_resolution=5)
    np.testing.assert_allclose(curve["average"][0], curve["grid_values"][0], atol=0.15)


def test_union_and_columns_before_ours(forms, targets):
    """A union puts its parts side by side: here two features, each with a column per step."""
    X, y = forms["table"], targets["value"]
    columns = ColumnTransformer([("scaled", StandardScaler(), [0, 1])], remainder="passthrough")
    assert make_pipeline(columns, clone(regressor)).fit(X, y).score(X, y) > 0.9
    union = FeatureUnion([("as it is", "passthrough"), ("scaled", StandardScaler())])
    by_step = FunctionTransformer(features_step_by_step)
    model = make_pipeline(union, by_step, clone(regressor).set_params(n_features_per_step=2))
    assert model.fit(X, y).score(X, y) > 0.9


def features_step_by_step(X):
    return X.reshape(len(X), 2, N_TIMESTEPS).transpose(0, 2, 1).reshape(len(X), -1)


def test_union_and_columns_beside_our_features(forms, targets):
    X, y = forms["table"], targets["value"]
    union = make_pipeline(
        FeatureUnion([("gru", clone(regressor)), ("as it is", "passthrough")]), Ridge()
    )
    assert union.fit(X, y).score(X, y) > 0.95
    columns = ColumnTransformer([("gru", clone(regressor), [2, 3])], remainder="passthrough")
    model = make_pipeline(columns, Ridge()).fit(X, y)
    assert model.score(X, y) > 0.95
    names = model[0].get_feature_names_out()
    assert names[0] == "gru__gruregressor0"
    assert list(names[-2:]) == ["remainder__x0", "remainder__x1"]


@pytest.mark.parametrize("estimator", [classifier, regressor])
def test_html_shows_parameters(estimator):
    html = clone(estimator)._repr_html_()
    assert type(estimator).__name__ in html
    assert "learning_rate_init" in html
