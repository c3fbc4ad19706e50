"""
Airline passengers: the smallest forecast
=========================================

A hundred and forty-four months of passengers, and a forecast of the next month from the last two
years. So short a series is no place where a network shines; it is the place to see each step once.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_percentage_error

from skgru import GRURegressor
from skgru.datasets import load_airline
from skgru.preprocessing import make_windows

plt.style.use("skgru.style")

# %%
# Passengers grow, and a GRU's state is bounded: it cannot follow a series out of the range that
# it has seen. So it gets what does not grow: logarithms, relative to the last month of each
# window, and the change to the next month as the target.

months = load_airline()
windows, following = make_windows(np.log(months.data), n_timesteps=24)
last = windows[:, -1, 0]
X = windows - windows[:, -1:]  # (120, 24, 1)
y = following[:, 0] - last  # (120,)

# %%
# The last two years are the test part. The size of the network and the strength of the ridge were
# chosen on the two years before.

test = slice(-24, None)
X_train, y_train, X_test = X[:-24], y[:-24], X[test]

gru = GRURegressor(32, random_state=0).fit(10 * X_train, 10 * y_train)
ridge = Ridge(alpha=0.01).fit(X_train[:, :, 0], y_train)

forecasts = {
    "same month last year": windows[test, -12, 0],
    "ridge regression": last[test] + ridge.predict(X_test[:, :, 0]),
    "GRURegressor": last[test] + gru.predict(10 * X_test) / 10,
}
truth = months.target[test]
print("mean absolute error of 1959 and 1960, per cent")
for name, forecast in forecasts.items():
    print(f"{name:22}{100 * mean_absolute_percentage_error(truth, np.exp(forecast)):5.1f}")

# %%
# Both models know the growth that last year's figure lacks, and the linear one is ahead: a
# hundred windows of a smooth series are its home ground. Run it first.

fig, ax = plt.subplots()
ax.plot(months.dates[84:], months.target[84:], color="0.2", label="passengers")
for (name, forecast), style in zip(forecasts.items(), ("C2:", "C1--", "C0"), strict=True):
    ax.plot(months.dates[test], np.exp(forecast), style, label=name)
ax.set(title="One month ahead", ylabel="thousands of passengers", xlabel="year")
ax.legend(loc="upper left")
plt.show()
