"""The code on the first page runs as it stands there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


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
