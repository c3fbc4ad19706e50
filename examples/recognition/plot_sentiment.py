"""
Sentiment: is the review pleased?
=================================

Snippets of product reviews, pleased or displeased, as raw strings: a ``TextEncoder`` makes tokens
of them, and a GRU learns a vector for each word on the way.
"""

import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skgru import GRUClassifier
from skgru.datasets import load_sentiment
from skgru.preprocessing import TextEncoder

plt.style.use("skgru.style")

X_train, y_train = load_sentiment(subset="train", return_X_y=True)
X_test, y_test = load_sentiment(subset="test", return_X_y=True)
print(len(X_train), "to learn from;", len(X_test), "to test on; for instance:", X_train[2])

# %%
# Few sentences are learned by heart soon. Against that: rare words count as unknown, dropout, and
# few epochs. What is set was chosen on a quarter of the training part.

gru = make_pipeline(
    TextEncoder(max_tokens=2000),
    GRUClassifier(
        32, embedding_dim=32, pooling="max", bidirectional=True, dropout=0.5, max_iter=8,
        random_state=0,
    ),
).fit(X_train, y_train)  # fmt: skip
simple = make_pipeline(TfidfVectorizer(), LogisticRegression(C=3)).fit(X_train, y_train)

print("accuracy on the test part")
print(f"{'TF-IDF, logistic regression':30}{simple.score(X_test, y_test):.3f}")
print(f"{'GRUClassifier':30}{gru.score(X_test, y_test):.3f}")

# %%
# Counted words are ahead: two and a half thousand sentences are few to learn vectors from. Below
# the words come one by one. Both models take "not bad" for displeased: that "not" turns its
# neighbour round would have to be seen more often.

sentences = [
    "i wanted to love this camera but it broke",
    "it is not bad at all , a great little phone",
]
fig, axes = plt.subplots(2, 1, figsize=(5.6, 6.4), sharey=True)
for ax, sentence in zip(axes, sentences, strict=True):
    words = sentence.split()
    beginnings = [" ".join(words[: k + 1]) for k in range(len(words))]
    places = range(len(words))
    ax.plot(places, gru.predict_proba(beginnings)[:, 1], "C0o-", label="GRUClassifier")
    ax.plot(places, simple.predict_proba(beginnings)[:, 1], "C1s--", label="logistic regression")
    ax.axhline(0.5, color="0.5", linestyle=":")
    ax.set(ylim=(0, 1), ylabel="probability: pleased")
    ax.set_xticks(places, words, rotation=45, ha="right")
axes[0].set(title="Word by word")
axes[0].legend(loc="lower left")
plt.show()
