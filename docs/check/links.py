"""Check the links of a built site without a network.

    python docs/check/links.py docs/_build/html

Whatever a page links to or shows must be a file of the site, and an anchor must be an id on its
page. Addresses elsewhere are checked for their form and counted. Ids must be unique on a page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ADDRESSES = ("href", "src", "poster", "data")


class Page(HTMLParser):
    """What a page links to, and its ids.

    Attributes
    ----------
    links : list of str
    ids : list of str
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect ids and addresses; sizes of a picture's versions are left out."""
        for name, value in attrs:
            if value is None:
                continue
            if name == "id" or (tag == "a" and name == "name"):
                self.ids.append(value)
            elif name in ADDRESSES and not (tag == "link" and ("rel", "canonical") in attrs):
                self.links.append(value)
            elif name == "srcset":
                self.links += [part.split()[0] for part in value.split(",")]


def problems(site: Path) -> Iterator[str]:
    """Yield what is wrong, page by page."""
    found = (path for path in site.rglob("*.html") if "_static" not in path.parts)
    pages = {path.resolve(): Page(path.read_text("utf-8")) for path in found}
    if not pages:
        yield "there is no page"
    for path, page in sorted(pages.items()):
        name = path.relative_to(site.resolve())
        for repeated in sorted({i for i in page.ids if page.ids.count(i) > 1}):
            yield f"{name}: id {repeated!r} is there more than once"
        for link in sorted(set(page.links)):
            if problem := broken(link, path, pages):
                yield f"{name}: {link!r} {problem}"


def broken(link: str, path: Path, pages: dict[Path, Page]) -> str:
    """Return what is wrong with a link, nothing if it is sound."""
    parts = urlsplit(link)
    if parts.scheme in ("http", "https"):
        return "" if "." in parts.netloc and " " not in link else "is no address"
    if parts.scheme or parts.netloc:
        return "" if parts.scheme in ("data", "mailto") else "is of an unknown kind"
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.exists():
        return "is not there"
    if parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
        return "has no such anchor"
    return ""


def main(site: Path) -> int:
    """Print all problems, and return their number, at most 1 for a shell."""
    found = list(problems(site))
    print("\n".join([*found, f"{len(found)} problems in {site}"]))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
