"""The code of the user guide runs, block by block, on small data."""

import re
import textwrap
import tomllib
from pathlib import Path

import numpy as np
import pytest
import sklearn
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier, GRULanguageModel, GRURegressor, GRUSeq2Seq
from skgru.preprocessing import TimeDistributed

DOCS = Path(__file__).parents[1] / "docs"
BUILT = {"_build", "_templates", "auto_examples", "generated", "node_modules"}
GUIDE = sorted(path for path in DOCS.rglob("*.rst") if BUILT.isdisjoint(path.parts))
PAGES = [*GUIDE, *(DOCS.parent / f"{name}.md" for name in ("README", "CONTRIBUTING"))]


def blocks_of(text, directive):
    """Return the contents of all directives of that name, without indentation and options."""
    pattern = rf"^( *)\.\. {directive}\n((?:\1   .*\n|\n)+)"
    contents = [body for _, body in re.findall(pattern, text + "\n", re.MULTILINE)]
    return [re.sub(r"\A(:.*\n(  .*\n)*)*", "", textwrap.dedent(body)).strip() for body in contents]


BLOCKS = [
    pytest.param(block, id=f"{path.stem}-{i}")
    for path in GUIDE
    for i, block in enumerate(blocks_of(path.read_text(), "code-block:: python"))
]
# Pages whose blocks the build runs, one after the other with shared names.
LIVE = [
    pytest.param(blocks, id=path.stem)
    for path in GUIDE
    if (blocks := blocks_of(path.read_text(), "live::"))
]


@pytest.fixture
def names(rng, monkeypatch):
    """What the blocks take as given; estimators are small and quick where a block says nothing."""
    X, y = rng.standard_normal((40, 4, 2)), rng.randint(0, 2, 40)
    for cls in (GRURegressor, GRUClassifier, GRULanguageModel, GRUSeq2Seq):
        defaults = {**cls.__init__.__kwdefaults__, "max_iter": 2}
        monkeypatch.setattr(cls.__init__, "__kwdefaults__", defaults)
    with sklearn.config_context():  # one block sets it
        yield {
            "GRUClassifier": GRUClassifier,
            "GRULanguageModel": GRULanguageModel,
            "GRURegressor": GRURegressor,
            "GridSearchCV": GridSearchCV,
            "StandardScaler": StandardScaler,
            "TimeDistributed": TimeDistributed,
            "TransformedTargetRegressor": TransformedTargetRegressor,
            "make_pipeline": make_pipeline,
            "np": np,
            "X": X,
            "y": y,
            "X_val": X[:10],
            "y_val": y[:10],
            "X_many": X,
            "y_many": y,
            "X_few": X,
            "y_few": y,
            "person": np.arange(40) // 4,
            "table": X.reshape(40, -1),
            "model": GRUClassifier(),
        }


@pytest.mark.filterwarnings("ignore:Training reached max_iter")
@pytest.mark.parametrize("block", BLOCKS)
def test_block_runs(block, names):
    run(block, names)


@pytest.mark.filterwarnings("ignore:Training reached max_iter")
@pytest.mark.parametrize("blocks", LIVE)
def test_live_page_runs(blocks, names):
    """The build runs it with all its epochs."""
    run(re.sub(r"max_iter=\d\d\b", "max_iter=2", "\n".join(blocks)), names)


def test_equations_of_the_page_are_those_of_the_core():
    page = {}
    run("\n".join(blocks_of((DOCS / "mathematics.rst").read_text(), "live::")), page)
    assert {"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "J"} < page["differences"].keys()
    assert {"q", "W_hh", "b_hh"} == page["of_variants"].keys()
    for differences in (page["differences"], page["of_variants"]):
        assert all(difference < 1e-12 for difference in differences.values()), differences


def run(code, names):
    for package in re.findall(r"^ *(?:from|import) ([\w.]+)", code, re.MULTILINE):
        if not package.startswith("skgru"):
            pytest.importorskip(package)
    if "Display" in code or "matplotlib" in code:
        pytest.importorskip("matplotlib").use("Agg")
    exec(code, names)


def test_there_are_blocks():
    assert len(BLOCKS) >= 10


def test_oldest_neighbours_are_those_of_the_extra():
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text())["project"]
    extra = " ".join(project["optional-dependencies"]["interop-test"])
    bounds = dict(re.findall(r"([\w-]+)>=([\d.]+)", extra))
    text = (DOCS / "user_guide" / "neighbours.rst").read_text()
    rows = re.findall(r"\* - (.+)\n     - [\d.]+\n     - ([\d.]+)\n", text)
    documented = {name.lower(): oldest for names, oldest in rows for name in names.split(" and ")}
    assert documented == {name: f"{bound}.0" for name, bound in bounds.items()}


# What looks like a measured figure, and is none; all others are read from benchmarks/results.
MEASURED = re.compile(
    r"(?<![\w.])\d+(?:\.\d+)? ?(?:s|ms|us|seconds?|minutes?|[KMG]B|times|%|degrees)\b"
    r"|(?<![\w.])\d*\.\d+(?![\w.])"
    r"|\b(?:half|twice|double|third|quarter|fifth|tenth) (?:of )?(?:the|as|its) "
    r"(?:time|fast|long|large|memory)\b"
)
CHOSEN = {
    "0.2 s": "how long joblib lets a batch of tasks take",
    "1 GB": "the size of a file of data",
    "10 MB": "the size of a chunk",
}
VERSION = re.compile(r"(?:Python|scikit-learn|skforecast before|sktime|PyTorch|below) $")


def prose_of(text):
    """Return a page without its code, formulas, literals and roles."""
    blocks = r"^( *)\.\. (?:code-block|live|literalinclude|math).*\n(?:\1   .*\n|\n)+"
    text = re.sub(blocks, "", text + "\n", flags=re.MULTILINE)
    text = re.sub(r"::\n\n(?:    .*\n|\n)+", "\n", text)
    return re.sub(r":[\w:-]+:`[^`]*`|``[^`]+``|`[^`]+`_+", " ", text)


@pytest.mark.parametrize("page", GUIDE, ids=lambda page: page.stem)
def test_no_measured_figure_is_typed(page):
    """See docs/contributing/benchmarks.rst."""
    prose = " ".join(prose_of(page.read_text()).split())
    typed = [
        prose[max(0, match.start() - 40) : match.end()]
        for match in MEASURED.finditer(prose)
        if match[0] not in CHOSEN and not VERSION.search(prose[: match.start()])
    ]
    assert not typed


def test_typed_figures_are_found():
    text = "a fit takes 2.5 times as long, ``alpha=0.1`` of :measured:`x | y`, 5 s; Python 3.11;"
    assert MEASURED.findall(prose_of(text)) == ["2.5 times", "5 s", "3.11"]
    assert MEASURED.findall("in half the time, and twice as fast") == [
        "half the time",
        "twice as fast",
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_lines_are_no_longer_than_120_columns(page):
    """But for rows of tables and addresses, which cannot be cut."""
    lines = enumerate(page.read_text().splitlines(), start=1)
    uncut = ("|", ".. _")
    assert [i for i, line in lines if len(line) > 120 and not line.startswith(uncut)] == []
