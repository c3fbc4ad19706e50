"""Every page of the gallery runs, on little data and for an epoch: scores are not the page's."""

import functools
import re
import runpy
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

import skgru
from skgru import datasets

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "examples").glob("*/plot_*.py"))


def little_of(load):
    """Let a loader return every fifth sample, or the beginning of a text; series stay whole."""

    @functools.wraps(load)
    def load_little(**options):
        loaded = load(**options)
        if isinstance(loaded, tuple):
            return tuple(column[::5] for column in loaded)
        if isinstance(loaded.data[0], str):
            loaded.data = [loaded.data[0][:10_000]]
        return loaded

    return load_little


@pytest.fixture
def short(monkeypatch):
    """Little data, and one epoch for each fit; figures are drawn and closed."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    monkeypatch.setattr(skgru._base, "n_epochs", lambda estimator, n_samples: 1)
    for name in datasets.__all__:
        monkeypatch.setattr(datasets, name, little_of(getattr(datasets, name)))
    monkeypatch.setattr(plt, "show", lambda: None)
    with matplotlib.rc_context({"figure.max_open_warning": 0}):
        yield plt
        plt.close("all")


def packages_with_data(page):
    return re.findall(r'distribution\("(.+?)"\)', page.read_text())


@pytest.mark.filterwarnings(
    "ignore:The training loss ended:UserWarning",
    "ignore:lbfgs failed to converge:sklearn.exceptions.ConvergenceWarning",
)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_runs(page, short, capsys):
    for name in packages_with_data(page):
        try:
            distribution(name)
        except PackageNotFoundError:
            pytest.skip(f"{name} is in the extra docs only")
    runpy.run_path(str(page), run_name="__main__")
    assert short.get_fignums()
    assert capsys.readouterr().out


def test_packages_with_data_are_in_the_extra():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = " ".join(project["optional-dependencies"]["docs"])
    needed = {name for page in PAGES for name in packages_with_data(page)}
    assert len(needed) >= 3
    assert all(name in extra for name in needed)


def test_style_tells_colours_apart_and_is_legible_when_small():
    """Shown 350 pixels wide, letters of the style are at least 9 pixels high."""
    matplotlib = pytest.importorskip("matplotlib")
    style = matplotlib.rc_params_from_file(
        Path(skgru.__file__).parent / "style.mplstyle", use_default_template=False
    )
    width = style["figure.figsize"][0] * 72  # in points
    assert min(style["xtick.labelsize"], style["ytick.labelsize"]) * 350 / width >= 9
    assert len(set(style["axes.prop_cycle"].by_key()["color"])) >= 7
