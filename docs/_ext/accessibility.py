"""What Sphinx and docutils write, mended where it breaks rules of accessibility."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

# A list may only hold items of a list, and the role of a bibliography's entry is out of use.
CITATION, ITEM = 'role="doc-biblioentry"', 'role="listitem"'


def mend(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Replace roles in the body of a page."""
    if "body" in context:
        context["body"] = context["body"].replace(CITATION, ITEM)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the writing of pages."""
    app.connect("html-page-context", mend)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
