"""`skgru.testing`: our estimators pass; of broken ones each fails the check that is about it."""

import itertools

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import SkipTestWarning
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skgru import GRUClassifier, GRURegressor
from skgru.preprocessing import TimeDistributed
from skgru.testing import check_sequence_estimator, sequence_checks

QUICK = {"hidden_layer_sizes": 4, "max_iter": 4}
NAMES = [
    "check_batch_neighbours",
    "check_batch_size",
    "check_sample_order",
    "check_padding",
    "check_ragged_equals_padded",
    "check_ragged_one_by_one",
    "check_time_axis",
    "check_causality",
    "check_second_fit",
]


def statuses(estimator, **options):
    """The status of each check by name."""
    results = check_sequence_estimator(estimator, on_fail=None, on_skip=None, **options)
    return {result["check_name"]: result["status"] for result in results}


def failed(estimator, **options):
    return [name for name, status in statuses(estimator, **options).items() if status == "failed"]


# Ours


VARIANTS = [
    {},
    {"hidden_layer_sizes": (4, 3), "reset_after": True},
    {"bidirectional": True},
    {"pooling": "mean"},
    {"pooling": "max"},
    {"pooling": "attention", "bidirectional": True},
    {"return_sequences": True},
    {"return_sequences": True, "hidden_layer_sizes": (4, 3)},
    {"return_sequences": True, "bidirectional": True},
    {"dropout": 0.2, "recurrent_dropout": 0.2, "early_stopping": True, "batch_size": 5},
]


TOKENS = [
    {},
    {"return_sequences": True, "hidden_layer_sizes": (4, 3)},
    {"pooling": "attention", "bidirectional": True},
]
VARIANTS += [{"embedding_dim": 3, "max_iter": 30, **options} for options in TOKENS]


@pytest.mark.parametrize("options", VARIANTS, ids=str)
@pytest.mark.parametrize("cls", [GRURegressor, GRUClassifier])
def test_our_estimators_pass_every_check(cls, options):
    """A skipped check would be an error here, as it warns."""
    results = check_sequence_estimator(cls(**{**QUICK, **options}))
    claims_causality = options.get("return_sequences") and not options.get("bidirectional")
    expected = [name for name in NAMES if claims_causality or name != "check_causality"]
    assert [result["check_name"] for result in results] == expected
    assert {result["status"] for result in results} == {"passed"}


SCALED = make_pipeline(TimeDistributed(StandardScaler()), GRURegressor(**QUICK))
PER_STEP = make_pipeline(TimeDistributed(StandardScaler()), GRUClassifier(**QUICK))
PER_STEP.set_params(gruclassifier__return_sequences=True)


@pytest.mark.parametrize(
    "estimator",
    [
        SCALED,
        PER_STEP,
        TransformedTargetRegressor(SCALED, transformer=StandardScaler()),
        GridSearchCV(GRUClassifier(**QUICK), {"alpha": [1e-3, 1e-2]}, cv=2),
        GRURegressor(loss="quantile", quantile=[0.1, 0.9], **QUICK),
    ],
)
def test_our_estimators_inside_of_others_pass_every_check(estimator):
    results = check_sequence_estimator(estimator)
    assert {result["status"] for result in results} == {"passed"}
    names = [result["check_name"] for result in results]
    assert ("check_causality" in names) == (estimator is PER_STEP)


@pytest.mark.parametrize(("estimator", "check"), sequence_checks(GRUClassifier(**QUICK)), ids=str)
def test_checks_parametrize_a_test(estimator, check):
    check(estimator)


def test_a_warm_start_is_no_second_fit():
    assert failed(GRURegressor(warm_start=True, **QUICK)) == ["check_second_fit"]


def test_both_directions_are_not_causal():
    model = GRURegressor(return_sequences=True, bidirectional=True, **QUICK)
    assert failed(model, causal=True) == ["check_causality"]


