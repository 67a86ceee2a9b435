"""Notebooks fold and size what they show as pages do, and what is an error is read whole."""

from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.site.conftest import PAGES, window

pytestmark = pytest.mark.browser

NOTEBOOKS = [name for name in PAGES if name.startswith("notebooks/")]
WIDTHS = (1440, 390)
# more lines of progress than pages show open
MANY = 8

SEEN = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const size = (each) => getComputedStyle(each).fontSize;
  const answers = all("article summary").filter((each) => each.innerText.trim() === "Answer");
  const folded = answers.map((each) => {
    const range = document.createRange();
    range.selectNodeContents(each);
    const [box, text] = [each, range].map((one) => one.getBoundingClientRect());
    const line = Number.parseFloat(getComputedStyle(each).lineHeight);
    return { lines: Math.round(box.height / line), beside: text.left > box.left + 4 };
  });
  const open = all("article .seatrial-output").map((each) =>
    each.closest("details") ? 0 : each.innerText.split("\\n").filter((line) =>
      /^ ?(Container|Network|Volume|Image) \\S+ +[A-Z][a-z]+/.test(line)).length);
  const sizes = all("article .seatrial-output").map(size);
  for (const each of all("article details")) each.open = true;
  const signed = (each) => each.scrollWidth <= each.clientWidth + 1 ||
    getComputedStyle(each).backgroundImage.includes("gradient");
  const edits = all("article .seatrial-edit, article .seatrial-edit *");
  const cut = [...edits, ...all("article .seatrial-output, article pre")]
    .filter((each) => getComputedStyle(each).overflowX !== "visible")
    .filter((each) => each.scrollWidth > each.clientWidth + 1);
  return {
    folded,
    open: Math.max(0, ...open),
    sizes: [...new Set(sizes)],
    edits: [...new Set(all("article .seatrial-edit pre").map(size))],
    unsigned: cut.filter((each) => !signed(each)).map((each) => each.innerText.slice(0, 60)),
    errors: cut.map((each) => each.innerText)
      .filter((text) => /^(psql: )?(error|ERROR|Error response)|Traceback/m.test(text)),
  };
}"""


def seen(browser: Browser, site: str, name: str, width: int) -> Any:
    """Return what a page shows at a width."""
    with window(browser, site) as opened:
        opened.page.set_viewport_size({"width": width, "height": 900})
        opened.page.goto(f"{site}/{name}", wait_until="load")
        return opened.page.evaluate(SEEN)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_folds_as_pages_do(browser: Browser, site: str, name: str) -> None:
    for width in WIDTHS:
        found = seen(browser, site, name, width)
        # a triangle and its word stand on one line
        assert all(each == {"lines": 1, "beside": True} for each in found["folded"]), found
        assert found["open"] < MANY
        # what an edit changes is no larger than what a program prints
        assert set(found["edits"]) <= set(found["sizes"]), found


def test_notebooks_have_answers(browser: Browser, site: str) -> None:
    found = [seen(browser, site, name, WIDTHS[0])["folded"] for name in NOTEBOOKS]
    assert sum(map(len, found)) >= 5


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_without_a_sign_and_no_error_at_all(
    browser: Browser, site: str, name: str
) -> None:
    for width in WIDTHS:
        found = seen(browser, site, name, width)
        assert found["unsigned"] == []
        assert found["errors"] == []
