"""GRUs in other people's tools: two forecasters, conformal intervals, a search, resampling.

python -m pip install ".[interop-test]" && python examples/neighbours.py
"""

import time

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import (
    balanced_accuracy_score,
    log_loss,
    mean_absolute_error,
    root_mean_squared_error,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skgru import GRUClassifier, GRURegressor
from skgru.datasets import (
    load_airline,
    load_japanese_vowels,
    load_pendigits,
    load_seattle_weather,
)
from skgru.preprocessing import TimeDistributed, make_windows


def oldest_first(lags):
    """skforecast's columns are lag 1, lag 2 and so on; a GRU reads in the order of time."""
    return np.asarray(lags)[:, ::-1]


def temperature_of_a_week():
    """skforecast: forecasts of seven days, one week of 2015 after the other."""
    from skforecast.model_selection import TimeSeriesFold, backtesting_forecaster
    from skforecast.recursive import ForecasterEquivalentDate, ForecasterRecursive

    days = load_seattle_weather()
    series = pd.Series(days.target, pd.DatetimeIndex(days.dates, freq="D"), name="temp_max")
    weeks = TimeSeriesFold(steps=7, initial_train_size="2014-12-31", refit=False)

    def score(forecaster):
        metric, _ = backtesting_forecaster(
            forecaster,
            series.astype(float),
            cv=weeks,
            metric=root_mean_squared_error,
            n_jobs=1,
            show_progress=False,
        )
        return metric.loc[0, "root_mean_squared_error"]

    def recursive(estimator):
        return ForecasterRecursive(estimator, lags=14, transformer_y=StandardScaler())

    gru = GRURegressor(16, batch_size=32, max_iter=20, learning_rate_init=1e-2, random_state=0)
    return [
        ("persistence: like the last day", score(ForecasterEquivalentDate(offset=1))),
        ("linear regression, recursive", score(recursive(LinearRegression()))),
        (
            "GRURegressor, recursive",
            score(recursive(make_pipeline(FunctionTransformer(oldest_first), gru))),
        ),
    ]


def airline_passengers():
    """sktime: the last two years of monthly passengers, by growth over the year before."""
    from sktime.forecasting.compose import TransformedTargetForecaster, make_reduction
    from sktime.forecasting.naive import NaiveForecaster
    from sktime.transformations.series.adapt import TabularToSeriesAdaptor
    from sktime.transformations.series.boxcox import LogTransformer
    from sktime.transformations.series.difference import Differencer

    months = load_airline()
    index = pd.PeriodIndex(months.dates, freq="M")
    series = pd.Series(months.target, index, dtype=float)
    past, future = series[:-24], series[-24:]

    def score(forecaster):
        forecast = forecaster.fit(past, fh=np.arange(1, 25)).predict()
        return mean_absolute_error(future, forecast)

    def recursive(estimator):
        return TransformedTargetForecaster(
            [
                ("log", LogTransformer()),
                ("growth", Differencer(lags=12)),
                ("scale", TabularToSeriesAdaptor(StandardScaler())),
                ("forecast", make_reduction(estimator, window_length=12)),
            ]
        )

    gru = GRURegressor(16, max_iter=60, learning_rate_init=1e-2, random_state=0)
    return [
        ("seasonal naive: like the last year", score(NaiveForecaster("last", sp=12))),
        ("linear regression, recursive", score(recursive(LinearRegression()))),
        ("GRURegressor, recursive", score(recursive(gru))),
    ]


def interval_for_tomorrow():
    """MAPIE: an interval that holds tomorrow's highest temperature nine times of ten."""
    from mapie.regression import SplitConformalRegressor

    days = load_seattle_weather()
    X, y = make_windows(days.data, n_timesteps=14, target=days.feature_names.index("temp_max"))
    train, conformalize, test = slice(0, 700), slice(700, 1050), slice(1050, None)

    def row(name, estimator, X):
        model = SplitConformalRegressor(estimator, confidence_level=0.9, prefit=False)
        model.fit(X[train], y[train, 0]).conformalize(X[conformalize], y[conformalize, 0])
        low, high = model.predict_interval(X[test])[1][:, :, 0].T
        covered = np.mean((low <= y[test, 0]) & (y[test, 0] <= high))
        return f"{name}, covers {covered:.1%}", np.mean(high - low)

    persistence = FunctionTransformer(lambda X: X[:, -1, 1:2])
    ridge = make_pipeline(FunctionTransformer(flat), StandardScaler(), Ridge(alpha=10))
    gru = GRURegressor(32, batch_size=32, max_iter=20, learning_rate_init=3e-3, random_state=0)
    scaled = make_pipeline(TimeDistributed(StandardScaler()), gru)
    return [
        row("today plus a constant", make_pipeline(persistence, LinearRegression()), X),
        row("ridge regression on 14 days", ridge, X),
        row(
            "GRURegressor",
            TransformedTargetRegressor(scaled, transformer=StandardScaler()),
            X,
        ),
    ]


def flat(X):
    """One row per sequence."""
    return X.reshape(len(X), -1)


def speaker_of_a_vowel():
    """Optuna: a search over real numbers and names, of ragged sequences."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution
    from optuna_integration.sklearn import OptunaSearchCV

    X, y = load_japanese_vowels(subset="train", return_X_y=True)
    X_test, y_test = load_japanese_vowels(subset="test", return_X_y=True)
    model = make_pipeline(
        TimeDistributed(StandardScaler()), GRUClassifier(8, max_iter=10, random_state=0)
    )
    search = OptunaSearchCV(
        model,
        {
            "gruclassifier__learning_rate_init": FloatDistribution(1e-3, 3e-2, log=True),
            "gruclassifier__pooling": CategoricalDistribution(["last", "mean", "max"]),
        },
        cv=3,
        scoring="neg_log_loss",
        n_trials=5,
        random_state=0,
    ).fit(X, y)
    return [
        ("GRUClassifier as it comes", log_loss(y_test, model.fit(X, y).predict_proba(X_test))),
        ("GRUClassifier in OptunaSearchCV", -search.score(X_test, y_test)),
    ]


def rare_digits():
    """imbalanced-learn: 10 training samples of three digits, 100 of each of the others."""
    from imblearn.over_sampling import SMOTE, RandomOverSampler
    from imblearn.pipeline import make_pipeline

    X, y = load_pendigits(subset="train", return_X_y=True)
    X_test, y_test = load_pendigits(subset="test", return_X_y=True)
    counts = {digit: 10 if digit in (5, 7, 9) else 100 for digit in range(10)}
    rows = np.concatenate([np.flatnonzero(y == digit)[:n] for digit, n in counts.items()])

    def score(*samplers):
        gru = GRUClassifier(16, n_features_per_step=2, batch_size=32, max_iter=15, random_state=0)
        gru.set_params(learning_rate_init=1e-2)
        model = make_pipeline(*samplers, StandardScaler(), gru).fit(flat(X[rows]), y[rows])
        return balanced_accuracy_score(y_test, model.predict(flat(X_test)))

    return [
        ("GRUClassifier", score()),
        ("RandomOverSampler, GRUClassifier", score(RandomOverSampler(random_state=0))),
        ("SMOTE, GRUClassifier", score(SMOTE(random_state=0))),
    ]


def main():
    """Run the five problems and print their results as one table."""
    problems = [
        ("skforecast: a week of temperatures", "RMSE, deg C", temperature_of_a_week),
        ("sktime: two years of passengers", "MAE, thousands", airline_passengers),
        ("MAPIE: interval for tomorrow", "width, deg C", interval_for_tomorrow),
        ("Optuna: speaker of a vowel", "log loss", speaker_of_a_vowel),
        ("imbalanced-learn: rare digits", "balanced accuracy", rare_digits),
    ]
    rows = []
    for name, measure, solve in problems:
        print(f"{name} ...", flush=True)
        started = time.perf_counter()
        rows += [(name, model, f"{score:.3f}", measure) for model, score in solve()]
        print(f"  {time.perf_counter() - started:.0f} s", flush=True)

    header = ("problem", "model", "score", "measure")
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    print()
    for row in (header, tuple("-" * width for width in widths), *rows):
        line = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("| " + " | ".join(line) + " |")


if __name__ == "__main__":
    main()
