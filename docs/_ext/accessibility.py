"""What Sphinx and docutils write, mended where it breaks rules of accessibility."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

# A list may only hold items of a list, and the role of a bibliography's entry is out of use.
CITATION, ITEM = 'role="doc-biblioentry"', 'role="listitem"'

# The text of a thumbnail's link is hidden by its style, so that the whole card is the link.
THUMBNAIL_LINK = re.compile(
    r'(<p><a class="(?:reference internal|internal reference)")( href="[^"]*"><span class="doc">)'
    r"([^<]*)(</span></a></p>\s*<div class=\"sphx-glr-thumbnail-title\">)"
)


def mend(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Replace roles in the body of a page, and name the links of thumbnails."""
    if "body" in context:
        body = context["body"].replace(CITATION, ITEM)
        context["body"] = THUMBNAIL_LINK.sub(r'\1 aria-label="\3"\2\3\4', body)


def name_toggles(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Name the buttons that unfold the tree at the side; the theme gives them an arrow only."""
    tree = context.get("generate_toctree_html")
    if tree is not None:
        context["generate_toctree_html"] = lambda *args, **options: str(
            tree(*args, **options)
        ).replace("<summary>", '<summary aria-label="show or hide the pages below">')


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the writing of pages."""
    app.connect("html-page-context", mend)
    app.connect("html-page-context", name_toggles, priority=900)  # after the theme
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
