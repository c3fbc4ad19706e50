"""How long does `import skgru` take, beside `import sklearn.neural_network`?

    python benchmarks/import_time.py --repeats 15

Each import runs in a fresh interpreter, and its time is that of the whole process. A ratio is
skgru's time divided by scikit-learn's, so here less is better; what counts is the median of the
ratios of neighbouring runs. Fails if `import skgru` loads a module that only some users have;
those that `import sklearn` loads by itself, where they are installed, do not count.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import time
from datetime import date
from importlib.metadata import version
from statistics import median

OPTIONAL_MODULES = ("torch", "matplotlib", "pandas", "polars", "dask", "onnx", "jax")
RIVALS = ("skgru", "sklearn.neural_network")


def run(code: str) -> str:
    """Run code in a fresh interpreter and return what it prints."""
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout


def seconds(module: str) -> float:
    started = time.perf_counter()
    run(f"import {module}")
    return time.perf_counter() - started


def compare(repeats: int) -> list[tuple[float, ...]]:
    """Warm the file cache up, then time both by turns; return their seconds."""
    for module in RIVALS:
        seconds(module)
    pairs = []
    for i in range(repeats):
        order = RIVALS if i % 2 else RIVALS[::-1]  # neither is always the one that comes second
        times = {module: seconds(module) for module in order}
        pairs.append(tuple(times[module] for module in RIVALS))
    return pairs


def optional_modules(module: str) -> list[str]:
    """Return the optional modules that an import loads."""
    loaded = run(f"import sys, {module}; print(*sys.modules)").split()
    return [name for name in OPTIONAL_MODULES if name in loaded]


def print_setting(repeats: int) -> None:
    versions = {name: version(name) for name in ("numpy", "scipy", "scikit-learn", "skgru")}
    names = {"python": platform.python_version(), **versions}
    names |= {"repeats": str(repeats), "date": date.today().isoformat()}
    print(", ".join(f"{name} {value}" for name, value in names.items()) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=15, help="pairs of runs behind the ratio")
    repeats = parser.parse_args().repeats
    print_setting(repeats)
    pairs = compare(repeats)
    medians = [1e3 * median(times) for times in zip(*pairs, strict=True)]
    ratio = median(skgru_time / sklearn_time for skgru_time, sklearn_time in pairs)
    print("| import skgru, ms | import sklearn.neural_network, ms | ratio |\n|--:|--:|--:|")
    print(f"| {medians[0]:.0f} | {medians[1]:.0f} | {ratio:.2f} |\n")
    already = optional_modules("sklearn")
    own = [name for name in optional_modules("skgru") if name not in already]
    print(f"Optional modules that scikit-learn loads: {', '.join(already) or 'none'}")
    print(f"Optional modules that skgru adds: {', '.join(own) or 'none'}")
    if own:
        sys.exit(1)


if __name__ == "__main__":
    main()
