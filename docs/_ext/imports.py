"""The tree of the package and who imports whom, drawn from the files themselves.

``.. package-tree::`` lists modules with the first line of their docstring; ``.. import-matrix::
core`` or ``rooms`` has a dot where the module of a row imports that of a column. Modules stand in
such an order that all dots are below the diagonal: imports go one way.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

PACKAGE = Path(__file__).parents[2] / "skgru"
ROOMS = ("_core", "preprocessing", "inspection", "datasets", "testing")
CELL, TOP, LEFT = 15, 118, 128


def modules() -> dict[str, Path]:
    """Return all files by dotted name, without ``skgru.`` and ``.__init__``."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def imported(path: Path) -> Iterator[str]:
    """Yield what a file imports from within the package, as dotted names."""
    room = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*room[: len(room) + 1 - node.level], *(node.module or "").split(".")]
            yield ".".join(filter(None, base))


def graph(within: str) -> dict[str, set[str]]:
    """Return who imports whom, among the files of ``_core`` or among rooms and single files."""
    names = modules()

    def node(name: str) -> str | None:
        if within == "core":
            inner = name.removeprefix("_core.")
            return inner if name.startswith("_core._") else None
        return name.split(".")[0] if name.split(".")[0] in ROOMS else name

    edges: dict[str, set[str]] = {}
    for name, path in names.items():
        source = node(name)
        if source is None or source == "__init__":
            continue
        targets = {node(target) for target in imported(path) if target in names}
        edges.setdefault(source, set()).update(t for t in targets if t and t != source)
    return edges


def in_order(edges: dict[str, set[str]]) -> list[str]:
    """Return the names such that each comes after all that it imports."""
    found: list[str] = []

    def visit(name: str) -> None:
        for target in sorted(edges.get(name, ())):
            visit(target)
        if name not in found:
            found.append(name)

    for name in sorted(edges):
        visit(name)
    return found


def matrix(within: str) -> str:
    """Return the SVG."""
    edges = graph(within)
    names = in_order(edges)
    size = CELL * len(names)
    parts = []
    for i, name in enumerate(names):
        y = TOP + CELL * i
        parts.append(f'<text class="name" x="{LEFT - 6}" y="{y + 11}">{name}</text>')
        x = LEFT + CELL * i + 11
        turn = f'transform="rotate(-90 {x} {TOP - 6})"'
        parts.append(f'<text class="start" x="{x}" y="{TOP - 6}" {turn}>{name}</text>')
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y}" x2="{LEFT + size}" y2="{y}"/>')
        x = LEFT + CELL * i
        parts.append(f'<line class="grid" x1="{x}" y1="{TOP}" x2="{x}" y2="{TOP + size}"/>')
        for target in edges.get(name, ()):
            middle = LEFT + CELL * names.index(target) + CELL / 2
            parts.append(f'<circle class="dot" cx="{middle}" cy="{y + CELL / 2}" r="4.5"/>')
    words = "; ".join(
        f"{name} imports {', '.join(sorted(edges[name]))}" for name in names if edges.get(name)
    )
    box = f'viewBox="0 0 {LEFT + size + 6} {TOP + size + 6}"'
    return (
        f'<svg class="shape imports" role="img" aria-label="{escape(words)}" {box}>'
        f"{''.join(parts)}</svg>"
    )


def tree() -> str:
    """Return the files with what the first line of each says."""
    lines = ["skgru/"]
    room = ""
    for path in sorted(modules().values(), key=lambda path: path.parts[:-1]):
        first = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0].rstrip(".")
        parent = "/".join(path.relative_to(PACKAGE).parts[:-1])
        if parent != room:
            room = parent
            lines.append(f"  {room}/")
        indent = "    " if room else "  "
        lines.append(f"{indent + path.name:<27}{first}".rstrip())
    return "\n".join(lines)


class ImportMatrix(SphinxDirective):
    """The drawing for ``core`` or ``rooms``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return it."""
        return [nodes.raw("", matrix(self.arguments[0]), format="html")]


class PackageTree(SphinxDirective):
    """The tree as text."""

    def run(self) -> list[nodes.Node]:
        """Return it."""
        text = tree()
        return [nodes.literal_block(text, text, language="text")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("import-matrix", ImportMatrix)
    app.add_directive("package-tree", PackageTree)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
