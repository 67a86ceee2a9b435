"""Every link of the built site that stays on it leads somewhere."""

from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from tests.site.conftest import BUILT

PAGES = sorted(BUILT.rglob("*.html"))


@cache
def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@cache
def ids(path: Path) -> frozenset[str]:
    return frozenset(str(tag["id"]) for tag in soup(path).select("[id]"))


def broken(path: Path) -> list[str]:
    """Return the addresses on a page that lead nowhere within the site."""
    found = []
    for tag in soup(path).select("a[href], link[href], script[src], img[src]"):
        address = str(tag.get("href") or tag.get("src"))
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        # the page for unknown addresses is shown at any depth: its own begin at the root
        base = BUILT if parts.path.startswith("/") else path.parent
        target = (base / unquote(parts.path).lstrip("/")).resolve() if parts.path else path
        if not target.is_file():
            found.append(f"{address}: no such file")
        elif parts.fragment and target.suffix == ".html" and parts.fragment not in ids(target):
            found.append(f"{address}: no such place on the page")
    return found


def test_there_is_a_site() -> None:
    assert PAGES, "type `make site` first"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(BUILT).as_posix())
def test_every_internal_link_leads_somewhere(path: Path) -> None:
    assert broken(path) == []


def test_terms_are_linked_to_the_glossary_where_a_page_first_uses_them() -> None:
    linked = {path: [str(a["href"]) for a in soup(path).select("a.to-term")] for path in PAGES}
    assert all(len(set(links)) == len(links) for links in linked.values())
    story = linked[BUILT / "explanation/practical-implications.html"]
    for term in ("container", "service", "load-balancer", "volume"):
        assert f"../reference/glossary.html#term-{term}" in story
    assert linked[BUILT / "reference/glossary.html"] == []


def test_a_link_to_nowhere_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '<p id="here"></p><a href="#here">a</a><a href="#gone">b</a><a href="no.html">c</a>'
    )
    assert broken(page) == ["#gone: no such place on the page", "no.html: no such file"]
