"""
Weather: tomorrow's maximum, with bands
=======================================

How warm will it be in Seattle tomorrow, and how sure is that? A GRU reads two weeks of four
measurements and predicts five quantiles at once.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import QuantileRegressor
from sklearn.metrics import make_scorer, mean_pinball_loss
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRURegressor
from skgru.datasets import load_seattle_weather
from skgru.preprocessing import TimeDistributed, make_windows

plt.style.use("skgru.style")

# %%
# Two more columns say what time of the year it is. The last of the four years is the test part.

days = load_seattle_weather()
angle = 2 * np.pi * (days.dates - days.dates.astype("datetime64[Y]")).astype(int) / 365.25
series = np.column_stack([days.data, np.sin(angle), np.cos(angle)])
X, y = make_windows(series, n_timesteps=14, target=days.feature_names.index("temp_max"))
y, dates = y[:, 0], days.dates[14:]  # X is (1447, 14, 6)
is_test = dates >= np.datetime64("2015-01-01")
X_train, X_test, y_train, y_test = X[~is_test], X[is_test], y[~is_test], y[is_test]

# %%
# The pinball loss is to a quantile what the squared error is to a mean. The strength of L2 is
# chosen by validation on what comes later: in each fold of ``TimeSeriesSplit`` the past predicts
# the future.

LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95]


def pinball(y_true, quantiles):
    """Mean over levels."""
    columns = zip(LEVELS, quantiles.T, strict=True)
    return np.mean([mean_pinball_loss(y_true, column, alpha=level) for level, column in columns])


gru = GRURegressor(16, loss="quantile", quantile=LEVELS, max_iter=20, random_state=0)
search = GridSearchCV(
    TransformedTargetRegressor(
        make_pipeline(TimeDistributed(StandardScaler()), gru), transformer=StandardScaler()
    ),
    {"regressor__gruregressor__alpha": [1e-3, 1e-2]},
    scoring=make_scorer(pinball, greater_is_better=False),
    cv=TimeSeriesSplit(3),
).fit(X_train, y_train)

# %%
# Two simpler forecasts: today's maximum plus what the change from one day to the next usually is,
# and a linear quantile regression on the same two weeks.

flat_train, flat_test = X_train.reshape(len(X_train), -1), X_test.reshape(len(X_test), -1)
changes = np.quantile(y_train - X_train[:, -1, 1], LEVELS)
linear = [
    make_pipeline(StandardScaler(), QuantileRegressor(quantile=level, alpha=1e-3))
    .fit(flat_train, y_train)
    .predict(flat_test)
    for level in LEVELS
]
forecasts = {
    "like today": X_test[:, -1, [1]] + changes,
    "linear quantile regression": np.column_stack(linear),
    "GRURegressor": search.predict(X_test),
}

print("test year              pinball loss, deg C | in the 90 % band, % | width of the band, deg C")
for name, (low, *_, high) in ((name, forecast.T) for name, forecast in forecasts.items()):
    loss = pinball(y_test, forecasts[name])
    inside = 100 * np.mean((low <= y_test) & (y_test <= high))
    print(f"{name:27}{loss:15.3f}{inside:23.0f}{np.mean(high - low):27.1f}")

# %%
# The bands of the GRU have another width each day, and its quantiles cannot cross.

shown = slice(150, 220)
fig, ax = plt.subplots()
low, lower, median, upper, high = forecasts["GRURegressor"][shown].T
when = dates[is_test][shown]
ax.fill_between(when, low, high, color="#c6dbef", label="5 to 95 %")
ax.fill_between(when, lower, upper, color="#7fb2d9", label="25 to 75 %")
ax.plot(when, median, label="median")
ax.plot(when, y_test[shown], ".", color="0.2", label="measured")
ax.set(title="Seattle, a day ahead, summer of the test year", ylabel="highest temperature, °C")
ax.tick_params("x", rotation=30)
ax.legend(ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.25))
plt.show()
