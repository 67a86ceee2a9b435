"""Every built page, opened in Chromium: no other origin, no axe violation, readable by anyone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

BUILT = Path(__file__).parents[2] / "_build" / "html"
# Where nothing is built, the one name left makes the fixture `site` say so: no silent pass.
PAGES = sorted(
    path.relative_to(BUILT).as_posix()
    for path in BUILT.rglob("*.html")
    if "_static" not in path.parts
) or ["index.html"]
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
PHONE, DESK = 390, 1280


@dataclass
class Opened:
    """A page as Chromium shows it, and what it asked for and complained about on the way."""

    page: Page
    elsewhere: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@contextmanager
def opened(
    browser: Browser, site: str, name: str, *, width: int = DESK, **how: Any
) -> Iterator[Opened]:
    """Open the page `name` in a context of its own, with Playwright's context options `how`."""
    with browser.new_context(viewport={"width": width, "height": 900}, **how) as context:
        page = context.new_page()
        page.set_default_timeout(15_000)
        seen = Opened(page)

        def notice_request(url: str) -> None:
            if not url.startswith((site + "/", "data:", "blob:")):
                seen.elsewhere.append(url)

        page.on("request", lambda request: notice_request(request.url))
        page.on("websocket", lambda socket: seen.elsewhere.append(socket.url))
        page.on("requestfailed", lambda request: seen.missing.append(request.url))
        page.on(
            "response",
            lambda response: seen.missing.append(response.url) if response.status >= 400 else None,
        )
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.goto(f"{site}/{name}", wait_until="load")
        yield seen


def unfold(page: Page) -> None:
    """Open all that is folded."""
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")


def violations(page: Page) -> list[str]:
    """What axe objects to on `page` as it is now, a line for each element."""
    unfold(page)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['id']}: {node['failureSummary']} in {node['html'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_nothing_of_another_origin(browser: Browser, site: str, name: str) -> None:
    with opened(browser, site, name) as seen:
        seen.page.wait_for_load_state("networkidle")
        assert seen.elsewhere == []
        assert seen.missing == []
        assert seen.errors == []


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(browser: Browser, site: str, name: str, colours: str) -> None:
    with opened(browser, site, name, color_scheme=colours) as seen:
        assert violations(seen.page) == []
        seen.page.set_viewport_size({"width": PHONE, "height": 900})
        # Tabs of a group change together, so one click shows the other side of all of them.
        others = seen.page.locator("[role=tab][aria-selected=false]")
        if others.count():
            others.first.click()
        assert violations(seen.page) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_never_scrolls_a_page_sideways(browser: Browser, site: str, name: str) -> None:
    with opened(browser, site, name, width=PHONE) as seen:
        # The theme makes a box between the page and its text scroll, so each one is asked.
        wide = seen.page.evaluate(
            """(() => {
              const wide = [];
              for (let box = document.querySelector("article"); box; box = box.parentElement) {
                if (getComputedStyle(box).overflowX === "visible") continue;
                if (box.scrollWidth > box.clientWidth) wide.push(box.className || box.tagName);
              }
              return wide;
            })()"""
        )
        assert wide == []


def unreadable(page: Page) -> list[str]:
    """Text of the article that has no place on the screen, folded details aside."""
    hidden: list[str] = page.evaluate(
        """[...document.querySelectorAll("article :is(h1, h2, h3, h4, p, li, pre, td, dd)")]
        .filter((each) => each.textContent.trim() && !each.closest("details:not([open])"))
        .filter((each) => !each.checkVisibility({visibilityProperty: true, opacityProperty: true}))
        .map((each) => each.textContent.trim().slice(0, 80))"""
    )
    return hidden


# The results of a search are made by JavaScript; its page says so.
@pytest.mark.parametrize("name", [name for name in PAGES if name != "search.html"])
def test_a_page_reads_without_javascript(browser: Browser, site: str, name: str) -> None:
    with opened(browser, site, name, java_script_enabled=False) as seen:
        assert seen.page.locator("article").inner_text().strip()
        assert unreadable(seen.page) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_prints_whole(browser: Browser, site: str, name: str) -> None:
    with opened(browser, site, name) as seen:
        seen.page.emulate_media(media="print")
        assert unreadable(seen.page) == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("disposable", "explanation/thinking.html"),
        ("publish port", "explanation/practical-implications.html"),
    ],
)
def test_search_finds_a_known_page(browser: Browser, site: str, words: str, expected: str) -> None:
    with opened(browser, site, "index.html") as seen:
        seen.page.locator("input[name=q]").first.fill(words)
        seen.page.locator("input[name=q]").first.press("Enter")
        found = seen.page.locator("#search-results li a")
        found.first.wait_for()
        places = [link.get_attribute("href") or "" for link in found.all()]
        assert any(place.split("?")[0].split("#")[0].endswith(expected) for place in places)


