"""scikit-learn's own checks: no failure for defaults and every kind of network, and every option.

Where an option means something that a check does not allow for, the check has to fail, and
`expected_failures` says why.
"""

import numpy as np
import pytest
import sklearn
from packaging.version import Version
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.model_selection import ShuffleSplit
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgru import GRUClassifier, GRULanguageModel, GRURegressor
from skgru._core._losses import REGRESSION_LOSSES
from skgru._core._optimizers import SOLVERS
from skgru._core._pooling import POOLINGS
from skgru._core._schedules import SCHEDULES
from skgru.preprocessing import TimeDistributed

# The options in small networks, with few but long steps. The check of a regressor's score sets
# alpha=0.01, for linear models: as a term of a GRU's loss that is strong, as decoupled weight decay
# weak. Without such a term classifiers learn by heart what weighs next to nothing, so they have it.
QUICK = {
    "hidden_layer_sizes": 16,
    "learning_rate": "constant",
    "learning_rate_init": 0.02,
    "n_iter_no_change": 50,
}
QUICK_REGRESSOR = {**QUICK, "solver": "adamw", "max_iter": 50}
QUICK_CLASSIFIER = {**QUICK, "max_iter": 20}

KINDS = [
    {"hidden_layer_sizes": (16, 8)},
    {"bidirectional": True},
    {"reset_after": True, "hidden_layer_sizes": 64, "n_jobs": 2},  # fewer get no second thread
]
DEFAULTS = [GRURegressor(), GRUClassifier()]
NO_FAILURE = [
    *(GRURegressor(**{**QUICK_REGRESSOR, **kind}) for kind in KINDS),
    *(GRUClassifier(**{**QUICK_CLASSIFIER, **kind}) for kind in KINDS),
]


class Weights(dict):
    """What ``weights_`` returned, in a form that fits into the name of a test."""

    def __repr__(self):
        return "weights_"


PRETRAINED = Weights(
    GRURegressor(16, max_iter=1, random_state=0).fit(np.eye(9), np.arange(9)).weights_
)


class LastStep:
    """With ``return_sequences=True``: each step has the target of its row, the last one counts.

    So the checks, whose y has a number per row, go through targets and predictions of every step.
    """

    def fit(self, X, y, sample_weight=None):
        return super().fit(X, at_every_step(X, y), sample_weight)

    def predict(self, X):
        return super().predict(X)[:, -1]

    def score(self, X, y, sample_weight=None):
        return super().score(X, at_every_step(X, y), sample_weight)


class LastStepRegressor(LastStep, GRURegressor):
    def partial_fit(self, X, y, sample_weight=None):
        return super().partial_fit(X, at_every_step(X, y), sample_weight)


class LastStepClassifier(LastStep, GRUClassifier):
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        return super().partial_fit(X, at_every_step(X, y), classes, sample_weight)

    def predict_proba(self, X):
        return super().predict_proba(X)[:, -1]

    def predict_log_proba(self, X):
        return super().predict_log_proba(X)[:, -1]


def at_every_step(X, y):
    """Repeat each target for all steps of a table; return y as it is where X is no table."""
    n_columns = np.asarray(X).shape[1:]
    if y is None or len(n_columns) != 1:
        return y
    return np.repeat(np.asarray(y)[:, None], n_columns[0], axis=1)


class FromZeroLanguageModel(GRULanguageModel):
    """Ids are one more than in the checks' X, whose zeros would be padding in front of tokens."""

    def fit(self, X, y=None, sample_weight=None):
        return super().fit(one_more(X), y, sample_weight)

    def partial_fit(self, X, y=None, sample_weight=None):
        return super().partial_fit(one_more(X), y, sample_weight)

    def score(self, X, y=None):
        return super().score(one_more(X), y)

    def score_samples(self, X):
        return super().score_samples(one_more(X))


def one_more(X):
    """Add 1 to a table of numbers; return X as it is where it is none."""
    if issparse(X) or np.asarray(X).ndim != 2:
        return X
    try:
        return X + 1 if hasattr(X, "dtypes") else np.asarray(X) + 1
    except TypeError:
        return X


