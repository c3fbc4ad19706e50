"""
What counts, and when
=====================

A GRU forecasts tomorrow's maximum from two weeks of weather. Which measurements does it use, and
how far back does it look?
"""

import matplotlib.pyplot as plt
from sklearn.compose import TransformedTargetRegressor
from sklearn.metrics import root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRURegressor
from skgru.datasets import load_seattle_weather
from skgru.inspection import ImportanceDisplay, sequence_importance
from skgru.preprocessing import TimeDistributed, make_windows

plt.style.use("skgru.style")

days = load_seattle_weather()
X, y = make_windows(days.data, n_timesteps=14, target=days.feature_names.index("temp_max"))
X_train, X_test, y_train, y_test = X[:-365], X[-365:], y[:-365, 0], y[-365:, 0]
model = TransformedTargetRegressor(
    make_pipeline(TimeDistributed(StandardScaler()), GRURegressor(16, max_iter=20, random_state=0)),
    transformer=StandardScaler(),
).fit(X_train, y_train)

print("root mean squared error of the last year, deg C")
print(f"like today    {root_mean_squared_error(y_test, X_test[:, -1, 1]):.2f}")
print(f"GRURegressor  {root_mean_squared_error(y_test, model.predict(X_test)):.2f}")

# %%
# By permutation: how much worse is the forecast of the last year when the days exchange the whole
# course of one measurement?

names = [name.replace("_", " ") for name in days.feature_names]
by_feature = sequence_importance(
    model, X_test, y_test, scoring="neg_root_mean_squared_error", n_repeats=5, random_state=0
)
fig, ax = plt.subplots(figsize=(5.6, 3.0))
ImportanceDisplay.from_importances(by_feature, feature_names=names, ax=ax)
ax.set(title="By measurement", xlabel="RMSE gained by knowing it, °C")
plt.show()

# %%
# By gradient: by how much does the forecast change with each number that the GRU read?
# Standardised inputs, mean of absolute values. What counts is the last day or two, and of the
# older ones little.

fig, ax = plt.subplots(figsize=(5.6, 3.4))
display = ImportanceDisplay.from_estimator(model, X_test, feature_names=names, ax=ax)
ax.set(title="By day and measurement", xlabel="day of the window, 13 is today")
plt.show()
