"""`GRULanguageModel`: probabilities of sequences of tokens, and new ones."""

import pickle
from itertools import product

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax
from scipy.stats import binom
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from skgru import GRUClassifier, GRULanguageModel
from skgru.inspection import hidden_states
from skgru.preprocessing import TextEncoder
from tests.reference import gru

FAST = {
    "hidden_layer_sizes": 6,
    "embedding_dim": 4,
    "max_iter": 4,
    "batch_size": 8,
    "bptt_steps": 5,
    "learning_rate": "constant",
    "learning_rate_init": 1e-2,
    "random_state": 0,
}
pytestmark = pytest.mark.filterwarnings("ignore:Training reached max_iter")


@pytest.fixture
def ragged_tokens(rng):
    """Thirty sequences of 1..18 of the tokens 10, 20, 30, 40, in double precision."""
    return [10.0 * rng.randint(1, 5, n) for n in np.r_[1, 18, rng.randint(1, 19, 28)]]


@pytest.fixture
def fitted(ragged_tokens):
    return GRULanguageModel(**FAST).fit(ragged_tokens)


def padded(X, n_timesteps=18):
    return np.array([np.pad(x, (0, n_timesteps - len(x))) for x in X])


# Probabilities


@pytest.mark.parametrize("options", [{}, {"reset_after": True}, {"hidden_layer_sizes": (4, 3)}])
def test_log_likelihood_is_that_of_the_reference(ragged_tokens, options):
    model = GRULanguageModel(**FAST | options).fit(ragged_tokens)
    n_layers = np.size(options.get("hidden_layer_sizes", 6))
    expected = [
        gru.log_likelihood(model.weights_, (x / 10).astype(int), n_layers, model.reset_after)
        for x in ragged_tokens
    ]
    log_likelihood = model.score_samples(ragged_tokens)
    assert log_likelihood.shape == (30,)
    assert log_likelihood.dtype == np.float64
    np.testing.assert_allclose(log_likelihood, expected, rtol=1e-10)


def test_probabilities_of_all_sequences_of_a_length_sum_to_1(fitted):
    """Of all tokens: the known ones, and a fifth that is unknown."""
    for length in (1, 2, 3):
        everything = [np.array(x, float) for x in product([10, 20, 30, 40, 99], repeat=length)]
        p = np.exp(fitted.score_samples(everything))
        assert p.min() > 0
        assert p.sum() == pytest.approx(1, rel=1e-10)


def test_score_perplexity_and_bits_are_means_over_tokens(fitted, ragged_tokens):
    mean = fitted.score_samples(ragged_tokens).sum() / sum(map(len, ragged_tokens))
    assert mean < -0.5
    assert fitted.score(ragged_tokens) == pytest.approx(mean, rel=1e-12)
    assert fitted.perplexity(ragged_tokens) == pytest.approx(np.exp(-mean), rel=1e-12)
    assert fitted.bits_per_token(ragged_tokens) == pytest.approx(-mean / np.log(2), rel=1e-12)


def test_training_finds_the_frequencies_of_a_bigram_table():
    """Pairs of tokens, of which the counts say all there is to know."""
    counts = np.array([[5, 35, 10], [20, 4, 16], [9, 9, 12]])
    pairs = np.repeat(np.argwhere(counts) + 1.0, counts.ravel(), axis=0)
    model = GRULanguageModel(
        8, embedding_dim=4, batch_size=len(pairs), learning_rate_init=0.03, random_state=0
    ).fit(pairs)
    together = [np.exp(model.score_samples([[i + 1.0, j + 1.0]]))[0] for i, j in np.ndindex(3, 3)]
    np.testing.assert_allclose(np.reshape(together, (3, 3)), counts / counts.sum(), atol=2e-3)


def test_loss_is_minus_the_score(ragged_tokens):
    """Of the last epoch's weights, where a step is too small to change them; no dropout, no L2."""
    model = GRULanguageModel(**FAST | {"learning_rate_init": 1e-12, "bptt_steps": 18})
    model.fit(ragged_tokens)
    assert model.loss_ == pytest.approx(-model.score(ragged_tokens), rel=1e-6)


