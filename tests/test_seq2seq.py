"""`GRUSeq2Seq`: sequences into other sequences."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRUSeq2Seq
from skgru.inspection import LossCurveDisplay, hidden_states, input_gradient
from skgru.preprocessing import TextEncoder, TimeDistributed
from tests.reference import gru

FAST = {
    "hidden_layer_sizes": 6,
    "embedding_dim": 4,
    "target_embedding_dim": 3,
    "max_iter": 4,
    "batch_size": 8,
    "learning_rate": "constant",
    "learning_rate_init": 1e-2,
    "random_state": 0,
}
pytestmark = pytest.mark.filterwarnings("ignore:Training reached max_iter")


@pytest.fixture
def pairs(rng):
    """Thirty sequences of 1..9 of the tokens 10, 20, 30, 40, and what they become.

    In double precision; a target is the source backwards without 40, in tokens 5, 6, 7, and may
    be empty.
    """
    X = [10.0 * rng.randint(1, 5, n) for n in np.r_[1, 9, rng.randint(1, 10, 28)]]
    X[0][:] = 40.0
    return X, [4.0 + x[x < 40][::-1] / 10 for x in X]


@pytest.fixture
def fitted(pairs):
    return GRUSeq2Seq(**FAST).fit(*pairs)


@pytest.fixture(scope="module")
def learned():
    """Many pairs of the kind above, and a model that has learned them."""
    rng = np.random.RandomState(1)
    X = [rng.randint(1, 5, n) for n in rng.randint(1, 7, 1000)]
    y = [x[x < 4][::-1] for x in X]
    model = GRUSeq2Seq(32, embedding_dim=8, target_embedding_dim=8, max_iter=25, random_state=0)
    return model.fit(X[:900], y[:900]), X[900:], y[900:]


def padded(sequences, n_timesteps=9):
    return np.array([np.pad(one, (0, n_timesteps - len(one))) for one in sequences])


def as_lists(sequences):
    return [one.tolist() for one in sequences]


# What is learned


def test_pairs_that_were_never_seen_are_turned_as_they_should(learned):
    model, X, y = learned
    assert any(len(target) == 0 for target in y)
    assert model.score(X, y) > 0.95
    assert as_lists(model.predict(X)[:5]) == as_lists(y[:5])


def test_attention_is_where_the_next_token_comes_from(learned):
    model, _, _ = learned
    (attention,) = model.attention_weights([[1, 2, 3, 1, 2, 3]])
    assert attention.shape == (7, 6)  # six tokens and the end
    np.testing.assert_allclose(attention.sum(axis=1), 1, rtol=1e-5)
    assert (attention[:6].argmax(axis=1) == np.arange(6)[::-1]).sum() >= 4


def test_sequences_of_numbers_are_turned_too(rng):
    """Each step is one of three directions, with noise; those of the second are left out."""
    directions = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
    symbols = [rng.randint(3, size=n) for n in rng.randint(1, 6, 600)]
    X = [directions[one] + 0.1 * rng.standard_normal((len(one), 2)) for one in symbols]
    y = [one[one != 1] + 1 for one in symbols]
    model = make_pipeline(
        TimeDistributed(StandardScaler()),
        GRUSeq2Seq(24, embedding_dim=None, target_embedding_dim=8, max_iter=20, random_state=0),
    )
    assert model.fit(X[:500], y[:500]).score(X[500:], y[500:]) > 0.9


# Probabilities


@pytest.mark.parametrize(
    "options", [{}, {"reset_after": True, "bidirectional": False}, {"hidden_layer_sizes": (4, 3)}]
)
def test_log_likelihood_is_that_of_the_reference(pairs, options):
    X, y = pairs
    model = GRUSeq2Seq(**FAST | options).fit(X, y)
    kind = {
        "n_layers": np.size(options.get("hidden_layer_sizes", 6)),
        "bidirectional": model.bidirectional,
        "reset_after": model.reset_after,
    }
    expected = []
    for source, target in zip(X, y, strict=True):
        classes = [*(target - 4).astype(int), 4]
        rows = (source[:, None] / 10).astype(int)
        raw = gru.encoder_decoder(model.weights_, rows, classes, **kind)
        losses = [gru.multinomial_log_loss(r, [k]) for r, k in zip(raw, classes, strict=True)]
        expected.append(-sum(losses))
    np.testing.assert_allclose(model.log_likelihood(X, y), expected, rtol=1e-10)


def test_beams_fall_and_have_the_likelihoods_of_their_targets(fitted, pairs):
    X, _ = pairs
    greedy = fitted.predict(X)
    fitted.set_params(beam_width=4, length_penalty=0.0)
    targets, log_proba = fitted.predict_beams(X)
    for x, of_x, values in zip(X, targets, log_proba, strict=True):
        assert 1 <= len(of_x) == len(values) <= 4
        assert (np.diff(values) <= 0).all()
        whole = [len(target) < fitted.max_length_ for target in of_x]
        again = fitted.log_likelihood([x] * len(of_x), of_x)
        np.testing.assert_allclose(values[whole], again[whole], rtol=1e-8)
    best = fitted.predict(X)
    assert as_lists(best) == [of_x[0].tolist() for of_x in targets]
    gain = fitted.log_likelihood(X, best) - fitted.log_likelihood(X, greedy)
    assert gain.sum() > 0


def test_max_length_cuts(fitted, pairs):
    X, y = pairs
    assert fitted.max_length_ == 2 * max(map(len, y))
    assert {len(one) for one in fitted.set_params(max_length=1).predict(X)} <= {0, 1}
    assert GRUSeq2Seq(**FAST, max_length=3).fit(X, y).max_length_ == 3


def test_loss_is_the_mean_over_tokens_with_the_end(pairs):
    X, y = pairs
    model = GRUSeq2Seq(**FAST | {"batch_size": 30}).fit(X, y, X_val=X, y_val=y)
    n_tokens = sum(map(len, y)) + len(y)
    expected = -model.log_likelihood(X, y).sum() / n_tokens
    assert model.validation_loss_curve_[-1] == pytest.approx(expected, rel=1e-10)
    assert model.validation_scores_[-1] == model.score(X, y)
    after = model.set_params(warm_start=True, max_iter=1).fit(X, y)  # its loss is that before it
    assert after.loss_ == pytest.approx(expected, rel=1e-10)


def test_score_is_the_share_of_exact_matches(fitted, pairs):
    X, _ = pairs
    predicted = fitted.predict(X)
    assert fitted.score(X, predicted) == 1
    wrong = [np.append(one, 5) if i < 6 else one for i, one in enumerate(predicted)]
    assert fitted.score(X, wrong) == 24 / 30
    weights = np.r_[np.zeros(6), np.ones(24)]
    assert fitted.score(X, wrong, sample_weight=weights) == 1


def test_tokens_that_fit_has_not_seen(fitted, pairs):
    X, _ = pairs
    assert fitted.token_ids_.tolist() == [10, 20, 30, 40]
    assert fitted.target_ids_.tolist() == [5, 6, 7]
    assert as_lists(fitted.predict([[77, 10]])) == as_lists(fitted.predict([[78, 10]]))
    assert np.isfinite(fitted.log_likelihood([[10]], [[99]]))
    assert set(np.concatenate(fitted.predict(X))) <= {5, 6, 7}


# Forms of the data


def test_forms_of_the_same_pairs(fitted, pairs):
    X, y = pairs
    expected = fitted.log_likelihood(X, y)
    series = pd.Series([*map(np.array, X)])
    objects = series.to_numpy()
    forms = [
        ([x.tolist() for x in X], [one.tolist() for one in y]),
        (padded(X), padded(y)),
        (objects, tuple(y)),
        (pd.DataFrame(padded(X)), pd.Series(y)),
        (padded(X), pd.DataFrame(padded(y)).add_prefix("step ")),
        (X, [one.astype(object) for one in y]),
        ([x[:, None] for x in X], [one[:, None] for one in y]),
    ]
    for form in forms:
        again = GRUSeq2Seq(**FAST).fit(*form)
        result = again.log_likelihood(*form)
        np.testing.assert_allclose(result, expected, rtol=1e-4)  # of lists: single precision
        predicted = again.predict(form[0])
        assert isinstance(predicted, list) == isinstance(form[0], list)
        assert [one.dtype.kind for one in predicted] == ["i"] * 30


def test_a_pair_has_the_same_result_alone_and_in_any_order(fitted, pairs):
    X, y = pairs
    expected = fitted.log_likelihood(X, y)
    predicted, attentions = fitted.predict(X), fitted.attention_weights(X, y)
    order = np.random.RandomState(0).permutation(30)
    shuffled = fitted.log_likelihood([X[i] for i in order], [y[i] for i in order])
    np.testing.assert_allclose(shuffled, expected[order], rtol=1e-10)
    for i in range(0, 30, 7):
        alone = fitted.log_likelihood([X[i]], [y[i]])
        np.testing.assert_allclose(alone, expected[i], rtol=1e-10)
        assert as_lists(fitted.predict([X[i]])) == as_lists(predicted[i : i + 1])
        (attention,) = fitted.attention_weights([X[i]], [y[i]])
        assert attention.shape == (len(y[i]) + 1, len(X[i]))
        np.testing.assert_allclose(attentions[i], attention, rtol=1e-10)


def test_chunks_do_not_disturb_each_other(learned, monkeypatch):
    """They are computed in the same memory."""
    model, X, y = learned
    X, y = X[:10], y[:10]
    predicted, attentions = model.predict(X), model.attention_weights(X, y)
    monkeypatch.setattr("skgru._core._encoder_decoder.PREDICTION_SIZE", 1)  # chunks of one pair
    assert as_lists(model.predict(X)) == as_lists(predicted)
    for chunk, whole in zip(model.attention_weights(X, y), attentions, strict=True):
        np.testing.assert_allclose(chunk, whole, atol=1e-5)


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.float32])
def test_integers_are_computed_in_single_precision(pairs, kind):
    X, y = pairs
    model = GRUSeq2Seq(**FAST).fit([x.astype(kind) for x in X], y)
    assert model.weights_["weight_out"].dtype == np.float32
    assert GRUSeq2Seq(**FAST).fit(X, y).weights_["weight_out"].dtype == np.float64


@pytest.mark.parametrize(
    ("y", "match"),
    [
        (None, "requires y to be passed"),
        ([[5]], "inconsistent numbers of samples"),
        ([[5], [-6]], r"y holds -6 at sample 1, step 0"),
        ([[5], [6, 2.5]], r"y holds 2.5 at sample 1, step 1"),
        ([[5], [np.nan]], r"y holds nan at sample 1, step 0"),
        ([[5, 0, 6], [5]], r"id 0, which is padding, at sample 0, step 1"),
        ([[5], "word"], r"text 'word' at sample 1.*TextEncoder"),
        ([[5], ["a", "b"]], r"y holds 'a' at sample 1, step 0.*TextEncoder"),
        ([[5], [[1, 2], [3, 4]]], r"y\[1\] has shape \(2, 2\)"),
        ([5, 6], r"y\[0\] has shape \(\)"),
        ([[5], [[1], [2, 3]]], r"y\[1\] must be a sequence of token ids"),
        ([[5], [6, None]], r"y holds None at sample 1, step 1"),
        ([[5], [2**70]], r"y holds 1.18059e\+21 at sample 1, step 0"),
        (
            [[5], np.float32([6, 2**24])],
            r"16777216 at sample 1.* float32 has .* 16777215",
        ),
        ([[5], np.float64([6, 2**53])], r"9007199254740992 at sample 1, step 1"),
        ([[5], [6, np.inf]], r"holds inf at sample 1, step 1, but must hold token ids"),
        (np.array(["a", "b"]), r"text 'a' at sample 0"),
    ],
)
def test_bad_targets_are_named(y, match):
    with pytest.raises(ValueError, match=match):
        GRUSeq2Seq(**FAST).fit([[1, 2], [3]], y)


@pytest.mark.parametrize("beam_width", [1, 3])
def test_outputs_that_are_not_finite_are_told(fitted, beam_width):
    fitted.weights_["embedding"][4] = np.nan  # of token 40
    fitted.set_params(beam_width=beam_width)
    assert len(fitted.predict([[10], [20]])) == 2
    with pytest.raises(ValueError, match=r"at sample 1: .*not finite. Scale X"):
        fitted.predict([[10], [40]])


def test_a_masked_target_among_others_is_refused():
    target = np.ma.array([5, 6], mask=[False, True])
    with pytest.raises(TypeError, match=r"y\[1\] is a masked array.* give y\[1\]\.compressed"):
        GRUSeq2Seq(**FAST).fit([[1, 2], [3]], [[5], target])


def test_masked_and_sparse_targets_are_refused():
    values = np.array([[5, 6], [7, 8]])
    for y in np.ma.array(values, mask=values > 7), csr_array(values):
        with pytest.raises(TypeError, match=f"y is a {type(y).__name__}"):
            GRUSeq2Seq(**FAST).fit([[1, 2], [3]], y)


def test_score_without_targets_says_so(fitted):
    with pytest.raises(TypeError, match="y is None, but must be a list"):
        fitted.score([[10]], None)


@pytest.mark.parametrize(
    ("X", "match"),
    [
        ([[1, 2], [-3]], "holds -3 at sample 1, step 0"),
        ([[1, 2], []], "Sequence 1 of X is empty"),
        ([[1, 2], [2.5]], "holds 2.5 at sample 1, step 0"),
        ([["a"], ["b"]], "holds the string 'a' at sample 0"),
        (["one", "two"], "X holds the text 'one' at sample 0.*TextEncoder"),
        (np.array(["one", "two"]), "X holds the text 'one' at sample 0.*TextEncoder"),
        (pd.Series(["one", "two"]), "X holds the text 'one' at sample 0.*TextEncoder"),
    ],
)
def test_bad_sources_are_named(X, match):
    with pytest.raises(ValueError, match=match):
        GRUSeq2Seq(**FAST).fit(X, [[1], [2]])


@pytest.mark.parametrize(
    "options",
    [
        {"beam_width": 0},
        {"length_penalty": -1.0},
        {"max_length": 0},
        {"embedding_dim": 0},
    ],
    ids=str,
)
def test_bad_parameters_are_named(options):
    (name,) = options
    with pytest.raises(ValueError, match=name):
        GRUSeq2Seq(**FAST | options).fit([[1]], [[1]])


@pytest.mark.parametrize(
    "options",
    [{"beam_width": 2.5}, {"length_penalty": np.nan}, {"max_length": 0}, {"max_length": -3}],
    ids=str,
)
def test_bad_parameters_that_are_set_after_fit_are_named(fitted, options):
    (name,) = options
    with pytest.raises(ValueError, match=f"'{name}' parameter of GRUSeq2Seq"):
        fitted.set_params(**options).predict([[10]])


def test_a_large_length_penalty_takes_the_longest(fitted, pairs):
    X, _ = pairs
    targets, _ = fitted.set_params(beam_width=4, length_penalty=1e9).predict_beams(X)
    assert any(len(of_x[-1]) < len(of_x[0]) for of_x in targets)
    for of_x in targets:
        assert len(of_x[0]) == max(map(len, of_x))


def test_all_targets_may_be_empty():
    model = GRUSeq2Seq(**FAST).fit([[1, 2], [3]], [[], []])
    assert as_lists(model.predict([[1]])) == [[]]
    assert model.score([[1, 2]], [[]]) == 1


@pytest.mark.parametrize("method", ["predict", "predict_beams", "attention_weights"])
def test_an_unfitted_model_says_so(method):
    with pytest.raises(NotFittedError):
        getattr(GRUSeq2Seq(), method)([[1]])
    for method in ("score", "log_likelihood"):
        with pytest.raises(NotFittedError):
            getattr(GRUSeq2Seq(), method)([[1]], [[1]])


# Training


def test_weight_2_is_two_copies(pairs):
    X, y = pairs
    options = FAST | {"batch_size": 100}
    weights = np.where(np.arange(30) % 3, 1, 2)
    weighted = GRUSeq2Seq(**options).fit(X, y, sample_weight=weights)
    copies = np.repeat(np.arange(30), weights)
    repeated = GRUSeq2Seq(**options).fit([X[i] for i in copies], [y[i] for i in copies])
    np.testing.assert_array_equal(weighted.log_likelihood(X, y), repeated.log_likelihood(X, y))
    plain = GRUSeq2Seq(**options).fit(X, y)
    assert np.abs(weighted.log_likelihood(X, y) - plain.log_likelihood(X, y)).max() > 1e-3


def test_samples_are_told_apart_where_sources_and_targets_meet():
    """Joined, these two pairs are the same numbers."""
    X, y = [[1.0, 2.0], [1.0]], [[3.0], [2.0, 3.0]]
    model = GRUSeq2Seq(**FAST).fit([np.array(x) for x in X], y)
    assert model.t_ == 2 * FAST["max_iter"]


def test_early_stopping_and_groups(pairs):
    X, y = pairs
    options = FAST | {"early_stopping": True, "max_iter": 6, "n_iter_no_change": 2}
    model = GRUSeq2Seq(**options).fit(X, y)
    assert len(model.validation_loss_curve_) == model.n_iter_
    groups = np.arange(30) // 5
    GRUSeq2Seq(**options, validation_split=GroupKFold(3)).fit(X, y, groups=groups)


def test_warm_start_and_partial_fit_go_on(pairs):
    X, y = pairs
    options = FAST | {"shuffle": False}
    whole = GRUSeq2Seq(**options).fit(X, y)
    halves = GRUSeq2Seq(**options | {"max_iter": 2, "warm_start": True}).fit(X, y).fit(X, y)
    epochs = GRUSeq2Seq(**options)
    for _ in range(4):
        epochs.partial_fit(X, y)
    expected = whole.log_likelihood(X, y)
    for model in (halves, epochs):
        np.testing.assert_allclose(model.log_likelihood(X, y), expected, rtol=1e-10)
    with pytest.raises(ValueError, match="target_embedding_dim changed"):
        halves.set_params(target_embedding_dim=7).fit(X, y)


@pytest.mark.parametrize(
    "options",
    [
        {"dropout": 0.3, "recurrent_dropout": 0.2, "hidden_layer_sizes": (5, 4)},
        {"solver": "rmsprop", "learning_rate": "cosine"},
        {"alpha": 0.1, "solver": "adamw"},
    ],
    ids=str,
)
def test_training_options_of_the_other_estimators(pairs, options):
    model = GRUSeq2Seq(**FAST | options).fit(*pairs)
    assert model.loss_curve_[-1] < model.loss_curve_[0]


def test_dropout_is_for_training_only_and_may_change(pairs):
    model = GRUSeq2Seq(**FAST, dropout=0.4, warm_start=True).fit(*pairs)
    np.testing.assert_array_equal(model.log_likelihood(*pairs), model.log_likelihood(*pairs))
    network = model.set_params(dropout=0.1).fit(*pairs)._trainer.objective.network
    assert {network.dropout, network.encoder.layers.dropout, network.decoder.layers.dropout} == {
        0.1
    }


def test_divergence_is_told_with_a_cure(pairs):
    model = GRUSeq2Seq(**FAST | {"learning_rate_init": 1e300, "max_grad_norm": None})
    with pytest.raises(ValueError, match="smaller learning_rate_init"):
        model.fit(*pairs)


def test_X_val_needs_y_val(pairs):
    X, y = pairs
    for given, match in ({"X_val": X}, "without y_val"), ({"y_val": y}, "without X_val"):
        with pytest.raises(ValueError, match=match):
            GRUSeq2Seq(**FAST).fit(X, y, **given)
    with pytest.raises(ValueError, match=r"In X_val.*y holds -1 at sample 29"):
        GRUSeq2Seq(**FAST).fit(X, y, X_val=X, y_val=[*y[:-1], [-1]])


# The tools of scikit-learn, and of inspection


def test_copies_are_the_same(fitted, pairs, tmp_path):
    expected = fitted.log_likelihood(*pairs)
    joblib.dump(fitted, tmp_path / "model")
    again = clone(fitted).fit(*pairs)
    for copy in (pickle.loads(pickle.dumps(fitted)), joblib.load(tmp_path / "model"), again):
        np.testing.assert_array_equal(copy.log_likelihood(*pairs), expected)
        assert as_lists(copy.predict(pairs[0])) == as_lists(fitted.predict(pairs[0]))


def test_grid_search_with_ragged_targets(pairs):
    X, y = pairs
    grid = {"hidden_layer_sizes": [3, 6], "beam_width": [1, 2]}
    search = GridSearchCV(GRUSeq2Seq(**FAST), grid, cv=3).fit(X, y)
    assert search.best_score_ == max(search.cv_results_["mean_test_score"])
    assert search.score(X, y) == search.best_estimator_.score(X, y)
    assert len(cross_val_score(GRUSeq2Seq(**FAST), padded(X), padded(y), cv=3)) == 3


def test_predictions_of_folds_are_joined(pairs):
    X, y = (pd.Series(one).to_numpy() for one in pairs)
    predicted = cross_val_predict(GRUSeq2Seq(**FAST), X, y, cv=KFold(3))
    model = GRUSeq2Seq(**FAST).fit(X[10:], y[10:])
    assert as_lists(predicted[:10]) == as_lists(model.predict(X[:10]))


def test_raw_texts_in_a_pipeline():
    texts = ["two", "three", "one", "four"] * 3
    numbers = TextEncoder("char").fit(["2", "3", "1", "4"])
    y = numbers.transform(["2", "3", "1", "4"] * 3)
    model = make_pipeline(TextEncoder("char"), GRUSeq2Seq(**FAST | {"max_iter": 40}))
    model.fit(texts, y)
    assert numbers.inverse_transform(model.predict(["four", "two"])) == ["4", "2"]


def test_inside(fitted, pairs):
    """States are those of the encoder; what depends on one output is refused."""
    X, y = pairs
    states = hidden_states(fitted, X)
    assert [one.shape for one in states] == [(len(x), 12) for x in X]
    final = np.r_[states[1][-1, :6], states[1][0, 6:]]
    weights = fitted.weights_
    first = np.tanh(weights["weight_bridge_l0"] @ final + weights["bias_bridge_l0"])
    encoding = fitted._trainer.objective.network.encode(
        weights, fitted._read(X[1:2], y[1:2], None, reset=False).X, _workspace()
    )
    np.testing.assert_allclose(encoding.initial[0][0], first, rtol=1e-10)
    LossCurveDisplay.from_estimator(fitted)
    numbers = GRUSeq2Seq(**FAST | {"embedding_dim": None}).fit([np.eye(2)], [[1, 2]])
    with pytest.raises(TypeError, match="attention_weights"):
        input_gradient(numbers, [np.eye(2)])
    assert not hasattr(fitted, "transform")


def _workspace():
    from skgru._core._tape import Workspace

    return Workspace(np.dtype(float))
