"""
A grid search, as a heat map
============================

The quickstart's search over size and learning rate: what the candidates score, what is chosen, and
what that is worth on data that the search did not see.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier
from skgru.datasets import load_japanese_vowels
from skgru.preprocessing import SequenceSummary, TimeDistributed

plt.style.use("skgru.style")

# %%
# A GRU in a pipeline is searched over like any other estimator, here on utterances of unlike
# lengths. The log loss still tells candidates apart whose accuracies are equal.

X_train, y_train = load_japanese_vowels(subset="train", return_X_y=True)
X_test, y_test = load_japanese_vowels(subset="test", return_X_y=True)

sizes, rates = [8, 16, 32], [0.001, 0.003, 0.01, 0.03]
search = GridSearchCV(
    make_pipeline(TimeDistributed(StandardScaler()), GRUClassifier(max_iter=10, random_state=0)),
    {"gruclassifier__hidden_layer_sizes": sizes, "gruclassifier__learning_rate_init": rates},
    scoring="neg_log_loss",
    cv=3,
).fit(X_train, y_train)
simple = make_pipeline(SequenceSummary(), StandardScaler(), LogisticRegression(max_iter=1000))
simple.fit(X_train, y_train)

print("chosen:", search.best_params_)
print(f"{'test part':32}accuracy | log loss")
for name, model in {"summary, logistic regression": simple, "GRUClassifier": search}.items():
    probabilities = model.predict_proba(X_test)
    accuracy = np.mean(probabilities.argmax(axis=1) == y_test)
    print(f"{name:32}{accuracy:8.3f}{log_loss(y_test, probabilities):11.3f}")

# %%
# The learning rate decides, and more than the size. A choice at the edge of a grid asks for a
# wider one.

loss = -search.cv_results_["mean_test_score"].reshape(len(sizes), len(rates))
fig, ax = plt.subplots()
image = ax.imshow(loss, cmap="viridis_r")
for i in range(len(sizes)):
    for j in range(len(rates)):
        colour = "white" if loss[i, j] > loss.mean() else "black"
        weight = "bold" if loss[i, j] == loss.min() else "normal"
        ax.text(j, i, f"{loss[i, j]:.2f}", ha="center", va="center", color=colour, weight=weight)
ax.set_xticks(range(len(rates)), rates)
ax.set_yticks(range(len(sizes)), sizes)
ax.set(xlabel="learning_rate_init", ylabel="hidden_layer_sizes", title="Log loss, three folds")
ax.spines[:].set_visible(False)
fig.colorbar(image, label="log loss")
plt.show()
