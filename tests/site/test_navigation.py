"""The navigation: its groups, and the way from the front page to every other one."""

from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page

from tests.site.conftest import BUILT, PAGES, opened
from tests.site.layout import NAMES

GROUPS = (
    "Tutorial",
    "Shells and logs",
    "The database",
    "Files",
    "Change, restart, rebuild",
    "Ports and scaling",
    "Compose and clean-up",
    "Explanation",
    "Reference",
)


@cache
def soup(name: str) -> BeautifulSoup:
    """A built page."""
    return BeautifulSoup((BUILT / name).read_text(encoding="utf-8"), "html.parser")


def links(name: str, within: str) -> list[str]:
    """The pages that a part of a page links to."""
    here = PurePosixPath(name).parent
    found = []
    for link in soup(name).select(f"{within} a[href]"):
        address = str(link["href"]).partition("#")[0]
        if address and "://" not in address:
            parts: list[str] = []
            for part in (here / address).parts:
                parts = parts[:-1] if part == ".." else [*parts, part]
            found.append("/".join(parts))
    return found


@pytest.fixture(scope="module")
def desk(browser: Browser, site: str) -> Iterator[Page]:
    """A window as wide as a desk's, on the front page."""
    with opened(browser, site, "index.html") as seen:
        seen.page.set_viewport_size({"width": 1440, "height": 900})
        yield seen.page


def test_parts_groups_and_pages_in_no_group_have_their_names_in_the_navigation() -> None:
    assert len(soup("index.html").select(NAMES)) == 4 + len(GROUPS) + 3


def test_groups_are_named_and_say_how_many_pages_they_have() -> None:
    for group, name in zip(soup("index.html").select(".nav-group"), GROUPS, strict=True):
        summary = group.select_one("summary")
        assert summary is not None
        assert " ".join(summary.get_text().split()) == f"{name} {len(group.select('li'))}"


@pytest.mark.parametrize("name", [name for name in PAGES if name != "404.html"])
def test_the_group_of_a_page_is_open_and_no_other(name: str) -> None:
    page = soup(name)
    current = page.select(".sidebar-tree .current-page")
    open_ = page.select(".nav-group[open]")
    assert len(open_) == sum(each.find_parent(class_="nav-group") is not None for each in current)
    assert all(each.select_one(".current-page") is not None for each in open_)


def test_every_page_is_two_clicks_from_the_front_page() -> None:
    # a group is one click, a page in it the second; and so is a page below another one
    first = set(links("index.html", ".sidebar-tree"))
    second = {page for name in first - {"index.html"} for page in links(name, ".sidebar-tree")}
    apart = {"404.html", "search.html", "genindex.html", "index.html"}
    assert set(PAGES) - apart - first - second == set()


def test_the_tool_is_one_entry_which_leads_to_all_about_it() -> None:
    index = set(links("index.html", ".sidebar-tree"))
    below = set(links("reference/tool.html", "article"))
    assert "reference/tool.html" in index
    for name in ("how-to/use-seatrial", "reference/settings", "reference/claims", "CONTRIBUTING"):
        assert f"{name}.html" in below - index


@pytest.mark.browser
def test_the_keyboard_opens_a_group_and_follows_a_link_in_it(desk: Page, site: str) -> None:
    desk.goto(f"{site}/index.html", wait_until="load")
    desk.locator(".nav-group > summary", has_text="The database").focus()
    desk.keyboard.press("Enter")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/how-to/query-the-database.html")
    assert desk.locator(".nav-group[open] .current-page").count() == 1
