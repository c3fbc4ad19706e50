"""Three sequence problems in a minute: who speaks, how warm tomorrow, which number was last.

python -m pip install . && python examples/quickstart.py
"""

import time

import numpy as np
from scipy.stats import loguniform, randint
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier, GRURegressor
from skgru.datasets import load_japanese_vowels, load_seattle_weather, make_last_value
from skgru.preprocessing import TimeDistributed, make_windows


def summarise(X):
    """Summary statistics of each sequence: what a model without a memory can work with."""
    return np.array([np.r_[x.mean(0), x.std(0), x.min(0), x.max(0), x[0], x[-1]] for x in X])


def speech():
    """Nine speakers, told apart by sequences of 7 to 29 steps: a list of arrays."""
    X_train, y_train = load_japanese_vowels(subset="train", return_X_y=True)
    X_test, y_test = load_japanese_vowels(subset="test", return_X_y=True)

    baseline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    baseline.fit(summarise(X_train), y_train)

    pipeline = make_pipeline(
        TimeDistributed(StandardScaler()),
        GRUClassifier(max_iter=30, random_state=0),
    )
    grid = {
        "gruclassifier__hidden_layer_sizes": [32, 64],
        "gruclassifier__bidirectional": [False, True],
    }
    search = GridSearchCV(pipeline, grid, cv=3, n_jobs=2, verbose=1).fit(X_train, y_train)
    return [
        ("logistic regression on summary statistics", baseline.score(summarise(X_test), y_test)),
        ("GRUClassifier in GridSearchCV", search.score(X_test, y_test)),
    ]


def weather():
    """The next day's highest temperature from the last 14 days of four measurements."""
    days = load_seattle_weather()
    X, y = make_windows(days.data, n_timesteps=14, target=days.feature_names.index("temp_max"))
    y, n_train = y[:, 0], 1009
    X_train, X_test, y_train, y_test = X[:n_train], X[n_train:], y[:n_train], y[n_train:]

    persistence = X_test[:, -1, 1]
    ridge = make_pipeline(StandardScaler(), Ridge(alpha=10))
    ridge.fit(X_train.reshape(len(X_train), -1), y_train)

    pipeline = make_pipeline(
        TimeDistributed(StandardScaler()),
        GRURegressor(batch_size=32, max_iter=20, random_state=0),
    )
    model = TransformedTargetRegressor(pipeline, transformer=StandardScaler())
    distributions = {
        "regressor__gruregressor__hidden_layer_sizes": randint(8, 48),
        "regressor__gruregressor__learning_rate_init": loguniform(1e-3, 1e-2),
        "regressor__gruregressor__alpha": loguniform(1e-4, 1e-2),
    }
    search = RandomizedSearchCV(
        model,
        distributions,
        n_iter=6,
        cv=TimeSeriesSplit(3),
        scoring="neg_root_mean_squared_error",
        n_jobs=2,
        random_state=0,
        verbose=1,
    ).fit(X_train, y_train)
    return [
        ("persistence: tomorrow is like today", root_mean_squared_error(y_test, persistence)),
        (
            "ridge regression on 14 days",
            root_mean_squared_error(y_test, ridge.predict(X_test.reshape(len(X_test), -1))),
        ),
        (
            "GRURegressor in RandomizedSearchCV",
            root_mean_squared_error(y_test, search.predict(X_test)),
        ),
    ]


def last_value():
    """A thousand random sequences of ten integers; the target is the last one of each."""
    X, y = make_last_value(n_samples=1000, random_state=0, return_X_y=True)
    model = TransformedTargetRegressor(
        make_pipeline(
            TimeDistributed(StandardScaler()),
            GRURegressor(32, random_state=0),
        ),
        transformer=StandardScaler(),
    )
    model.fit(X[:800], y[:800])
    return [("GRURegressor", model.score(X[800:], y[800:]))]


def main():
    """Run the three problems and print their results as one table."""
    problems = [
        ("speech: speaker of a vowel", "accuracy", speech),
        ("weather: tomorrow's maximum", "RMSE, deg C", weather),
        ("notebook: last of ten numbers", "R2", last_value),
    ]
    rows = []
    for name, measure, solve in problems:
        print(f"{name} ...", flush=True)
        started = time.perf_counter()
        rows += [(name, model, f"{score:.3f}", measure) for model, score in solve()]
        print(f"  {time.perf_counter() - started:.0f} s", flush=True)

    header = ("problem", "model", "test score", "measure")
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    print()
    for row in (header, tuple("-" * width for width in widths), *rows):
        line = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("| " + " | ".join(line) + " |")


if __name__ == "__main__":
    main()
