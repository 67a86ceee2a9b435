"""What may go wrong with a page on a phone, and what of it and of the navigation shows first."""

from playwright.sync_api import Page

# The theme makes a box between the page and its text scroll, so each one is asked.
SIDEWAYS = """(() => {
  const wide = [];
  for (let box = document.querySelector("article"); box; box = box.parentElement) {
    if (getComputedStyle(box).overflowX === "visible") continue;
    if (box.scrollWidth > box.clientWidth) wide.push(box.className || box.tagName);
  }
  return wide;
})()"""

TORN = """(() => {
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

# Where on the page it is, wherever one has scrolled to.
FIRST_COMMAND = """(() => {
  const first = [...document.querySelectorAll(".seatrial-short ol .seatrial-command")]
    .find((each) => each.checkVisibility({ visibilityProperty: true }));
  const box = first?.getBoundingClientRect();
  return box ? { top: box.top + scrollY, bottom: box.bottom + scrollY } : null;
})()"""

# All that stands in the navigation while its groups are closed.
NAMES = ".sidebar-tree .caption, .nav-group > summary, .sidebar-tree > ul > li > .reference"
ENDS = """(names) => [...document.querySelectorAll(names)]
  .map((each) => [each.textContent.trim(), each.getBoundingClientRect().bottom])"""


def at_a_desk(page: Page, height: int) -> list[str]:
    """Tell which names of the navigation are below the first screen, whichever group is open."""
    ends = page.evaluate(ENDS, NAMES)
    found = [f"{name} ends at {end:.0f} px of the navigation" for name, end in ends if end > height]
    return found if ends else ["no navigation"]


def on_a_phone(page: Page) -> list[str]:
    """The boxes that scroll sideways, and words of headings that are torn; folds are open."""
    found = [f"scrolls sideways: {each}" for each in page.evaluate(SIDEWAYS)]
    return found + [f"torn heading: {each}" for each in page.evaluate(TORN)]


def first_screen(page: Page, height: int) -> list[str]:
    """Tell where the first command of a how-to is, if it is not on the first screen."""
    box = page.evaluate(FIRST_COMMAND)
    if box is None:
        return ["no first command"]
    if not 0 <= box["top"] <= box["bottom"] <= height:
        return [f"the first command ends at {box['bottom']:.0f} px"]
    return []
