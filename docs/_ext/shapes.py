"""Drawings of the shapes of X and y, as SVG inside the page: they follow its light or dark colours.

``.. shape:: flat`` draws one. Time runs to the right, features are rows with a letter and a colour
of their own (Okabe and Ito's, which colour-blind people can tell apart), cells are single numbers.
Width 360, so that a phone shows them in full size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

WIDTH = 360
CELL = 22
LETTERS = "abc"


class Drawing:
    """Collects the parts of an SVG picture.

    Parameters
    ----------
    title : str
        What a screen reader says.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.parts: list[str] = []
        self.height = 0.0

    def cell(self, x: float, y: float, kind: str, text: str = "", width: float = CELL) -> None:
        """Draw a box with a letter in it; ``kind`` is a class of the style sheet."""
        self.height = max(self.height, y + CELL)
        self.parts.append(
            f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{CELL}"/>'
        )
        if text:
            middle = x + width / 2
            self.text(middle, y + 15.5, text, "letter")

    def text(self, x: float, y: float, text: str, kind: str = "label") -> None:
        """Write; ``kind`` says how it is aligned too."""
        self.height = max(self.height, y)
        self.parts.append(f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>')

    def line(self, x1: float, y1: float, x2: float, y2: float, *, arrow: bool = False) -> None:
        """Draw a line, with a head at its end perhaps."""
        self.height = max(self.height, y1, y2)
        self.parts.append(f'<line class="pen" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>')
        if arrow:
            angle = math.degrees(math.atan2(y2 - y1, x2 - x1))
            place = f'transform="translate({x2:g} {y2:g}) rotate({angle:.1f})"'
            self.parts.append(f'<path class="head" d="M-7 -3.5L0 0L-7 3.5z" {place}/>')

    def sequence(self, x: float, y: float, n_timesteps: int, n_features: int = 2) -> None:
        """Draw one sequence: a column of cells for each step."""
        for t in range(n_timesteps):
            for f in range(n_features):
                self.cell(x + t * CELL, y + f * CELL, f"feature-{f}", LETTERS[f])

    def svg(self) -> str:
        """Return the picture."""
        height = self.height + 6
        return (
            f'<svg class="shape" role="img" aria-label="{escape(self.title)}" '
            f'viewBox="0 0 {WIDTH} {height:g}">{"".join(self.parts)}</svg>'
        )


def three_d() -> Drawing:
    """Sheets one behind the other."""
    drawing = Drawing(
        "A stack of three sheets, one for each sample; on each five columns, one for each step, "
        "and two rows, one for each feature."
    )
    for i in (2, 1, 0):
        x, y = 112 + 22 * i, 52 - 22 * i
        drawing.parts.append(
            f'<rect class="sheet" x="{x - 3}" y="{y - 3}" width="{5 * CELL + 6}" '
            f'height="{2 * CELL + 6}"/>'
        )
        drawing.sequence(x, y, 5)
    drawing.line(112, 108, 220, 108, arrow=True)
    drawing.text(112, 124, "n_timesteps = 5: time", "start code")
    drawing.line(104, 52, 104, 96, arrow=True)
    drawing.text(4, 78, "n_features = 2", "start code")
    drawing.line(232, 100, 276, 56, arrow=True)
    drawing.text(258, 92, "n_samples = 3", "start code")
    return drawing


def flat() -> Drawing:
    """A table, a row for each sample, with brackets over the steps."""
    drawing = Drawing(
        "A table with three rows, one for each sample. Its columns are features a and b of step 0, "
        "then a and b of step 1, and so on to step 4."
    )
    left = 70
    for t in range(5):
        x = left + 2 * t * CELL
        drawing.line(x + 2, 24, x + 2 * CELL - 2, 24)
        drawing.text(x + CELL, 16, f"step {t}", "label")
        for i in range(3):
            for f in range(2):
                drawing.cell(x + f * CELL, 30 + i * (CELL + 6), f"feature-{f}", LETTERS[f])
    for i in range(3):
        drawing.text(4, 46 + i * (CELL + 6), f"sample {i}", "start")
    drawing.text(left, 132, "shape (3, 10) = (n_samples, T * F)", "start code")
    drawing.text(left, 149, "n_features_per_step=2", "start code")
    return drawing


def ragged() -> Drawing:
    """A list of sequences of unlike length."""
    drawing = Drawing(
        "A list of three sequences with two features: the first has seven steps, the second three, "
        "the third five."
    )
    for i, length in enumerate((7, 3, 5)):
        y = 6 + i * (2 * CELL + 12)
        drawing.text(4, y + 27, f"X[{i}]", "start code")
        drawing.sequence(60, y, length)
        drawing.text(66 + length * CELL, y + 27, f"({length}, 2)", "start code")
    return drawing


def padded() -> Drawing:
    """The same, filled up with NaN."""
    drawing = Drawing(
        "An array of three sheets of seven steps; the second is NaN from step 3 on, the third from "
        "step 5 on."
    )
    for i, length in enumerate((7, 3, 5)):
        y = 6 + i * (2 * CELL + 12)
        drawing.text(4, y + 27, f"X[{i}]", "start code")
        drawing.sequence(60, y, length)
        for t in range(length, 7):
            for f in range(2):
                drawing.cell(60 + t * CELL, y + f * CELL, "padding", "·")
        drawing.text(66 + 7 * CELL, y + 27, "(7, 2)", "start code")
    drawing.text(60, 182, "· NaN in all features: padding", "start")
    return drawing


def one_target() -> Drawing:
    """A sequence in, a number or class out."""
    drawing = Drawing("A sequence of six steps is read from left to right; after the last, one y.")
    _read(drawing, 6, per_step=False)
    drawing.text(40, 114, "one y for each sequence: (n_samples,)", "start code")
    return drawing


def per_step() -> Drawing:
    """A sequence in, as many targets out."""
    drawing = Drawing("A sequence of six steps, and below each step a y of its own.")
    _read(drawing, 6, per_step=True)
    drawing.text(40, 114, "return_sequences=True", "start code")
    drawing.text(40, 130, "a y for each step: (n_samples, n_timesteps)", "start code")
    return drawing


def _read(drawing: Drawing, n_timesteps: int, *, per_step: bool) -> None:
    pitch = CELL + 14
    for t in range(n_timesteps):
        x = 40 + t * pitch
        for f in range(2):
            drawing.cell(x, 4 + f * CELL, f"feature-{f}", LETTERS[f])
        if t:
            drawing.line(x - 13, 26, x - 2, 26, arrow=True)
        if per_step or t == n_timesteps - 1:
            drawing.line(x + CELL / 2, 49, x + CELL / 2, 68, arrow=True)
            drawing.cell(x, 72, "target", "y")
    drawing.text(4, 30, "X[0]", "start code")
    drawing.text(4, 88, "y[0]", "start code")


def windows() -> Drawing:
    """Windows over a series, and what follows each."""
    drawing = Drawing(
        "A series of eleven steps. The first window takes steps 0 to 4 and its target is steps 5 "
        "and 6; each further window begins a step later."
    )
    left = 58
    drawing.text(4, 20, "series", "start")
    for t in range(11):
        drawing.cell(left + t * CELL, 4, "feature-0", str(t))
    for i in range(4):
        y = 44 + i * (CELL + 8)
        drawing.text(4, y + 16, f"X[{i}], y[{i}]", "start code")
        for t in range(i, i + 7):
            kind = "feature-0" if t < i + 5 else "target"
            drawing.cell(left + 24 + t * CELL, y, kind, str(t))
    drawing.text(4, 184, "n_timesteps=5, horizon=2", "start code")
    return drawing


def tokens() -> Drawing:
    """Texts as lists of ids."""
    drawing = Drawing(
        "Two texts as lists of token ids: not bad at all is 4 2 5 3, good is 6 alone."
    )
    for i, words in enumerate((("not", "bad", "at", "all"), ("good",))):
        y = 6 + i * 60
        for t, word in enumerate(words):
            x = 40 + t * 56
            drawing.text(x + 24, y + 12, word, "label")
            drawing.cell(x, y + 18, "feature-0", str((4, 2, 5, 3, 6)[t + 4 * i]), width=48)
        drawing.text(4, y + 34, f"X[{i}]", "start code")
    return drawing


DRAWINGS: dict[str, Callable[[], Drawing]] = {
    "3-D": three_d,
    "flat": flat,
    "ragged": ragged,
    "padded": padded,
    "one target": one_target,
    "per step": per_step,
    "windows": windows,
    "tokens": tokens,
}


class Shape(SphinxDirective):
    """A drawing by name."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return it, and for builders without HTML what it shows in words."""
        drawing = DRAWINGS[self.arguments[0]]()
        return [nodes.raw("", drawing.svg(), format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("shape", Shape)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
