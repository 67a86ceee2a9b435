"""What may go wrong with a page on paper: the text, all of it, in one spelling, nothing to press.

The page has to be as Chromium prints it, its folds as they were when it opened.
"""

from playwright.sync_api import Page

WIDTH = 718  # A4 between its margins
# What one presses, types into or goes on with; a link within the text is none.
INTERFACE = (
    "button, input, select, textarea, nav, label, [role='tablist'], [role='search'], "
    "[role='status'], .skip-to-content, .sidebar-drawer, .toc-drawer, .headerlink, .site-copy, "
    ".related-pages, .mobile-header, .page-forms"
)
# Words of it, in case some of it is none of these elements.
WORDS = ("Skip to content", "Back to top", "show the run", "This page as Markdown", "Toggle")

SHOWN = """(selector) => [...document.querySelectorAll(selector)]
  .filter((each) => each.checkVisibility({visibilityProperty: true, opacityProperty: true}))
  .map((each) => `${each.tagName.toLowerCase()}.${each.className} "${
    each.textContent.trim().slice(0, 60)}"`)"""

# Elements with text of their own that have no place on the paper.
HIDDEN = """(selector) => [...document.querySelectorAll(selector)]
  .filter((each) => [...each.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
  .filter((each) => !each.checkVisibility({visibilityProperty: true, opacityProperty: true}))
  .map((each) => each.textContent.trim().slice(0, 60))"""

# What scrolls on a screen, or reaches over the edge of the paper, is cut.
CUT = """(width) => [...document.querySelectorAll("article *")]
  .filter((each) => each.checkVisibility() && !each.closest(".seatrial-unseen"))
  .filter((each) => getComputedStyle(each).display !== "inline" && !each.closest("svg"))
  .filter((each) => each.getBoundingClientRect().right > width + 1 || (
    getComputedStyle(each).overflowX !== "visible" && each.scrollWidth > each.clientWidth + 1))
  .map((each) => `${each.tagName.toLowerCase()}.${each.className} "${
    each.textContent.trim().slice(0, 60)}"`)"""

# On paper there is nothing to stay in sight of.
FIXED = """() => [...document.body.querySelectorAll("*")]
  .filter((each) => getComputedStyle(each).position === "fixed" && each.checkVisibility())
  .filter((each) => each.textContent.trim())
  .filter((each) => each.getBoundingClientRect().right > 0)
  .filter((each) => each.getBoundingClientRect().left < innerWidth)
  .map((each) => `${each.tagName.toLowerCase()} "${each.textContent.trim().slice(0, 40)}"`)"""

PANELS = """() => [
  ...document.querySelectorAll(".sphinx-tabs:not(.seatrial-tabs) > .sphinx-tabs-panel")
]
  .filter((each) => !each.checkVisibility() || !each.querySelector(".tab-name")?.checkVisibility())
  .map((each) => each.textContent.trim().slice(0, 60))"""

# Text of the article that has no place, folded details and some others aside.
UNREADABLE = """(but) => [
  ...document.querySelectorAll("article :is(h1, h2, h3, h4, p, li, pre, td, dd)")
]
  .filter((each) => !each.closest(but))
  .filter((each) => each.textContent.trim() && !each.closest("details:not([open])"))
  .filter((each) => !each.checkVisibility({visibilityProperty: true, opacityProperty: true}))
  .map((each) => each.textContent.trim().slice(0, 80))"""


def unreadable(page: Page, *, but: str = "nothing") -> list[str]:
    """Text of the article that has no place, folded details and some others aside."""
    found: list[str] = page.evaluate(UNREADABLE, but)
    return [f"not readable: {each}" for each in found]


def faults(page: Page) -> list[str]:
    """What is wrong with a page in the spelling `docker compose`."""
    # of what is folded all but the words that open it, what one presses, and the other spelling
    folded = "details > :not(summary), details > :not(summary) *"
    other = f'[data-spelling="v1"], [hidden], summary, .seatrial-label, {INTERFACE}'
    text = page.evaluate("document.body.innerText")
    found: dict[str, list[str]] = {
        "interface": page.evaluate(SHOWN, INTERFACE),
        "interface's words": [word for word in WORDS if word in text],
        "folded": page.evaluate(HIDDEN, f":is({folded}):not(:is({other}), :is({other}) *)"),
        "cut": page.evaluate(CUT, WIDTH),
        "over text": page.evaluate(FIXED),
        "panel without its name": page.evaluate(PANELS),
    }
    named = [f"{kind}: {each}" for kind, all_ in found.items() for each in all_]
    # of each block one spelling is enough
    return named + unreadable(page, but='[data-spelling="v1"]')


def spelling(page: Page, chosen: str) -> list[str]:
    """What is wrong with the spellings of a page that has both, `v1` or `v2` having been chosen."""
    other = {"v1": "v2", "v2": "v1"}[chosen]
    found = [
        f"the other spelling: {each}" for each in page.evaluate(SHOWN, f'[data-spelling="{other}"]')
    ]
    run = f'.seatrial-page-run[data-spelling="{chosen}"]'
    found += [f"hidden run: {each}" for each in page.evaluate(HIDDEN, run)]
    if not page.evaluate(SHOWN, f'[data-spelling="{chosen}"]'):
        found.append(f"nothing in {chosen}")
    return found
