"""
Pen digits: how early is a digit known?
=======================================

A digit is eight points of a pen. With ``return_sequences=True`` a GRU says after every point which
digit it will be.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier
from skgru.datasets import load_pendigits
from skgru.preprocessing import TimeDistributed

plt.style.use("skgru.style")

# %%
# Every step has the digit as its target.

X_train, digits = load_pendigits(subset="train", return_X_y=True)
X_test, y_test = load_pendigits(subset="test", return_X_y=True)
n_steps = X_train.shape[1]
y_train = np.repeat(digits[:, None], n_steps, axis=1)  # (7493, 8)

gru = make_pipeline(
    TimeDistributed(StandardScaler()),
    GRUClassifier(return_sequences=True, max_iter=8, random_state=0),
).fit(X_train, y_train)
probabilities = gru.predict_proba(X_test)  # (3499, 8, 10)
accuracy = (probabilities.argmax(axis=2) == y_test[:, None]).mean(axis=0)

# %%
# One network answers at every step. The simple rival is eight models, one for each number of
# points.

simple = []
for k in range(1, n_steps + 1):
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    model.fit(X_train[:, :k].reshape(len(X_train), -1), digits)
    simple.append(model.score(X_test[:, :k].reshape(len(X_test), -1), y_test))

print("accuracy on the test part after k points")
print("k                    " + "".join(f"{k:6}" for k in range(1, n_steps + 1)))
print("logistic regression  " + "".join(f"{score:6.3f}" for score in simple))
print("GRUClassifier        " + "".join(f"{score:6.3f}" for score in accuracy))

# %%
# After half of the points the GRU knows most digits. The seven below gives itself away when the
# pen turns down.

fig, (above, below) = plt.subplots(2, 1, figsize=(5.6, 6.4), height_ratios=[1.3, 1])
points = np.arange(1, n_steps + 1)
above.plot(points, accuracy, "o-", label="GRUClassifier")
above.plot(points, simple, "s--", label="logistic regression, a model per step")
above.axhline(0.1, color="0.5", linestyle=":")
above.annotate("by chance", (8, 0.1), (0, 4), textcoords="offset points", ha="right")
above.set(title="Accuracy on new digits", xlabel="points seen", ylabel="accuracy", ylim=(0, 1.02))
above.legend(loc="lower right", bbox_to_anchor=(1, 0.2))

i = np.flatnonzero(y_test == 7)[0]
below.plot(*X_test[i].T, color="0.75", zorder=1)
known = below.scatter(*X_test[i].T, c=probabilities[i, :, 7], s=90, vmin=0, vmax=1, zorder=2)
for k, point in enumerate(X_test[i], start=1):
    below.annotate(str(k), point, (7, 7), textcoords="offset points")
below.set(title="A seven, point by point", xlabel="x of the pen", ylabel="y of the pen")
below.margins(0.15)
fig.colorbar(known, label="probability of a 7")
plt.show()
