"""`embedding_dim`: sequences of token ids."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

from skgru import GRUClassifier, GRURegressor

FAST = {
    "hidden_layer_sizes": 4,
    "embedding_dim": 3,
    "max_iter": 4,
    "learning_rate": "constant",
    "learning_rate_init": 3e-3,
    "random_state": 0,
}
BOTH = pytest.mark.parametrize("estimator", [GRURegressor, GRUClassifier])
POOLINGS = pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])


@pytest.fixture
def texts(rng):
    """Forty texts of six of the tokens 10, 20 ... 80; does 30 occur?"""
    X = 10 * rng.randint(1, 9, size=(40, 6))
    return X, (X == 30).any(axis=1).astype(int)


@pytest.fixture
def ragged_texts(rng):
    X = [10 * rng.randint(1, 9, n) for n in np.r_[6, 1, rng.randint(1, 7, 38)]]
    return X, np.array([int((x == 30).any()) for x in X])


def filled_up(x, n_timesteps, rng):
    """Insert zeros in random places."""
    padded = np.zeros(n_timesteps, int)
    padded[np.sort(rng.choice(n_timesteps, len(x), replace=False))] = x
    return padded


# Forms of X


@BOTH
def test_forms_of_the_same_tokens(texts, estimator):
    X, y = texts
    expected = estimator(**FAST).fit(X, y).predict(X)
    assert expected.shape == (40,)
    for same in (
        X.astype(float),
        X.astype(np.uint8),
        X[:, :, None],
        X.tolist(),
        list(X),
        [x[:, None] for x in X],
        pd.DataFrame(X),
    ):
        model = estimator(**FAST).fit(same, y)
        np.testing.assert_array_equal(model.predict(same), expected)
        np.testing.assert_array_equal(model.token_ids_, np.arange(10, 90, 10))
    single = estimator(**FAST).fit(X.astype(np.float32), y)
    np.testing.assert_allclose(single.predict(X), expected, rtol=1e-3)
    assert single.weights_["embedding"].dtype == np.float32


def test_n_features_per_step_is_not_used(texts):
    X, y = texts
    expected = GRUClassifier(**FAST).fit(X, y).predict_proba(X)
    p = GRUClassifier(n_features_per_step=2, **FAST).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(p, expected)


@POOLINGS
def test_padding_anywhere_is_the_same_as_leaving_it_out(ragged_texts, rng, pooling):
    X, y = ragged_texts
    padded = np.array([filled_up(x, 9, rng) for x in X])
    assert (padded[:, 0] == 0).any()
    assert (padded[:, -1] != 0).any()
    model = GRUClassifier(pooling=pooling, **FAST)
    expected = model.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(model.predict_proba(padded), expected)
    np.testing.assert_array_equal(model.fit(padded, y).predict_proba(X), expected)
    assert 0 not in model.token_ids_
    as_nan = np.where(padded == 0, np.nan, padded)[:, ::-1, None]  # NaN may stand at the end only
    with pytest.raises(ValueError, match="contains NaN"):
        model.fit(as_nan, y)


def test_another_number_of_steps_in_predict(texts):
    X, y = texts
    model = GRUClassifier(**FAST).fit(list(X), y)
    expected = model.predict_proba(X)[:1]
    np.testing.assert_allclose(model.predict_proba([[*X[0], 0, 0, 0]]), expected, rtol=1e-12)
    assert model.predict_proba(X[:, :2]).shape == (40, 2)


@pytest.mark.parametrize("form", [list, np.array])
@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ((2, 3), -1, "Negative values in data: X holds -1 at sample 2, step 3"),
        ((2, 3), 2.5, "X holds 2.5 at sample 2, step 3, .*token ids"),
        ((2, 3), np.nan, "NaN at sample 2, step 3"),
        ((2, 3), np.inf, "infinity at sample 2, step 3"),
        ((2, 3), 1e19, r"X holds 1e\+19 at sample 2, step 3, .*token ids"),
    ],
)
def test_what_is_no_id_is_located(texts, form, place, value, message):
    X, y = texts
    model = GRUClassifier(**FAST).fit(list(X), y)
    X = X.astype(float)
    X[place] = value
    with pytest.raises(ValueError, match=message):
        GRUClassifier(**FAST).fit(form(X), y)
    with pytest.raises(ValueError, match=message):
        model.predict(form(X))


def test_ids_that_float64_would_mix_up_are_refused(texts):
    """Hashes of words for instance: two of them became one without a word."""
    X, y = texts
    X = X.astype(np.int64)
    X[0, :2] = 2**60, 2**60 + 1
    with pytest.raises(ValueError, match=r"at sample 0, step 0, .*from 1 to 9007199254740991"):
        GRUClassifier(**FAST).fit(X, y)
    X[0, :2] = 2**53 - 2, 2**53 - 1
    assert len(GRUClassifier(**FAST).fit(X, y).token_ids_) == 10


def test_ids_that_float32_would_mix_up_are_refused(texts):
    X, y = texts
    X = X.astype(np.float32)
    X[0, 0] = 2**24
    with pytest.raises(ValueError, match=r"at sample 0, step 0, .*from 1 to 16777215 \(in float32"):
        GRUClassifier(**FAST).fit(X, y)


@pytest.mark.parametrize("form", [list, np.array])
def test_several_features_per_step_are_refused(texts, form):
    X, y = texts
    with pytest.raises(ValueError, match="X has 2 features per step, but with embedding_dim set"):
        GRUClassifier(**FAST).fit(form(np.dstack([X, X])), y)


# Unknown tokens


@POOLINGS
def test_tokens_that_fit_has_not_seen_share_one_vector(texts, pooling):
    X, y = texts
    model = GRUClassifier(pooling=pooling, **FAST).fit(list(X), y)
    p = model.predict_proba([[10, 1, 20, 99], [10, 99, 20, 15], [10, 10, 20, 10]])
    np.testing.assert_array_equal(p[0], p[1])
    assert abs(p[0] - p[2]).max() > 1e-4


@pytest.mark.parametrize("n_empty", [0, 3])
def test_a_text_that_is_all_padding_is_one_unknown_token(texts, n_empty):
    """In `fit` it got a vector of its own."""
    X, y = texts
    X[:n_empty] = 0
    model = GRUClassifier(**FAST).fit(list(X), y)
    assert model.token_ids_.tolist() == list(range(10, 90, 10))
    p = model.predict_proba([[0, 0], [0], [99], [10]])
    np.testing.assert_array_equal(p[:2], p[[2, 2]])
    assert abs(p[0] - p[3]).max() > 1e-4
    unknown = model.weights_["embedding"][0]
    assert (unknown != 0).all() if n_empty else (unknown == 0).all()


def test_nothing_but_padding(texts):
    _, y = texts
    model = GRUClassifier(**FAST).fit([[0], [0, 0]] * 20, y)
    assert model.token_ids_.size == 0
    np.testing.assert_allclose(model.predict_proba([[0, 5]]), model.predict_proba([[0]]))


# Training


@pytest.mark.parametrize("solver", ["adam", "adamw", "rmsprop", "sgd"])
def test_tokens_that_are_not_in_the_batch_rest(texts, solver):
    """No decay, no momentum: their vectors and moments keep their bits."""
    X, y = texts
    model = GRUClassifier(solver=solver, alpha=0.1, **FAST).fit(list(X), y)

    def tables():
        trainer = model._trainer
        place = trainer.objective.layout["embedding"]
        return [
            array[place].reshape(9, 3).copy()
            for array in (trainer.params, *trainer.optimizer.moments)
        ]

    before = tables()
    assert len(before) == {"adam": 3, "adamw": 3}.get(solver, 2)
    model.set_params(batch_size=5)
    model.partial_fit(np.where(X > 40, 40, X), y)  # tokens 10 .. 40, of which rows are 1 .. 4
    for old, new in zip(before, tables(), strict=True):
        changed = (old != new).any(axis=1)
        assert changed.tolist() == [False, True, True, True, True, False, False, False, False]
    model.partial_fit([[99, 99]], [1])  # unknown
    assert (tables()[0][0] != before[0][0]).all()


def test_a_step_touches_as_much_however_large_the_vocabulary():
    batch = np.array([[1, 2, 3], [3, 3, 2]])
    n_touched = []
    for size in (10, 10_000):
        X = np.vstack([np.arange(1, size + 1).reshape(-1, 1).repeat(3, axis=1), batch])
        model = GRURegressor(**{**FAST, "max_iter": 1}, batch_size=1000).fit(X, X[:, 0] / size)
        samples = model._read(batch, [0.0, 1.0], None, reset=False)
        of_batch, touched = model._trainer.objective.touched(samples)
        assert of_batch.X.values.max() == 2  # rows of a table of three
        n_touched.append(len(touched))
        entries = touched.take(np.arange(model.n_parameters_))
        assert len(np.unique(entries)) == len(touched)
        assert len(touched) == model.n_parameters_ - (size + 1 - 3) * 3
    assert n_touched[0] == n_touched[1]


def test_l2_counts_the_vectors_of_a_batch_once_each(texts):
    X, y = texts
    options = {**FAST, "max_iter": 1, "learning_rate_init": 1e-12}
    plain, decayed = (GRUClassifier(alpha=alpha, **options).fit(X, y) for alpha in (0.0, 2.0))
    weights = decayed.weights_
    squares = sum((w**2).sum() for name, w in weights.items() if name.startswith("weight"))
    of_tokens = (weights["embedding"] ** 2).sum()
    assert of_tokens > 5
    assert decayed.loss_ - plain.loss_ == pytest.approx(squares + of_tokens, rel=1e-9)


@pytest.mark.parametrize("pooling", ["last", "max"])
def test_learns_whether_a_token_occurs(rng, pooling):
    X = rng.randint(1, 8, size=(300, 6))
    X[::3, 4:] = 0
    y = np.where((X == 3).any(axis=1), "with", "without")
    model = GRUClassifier(8, embedding_dim=4, pooling=pooling, learning_rate_init=0.02)
    model.set_params(max_iter=30, random_state=0).fit(X[:200], y[:200])
    assert 0.5 < (y == "with").mean() < 0.6
    assert model.score(X[200:], y[200:]) > 0.95


# A target for each step


@pytest.fixture
def tagged(rng):
    """Is the token the same as the one before?"""
    X = [rng.randint(1, 4, n) for n in np.r_[7, 1, rng.randint(1, 8, 118)]]
    return X, [np.r_[False, x[1:] == x[:-1]] for x in X]


def test_learns_to_tag_tokens(tagged):
    X, y = tagged
    model = GRUClassifier(12, embedding_dim=3, return_sequences=True, learning_rate_init=0.02)
    model.set_params(max_iter=60, random_state=0).fit(X[:80], y[:80])
    assert model.score(X[80:], y[80:]) > 0.95


@pytest.mark.parametrize("form", [list, np.array])
def test_padding_after_the_tokens_has_tags_that_do_not_count(tagged, form):
    X, y = tagged
    model = GRUClassifier(return_sequences=True, **FAST).fit(X, y)
    expected, score = np.concatenate(model.predict_proba(X)), model.score(X, y)
    is_valid = np.arange(7) < np.array([len(x) for x in X])[:, None]
    ids, tags = np.zeros((120, 7), int), np.full((120, 7), np.nan)
    ids[is_valid], tags[is_valid] = np.concatenate(X), np.concatenate(y)
    model.fit(form(ids), form(tags))
    p = model.predict_proba(form(ids))
    assert type(p) is (list if form is list else np.ndarray)
    p = np.array(p)
    np.testing.assert_array_equal(p[is_valid], expected)
    assert np.isnan(p[~is_valid]).all()
    assert model.predict(form(ids))[1].shape == (7,)
    assert model.score(form(ids), form(tags)) == score


def test_steps_have_to_keep_their_numbers(tagged):
    X, y = tagged
    model = GRUClassifier(return_sequences=True, **FAST)
    with pytest.raises(ValueError, match="X has id 0, which is padding, before other ids"):
        model.fit([*X[:-1], [1, 0, 2]], [*y[:-1], [0, 1, 0]])
    with pytest.raises(ValueError, match="Sequence 119 of X is empty"):
        model.fit([*X[:-1], [0, 0]], [*y[:-1], [0, 1]])


# What else one does with estimators


@BOTH
def test_weights_name_the_vectors(texts, estimator):
    X, y = texts
    model = estimator(**FAST).fit(X, y)
    weights = model.weights_
    assert weights["embedding"].shape == (9, 3)
    np.testing.assert_array_equal(weights["token_ids"], model.token_ids_)
    assert model.n_parameters_ == sum(w.size for w in weights.values()) - 8
    weights["embedding"][3] = weights["embedding"][4]  # 30 and 40
    np.testing.assert_array_equal(model.predict(np.where(X == 30, 40, X)), model.predict(X))


@BOTH
def test_clone_and_pickle(texts, estimator):
    X, y = texts
    model = estimator(**FAST).fit(X, y)
    expected = model.predict(X)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), expected)
    np.testing.assert_array_equal(clone(model).fit(X, y).predict(X), expected)
    again.partial_fit(X, y)
    np.testing.assert_array_equal(model.predict(X), expected)


def test_parameters_set_after_fit_do_not_change_predictions(texts):
    X, y = texts
    model = GRUClassifier(**FAST).fit(X, y)
    expected = model.predict_proba(X)
    model.set_params(embedding_dim=None, return_sequences=True)
    np.testing.assert_array_equal(model.predict_proba(X), expected)


def test_nothing_of_the_tokens_is_left_after_a_fit_without(texts):
    X, y = texts
    model = GRUClassifier(**FAST).fit(X, y)
    model.set_params(embedding_dim=None).fit(X, y)
    assert not hasattr(model, "token_ids_")
    assert not {"embedding", "token_ids"} & model.weights_.keys()


def test_grid_search_over_the_length_of_vectors(ragged_texts):
    X, y = ragged_texts
    search = GridSearchCV(GRUClassifier(**FAST), {"embedding_dim": [None, 2, 5]}, cv=2)
    search.fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.cv_results_["param_embedding_dim"].tolist() == [None, 2, 5]


def test_cross_validation_meets_tokens_that_are_new(rng):
    X = np.arange(1, 41)[:, None] + np.zeros(3, int)  # no token is in two samples
    scores = cross_val_score(GRUClassifier(**FAST), X, np.arange(40) % 2, cv=2)
    np.testing.assert_array_equal(scores, 0.5)  # all get the same class
