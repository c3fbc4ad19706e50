"""
A sensor under the skin: glucose in half an hour
================================================

A sensor reports the glucose of a person with diabetes every five minutes. How far will it have
fallen, or risen, in half an hour?

Half a year of one person's measurements, given to the public domain, from the package
bokeh-sampledata.
"""

import csv
import gzip
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier, GRURegressor
from skgru.preprocessing import make_windows

plt.style.use("skgru.style")

file = distribution("bokeh-sampledata").locate_file("bokeh_sampledata/_data/CGM.csv.gz")
with gzip.open(file, "rt") as lines:
    rows = list(csv.DictReader(lines))
minutes = np.array([row["datetime"].replace(" ", "T") for row in rows], dtype="datetime64[m]")
glucose = np.array([float(row["glucose"]) for row in rows])

# %%
# The sensor pauses now and then. No window may reach over a gap, so the series is cut into
# pieces: ``make_windows`` takes a list.

gaps = np.flatnonzero(np.diff(minutes).astype(int) > 6) + 1
pieces = [piece for piece in np.split(np.column_stack([glucose]), gaps) if len(piece) > 30]
print(len(pieces), "pieces without a gap")
X, y, piece = make_windows(pieces, n_timesteps=18, horizon=6, stride=3)

# %%
# Ninety minutes in; relative to the latest value, and so is the target, the value in half an
# hour. The last fifth of the pieces is the test part. Units and epochs of both models were chosen
# on the last fifth of the others.

latest = X[:, -1, 0]
X, y = np.float32(X - X[:, -1:]) / 30, (y[:, -1] - latest) / 30
X = np.concatenate([X, np.broadcast_to(latest[:, None, None] / 100, X.shape)], axis=2)
is_test = piece >= np.quantile(piece, 0.8)
X_train, y_train, X_test, y_test = X[~is_test], y[~is_test], X[is_test], y[is_test]

gru = GRURegressor(16, max_iter=16, random_state=0).fit(X_train, y_train)
ridge = make_pipeline(StandardScaler(), Ridge()).fit(X_train.reshape(len(X_train), -1), y_train)
forecasts = {
    "like now": np.zeros(len(y_test)),
    "goes on as in the last 15 minutes": -2 * X_test[:, -4, 0],
    "ridge regression": ridge.predict(X_test.reshape(len(X_test), -1)),
    "GRURegressor": gru.predict(X_test),
}
print(f"root mean squared error on {len(y_test)} test windows, mg/dl")
for name, forecast in forecasts.items():
    print(f"{name:35}{30 * root_mean_squared_error(y_test, forecast):5.1f}")

# %%
# Lows
# ----
# Below 70 it matters most. How many of the lows that are not low yet are announced half an hour
# before, by how many alarms? The squared error cares for the highs, where differences are large. So
# there are two classifiers for this question, and both announce more: where alarms are few, the
# simple one about as many as the GRU.

now, later = latest[is_test], latest[is_test] + 30 * y_test
low_train = latest[~is_test] + 30 * y_train < 70
flat_train, flat_test = X_train.reshape(len(X_train), -1), X_test.reshape(len(X_test), -1)
gru = GRUClassifier(16, max_iter=16, random_state=0).fit(X_train, low_train)
logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
logistic.fit(flat_train, low_train)

not_yet = now >= 70
alarms = {
    "like now": ("C2:", -now),
    "GRURegressor": ("C4-.", -(now + 30 * forecasts["GRURegressor"])),
    "logistic regression": ("C1--", logistic.predict_proba(flat_test)[:, 1]),
    "GRUClassifier": ("C0", gru.predict_proba(X_test)[:, 1]),
}
share = np.arange(1, not_yet.sum() + 1) / not_yet.sum()
fig, ax = plt.subplots()
print("lows announced if a twentieth of the windows raises an alarm, per cent")
for name, (style, danger) in alarms.items():
    order = np.argsort(-danger[not_yet], kind="stable")
    found = np.cumsum((later < 70)[not_yet][order]) / (later < 70)[not_yet].sum()
    print(f"{name:20}{100 * found[np.searchsorted(share, 0.05)]:5.0f}")
    ax.plot(100 * share, 100 * found, style, label=name)
ax.set(title="Lows announced half an hour before", xlabel="windows that raise an alarm, per cent")
ax.set(ylabel="lows announced, per cent", xlim=(0, 20), ylim=(0, 102))
ax.legend(loc="lower right")
plt.show()
