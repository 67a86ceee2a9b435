"""How the site looks, as numbers: every page at four widths, light and dark, in one Chromium page."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page

from tests.site.conftest import BUILT, PAGES

# The budget. A page's findings are named after what they exceed; see design.js for how each is
# measured.
BUDGET = {
    "text": 12,  # px: the smallest of any text
    "code": 13.6,  # px: blocks of code and transcripts
    "inline": 12.5,  # px: code within a line
    "body": 15,  # px: what is smaller is a note, and no prose
    "measure": 75,  # characters a line of prose, the median of a page
    "leading": 1.55,  # height of a line of prose, in sizes of its letters
    "above": 2,  # the space above a heading, in spaces below it
    "contrast": 4.5,  # of text to what is behind it
    "target": 24,  # px: what a finger hits, on a phone...
    "apart": 40,  # px: ...or how far its middle is from the next one's; icons have to be
}
WIDTHS = (1440, 900, 390, 320)
TOUCHED = (390, 320)
PAPER = 718  # A4 between its margins
HEIGHT = 900
EACH = 4  # how many findings of a kind are shown for a page and a width

MEASURE = Path(__file__).with_name("design.js").read_text(encoding="utf-8")
# What an option looks like once a dash has taken the place of its hyphens.
DASHED = re.compile(r"[–—][a-z][\w-]*")


@pytest.fixture(scope="module")
def sheet(browser: Browser) -> Iterator[Page]:
    """The one page that all of the site's pages are opened in."""
    with browser.new_context(viewport={"width": WIDTHS[0], "height": HEIGHT}) as context:
        page = context.new_page()
        page.set_default_timeout(15_000)
        yield page


def findings(page: Page) -> list[str]:
    """Return what exceeds the budget on the page that is open, at all widths."""
    said = []
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        for scheme in ("light", "dark"):
            page.emulate_media(media="screen", color_scheme=scheme)  # type: ignore[arg-type]
            first = scheme == "light"  # colours have no size
            if first:
                half_way_up(page)
            options = {
                "budget": BUDGET,
                "scheme": scheme,
                "layout": first,
                "touch": width in TOUCHED,
            }
            found = page.evaluate(f"(options) => ({MEASURE})(options)", options)
            said += [f"{kind}, {width} {scheme}: {detail}" for kind, detail in fewer(found)]
    page.set_viewport_size({"width": PAPER, "height": HEIGHT})
    page.emulate_media(media="print", color_scheme="light")
    said += [f"printed over text: {each}" for each in page.evaluate(FIXED)]
    return said


def half_way_up(page: Page) -> None:
    """Scroll to the middle and a little back, which is when a page may show more than its text."""
    page.evaluate(
        """async () => {
          const frame = () => new Promise((seen) => requestAnimationFrame(seen));
          const middle = document.documentElement.scrollHeight / 2;
          for (const y of [middle, middle - 60]) {
            scrollTo({ top: y, behavior: "instant" });
            await frame();
            await frame();
          }
          const ends = document.getAnimations()
            .filter((each) => each.effect.getComputedTiming().endTime < Infinity)
            .map((each) => each.finished);
          await Promise.allSettled(ends);
        }"""
    )


# On paper there is nothing to stay in sight of.
FIXED = """() => [...document.body.querySelectorAll("*")]
  .filter((each) => getComputedStyle(each).position === "fixed" && each.checkVisibility())
  .filter((each) => each.textContent.trim())
  .filter((each) => each.getBoundingClientRect().right > 0)
  .filter((each) => each.getBoundingClientRect().left < innerWidth)
  .map((each) => `${each.tagName.toLowerCase()} "${each.textContent.trim().slice(0, 40)}"`)"""


def fewer(found: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Give the first findings of each kind, and how many more there are."""
    counts = Counter(kind for kind, _ in found)
    given: Counter[str] = Counter()
    for kind, detail in found:
        given[kind] += 1
        if given[kind] <= EACH:
            more = counts[kind] - EACH if given[kind] == EACH else 0
            yield kind, f"{detail} (and {more} more)" if more > 0 else detail


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_a_page_keeps_to_the_budget(sheet: Page, site: str, name: str) -> None:
    sheet.emulate_media(media="screen", color_scheme="light")
    sheet.goto(f"{site}/{name}", wait_until="load")
    found = findings(sheet)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.browser
def test_nothing_moves_for_who_asked_for_less_motion(sheet: Page, site: str) -> None:
    sheet.set_viewport_size({"width": 390, "height": HEIGHT})
    sheet.emulate_media(media="screen", reduced_motion="reduce")
    sheet.goto(f"{site}/index.html", wait_until="load")
    moving = sheet.evaluate(
        """[...document.querySelectorAll("*")].filter((each) => {
          const { scrollBehavior, transitionDuration, animationName } = getComputedStyle(each);
          return scrollBehavior === "smooth" || animationName !== "none" ||
            transitionDuration.split(", ").some((time) => time !== "0s");
        }).map((each) => each.className || each.tagName)"""
    )
    sheet.emulate_media(reduced_motion="no-preference")
    assert moving == []


@pytest.mark.parametrize("name", PAGES)
def test_no_dash_takes_the_place_of_an_options_hyphens(name: str) -> None:
    page = BeautifulSoup((BUILT / name).read_text(encoding="utf-8"), "html.parser")
    assert DASHED.findall(page.get_text(" ")) == []


@pytest.mark.browser
def test_what_exceeds_the_budget_would_be_found(sheet: Page) -> None:
    """A page with one fault of each kind, so that no kind has become blind."""
    sheet.set_content(Path(__file__).with_name("faults.html").read_text(encoding="utf-8"))
    kinds = {each.split(",")[0].split(":")[0] for each in findings(sheet)}
    assert kinds == set(json.loads(FAULTS))
