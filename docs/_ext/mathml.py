"""Equations as MathML, made in the build: they need no script and no network."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def mathml(latex: str, *, display: bool) -> str:
    """Return an equation; several lines, or columns, are aligned."""
    from latex2mathml.converter import convert

    if display and re.search(r"\\\\|&", latex) and "\\begin" not in latex:
        latex = rf"\begin{{align*}}{latex}\end{{align*}}"
    return convert(latex, display="block" if display else "inline")


def visit_inline(writer: Any, node: nodes.Element) -> None:
    """Write an equation within a line."""
    writer.body.append(mathml(node.astext(), display=False))
    raise nodes.SkipNode


def visit_block(writer: Any, node: nodes.Element) -> None:
    """Write an equation that stands alone; a wide one is scrolled."""
    block = mathml(node.astext(), display=True)
    writer.body.append(f'<div class="equation" tabindex="0">{block}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer under the name ``mathml``."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
