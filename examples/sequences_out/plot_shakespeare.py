"""
Text in Shakespeare's manner
============================

A language model reads a play character by character, learns which one comes next, and then goes on
by itself. This one trains for seconds on a fraction of the plays; longer runs are in
``benchmarks/results``.
"""

from collections import Counter, defaultdict

import matplotlib.pyplot as plt
import numpy as np

from skgru import GRULanguageModel
from skgru.datasets import load_shakespeare
from skgru.preprocessing import TextEncoder

plt.style.use("skgru.style")

# %%
# One long text is a list of one. The test text comes from the last tenth, which nobody trained
# on.

(text,) = load_shakespeare(subset="train").data
(later,) = load_shakespeare(subset="test").data
text, later = text[:150_000], later[:20_000]
encoder = TextEncoder("char", lowercase=False)
X = encoder.fit_transform([text])

model = GRULanguageModel(128, embedding_dim=32, max_iter=5, random_state=0).fit(X)

# %%
# The simple rival counts: how often does each character follow the three before it? Where those
# have not been seen, the last two count, and so on (Witten and Bell's smoothing).


class CountedCharacters:
    def __init__(self, text, order):
        self.order, self.counts = order, defaultdict(Counter)
        for i, character in enumerate(text):
            for length in range(min(order, i + 1)):
                self.counts[text[i - length : i]][character] += 1

    def probability(self, context, character):
        p = 1 / (len(self.counts[""]) + 1)
        for length in range(min(self.order, len(context) + 1)):
            seen = self.counts.get(context[len(context) - length :])
            if seen is None:
                break
            p = (seen[character] + len(seen) * p) / (seen.total() + len(seen))
        return p

    def bits(self, text):
        n = self.order - 1
        p = [self.probability(text[max(0, i - n) : i], text[i]) for i in range(len(text))]
        return -np.mean(np.log2(p))


counted = {order: CountedCharacters(text, order).bits(later) for order in (2, 3, 4, 5)}
bits = model.bits_per_token(encoder.transform([later]))
print("bits per character of the test text")
for order, value in counted.items():
    print(f"{f'counted, {order} characters':24}{value:.2f}")
print(f"{'GRULanguageModel':24}{bits:.2f}")

# %%
# A ``temperature`` below 1 keeps to what is probable.

(prompt,) = encoder.transform(["HAMLET.\n"])
for temperature in (0.5, 0.9):
    drawn = model.sample(1, length=220, prompt=prompt, temperature=temperature, random_state=0)
    print(f"--- temperature {temperature}")
    print("HAMLET.\n" + encoder.inverse_transform(drawn)[0])

# %%
# Each character of a piece of the test text with the bits that it takes. A speaker's name in
# capitals is news, as the play that the model has read is printed in another way; once a word has
# begun there is less to learn.

start = later.index("\n", 1000) + 1
excerpt = later[start - 200 : start + 40]
encoded = encoder.transform([excerpt[:k] for k in range(200, 241)])
surprise = -np.diff(model.score_samples(encoded)) / np.log(2)
fig, ax = plt.subplots(figsize=(5.6, 3.2))
ax.bar(range(40), surprise)
characters = [c if c.strip() else "·" for c in excerpt[200:]]
ax.set_xticks(range(40), characters, family="monospace", fontsize=9)
ax.tick_params("x", length=0)
ax.set(title="What surprises the model", ylabel="bits", xlabel="character (· is a space)")
plt.show()
