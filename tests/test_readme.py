"""The code on the first page runs as it stands there."""

import json
import re
from pathlib import Path
from statistics import geometric_mean

import pytest

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def newest(name):
    """The latest result of that name: none is overwritten, their names begin with a date."""
    return sorted(RESULTS.glob(f"????-??-??_{name}"))[-1]


@pytest.mark.filterwarnings("ignore:Training reached max_iter")
def test_code_in_the_readme_runs():
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(block, {})


def test_readme_shows_the_two_commands():
    text = (ROOT / "README.md").read_text()
    assert "python -m pip install . && python examples/quickstart.py" in text
    assert 'python -m pip install -e ".[test]" && python -m pytest' in text


def test_scores_in_the_readme_are_those_of_the_newest_result():
    rows = [line for line in newest("quickstart.md").read_text().splitlines() if line[:1] == "|"]
    assert len(rows) == 8
    assert "\n".join(rows) in (ROOT / "README.md").read_text()


def test_ratios_in_the_readme_are_those_of_the_newest_results():
    text = (ROOT / "README.md").read_text()
    peers = {"PyTorch": "torch", "skorch": "skorch", "JAX": "jax", "ONNX Runtime": "onnxruntime"}
    for label, peer in peers.items():
        cells = re.search(rf"^\| {label} [^|]*\|(.*)\|$", text, re.MULTILINE)[1].split("|")
        rows = json.loads(newest(f"{peer}_1_thread.json").read_text())["rows"]
        for cell, task in zip(cells, ("fit", "predict all", "predict 64"), strict=True):
            ratios = [row[task]["ratio"] for row in rows if task in row]
            if ratios:
                numbers = geometric_mean(ratios), min(ratios), max(ratios)
                written = [float(number) for number in re.findall(r"[\d.]+", cell)]
                assert written == [pytest.approx(x, abs=0.051 if x < 10 else 0.51) for x in numbers]
            else:
                assert not cell.strip()