# Broken ones


class Decaying(BaseEstimator):
    """A linear model of the sums of all steps so far, which fade by half with each step."""

    def __init__(self, return_sequences=False, random_state=None):
        self.return_sequences = return_sequences
        self.random_state = random_state

    def fit(self, X, y):
        rows, y = self.features(X), list(y)
        if self.return_sequences:
            self.coef_ = np.linalg.lstsq(np.concatenate(rows), np.concatenate(y))[0]
        else:
            self.coef_ = np.linalg.lstsq(np.array([row[-1] for row in rows]), np.array(y))[0]
        return self

    def predict(self, X):
        states = self.features(X)
        if self.return_sequences:
            return [one @ self.coef_ for one in states]
        return np.array([one[-1] @ self.coef_ for one in states])

    def features(self, X):
        return [self.states(one) for one in self.read(X)]

    def read(self, X):
        return [one[np.isfinite(one).all(axis=1)] for one in X]

    def states(self, sequence):
        state, states = np.zeros(sequence.shape[1]), []
        for x in sequence:
            state = state / 2 + x
            states.append(state)
        return np.array(states)


class NoLists(Decaying):
    def read(self, X):
        if isinstance(X, list):
            raise TypeError("X must be an array.")
        return super().read(X)


class NormalisesOverTheBatch(NoLists):
    def predict(self, X):
        y = super().predict(X)
        return y - y.mean()


class PassesTheStateOnToTheNextSample(NoLists):
    def predict(self, X):
        y = super().predict(X)
        return y + np.concatenate([[0], y[:-1]])


class DividesByTheBatchSize(NoLists):
    def predict(self, X):
        return super().predict(X) / len(X)


class AddsThePlaceInTheBatch(NoLists):
    def predict(self, X):
        return super().predict(X) + 0.5 * np.arange(len(X))


class ReadsPaddingAsZeros(NoLists):
    def read(self, X):
        return super().read(np.nan_to_num(X))


class ReadsListsBackwards(Decaying):
    def read(self, X):
        sequences = super().read(X)
        return [one[::-1] for one in sequences] if isinstance(X, list) else sequences


class PadsListsWithZeros(Decaying):
    def read(self, X):
        if not isinstance(X, list) and np.isnan(X).any():
            raise ValueError("X contains NaN.")
        longest = max(map(len, X))
        return [np.pad(one, ((0, longest - len(one)), (0, 0))) for one in X]


class IgnoresTheOrder(Decaying):
    def states(self, sequence):
        return sequence.cumsum(axis=0)


class IgnoresEarlierSteps(Decaying):
    def states(self, sequence):
        return sequence


class LearnsNothing(Decaying):
    def states(self, sequence):
        return np.zeros_like(sequence)


class CentresOverTime(Decaying):
    def states(self, sequence):
        return super().states(sequence - sequence.mean(axis=0))


class KeepsHalfOfTheLastFit(Decaying):
    def fit(self, X, y):
        before = getattr(self, "coef_", 0)
        super().fit(X, y)
        self.coef_ = (self.coef_ + before) / 2
        return self


class IgnoresRandomState(Decaying):
    seeds = itertools.count()

    def fit(self, X, y):
        super().fit(X, y)
        self.coef_ += np.random.RandomState(next(self.seeds)).uniform(0.1, 1)
        return self


@pytest.mark.parametrize("options", [{}, {"return_sequences": True}], ids=str)
def test_a_sound_estimator_passes_every_check(options):
    assert set(statuses(Decaying(**options)).values()) == {"passed"}


