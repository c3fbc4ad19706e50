"""What `check_sequence_estimator` says of sktime's GRU classifier with nothing set.

    python benchmarks/sktime_checks.py > benchmarks/results/YYYY-MM-DD_sktime_checks.md

needs ``pip install sktime torch``.
"""

from __future__ import annotations

import textwrap
import warnings

from pairing import conditions, limit_blas, print_conditions

limit_blas(1)

from sktime.classification.deep_learning import GRUClassifier

from skgru.testing import check_sequence_estimator


def complaint() -> str:
    """Return the message of the first check that fails."""
    try:
        check_sequence_estimator(GRUClassifier(random_state=0), time_axis=2)
    except AssertionError as error:
        return str(error)
    return "All checks pass."


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print_conditions(conditions("sktime"))
    print(textwrap.fill(complaint(), 100))
