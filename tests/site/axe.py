"""What axe says of a page. Its tests are in two files, so that two processes share them."""

from importlib.resources import files

from playwright.sync_api import Page

from tests.site.conftest import settle, unfold

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")

# The rules that take most of axe's time. The budget (design.js) measures on every page the contrast
# of all texts, and on a phone the size of what a finger touches; colours of links within texts are
# the same on all pages of a kind.
SLOW = ("color-contrast", "link-in-text-block", "target-size")
# Three quarters of axe's time go into colours, and most of that into elements that are alike. Of
# those that have the same names, colours and sizes, and lie in the same, it judges the first;
# test_design.py computes the contrast of them all.
MARK_COLOURS = """() => {
  const looks = new Set();
  const names = (element, levels) => {
    if (!element || !levels) return "";
    const { backgroundColor } = getComputedStyle(element);
    const own = `${element.tagName}.${element.className} ${backgroundColor}`;
    return `${names(element.parentElement, levels - 1)}>${own}`;
  };
  for (const element of document.querySelectorAll("body *")) {
    element.removeAttribute("data-judged");
    const texts = [...element.childNodes].filter((child) => child.nodeType === 3);
    if (!texts.some((text) => text.data.trim())) continue;
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const look = [names(element, 4), color, fontSize, fontWeight].join();
    if (!looks.has(look)) element.setAttribute("data-judged", "");
    looks.add(look);
  }
  axe.configure({ rules: [{ id: "color-contrast", selector: "[data-judged]" }] });
}"""


def violations(page: Page, *rules: str, whole: bool = True) -> list[str]:
    """What axe objects to on `page` as it is now, a line for each element; by all rules or some.

    Without the slow rules, which is not the `whole` of it, it takes a third of the time.
    """
    unfold(page)
    settle(page)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    # what would be preloaded is looked at by rules for films and sounds alone
    options: dict[str, object] = {"resultTypes": ["violations"], "preload": False}
    if whole:
        page.evaluate(MARK_COLOURS)
    else:
        options["rules"] = {rule: {"enabled": False} for rule in SLOW}
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
