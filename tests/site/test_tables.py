"""Tables as lists: the row that one looks for, and all tables of the site."""

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser

from tests.site.conftest import BUILT, PAGES, opened, with_markup

TABLES = with_markup("<table")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("name", "row", "answer"),
    [
        ("how-to/restart-or-rebuild.html", "requirements.txt", "So type: docker compose up -d --b"),
        ("explanation/where-data-lives.html", "down -v", "named volume: gone"),
    ],
)
def test_the_row_that_one_looks_for_has_its_answer(
    browser: Browser, site: str, name: str, row: str, answer: str
) -> None:
    with opened(browser, site, name) as seen:
        seen.page.set_viewport_size({"width": 390, "height": 900})
        said = seen.page.evaluate(
            """() => [...document.querySelectorAll("article tbody tr")].map((row) =>
              [...row.cells].map((each) =>
                (each.dataset.label ? `${each.dataset.label}: ` : "") + each.innerText))"""
        )
    (found,) = [cells for cells in said if row in cells[0]]
    assert any(each.startswith(answer) for each in found), found


def test_every_table_of_the_site_may_be_a_list() -> None:
    assert len(TABLES) > 10
    for name in TABLES:
        text = (BUILT / name).read_text(encoding="utf-8")
        assert text.count("<table") == text.count('<table role="table"'), name


def test_notebooks_have_answers() -> None:
    notebooks = [name for name in PAGES if name.startswith("notebooks/")]
    pages = [BeautifulSoup((BUILT / name).read_text("utf-8"), "html.parser") for name in notebooks]
    summaries = [each.get_text().strip() for page in pages for each in page.select("summary")]
    assert summaries.count("Answer") >= 5
