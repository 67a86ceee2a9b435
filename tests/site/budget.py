"""How the site looks, in numbers: what exceeds the budget on a page at one width."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

from tests.site import paper
from tests.site.conftest import settle, unfold

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
WIDTHS = (1440, 900, 320)  # what fits the narrowest phone fits the others
TOUCHED = (320,)
SCROLLED = (1440, 320)  # between them, what floats is what does on a phone
HEIGHT = 900
EACH = 4  # how many findings of a kind are shown for a page and a width

MEASURE = Path(__file__).with_name("design.js").read_text(encoding="utf-8")


def at(page: Page, width: int, scheme: str) -> list[str]:
    """Return what exceeds the budget at the width and in the colours that a page has now."""
    layout = scheme == "light"  # colours have no size
    if layout and width in SCROLLED:
        half_way_up(page)
    options = {"budget": BUDGET, "layout": layout, "touch": width in TOUCHED}
    found = page.evaluate(f"(options) => ({MEASURE})(options)", options)
    return [f"{kind}: {detail}" for kind, detail in fewer(found)]


def everywhere(page: Page) -> list[str]:
    """Return what exceeds the budget on a page at all widths, in both colours and on paper."""
    said = []
    unfold(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        for scheme in ("light", "dark"):
            page.emulate_media(media="screen", color_scheme=scheme)
            said += at(page, width, scheme)
    page.set_viewport_size({"width": paper.WIDTH, "height": HEIGHT})
    page.emulate_media(media="print", color_scheme="light")
    return said + [f"printed over text: {each}" for each in page.evaluate(paper.FIXED)]


def half_way_up(page: Page) -> None:
    """Scroll to the middle and a little back, which is when a page may show more than its text."""
    page.evaluate(
        """async () => {
          const seen = () => new Promise((frame) => requestAnimationFrame(frame));
          const middle = document.documentElement.scrollHeight / 2;
          scrollTo({ top: middle, behavior: "instant" });
          await seen();
          await seen();
          scrollTo({ top: middle - 60, behavior: "instant" });
        }"""
    )
    settle(page)


def fewer(found: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Give the first findings of each kind, and how many more there are."""
    counts = Counter(kind for kind, _ in found)
    given: Counter[str] = Counter()
    for kind, detail in found:
        given[kind] += 1
        if given[kind] <= EACH:
            more = counts[kind] - EACH if given[kind] == EACH else 0
            yield kind, f"{detail} (and {more} more)" if more > 0 else detail