BROKEN = [
    (NormalisesOverTheBatch(), ["check_batch_neighbours"]),
    (PassesTheStateOnToTheNextSample(), ["check_batch_neighbours", "check_sample_order"]),
    (DividesByTheBatchSize(), ["check_batch_size"]),
    (AddsThePlaceInTheBatch(), ["check_sample_order"]),
    (ReadsPaddingAsZeros(), ["check_padding"]),
    (ReadsListsBackwards(), ["check_ragged_equals_padded"]),
    (PadsListsWithZeros(), ["check_ragged_one_by_one"]),
    (IgnoresTheOrder(), ["check_time_axis"]),
    (IgnoresTheOrder(return_sequences=True), ["check_time_axis"]),
    (IgnoresEarlierSteps(), ["check_time_axis"]),
    (IgnoresEarlierSteps(return_sequences=True), ["check_time_axis"]),
    (LearnsNothing(), ["check_time_axis"]),
    (CentresOverTime(return_sequences=True), ["check_causality"]),
    (KeepsHalfOfTheLastFit(), ["check_second_fit"]),
    (IgnoresRandomState(), ["check_second_fit"]),
]


@pytest.mark.parametrize(
    ("estimator", "names"), BROKEN, ids=[type(estimator).__name__ for estimator, _ in BROKEN]
)
def test_a_broken_estimator_fails_its_check_and_no_other(estimator, names):
    assert failed(estimator) == names


def test_every_check_has_an_estimator_that_fails_it_alone():
    assert {names[0] for _, names in BROKEN if len(names) == 1} == set(NAMES)


class SwapsAxes(Decaying):
    """Takes (n_samples, n_features, n_timesteps)."""

    def read(self, X):
        return super().read([one.T for one in X])


def test_axes_in_another_order():
    assert set(statuses(SwapsAxes(), time_axis=2).values()) == {"passed"}
    assert failed(Decaying(), time_axis=2)


FLAT = FunctionTransformer(lambda X: np.reshape(X, (len(X), -1)))
MEANS = FunctionTransformer(lambda X: np.mean(X, axis=1))


@pytest.mark.parametrize(
    "model", [Ridge(), RidgeClassifier(), LogisticRegression(), KNeighborsClassifier()]
)
def test_models_of_scikit_learn(model):
    """On all steps as columns they know the order, on means over steps they do not."""
    result = statuses(make_pipeline(FLAT, model))
    skipped = ["check_padding", "check_ragged_equals_padded", "check_ragged_one_by_one"]
    assert [name for name, status in result.items() if status == "skipped"] == skipped
    assert "failed" not in result.values()
    assert failed(make_pipeline(MEANS, model)) == ["check_time_axis"]


# Reports


def test_message_says_what_changed_and_by_how_much():
    order = np.random.RandomState(0).permutation(24)
    moves = np.abs(order - np.arange(24))
    message = (
        rf"The prediction of sample {order[moves.argmax()]} changed by {moves.max() / 2:.3g}, "
    )
    with pytest.raises(AssertionError, match=message + ".* when the sequences were shuffled"):
        check_sequence_estimator(AddsThePlaceInTheBatch())


class OnePredictionForAll(Decaying):
    def predict(self, X):
        return super().predict(X)[:1]


class NotFinite(Decaying):
    def predict(self, X):
        return super().predict(X) * np.nan


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (OnePredictionForAll(), "returned 1 predictions for 24 sequences"),
        (NotFinite(), "prediction of sample 0 is not finite"),
        (CentresOverTime(return_sequences=True), r"sample \d+ at step \d changed by .* replaced"),
        (IgnoresTheOrder(), "the order of the steps is not used"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Decaying) else None,
)
def test_other_messages(estimator, message):
    with pytest.raises(AssertionError, match=message):
        check_sequence_estimator(estimator)


def test_results_have_the_keys_of_scikit_learn():
    model = IgnoresTheOrder()
    reasons = {"check_time_axis": "on purpose", "check_padding": "a guess"}
    results = check_sequence_estimator(model, expected_failed_checks=reasons)
    by_name = {result.pop("check_name"): result for result in results}
    time_axis = by_name["check_time_axis"]
    assert isinstance(time_axis.pop("exception"), AssertionError)
    assert time_axis == {
        "estimator": model,
        "status": "xfail",
        "expected_to_fail": True,
        "expected_to_fail_reason": "on purpose",
    }
    assert by_name["check_padding"]["status"] == "passed"
    assert by_name["check_padding"]["expected_to_fail"]
    assert not by_name["check_batch_size"]["expected_to_fail"]


