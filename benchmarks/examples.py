"""The tables that the examples print, with the versions they were made with, for README and docs.

    python benchmarks/examples.py quickstart > benchmarks/results/YYYY-MM-DD_quickstart.md

``neighbours`` in place of ``quickstart`` needs ``pip install -e ".[interop-test]"``.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import runpy
from pathlib import Path

from pairing import conditions, limit_blas, print_conditions

NEIGHBOURS = (
    *("scipy", "pandas", "skforecast", "sktime", "mapie", "optuna", "optuna-integration"),
    "imbalanced-learn",
)
EXAMPLES = Path(__file__).parents[1] / "examples"


def table(name: str) -> str:
    """Run an example and return the last lines of what it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    return "\n".join(line for line in printed.getvalue().splitlines() if line.startswith("|"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=["quickstart", "neighbours"])
    limit_blas(1)  # some last digits depend on it
    name = parser.parse_args().name
    print_conditions(conditions(*(NEIGHBOURS if name == "neighbours" else ())))
    print(table(name))