def test_the_keyboard_shows_where_it_is(browser: Browser, site: str) -> None:
    with opened(browser, site, "index.html") as seen:
        stops = []
        for _ in range(12):
            seen.page.keyboard.press("Tab")
            stops.append(
                seen.page.evaluate(
                    """(() => {
                      const at = document.activeElement, style = getComputedStyle(at);
                      return [at.outerHTML.slice(0, 80), style.outlineStyle, style.outlineWidth];
                    })()"""
                )
            )
        assert [stop for stop in stops if stop[1] == "none" or stop[2] == "0px"] == []


def with_markup(markup: str) -> list[str]:
    """The built pages that hold `markup`."""
    return [name for name in PAGES if markup in (BUILT / name).read_text(encoding="utf-8")]


def reveal(block: Locator) -> None:
    """Select the tab of the panel that `block` lies in, where it lies in one that is hidden."""
    panel = block.locator("xpath=ancestor::*[@role='tabpanel']")
    if panel.count() and not panel.is_visible():
        block.page.locator(f"[id='{panel.get_attribute('aria-labelledby')}']").click()


def test_copy_buttons_take_the_commands_and_nothing_else(browser: Browser, site: str) -> None:
    names = with_markup("seatrial-copy")
    assert names
    for name in names:
        with opened(browser, site, name, permissions=["clipboard-read", "clipboard-write"]) as seen:
            unfold(seen.page)
            for button in seen.page.locator("button.seatrial-copy").all():
                figure = button.locator("xpath=ancestor::figure[1]")
                commands = figure.locator(".seatrial-command").all_text_contents()
                reveal(button)
                seen.page.evaluate("navigator.clipboard.writeText('untouched')")
                button.click()
                seen.page.wait_for_function(
                    "navigator.clipboard.readText().then((text) => text !== 'untouched')"
                )
                copied = seen.page.evaluate("navigator.clipboard.readText()")
                assert commands
                assert copied.rstrip("\n") == "\n".join(commands).rstrip("\n")


def test_tabs_answer_home_and_end_and_keep_one_stop_of_the_tab_key(
    browser: Browser, site: str
) -> None:
    names = with_markup('role="tablist"')
    assert names
    with opened(browser, site, names[0]) as seen:
        unfold(seen.page)
        first = seen.page.locator("[role=tablist]").first
        first.locator("[role=tab]").last.click()
        stops = seen.page.locator("[role=tablist]").evaluate_all(
            """(lists) => lists.map(
              (list) => [...list.children].filter((tab) => tab.tabIndex === 0).length
            )"""
        )
        assert set(stops) == {1}
        seen.page.keyboard.press("Home")
        assert first.locator("[role=tab]").first.evaluate("(tab) => tab === document.activeElement")
        seen.page.keyboard.press("End")
        assert first.locator("[role=tab]").last.evaluate("(tab) => tab === document.activeElement")


def test_tabs_work_where_session_storage_is_blocked(browser: Browser, site: str) -> None:
    names = with_markup('role="tablist"')
    assert names
    with opened(browser, site, names[0]) as seen:
        seen.page.add_init_script(
            "Object.defineProperty(window, 'sessionStorage', {get() { throw new Error('no'); }});"
        )
        seen.page.reload()
        unfold(seen.page)
        other = seen.page.locator("[role=tab][aria-selected=false]").first
        other.click()
        assert seen.errors == []