# What both have, what the regressor has, and the classifier. The seed, and a class_weight by name,
# are set by checks.
OPTIONS = [
    (
        {"pooling": "mean", "learning_rate": "cosine", "learning_rate_init": 0.03}
        | {"batch_size": 32, "shuffle": False, "max_grad_norm": None},
        {"loss": "absolute_error"},
        {"class_weight": "balanced"},
    ),
    (
        {"pooling": "max", "learning_rate": "plateau", "embedding_dim": 4}
        | {"max_iter": 30, "tol": 1e-3},
        {"loss": "huber"},
        {},
    ),
    (
        {"pooling": "attention", "learning_rate": "onecycle", "learning_rate_init": 0.05}
        | {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-6, "alpha": 1e-4},
        {"loss": "quantile", "quantile": (0.1, 0.5, 0.9)},
        {},
    ),
    (
        {"solver": "sgd", "learning_rate": "onecycle", "learning_rate_init": 0.2}
        | {"momentum": 0.95, "bidirectional": True},
        {},
        {"nesterovs_momentum": False},
    ),
    (
        {"solver": "rmsprop", "learning_rate": "onecycle", "learning_rate_init": 0.03}
        | {"reset_after": True},
        {},
        {},
    ),
    (
        {"dropout": 0.1, "recurrent_dropout": 0.1, "learning_rate": np.cos},
        {"loss": "poisson"},
        {
            "early_stopping": True,
            "validation_split": ShuffleSplit(1, test_size=0.3, random_state=1),
        },
    ),
    (
        {"early_stopping": True, "validation_fraction": 0.2}
        | {"pooling": "attention", "bidirectional": True},
        {"loss": "quantile", "quantile": 0.4},
        {},
    ),
    (
        {"hidden_layer_sizes": (16, 8), "init_from": PRETRAINED, "freeze": 1}
        | {"warm_start": True, "verbose": True},
        {},
        {},
    ),
]
OPTIONS_IN_USE = [
    *(GRURegressor(**{**QUICK_REGRESSOR, **both, **own}) for both, own, _ in OPTIONS),
    *(GRUClassifier(**{**QUICK_CLASSIFIER, **both, **own}) for both, _, own in OPTIONS),
    LastStepRegressor(return_sequences=True, **QUICK_REGRESSOR),
    LastStepClassifier(return_sequences=True, **QUICK_CLASSIFIER),
]
CHECKED = [*DEFAULTS, *NO_FAILURE, *OPTIONS_IN_USE]

LANGUAGE_MODELS = [
    FromZeroLanguageModel(**{**QUICK, **options})
    for options in (
        {"embedding_dim": 4, "max_iter": 5},
        {"batch_size": 2, "bptt_steps": 3, "max_iter": 2},
        {"early_stopping": True, "validation_fraction": 0.2, "max_iter": 2},
    )
]

DRAWN = (
    "masks of dropout, and what is held out, are drawn by sample, so that k copies are not one of "
    "weight k: https://github.com/scikit-learn/scikit-learn/pull/29818"
)
NO_TOKENS = (
    "the check's X holds no integers, in spite of the tag 'categorical': "
    "https://github.com/scikit-learn/scikit-learn/issues/19877"
)
FLOAT_FROM_INTEGERS = (
    "before scikit-learn 1.7.1 the check subtracts a float from its integers in place: "
    "https://github.com/scikit-learn/scikit-learn/pull/31556"
)
NOT_POSITIVE = (
    "the check's y is negative, in spite of the tag 'positive_only', as it once was in others: "
    "https://github.com/scikit-learn/scikit-learn/issues/21323"
)
A_COLUMN_EACH = (
    "several quantiles are a further axis of what is predicted, which no estimator of scikit-learn "
    "has so far: https://github.com/scikit-learn/scikit-learn/issues/19851"
)
NO_FREQUENCIES = (
    "partial_fit cannot know how frequent classes are; that of SGDClassifier refuses it likewise: "
    "https://github.com/scikit-learn/scikit-learn/pull/3636"
)
FITTED_TWICE = (
    "the check expects the same of two fits of one estimator, with warm_start=True: "
    "https://github.com/scikit-learn/scikit-learn/issues/10977"
)


