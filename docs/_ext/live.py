"""Code that the build runs, with what it prints and draws below it.

``.. live::`` blocks of a page share their names, like the cells of a notebook. With ``:figure:``
and a caption the figure that the code draws is shown; ``:hide:`` leaves the code out.
"""

from __future__ import annotations

import ast
import contextlib
import io
import warnings
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FIGURES = "figures/generated"
STYLE: Any = {"svg.hashsalt": "skgru", "svg.fonttype": "path", "font.size": 11}


class Live(SphinxDirective):
    """A block of Python, and the outcome of running it."""

    has_content = True
    option_spec: ClassVar = {
        "figure": directives.unchanged,
        "alt": directives.unchanged,
        "hide": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Return the block, what it printed, and its figure."""
        import matplotlib

        # The gallery leaves settings of its own behind.
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(STYLE)
            return self._run()

    def _run(self) -> list[nodes.Node]:
        page: dict[str, Any] = {"__name__": "__live__"}
        names: Any = self.env.temp_data.setdefault("live names", page)
        code = "\n".join(self.content)
        printed = execute(code, names)
        found: list[nodes.Node] = []
        if "hide" not in self.options:
            found.append(nodes.literal_block(code, code, language="python"))
        if printed:
            output = nodes.literal_block(printed, printed, language="text", classes=["output"])
            found.append(output)
        if "figure" in self.options:
            found += self._figure()
        return found

    def _figure(self) -> list[nodes.Node]:
        import matplotlib.pyplot as plt

        number = self.env.new_serialno("live figure")
        name = f"{self.env.docname.replace('/', '_')}_{number}.svg"
        folder = Path(self.env.srcdir) / FIGURES
        folder.mkdir(parents=True, exist_ok=True)
        plt.gcf().savefig(folder / name, metadata={"Date": None}, bbox_inches="tight")
        plt.close("all")
        caption = " ".join(self.options["figure"].split())
        alt = " ".join(self.options.get("alt", caption).split())
        text = f".. figure:: /{FIGURES}/{name}\n   :alt: {alt}\n\n   {caption}\n"
        return self.parse_text_to_nodes(text)


def execute(code: str, names: dict[str, Any]) -> str:
    """Run code and return what it prints, with the value of its last line if that is one."""
    tree = ast.parse(code)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = tree.body.pop()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(tree, "<live>", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<live>", "eval"), names)
            if value is not None and "matplotlib" not in type(value).__module__:
                print(repr(value))
    return printed.getvalue().rstrip()


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive, and draw without a screen."""
    import matplotlib

    matplotlib.use("Agg")
    app.add_directive("live", Live)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
