"""imbalanced-learn: sequences are resampled on their way to a GRU."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier
from skgru.datasets import load_japanese_vowels, load_pendigits
from skgru.preprocessing import TimeDistributed

pytest.importorskip("imblearn")

from imblearn import FunctionSampler
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline

GRU = GRUClassifier(8, n_features_per_step=2, batch_size=16, max_iter=5, random_state=0)
SAMPLERS = RandomOverSampler(random_state=0), SMOTE(random_state=0)


@pytest.fixture(scope="module")
def digits():
    """Eighty ones and ten sevens, each eight points of x and y."""
    X, y = load_pendigits(subset="train", return_X_y=True)
    rows = np.concatenate([np.flatnonzero(y == 1)[:80], np.flatnonzero(y == 7)[:10]])
    return X[rows] / 100, y[rows]


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: type(sampler).__name__)
def test_pipeline_equals_a_fit_on_what_was_resampled_by_hand(sampler, digits):
    table, y = digits[0].reshape(90, -1), digits[1]
    pipeline = make_pipeline(clone(sampler), clone(GRU)).fit(table, y)
    X_more, y_more = clone(sampler).fit_resample(table, y)
    assert list(np.unique(y_more, return_counts=True)[1]) == [80, 80]
    by_hand = clone(GRU).fit(X_more.reshape(160, 8, 2), y_more)
    np.testing.assert_array_equal(pipeline.predict_proba(table), by_hand.predict_proba(digits[0]))


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: type(sampler).__name__)
def test_samplers_take_tables_only(sampler, digits):
    """https://github.com/scikit-learn-contrib/imbalanced-learn/issues/1102"""
    with pytest.raises(ValueError, match="dim 3"):
        make_pipeline(clone(sampler), clone(GRU)).fit(*digits)


def repeat_rare(X, y):
    """Draw samples of rare classes again until all are as frequent: any form of X will do."""
    numbers = np.arange(len(y))[:, None]
    numbers, y = RandomOverSampler(random_state=0).fit_resample(numbers, y)
    return [X[i] for i in numbers[:, 0]], y


def test_ragged_sequences_are_resampled_by_their_numbers():
    """Nothing is lost on the way, and rare speakers are told apart better than without."""
    X, y = load_japanese_vowels(subset="train", return_X_y=True)
    X_test, y_test = load_japanese_vowels(subset="test", return_X_y=True)
    kept = np.concatenate([np.flatnonzero(y == k)[: 3 if k % 2 else 30] for k in range(9)])
    X, y = [X[i] for i in kept], y[kept]
    scaler = TimeDistributed(StandardScaler())
    gru = clone(GRU).set_params(learning_rate_init=1e-2, max_iter=8)
    sampler = FunctionSampler(func=repeat_rare, validate=False)
    resampled = make_pipeline(sampler, clone(scaler), clone(gru)).fit(X, y)

    by_hand = make_pipeline(clone(scaler), clone(gru)).fit(*repeat_rare(X, y))
    np.testing.assert_array_equal(resampled.predict_proba(X), by_hand.predict_proba(X))
    without = make_pipeline(clone(scaler), clone(gru)).fit(X, y)
    score, score_without = (
        balanced_accuracy_score(y_test, model.predict(X_test)) for model in (resampled, without)
    )
    assert score > score_without + 0.05


def test_rare_digits(example):
    without, repeated, synthetic = (score for _, score in example.rare_digits())
    assert min(repeated, synthetic) > without + 0.03
