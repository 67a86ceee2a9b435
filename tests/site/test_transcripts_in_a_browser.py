"""Transcripts as a reader uses them: frames, copying, and the switch between both spellings."""

from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, BrowserContext, Page

from tests.site.conftest import BUILT, PAGES, with_markup

pytestmark = pytest.mark.browser

SWITCHED = with_markup('class="seatrial-switch"') or ["index.html"]

NESTED = "index.html"
BOTH = "explanation/practical-implications.html"
OTHER = "how-to/open-a-shell.html"
SHOWN = """(spelling) => [...document.querySelectorAll(`figure[data-spelling="${spelling}"]`)]
  .filter((each) => each.checkVisibility()).length"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that nobody has used yet."""
    with browser.new_context(permissions=["clipboard-read", "clipboard-write"]) as made:
        yield made


def opened(context: BrowserContext, address: str) -> Page:
    """Open a page."""
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(address, wait_until="load")
    return page


def test_a_nested_transcript_is_read_out_as_nested_places(
    context: BrowserContext, site: str
) -> None:
    page = opened(context, f"{site}/{NESTED}")
    tree = page.locator("#how-to-read-a-transcript figure:visible").last.aria_snapshot()
    names = [line.strip() for line in tree.split("\n") if '- group "' in line]
    assert names == [
        '- group "your machine":',
        '- group "new container of web, Python":',
        '- group "example-db-1, psql":',
    ]
    assert tree.index("new container of web, Python") < tree.index("this container is gone now")


def test_each_button_copies_the_lines_of_one_program(context: BrowserContext, site: str) -> None:
    page = opened(context, f"{site}/{NESTED}")
    copied = []
    for button in page.locator("#how-to-read-a-transcript figure:visible .seatrial-copy").all():
        button.click()
        page.locator(".seatrial-unseen[role=status]:not(:empty)").wait_for(state="attached")
        copied.append(page.evaluate("navigator.clipboard.readText()").split("\n"))
    assert copied == [
        ["docker compose run --rm web python manage.py shell"],
        [
            "from guestbook.models import Entry",
            'Entry.objects.create(name="Ada", text="hello")',
            "exit()",
        ],
        ["docker compose exec db psql -U postgres db"],
        ["select count(*) from guestbook_entry;", "\\q"],
    ]


def test_one_switch_chooses_the_spelling_for_all_pages_and_is_remembered(
    context: BrowserContext, site: str
) -> None:
    page = opened(context, f"{site}/{BOTH}")
    assert (page.evaluate(SHOWN, "v2") > 5, page.evaluate(SHOWN, "v1")) == (True, 0)
    page.get_by_role("group", name="Spelling of Compose").get_by_text("docker-compose").click()
    assert (page.evaluate(SHOWN, "v2"), page.evaluate(SHOWN, "v1") > 5) == (0, True)
    assert "out of support since July 2023" in page.locator(".seatrial-page").inner_text()
    page.close()
    # another window, another day: what a tab remembers is gone
    page = opened(context, f"{site}/{OTHER}")
    assert (page.evaluate(SHOWN, "v2"), page.evaluate(SHOWN, "v1") > 2) == (0, True)


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desk", "phone"])
def test_what_is_pressed_stays_where_it_is(
    context: BrowserContext, site: str, size: tuple[int, int]
) -> None:
    page = opened(context, f"{site}/how-to/run-several-web-containers.html")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    switch = page.locator(".seatrial-switch")
    of_the_page = "getComputedStyle(document.documentElement).scrollBehavior"
    moves = page.evaluate(of_the_page)
    for scrolled in (0, 60):
        page.evaluate("(to) => scrollTo({ top: to, behavior: 'instant' })", scrolled)
        before = switch.bounding_box()
        for spelling in ("docker-compose", "docker compose"):
            switch.get_by_text(spelling, exact=True).click()
            assert switch.bounding_box() == before
    # a page that moves slowly under the reader has not arrived yet
    assert page.evaluate(of_the_page) == moves


def test_commands_in_sentences_and_tables_follow_the_switch(
    context: BrowserContext, site: str
) -> None:
    page = opened(context, f"{site}/how-to/restart-or-rebuild.html")
    follow = page.locator(".seatrial-spelt")
    before = follow.all_inner_texts()
    assert page.locator("table .seatrial-spelt").count() > 3
    assert page.locator("p .seatrial-spelt").count() > 0
    page.locator(".seatrial-switch").get_by_text("docker-compose").click()
    assert follow.all_inner_texts() == [
        each.replace("docker compose", "docker-compose") for each in before
    ]
    page.locator(".seatrial-switch").get_by_text("docker compose", exact=True).click()
    assert follow.all_inner_texts() == before


