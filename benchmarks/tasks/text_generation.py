"""Text generation: bits per character of Shakespeare and of the World English Bible's gospels.

    python benchmarks/tasks/text_generation.py shakespeare --epochs 3 --json numbers.json

The last tenth of a text is the test part, which is read once. Beside GRULanguageModel: PyTorch's
GRU with the same architecture, solver and number of updates; and n-grams with Witten-Bell
smoothing, their order chosen on the test part in their favour.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from pairing import conditions, limit_threads, print_conditions, write_json


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text", choices=["shakespeare", "gospels"])
    parser.add_argument("--threads", type=int, default=1, help="threads of either rival")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--tokens", type=int, help="so many of the training part, to time alone")
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    return parser.parse_args()


ARGUMENTS = parse_arguments()
limit_threads(ARGUMENTS.threads)

import torch
from next_token import compare_on

from skgru import datasets
from skgru.preprocessing import TextEncoder


def main() -> None:
    torch.set_num_threads(ARGUMENTS.threads)
    chosen = {"text": ARGUMENTS.text, "epochs": ARGUMENTS.epochs}
    if ARGUMENTS.tokens:
        chosen["tokens"] = ARGUMENTS.tokens
    setting = conditions(threads=ARGUMENTS.threads, **chosen)
    print_conditions(setting)
    load = getattr(datasets, "load_" + ARGUMENTS.text)
    parts = [load(subset=subset).data[0] for subset in ("train", "test")]
    encoder = TextEncoder("char", lowercase=False).fit(parts[:1])
    train, test = encoder.transform(parts)
    train = train[: ARGUMENTS.tokens]
    model, numbers = compare_on(train, test, {"max_iter": ARGUMENTS.epochs}, ARGUMENTS.seeds)
    drawn = model.sample(1, 400, prompt=test[:100], temperature=0.7, random_state=0)
    numbers["sample"] = encoder.inverse_transform(drawn)[0]
    print("After the first 100 characters of the test part, at temperature 0.7:\n")
    print("\n".join("    " + line for line in numbers["sample"].splitlines()))
    write_json(ARGUMENTS.json, {"setting": setting, **numbers})


if __name__ == "__main__":
    main()
