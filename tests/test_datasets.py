"""Shapes, types and texts of the data that ships, and that nothing of it is broken."""

import numpy as np
import pytest

from skgru import datasets

TEXTS = [
    datasets.load_gospels,
    datasets.load_sentiment,
    datasets.load_shakespeare,
    datasets.load_translation,
]
NUMBERS = [load for name in datasets.__all__ if (load := getattr(datasets, name)) not in TEXTS]


@pytest.mark.parametrize("load", NUMBERS)
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


@pytest.mark.parametrize("load", TEXTS)
def test_texts(load):
    bunch = load()
    assert "Source:" in bunch.DESCR
    assert "Licence:" in bunch.DESCR
    assert all(type(text) is str and text.strip() for text in bunch.data)
    assert "\ufffd" not in "".join(bunch.data)
    with pytest.raises(ValueError, match="subset must be 'train', 'test' or 'all'"):
        load(subset="validation")


@pytest.mark.parametrize(
    ("load", "n_characters"),
    [(datasets.load_gospels, 422_709), (datasets.load_shakespeare, 1_332_599)],
)
def test_the_last_tenth_of_a_running_text_is_for_testing(load, n_characters):
    (whole,), (train,), (test,) = (load(subset=part).data for part in ("all", "train", "test"))
    assert len(whole) == n_characters
    assert len(test) == pytest.approx(n_characters / 10, abs=1)
    assert whole == train + test


def test_sentiment():
    counts = {}
    for part in "train", "test":
        three = datasets.load_sentiment(subset=part, neutral=True)
        assert three.target_names == ["negative", "neutral", "positive"]
        np.testing.assert_array_equal(three.target - 1, np.sign(np.trunc(three.score * 2)))
        counts[part] = np.bincount(three.target).tolist()
        X, y = datasets.load_sentiment(subset=part, return_X_y=True)
        clear = three.target != 1
        assert [text for text, is_clear in zip(three.data, clear, strict=True) if is_clear] == X
        np.testing.assert_array_equal(y, three.target[clear] // 2)
    assert counts == {"train": [969, 578, 1428], "test": [264, 142, 316]}
    assert len(datasets.load_sentiment().data) == 969 + 1428 + 264 + 316


def test_translation():
    X_train, y_train = datasets.load_translation(subset="train", return_X_y=True)
    X_test, y_test = datasets.load_translation(subset="test", return_X_y=True)
    both = datasets.load_translation()
    assert (len(X_train), len(X_test)) == (3285, 385)
    assert both.data == X_train + X_test
    assert both.target == y_train + y_test
    assert len(set(both.data)) == len(both.data)
    assert set(both.origin) == {"django", "jupyterlab", "sphinx", "wagtail"}
    assert dict(zip(both.data, both.target, strict=True))["Log out"] == "Déconnexion"


def test_japanese_vowels_have_the_published_lengths():
    lengths = [len(x) for x in datasets.load_japanese_vowels().data]
    assert (min(lengths), max(lengths)) == (7, 29)


def test_weather_is_daily():
    weather = datasets.load_seattle_weather()
    assert set(np.diff(weather.dates).astype(int)) == {1}
    np.testing.assert_array_equal(weather.target, weather.data[:, 1])
    assert set(weather.weather) == {"drizzle", "rain", "sun", "snow", "fog"}


@pytest.mark.parametrize(
    ("load", "step", "n"),
    [
        (datasets.load_airline, np.timedelta64(1, "M"), 144),
        (datasets.load_electricity, np.timedelta64(30, "m"), 12 * 7 * 48),
        (datasets.load_co2, np.timedelta64(7, "D"), 2284),
    ],
)
def test_series_have_no_gap_and_are_their_own_target(load, step, n):
    series = load()
    assert len(series.data) == n
    assert set(np.diff(series.dates)) == {step}
    np.testing.assert_array_equal(series.target, series.data[:, 0])


def test_co2_says_what_was_measured():
    co2 = datasets.load_co2()
    assert (~co2.is_measured).sum() == 59
    assert not co2.is_measured[6]
    np.testing.assert_allclose(co2.target[5:8], [316.9, 317.2, 317.5])


def test_electricity_falls_at_night_and_on_sundays():
    """Which says that the dates stand beside the right values."""
    days = datasets.load_electricity().target.reshape(-1, 7, 48)
    assert set(days.mean(axis=1).argmin(axis=1)) <= set(range(6, 13))  # 3:00 to 6:00
    assert set(days.mean(axis=2).argmin(axis=1)) == {6}


def test_last_value():
    bunch = datasets.make_last_value(50, 7, random_state=3)
    assert bunch.data.shape == (50, 7, 1)
    np.testing.assert_array_equal(bunch.data[:, -1, 0], bunch.target)
    assert bunch.data.min() >= 0
    assert bunch.data.max() <= 99
    assert len(set(bunch.data.ravel())) > 90  # 350 draws from 100 numbers
