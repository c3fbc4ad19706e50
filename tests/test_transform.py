"""The pooled states as features: against the naive GRU, and in scikit-learn's pipelines."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import get_tags

from skgru import GRUClassifier, GRURegressor
from skgru._core._pooling import POOLINGS
from skgru.inspection import hidden_states
from skgru.preprocessing import TimeDistributed
from tests.conftest import FAST
from tests.reference import gru

BOTH = pytest.mark.parametrize("estimator", [GRURegressor, GRUClassifier])


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_pooled_states_of_the_last_layer(ragged, pooling, bidirectional):
    X, y = ragged
    options = {**FAST, "hidden_layer_sizes": (4, 3), "pooling": pooling}
    model = GRURegressor(**options, bidirectional=bidirectional).fit(X, y)
    weights = model.weights_
    expected = []
    for x in X:
        states = gru.last_layer(weights, x, 2, bidirectional, False, masks={})
        expected.append(gru.POOLINGS[pooling](weights, *states))
    pooled = model.transform(X)
    assert pooled.shape == (40, 6 if bidirectional else 3)
    assert pooled.std(axis=0).min() > 1e-4
    np.testing.assert_allclose(pooled, expected, rtol=1e-9, atol=1e-12)


def test_the_output_layer_makes_predictions_of_them(ragged):
    X, y = ragged
    model = GRURegressor(pooling="max", dropout=0.5, **FAST).fit(X, y)
    weights = model.weights_
    expected = model.transform(X) @ weights["weight_out"][0] + weights["bias_out"]
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-12)


@BOTH
def test_names_and_containers(dense, estimator):
    X, y = dense
    model = estimator(**FAST).fit(X, y)
    plain = model.transform(X)
    names = [f"{estimator.__name__.lower()}{i}" for i in range(4)]
    assert model.get_feature_names_out().tolist() == names
    model.set_output(transform="pandas")
    frame = model.transform(X)
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns.tolist() == names
    np.testing.assert_array_equal(frame, plain)
    pd.testing.assert_frame_equal(clone(model).fit_transform(X, y), frame)
    table = pd.DataFrame(X.reshape(40, -1), index=range(5, 45)).add_prefix("x")
    of_table = estimator(**FAST, n_features_per_step=2).set_output(transform="pandas")
    assert of_table.fit(table, y).transform(table).index.equals(table.index)


@BOTH
def test_precision_stays(dense, estimator):
    X, y = dense
    model = estimator(**FAST).fit(X.astype(np.float32), y)
    assert model.transform(X).dtype == np.float32
    assert estimator(**FAST).fit(X, y).transform(X.astype(np.float32)).dtype == np.float64
    assert get_tags(model).transformer_tags.preserves_dtype == ["float64", "float32"]


def test_threads_and_order_make_no_difference(ragged):
    X, y = ragged
    X = X * 60
    model = GRURegressor(8, max_iter=1, n_jobs=2, random_state=0).fit(X, np.tile(y, 60))
    pooled = model.transform(X)
    np.testing.assert_allclose(pooled[:40], pooled[-40:], rtol=1e-12)
    alone = [model.transform([x])[0] for x in X[:40]]
    np.testing.assert_allclose(pooled[:40], alone, rtol=1e-10, atol=1e-13)


def test_features_of_a_gru_feed_another_model(ragged):
    """Beside the mean, which a GRU did not make; and a search over the GRU's parameters."""
    X, y = ragged
    X = np.fromiter(X, dtype=object)
    means = FunctionTransformer(lambda X: np.array([x.mean(axis=0) for x in X]))
    gru_features = make_pipeline(TimeDistributed(StandardScaler()), GRURegressor(**FAST))
    model = make_pipeline(make_union(gru_features, means), Ridge())
    name = "featureunion__pipeline__gruregressor__max_iter"
    search = GridSearchCV(model, {name: [1, 60]}, cv=3).fit(X, y)
    assert search.best_params_ == {name: 60}
    union = search.best_estimator_[0]
    assert union.transform(X).shape == (40, 4 + 3)
    assert search.score(X, y) > 0.5


def test_in_a_column_transformer(dense):
    X, y = dense
    table = pd.DataFrame(X.reshape(40, -1)).add_prefix("x").assign(other=y)
    columns = make_column_transformer(
        (GRUClassifier(**FAST, n_features_per_step=2), list(table.columns[:-1])),
        ("passthrough", ["other"]),
    )
    model = make_pipeline(columns, LogisticRegression(C=1e3)).fit(table, y)
    names = columns.get_feature_names_out().tolist()
    assert names[0] == "gruclassifier__gruclassifier0"
    assert names[-1] == "passthrough__other"
    assert model.score(table, y) == 1


@BOTH
def test_each_step_has_a_target_and_a_sequence_no_vector(dense, estimator):
    X, _ = dense
    model = estimator(return_sequences=True, **FAST)
    for one in (model, clone(model).fit(X, (X[:, :, 0] > 0).astype(int))):
        for name in ("transform", "fit_transform", "get_feature_names_out", "set_output"):
            assert not hasattr(one, name), name
        with pytest.raises(AttributeError, match="has no attribute 'transform'") as error:
            one.transform(X)
        assert "Use skgru.inspection.hidden_states" in str(error.value.__cause__)


def test_what_was_fitted_counts_not_what_is_set(dense):
    X, y = dense
    model = GRURegressor(**FAST).fit(X, y)
    pooled = model.transform(X)
    model.set_params(return_sequences=True)
    np.testing.assert_array_equal(model.transform(X), pooled)


@BOTH
def test_what_is_set_counts_for_the_next_fit(dense, estimator):
    X, y = dense
    model = estimator(**FAST, return_sequences=True).fit(X, (X[:, :, 0] > 0).astype(int))
    pooled = model.set_params(return_sequences=False).fit_transform(X, y)
    np.testing.assert_array_equal(pooled, estimator(**FAST).fit_transform(X, y))
    assert not hasattr(model.set_params(return_sequences=True), "fit_transform")


def test_tokens(rng):
    X = rng.randint(1, 5, size=(20, 4))
    model = GRUClassifier(embedding_dim=2, **FAST).fit(X, X[:, 0] > 2)
    expected = [states[-1] for states in hidden_states(model, X)]
    np.testing.assert_allclose(model.transform(X), expected, rtol=1e-12)


@BOTH
def test_still_a_regressor_or_classifier(dense, estimator):
    X, y = dense
    model = estimator(**FAST)
    assert is_classifier(model) == (estimator is GRUClassifier)
    assert is_regressor(model) == (estimator is GRURegressor)
    model.fit(X, y)
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.transform(X), model.transform(X))
