"""The search of the built site: what developers type leads to the section that answers it."""

import gzip
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.site.axe import violations
from tests.site.conftest import BUILT, PHONE, opened, settle, window

pytestmark = pytest.mark.browser

KNOWN: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("known_items.toml").read_text(encoding="utf-8")
)
GROUPS = ("first", "tuned", "kept-back")
# How many in a hundred have to be there.
AMONG_THREE, FIRST = 95, 75
WEIGHT = 120_000  # bytes of the index, as a server sends it
# What the interface says, and no page.
INTERFACE = (
    *("copy commands", "proved: show the run", "this container is gone", "ran on a stand-in"),
    *("back to top", "toggle", "permalink", "link to this heading"),
    "it does not show while you type",
    "another page left the project otherwise",
)


@pytest.fixture(scope="module")
def search(browser: Browser, site: str) -> Iterator[Page]:
    """The page that searches, opened once."""
    with opened(browser, site, "search.html") as seen:
        yield seen.page
        assert seen.elsewhere == []
        assert seen.missing == []
        assert seen.errors == []


@pytest.fixture(scope="module")
def index() -> dict[str, Any]:
    """What is in the index."""
    script = (BUILT / "search-index.js").read_text(encoding="utf-8")
    return json.loads(script.removeprefix("siteSearch(").rstrip(" ;)\n"))  # type: ignore[no-any-return]


def found(page: Page, *queries: str) -> list[list[str]]:
    """What the page lists for each query, each result as page#section."""
    return page.evaluate(  # type: ignore[no-any-return]
        """(queries) => {
          const box = document.querySelector("#site-search-words");
          return queries.map((query) => {
            box.value = query;
            box.form.requestSubmit();
            const links = document.querySelectorAll(".site-search-results a");
            return [...links].map((each) => each.getAttribute("href").replace(".html#", "#"));
          });
        }""",
        [*queries],
    )


def rank(results: list[str], answers: list[str]) -> int:
    """The place of the first result that is an answer, from 1, or 0 where none is."""
    right = (
        place
        for place, link in enumerate(results, 1)
        if link in answers or link.partition("#")[0] in answers
    )
    return next(right, 0)


@pytest.mark.parametrize("group", GROUPS)
def test_what_developers_type_leads_to_its_answer(search: Page, group: str) -> None:
    known = KNOWN[group]
    listed = zip(known, found(search, *known), strict=True)
    ranks = {query: rank(results, known[query]) for query, results in listed}
    among, first = (
        100 * sum(0 < each <= most for each in ranks.values()) / len(ranks) for most in (3, 1)
    )
    print(*(f"{each:3}  {query}" for query, each in ranks.items()), sep="\n")
    print(
        f"{group}: {len(ranks)} queries, {among:.1f} % among the first three, {first:.1f} % first"
    )
    others = {query: each for query, each in ranks.items() if each != 1}
    assert among >= AMONG_THREE, others
    assert first >= FIRST, others


def test_every_answer_is_a_section_that_is_there(index: dict[str, Any]) -> None:
    addresses = [address.removesuffix(".html") for address, _, _ in index["pages"]]
    places = {f"{addresses[page]}#{anchor}" for page, anchor, *_ in index["sections"]}
    places.update(addresses)
    answers = {each for group in GROUPS for query in KNOWN[group].values() for each in query}
    assert answers - places == set()
    assert sum(len(KNOWN[group]) for group in GROUPS) >= 98
    assert len(KNOWN["unanswered"]["queries"]) <= 3


def test_a_result_leads_to_its_section(browser: Browser, site: str) -> None:
    with opened(browser, site, "index.html") as seen:
        seen.page.locator("input[name=q]").first.fill("logs disappear")
        seen.page.locator("input[name=q]").first.press("Enter")
        seen.page.locator(".site-search-results a").first.click()
        seen.page.wait_for_url("**/how-to/read-the-logs.html#the-old-log-is-gone")
        assert seen.page.locator("#the-old-log-is-gone").evaluate(
            "(section) => section.getBoundingClientRect().top < innerHeight"
        )
        # the page is as its writers made it, without marks of what was looked for
        assert seen.page.locator(".highlighted, article mark").count() == 0
        seen.page.go_back()
        seen.page.locator(".site-search-results a").first.wait_for()
        assert seen.elsewhere == []
        assert seen.errors == []


def test_a_site_that_is_opened_from_a_file_is_searched_too(browser: Browser) -> None:
    with browser.new_context(offline=True) as context:
        page = context.new_page()
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto((BUILT / "index.html").as_uri())
        page.locator("input[name=q]").first.fill("ALLOWED_HOSTS")
        page.locator("input[name=q]").first.press("Enter")
        page.locator(".site-search-results a").first.wait_for()
        assert page.url.startswith("file:")
        assert page.locator(".site-search-results mark").count()
        page.locator(".site-search-results a").first.click()
        page.wait_for_url(re.compile("^file:.*#"))
        assert failures == []


