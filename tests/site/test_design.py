"""The design's budget finds a fault of each kind; what has no width; and motion."""

import re
from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page

from tests.site.budget import HEIGHT, WIDTHS, everywhere
from tests.site.conftest import BUILT, PAGES

# What an option looks like once a dash has taken the place of its hyphens.
DASHED = re.compile(r"[–—][a-z][\w-]*")


@pytest.fixture(scope="module")
def sheet(browser: Browser) -> Iterator[Page]:
    """The one page that all of the site's pages are opened in."""
    with browser.new_context(viewport={"width": WIDTHS[0], "height": HEIGHT}) as context:
        page = context.new_page()
        page.set_default_timeout(15_000)
        yield page


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
    assert any(each.startswith(kind) for each in everywhere(sheet))


@pytest.mark.browser
def test_a_plain_page_has_no_faults(sheet: Page) -> None:
    sheet.goto("about:blank")
    sheet.set_content(FAULTY % "<p>before</p><h2>after it</h2><p>as it should be</p>")
    assert everywhere(sheet) == []
