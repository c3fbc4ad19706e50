"""Draw the figures of README and docs from the newest results.

    python benchmarks/figures.py

Writes ``docs/figures/speed.svg``, ``limit.svg`` and ``growth.svg`` from ``benchmarks/results``, and
prints what the ratios could be at most.
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
    "torch": ("PyTorch", "#d1495b"),
    "skorch": ("skorch", "#edae49"),
    "jax": ("JAX", "#30638e"),
    "onnxruntime": ("ONNX Runtime", "#00798c"),
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


def speed() -> None:
    """Draw the ratios at one thread, a dot for each size and peer."""
    figure, panels = plt.subplots(1, 3, figsize=(9, 3.4), sharey=True, layout="constrained")
    for axes, (key, title) in zip(panels, PANELS.items(), strict=True):
        for name, (label, colour) in PEERS.items():
            rows = newest(f"{name}_1_thread")["rows"]
            ratios = [row[key]["ratio"] for row in rows if key in row]
            if ratios:
                axes.plot(ratios, range(len(ratios)), "o", color=colour, label=label, alpha=0.9)
        axes.axvline(1, color="0.4", linewidth=1)
        axes.set_xscale("log", base=2)
        axes.set_xticks([0.25, 0.5, 1, 2, 4, 8, 16], ["¼", "½", "1", "2", "4", "8", "16"])
        axes.set_title(title, fontsize=10)
        axes.grid(axis="x", color="0.9")
        style(axes)
    panels[0].set_yticks(range(len(rows)), [size(row) for row in rows])
    panels[0].invert_yaxis()
    panels[0].set_ylabel("T, F, H, batch", fontsize=8)
    figure.supxlabel("times as long as skgru: to the right of 1, skgru is faster", fontsize=9)
    handles, labels = panels[1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False, fontsize=9)
    save(figure, "speed")


def limit() -> None:
    """Draw how much of fit and predict their arithmetic is, at one thread."""
    rows = newest("limit_1_thread")["rows"]
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True, layout="constrained")
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
    panels[0].set_yticks(range(len(rows)), [size(row) for row in rows])
    panels[0].invert_yaxis()
    panels[0].set_ylabel("T, F, H, batch", fontsize=8)
    panels[0].axvline(0.7, color="0.4", linewidth=1, linestyle=":")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False, fontsize=8)
    save(figure, "limit")


def growth() -> None:
    """Draw the time of an epoch over samples, steps and batch size, and the fitted exponents."""
    curves = newest("scaling")["curves"]
    figure, panels = plt.subplots(1, 3, figsize=(8, 2.8), layout="constrained")
    names = {"n_samples": "samples", "n_timesteps": "steps", "batch_size": "batch size"}
    for axes, (key, name) in zip(panels, names.items(), strict=True):
        curve = curves[key]
        axes.loglog(
            curve["values"], [1e3 * value for value in curve["seconds"]], "o-", color="#30638e"
        )
        axes.set_xlabel(name, fontsize=9)
        axes.set_title(f"exponent {curve['exponent']:.2f}", fontsize=9)
        style(axes)
    panels[0].set_ylabel("ms an epoch", fontsize=9)
    panels[2].set_ylabel("ms a step of training", fontsize=9)
    save(figure, "growth")


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
    speed()
    limit()
    growth()
    limits()