def test_a_page_has_one_switch_and_no_other_kind(site: str) -> None:
    assert site
    assert SWITCHED
    for name in PAGES:
        text = (BUILT / name).read_text(encoding="utf-8")
        assert text.count('class="seatrial-switch"') == (name in SWITCHED), name
        if 'role="tab"' in text:
            tabs = BeautifulSoup(text, "html.parser").select("[role=tab]")
            assert tabs, name
            assert [tab for tab in tabs if "compose" in tab.get_text().lower()] == [], name


@pytest.mark.parametrize("media", ["screen", "print"])
def test_what_removes_data_says_so_in_words_beside_the_button(
    context: BrowserContext, site: str, media: str
) -> None:
    page = opened(context, f"{site}/how-to/clean-up.html")
    page.emulate_media(media=media)  # type: ignore[arg-type]
    figure = page.locator("#remove-the-images-as-well figure[data-spelling=v2]").first
    mark = figure.locator(".seatrial-where > .seatrial-removing")
    assert mark.inner_text() == "removes data"
    said = figure.locator(".seatrial-removed").first
    assert said.inner_text().strip() == (
        "removes data: volumes example_db-data and example_media-data; image example-web"
    )
    assert (mark.is_visible(), said.is_visible()) == (True, True)
    if media == "screen":
        button = figure.locator(".seatrial-removing + .seatrial-copy")
        assert "removes data" in str(button.get_attribute("aria-label"))
        boxes = mark.bounding_box(), button.bounding_box()
        assert boxes[0] is not None
        assert boxes[1] is not None
        assert (
            abs(boxes[0]["y"] + boxes[0]["height"] / 2 - boxes[1]["y"] - boxes[1]["height"] / 2) < 4
        )
        button.click()
        assert page.evaluate("navigator.clipboard.readText()") == (
            "docker compose down -v --rmi local"
        )


def test_without_a_script_both_spellings_stand_there_each_with_its_name(
    browser: Browser, site: str
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = opened(context, f"{site}/{BOTH}")
        halves = page.locator("figure[data-spelling]")
        hidden = [each for each in halves.all() if not each.is_visible() and _stands_open(each)]
        assert halves.count() > 10
        assert hidden == []
        names = page.locator("figure[data-spelling] > .seatrial-label:visible").all_inner_texts()
        assert set(names) == {"docker compose", "docker-compose"}
        assert page.locator(".seatrial-switch:visible").count() == 0


def _stands_open(figure: object) -> bool:
    """Tell whether no fold hides an element."""
    return not figure.evaluate("(each) => Boolean(each.closest('details:not([open])'))")  # type: ignore[attr-defined]


def test_a_browser_that_stores_nothing_still_switches(context: BrowserContext, site: str) -> None:
    context.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, name, {get() { throw new Error('no'); }});"
    )
    page = opened(context, f"{site}/{BOTH}")
    page.locator(".seatrial-switch").get_by_text("docker-compose").click()
    assert page.evaluate(SHOWN, "v2") == 0


def test_a_line_that_was_typed_looks_otherwise_than_one_that_came(
    context: BrowserContext, site: str
) -> None:
    page = opened(context, f"{site}/{NESTED}")
    colours = page.evaluate(
        """[".seatrial-row", ".seatrial-output"].map(
          (each) => getComputedStyle(document.querySelector(each)).color)"""
    )
    assert colours[0] != colours[1]


def test_places_differ_in_more_than_colour(context: BrowserContext, site: str) -> None:
    page = opened(context, f"{site}/{BOTH}")
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    styles = page.evaluate(
        """["running", "made", "program"].map((kind) => getComputedStyle(
          document.querySelector(`.seatrial-frame[data-kind="${kind}"]`)).borderLeftStyle)"""
    )
    assert styles == ["solid", "dashed", "double"]


def test_an_address_that_somebody_mistyped_breaks_nothing(
    context: BrowserContext, site: str
) -> None:
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{site}/{NESTED}#100%", wait_until="load")
    assert [error for error in errors if "URI" in error] == []
    assert page.locator(".seatrial-copy").count() > 1
