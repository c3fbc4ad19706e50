"""scikit-learn's own checks, with no expected failure, for defaults and every kind of network."""

import pytest
from sklearn.base import clone
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgru import GRUClassifier, GRURegressor
from skgru.preprocessing import TimeDistributed

# Small networks train in fewer, longer steps, for time; the stacked one needs the defaults.
QUICK = {"learning_rate_init": 0.01, "max_iter": 50}
SETTINGS = [
    {},
    {"hidden_layer_sizes": (16, 8)},
    {"hidden_layer_sizes": 16, "bidirectional": True, **QUICK},
    {"hidden_layer_sizes": 16, "reset_after": True, **QUICK},
]
ESTIMATORS = [
    estimator(**options) for estimator in (GRURegressor, GRUClassifier) for options in SETTINGS
]


# scikit-learn calls through Python's pickle, memory maps and deprecated paths of its own here.
@pytest.mark.filterwarnings("default")
@parametrize_with_checks(
    [*ESTIMATORS, TimeDistributed(StandardScaler()), TimeDistributed(MinMaxScaler())]
)
def test_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
def test_tags_skip_no_check(estimator):
    tags = get_tags(clone(estimator))
    assert tags.input_tags.two_d_array
    assert tags.input_tags.three_d_array
    assert not tags.no_validation
    assert not tags.non_deterministic
    assert not tags._skip_test
    kind_tags = tags.classifier_tags or tags.regressor_tags
    assert not kind_tags.poor_score
