"""MAPIE: conformal intervals and sets around GRUs."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier, GRURegressor
from skgru.datasets import load_japanese_vowels, load_seattle_weather
from skgru.preprocessing import TimeDistributed, make_windows

pytest.importorskip("mapie")

from mapie.classification import CrossConformalClassifier, SplitConformalClassifier
from mapie.regression import CrossConformalRegressor, SplitConformalRegressor

GRU = GRURegressor(8, batch_size=32, max_iter=5, learning_rate_init=1e-2, random_state=0)
FORMS = "3-D", "ragged", "table"


@pytest.fixture(scope="module")
def weather():
    """Windows of a week of standardised weather, and the next day's highest temperature."""
    days = load_seattle_weather()
    scaled = StandardScaler().fit_transform(days.data)
    X, y = make_windows(scaled, n_timesteps=7, target=days.feature_names.index("temp_max"))
    return X, y[:, 0]


def in_form(X, form):
    if form == "ragged":
        return [x[i % 3 :] for i, x in enumerate(X)]
    return X if form == "3-D" else X.reshape(len(X), -1)


@pytest.mark.parametrize("form", FORMS)
def test_split_conformal_intervals_equal_those_by_hand(form, weather):
    """The prediction, and beside it the quantile of the residuals that theory asks for."""
    X, y = in_form(weather[0], form), weather[1]
    gru = clone(GRU).set_params(n_features_per_step=4).fit(X[:700], y[:700])
    model = SplitConformalRegressor(gru, confidence_level=0.9, prefit=True)
    predicted, intervals = model.conformalize(X[700:1000], y[700:1000]).predict_interval(X[1000:])

    residuals = np.sort(np.abs(y[700:1000] - gru.predict(X[700:1000])))
    half = residuals[int(np.ceil(301 * 0.9)) - 1]
    np.testing.assert_allclose(predicted, gru.predict(X[1000:]))
    np.testing.assert_allclose(intervals[:, 0, 0], predicted - half)
    np.testing.assert_allclose(intervals[:, 1, 0], predicted + half)


@pytest.mark.parametrize("form", FORMS)
def test_cross_conformal_intervals_cover(form, weather):
    """Of 447 days that no model has seen, nine of ten; the bounds are three standard errors."""
    X, y = in_form(weather[0], form), weather[1]
    gru = clone(GRU).set_params(n_features_per_step=4)
    model = CrossConformalRegressor(gru, confidence_level=0.9, cv=3)
    _, intervals = model.fit_conformalize(X[:1007], y[:1007]).predict_interval(X[1007:])
    low, high = intervals[:, :, 0].T
    assert np.mean((low <= y[1007:]) & (y[1007:] <= high)) == pytest.approx(0.9, abs=0.043)
    assert np.mean(high - low) < np.ptp(np.quantile(y[:1007], [0.05, 0.95])) / 1.5


@pytest.fixture(scope="module")
def vowels():
    return {
        subset: load_japanese_vowels(subset=subset, return_X_y=True) for subset in ("train", "test")
    }


SPEAKERS = make_pipeline(
    TimeDistributed(StandardScaler()), GRUClassifier(16, max_iter=10, random_state=0)
)


def test_cross_conformal_sets_of_ragged_sequences(vowels):
    """Few speakers in a set, and nine of ten times the right one among them."""
    (X, y), (X_test, y_test) = vowels["train"], vowels["test"]
    model = CrossConformalClassifier(SPEAKERS, confidence_level=0.9, cv=3).fit_conformalize(X, y)
    sets = model.predict_set(X_test)[1][:, :, 0]
    assert sets[np.arange(len(y_test)), y_test].mean() > 0.9 - 0.047  # three standard errors
    assert sets.sum(axis=1).mean() < 1.5


def test_split_conformal_sets_need_tables(vowels):
    """MAPIE compares the second axis of X, which is time, with the number of features."""
    X, y = vowels["train"]
    for form in (X, np.stack([x[:7] for x in X])):
        model = SplitConformalClassifier(SPEAKERS, prefit=False).fit(form, y)
        with pytest.raises(ValueError, match="n_features_in_"):
            model.conformalize(form, y)
    table = np.stack([x[:7] for x in X]).reshape(len(X), -1)
    gru = GRUClassifier(4, n_features_per_step=12, max_iter=2, random_state=0)
    model = SplitConformalClassifier(gru, prefit=False).fit(table, y).conformalize(table, y)
    assert model.predict_set(table)[1].shape == (len(y), 9, 1)


def test_interval_for_tomorrow(example):
    rows = example.interval_for_tomorrow()
    today, _ridge, gru = (width for _, width in rows)
    assert gru < today
    for name, _ in rows:
        covered = float(name.split("covers ")[1].rstrip("%")) / 100
        assert covered == pytest.approx(0.9, abs=0.045)  # three standard errors
