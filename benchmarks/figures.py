"""Draw the figures of README and docs from the newest results.

    python benchmarks/figures.py

Writes ``docs/figures/speed.svg`` for the README, and ``speed_tall.svg``, ``limit_tall.svg`` and
``growth_tall.svg``, which can be read on a phone, from ``benchmarks/results``; prints what the
ratios could be at most.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import geometric_mean
from typing import Any

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "skgru"  # or each run would name the parts anew
import matplotlib.pyplot as plt
from pairing import print_header, print_line

RESULTS = Path(__file__).parent / "results"
FIGURES = Path(__file__).parents[1] / "docs" / "figures"
PEERS = {
    "torch": ("PyTorch", "#D55E00"),
    "skorch": ("skorch", "#E69F00"),
    "jax": ("JAX", "#0072B2"),
    "onnxruntime": ("ONNX Runtime", "#009E73"),
}
PANELS = {"fit": "fit", "predict all": "predict, all", "predict 64": "predict, 64"}


def newest(name: str) -> dict[str, Any]:
    """Return the result of that name with the latest date."""
    return json.loads(sorted(RESULTS.glob(f"*_{name}.json"))[-1].read_text())


def size(row: dict[str, Any]) -> str:
    return ", ".join(
        str(row[key]) for key in ("n_timesteps", "n_features", "n_hidden", "batch_size")
    )


def style(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)


def columns(n_panels: int, size: tuple[float, float], **shared: bool) -> tuple[Any, Any]:
    """Return panels one below the other."""
    return plt.subplots(n_panels, 1, figsize=size, layout="constrained", **shared)


def speed(name: str, figure: Any, panels: Any) -> None:
    """Draw the ratios at one thread, a dot for each size and peer."""
    for axes, (key, title) in zip(panels, PANELS.items(), strict=True):
        for peer, (label, colour) in PEERS.items():
            rows = newest(f"{peer}_1_thread")["rows"]
            ratios = [row[key]["ratio"] for row in rows if key in row]
            if ratios:
                axes.plot(ratios, range(len(ratios)), "o", color=colour, label=label, alpha=0.9)
        axes.axvline(1, color="0.4", linewidth=1)
        axes.set_xscale("log", base=2)
        axes.set_xticks([0.25, 0.5, 1, 2, 4, 8, 16], ["¼", "½", "1", "2", "4", "8", "16"])
        axes.set_title(title, fontsize=10)
        axes.grid(axis="x", color="0.9")
        style(axes)
    name_sizes(panels, rows)
    figure.supxlabel("times as long as skgru: to the right of 1, skgru is faster", fontsize=9)
    handles, labels = panels[1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False, fontsize=9)
    save(figure, name)


def name_sizes(panels: Any, rows: list[dict[str, Any]]) -> None:
    """Write the sizes beside the panels, the first one on top."""
    for axes in panels:
        axes.set_yticks(range(len(rows)), [size(row) for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
    panels[0].set_ylabel("T, F, H, batch", fontsize=8)


def limit() -> None:
    """Draw how much of fit and predict their arithmetic is, at one thread."""
    rows = newest("limit_1_thread")["rows"]
    figure, panels = columns(2, (4.8, 6))
    bars = {
        panels[0]: [("recurrence", "the recurrence", "#a9c5de"), ("fit", "arithmetic", "#30638e")],
        panels[1]: [("predict all", "arithmetic", "#30638e")],
    }
    for axes, title in zip(panels, ["fit", "predict, all"], strict=True):
        for key, label, colour in bars[axes]:
            shares = [row[key]["ratio"] for row in rows]
            axes.barh(range(len(rows)), shares, color=colour, label=label)
        axes.set_xlim(0, 1.05)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("share of its time", fontsize=9)
        style(axes)
    name_sizes(panels, rows)
    panels[0].axvline(0.7, color="0.4", linewidth=1, linestyle=":")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False, fontsize=8)
    save(figure, "limit_tall")


def growth() -> None:
    """Draw the time of an epoch over samples, steps and batch size, and the fitted exponents."""
    curves = newest("scaling")["curves"]
    figure, panels = columns(3, (4.8, 7.5))
    names = {"n_samples": "samples", "n_timesteps": "steps", "batch_size": "batch size"}
    for axes, (key, name) in zip(panels, names.items(), strict=True):
        curve = curves[key]
        axes.loglog(
            curve["values"], [1e3 * value for value in curve["seconds"]], "o-", color="#30638e"
        )
        axes.set_xlabel(name, fontsize=9)
        axes.set_title(f"exponent {curve['exponent']:.2f}", fontsize=9)
        style(axes)
    for axes in panels[:2]:
        axes.set_ylabel("ms an epoch", fontsize=9)
    panels[2].set_ylabel("ms a step of training", fontsize=9)
    save(figure, "growth_tall")


def save(figure: Any, name: str) -> None:
    figure.savefig(FIGURES / f"{name}.svg", metadata={"Date": None})
    plt.close(figure)


def limits() -> None:
    """Print the ratios, and what they would be if nothing but the arithmetic took time."""
    shares = {size(row): row for row in newest("limit_1_thread")["rows"]}
    print_header(["beside, what", "mean", "lowest", "limit, mean", "limit, lowest"])
    for name, (label, _) in PEERS.items():
        for key in PANELS:
            rows = [row for row in newest(f"{name}_1_thread")["rows"] if key in row]
            ratios = [row[key]["ratio"] for row in rows]
            bounds = [row[key]["ratio"] / min(1, shares[size(row)][key]["ratio"]) for row in rows]
            if rows:
                numbers = geometric_mean(ratios), min(ratios), geometric_mean(bounds), min(bounds)
                print_line([f"{label}, {key}", *(f"{number:.2f}" for number in numbers)])


if __name__ == "__main__":
    speed("speed", *plt.subplots(1, 3, figsize=(9, 3.4), sharey=True, layout="constrained"))
    speed("speed_tall", *columns(3, (4.8, 8.4), sharex=True))
    limit()
    growth()
    limits()
