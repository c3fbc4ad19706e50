"""Numbers and tables of ``benchmarks/results`` on a page, with the date of their run.

``:measured:`torch_1_thread | gmean rows/*/fit/ratio | .1f``` is a number, see `results.number`;
``:measured-on:`torch_1_thread``` the date. ``results-table`` shows a table of a Markdown file,
``ratios-table`` what the peers of the speed benchmark take. No page has to repeat a digit.
"""

from __future__ import annotations

import json
from statistics import geometric_mean
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

from _ext import results
from _ext.speed import speed_bars

PEERS = {
    "torch": "PyTorch, bare loop",
    "skorch": "skorch",
    "jax": "JAX, compiled",
    "onnxruntime": "ONNX Runtime",
}
TASKS = {
    "fit": "``fit``",
    "predict all": "``predict``, all sequences",
    "predict 64": "``predict``, 64 sequences",
}


class MeasuredRole(SphinxRole):
    """A number, with its file as the title that a pointer shows."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the number, or the error that its expression makes."""
        try:
            measured = results.number(self.text)
        except (ValueError, LookupError, TypeError) as error:
            message = f"{self.text!r} names no result: {error}"
            return [], [self.inliner.reporter.error(message, line=self.lineno)]
        node = nodes.inline(self.rawtext, measured.text, classes=["measured"])
        node["measured_in"] = f"benchmarks/results/{measured.source.name}"
        return [node], []


class MeasuredOnRole(SphinxRole):
    """The date of a result."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the date."""
        return [nodes.inline(self.rawtext, results.date_of(results.newest(self.text)))], []


class TableDirective(SphinxDirective):
    """What the tables share: rows of text to a table with a title and its source."""

    def table(
        self, title: str, header: list[str], rows: list[list[str]], sources: list[str]
    ) -> list[nodes.Node]:
        """Return the nodes of a table whose first column is text and the others numbers."""
        files = [results.newest(name) for name in sources]
        dates = sorted({results.date_of(file) for file in files})
        where = ", ".join(f"``{file.name}``" for file in files)
        lines = [
            f".. list-table:: {' '.join(title.split())}",
            "   :header-rows: 1",
            "   :class: results",
            "",
        ]
        for cells in (header, *rows):
            bullets = ["   * - ", *["     - "] * (len(cells) - 1)]
            lines += [
                bullet + cell.replace("\\", "") for bullet, cell in zip(bullets, cells, strict=True)
            ]
        note = f"Measured {' and '.join(dates)}; in ``benchmarks/results``: {where}."
        lines += ["", ".. rst-class:: source-of-table", "", note, ""]
        return self.parse_text_to_nodes("\n".join(lines))


