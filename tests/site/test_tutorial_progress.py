"""How far a reader has come in the tutorial: said on its pages, kept in the browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.site.conftest import opened

pytestmark = pytest.mark.browser

PARTS = (
    "first-steps",
    "restart-or-rebuild",
    "what-are-you-looking-at",
    "talking-to-the-database",
    "what-survives",
    "files-that-vanish",
    "many-containers",
)


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A browser that nobody has used yet, on the second part."""
    with opened(browser, site, "notebooks/restart-or-rebuild.html") as seen:
        yield seen.page


def test_each_notebook_says_which_part_it_is(page: Page, site: str) -> None:
    for number, name in enumerate(PARTS, start=1):
        page.goto(f"{site}/notebooks/{name}.html", wait_until="load")
        assert page.get_by_text(f"Part {number} of 7", exact=True).is_visible()
        assert page.get_by_label(f"I have done part {number}").count() == 1


def test_what_is_done_is_there_after_a_reload_and_on_the_front_page(page: Page, site: str) -> None:
    progress = page.locator(".tutorial-progress")
    assert progress.inner_text() == "0 of 7 parts done"
    page.get_by_label("I have done part 2").check()
    assert progress.inner_text() == "1 of 7 parts done"
    page.reload()
    assert page.get_by_label("I have done part 2").is_checked()
    assert progress.inner_text() == "1 of 7 parts done"
    assert page.locator(".tutorial-bar > i").evaluate_all(
        "(all) => all.map((each) => each.className)"
    ) == ["", "done", "", "", "", "", ""]
    page.goto(f"{site}/index.html", wait_until="load")
    assert page.locator(".tutorial-progress").inner_text() == "1 of 7 parts done"
    done = page.locator(".tutorial-parts > li.done")
    assert done.all_inner_texts() == ["Restart or rebuild? 20 minutes, core ✓ done"]
    page.goto(f"{site}/notebooks/restart-or-rebuild.html", wait_until="load")
    page.get_by_label("I have done part 2").uncheck()
    page.reload()
    assert not page.get_by_label("I have done part 2").is_checked()


@pytest.mark.parametrize("kept", ["{", "7", '{"a": 1}'])
def test_what_another_program_left_there_breaks_nothing(page: Page, kept: str) -> None:
    page.evaluate("(kept) => localStorage.setItem('tutorial-done', kept)", kept)
    page.reload()
    assert page.locator(".tutorial-progress").inner_text() == "0 of 7 parts done"


def test_a_browser_that_stores_nothing_still_counts(page: Page) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no'); }});"
    )
    page.reload()
    page.get_by_label("I have done part 2").check()
    assert page.locator(".tutorial-progress").inner_text() == "1 of 7 parts done"


def test_the_switch_of_the_front_page_is_remembered_beside_the_progress(
    page: Page, site: str
) -> None:
    # both keep something by functions of the same names
    page.goto(f"{site}/index.html", wait_until="load")
    page.get_by_role("button", name="docker-compose", exact=True).click()
    page.goto(f"{site}/how-to/clean-up.html", wait_until="load")
    assert page.locator("html").get_attribute("data-spelling") == "v1"
    assert page.evaluate("localStorage.getItem('tutorial-done')") is None
