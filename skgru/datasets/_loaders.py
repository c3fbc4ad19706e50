"""Data sets in ``data/``; their texts say where they come from and under which licence."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
from sklearn.utils import Bunch

JAPANESE_VOWELS = """Japanese vowels: who is speaking?

Nine men utter the two vowels /ae/. 640 utterances (270 for training, 370 for testing) of 7
to 29 steps; each step is 12 LPC cepstrum coefficients. The target is the speaker, 30
utterances each in the training part.

Source: M. Kudo, J. Toyama, M. Shimbo (1999). Multidimensional curve classification using
passing-through regions. Pattern Recognition Letters 20. UCI Machine Learning Repository,
https://doi.org/10.24432/C5NS47. Licence: CC BY 4.0,
https://creativecommons.org/licenses/by/4.0/. Changed: stored as float32.
"""

PENDIGITS = """Pen digits: which digit is being written?

10 992 handwritten digits (7 493 for training, 3 499 for testing) of 44 writers on a
pressure-sensitive tablet; each is 8 points, evenly spaced along the stroke, of x and y in
0..100.

Source: F. Alimoglu, E. Alpaydin (1996). Methods of combining multiple classifiers based on
different representations for pen-based handwriting recognition. UCI Machine Learning
Repository, https://doi.org/10.24432/C5MG6K. The split is a stratified random one, not UCI's
by writer.
Licence: CC BY 4.0, https://creativecommons.org/licenses/by/4.0/. Changed: split anew.
"""

SEATTLE_WEATHER = """Seattle weather: four years of days.

1 461 days, 2012-01-01 to 2015-12-31: precipitation (mm), highest and lowest temperature
(degrees Celsius), wind speed (m/s), and the weather in a word. The target is the highest
temperature of the same day: cut windows to forecast it.

Source: National Oceanic and Atmospheric Administration (NOAA), by way of vega-datasets.
Licence: public domain.
"""

AIRLINE = """Airline passengers: twelve years of months.

144 months, 1949-01 to 1960-12: thousands of passengers on international flights. The target
is the series itself: cut windows to forecast it.

Source: G. E. P. Box, G. M. Jenkins (1976). Time Series Analysis: Forecasting and Control,
series G. Licence: public domain (facts, published without restriction).
"""

ELECTRICITY = """Electricity: demand in England and Wales, twelve weeks of half-hours.

4 032 half-hours, Monday 2000-06-05 to Sunday 2000-08-27, in megawatts. Each value is of the
half-hour that begins at its time. The target is the series itself: cut windows to forecast it.

Source: J. W. Taylor (2003). Short-term electricity demand forecasting using double seasonal
exponential smoothing. Journal of the Operational Research Society 54, 799-805. Licence: public
domain (facts, published without restriction).
"""

CO2 = """Carbon dioxide: the air over Mauna Loa, Hawaii, week by week.

2 284 Saturdays, 1958-03-29 to 2001-12-29: parts per million by volume, from continuous
measurement. The 59 weeks that were not measured are filled in by a line between their neighbours.
The target is the series itself: cut windows to forecast it.

