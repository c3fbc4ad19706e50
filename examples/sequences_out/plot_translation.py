"""
Translation of buttons and messages
===================================

Three thousand short texts of programs, in English and in French. A network that starts from nothing
learns both languages from them. How far does it get, and is it further than a translation memory?
"""

from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors

from skgru import GRUSeq2Seq
from skgru.datasets import load_translation
from skgru.preprocessing import TextEncoder

plt.style.use("skgru.style")

# %%
# Texts become lists of ids of words. A word of the test part that was never seen is unknown.

english, french = load_translation(subset="train", return_X_y=True)
english_test, french_test = load_translation(subset="test", return_X_y=True)
source, target = TextEncoder(), TextEncoder()
X, y = source.fit_transform(english), target.fit_transform(french)
n_words = len(source.vocabulary_), len(target.vocabulary_)
print(f"{len(X)} pairs, {n_words[0]} English words, {n_words[1]} French ones")

# Units, first step and dropout were chosen on a tenth of the training part.
model = GRUSeq2Seq(128, dropout=0.3, max_iter=12, random_state=0).fit(X, y)
by_model = target.inverse_transform(model.predict(source.transform(english_test)))

# %%
# A translation memory looks up the English text that is most like the new one, and takes its
# French.

tfidf = TfidfVectorizer(token_pattern=r"\w+").fit(english)
memory = NearestNeighbors(n_neighbors=1).fit(tfidf.transform(english))
nearest = memory.kneighbors(tfidf.transform(english_test), return_distance=False)[:, 0]
whole = TextEncoder().fit(french + french_test)  # which knows every word of the truth
truth = whole.inverse_transform(whole.transform(french_test))
by_memory = whole.inverse_transform(whole.transform([french[i] for i in nearest]))


def f1_of_words(a, b):
    """Words in common, whatever their order."""
    a, b = Counter(a.split()), Counter(b.split())
    return 2 * (a & b).total() / max(1, a.total() + b.total())


print("test part             exactly right, % | words in common, %")
for name, texts in {"translation memory": by_memory, "GRUSeq2Seq": by_model}.items():
    pairs = list(zip(texts, truth, strict=True))
    exact = 100 * np.mean([a == b for a, b in pairs])
    print(f"{name:22}{exact:16.1f}{100 * np.mean([f1_of_words(*pair) for pair in pairs]):21.1f}")

# %%
# Some of the new texts, and what is made of them.

for i in range(0, 60, 10):
    print(f"{english_test[i]}\n    {by_model[i]}")

# %%
# Short texts it can do, long ones it makes up: no memory would, but a memory is always fluent.
# French turns some pairs of words round, and so does what the decoder looks at.

texts = ["domain name", "select all objects on this page for an action"]
fig, axes = plt.subplots(2, 1, figsize=(5.6, 6.8), height_ratios=[1, 1.8])
for ax, text in zip(axes, texts, strict=True):
    encoded = source.transform([text])
    written = target.inverse_transform(model.predict(encoded))[0].split()
    image = ax.imshow(model.attention_weights(encoded)[0], vmin=0, vmax=1, aspect="auto")
    words = source.inverse_transform(encoded)[0].split()
    ax.set_xticks(range(len(words)), words, rotation=30, ha="right")
    ax.set_yticks(range(len(written) + 1), [*written, "(end)"])
    ax.set(ylabel="word written")
axes[0].set(title="What the decoder looks at")
axes[1].set(xlabel="word read")
fig.colorbar(image, ax=axes, label="attention")
plt.show()
