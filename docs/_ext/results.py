"""Read numbers and tables out of ``benchmarks/results``, always from the newest file of a name.

A number is named by a path into a JSON file; ``*`` is every item of a list, and ``[n_hidden<=32]``
those that fulfil it:

>>> number("torch_1_thread | gmean rows/*/fit/ratio | .1f").text
'2.2'

A cell of a table in a Markdown file is named by section, row and column; the row by its first
cells, ``; `` between them:

>>> number("defaults.md | A small grid search/co2/flat").text
'0.443'
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from pathlib import Path
from statistics import geometric_mean
from typing import Any, NamedTuple

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
}
AGGREGATES: dict[str, Callable[[Any], float]] = {
    "min": lambda values: min(leaves(values)),
    "max": lambda values: max(leaves(values)),
    "gmean": lambda values: geometric_mean(leaves(values)),
    "inverse": lambda value: 1 / value,
}


class Measured(NamedTuple):
    """A number as it stands on a page, and where it comes from."""

    text: str
    source: Path

    @property
    def date(self) -> str:
        """The day of the run, YYYY-MM-DD."""
        return date_of(self.source)


class Table(NamedTuple):
    """A table of a Markdown file."""

    section: str
    header: list[str]
    rows: list[list[str]]


def newest(name: str) -> Path:
    """Return the file of that name with the latest date; ``.json`` where no suffix is given."""
    name = name if name.endswith(".md") else f"{name}.json"
    found = sorted(RESULTS.glob(f"????-??-??[_-]{name}"))
    if not found:
        raise ValueError(f"There is no result {name!r} in {RESULTS.name}.")
    return found[-1]


def date_of(path: Path) -> str:
    """Return the date in the name of a file."""
    return path.name[:10]


def number(expression: str) -> Measured:
    """Return what ``file | [aggregate] path | format`` stands for.

    ``x1000`` at the end of the format multiplies. Of a Markdown file the path is
    ``section/row/column``, and the cell comes as it is.
    """
    name, path, *form = (part.strip() for part in expression.split("|"))
    source = newest(name)
    if name.endswith(".md"):
        return Measured(cell(source, path), source)
    value = evaluate(json.loads(source.read_text()), path)
    spec, _, factor = (form[0] if form else "").partition(" x")
    return Measured(format(value * float(factor or 1), spec) if spec else str(value), source)


def evaluate(data: Any, expression: str) -> Any:
    """Follow a path into nested lists and dicts, after an aggregate perhaps, or divide two."""
    if " / " in expression:
        above, below = expression.split(" / ")
        return evaluate(data, above) / evaluate(data, below)
    first, _, rest = expression.partition(" ")
    if first in AGGREGATES:
        return AGGREGATES[first](evaluate(data, rest))
    return follow(data, expression.split("/"))


def follow(data: Any, keys: list[str]) -> Any:
    """Return what the keys lead to; a list of it where one of them stands for several."""
    if not keys:
        return data
    key, *others = keys
    if key == "*":
        return [follow(item, others) for item in data]
    if condition := re.fullmatch(r"\[(\w+)(<=|>=|==)(\S+)\]", key):
        name, comparison, bound = condition.groups()
        return [follow(x, others) for x in data if COMPARISONS[comparison](x[name], float(bound))]
    return follow(data[int(key) if isinstance(data, list) else key], others)


def leaves(values: Any) -> list[float]:
    """Return the numbers in nested lists."""
    if isinstance(values, list):
        return [leaf for value in values for leaf in leaves(value)]
    return [values]


def cell(source: Path, path: str) -> str:
    """Return a cell of a Markdown file by section, first cell of the row, or cells, and column."""
    section, row, column = path.rsplit("/", 2)
    names = row.split("; ")
    for table in tables(source):
        if table.section == section and column in table.header:
            for cells in table.rows:
                if [plain(text) for text in cells[: len(names)]] == names:
                    return plain(cells[table.header.index(column)])
    raise ValueError(f"{source.name} has no cell {path!r}.")


def tables(source: Path) -> list[Table]:
    """Return the tables of a Markdown file in order."""
    found: list[Table] = []
    section, before = "", ""
    for line in source.read_text().splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        if line.startswith("|"):
            cells = [part.strip() for part in line.strip().strip("|").split("|")]
            if not before.startswith("|"):
                found.append(Table(section, cells, []))
            elif not re.fullmatch(r"[|\-: ]+", line):
                found[-1].rows.append(cells)
        before = line
    return found


def plain(text: str) -> str:
    """Take the emphasis of Markdown off."""
    return text.replace("**", "").replace("`", "")


def setting(source: Path) -> dict[str, Any]:
    """Return the conditions of a run: of a Markdown file, those in its first line with any."""
    if source.suffix == ".json":
        return json.loads(source.read_text())["setting"]
    line = next((x for x in source.read_text().splitlines() if "numpy " in x), "")
    pairs = (part.rsplit(" ", 1) for part in line.rstrip(".").split(", "))
    return {pair[0].strip(): pair[1] for pair in pairs if len(pair) == 2}
