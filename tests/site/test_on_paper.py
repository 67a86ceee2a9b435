"""Each page on paper: the text, all of it, in one spelling, and nothing to press."""

import pytest

from tests.site.conftest import Opened, with_markup

pytestmark = pytest.mark.browser

PAPER = 718  # A4 between its margins
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
  .map((each) => `${each.tagName.toLowerCase()}.${each.className} "${each.textContent.trim()}"`)"""

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


@pytest.fixture
def on_paper(shown: Opened) -> Opened:
    """The page as Chromium prints it; nobody has opened a fold, and no script does."""
    shown.page.set_viewport_size({"width": PAPER, "height": 1000})
    shown.page.emulate_media(media="print", color_scheme="dark")
    return shown


def test_paper_has_no_interface(on_paper: Opened) -> None:
    assert on_paper.page.evaluate(SHOWN, INTERFACE) == []
    text = on_paper.page.evaluate("document.body.innerText")
    assert [word for word in WORDS if word in text] == []


def test_every_fold_is_open_on_paper(on_paper: Opened) -> None:
    # of what is folded all but the words that open it, what one presses, and the other spelling
    folded = "details > :not(summary), details > :not(summary) *"
    other = f'[data-spelling="v1"], [hidden], summary, .seatrial-label, {INTERFACE}'
    assert on_paper.page.evaluate(HIDDEN, f":is({folded}):not(:is({other}), :is({other}) *)") == []


@pytest.mark.parametrize("shown", with_markup("data-spelling"), indirect=True)
@pytest.mark.parametrize("chosen", ["v1", "v2"])
def test_paper_shows_the_spelling_that_was_chosen(on_paper: Opened, chosen: str) -> None:
    page = on_paper.page
    other = {"v1": "v2", "v2": "v1"}[chosen]
    page.emulate_media(media="screen")
    if page.locator(".seatrial-switch button").count():
        page.locator(f".seatrial-switch button[value={chosen}]").first.click()
    page.emulate_media(media="print")
    assert page.evaluate(SHOWN, f'[data-spelling="{other}"]') == []
    assert page.evaluate(HIDDEN, f'.seatrial-page-run[data-spelling="{chosen}"]') == []
    assert len(page.evaluate(SHOWN, f'[data-spelling="{chosen}"]')) > 0


def test_nothing_is_cut_on_paper(on_paper: Opened) -> None:
    assert on_paper.page.evaluate(CUT, PAPER) == []


@pytest.mark.parametrize("shown", with_markup('class="tab-name"'), indirect=True)
def test_panels_have_names_on_paper(on_paper: Opened) -> None:
    panels = on_paper.page.locator(".sphinx-tabs:not(.seatrial-tabs) > .sphinx-tabs-panel")
    assert panels.count() > 0
    for panel in panels.all():
        assert panel.is_visible()
        assert panel.locator(".tab-name").is_visible()
