"""How the site looks, in numbers: each page at four widths, light and dark."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page

from tests.site.conftest import BUILT, PAGES, settle

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
            page.emulate_media(media="screen", color_scheme=scheme)
            first = scheme == "light"  # colours have no size
            if first:
                half_way_up(page)
            options = {
                "budget": BUDGET,
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
    for less in (0, 60):
        page.evaluate(
            """(less) => scrollTo({
              top: document.documentElement.scrollHeight / 2 - less, behavior: "instant"
            })""",
            less,
        )
        settle(page)


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


# One fault of each kind.
FAULTS = {
    "faint": "<p style='color: #999'>faint</p>",
    "small text": "<p style='font-size: 11px'>small</p>",
    "small code": "<pre style='font: 13px monospace'>ls</pre>",
    "tight lines": "<p style='line-height: 1.5'>tight</p>",
    "dotted": "<u style='text-decoration: underline dotted'>no term of the glossary</u>",
    "long lines": f"<p style='width: 60rem; font-size: 15px'>{'many words ' * 40}</p>" * 3,
    "heading adrift": "<p>before</p><h2 style='margin: 1rem 0'>adrift</h2><p>after</p>",
    "torn option": "<p style='width: 3rem'><code>--remove-orphans</code></p>",
    "page scrolls sideways": "<div style='width: 1500px'>wide</div>",
    "cut": "<div style='width: 5rem; overflow: hidden'>awordthatislongerthanthat</div>",
    "scrolls unseen": "<div style='width: 5rem; overflow: auto'>awordthatislongerthanthat</div>",
    "spills": "<pre style='width: 5rem'>a line that is longer than that</pre>",
    "touching icons": "<button class='icon'></button><button class='icon'></button>",
    "small target": "<button class='small'>a</button><button class='small'>b</button>",
    "lies on text": "<p>under</p><b style='position: fixed; inset: 0 auto auto 0'>over it all</b>",
    "printed over text": "<div style='position: fixed; top: -5rem'>for paper</div>",
}
FAULTY = """<!doctype html><style>
  body { font: 16px/1.6 sans-serif; margin: 0; overflow-x: auto }
  p { margin: 0 } h2 { line-height: 1; margin: 3rem 0 0 } pre { font: 14px monospace; margin: 0 }
  .icon { border: 0; height: 24px; padding: 0; width: 24px }
  .small { border: 0; font-size: 12px; height: 15px; padding: 0; width: 15px }
</style><article>%s</article>"""


@pytest.mark.browser
@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_of_each_kind_is_found(sheet: Page, kind: str) -> None:
    sheet.goto("about:blank")
    sheet.set_content(FAULTY % FAULTS[kind])
    assert any(each.startswith(kind) for each in findings(sheet))


@pytest.mark.browser
def test_a_plain_page_has_no_faults(sheet: Page) -> None:
    sheet.goto("about:blank")
    sheet.set_content(FAULTY % "<p>before</p><h2>after it</h2><p>as it should be</p>")
    assert findings(sheet) == []
