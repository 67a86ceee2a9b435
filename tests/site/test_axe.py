"""Every built page, judged by axe: as a desk shows it, and as a phone does."""

from importlib.resources import files

import pytest
from playwright.sync_api import Page

from tests.site.conftest import Opened, settle, unfold

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")

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
