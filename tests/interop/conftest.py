"""The example of the neighbours as a module, and their versions where a run begins."""

import importlib.util
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "neighbours.py"
NEIGHBOURS = "skforecast", "sktime", "MAPIE", "optuna", "optuna-integration", "imbalanced-learn"


def pytest_report_header():
    """Say what the tests ran with: a neighbour may have brought older versions along."""
    return "interop: " + ", ".join(
        f"{name} {installed(name)}"
        for name in ("numpy", "scipy", "scikit-learn", "pandas", *NEIGHBOURS)
    )


def installed(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


@pytest.fixture(scope="session")
def example():
    pytest.importorskip("pandas")
    spec = importlib.util.spec_from_file_location("neighbours", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
