"""Ids of the gallery's pages that are unique."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

# Of sphinx-gallery 0.22, once for each section of the first page; no example has a tag.
TAG_LIST = re.compile(r"\.\. raw:: html\n\n  <div id='sg-tag-list'.*\n")


def drop_tag_lists(app: Sphinx, docname: str, source: list[str]) -> None:
    """Drop the empty lists of tags from the gallery's tables of contents."""
    if docname.startswith("auto_examples/") and docname.endswith("/index"):
        source[0] = TAG_LIST.sub("", source[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the reading of pages."""
    app.connect("source-read", drop_tag_lists)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