def test_tokens_that_fit_has_not_seen_have_a_small_probability(fitted):
    known, unknown = fitted.score_samples([[10.0, 20.0], [10.0, 50.0]])
    assert -np.inf < unknown < known - 3
    assert fitted.score_samples([[50.0, 20.0]]) == fitted.score_samples([[7.0, 20.0]])


# Forms of X


def test_forms_of_the_same_sequences(fitted, ragged_tokens):
    expected = fitted.score_samples(ragged_tokens)
    objects = np.empty(30, object)
    objects[:] = ragged_tokens
    whole = padded(ragged_tokens)
    for same in (
        objects,
        whole,
        whole[:, :, None],
        pd.DataFrame(whole),
        [x[:, None] for x in ragged_tokens],
        [np.append(x, [0.0, 0.0]) for x in ragged_tokens],
    ):
        np.testing.assert_array_equal(fitted.score_samples(same), expected)
        again = GRULanguageModel(**FAST).fit(same)
        np.testing.assert_array_equal(again.score_samples(same), expected)


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.float32])
def test_integers_are_computed_in_single_precision(ragged_tokens, fitted, kind):
    X = [x.astype(kind) for x in ragged_tokens]
    model = GRULanguageModel(**FAST).fit(X)
    assert model.weights_["embedding"].dtype == np.float32
    assert fitted.weights_["embedding"].dtype == np.float64
    np.testing.assert_allclose(model.score_samples(X), fitted.score_samples(X), rtol=1e-3)


def test_a_sequence_has_the_same_likelihood_alone_and_in_any_order(fitted, ragged_tokens):
    together = fitted.score_samples(ragged_tokens)
    alone = [fitted.score_samples([x])[0] for x in ragged_tokens]
    np.testing.assert_allclose(together, alone, rtol=1e-12)
    np.testing.assert_allclose(fitted.score_samples(ragged_tokens[::-1]), together[::-1])


@pytest.mark.parametrize(
    ("X", "match"),
    [
        ([[1, 2], [3, -1]], "holds -1 at sample 1, step 1"),
        ([[1, 2], [3, 1.5]], r"holds 1\.5 at sample 1, step 1"),
        ([[1, 2], []], "Sequence 1 of X is empty"),
        ([[1, 2], [0, 0]], "Sequence 1 of X is empty"),
        ([[1, 0, 2], [1, 2, 3]], "padding must stand at the end"),
        ([np.array(["a", "b"])], "string 'a' at sample 0, step 0"),
        ([1, 2, 3], "a single sequence is a list of one"),
        ([], "minimum of 1 is required"),
        (np.ones((2, 3, 2)), "2 features per step"),
    ],
)
def test_bad_input_is_named(fitted, X, match):
    for method in (GRULanguageModel(**FAST).fit, fitted.score_samples, fitted.score):
        with pytest.raises(ValueError, match=match):
            method(X)


# Training


@pytest.mark.parametrize("n_sequences", [1, 3])
def test_long_sequences_are_trained_on_in_stretches(rng, n_sequences):
    """Token 2 follows a 1 that stands 7 steps before, which no stretch of 4 holds with it."""
    period = np.r_[1, np.full(6, 3), 2]
    X = [np.tile(period, 60) for _ in range(n_sequences)]
    model = GRULanguageModel(
        16, embedding_dim=4, bptt_steps=4, batch_size=4, max_iter=20, random_state=0
    ).fit(X)
    assert model.score(X) > -0.05
    assert model.n_iter_ == 20
    assert model.t_ == 20 * n_sequences * 120


def test_units_remember_no_longer_than_a_gradient_goes_back(rng):
    """Of one long sequence its own length would make every fourth unit stand still."""
    model = GRULanguageModel(**FAST | {"hidden_layer_sizes": 40, "learning_rate_init": 1e-12})
    model.set_params(max_iter=1).fit([rng.randint(1, 5, 3000)])
    longest = -model.weights_["bias_ih_l0"].min()
    assert np.log(3) < longest <= np.log(5) + 1e-6


def test_many_short_sequences_do_not_depend_on_the_length_of_stretches(ragged_tokens):
    results = [
        GRULanguageModel(**FAST | {"bptt_steps": n}).fit(ragged_tokens).score_samples(ragged_tokens)
        for n in (18, 1000)
    ]
    np.testing.assert_array_equal(*results)


