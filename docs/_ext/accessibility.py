"""What Sphinx and its extensions write, mended where it breaks rules of accessibility."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

# A list may only hold items of a list, and the role of a bibliography's entry is out of use.
CITATION, ITEM = 'role="doc-biblioentry"', 'role="listitem"'
# The gallery hides the text of the links that lie over its pictures.
THUMBNAIL = re.compile(
    r'<p><a (class="[^"]*" href="[^"]*")(><span class="[^"]*">([^<]+)</span></a></p>)'
    r'(?=\s*<div class="sphx-glr-thumbnail-title")'
)


def mend(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Mend the body of a page."""
    if "body" in context:
        body = context["body"].replace(CITATION, ITEM)
        context["body"] = THUMBNAIL.sub(r'<p><a \1 aria-label="\3"\2', body)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the writing of pages."""
    app.connect("html-page-context", mend)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
