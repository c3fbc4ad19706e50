"""A table of parameters by estimator, with defaults, from the signatures."""

from __future__ import annotations

import inspect
import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import skgru

ESTIMATORS = [
    name
    for name in skgru.__all__
    if inspect.isclass(getattr(skgru, name)) and name.startswith("GRU")
]


def defaults(name: str) -> dict[str, Any]:
    """Return the defaults of an estimator by parameter."""
    return getattr(skgru, name)().get_params(deep=False)


def meanings(name: str) -> dict[str, str]:
    """Return the first sentence of each parameter's text."""
    doc = inspect.getdoc(getattr(skgru, name)) or ""
    text = doc.split("Parameters\n----------\n")[1].split("\n\nAttributes\n")[0]
    entries = re.findall(r"^(\w[\w, ]*) :.*\n((?:    .*\n|\n)+)", text + "\n", re.MULTILINE)
    sentences = {}
    for names, body in entries:
        sentence = re.split(r"(?<=[.:;])\s", " ".join(body.split()), maxsplit=1)[0].rstrip(":;.")
        for parameter in names.split(", "):
            sentences[parameter] = sentence
    return sentences


def rows() -> list[list[str]]:
    """Return a row for each parameter: name, default of each estimator, meaning."""
    by_estimator = {name: defaults(name) for name in ESTIMATORS}
    texts = {key: text for name in reversed(ESTIMATORS) for key, text in meanings(name).items()}
    parameters = dict.fromkeys(key for values in by_estimator.values() for key in values)
    table = []
    for parameter in parameters:
        cells = [
            f"``{values[parameter]!r}``" if parameter in values else "–"
            for values in by_estimator.values()
        ]
        table.append([f"``{parameter}``", *cells, texts.get(parameter, "")])
    return table


class ParametersTable(SphinxDirective):
    """The table of all estimators."""

    def run(self) -> list[nodes.Node]:
        """Return its nodes."""
        header = ["parameter", *(f":class:`~skgru.{name}`" for name in ESTIMATORS), "meaning"]
        lines = [".. list-table::", "   :header-rows: 1", "   :class: parameters", ""]
        for cells in (header, *rows()):
            for i, cell in enumerate(cells):
                lines.append(("   * - " if i == 0 else "     - ") + cell)
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("parameters-table", ParametersTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
