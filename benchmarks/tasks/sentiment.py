"""Sentiment: are Amazon's reviewers pleased? Raw strings in, negative or positive out.

    python benchmarks/tasks/sentiment.py --json numbers.json

TextEncoder and GRUClassifier in a pipeline, alone and as the mean of the probabilities of five
seeds, beside TF-IDF and logistic regression as they are by default. The settings were chosen by
cross-validation on the training part; the test part is read once, for three seeds.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from statistics import mean, stdev

sys.path.insert(0, str(Path(__file__).parents[1]))

from pairing import (
    conditions,
    limit_threads,
    print_conditions,
    print_header,
    print_line,
    write_json,
)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--json", type=Path, help="file that gets the same numbers")
    return parser.parse_args()


ARGUMENTS = parse_arguments()
limit_threads(ARGUMENTS.threads)

from sklearn.ensemble import VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skgru import GRUClassifier
from skgru.datasets import load_sentiment
from skgru.preprocessing import TextEncoder

N_AVERAGED = 5
OPTIONS = {
    "embedding_dim": 64,
    "bidirectional": True,
    "pooling": "max",
    "dropout": 0.5,
    "recurrent_dropout": 0.5,
    "solver": "adamw",
    "alpha": 0.1,
    "max_iter": 10,
}


def one(seed: int):
    return make_pipeline(TextEncoder(min_df=2), GRUClassifier(**OPTIONS, random_state=seed))


def several(seed: int):
    seeds = range(seed * N_AVERAGED, (seed + 1) * N_AVERAGED)
    models = [(f"seed {s}", GRUClassifier(**OPTIONS, random_state=s)) for s in seeds]
    return make_pipeline(TextEncoder(min_df=2), VotingClassifier(models, voting="soft"))


def main() -> None:
    setting = conditions(threads=ARGUMENTS.threads, **OPTIONS)
    print_conditions(setting)
    X, y = load_sentiment(subset="train", return_X_y=True)
    X_test, y_test = load_sentiment(subset="test", return_X_y=True)
    rows = {}
    print_header(["", "accuracy", "seconds of a fit"])
    for name, make in ("GRUClassifier", one), (f"the mean of {N_AVERAGED}", several):
        accuracies, started = [], time.perf_counter()
        for seed in ARGUMENTS.seeds:
            accuracies.append(make(seed).fit(X, y).score(X_test, y_test))
        seconds = (time.perf_counter() - started) / len(ARGUMENTS.seeds)
        spread = stdev(accuracies) if len(accuracies) > 1 else float("nan")
        print_line([name, f"{mean(accuracies):.4f} +- {spread:.4f}", f"{seconds:.1f}"])
        rows[name] = accuracies
    flat = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(X, y)
    rows["TF-IDF, logistic regression"] = flat.score(X_test, y_test)
    print_line(["TF-IDF, logistic regression", f"{flat.score(X_test, y_test):.4f}", ""])
    write_json(ARGUMENTS.json, {"setting": setting, "rows": rows})


if __name__ == "__main__":
    main()