def test_the_index_has_words_of_pages_and_none_of_the_interface(index: dict[str, Any]) -> None:
    sections = [" ".join(each[3:6]).lower() for each in index["sections"]]
    assert [(words, text[:80]) for text in sections for words in INTERFACE if words in text] == []
    lines = {line.lower() for each in index["sections"] for line in each[5].splitlines()}
    assert lines & {"your machine", "copy", "show the run"} == set()
    # the same words are there where a page says them: they were found, and left out
    page = (BUILT / "how-to" / "open-a-shell.html").read_text(encoding="utf-8").lower()
    assert "proved: show the run" in page
    assert "your machine" in page


def test_ledgers_and_the_change_log_are_not_searched(index: dict[str, Any]) -> None:
    pages = {address for address, _, _ in index["pages"]}
    assert "how-to/open-a-shell.html" in pages
    assert pages & {"reference/claims.html", "reference/commands.html", "CHANGELOG.html"} == set()


def test_the_index_is_light() -> None:
    assert len(gzip.compress((BUILT / "search-index.js").read_bytes(), 6)) <= WEIGHT


def test_searching_needs_no_mouse(search: Page) -> None:
    search.goto(search.url.partition("?")[0])
    assert search.locator("#site-search-words").evaluate("(box) => box === document.activeElement")
    search.keyboard.type("pg_dump")
    search.keyboard.press("Enter")
    search.locator(".site-search-results a").first.wait_for()
    said = search.locator("[role=status].site-search-said")
    assert "pg_dump" in said.inner_text()
    search.keyboard.press("Tab")
    search.keyboard.press("Tab")
    assert search.locator(".site-search-results a").first.evaluate(
        "(link) => link === document.activeElement"
    )


def test_where_nothing_is_found_the_page_says_so_and_offers_pages(search: Page) -> None:
    assert found(search, "zzxqwv") == [[]]
    assert "Nothing here" in search.locator(".site-search-said").inner_text()
    assert search.locator(".site-search-start a:visible").count() >= 4


def test_a_word_that_no_section_has_is_named(search: Page) -> None:
    said = search.locator(".site-search-said")
    assert found(search, "celery worker") != [[]]
    assert "No section has: celery." in said.inner_text()
    # one that is there is not named, nor the beginning of one, nor another name of what is there
    for query in ("worker", "where is my collectst", "uwsgi"):
        assert found(search, query) != [[]]
        assert "No section" not in said.inner_text()


def test_a_title_that_was_typed_is_among_the_first(search: Page) -> None:
    titles = (
        "could not translate host name db",
        "current transaction is aborted",
        "database files are incompatible with server",
    )
    pages = [[link.partition("#")[0] for link in links[:2]] for links in found(search, *titles)]
    assert [titles[at] for at, each in enumerate(pages) if "reference/messages" not in each] == []


def test_a_slip_of_the_finger_is_forgiven(search: Page) -> None:
    one, other = found(search, "colectstatic", "breakpiont")
    assert rank(one, ["how-to/serve-static-files"]) == 1
    assert rank(other, ["how-to/stop-at-a-breakpoint"]) == 1


def test_the_search_page_has_one_heading(search: Page) -> None:
    found(search, "volume")
    assert search.locator("article :is(h1, h2, h3)").all_inner_texts() == ["Search"]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (PHONE, "dark")])
@pytest.mark.parametrize("query", ["volume", "zzxqwv"])
def test_axe_finds_nothing_among_results(
    browser: Browser, site: str, width: int, scheme: str, query: str
) -> None:
    with window(browser, site, color_scheme=scheme) as seen:
        seen.page.set_viewport_size({"width": width, "height": 900})
        seen.page.goto(f"{site}/search.html?q={query}")
        settle(seen.page)
        assert violations(seen.page) == []
        assert seen.page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )


def test_without_javascript_a_sentence_says_so(browser: Browser, site: str) -> None:
    with window(browser, site, java_script_enabled=False) as seen:
        seen.page.goto(f"{site}/search.html")
        sentence = seen.page.locator("article noscript p")
        assert "needs JavaScript" in sentence.inner_text()
        assert sentence.is_visible()
        colours = "(text) => [getComputedStyle(text).color, getComputedStyle(document.body).color]"
        assert len(set(sentence.evaluate(colours))) == 1
        assert not seen.page.locator(".site-search").is_visible()
