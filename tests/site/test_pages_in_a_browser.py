"""Every built page, opened in Chromium: no other origin, and readable by anyone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.site.conftest import PAGES, Opened, opened, unfold, window, with_markup

pytestmark = pytest.mark.browser

# the least that anybody makes phones for
NARROW = 320


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


def test_a_page_prints_whole(at_a_desk: Opened) -> None:
    unfold(at_a_desk.page, fold=True)
    at_a_desk.page.emulate_media(media="print")
    # of each block one spelling is enough
    other = '[data-spelling="v1"]'
    assert unreadable(at_a_desk.page, but=other) == []


def unreadable(page: Page, *, but: str = "nothing") -> list[str]:
    """Text of the article that has no place on the screen, folded details and some others aside."""
    hidden: list[str] = page.evaluate(
        """(but) => [
          ...document.querySelectorAll("article :is(h1, h2, h3, h4, p, li, pre, td, dd)")
        ]
        .filter((each) => !each.closest(but))
        .filter((each) => each.textContent.trim() && !each.closest("details:not([open])"))
        .filter((each) => !each.checkVisibility({visibilityProperty: true, opacityProperty: true}))
        .map((each) => each.textContent.trim().slice(0, 80))""",
        but,
    )
    return hidden


@pytest.mark.parametrize("shown", with_markup("seatrial-command"), indirect=True)
def test_copy_buttons_take_the_commands_and_nothing_else(at_a_desk: Opened) -> None:
    page = at_a_desk.page
    unfold(page)
    # as a person does, once
    page.locator("button.seatrial-copy:visible").first.click()
    page.locator(".seatrial-unseen[role=status]:not(:empty)").wait_for(state="attached")
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
            const stretch = button.closest(".seatrial-stretch");
            const commands = stretch.querySelectorAll(".seatrial-command");
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


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_without_javascript(without_javascript: Page, site: str, name: str) -> None:
    without_javascript.goto(f"{site}/{name}", wait_until="load")
    assert without_javascript.locator("article").inner_text().strip()
    assert unreadable(without_javascript) == []


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
