"""Fiddle tunes and Bach's chorales, from the corpus of the package music21.

``pip install -e ".[bench]"`` brings it. The music is in the public domain; the encodings come with
music21 by permission of those who made them (its corpus/license.txt), so they do not ship here.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import numpy as np

STEPS_PER_QUARTER = 4
REST = 1
END = 0  # of a piece, in each voice
# Marks of bowing, fingering and phrasing before a note, which say nothing of the tune.
MARKS = re.compile(r"[.~uvkTJHM](?=[\^_=]?[A-Ga-g(\[{])")
TEXTS = re.compile(r'"[^"]*"|![^!]*!')


def load_tunes() -> str:
    """Return the 1 046 tunes of Ryan's Mammoth Collection (1883) in ABC notation, as one text.

    Kept are title, metre, length of a note, key and the notes; a blank line ends each tune.
    """
    import music21

    folder = Path(music21.__file__).parent / "corpus" / "ryansMammoth"
    paths = sorted(folder.glob("*.abc"))
    tunes = dict.fromkeys(tune(path.read_bytes().decode("utf-8", "replace")) for path in paths)
    return "".join(one + "\n\n" for one in tunes)  # none twice


def tune(text: str) -> str:
    lines: list[str] = []
    for line in text.replace("\r", "").split("\n"):
        field = re.match(r"([A-Za-z]):\s*(.*)", line)
        if field:
            name, value = field.groups()
            is_first = not any(before.startswith(name + ":") for before in lines)
            if name in "XTMLK" and is_first:
                lines.append("X:1" if name == "X" else f"{name}:{value.strip()}")
        elif not line.startswith("%"):
            notes = MARKS.sub("", TEXTS.sub("", line).replace("\\", ""))
            lines.append(re.sub(" +", " ", notes).strip())
    return "\n".join(line for line in lines if line)


def load_chorales() -> dict[str, list[np.ndarray]]:
    """Return Bach's chorales in four voices, training and test part, arrays (n_steps, 4).

    Each step is a sixteenth, each voice a number: 2 * pitch + 1 where a note begins (MIDI, 60 is
    the middle C), 2 * pitch where it goes on, 1 for a rest. About a fifth of the works are for
    testing: those whose CRC32 is divisible by 5.
    """
    from music21 import corpus

    parts: dict[str, list[np.ndarray]] = {"train": [], "test": []}
    for path in sorted(corpus.getComposer("bach"), key=str):
        voices = read_chorale(path)
        if voices is not None:
            work = Path(path).name.partition(".")[0]
            parts["train" if zlib.crc32(work.encode()) % 5 else "test"].append(voices)
    return parts


def read_chorale(path) -> np.ndarray | None:
    """Return four voices, or None where there are others or notes off the grid."""
    from music21 import corpus

    score = corpus.parse(path)
    if len(score.parts) != 4:
        return None
    voices = [read_voice(part) for part in score.parts]
    if any(voice is None for voice in voices):
        return None
    n_steps = min(map(len, voices))
    return np.stack([voice[:n_steps] for voice in voices], axis=1)


def read_voice(part) -> np.ndarray | None:
    numbers = np.full(round(part.highestTime * STEPS_PER_QUARTER), REST)
    for note in part.flatten().notes:
        start = float(note.offset) * STEPS_PER_QUARTER
        length = float(note.quarterLength) * STEPS_PER_QUARTER
        if note.isChord or not start.is_integer() or not length.is_integer() or length == 0:
            return None
        numbers[int(start) : int(start + length)] = 2 * note.pitch.midi
        numbers[int(start)] += 1
    return numbers


def as_abc(voices: np.ndarray) -> str:
    """Write numbers (n_steps, n_voices) in ABC notation, for any player of that."""
    lines = ["X:1", "L:1/16", "K:C"]
    for i, numbers in enumerate(voices.T):
        begins = np.flatnonzero((numbers % 2 == 1) | (np.diff(numbers // 2, prepend=-1) != 0))
        begins = begins[(numbers[begins] != REST) | (np.roll(numbers, 1)[begins] != REST)]
        lengths = np.diff(begins, append=len(numbers))
        notes = (_note(n) + str(m) for n, m in zip(numbers[begins], lengths, strict=True))
        lines += [f"V:{i + 1}", " ".join(notes)]
    return "\n".join(lines)


def _note(number: int) -> str:
    if number == REST:
        return "z"
    octave, place = divmod(int(number) // 2, 12)
    name = ["=C", "^C", "=D", "^D", "=E", "=F", "^F", "=G", "^G", "=A", "^A", "=B"][place]
    above = octave - 5  # the middle C begins octave 5 and is written C
    return name + "'" * above + "," * -above


def chorale_tokens(n_voices: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return numbers of voices in rising order, and both parts as places among them, from 1 on.

    Of a step, the first ``n_voices`` follow one another; each piece ends with a step of `END`.
    """
    parts = [
        np.concatenate(
            [np.pad(one[:, :n_voices], [(0, 1), (0, 0)], constant_values=END) for one in pieces]
        ).ravel()
        for pieces in load_chorales().values()
    ]
    numbers, places = np.unique(np.concatenate(parts), return_inverse=True)
    train, test = np.split(places + 1, [len(parts[0])])
    return numbers, train, test
