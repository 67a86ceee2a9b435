"""The Markdown twin of each page is the same page: read back, it asks for the same."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from myst_parser.mdit_to_docutils.base import default_slugify

from seatrial.pages.reading import Tree, read
from seatrial.transcript.blocks import Item, Page
from seatrial.transcript.cells import text_of
from tests.site.conftest import BUILT, PAGES, ROOT

# The pages of the site, without those that have no source: the search, and the page for none.
SOURCES = {
    page: path
    for page in (name.removesuffix(".html") for name in PAGES)
    for path in (ROOT / f"{page}{suffix}" for suffix in (".rst", ".md", ".ipynb"))
    if path.exists()
}
NOTEBOOKS = sorted(page for page, path in SOURCES.items() if path.suffix == ".ipynb")
# Lists that the build makes of all pages.
GENERATED = frozenset({"reference/claims", "reference/commands", "reference/messages"})
# Files that a page shows as they are count as its source.
SHOWN = re.compile(r"(?m)^\s*\.\. (?:literalinclude|include):: (\S+)")
LARGER = 1.5

CONF = """
extensions = ["myst_parser", "seatrial.sphinx_ext"]
exclude_patterns = ["example"]
seatrial_project = "example"
"""


def twin(page: str) -> str:
    """The text of a page's twin."""
    return (BUILT / f"{page}.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pages() -> dict[str, Page]:
    """The pages of the site, as seatrial reads their sources."""
    return {page.name: page for page in read(ROOT).pages}


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """The same pages, as seatrial reads their twins."""
    folder = tmp_path_factory.mktemp("twins")
    for page in SOURCES:
        copy = folder / f"{page}.md"
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(twin(page), encoding="utf-8")
    shutil.copytree(ROOT / "example", folder / "example")
    (folder / "conf.py").write_text(CONF)
    return read(folder)


def asked(page: Page) -> list[Item]:
    """What a page asks for, wherever it stands in its source."""
    return [replace(item, page="", source="", line=0, section="") for item in page.items]


def test_the_twins_ask_for_what_the_pages_ask_for(pages: dict[str, Page], twins: Tree) -> None:
    assert twins.pages
    assert {page.name for page in twins.pages} == SOURCES.keys()
    for found in twins.pages:
        page = pages[found.name]
        assert asked(found) == asked(page), found.name
        assert found.problems == page.problems == ()
        was, now = page.short, found.short
        assert (was and (was.steps, was.claim)) == (now and (now.steps, now.claim)), found.name
    assert sum(len(page.items) for page in twins.pages) > 500


def test_a_twin_says_when_and_on_what_its_page_ran(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        if name in NOTEBOOKS or any(not item.not_run for item in page.items):
            assert re.search(r"(?m)^Ran on \d+ \w+ \d{4}, \w.*? \d[\d.]+", twin(name)), name


def test_a_twin_says_where_lines_ran() -> None:
    assert "(Lines 2-7: new container of web, Python; this container is gone now. " in twin("index")


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_the_twin_of_a_notebook_has_its_cells_in_order(page: str) -> None:
    notebook: dict[str, Any] = json.loads(SOURCES[page].read_text(encoding="utf-8"))
    code = [
        text_of(cell["source"]).strip("\n")
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and cell["metadata"].get("nbsphinx") != "hidden"
    ]
    assert code
    at, text = 0, twin(page)
    for each in code:
        found = text.find(f"\n{each}\n```", at)
        assert found >= 0, each
        at = found + len(each)


@cache
def size_of_source(page: str) -> int:
    """The size of a page's source, with the files that it shows."""
    path = SOURCES[page]
    shown = SHOWN.findall(path.read_text(encoding="utf-8"))
    files = [
        path,
        *((ROOT if name[0] == "/" else path.parent) / name.lstrip("/") for name in shown),
    ]
    return sum(file.stat().st_size for file in files)


@pytest.mark.parametrize("page", sorted(SOURCES.keys() - GENERATED))
def test_a_twin_is_not_much_larger_than_the_source(page: str, pages: dict[str, Page]) -> None:
    if pages[page].items or page in NOTEBOOKS:
        assert len(twin(page).encode()) <= LARGER * size_of_source(page)


def links(text: str) -> Iterator[str]:
    """The addresses of links to other files of the site, none of those in fences."""
    prose = re.sub(r"(?ms)^\s*(`{3,}|~{3,}).*?^\s*\1\s*$", "", text)
    return (each for each in re.findall(r"\]\(([^)\s]+)\)", prose) if ":" not in each)


@cache
def headings(path: Path) -> frozenset[str]:
    """The fragments of a twin's headings."""
    found = re.findall(r"(?m)^#+ (.+)$", path.read_text(encoding="utf-8"))
    return frozenset(default_slugify(re.sub(r"[\\`*]", "", title)) for title in found)


@pytest.mark.parametrize("page", sorted(SOURCES))
def test_links_lead_to_twins_and_their_headings(page: str) -> None:
    here = BUILT / f"{page}.md"
    for address in links(twin(page)):
        path, _, fragment = address.partition("#")
        there = (here.parent / path).resolve() if path else here
        assert there.is_file(), address
        assert not fragment or fragment in headings(there), address


def test_the_index_for_machines_lists_all_pages_as_the_navigation_does() -> None:
    text = (BUILT / "llms.txt").read_text(encoding="utf-8")
    title, summary, *_ = text.split("\n\n")
    assert title == "# Containers in practice"
    assert summary.startswith("> ")
    listed = re.findall(r"(?m)^- \[[^]]+\]\(([^)]+)\.md\)", text)
    assert sorted(listed) == sorted(SOURCES)
    captions = re.findall(r":caption: (.+)", (ROOT / "index.rst").read_text(encoding="utf-8"))
    assert re.findall(r"(?m)^## (.+)$", text)[1:] == captions


@pytest.mark.parametrize("page", sorted(SOURCES))
def test_a_page_names_its_twin_for_machines_and_for_readers(page: str) -> None:
    html = (BUILT / f"{page}.html").read_text(encoding="utf-8")
    name = f"{page.rpartition('/')[2]}.md"
    assert f'<link rel="alternate" type="text/markdown" href="{name}"' in html
    assert f'<a href="{name}" type="text/markdown">This page as Markdown</a>' in html