def expected_failures(estimator):
    """Return the checks that contradict an option of the estimator, and why."""
    options = estimator.get_params()
    reasons = {}
    if options.get("dropout") or options.get("early_stopping"):
        reasons["check_sample_weight_equivalence_on_dense_data"] = DRAWN
    if options.get("embedding_dim"):
        reasons["check_sample_weight_equivalence_on_dense_data"] = NO_TOKENS
        reasons["check_classifiers_one_label_sample_weights"] = NO_TOKENS
        reasons["check_class_weight_classifiers"] = NO_TOKENS
        if Version(sklearn.__version__) < Version("1.7.1"):
            reasons["check_positive_only_tag_during_fit"] = FLOAT_FROM_INTEGERS
    if options.get("loss") == "poisson":
        reasons["check_regressor_multioutput"] = NOT_POSITIVE
    if np.size(options.get("quantile")) > 1:
        reasons["check_regressors_train"] = A_COLUMN_EACH
        reasons["check_regressor_multioutput"] = A_COLUMN_EACH
    if options.get("class_weight") == "balanced":
        reasons["check_fit_score_takes_y"] = NO_FREQUENCIES
        reasons["check_n_features_in_after_fitting"] = NO_FREQUENCIES
        reasons["check_estimators_partial_fit_n_features"] = NO_FREQUENCIES
    if options.get("warm_start"):
        reasons["check_supervised_y_2d"] = FITTED_TWICE
        reasons["check_classifiers_multilabel_representation_invariance"] = FITTED_TWICE
        reasons["check_pipeline_consistency"] = FITTED_TWICE
        reasons["check_transformer_data_not_an_array"] = FITTED_TWICE
        reasons["check_transformer_general"] = FITTED_TWICE
        reasons["check_transformer_preserve_dtypes"] = FITTED_TWICE
    return reasons


# scikit-learn calls through Python's pickle, memory maps and deprecated paths of its own here.
@pytest.mark.filterwarnings("default")
@parametrize_with_checks(
    [*NO_FAILURE, TimeDistributed(StandardScaler()), TimeDistributed(MinMaxScaler())]
)
def test_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.thorough  # hundreds of epochs, of which none depends on versions
@pytest.mark.filterwarnings("default")
@parametrize_with_checks(DEFAULTS)
def test_scikit_learn_check_of_defaults(estimator, check):
    check(estimator)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [1, 6, 10])  # once 24 times the tolerance
@pytest.mark.parametrize("estimator", DEFAULTS, ids=repr)
def test_weights_are_copies_whatever_the_seed(estimator, seed, monkeypatch):
    """Rounding grows over the epochs of a fit, so this could hold by luck of the seed."""

    def with_seed(one, random_state):
        one.set_params(random_state=seed)

    monkeypatch.setattr(estimator_checks, "set_random_state", with_seed)
    name = type(estimator).__name__
    estimator_checks.check_sample_weight_equivalence_on_dense_data(name, estimator)


@pytest.mark.filterwarnings("default")
@parametrize_with_checks(LANGUAGE_MODELS, expected_failed_checks=expected_failures)
def test_scikit_learn_check_of_language_models(estimator, check):
    check(estimator)


@pytest.mark.thorough
@pytest.mark.filterwarnings("default")
@parametrize_with_checks(OPTIONS_IN_USE, expected_failed_checks=expected_failures)
def test_scikit_learn_check_with_options(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", CHECKED, ids=repr)
def test_tags_skip_no_check(estimator):
    tags = get_tags(clone(estimator))
    assert tags.input_tags.two_d_array
    assert tags.input_tags.three_d_array
    assert not tags.no_validation
    assert not tags.non_deterministic
    assert not tags._skip_test
    kind_tags = tags.classifier_tags or tags.regressor_tags
    assert not kind_tags.poor_score


def test_every_option_is_checked():
    """But for n_features_per_step: the tables of the checks have any number of columns."""
    used, known = set(), set()
    for estimator in CHECKED:
        options, defaults = estimator.get_params(), type(estimator)().get_params()
        known |= options.keys()
        used |= {name for name in options if repr(options[name]) != repr(defaults[name])}
    assert known - used == {"n_features_per_step", "random_state"}


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("pooling", POOLINGS),
        ("solver", SOLVERS),
        ("learning_rate", SCHEDULES),
        ("loss", REGRESSION_LOSSES),
    ],
)
def test_every_choice_is_checked(name, table):
    choices = [one.get_params().get(name) for one in CHECKED]
    assert {one for one in choices if isinstance(one, str)} == set(table)
