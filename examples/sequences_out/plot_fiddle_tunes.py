"""
Fiddle tunes
============

Reels and hornpipes as text, in ABC notation, and a model that composes the next one. The tunes are
those of *Ryan's Mammoth Collection* (1883), transcribed by Ray Davies and others, as the package
music21 ships them.
"""

import re
from collections import Counter, defaultdict
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np

from skgru import GRULanguageModel
from skgru.preprocessing import TextEncoder

plt.style.use("skgru.style")

# %%
# A letter is a note, of the higher octave if it is a small one; a number behind it is its length;
# ``|`` is a bar line. Fingerings, bowings, grace notes and slurs are left out, a further line
# break is the end. Of the tunes in two-four time those in G, D and A are taken.

folder = distribution("music21").locate_file("music21/corpus/ryansMammoth")


def read_tune(file):
    """Return key and notes, or None if it is none of those."""
    lines = file.read_text(encoding="utf-8", errors="ignore").splitlines()
    fields = {line[0]: line[2:].strip() for line in lines if re.match("[A-Z]:", line)}
    if fields.get("M") != "2/4" or fields.get("L") != "1/16" or fields.get("K") not in set("GDA"):
        return None
    notes = "\n".join(line for line in lines if not re.match("[A-Z]:|%", line))
    notes = re.sub(r'"[^"]*"|\{[^}]*\}|![^!]*!|\\\n', "", notes)
    notes = re.sub(r"\((?!3)|[^A-Ga-gz0-9^_=,'/|:(\n]", "", notes)
    return f"K:{fields['K']}\n{notes.strip()}\n\n"


tunes = [tune for tune in map(read_tune, sorted(folder.glob("*.abc"))) if tune]
train, test = [tune for i, tune in enumerate(tunes) if i % 10 != 9], tunes[9::10]
print(len(train), "tunes to learn from, the first one:\n" + train[0])

encoder = TextEncoder("char", lowercase=False)
model = GRULanguageModel(128, embedding_dim=32, max_iter=15, random_state=0)
model.fit(encoder.fit_transform(train))

# %%
# The rival counts which character follows the last few ones, and falls back on fewer where those
# are new (Witten and Bell's smoothing).


def bits_by_counting(order):
    counts = defaultdict(Counter)
    for tune in train:
        for i, character in enumerate(tune):
            for length in range(min(order, i + 1)):
                counts[tune[i - length : i]][character] += 1
    bits = []
    for tune in test:
        for i, character in enumerate(tune):
            p = 1 / len(counts[""])
            for length in range(min(order, i + 1)):
                if seen := counts.get(tune[i - length : i]):
                    p = (seen[character] + len(seen) * p) / (seen.total() + len(seen))
            bits.append(-np.log2(p))
    return np.mean(bits)


print("bits per character of", len(test), "other tunes")
for order in (2, 4, 6):
    print(f"{f'counted, {order} characters':24}{bits_by_counting(order):.2f}")
print(f"{'GRULanguageModel':24}{model.bits_per_token(encoder.transform(test)):.2f}")

# %%
# A new tune in G, drawn note by note from what is probable. It ends with the first empty line.

(prompt,) = encoder.transform(["K:G\n"])
drawn = model.sample(1, length=400, prompt=prompt, temperature=0.7, random_state=1)
composed = "K:G\n" + encoder.inverse_transform(drawn)[0].split("\n\n")[0]
print(composed)

# %%
# To draw it: letters to pitches in half-tones above middle C, with the sharps of the key.

SHARPS = {"G": "F", "D": "FC", "A": "FCG"}
SCALE = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))
NOTE = re.compile(r"(\(3)|([\^_=]?)([A-Ga-gz])([,']*)(\d*)(/*)")


def notes_of(tune):
    """Return start and length, in sixteenths, and pitch of each note."""
    key, _, body = tune.partition("\n")
    start, triplet, notes = 0.0, 0, []
    for begins_triplet, sign, letter, octave, length, halved in NOTE.findall(body):
        if begins_triplet:
            triplet = 3
            continue
        lasts = int(length or 1) / 2 ** len(halved) * (2 / 3 if triplet else 1)
        triplet = max(0, triplet - 1)
        if letter != "z":
            is_sharp = sign == "^" or (not sign and letter.upper() in SHARPS[key[2]])
            pitch = SCALE[letter.upper()] + is_sharp - (sign == "_") + 12 * letter.islower()
            notes.append((start, lasts, pitch + 12 * (octave.count("'") - octave.count(","))))
        start += lasts
    return np.array(notes).reshape(-1, 3)


fig, axes = plt.subplots(2, 1, figsize=(5.6, 6.0), sharey=True, sharex=True)
titles = {"From the collection": train[0], "By the model": composed}
for ax, (title, tune), colour in zip(axes, titles.items(), ("C1", "C0"), strict=True):
    start, lasts, pitch = notes_of(tune).T
    ax.barh(pitch, lasts * 0.9, left=start, height=1.4, color=colour)
    ax.set(title=title, ylabel="pitch", xlim=(0, 128))
    ax.set_yticks([0, 7, 12, 19, 24], ["C4", "G4", "C5", "G5", "C6"])
axes[1].set(xlabel="sixteenths; eight make a bar", xticks=range(0, 129, 32))
plt.show()