Source: C. D. Keeling, T. P. Whorf (2004). Atmospheric CO2 concentrations derived from flask air
samples at sites in the SIO network. Carbon Dioxide Information Analysis Center, Oak Ridge National
Laboratory; by way of statsmodels. Licence: public domain.
"""


def load_japanese_vowels(*, subset="all", return_X_y=False):
    """Load the Japanese vowels: utterances of different lengths by nine speakers (classification).

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="all"
        The official split, or both parts, training part first.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : Bunch
        ``data``: list of float32 arrays (n_timesteps_i, 12); ``target`` (n_samples,): speaker
        0..8; ``feature_names``, ``target_names``, ``DESCR``.

    Examples
    --------
    >>> from skgru.datasets import load_japanese_vowels
    >>> X, y = load_japanese_vowels(subset="train", return_X_y=True)
    >>> len(X), X[0].shape, X[1].shape
    (270, (20, 12), (26, 12))
    """
    stored = _load_npz("japanese_vowels.npz")
    data, target = [], []
    for part in _parts(subset):
        ends = np.cumsum(stored["lengths_" + part], dtype=int)
        data += np.split(stored["X_" + part], ends[:-1])
        target.append(stored["y_" + part].astype(int))
    return _bunch(
        return_X_y,
        data=data,
        target=np.concatenate(target),
        feature_names=[f"lpc_{i}" for i in range(1, 13)],
        target_names=[f"speaker {i}" for i in range(1, 10)],
        DESCR=JAPANESE_VOWELS,
    )


def load_pendigits(*, subset="all", return_X_y=False):
    """Load the pen digits: trajectories of a pen (classification).

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="all"
        The split that comes with the data, or both parts, training part first.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : Bunch
        ``data`` (n_samples, 8, 2), float32; ``target`` (n_samples,): the digit; ``feature_names``,
        ``target_names``, ``DESCR``.

    Examples
    --------
    >>> from skgru.datasets import load_pendigits
    >>> load_pendigits(subset="test").data.shape
    (3499, 8, 2)
    """
    stored = _load_npz("pendigits.npz")
    parts = _parts(subset)
    return _bunch(
        return_X_y,
        data=np.concatenate([stored["X_" + part] for part in parts]).astype(np.float32),
        target=np.concatenate([stored["y_" + part] for part in parts]).astype(int),
        feature_names=["x", "y"],
        target_names=[str(digit) for digit in range(10)],
        DESCR=PENDIGITS,
    )


def load_seattle_weather(*, return_X_y=False):
    """Load Seattle's daily weather: one long series of four features (forecasting).

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : Bunch
        ``data`` (1461, 4), float64, a day per row; ``target`` (1461,): the day's highest
        temperature; ``dates`` and ``weather`` (1461,); ``feature_names``, ``target_names``,
        ``DESCR``.

    Examples
    --------
    >>> from skgru.datasets import load_seattle_weather
    >>> weather = load_seattle_weather()
    >>> weather.data.shape, weather.feature_names
    ((1461, 4), ['precipitation', 'temp_max', 'temp_min', 'wind'])
    """
    header, rows = _load_csv("seattle_weather.csv")
    data = rows[:, 1:5].astype(float)
    return _bunch(
        return_X_y,
        data=data,
        target=data[:, header.index("temp_max") - 1].copy(),
        dates=rows[:, 0].astype("datetime64[D]"),
        weather=rows[:, 5],
        feature_names=header[1:5],
        target_names=["temp_max"],
        DESCR=SEATTLE_WEATHER,
    )


def load_airline(*, return_X_y=False):
    """Load the airline passengers: one short monthly series with trend and season (forecasting).

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : Bunch
        ``data`` (144, 1), float64, a month per row; ``target`` (144,): the same numbers; ``dates``
        (144,); ``feature_names``, ``target_names``, ``DESCR``.

    Examples
    --------
    >>> from skgru.datasets import load_airline
    >>> load_airline().data[:3, 0]
    array([112., 118., 132.])
    """
    header, rows = _load_csv("airline.csv")
    return _series(return_X_y, header, rows[:, 0], rows[:, 1], AIRLINE)


def load_electricity(*, return_X_y=False):
    """Load the demand for electricity, half-hour by half-hour: two seasons, of day and week.

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : Bunch
        ``data`` (4032, 1), float64, megawatts, a half-hour per row; ``target`` (4032,): the same
        numbers; ``dates`` (4032,), to the minute; ``feature_names``, ``target_names``, ``DESCR``.

    Examples
    --------
    >>> from skgru.datasets import load_electricity
    >>> electricity = load_electricity()
    >>> electricity.data.shape, str(electricity.dates[1])
    ((4032, 1), '2000-06-05T00:30')
    """
    header, rows = _load_csv("electricity.csv")
    dates = np.datetime64("2000-06-05T00:00") + 30 * np.arange(len(rows))
    return _series(return_X_y, ["date", *header], dates, rows[:, 0], ELECTRICITY)


def load_co2(*, return_X_y=False):
    """Load the carbon dioxide in the air: a long weekly series with trend and season.

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : Bunch
        ``data`` (2284, 1), float64, parts per million, a week per row; ``target`` (2284,): the same
        numbers; ``dates`` and ``is_measured`` (2284,); ``feature_names``, ``target_names``,
        ``DESCR``.

    Examples
    --------
    >>> from skgru.datasets import load_co2
    >>> co2 = load_co2()
    >>> co2.data.shape, str(co2.dates[-1])
    ((2284, 1), '2001-12-29')
    """
    header, rows = _load_csv("co2.csv")
    is_measured = rows[:, 1] != ""
    weeks = np.arange(len(rows))
    known = rows[is_measured, 1].astype(float)
    filled = np.interp(weeks, weeks[is_measured], known)
    return _series(return_X_y, header, rows[:, 0], filled, CO2, is_measured=is_measured)


def _series(return_X_y: bool, header: list[str], dates: np.ndarray, values, DESCR: str, **more):
    """Return one series, with dates as the first column of its file, as its own target."""
    return _bunch(
        return_X_y,
        data=values.astype(float)[:, None],
        target=values.astype(float),
        dates=dates.astype("datetime64"),
        feature_names=header[1:],
        target_names=header[1:],
        DESCR=DESCR,
        **more,
    )


def _parts(subset: str) -> list[str]:
    if subset not in ("train", "test", "all"):
        raise ValueError(f"subset must be 'train', 'test' or 'all'. Got {subset!r} instead.")
    return ["train", "test"] if subset == "all" else [subset]


def _bunch(return_X_y: bool, **contents):
    return (contents["data"], contents["target"]) if return_X_y else Bunch(**contents)


def _load_npz(name: str):
    with files(__package__).joinpath("data", name).open("rb") as file:
        return dict(np.load(file))


def _load_csv(name: str) -> tuple[list[str], np.ndarray]:
    text = files(__package__).joinpath("data", name).read_text(encoding="utf-8")
    header, *rows = [line.split(",") for line in text.splitlines()]
    return header, np.array(rows)
