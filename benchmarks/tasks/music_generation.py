"""Music generation: fiddle tunes in ABC notation, Bach's chorales in one voice and in four.

    python benchmarks/tasks/music_generation.py tunes --epochs 5 --json numbers.json

tunes: the last tenth of the text is for testing, and a token is a character. soprano: a token is
what the voice does in a sixteenth, a note that begins or goes on, or a rest; four: so do all voices
of a step, one after the other. About a fifth of the works is for testing.

Beside GRULanguageModel: PyTorch's GRU with the same architecture, solver and number of updates;
n-grams with Witten-Bell smoothing, their order chosen on the test part in their favour; and of the
chorales that each voice goes on as it is. music21 has the music: ``pip install -e ".[bench]"``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from pairing import conditions, limit_threads, print_conditions, write_json


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("music", choices=["tunes", "soprano", "four"])
    parser.add_argument("--threads", type=int, default=1, help="threads of either rival")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--tokens", type=int, help="so many of the training part, to time alone")
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    return parser.parse_args()


ARGUMENTS = parse_arguments()
limit_threads(ARGUMENTS.threads)

import numpy as np
import torch
from music_data import END, REST, as_abc, chorale_tokens, load_tunes
from next_token import compare_on

from skgru import GRULanguageModel
from skgru.preprocessing import TextEncoder


class Tunes:
    """Characters of ABC notation."""

    def __init__(self) -> None:
        text = load_tunes()
        n_train = len(text) * 9 // 10
        self.encoder = TextEncoder("char", lowercase=False).fit([text[:n_train]])
        self.train, self.test = self.encoder.transform([text[:n_train], text[n_train:]])

    def sample(self, model: GRULanguageModel) -> str:
        (prompt,) = self.encoder.transform(["\n\nX:1\nT:"])
        drawn = model.sample(1, 400, prompt=prompt, temperature=0.8, random_state=0)
        return "T:" + self.encoder.inverse_transform(drawn)[0].partition("\n\n")[0]


class Chorales:
    """Numbers of the voices, step by step; each piece ends with a step of `END`."""

    def __init__(self, n_voices: int) -> None:
        self.n_voices = n_voices
        self.numbers, self.train, self.test = chorale_tokens(n_voices)

    def repeats(self) -> float:
        """Return how often the next token is what the voice did before, going on."""
        test = self.numbers[self.test - 1]
        before = test[: -self.n_voices]
        goes_on = np.where(before == REST, REST, before // 2 * 2)
        return float(np.mean(test[self.n_voices :] == goes_on))

    def sample(self, model: GRULanguageModel) -> str:
        end = int(np.searchsorted(self.numbers, END)) + 1
        n_steps = 128
        prompt = [end] * self.n_voices
        options = {"prompt": prompt, "stop": end, "temperature": 0.8, "random_state": 0}
        (drawn,) = model.sample(1, n_steps * self.n_voices, **options)
        numbers = self.numbers[drawn - 1]
        whole = len(numbers) // self.n_voices * self.n_voices
        voices = numbers[:whole].reshape(-1, self.n_voices)
        return as_abc(voices[(voices != END).all(axis=1)])


def main() -> None:
    torch.set_num_threads(ARGUMENTS.threads)
    chosen = {"music": ARGUMENTS.music, "epochs": ARGUMENTS.epochs}
    if ARGUMENTS.tokens:
        chosen["tokens"] = ARGUMENTS.tokens
    setting = conditions(threads=ARGUMENTS.threads, **chosen)
    print_conditions(setting)
    is_text = ARGUMENTS.music == "tunes"
    task = Tunes() if is_text else Chorales(1 if ARGUMENTS.music == "soprano" else 4)
    train = task.train[: ARGUMENTS.tokens]
    print(f"{len(train)} tokens for training, {len(task.test)} for testing\n")
    options = {"max_iter": ARGUMENTS.epochs}
    model, numbers = compare_on(train, task.test, options, ARGUMENTS.seeds)
    if isinstance(task, Chorales):
        numbers["repeats"] = task.repeats()
        print(f"Each voice goes on as it is: {numbers['repeats']:.3f} right\n")
    numbers["sample"] = task.sample(model)
    print("Made by the model of the last seed, at temperature 0.8:\n")
    print("\n".join("    " + line for line in numbers["sample"].splitlines()))
    write_json(ARGUMENTS.json, {"setting": setting, **numbers})


if __name__ == "__main__":
    main()
