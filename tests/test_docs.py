"""The code of the user guide runs, block by block, on small data."""

import re
from pathlib import Path

import numpy as np
import pytest
import sklearn
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier, GRURegressor
from skgru.preprocessing import TimeDistributed

DOCS = Path(__file__).parents[1] / "docs"
BLOCKS = [
    pytest.param(block, id=f"{path.stem}-{i}")
    for path in sorted(DOCS.glob("*.rst"))
    for i, block in enumerate(
        re.findall(r"\.\. code-block:: python\n\n((?:   .*\n|\n)+)", path.read_text() + "\n")
    )
]


@pytest.fixture
def names(rng, monkeypatch):
    """What the blocks take as given; estimators are small and quick where a block says nothing."""
    X, y = rng.standard_normal((40, 4, 2)), rng.randint(0, 2, 40)
    for cls in (GRURegressor, GRUClassifier):
        defaults = {**cls.__init__.__kwdefaults__, "max_iter": 2}
        monkeypatch.setattr(cls.__init__, "__kwdefaults__", defaults)
    with sklearn.config_context():  # one block sets it
        yield {
            "GRUClassifier": GRUClassifier,
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
    if "sklearn.callback" in block:
        pytest.importorskip("sklearn.callback")
    if "Display" in block:
        pytest.importorskip("matplotlib").use("Agg")
    exec(re.sub("^   ", "", block, flags=re.MULTILINE), names)


def test_there_are_blocks():
    assert len(BLOCKS) >= 10
