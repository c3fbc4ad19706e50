"""
Electricity: the day ahead
==========================

What will England and Wales draw in each half-hour of the next 24 hours? Forty-eight horizons at
once, from ten weeks of history, with what is known in advance: the hour, the day of the week, and
the demand a week before.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import Ridge

from skgru import GRURegressor
from skgru.datasets import load_electricity
from skgru.preprocessing import make_windows

plt.style.use("skgru.style")

# %%
# Most of it is last week's demand of the same half-hour. The models forecast what differs from
# it. ``exogenous`` columns run 48 steps ahead of the others: their values are those of the
# half-hour that is forecast.

DAY, WEEK = 48, 7 * 48
electricity = load_electricity()
demand = electricity.target / 1000  # gigawatts
time = np.arange(len(demand))[WEEK:]
before = demand[:-WEEK]
angle, weekday = 2 * np.pi * time / DAY, time // DAY % 7
calendar = [np.sin(angle), np.cos(angle), *(weekday == day for day in (5, 6, 0))]
series = np.column_stack([demand[WEEK:] - before, (before - 30) / 5, *calendar])
X, y = make_windows(
    series.astype(np.float32), n_timesteps=DAY, horizon=DAY, target=0, exogenous=range(1, 7)
)
before = 5 * X[:, :, 1] + 30
print("X:", X.shape, " y:", y.shape)

# %%
# Every second window is enough to learn from. The last fortnight is the test part, and no window
# of the training part reaches into it. What is set was chosen on the fortnight before.

n_train = len(X) - 14 * DAY
X_train, y_train, X_test = X[: n_train - DAY : 2], y[: n_train - DAY : 2], X[n_train:]
truth = before[n_train:] + y[n_train:]

# %%
# A window has as many steps as there are horizons. So each step may have its own horizon as the
# target, and ``bidirectional=True`` lets it see the whole window.

gru = GRURegressor(
    32, return_sequences=True, bidirectional=True, alpha=0.01, max_iter=15, random_state=0
).fit(X_train, y_train)
ridge = Ridge(alpha=100).fit(X_train.reshape(len(X_train), -1), y_train)

forecasts = {
    "like a week before": before[n_train:],
    "ridge regression": before[n_train:] + ridge.predict(X_test.reshape(len(X_test), -1)),
    "GRURegressor": before[n_train:] + gru.predict(X_test),
}
errors = {name: 100 * np.abs(forecast / truth - 1) for name, forecast in forecasts.items()}
print("mean absolute error of the test fortnight, per cent")
for name, error in errors.items():
    print(f"{name:20}{error.mean():5.2f}")

# %%
# Ten weeks are few days to learn from, whatever the number of half-hours, and the ridge
# regression is ahead: a straight line from today's difference to tomorrow's goes a long way, most
# of all in the first hours.

fig, (above, below) = plt.subplots(2, 1, figsize=(5.6, 6.4))
hours = np.arange(1, DAY + 1) / 2
last = -3 * DAY - 1  # a window that ends at midnight
above.plot(hours, y[last], color="0.2", label="true")
for (name, forecast), style in zip(forecasts.items(), ("C2:", "C1--", "C0"), strict=True):
    above.plot(hours, (forecast - before[n_train:])[last], style, label=name)
    below.plot(hours, errors[name].mean(axis=0), style, label=name)
day = electricity.dates[WEEK + DAY : len(demand) - DAY + 1][last].astype("datetime64[D]")
above.set(title=f"{day}: what differs from the week before", ylabel="gigawatts", xlabel="hour")
below.set(title="Mean error by horizon", xlabel="hours ahead", ylabel="per cent", ylim=(0, None))
below.legend(loc="lower right")
for ax in (above, below):
    ax.set_xticks(range(0, 25, 6))
above.legend(handles=above.lines[:1], loc="upper left")
plt.show()
