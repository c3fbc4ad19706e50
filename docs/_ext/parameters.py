"""Tables of parameters with their defaults, from the signatures: none is typed.

``parameters-table`` is all of ours by estimator; ``shared-parameters`` and ``other-parameters`` set
``GRUClassifier`` beside a class of another package.
"""

from __future__ import annotations

import importlib
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
    """Return the defaults of an estimator by parameter, in the order of its signature."""
    signature = inspect.signature(getattr(skgru, name))
    return {key: parameter.default for key, parameter in signature.parameters.items()}


def meanings(name: str) -> dict[str, str]:
    """Return the first sentence of each parameter's text."""
    doc = inspect.getdoc(getattr(skgru, name)) or ""
    text = doc.split("Parameters\n----------\n")[1].split("\n\nAttributes\n")[0]
    entries = re.findall(r"^(\w[\w, ]*) :.*\n((?:    .*\n|\n)+)", text + "\n", re.MULTILINE)
    sentences = {}
    for names, body in entries:
        text = re.sub(r" \[\d\]_", "", " ".join(body.split()))  # references stand elsewhere
        sentence = re.split(r"(?<=[.])\s", text, maxsplit=1)[0].rstrip(".")
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
            f"``{values[parameter]!r}``" if parameter in values else "-"
            for values in by_estimator.values()
        ]
        table.append([f"``{parameter}``", *cells, texts.get(parameter, "")])
    return table


class ListTable(SphinxDirective):
    """What the directives share: rows of text to a table."""

    def table(self, header: list[str], rows: list[list[str]]) -> list[nodes.Node]:
        """Return the nodes of a table."""
        lines = [".. list-table::", "   :header-rows: 1", "   :class: parameters", ""]
        for cells in (header, *rows):
            for i, cell in enumerate(cells):
                lines.append(("   * - " if i == 0 else "     - ") + cell)
        return self.parse_text_to_nodes("\n".join(lines))


class ParametersTable(ListTable):
    """The table of all estimators."""

    def run(self) -> list[nodes.Node]:
        """Return its nodes."""
        header = ["parameter", *(f":class:`~skgru.{name}`" for name in ESTIMATORS), "meaning"]
        return self.table(header, rows())


class SharedParameters(ListTable):
    """Parameters that ``GRUClassifier`` and another class have both."""

    required_arguments = 2  # module and class

    def peer(self) -> dict[str, Any]:
        """Return the defaults of the other class."""
        module, name = self.arguments
        signature = inspect.signature(getattr(importlib.import_module(module), name))
        return {key: parameter.default for key, parameter in signature.parameters.items()}

    def run(self) -> list[nodes.Node]:
        """Return a row for each."""
        ours, theirs = defaults("GRUClassifier"), self.peer()
        body = [
            [f"``{key}``", f"``{value!r}``", f"``{ours[key]!r}``"]
            for key, value in theirs.items()
            if key in ours
        ]
        return self.table(["parameter", self.arguments[1], "GRUClassifier"], body)


class OtherParameters(SharedParameters):
    """Parameters that only one of the two has."""

    def run(self) -> list[nodes.Node]:
        """Return a row for each of the classes."""
        ours, theirs = defaults("GRUClassifier"), self.peer()
        alone = {self.arguments[1]: [*theirs], "GRUClassifier": [*ours]}
        shared = ours.keys() & theirs.keys()
        body = [
            [name, ", ".join(f"``{key}``" for key in keys if key not in shared)]
            for name, keys in alone.items()
        ]
        return self.table(["class", "parameters"], body)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("parameters-table", ParametersTable)
    app.add_directive("shared-parameters", SharedParameters)
    app.add_directive("other-parameters", OtherParameters)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
