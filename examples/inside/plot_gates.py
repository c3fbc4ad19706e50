"""
Gates that open and close
=========================

A task that only a memory solves: keep the last number that was marked, through any number of
others, until the end. A trained GRU shows how it does that.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import Ridge

from skgru import GRURegressor
from skgru.inspection import GateDisplay

plt.style.use("skgru.style")

# %%
# Each step has a number and a mark, which few steps carry. The target is the number at the last
# mark.


def make_marked(n_samples, seed, n_timesteps=30):
    rng = np.random.RandomState(seed)
    numbers = rng.uniform(-1, 1, (n_samples, n_timesteps))
    marks = rng.rand(n_samples, n_timesteps) < 0.08
    marks[:, 0] = True  # so that there is one
    last = n_timesteps - 1 - marks[:, ::-1].argmax(axis=1)
    return np.stack([numbers, marks], axis=2), numbers[np.arange(n_samples), last]


X_train, y_train = make_marked(2000, seed=0)
X_test, y_test = make_marked(500, seed=1)
gru = GRURegressor(3, max_iter=40, random_state=0).fit(X_train, y_train)
ridge = Ridge().fit(X_train.reshape(len(X_train), -1), y_train)

print("R2 on new sequences")
print(f"{'ridge regression':18}{ridge.score(X_test.reshape(len(X_test), -1), y_test):6.3f}")
print(f"{'GRURegressor':18}{gru.score(X_test, y_test):6.3f}")

# %%
# Three units do, each a row. At a mark, the update gate of the unit at the top opens (yellow) and
# its reset gate closes: the old content goes, the number comes. Between marks that update gate is
# nearly closed (dark), and the state stays. The other two let new content in all the time.

i = np.flatnonzero(X_test[:, 1:, 1].sum(axis=1) == 3)[0]
GateDisplay.from_estimator(gru, X_test[i], feature_names=["number", "mark"])
plt.gcf().set_size_inches(5.6, 6.4)
plt.show()
