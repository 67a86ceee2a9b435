"""Every built page, opened in Chromium: no other origin, no axe violation, readable by anyone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.site.conftest import BUILT, PAGES

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
PHONE, DESK = 390, 1280
# the least that anybody makes phones for
NARROW = 320


def with_markup(markup: str) -> list[str]:
    """The built pages that hold `markup`."""
    return [name for name in PAGES if markup in (BUILT / name).read_text(encoding="utf-8")]


@dataclass
class Opened:
    """A page as Chromium shows it, and what it asked for and complained about on the way."""

    page: Page
    elsewhere: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@contextmanager
def window(browser: Browser, site: str, **how: Any) -> Iterator[Opened]:
    """Open an empty page in a context of its own, with Playwright's context options `how`."""
    with browser.new_context(viewport={"width": DESK, "height": 900}, **how) as context:
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
        yield seen


@contextmanager
def opened(browser: Browser, site: str, name: str) -> Iterator[Opened]:
    """Open the page `name` in a context of its own."""
    with window(browser, site) as seen:
        seen.page.goto(f"{site}/{name}", wait_until="load")
        yield seen


def unfold(page: Page, *, fold: bool = False) -> None:
    """Open all that is folded, or close it again."""
    page.evaluate(
        "(open) => document.querySelectorAll('details').forEach((each) => { each.open = open; })",
        not fold,
    )


def settle(page: Page) -> None:
    """Wait until the page shows what was last asked of it, and its scripts have seen it.

    Observers of sizes answer at the end of the next frame, and colours may fade for a while.
    """
    page.evaluate(
        """async () => {
          const frame = () => new Promise((seen) => requestAnimationFrame(seen));
          await frame();
          await frame();
          const ends = document.getAnimations()
            .filter((each) => each.effect.getComputedTiming().endTime < Infinity)
            .map((each) => each.finished);
          await Promise.allSettled(ends);
        }"""
    )


# Three quarters of axe's time go into colours, and most of that into elements that are alike. Of
# those that have the same names and looks, up to the page, it judges the first; test_design.py
# computes the contrast of them all.
MARK_COLOURS = """() => {
  const looks = new Set();
  const named = new Map();
  const names = (element) => {
    if (!element) return "";
    if (!named.has(element)) {
      const own = `${element.tagName}.${element.className} ${element.getAttribute("style")}`;
      named.set(element, `${names(element.parentElement)}>${own}`);
    }
    return named.get(element);
  };
  for (const element of document.querySelectorAll("body *")) {
    element.removeAttribute("data-judged");
    const texts = [...element.childNodes].filter((child) => child.nodeType === 3);
    if (!texts.some((text) => text.data.trim())) continue;
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const look = [names(element), color, fontSize, fontWeight].join();
    if (!looks.has(look)) element.setAttribute("data-judged", "");
    looks.add(look);
  }
  axe.configure({ rules: [{ id: "color-contrast", selector: "[data-judged]" }] });
}"""


def violations(page: Page, *rules: str) -> list[str]:
    """What axe objects to on `page` as it is now, a line for each element; by all rules or some."""
    unfold(page)
    settle(page)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    page.evaluate(MARK_COLOURS)
    options: dict[str, object] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = list(rules)
    return page.evaluate(  # type: ignore[no-any-return]
        """async (options) => {
          const { violations } = await axe.run(document, options);
          return violations.flatMap((rule) => rule.nodes.map((node) =>
            `${rule.id}: ${node.failureSummary} in ${node.html.slice(0, 200)}`));
        }""",
        options,
    )


@pytest.fixture(scope="module")
def only_window(browser: Browser, site: str) -> Iterator[Opened]:
    """The one window that all tests of a single page share, which may use the clipboard."""
    with window(browser, site, permissions=["clipboard-read", "clipboard-write"]) as seen:
        yield seen


