"""3-D arrays and ragged lists through scikit-learn's tools: one test each."""

import copy
import pickle

import joblib
import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    permutation_test_score,
    validation_curve,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier, GRURegressor
from skgru.preprocessing import TimeDistributed

FAST = {"hidden_layer_sizes": 4, "max_iter": 4, "random_state": 0}


@pytest.fixture(params=["3-D", "ragged", "padded"])
def problem(request, ragged, dense):
    """Sequences in each form, a number and a class for each."""
    if request.param == "3-D":
        X = dense[0]
        return X, X[:, :, 0].sum(axis=1), dense[1]
    X, y = ragged
    if request.param == "padded":
        padded = np.full((len(X), 9, 3), np.nan)
        for i, x in enumerate(X):
            padded[i, : len(x)] = x
        X = padded
    return X, y, (y > 0).astype(int)


@pytest.fixture(params=["regressor", "classifier"])
def task(request, problem):
    X, number, label = problem
    if request.param == "regressor":
        return GRURegressor(**FAST), X, number
    return GRUClassifier(**FAST), X, label


def test_cross_val_score(task):
    scores = cross_val_score(*task, cv=3)
    assert scores.shape == (3,)
    assert np.isfinite(scores).all()


def test_cross_validate(task):
    result = cross_validate(*task, cv=3, return_train_score=True, return_estimator=True)
    assert np.isfinite(result["test_score"]).all()
    assert np.isfinite(result["train_score"]).all()
    assert [model.n_iter_ for model in result["estimator"]] == [4] * 3


def test_cross_val_predict(task):
    model, X, y = task
    predicted = cross_val_predict(model, X, y, cv=3)
    assert predicted.shape == (len(y),)
    if isinstance(model, GRUClassifier):
        p = cross_val_predict(model, X, y, cv=3, method="predict_proba")
        np.testing.assert_allclose(p.sum(axis=1), 1)


def test_grid_search_gives_the_same_numbers_in_one_process_and_in_two(task):
    model, X, y = task
    grid = {"hidden_layer_sizes": [2, (3, 2)], "alpha": [1e-4, 1.0]}
    one, two = (
        GridSearchCV(model, grid, cv=2, n_jobs=n_jobs, error_score="raise").fit(X, y)
        for n_jobs in (1, 2)
    )
    np.testing.assert_array_equal(
        one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"]
    )
    np.testing.assert_array_equal(one.predict(X), two.predict(X))
    assert np.isfinite(one.score(X, y))


def test_randomized_search(task):
    model, X, y = task
    distributions = {"learning_rate_init": loguniform(1e-4, 1e-1), "batch_size": [8, 16]}
    search = RandomizedSearchCV(
        model, distributions, n_iter=3, cv=2, random_state=0, error_score="raise"
    ).fit(X, y)
    assert search.best_params_["batch_size"] in (8, 16)


def test_halving_grid_search(task):
    model, X, y = task
    search = HalvingGridSearchCV(
        model,
        {"alpha": [1e-4, 1e-2, 1.0]},
        cv=2,
        min_resources=12,
        random_state=0,  # draws the first samples, which must hold both classes in every fold
        error_score="raise",
    ).fit(X, y)
    assert search.n_candidates_[0] == 3
    assert search.predict(X).shape == (len(y),)


def test_halving_grid_search_over_epochs(task):
    model, X, y = task
    search = HalvingGridSearchCV(
        model,
        {"alpha": [1e-4, 1e-2]},
        cv=2,
        resource="max_iter",
        max_resources=4,
        random_state=0,
        error_score="raise",
    ).fit(X, y)
    assert search.best_estimator_.n_iter_ == search.n_resources_[-1]


def test_learning_curve(task):
    sizes, train_scores, test_scores = learning_curve(*task, cv=2, train_sizes=[0.5, 1.0])
    assert len(sizes) == 2
    assert np.isfinite(train_scores).all()
    assert np.isfinite(test_scores).all()


def test_validation_curve(task):
    scores = validation_curve(*task, param_name="alpha", param_range=[1e-4, 1.0], cv=2)
    assert np.isfinite(scores).all()


def test_permutation_test_score(task):
    score, permuted, p_value = permutation_test_score(*task, cv=2, n_permutations=2)
    assert np.isfinite([score, *permuted, p_value]).all()


def test_splitters_for_time_and_groups(task):
    model, X, y = task
    cross_val_score(model, X, y, cv=TimeSeriesSplit(2), error_score="raise")
    groups = np.arange(len(y)) % 3
    cross_val_score(model, X, y, cv=GroupKFold(3), groups=groups, error_score="raise")


def test_pipeline_with_nested_parameters(task):
    model, X, y = task
    pipeline = make_pipeline(TimeDistributed(StandardScaler()), model)
    pipeline.set_params(timedistributed__transformer__with_mean=False).fit(X, y)
    assert not pipeline[0].transformer_.with_mean
    grid = {"timedistributed__transformer__with_std": [True, False]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, y)
    assert np.isfinite(search.score(X, y))


def test_sample_weight_through_a_pipeline(task):
    model, X, y = task
    pipeline = make_pipeline(TimeDistributed(StandardScaler()), model)
    weights = 1.0 + (np.arange(len(y)) % 3)
    name = f"{pipeline.steps[-1][0]}__sample_weight"
    weighted = pipeline.fit(X, y, **{name: weights})
    direct = clone(model).fit(pipeline[0].transform(X), y, sample_weight=weights)
    np.testing.assert_array_equal(
        weighted[-1].weights_["weight_out"], direct.weights_["weight_out"]
    )


def test_transformed_target_regressor(problem):
    X, y, _ = problem
    model = TransformedTargetRegressor(GRURegressor(**FAST), transformer=StandardScaler())
    predicted = model.fit(X, 1000 + 50 * y).predict(X)
    assert predicted.shape == y.shape
    assert abs(predicted.mean() - (1000 + 50 * y).mean()) < 50


def test_multi_output_regressor(dense):
    X, _ = dense
    flat = X.reshape(len(X), -1)
    model = MultiOutputRegressor(GRURegressor(n_features_per_step=2, **FAST))
    assert model.fit(flat, X[:, -1]).predict(flat).shape == (len(X), 2)


def test_clone_takes_parameters_and_leaves_the_fit(task):
    model, X, y = task
    copy_ = clone(model.fit(X, y))
    assert copy_.get_params() == model.get_params()
    assert not hasattr(copy_, "n_iter_")


@pytest.mark.parametrize("how", ["pickle", "joblib", "deepcopy"])
def test_copies_predict_the_same_and_go_on_alike(task, tmp_path, how):
    model, X, y = task
    model.fit(X, y)
    if how == "pickle":
        copied = pickle.loads(pickle.dumps(model))
    elif how == "joblib":
        joblib.dump(model, tmp_path / "model.joblib")
        copied = joblib.load(tmp_path / "model.joblib")
    else:
        copied = copy.deepcopy(model)
    np.testing.assert_array_equal(copied.predict(X), model.predict(X))
    model.partial_fit(X, y)
    copied.partial_fit(X, y)
    np.testing.assert_array_equal(copied.weights_["weight_hh_l0"], model.weights_["weight_hh_l0"])


def test_pickle_holds_no_activations(dense):
    """A few copies of the parameters, not the buffers of training."""
    X, y = np.repeat(dense[0], 50, axis=0), np.repeat(dense[1], 50)
    model = GRUClassifier(batch_size=2000, **FAST).fit(X, y)
    assert len(pickle.dumps(model)) < 6 * 8 * model.n_parameters_ + 8000
