"""Every built page, visited once: on paper, at a desk, on a phone, and what its buttons copy.

To open a page takes longer than to look at it, so one visit looks at everything.  It goes on after
a fault, and each fault says where it was seen.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.site import axe, budget, copies, folds, layout, paper, tables
from tests.site.conftest import PAGES, Opened, unfold, window, with_markup

pytestmark = pytest.mark.browser

SWITCHED = with_markup('class="seatrial-switch"')
SPELT = with_markup("data-spelling")
COMMANDS = with_markup("seatrial-command")
FILES = with_markup("code-block-caption")
HOW_TOS = [name for name in with_markup('class="seatrial-short"') if name.startswith("how-to/")]
TABBED = with_markup('role="tab"')
# What axe says depends on elements, and on what of them shows. A phone shows all of a page but what
# stands beside it, which is the same on all pages of a kind. So are colours: the budget computes
# the contrast of each text on each page, and axe's own rules see to what lies behind the text, and
# to links within it.
OF_EACH_KIND = (
    "index.html",
    "explanation/practical-implications.html",
    "notebooks/first-steps.html",
    "reference/glossary.html",
    "search.html",
)
SHOWN = """(spelling) => [...document.querySelectorAll(`figure[data-spelling="${spelling}"]`)]
  .filter((each) => each.checkVisibility()).length"""
FOLDED = "[...document.querySelectorAll('details:not([open])')]"
PRESSED = """[...document.querySelectorAll(".seatrial-switch > [aria-pressed=true]")]
  .map((each) => each.textContent)"""
# Of how a mouse does it, another test sees to.
CHOOSE = """(spelling) =>
  document.querySelector(`.seatrial-switch button[value=${spelling}]`).click()"""
DESK, PHONE, PAPER = (1440, 900), (390, 844), (paper.WIDTH, 1000)


class Visit:
    """One page, and what was found on it."""

    def __init__(self, seen: Opened, site: str, name: str) -> None:
        """Open the page."""
        self.seen, self.page, self.name = seen, seen.page, name
        self.faults: list[str] = []
        self._shown: tuple[object, ...] = ()
        self.look(DESK, "light")
        self.page.goto(f"{site}/{name}", wait_until="load")
        self.folded = self.page.evaluate_handle(FOLDED)

    def note(self, where: str, faults: list[str]) -> None:
        """Keep what a check found."""
        self.faults += [f"{where}: {each}" for each in faults]

    def look(self, size: tuple[int, int], scheme: str, media: str = "screen") -> None:
        """Have the page shown in a size and in colours."""
        if self._shown[:1] != (size,):
            self.page.set_viewport_size({"width": size[0], "height": size[1]})
        if self._shown != (size, scheme, media):
            self.page.emulate_media(media=media, color_scheme=scheme)  # type: ignore[arg-type]
        self._shown = size, scheme, media

    def as_it_opens(self, size: tuple[int, int]) -> None:
        """What is folded, and what shows first."""
        if size == DESK:
            self.note("navigation", layout.at_a_desk(self.page, size[1]))
        if not (self.name in HOW_TOS or self.name.startswith("notebooks/")):
            return
        self.look(size, "light")
        if self.name.startswith("notebooks/"):
            self.note(f"folds, {size[0]}", folds.folded(self.page))
        if self.name in HOW_TOS:
            self.note(f"first screen, {size[0]}", layout.first_screen(self.page, size[1]))

    def what_was_chosen_before(self) -> None:
        """The reader chose `docker-compose` on another page, and chooses again."""
        if self.name not in SWITCHED:
            return
        self.look(PAPER, "dark")
        unfold(self.page)
        others, chosen = (self.page.evaluate(SHOWN, each) for each in ("v2", "v1"))
        if others or not chosen:
            self.note("chosen before", [f"{others} in the other spelling, {chosen} in the chosen"])
        pressed = self.page.evaluate(PRESSED)
        if pressed != ["docker-compose"]:
            self.note("chosen before", [f"pressed: {pressed}"])
        self.fold_again()
        self.look(PAPER, "dark", "print")
        self.note("paper, docker-compose", paper.spelling(self.page, "v1"))
        self.look(PAPER, "dark")
        self.page.evaluate(CHOOSE, "v2")

    def on_paper(self) -> None:
        """Nobody has opened a fold, and no script does."""
        self.look(PAPER, "dark", "print")
        self.note("paper", paper.faults(self.page))
        if self.name in SPELT:
            self.note("paper, docker compose", paper.spelling(self.page, "v2"))

    def at_each_width(self) -> None:
        """All that is folded is open now; the dark comes first, as paper was dark."""
        unfold(self.page)
        for width in budget.WIDTHS:
            if width == DESK[0] or self.name in OF_EACH_KIND:
                self.look((width, budget.HEIGHT), "dark")
                self.note(f"design, {width} dark", budget.at(self.page, width, "dark"))
            if width == DESK[0] and self.name in OF_EACH_KIND:
                self.note(f"axe, {width} dark", axe.violations(self.page, "color-contrast"))
            self.look((width, budget.HEIGHT), "light")
            self.note(f"design, {width} light", budget.at(self.page, width, "light"))
            if width > PHONE[0]:
                self.note(f"tables, {width}", tables.at_a_desk(self.page))
            if width == DESK[0]:
                self.note(f"cut, {width}", folds.cut(self.page))
                whole = self.name in OF_EACH_KIND
                self.note(f"axe, {width} light", axe.violations(self.page, whole=whole))

    def on_a_phone(self) -> None:
        """The same, where a table is a list; and then as it opens."""
        self.look(PHONE, "light")
        self.note(f"cut, {PHONE[0]}", folds.cut(self.page))
        self.note(f"tables, {PHONE[0]}", tables.on_a_phone(self.page))
        self.note(f"phone, {PHONE[0]}", layout.on_a_phone(self.page))
        self.fold_again()
        self.as_it_opens(PHONE)
        unfold(self.page)

    def on_a_phone_by_axe(self) -> None:
        """Tabs of a group change together, so one click shows the other side of all of them."""
        if self.name not in {*OF_EACH_KIND, *TABBED}:
            return
        self.look(PHONE, "dark")
        others = self.page.locator("[role=tab][aria-selected=false]")
        if others.count():
            others.first.click()
        self.note(f"axe, {PHONE[0]} dark", axe.violations(self.page))

    def copying(self) -> None:
        """Every button is pressed."""
        if self.name in COMMANDS:
            self.note("copy", copies.commands(self.page))
        if self.name in FILES:
            self.note("copy", copies.files(self.page))

    def fold_again(self) -> None:
        """Close what was folded when the page opened."""
        self.folded.evaluate("(all) => all.forEach((each) => { each.open = false; })")

    def requests(self) -> None:
        """Last, so that what a script asks for late is seen as well."""
        for kind in ("elsewhere", "missing", "errors"):
            self.note(kind, getattr(self.seen, kind))


@pytest.fixture(scope="module")
def reader(browser: Browser, site: str) -> Iterator[tuple[Opened, str]]:
    """The one window of all visits, and what it keeps once somebody chose `docker-compose`.

    Nothing fades from one colour to the next in it, so that none in between is measured.
    """
    with window(browser, site, permissions=["clipboard-write"], reduced_motion="reduce") as seen:
        seen.page.goto(f"{site}/{SWITCHED[0]}", wait_until="load")
        seen.page.locator(".seatrial-switch").get_by_text("docker-compose").click()
        # what is asked for late would be missing from the next page
        seen.page.wait_for_load_state("networkidle")
        yield seen, seen.page.evaluate("JSON.stringify(localStorage)")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_fault(reader: tuple[Opened, str], site: str, name: str) -> None:
    seen, kept = reader
    for noticed in (seen.elsewhere, seen.missing, seen.errors):
        noticed.clear()
    seen.page.evaluate(
        """(kept) => {
          sessionStorage.clear();
          localStorage.clear();
          Object.assign(localStorage, JSON.parse(kept));
        }""",
        kept if name in SWITCHED else "{}",
    )
    visit = Visit(seen, site, name)
    visit.as_it_opens(DESK)
    for part in (
        *(visit.what_was_chosen_before, visit.on_paper, visit.at_each_width, visit.on_a_phone),
        *(visit.on_a_phone_by_axe, visit.copying, visit.requests),
    ):
        part()
    assert not visit.faults, "\n" + "\n".join(visit.faults)


@pytest.fixture(scope="module")
def without_javascript(browser: Browser, site: str) -> Iterator[Page]:
    """A window in which no script of a page runs."""
    with window(browser, site, java_script_enabled=False) as seen:
        yield seen.page


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_without_javascript(without_javascript: Page, site: str, name: str) -> None:
    without_javascript.goto(f"{site}/{name}", wait_until="load")
    assert without_javascript.locator("article").inner_text().strip()
    assert paper.unreadable(without_javascript) == []