@pytest.fixture(scope="module", params=PAGES)
def shown(only_window: Opened, site: str, request: pytest.FixtureRequest) -> Opened:
    """Each page in turn, opened once for all tests that look at it; pytest groups them by page."""
    seen = only_window
    if seen.page.url.startswith(site):  # the choice of a tab is kept from page to page
        seen.page.evaluate("() => { sessionStorage.clear(); localStorage.clear(); }")
    for noticed in (seen.elsewhere, seen.missing, seen.errors):
        noticed.clear()
    seen.page.set_viewport_size({"width": DESK, "height": 900})
    seen.page.emulate_media(media="screen", color_scheme="light")
    seen.page.goto(f"{site}/{request.param}", wait_until="load")
    return seen


@pytest.fixture
def at_a_desk(shown: Opened) -> Opened:
    """The page as a wide window shows it, in light colours."""
    shown.page.set_viewport_size({"width": DESK, "height": 900})
    shown.page.emulate_media(media="screen", color_scheme="light")
    return shown


@pytest.fixture
def on_a_phone(shown: Opened) -> Iterator[Opened]:
    """The page as a phone shows it, in dark colours."""
    shown.page.set_viewport_size({"width": PHONE, "height": 900})
    shown.page.emulate_media(media="screen", color_scheme="dark")
    yield shown
    shown.page.set_viewport_size({"width": DESK, "height": 900})


def test_axe_finds_nothing_at_a_desk_in_light(at_a_desk: Opened) -> None:
    assert violations(at_a_desk.page) == []


# In dark colours a phone shows all of a page but what stands beside it, which is the same on all
# pages of a kind.
@pytest.mark.parametrize(
    "shown",
    [
        "index.html",
        "explanation/practical-implications.html",
        "notebooks/first-steps.html",
        "reference/glossary.html",
        "search.html",
    ],
    indirect=True,
)
def test_axe_finds_no_faint_text_at_a_desk_in_dark(at_a_desk: Opened) -> None:
    at_a_desk.page.emulate_media(color_scheme="dark")
    assert violations(at_a_desk.page, "color-contrast") == []


def test_axe_finds_nothing_on_a_phone_in_dark(on_a_phone: Opened) -> None:
    # The first tabs of a page may be in something folded, and whether an earlier test unfolded it
    # depends on which of the parallel workers ran that.
    unfold(on_a_phone.page)
    # Tabs of a group change together, so one click shows the other side of all of them.
    others = on_a_phone.page.locator("[role=tab][aria-selected=false]")
    if others.count():
        others.first.click()
    assert violations(on_a_phone.page) == []