def test_weight_2_is_two_copies(ragged_tokens):
    options = FAST | {"batch_size": 1000, "bptt_steps": 20}
    twice = GRULanguageModel(**options).fit(ragged_tokens[:5] + ragged_tokens[:2])
    weighted = GRULanguageModel(**options).fit(ragged_tokens[:5], sample_weight=[2, 2, 1, 1, 1])
    np.testing.assert_allclose(
        weighted.score_samples(ragged_tokens), twice.score_samples(ragged_tokens), rtol=1e-6
    )


def test_early_stopping_holds_out_the_end_of_a_single_sequence(rng):
    """Which is noise here, so the best weights are those of the first epochs."""
    X = np.r_[np.tile([1, 2, 3], 300), rng.randint(1, 4, 300)]
    model = GRULanguageModel(
        **FAST | {"max_iter": 50}, early_stopping=True, validation_fraction=0.25, n_iter_no_change=2
    ).fit([X])
    assert model.n_iter_ < 50
    assert min(model.validation_loss_curve_) == pytest.approx(-model.best_validation_score_)
    assert model.validation_loss_curve_[-1] > 1.5 * min(model.validation_loss_curve_)
    assert model.loss_curve_[-1] < model.loss_curve_[0]


def test_early_stopping_holds_out_whole_sequences(ragged_tokens):
    model = GRULanguageModel(**FAST, early_stopping=True, validation_fraction=0.2)
    model.fit(ragged_tokens, groups=np.arange(30) // 3)
    assert len(model.validation_scores_) == model.n_iter_
    model.set_params(validation_split=GroupKFold(3)).fit(ragged_tokens, groups=np.arange(30) // 3)
    assert len(model.validation_scores_) == model.n_iter_
    with pytest.raises(ValueError, match="cannot split these samples"):
        model.fit(ragged_tokens[:1])
    with pytest.raises(ValueError, match="hold out all of the 1 steps of the only sequence"):
        model.set_params(validation_split=None).fit([[3]])


def test_X_val_is_watched(ragged_tokens):
    model = GRULanguageModel(**FAST).fit(ragged_tokens[:20], X_val=ragged_tokens[20:])
    assert model.validation_scores_[-1] == pytest.approx(model.score(ragged_tokens[20:]))
    assert model.validation_loss_curve_[-1] == pytest.approx(-model.score(ragged_tokens[20:]))
    with pytest.raises(ValueError, match=r"In X_val: .*holds -1 at sample 0, step 1"):
        model.fit(ragged_tokens, X_val=[[1.0, -1.0]])


def test_warm_start_and_partial_fit_go_on(ragged_tokens):
    whole = GRULanguageModel(**FAST).fit(ragged_tokens)
    parts = GRULanguageModel(**FAST | {"max_iter": 2}, warm_start=True)
    parts.fit(ragged_tokens).fit(ragged_tokens)
    step_by_step = GRULanguageModel(**FAST)
    for _ in range(4):
        step_by_step.partial_fit(ragged_tokens)
    for model in (parts, step_by_step):
        np.testing.assert_allclose(
            model.score_samples(ragged_tokens), whole.score_samples(ragged_tokens), rtol=1e-9
        )


def test_partial_fit_learns_how_probable_unknown_tokens_are(fitted):
    before = fitted.score([[10.0, 99.0]])
    fitted.set_params(learning_rate_init=0.05)
    for _ in range(20):
        fitted.partial_fit([[10.0, 99.0]] * 8)
    assert fitted.score([[10.0, 99.0]]) > before + 1
    np.testing.assert_array_equal(fitted.token_ids_, [10, 20, 30, 40])


@pytest.mark.parametrize(
    "options",
    [
        {"solver": "adamw", "alpha": 0.01},
        {"solver": "sgd", "learning_rate": "onecycle"},
        {"dropout": 0.2, "recurrent_dropout": 0.2, "hidden_layer_sizes": (4, 4)},
        {"learning_rate": "plateau", "shuffle": False, "batch_size": "auto"},
        {"max_grad_norm": None, "alpha": 1e-3},
    ],
)
def test_training_options_of_the_other_estimators(ragged_tokens, options):
    model = GRULanguageModel(**FAST | {"max_iter": 15} | options).fit(ragged_tokens)
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    assert np.isfinite(model.score(ragged_tokens))


def test_vectors_of_a_language_model_start_a_classifier(fitted, ragged_tokens):
    y = [int(x[0] == 10) for x in ragged_tokens]
    model = GRUClassifier(
        6, embedding_dim=4, max_iter=2, init_from=fitted.weights_, freeze=1, random_state=0
    ).fit(ragged_tokens, y)
    np.testing.assert_array_equal(model.weights_["embedding"], fitted.weights_["embedding"])


def test_divergence_is_told_with_a_cure_that_fits_tokens(ragged_tokens):
    model = GRULanguageModel(**FAST | {"learning_rate_init": 1e300, "max_grad_norm": None})
    with pytest.raises(ValueError, match="Try a smaller learning_rate_init") as error:
        model.fit(ragged_tokens)
    assert "unit variance" not in str(error.value)


# New sequences


def test_samples_have_the_probabilities_that_they_are_scored_with(fitted):
    n = 4000
    drawn = fitted.sample(n, 2, random_state=0)
    assert all(x.dtype == np.int64 and len(x) == 2 for x in drawn)
    pairs = [np.array(x, float) for x in product([10, 20, 30, 40], repeat=2)]
    p = np.exp(fitted.score_samples(pairs))
    p /= p.sum()  # unknown tokens are not drawn
    for pair, probability in zip(pairs, p, strict=True):
        count = sum((x == pair).all() for x in drawn)
        lower, upper = binom.interval(1 - 1e-5, n, probability)
        assert lower <= count <= upper


def test_temperature_0_takes_the_most_probable_token(fitted):
    prompt = [20, 30]
    (drawn,) = fitted.sample(length=8, prompt=prompt, temperature=0)
    for token in drawn:
        candidates = [np.array([*prompt, k], float) for k in (10, 20, 30, 40)]
        assert token == 10 * (1 + np.argmax(fitted.score_samples(candidates)))
        prompt.append(token)
    assert len(set(drawn)) > 1


def test_prompts_of_different_lengths_go_on_as_if_alone(fitted):
    prompts = [[10], [40, 30, 20, 10, 10], [], [20, 20]]
    together = fitted.sample(4, 6, prompt=prompts, temperature=0)
    for prompt, drawn in zip(prompts, together, strict=True):
        (alone,) = fitted.sample(1, 6, prompt=prompt, temperature=0)
        np.testing.assert_array_equal(drawn, alone)
    assert len({tuple(x) for x in together}) > 1


def test_samples_are_reproducible(fitted):
    first, second, other = (fitted.sample(3, 20, random_state=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)
    one_prompt = fitted.sample(3, 20, prompt=[10, 20], random_state=1)
    three = fitted.sample(3, 20, prompt=[[10, 20]] * 3, random_state=1)
    np.testing.assert_array_equal(one_prompt, three)
    np.testing.assert_array_equal(fitted.sample(3, 20, prompt=[[10, 20]], random_state=1), three)


def test_stop_tokens_end_a_sequence_and_belong_to_it(fitted):
    unstopped = fitted.sample(50, 12, random_state=0)
    stopped = fitted.sample(50, 12, stop=[20, 30], random_state=0)
    lengths = [len(x) for x in stopped]
    assert 1 in lengths
    assert len(set(lengths)) > 1
    for whole, part in zip(unstopped, stopped, strict=True):
        ends = np.flatnonzero(np.isin(whole, [20, 30]))
        n = ends[0] + 1 if len(ends) else 12
        np.testing.assert_array_equal(part, whole[:n])
    assert all(len(x) == 1 for x in fitted.sample(5, 12, stop=[10, 20, 30, 40]))
    assert set(np.concatenate(fitted.sample(9, 50, stop=20))) <= {10, 20, 30, 40}


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (
            {"prompt": [10, 20, 99]},
            "prompt holds 99 at step 2, which is no token that fit has seen",
        ),
        ({"prompt": [[10], [20, 99]], "n_samples": 2}, "prompt holds 99 at sample 1, step 1"),
        ({"prompt": [10, 0]}, "prompt holds 0 at step 1"),
        ({"prompt": [[10], [20]]}, r"prompt holds 2 sequences, but n_samples=1\. Set n_samples=2"),
        ({"prompt": "text"}, "prompt must hold token ids"),
        ({"prompt": 10}, "prompt must hold token ids"),
        ({"stop": 99}, "stop holds 99"),
        ({"temperature": -0.5}, r"'temperature' parameter of .*sample must be"),
        ({"temperature": np.nan}, r"'temperature' parameter of .*sample must be"),
        ({"top_k": 0}, r"'top_k' parameter of .*sample must be"),
        ({"top_k": 2.5}, r"'top_k' parameter of .*sample must be"),
        ({"top_p": 0.0}, r"'top_p' parameter of .*sample must be"),
        ({"top_p": 1.5}, r"'top_p' parameter of .*sample must be"),
        ({"n_samples": 0}, r"'n_samples' parameter of .*sample must be"),
        ({"length": 0}, r"'length' parameter of .*sample must be"),
    ],
)
def test_bad_options_of_sample_are_named(fitted, options, match):
    with pytest.raises(ValueError, match=match):
        fitted.sample(**options)


@pytest.mark.parametrize("method", ["score_samples", "score", "perplexity", "bits_per_token"])
def test_an_unfitted_model_says_so(method):
    with pytest.raises(NotFittedError):
        getattr(GRULanguageModel(), method)([[1, 2]])
    with pytest.raises(NotFittedError):
        GRULanguageModel().sample()


# The states inside


def test_hidden_states_are_those_behind_the_likelihoods(ragged_tokens):
    """The likelihood of a next token, by hand from the state after those before it."""
    model = GRULanguageModel(**FAST | {"hidden_layer_sizes": (5, 3)}).fit(ragged_tokens)
    states = hidden_states(model, ragged_tokens)
    assert [one.shape for one in states] == [(len(x), 3) for x in ragged_tokens]
    before = model.score_samples(ragged_tokens)
    after = model.score_samples([np.append(x, 20.0) for x in ragged_tokens])
    weights = model.weights_
    raw = np.array([one[-1] for one in states]) @ weights["weight_out"].T + weights["bias_out"]
    np.testing.assert_allclose(after - before, log_softmax(raw, axis=1)[:, 2], rtol=1e-8)


def test_there_is_no_vector_of_a_sequence(fitted):
    assert not hasattr(fitted, "transform")


# The tools of scikit-learn


def test_copies_are_the_same(fitted, ragged_tokens, tmp_path):
    expected = fitted.score_samples(ragged_tokens)
    joblib.dump(fitted, tmp_path / "model")
    again = clone(fitted).fit(ragged_tokens)
    for copy in (pickle.loads(pickle.dumps(fitted)), joblib.load(tmp_path / "model"), again):
        np.testing.assert_array_equal(copy.score_samples(ragged_tokens), expected)


def test_grid_search_by_its_own_score(ragged_tokens):
    search = GridSearchCV(GRULanguageModel(**FAST), {"hidden_layer_sizes": [3, 6]}, cv=3)
    search.fit(ragged_tokens)
    assert search.best_score_ == max(search.cv_results_["mean_test_score"])
    assert search.score(ragged_tokens) == search.best_estimator_.score(ragged_tokens)
    assert len(cross_val_score(GRULanguageModel(**FAST), padded(ragged_tokens), cv=4)) == 4


def test_raw_texts_in_a_pipeline():
    texts = ["to be or not to be", "that is the question"] * 4
    model = make_pipeline(TextEncoder("char"), GRULanguageModel(**FAST))
    assert model.fit(texts).score(texts) < 0
    assert model.score_samples(["to be"]).shape == (1,)
    encoder, language_model = model
    (text,) = encoder.inverse_transform(language_model.sample(length=12, random_state=0))
    assert len(text) == 12
    assert set(text) <= set("".join(texts))


def test_is_a_density_estimator():
    assert GRULanguageModel().__sklearn_tags__().estimator_type == "density_estimator"