class ResultsTable(TableDirective):
    """A table of a Markdown result; the argument is its file without the date."""

    required_arguments = 1
    option_spec: ClassVar = {
        "title": directives.unchanged_required,
        "section": directives.unchanged,
        "number": directives.nonnegative_int,
        "columns": directives.unchanged,
        "rows": directives.unchanged,
        "unnamed": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Return the table of that section, or of that number within it."""
        found = results.tables(results.newest(self.arguments[0]))
        if "section" in self.options:
            found = [table for table in found if table.section == self.options["section"]]
        if len(found) <= (i := self.options.get("number", 0)):
            raise self.error(f"{self.arguments[0]} has no such table.")
        _, header, rows = found[i]
        if "rows" in self.options:
            wanted = [name.strip() for name in self.options["rows"].split(";")]
            rows = [row for name in wanted for row in rows if results.plain(row[0]) == name]
        columns = self._columns(header)
        names = [header[i] or self.options.get("unnamed", " ") for i in columns]
        body = [[row[i] for i in columns] for row in rows]
        return self.table(self.options["title"], names, body, self.arguments)

    def _columns(self, header: list[str]) -> list[int]:
        if "columns" not in self.options:
            return list(range(len(header)))
        return [header.index(name.strip()) for name in self.options["columns"].split(";")]


class RatiosTable(TableDirective):
    """The peers' times divided by skgru's: geometric mean, lowest and highest of all sizes."""

    option_spec: ClassVar = {
        "title": directives.unchanged_required,
        "threads": directives.positive_int,
        "peers": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        n = self.options.get("threads", 1)
        peers = self.options.get("peers", " ".join(PEERS)).split()
        sources = [f"{peer}_{n}_thread{'s' * (n > 1)}" for peer in peers]
        rows = [
            [PEERS[peer.removesuffix("_float64")], *ratios(source)]
            for peer, source in zip(peers, sources, strict=True)
        ]
        return self.table(self.options["title"], ["beside", *TASKS.values()], rows, sources)


class LimitsTable(TableDirective):
    """Those ratios, and what they could be at most, as ``benchmarks/figures.py`` prints them."""

    option_spec: ClassVar = {"title": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        header = ["beside", *(text for task in TASKS.values() for text in (task, "limit"))]
        rows = []
        for peer, label in PEERS.items():
            pairs = [limits(f"{peer}_1_thread", task) for task in TASKS]
            rows.append([label, *(text for pair in pairs for text in pair)])
        sources = ["limit_1_thread", *(f"{peer}_1_thread" for peer in PEERS)]
        return self.table(self.options["title"], header, rows, sources)


class SpeedBars(SphinxDirective):
    """The same as a figure, drawn in the colours of the page."""

    def run(self) -> list[nodes.Node]:
        """Return the picture and its caption."""
        names = {f"{peer}_1_thread": label.split(",")[0] for peer, label in PEERS.items()}
        date = max(results.date_of(results.newest(name)) for name in names)
        caption = (
            f"Ten sizes of problem in float32 on one thread, {date}: geometric means as "
            "dots, lowest to highest as lines. More in :doc:`/user_guide/performance`."
        )
        figure = nodes.figure("", nodes.raw("", speed_bars(names), format="html"))
        text = self.parse_text_to_nodes(caption)[0]
        figure += nodes.caption(caption, "", *text.children)
        return [figure]


def ratios(name: str) -> list[str]:
    """Return a cell for each task: mean, and the range in brackets; empty where there is none."""
    cells = []
    for task in TASKS:
        try:
            parts = [
                results.number(f"{name} | {aggregate} rows/*/{task}/ratio | .1f").text
                for aggregate in ("gmean", "min", "max")
            ]
        except KeyError:
            cells.append(" ")
        else:
            cells.append("{} ({} to {})".format(*parts))
    return cells


def limits(name: str, task: str) -> tuple[str, str]:
    """Return mean and lowest ratio, and what they would be if arithmetic alone took time."""

    def rows(name: str) -> list[dict[str, Any]]:
        return json.loads(results.newest(name).read_text())["rows"]

    pairs = [
        (a[task]["ratio"], b[task]["ratio"])
        for a, b in zip(rows(name), rows("limit_1_thread"), strict=True)
        if task in a
    ]
    if not pairs:
        return " ", " "
    found = [ratio for ratio, _ in pairs]
    bounds = [ratio / min(1, share) for ratio, share in pairs]
    texts = [f"{geometric_mean(x):.1f} ({min(x):.2f})" for x in (found, bounds)]
    return texts[0], texts[1]


def visit_measured(app: Sphinx, doctree: nodes.document) -> None:
    """Note every result a page reads, so that a newer run makes it be built anew."""
    for node in doctree.findall(nodes.inline):
        if "measured_in" in node:
            app.env.note_dependency(str(results.RESULTS.parents[1] / node["measured_in"]))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register roles and directives."""
    app.add_role("measured", MeasuredRole())
    app.add_role("measured-on", MeasuredOnRole())
    app.add_directive("results-table", ResultsTable)
    app.add_directive("limits-table", LimitsTable)
    app.add_directive("ratios-table", RatiosTable)
    app.add_directive("speed-bars", SpeedBars)
    app.connect("doctree-read", visit_measured)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
