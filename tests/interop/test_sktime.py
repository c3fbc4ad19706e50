"""sktime: make_reduction turns a GRU into a forecaster by each of its strategies."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skgru import GRURegressor
from skgru.datasets import load_airline
from skgru.preprocessing import make_windows

pytest.importorskip("sktime")
pytest.importorskip("pandas")

import pandas as pd
from sktime.forecasting.compose import make_reduction

N_TIMESTEPS, HORIZON = 6, 3
STEPS = np.arange(1, HORIZON + 1)
GRU = GRURegressor(4, max_iter=5, batch_size=16, random_state=0)


@pytest.fixture(scope="module")
def series():
    """Months of passengers as differences of logarithms, scaled."""
    months = load_airline()
    growth = np.diff(np.log(months.target))
    index = pd.period_range("1949-02", periods=len(growth), freq="M")
    return pd.Series((growth - growth.mean()) / growth.std(), index)


def forecast(estimator, strategy, series):
    forecaster = make_reduction(estimator, strategy=strategy, window_length=N_TIMESTEPS)
    return forecaster.fit(series, fh=STEPS).predict().to_numpy()


def test_recursive_forecast_equals_the_loop_by_hand(series):
    X, y = make_windows(series, n_timesteps=N_TIMESTEPS)
    gru = clone(GRU).fit(X, y[:, 0])
    values = list(series)
    for _ in range(HORIZON):
        values += list(gru.predict(np.reshape(values[-N_TIMESTEPS:], (1, N_TIMESTEPS, 1))))
    np.testing.assert_allclose(forecast(GRU, "recursive", series), values[-HORIZON:], rtol=1e-10)


@pytest.mark.parametrize("strategy", ["direct", "multioutput"])
def test_forecast_of_all_steps_equals_that_by_hand(strategy, series):
    """A model per step, or one with an output per step."""
    X, y = make_windows(series, n_timesteps=N_TIMESTEPS, horizon=HORIZON)
    last = series.to_numpy()[None, -N_TIMESTEPS:, None]
    if strategy == "direct":
        by_hand = [clone(GRU).fit(X, y[:, step]).predict(last)[0] for step in range(HORIZON)]
    else:
        by_hand = clone(GRU).fit(X, y).predict(last)[0]
    assert np.ptp(by_hand) > 0
    np.testing.assert_allclose(forecast(GRU, strategy, series), by_hand, rtol=1e-10)


def step_by_step(table):
    """With exogenous columns sktime's rows are one series after the other."""
    return table.reshape(len(table), -1, N_TIMESTEPS).transpose(0, 2, 1)


def test_exogenous_columns_are_features_of_the_same_steps(series):
    other = pd.DataFrame({"other": np.cos(np.arange(len(series)))}, index=series.index)
    model = make_pipeline(FunctionTransformer(step_by_step), GRU)
    forecaster = make_reduction(model, window_length=N_TIMESTEPS).fit(series, X=other, fh=[1])

    both = np.column_stack([series, other])
    X, y = make_windows(both, n_timesteps=N_TIMESTEPS, target=0)
    by_hand = clone(GRU).fit(X, y[:, 0]).predict(both[None, -N_TIMESTEPS:])
    next_month = pd.DataFrame({"other": [0.0]}, index=[series.index[-1] + 1])
    np.testing.assert_allclose(forecaster.predict(X=next_month), by_hand, rtol=1e-10)


def test_airline_passengers(example):
    seasonal_naive, linear, gru = (score for _, score in example.airline_passengers())
    assert gru < seasonal_naive / 3
    assert gru < 1.5 * linear  # which is ahead on so few months