def test_a_phone_never_scrolls_a_page_sideways(on_a_phone: Opened) -> None:
    unfold(on_a_phone.page)
    # The theme makes a box between the page and its text scroll, so each one is asked.
    wide = on_a_phone.page.evaluate(
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


def test_no_heading_is_torn_within_a_word_on_a_phone(on_a_phone: Opened) -> None:
    torn = on_a_phone.page.evaluate(
        """(() => {
          const torn = [];
          const parts = (heading) => {
            const walker = document.createTreeWalker(heading, NodeFilter.SHOW_TEXT);
            return Array.from({length: 99}, () => walker.nextNode()).filter(Boolean);
          };
          for (const heading of document.querySelectorAll("article :is(h1, h2, h3, h4)")) {
            for (const part of parts(heading)) {
              // a name such as docker-compose.yml may break behind its hyphen
              for (const word of part.data.matchAll(/[^\\s-]+-?/g)) {
                const range = document.createRange();
                range.setStart(part, word.index);
                range.setEnd(part, word.index + word[0].length);
                const lines = new Set([...range.getClientRects()].map((each) => each.top));
                if (lines.size > 1) torn.push(word[0]);
              }
            }
          }
          return torn;
        })()"""
    )
    assert torn == []


@pytest.mark.parametrize("shown", with_markup("seatrial-tabs"), indirect=True)
def test_a_copy_button_leaves_the_tabs_beside_it_room(on_a_phone: Opened) -> None:
    on_a_phone.page.set_viewport_size({"width": NARROW, "height": 900})
    gaps = on_a_phone.page.evaluate(
        """[...document.querySelectorAll(".seatrial-tabs")]
        .filter((each) => each.checkVisibility())
        .map((each) => {
          const tab = each.querySelector("[role=tab]:last-of-type").getBoundingClientRect();
          const button = [...each.querySelectorAll(".seatrial-copy")].find(
            (other) => other.checkVisibility());
          return button ? button.getBoundingClientRect().left - tab.right : null;
        })
        .filter((gap) => gap !== null)"""
    )
    assert gaps
    assert min(gaps) >= 0


def test_a_page_prints_whole(at_a_desk: Opened) -> None:
    unfold(at_a_desk.page, fold=True)
    at_a_desk.page.emulate_media(media="print")
    assert unreadable(at_a_desk.page) == []


def unreadable(page: Page) -> list[str]:
    """Text of the article that has no place on the screen, folded details aside."""
    hidden: list[str] = page.evaluate(
        """[...document.querySelectorAll("article :is(h1, h2, h3, h4, p, li, pre, td, dd)")]
        .filter((each) => each.textContent.trim() && !each.closest("details:not([open])"))
        .filter((each) => !each.checkVisibility({visibilityProperty: true, opacityProperty: true}))
        .map((each) => each.textContent.trim().slice(0, 80))"""
    )
    return hidden


@pytest.mark.parametrize("shown", with_markup("seatrial-copy"), indirect=True)
def test_copy_buttons_take_the_commands_and_nothing_else(at_a_desk: Opened) -> None:
    page = at_a_desk.page
    unfold(page)
    # as a person does, once
    page.locator("button.seatrial-copy:visible").first.click()
    page.locator(".seatrial-said:not(:empty)").first.wait_for()
    pairs = page.evaluate(
        """async () => {
          const pairs = [];
          for (const button of document.querySelectorAll("button.seatrial-copy")) {
            await navigator.clipboard.writeText("untouched");
            button.click();
            let copied = "untouched";
            for (let tries = 0; copied === "untouched" && tries < 1000; tries++) {
              copied = await navigator.clipboard.readText();
            }
            const commands = button.closest("figure").querySelectorAll(".seatrial-command");
            pairs.push([[...commands].map((each) => each.textContent), copied]);
          }
          return pairs;
        }"""
    )
    assert pairs
    for commands, copied in pairs:
        assert commands
        assert copied.rstrip("\n") == "\n".join(commands).rstrip("\n")


@pytest.mark.parametrize("shown", with_markup("code-block-caption"), indirect=True)
def test_a_block_with_a_files_name_is_copied_whole(at_a_desk: Opened) -> None:
    blocks = at_a_desk.page.locator(".literal-block-wrapper:has(.code-block-caption)")
    for block in blocks.all():
        block.get_by_role("button", name="copy").click()
        block.get_by_text("copied", exact=True).wait_for()
        copied = at_a_desk.page.evaluate("navigator.clipboard.readText()")
        assert copied == block.locator("pre").text_content()


# The last of a page's tests, so that what a script asks for later is seen as well.
def test_a_page_asks_nothing_of_another_origin(at_a_desk: Opened) -> None:
    assert at_a_desk.elsewhere == []
    assert at_a_desk.missing == []
    assert at_a_desk.errors == []


@pytest.fixture(scope="module")
def without_javascript(browser: Browser, site: str) -> Iterator[Page]:
    """A window in which no script of a page runs."""
    with window(browser, site, java_script_enabled=False) as seen:
        yield seen.page


# The results of a search are made by JavaScript; its page says so.
@pytest.mark.parametrize("name", [name for name in PAGES if name != "search.html"])
def test_a_page_reads_without_javascript(without_javascript: Page, site: str, name: str) -> None:
    without_javascript.goto(f"{site}/{name}", wait_until="load")
    assert without_javascript.locator("article").inner_text().strip()
    assert unreadable(without_javascript) == []


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
        # Results are added one after the other, so the first says nothing of those that follow.
        seen.page.locator(f"#search-results li a[href*='{expected}']").first.wait_for()


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
