"""Leave the gallery out of the table of contents where it is not built."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

GALLERY = "sphinx_gallery.gen_gallery"
PAGE = "auto_examples/index"


def drop_gallery(app: Sphinx, docname: str, source: list[str]) -> None:
    """Drop the lines of a page that name nothing but the gallery's first one."""
    if GALLERY not in app.config.extensions:
        lines = source[0].splitlines(keepends=True)
        source[0] = "".join(line for line in lines if line.strip() != PAGE)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the reading of pages."""
    app.connect("source-read", drop_gallery)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
