"""
Transfer: three new digits from a few samples
=============================================

A network that has learned to read the digits 0 to 6 is given a handful of sevens, eights and nines.
Do its first layers help?
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier
from skgru.datasets import load_pendigits
from skgru.preprocessing import SequenceSummary, TimeDistributed

plt.style.use("skgru.style")

# %%
# The scaler, too, has only seen the first seven digits.

X, y = load_pendigits(subset="train", return_X_y=True)
X_test, y_test = load_pendigits(subset="test", return_X_y=True)
scaler = TimeDistributed(StandardScaler()).fit(X[y < 7])
X, X_test, y_test = scaler.transform(X), scaler.transform(X_test[y_test > 6]), y_test[y_test > 6]

pretrained = GRUClassifier((32, 32), max_iter=8, random_state=0).fit(X[y < 7], y[y < 7])

# %%
# ``init_from`` takes the recurrent layers over, ``freeze`` keeps the first of them as it is. Each
# number of samples is drawn five times.

models = {
    "logistic regression": make_pipeline(
        SequenceSummary(), StandardScaler(), LogisticRegression(max_iter=500)
    ),
    "GRU from scratch": GRUClassifier((32, 32), max_iter=100, random_state=0),
    "GRU, pretrained, one layer frozen": GRUClassifier(
        (32, 32), max_iter=100, random_state=0, init_from=pretrained.weights_, freeze=1
    ),
}
shots, n_draws = [1, 3, 10], 5
scores = np.empty((len(models), len(shots), n_draws))
for draw in range(n_draws):
    rng = np.random.RandomState(draw)
    drawn = np.array([rng.choice(np.flatnonzero(y == d), max(shots), False) for d in (7, 8, 9)])
    for j, n in enumerate(shots):
        few = drawn[:, :n].ravel()
        for i, model in enumerate(models.values()):
            scores[i, j, draw] = model.fit(X[few], y[few]).score(X_test, y_test)

print("accuracy on test samples of 7, 8 and 9")
print(f"{'samples of each':36}" + "".join(f"{n:7}" for n in shots))
for name, row in zip(models, scores, strict=True):
    print(f"{name:36}" + "".join(f"{score:7.3f}" for score in row.mean(axis=1)))

# %%
# Bars are standard errors over the draws.

fig, ax = plt.subplots()
for name, row, style in zip(models, scores, ("C1s--", "C2D:", "C0o-"), strict=True):
    error = row.std(axis=1, ddof=1) / np.sqrt(n_draws)
    ax.errorbar(shots, row.mean(axis=1), error, fmt=style, capsize=3, label=name)
ax.set(xscale="log", xlabel="samples of each new digit", ylabel="accuracy on the test part")
ax.set(xticks=shots, xticklabels=shots, title="Three new digits after seven others", ylim=(0.5, 1))
ax.minorticks_off()
ax.legend(loc="lower right")
plt.show()
