"""`init_from` and `freeze`: the weights of one estimator as the start of another."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skgru import GRUClassifier, GRURegressor

FAST = {
    "hidden_layer_sizes": (5, 4),
    "max_iter": 4,
    "learning_rate": "constant",
    "learning_rate_init": 3e-3,
    "random_state": 0,
}
AT_THE_START = {**FAST, "max_iter": 1, "learning_rate_init": 1e-12, "random_state": 1}
VARIANTS = [{}, {"bidirectional": True}, {"reset_after": True}, {"pooling": "attention"}]
HEAD = {"weight_out", "bias_out", "weight_query"}


@pytest.fixture
def data(rng):
    X = rng.standard_normal((40, 5, 2))
    return X, X[:, :, 0].sum(axis=1)


@pytest.fixture
def texts(rng):
    X = rng.randint(1, 9, size=(40, 5))
    return X, (X == 3).any(axis=1).astype(int)


def recurrent(weights):
    return {
        name: value
        for name, value in weights.items()
        if name not in HEAD | {"embedding", "token_ids"}
    }


def assert_same(one, other, rtol=0.0):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=rtol, atol=rtol, err_msg=name)


# init_from


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_recurrent_layers_start_at_the_weights_and_the_head_afresh(data, options):
    X, y = data
    source = GRURegressor(**{**FAST, **options, "learning_rate_init": 0.05}).fit(X, y)
    labels = np.digitize(y, [-1, 1])
    plain = GRUClassifier(**{**AT_THE_START, **options}).fit(X, labels)
    model = GRUClassifier(**{**AT_THE_START, **options}, init_from=source.weights_).fit(X, labels)
    assert len(recurrent(model.weights_)) >= 6
    assert_same(recurrent(model.weights_), recurrent(source.weights_), rtol=1e-9)
    for name in HEAD & model.weights_.keys():
        np.testing.assert_allclose(model.weights_[name], plain.weights_[name], atol=1e-9)
    assert not np.allclose(plain.weights_["weight_hh_l0"], model.weights_["weight_hh_l0"])


def test_training_leaves_the_source_alone(data):
    X, y = data
    source = GRURegressor(**FAST).fit(X, y)
    before = copy.deepcopy(source.weights_)
    model = GRURegressor(**FAST, init_from=source.weights_).fit(X, y)
    assert_same(source.weights_, before)
    assert not np.array_equal(model.weights_["weight_hh_l0"], before["weight_hh_l0"])
    expected = model.predict(X)
    source.fit(X, -y)
    np.testing.assert_array_equal(model.predict(X), expected)


@pytest.mark.parametrize(("sizes", "n_shared"), [((5,), 1), (5, 1), ((5, 4, 3), 2)])
@pytest.mark.parametrize("pooling", ["last", "attention"])
def test_other_numbers_of_layers(data, sizes, n_shared, pooling):
    """With attention, that asked for a query of another length."""
    X, y = data
    source = GRURegressor(**FAST, pooling=pooling).fit(X, y)
    options = {**AT_THE_START, "hidden_layer_sizes": sizes, "pooling": pooling}
    model = GRURegressor(**options, init_from=source.weights_).fit(X, y)
    fresh = GRURegressor(**options).fit(X, y)
    for name, value in recurrent(model.weights_).items():
        is_shared = int(name[-1]) < n_shared
        expected = source.weights_ if is_shared else fresh.weights_
        np.testing.assert_allclose(value, expected[name], rtol=1e-9, atol=1e-9)


def test_one_direction_can_start_two(data):
    X, y = data
    source = GRURegressor(**{**FAST, "hidden_layer_sizes": 5}).fit(X, y).weights_
    options = {**AT_THE_START, "hidden_layer_sizes": 5, "bidirectional": True}
    weights = GRURegressor(**options, init_from=source).fit(X, y).weights_
    fresh = GRURegressor(**options).fit(X, y).weights_
    for name in ("weight_ih_l0", "weight_hh_l0"):
        np.testing.assert_allclose(weights[name], source[name], atol=1e-9)
        np.testing.assert_allclose(weights[name + "_reverse"], fresh[name + "_reverse"], atol=1e-9)


def test_weights_in_double_precision_start_a_model_in_single(data):
    X, y = data
    source = GRURegressor(**FAST).fit(X, y).weights_
    model = GRURegressor(**AT_THE_START, init_from=source).fit(X.astype(np.float32), y)
    assert model.weights_["weight_hh_l0"].dtype == np.float32
    assert_same(recurrent(model.weights_), recurrent(source), rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_layer_sizes": (6, 4)}, r"weight_ih_l0 of shape \(15, 2\), .* needs \(18, 2\)"),
        ({"hidden_layer_sizes": (5, 3)}, r"weight_ih_l1 of shape \(12, 5\), .* needs \(9, 5\)"),
        ({"bidirectional": True}, r"weight_ih_l1 of shape \(12, 5\), .* needs \(12, 10\)"),
        ({"reset_after": True}, "init_from comes from an estimator with reset_after=False"),
    ],
    ids=str,
)
def test_weights_that_do_not_fit_are_named(data, options, message):
    X, y = data
    source = GRURegressor(**FAST).fit(X, y).weights_
    with pytest.raises(ValueError, match=message):
        GRURegressor(**{**FAST, **options}, init_from=source).fit(X, y)


def test_another_number_of_features_is_refused(data):
    X, y = data
    source = GRURegressor(**FAST).fit(X, y).weights_
    with pytest.raises(ValueError, match=r"weight_ih_l0 .*number of features per step"):
        GRURegressor(**FAST, init_from=source).fit(X[:, :, :1], y)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (lambda model: model, TypeError, r"Pass its weights: init_from=estimator.weights_"),
        (lambda model: [*model.weights_.values()], TypeError, "must be the weights_ of a fitted"),
        (lambda model: {"weight_ih_l0": [[1.0]]}, TypeError, "must be the weights_ of a fitted"),
        (lambda model: {}, ValueError, "has no layer of this network"),
        (lambda model: {"a": np.zeros(3)}, ValueError, "has no layer of this network: it holds a"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"embedding_dim": 3}], ids=str)
def test_what_are_no_weights_is_refused(texts, options, given, error, message):
    X, y = texts
    model = GRURegressor(**FAST, **options).fit(X, y)
    before = model.predict(X)
    with pytest.raises(error, match=message):
        model.set_params(init_from=given(copy.deepcopy(model))).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), before)


# Vectors of tokens


def test_vectors_go_by_token_ids(texts):
    X, y = texts
    X_source = np.where(np.arange(40)[:, None] < 5, 0, X)  # all padding trains the unknown vector
    source = GRUClassifier(embedding_dim=3, **FAST).fit(X_source, y).weights_
    others = np.where(X < 5, X, X + 90)  # 1..4 are shared, 95..98 are new
    options = {**AT_THE_START, "embedding_dim": 3}
    model = GRUClassifier(**options, init_from=source).fit(others, y)
    assert model.token_ids_.tolist() == [*range(1, 9), *range(95, 99)]
    table = model.weights_["embedding"]
    assert (source["embedding"][0] != 0).all()
    np.testing.assert_allclose(table[:9], source["embedding"], atol=1e-9)
    fresh = GRUClassifier(**options).fit(np.where(X < 5, X, X + 90), y).weights_["embedding"]
    assert not np.allclose(fresh[:5], table[:5], atol=0.1)
    assert table[9:].std() > 0.3
    assert_same(recurrent(model.weights_), recurrent(source), rtol=1e-9)


def test_vectors_of_another_length_or_without_ids_are_refused(texts):
    X, y = texts
    source = GRUClassifier(embedding_dim=3, **FAST).fit(X, y).weights_
    with pytest.raises(ValueError, match=r"embedding of shape \(9, 3\).*embedding_dim"):
        GRUClassifier(embedding_dim=2, **FAST, init_from=source).fit(X, y)
    del source["token_ids"]
    with pytest.raises(TypeError, match="must be the weights_ of a fitted estimator"):
        GRUClassifier(embedding_dim=3, **FAST, init_from=source).fit(X, y)


# freeze


@pytest.mark.parametrize("solver", ["adam", "adamw", "rmsprop", "sgd"])
@pytest.mark.parametrize("freeze", [0, 1, 2])
def test_the_first_layers_keep_their_bits(data, solver, freeze):
    X, y = data
    source = GRURegressor(**FAST).fit(X, y).weights_
    model = GRURegressor(**FAST, solver=solver, alpha=0.1, batch_size=15, freeze=freeze)
    model.set_params(init_from=source).fit(X, -y)
    changed = {name for name, w in model.weights_.items() if (w != source[name]).any()}
    frozen = {name for name in recurrent(source) if int(name[-1]) < freeze}
    assert len(frozen) == 3 * freeze
    assert changed == source.keys() - frozen


@pytest.mark.parametrize("options", VARIANTS[1:], ids=str)
def test_all_of_a_layer_is_frozen_and_nothing_else(data, options):
    X, y = data
    model = GRURegressor(**{**FAST, **options}, freeze=1, solver="sgd").partial_fit(X, y)
    before = copy.deepcopy(model.weights_)
    for name, weights in model.partial_fit(X, y).weights_.items():
        assert np.array_equal(weights, before[name]) == ("_l0" in name), name


def test_frozen_layers_do_not_count_in_l2(data):
    X, y = data
    model = GRURegressor(**AT_THE_START, freeze=1)
    plain = model.set_params(alpha=0.0).fit(X, y).loss_
    l2 = model.set_params(alpha=2.0).fit(X, y).loss_ - plain
    squares = {name: (w**2).sum() for name, w in model.weights_.items() if "bias" not in name}
    assert squares.keys() == {f"weight_{a}h_l{i}" for a in "ih" for i in (0, 1)} | {"weight_out"}
    counted = sum(value for name, value in squares.items() if "_l0" not in name)
    assert l2 == pytest.approx(counted, rel=1e-9)


@pytest.mark.parametrize("solver", ["adamw", "sgd"])
def test_vectors_of_tokens_are_frozen_with_the_first_layer(texts, solver):
    X, y = texts
    source = GRUClassifier(embedding_dim=3, **FAST).fit(X, y).weights_
    model = GRUClassifier(embedding_dim=3, **FAST, init_from=source, solver=solver, alpha=0.1)
    for freeze in (0, 1):
        weights = model.set_params(freeze=freeze, batch_size=15).fit(X, 1 - y).weights_
        for name in ("embedding", "weight_ih_l0", "bias_ih_l0"):
            assert np.array_equal(weights[name], source[name]) == bool(freeze), name
        assert not np.array_equal(weights["weight_hh_l1"], source["weight_hh_l1"])


def test_frozen_layers_are_learned_around(data):
    """The head alone, on random states, is a reservoir: it learns something."""
    X, y = data
    model = GRURegressor(16, freeze=1, learning_rate_init=0.05, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.5


def test_frozen_layers_stay_so_in_a_warm_start_and_partial_fit(data):
    X, y = data
    model = GRURegressor(**FAST, freeze=1, warm_start=True).fit(X, y)
    before = copy.deepcopy(model.weights_)
    for weights in (model.fit(X, y).weights_, model.partial_fit(X, y).weights_):
        np.testing.assert_array_equal(weights["weight_hh_l0"], before["weight_hh_l0"])
        assert (weights["weight_hh_l1"] != before["weight_hh_l1"]).all()
    with pytest.raises(ValueError, match="freeze changed since the last fit"):
        model.set_params(freeze=0).fit(X, y)


def test_another_start_in_a_warm_start_is_refused(data):
    """It was ignored without a word."""
    X, y = data
    source = GRURegressor(4, max_iter=1).fit(X, y).weights_
    model = GRURegressor(4, max_iter=1, warm_start=True, init_from=source).fit(X, y)
    for same in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert same.fit(X, y).n_iter_ == model.n_iter_
    with pytest.raises(ValueError, match="init_from changed since the last fit"):
        model.set_params(init_from=dict(source)).fit(X, y)


def test_what_would_be_frozen_at_random_is_named(data):
    X, y = data
    source = GRURegressor(4, max_iter=1).fit(X, y).weights_
    with pytest.raises(ValueError, match=r"freeze would keep bias_ih_l1, .* at random"):
        GRURegressor((4, 4), init_from=source, freeze=2).fit(X, y)


def test_frozen_vectors_of_new_tokens_are_that_of_unknown_ones(texts):
    X, y = texts
    source = GRURegressor(4, embedding_dim=3, max_iter=1).fit(X, y).weights_
    model = GRURegressor(4, embedding_dim=3, max_iter=1, init_from=source, freeze=1)
    vectors = model.fit(np.hstack([X, np.full((len(X), 1), 99)]), y).weights_["embedding"]
    np.testing.assert_array_equal(vectors[-1], vectors[0])
    assert (vectors[1:-1] != 0).all()


def test_more_frozen_layers_than_there_are(data):
    with pytest.raises(ValueError, match=r"freeze=3, but .* has only 2 layers"):
        GRURegressor(**FAST, freeze=3).fit(*data)


# clone and searches


def test_clone_copies_the_weights_and_keeps_them(data):
    X, y = data
    source = GRURegressor(**FAST).fit(X, y).weights_
    model = GRURegressor(**FAST, init_from=source, freeze=1)
    again = clone(model)
    assert_same(again.init_from, source)
    assert not any(np.shares_memory(again.init_from[name], source[name]) for name in source)
    np.testing.assert_array_equal(again.fit(X, -y).predict(X), model.fit(X, -y).predict(X))
    loaded = pickle.loads(pickle.dumps(model))
    assert_same(loaded.init_from, source)
    assert "init_from" in repr(model)


def test_grid_search_over_freeze(data):
    X, y = data
    source = GRURegressor(**FAST).fit(X, y).weights_
    search = GridSearchCV(GRURegressor(**FAST, init_from=source), {"freeze": [0, 1, 2]}, cv=2)
    search.fit(X, -y)
    scores = search.cv_results_["mean_test_score"]
    assert len(np.unique(scores)) == 3
    k = search.best_params_["freeze"]
    weights = search.best_estimator_.weights_
    for i in range(2):
        name = f"weight_hh_l{i}"
        assert np.array_equal(weights[name], source[name]) == (i < k)


def test_a_learned_start_is_better_with_few_samples_and_grid_search_finds_out():
    """What was learned from a hundred numbers helps to learn classes from sixteen."""
    X = np.random.RandomState(1).standard_normal((200, 8, 2))
    y = X[:, :, 0].sum(axis=1)
    options = {"learning_rate_init": 0.02, "max_iter": 40, "random_state": 0}
    options["learning_rate"] = "constant"
    source = GRURegressor(12, batch_size=20, **options).fit(X[:100], y[:100]).weights_
    labels = y > 0
    search = GridSearchCV(
        GRUClassifier(12, **options), {"init_from": [None, source], "freeze": [1]}, cv=4
    )
    search.fit(X[100:116], labels[100:116])
    assert_same(search.best_params_["init_from"], source)
    from_scratch, learned = search.cv_results_["mean_test_score"]
    assert learned > from_scratch
    scratch = GRUClassifier(12, **options).fit(X[100:116], labels[100:116])
    assert search.score(X[116:], labels[116:]) > scratch.score(X[116:], labels[116:]) + 0.1
