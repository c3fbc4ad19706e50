"""Shapes, types and texts of the data that ships, and that nothing of it is broken."""

import numpy as np
import pytest

from skgru import datasets

LOADERS = [getattr(datasets, name) for name in datasets.__all__]


@pytest.mark.parametrize("load", LOADERS)
def test_bunch(load):
    bunch = load()
    assert {"data", "target", "feature_names", "target_names", "DESCR"} <= set(bunch)
    assert len(bunch.data) == len(bunch.target)
    assert len(bunch.feature_names) == bunch.data[0].shape[-1]
    assert np.isfinite(np.concatenate([np.atleast_2d(x) for x in bunch.data])).all()
    X, y = load(return_X_y=True)
    assert len(X) == len(y) == len(bunch.target)
    assert "Source:" in bunch.DESCR
    assert "Licence:" in bunch.DESCR


@pytest.mark.parametrize(
    ("load", "n_train", "n_test", "n_classes"),
    [(datasets.load_japanese_vowels, 270, 370, 9), (datasets.load_pendigits, 7493, 3499, 10)],
)
def test_splits(load, n_train, n_test, n_classes):
    X_train, y_train = load(subset="train", return_X_y=True)
    X_test, y_test = load(subset="test", return_X_y=True)
    both = load()
    assert (len(X_train), len(X_test)) == (n_train, n_test)
    assert set(y_train) == set(y_test) == set(range(n_classes))
    assert len(both.target_names) == n_classes
    np.testing.assert_array_equal(both.target, np.concatenate([y_train, y_test]))
    np.testing.assert_array_equal(both.data[n_train], X_test[0])
    with pytest.raises(ValueError, match="subset must be 'train', 'test' or 'all'"):
        load(subset="validation")


def test_japanese_vowels_have_the_published_lengths():
    lengths = [len(x) for x in datasets.load_japanese_vowels().data]
    assert (min(lengths), max(lengths)) == (7, 29)


def test_weather_is_daily():
    weather = datasets.load_seattle_weather()
    assert set(np.diff(weather.dates).astype(int)) == {1}
    np.testing.assert_array_equal(weather.target, weather.data[:, 1])
    assert set(weather.weather) == {"drizzle", "rain", "sun", "snow", "fog"}


def test_last_value():
    bunch = datasets.make_last_value(50, 7, random_state=3)
    assert bunch.data.shape == (50, 7, 1)
    np.testing.assert_array_equal(bunch.data[:, -1, 0], bunch.target)
    assert bunch.data.min() >= 0
    assert bunch.data.max() <= 99
    assert len(set(bunch.data.ravel())) > 90  # 350 draws from 100 numbers
