"""
Activity: exercises seen by a watch
===================================

Ten people do seven exercises for the shoulder, with a watch that measures acceleration and rotation
fifty times a second. Does a model know the exercise of somebody whom it has never seen?

The data are those of `Burns et al. (2018) <https://arxiv.org/abs/1802.01489>`_, which the package
seglearn ships (BSD).
"""

from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import GroupKFold, KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier
from skgru.preprocessing import SequenceSummary, TimeDistributed

plt.style.use("skgru.style")

# %%
# Windows of four seconds, ten steps a second: each step is the mean of five measurements.

file = distribution("seglearn").locate_file("seglearn/data/watch_dataset.npy")
watch = np.load(file, allow_pickle=True).item()  # as this package wrote it
STEPS, SECONDS = 10, 4

X, y, subject = [], [], []
for series, exercise, person in zip(watch["X"], watch["y"], watch["subject"], strict=True):
    means = series[: len(series) // 5 * 5].reshape(-1, 5, 6).mean(axis=1)
    n_windows = len(means) // (STEPS * SECONDS)
    X += np.split(means[: n_windows * STEPS * SECONDS], n_windows)
    y += [exercise] * n_windows
    subject += [person] * n_windows
X, y, subject = np.array(X, dtype=np.float32), np.array(y), np.array(subject)
print(f"X: {X.shape}, {len(set(y))} exercises, {len(set(subject))} people")

# %%
# Windows of one recording are alike. A split at random puts some of them on either side, and asks
# how well a model remembers people. ``GroupKFold`` holds whole people out.

gru = make_pipeline(
    TimeDistributed(StandardScaler()), GRUClassifier(pooling="max", max_iter=10, random_state=0)
)
forest = make_pipeline(SequenceSummary(), RandomForestClassifier(50, random_state=0))
by_person = cross_val_predict(gru, X, y, groups=subject, cv=GroupKFold(5))
at_random = KFold(5, shuffle=True, random_state=0)
rows = {
    "summary, random forest": cross_val_predict(forest, X, y, groups=subject, cv=GroupKFold(5)),
    "GRUClassifier": by_person,
    "GRUClassifier, split at random": cross_val_predict(gru, X, y, cv=at_random),
}
print("accuracy, five folds")
for name, predicted in rows.items():
    print(f"{name:32}{np.mean(predicted == y):.3f}")

# %%
# The last row is the number that a careless split would report. Pendulum, abduction, forward
# elevation, internal and external rotation, extension of the trapezius, upright row: what the GRU
# takes for one another are the two ways to lift an arm, and the two ways to turn it.

fig, (left, right) = plt.subplots(2, 1, figsize=(5.6, 7.6), height_ratios=[1, 2.4])
left.plot(np.arange(STEPS * SECONDS) / STEPS, X[0, :, :3], label=["x", "y", "z"])
left.legend(ncols=3, loc="center right")
left.set(title="One window", xlabel="seconds", ylabel="acceleration, g")
ConfusionMatrixDisplay.from_predictions(
    y, by_person, display_labels=watch["y_labels"], normalize="true", values_format=".2f",
    xticks_rotation=45, colorbar=False, ax=right,
)  # fmt: skip
right.set(title="People whom the GRU has not seen", xlabel="by the GRU", ylabel="exercise")
plt.show()