def test_skipped_checks_warn_and_say_why():
    with pytest.warns(SkipTestWarning, match="a list .* is refused: X must be an array"):
        check_sequence_estimator(NoLists())


def test_the_estimator_itself_is_left_alone():
    model = GRURegressor(random_state=3, **QUICK)
    check_sequence_estimator(model)
    assert not hasattr(model, "n_iter_")
    assert model.random_state == 3


@pytest.mark.parametrize(
    ("estimator", "options", "error", "message"),
    [
        (GRURegressor, {}, TypeError, r"pass GRURegressor\(\)"),
        (GRURegressor(), {"time_axis": 0}, ValueError, "time_axis must be 1 or 2"),
        (GRURegressor(), {"rtol": -1}, ValueError, "rtol must be a number of at least 0"),
        (GRURegressor(), {"causal": True}, ValueError, "set per_step=True"),
        (
            GRURegressor(),
            {"expected_failed_checks": {"check_order": "?"}},
            ValueError,
            "'check_order', which is no check. There are check_batch_neighbours, ",
        ),
    ],
)
def test_bad_arguments(estimator, options, error, message):
    with pytest.raises(error, match=message):
        check_sequence_estimator(estimator, **options)


# Tokens


class TokenReader(BaseEstimator):
    """Sums what a function makes of token ids, given as arrays or lists padded with 0."""

    def __init__(self, embedding_dim=1, fault=None):
        self.embedding_dim = embedding_dim
        self.fault = fault

    def fit(self, X, y):
        self.ids_ = [np.asarray(x) for x in X]
        assert all(ids.dtype.kind == "i" and ids.ndim == 1 and ids.all() for ids in self.ids_)
        return self

    def predict(self, X):
        X = [np.asarray(x) for x in X]
        lengths = [len(x) if self.fault == "padding" else np.count_nonzero(x) for x in X]
        weight = {"order": lambda steps: 1.0 + 0 * steps}.get(self.fault, np.sqrt)
        made = [x[:n] @ weight(np.arange(1.0, n + 1)) for x, n in zip(X, lengths, strict=True)]
        if self.fault == "padding":
            made = [one + n for one, n in zip(made, lengths, strict=True)]
        return np.array(made) + (np.mean(made) if self.fault == "neighbours" else 0)


@pytest.mark.parametrize(
    ("fault", "checks"),
    [
        (None, []),
        ("padding", ["check_padding", "check_ragged_equals_padded"]),
        ("order", ["check_time_axis"]),
        ("neighbours", ["check_batch_neighbours", "check_ragged_one_by_one"]),
    ],
)
def test_of_tokens(fault, checks):
    """They could not be checked: all estimators were given numbers, and refused them."""
    for estimator in (TokenReader(fault=fault), make_pipeline(TokenReader(fault=fault))):
        assert set(failed(estimator)) >= set(checks)
        if fault is None:
            assert set(statuses(estimator).values()) == {"passed"}
    assert set(failed(TokenReader(None, fault), tokens=True)) >= set(checks)


def test_tokens_have_no_other_time_axis():
    with pytest.raises(ValueError, match="time_axis must be 1 for tokens"):
        sequence_checks(GRUClassifier(embedding_dim=2), time_axis=2)


def test_what_stands_for_padding_is_named():
    estimator = TokenReader(fault="padding")
    check = next(one for _, one in sequence_checks(estimator) if one.name == "check_padding")
    with pytest.raises(AssertionError, match="3 steps of id 0 were appended"):
        check(estimator)
