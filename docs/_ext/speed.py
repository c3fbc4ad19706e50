"""The figure of the first page: how many times as long as skgru its peers take."""

from __future__ import annotations

import math
from html import escape

from _ext import results

TASKS = {
    "fit": "fit",
    "predict all": "predict, all sequences",
    "predict 64": "predict, 64 sequences",
}
LEFT, RIGHT, WIDTH = 118, 330, 360
LOWEST, HIGHEST = 0.25, 32
ROW = 19


def across(ratio: float) -> float:
    """Return where a ratio stands on the logarithmic axis."""
    share = math.log(ratio / LOWEST) / math.log(HIGHEST / LOWEST)
    return LEFT + share * (RIGHT - LEFT)


def speed_bars(names: dict[str, str]) -> str:
    """Return an SVG with a row for each task and peer; ``names`` are their results' and labels."""
    parts, spoken, y = [], [], 34.0
    for task, title in TASKS.items():
        parts.append(f'<text class="title" x="4" y="{y:g}">{title}</text>')
        for name, label in names.items():
            try:
                mean, low, high = summary(name, task)
            except KeyError:
                continue
            y += ROW
            parts.append(_row(y, label, mean, low, high))
            spoken.append(f"{title}, {label}: {mean:.1f}, {low:.1f} to {high:.1f}")
        y += ROW + 10
    height = y + 20
    axis = "".join(_tick(ratio, height - 34) for ratio in (0.5, 1, 2, 4, 8, 16))
    title = "Time of the peer divided by that of skgru. " + "; ".join(spoken)
    return (
        f'<svg class="shape speed" role="img" aria-label="{escape(title)}" '
        f'viewBox="0 0 {WIDTH} {height:g}">'
        '<text class="title" x="4" y="14">times as long as skgru</text>'
        f"{axis}{''.join(parts)}</svg>"
    )


def summary(name: str, task: str) -> tuple[float, float, float]:
    """Return mean, lowest and highest ratio of a peer."""
    path = f"rows/*/{task}/ratio"
    texts = (results.number(f"{name} | {how} {path}").text for how in ("gmean", "min", "max"))
    mean, low, high = map(float, texts)
    return mean, low, high


def _row(y: float, label: str, mean: float, low: float, high: float) -> str:
    kind = "ahead" if mean >= 1 else "behind"
    x, x1, x2 = across(mean), across(low), across(high)
    return (
        f'<text class="name" x="{LEFT - 8}" y="{y + 4:g}">{escape(label)}</text>'
        f'<line class="{kind}" x1="{x1:.1f}" y1="{y:g}" x2="{x2:.1f}" y2="{y:g}"/>'
        f'<circle class="{kind}" cx="{x:.1f}" cy="{y:g}" r="5"/>'
        f'<text class="start" x="{RIGHT + 2}" y="{y + 4:g}">{mean:.1f}</text>'
    )


def _tick(ratio: float, bottom: float) -> str:
    x = across(ratio)
    kind = "one" if ratio == 1 else "grid"
    label = "½" if ratio == 0.5 else f"{ratio:g}"
    return (
        f'<line class="{kind}" x1="{x:.1f}" y1="40" x2="{x:.1f}" y2="{bottom:g}"/>'
        f'<text class="label" x="{x:.1f}" y="{bottom + 14:g}">{label}</text>'
    )
