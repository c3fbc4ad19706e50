"""skforecast: a GRU forecasts step by step, and with a model for each step."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skgru import GRURegressor
from skgru.datasets import load_airline
from skgru.preprocessing import make_windows

pytest.importorskip("skforecast")
pytest.importorskip("pandas")

import pandas as pd
from skforecast.direct import ForecasterDirect
from skforecast.recursive import ForecasterRecursive

N_LAGS, HORIZON = 6, 3
GRU = GRURegressor(4, max_iter=5, batch_size=16, random_state=0)


@pytest.fixture(scope="module")
def series():
    """Ten years of the growth of passengers over the year before, scaled; with their months."""
    months = load_airline()
    growth = np.diff(np.log(months.target).reshape(12, 12), axis=0).ravel()
    index = pd.date_range("1950-01", periods=len(growth), freq="MS")
    return pd.Series((growth - growth.mean()) / growth.std(), index, name="growth")


def oldest_first(lags):
    return np.asarray(lags)[:, ::-1]


def lags_and_known(table):
    """Columns that are known in advance stand after the lags: repeat them in every step."""
    table = np.asarray(table)
    lags, known = table[:, N_LAGS - 1 :: -1], table[:, N_LAGS:]
    known = np.repeat(known[:, None], lags.shape[1], axis=1)
    return np.concatenate([lags[:, :, None], known], axis=2)


KNOWN = make_pipeline(
    FunctionTransformer(lags_and_known), GRURegressor(8, max_iter=60, random_state=0)
).set_params(gruregressor__learning_rate_init=1e-2)


def test_lags_come_newest_first(series):
    """Why `oldest_first` is needed."""
    X, y = ForecasterRecursive(GRU, lags=N_LAGS).create_train_X_y(series)
    assert list(X.columns) == [f"lag_{i}" for i in range(1, N_LAGS + 1)]
    by_hand, target = make_windows(series, n_timesteps=N_LAGS)
    np.testing.assert_array_equal(oldest_first(X), by_hand[:, :, 0])
    np.testing.assert_array_equal(y, target[:, 0])


def test_recursive_forecast_equals_the_loop_by_hand(series):
    model = make_pipeline(FunctionTransformer(oldest_first), GRU)
    forecaster = ForecasterRecursive(model, lags=N_LAGS)
    forecaster.fit(series)

    X, y = make_windows(series, n_timesteps=N_LAGS)
    gru = clone(GRU).fit(X, y[:, 0])
    values = list(series)
    for _ in range(HORIZON):
        values += list(gru.predict(np.reshape(values[-N_LAGS:], (1, N_LAGS, 1))))
    np.testing.assert_allclose(forecaster.predict(HORIZON), values[-HORIZON:], rtol=1e-10)


def test_direct_forecast_equals_a_model_per_step(series):
    model = make_pipeline(FunctionTransformer(oldest_first), GRU)
    forecaster = ForecasterDirect(estimator=model, steps=HORIZON, lags=N_LAGS, n_jobs=1)
    forecaster.fit(series)

    X, y = make_windows(series, n_timesteps=N_LAGS, horizon=HORIZON)
    last = series.to_numpy()[None, -N_LAGS:, None]
    by_hand = [clone(GRU).fit(X, y[:, step]).predict(last)[0] for step in range(HORIZON)]
    assert np.ptp(by_hand) > 0
    np.testing.assert_allclose(forecaster.predict(), by_hand, rtol=1e-10)


@pytest.mark.parametrize(
    "forecaster",
    [
        ForecasterRecursive(estimator=KNOWN, lags=N_LAGS),
        ForecasterDirect(estimator=KNOWN, lags=N_LAGS, steps=HORIZON, n_jobs=1),
    ],
    ids=lambda forecaster: type(forecaster).__name__,
)
def test_columns_known_in_advance(forecaster, series):
    """The target is half of what is known: a GRU that sees it in its place learns that."""
    known = pd.DataFrame({"known": np.cos(np.arange(len(series)))}, index=series.index)
    target = 0.5 * known["known"]
    forecaster.fit(target[:-HORIZON], exog=known[:-HORIZON])
    forecast = forecaster.predict(HORIZON, exog=known[-HORIZON:])
    assert np.ptp(target[-HORIZON:]) > 0.3
    np.testing.assert_allclose(forecast, target[-HORIZON:], atol=0.1)


def test_a_week_of_temperatures(example):
    persistence, _linear, gru = (score for _, score in example.temperature_of_a_week())
    assert gru < 0.9 * persistence
