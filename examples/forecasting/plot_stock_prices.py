"""
Stock prices: a leak, and how to catch it
=========================================

A forecast of tomorrow's share price follows the price so closely that it looks solved. It is not:
yesterday's price does the same. And when a model does beat yesterday's price by far, look for the
leak.

Daily prices of Google, 2004 to 2013, public domain, from the package bokeh-sampledata.
"""

import csv
import gzip
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRURegressor
from skgru.preprocessing import make_windows

plt.style.use("skgru.style")

file = distribution("bokeh-sampledata").locate_file("bokeh_sampledata/_data/stocks.csv.gz")
with gzip.open(file, "rt") as lines:
    rows = [row for row in csv.DictReader(lines) if row["Ticker"] == "GOOG"]
dates = np.array([row["Date"] for row in rows], dtype="datetime64[D]")
price = np.array([float(row["Adj Close"]) for row in rows])

# %%
# Price or return?
# ----------------
# The target is tomorrow's return, the change of the logarithm; a forecast of the price follows from
# it. The last 500 days are the test part.

returns = np.diff(np.log(price), prepend=np.log(price[0]))
N_TEST = 500


def fit_and_forecast(features):
    """Return forecasts of the test part's returns, by each model, from 20 days of features."""
    X, y = make_windows(np.column_stack([features, returns]), n_timesteps=20, target=-1)
    X, y = X[:, :, :-1], 100 * y[:, 0]
    mean, scale = X[:-N_TEST].mean(axis=(0, 1)), X[:-N_TEST].std(axis=(0, 1))
    X = (X - mean) / scale
    gru = GRURegressor(16, max_iter=10, random_state=0).fit(X[:-N_TEST], y[:-N_TEST])
    flat = X.reshape(len(X), -1)
    ridge = make_pipeline(StandardScaler(), Ridge(alpha=1000)).fit(flat[:-N_TEST], y[:-N_TEST])
    return {
        "like yesterday": np.zeros(N_TEST),
        "ridge regression": ridge.predict(flat[-N_TEST:]) / 100,
        "GRURegressor": gru.predict(X[-N_TEST:]) / 100,
    }


def print_scores(forecasts):
    print(f"{'test R2 of':20}{'the price':>12}{'the return':>12}")
    for name, forecast in forecasts.items():
        of_price = r2_score(price[-N_TEST:], price[-N_TEST - 1 : -1] * np.exp(forecast))
        print(f"{name:20}{of_price:12.3f}{r2_score(returns[-N_TEST:], forecast):12.3f}")


honest = fit_and_forecast(returns)
print_scores(honest)

# %%
# Of the price, each explains nearly all; of the return, none anything. The first column only says
# that today's price is close to yesterday's. Score what is new.
#
# A leak
# ------
# Prices are noisy, so somebody smooths them, by the mean of five days around each day, and feeds
# the changes of the smooth curve to the same models.


def smooth(price):
    """Logarithm of the mean of a day, two before it and two after it."""
    padded = np.pad(price, 2, mode="edge")
    return np.log(np.lib.stride_tricks.sliding_window_view(padded, 5).mean(axis=1))


def changes_of_smooth(price):
    curve = smooth(price)
    return np.diff(curve, prepend=curve[0])


leaked = fit_and_forecast(changes_of_smooth(price))
print_scores(leaked)

# %%
# A return known in advance would be a fortune: too good. The means reach two days into the
# future.
#
# Caught
# ------
# What is known at the end of a day cannot change when later days are cut off. So cut them off.


def leaks(make_features, price, day=1000):
    """Whether features up to a day depend on what came after it."""
    return not np.allclose(make_features(price)[:day], make_features(price[:day]))


def changes(price):
    return np.diff(np.log(price), prepend=np.log(price[0]))


print("returns leak:", leaks(changes, price))
print("changes of the smooth curve leak:", leaks(changes_of_smooth, price))

# %%
# The same check finds scalers fitted to the whole series, and gaps that were filled from both
# sides.

fig, (above, below) = plt.subplots(2, 1, figsize=(5.6, 6.4))
when = slice(-60, None)
forecast = price[-61:-1] * np.exp(honest["GRURegressor"][when])
above.plot(dates[when], price[when], color="0.2", label="price")
above.plot(dates[when], forecast, "C0--", label="GRURegressor, a day ahead")
above.set(title="Looks solved: yesterday's price, drawn a day late", ylabel="dollars, adjusted")
above.tick_params("x", rotation=30)
above.legend()
both = {"honest": ("C0o", honest), "with the leak": ("C1s", leaked)}
for name, (style, forecasts) in both.items():
    below.plot(
        100 * returns[-N_TEST:], 100 * forecasts["GRURegressor"], style, ms=3, alpha=0.6, label=name
    )
below.set(title="The return, forecast and true", xlabel="return, per cent", ylabel="forecast")
below.legend()
plt.show()
