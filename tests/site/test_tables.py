"""Tables answer at every width: none is cut at a desk, and on a phone each row is a list."""

from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.site.conftest import BUILT, window, with_markup

pytestmark = pytest.mark.browser

TABLES = with_markup("<table")
DESKS, HANDHELD = (1440, 900), 390

# What is wider than its place, or whose text is.
TOO_WIDE = """() => {
  document.querySelectorAll("details").forEach((each) => { each.open = true; });
  return [...document.querySelectorAll("article table")]
    .filter((each) => {
      const place = each.closest(".table-wrapper, .seatrial-wide") ?? each.parentElement;
      return place.scrollWidth > place.clientWidth + 1;
    })
    .map((each) => each.innerText.slice(0, 60));
}"""

# For each cell: what stands before it, and how far it and its text reach.
CELLS = """() => [...document.querySelectorAll("article table")].flatMap((table) =>
  [...table.querySelectorAll("tbody tr")].flatMap((row) => {
    const heads = [...table.querySelectorAll("thead th")].map((each) => each.innerText.trim());
    return [...row.cells].map((cell, column) => {
      const range = document.createRange();
      range.selectNodeContents(cell);
      const ends = [cell, range].map((each) => each.getBoundingClientRect().right);
      return {
        head: heads[column] ?? "",
        columns: heads.length,
        first: column === 0,
        said: cell.innerText.trim(),
        before: getComputedStyle(cell, "::before").content,
        left: cell.getBoundingClientRect().left,
        right: Math.max(...ends),
        ends: document.documentElement.clientWidth,
      };
    });
  }),
)"""

ROLES = """() => [...document.querySelectorAll("article table")].map((table) => ({
  table: table.role,
  heads: [...table.querySelectorAll("thead th")].map((each) => each.role),
  rows: [...table.rows].map((each) => each.role),
  cells: [...table.querySelectorAll("tbody tr > *")].map((each) => each.role),
}))"""


def looked_at(browser: Browser, site: str, name: str, width: int, script: str) -> Any:
    """Return what a script finds on a page at a width."""
    with window(browser, site) as seen:
        seen.page.set_viewport_size({"width": width, "height": 900})
        seen.page.goto(f"{site}/{name}", wait_until="load")
        return seen.page.evaluate(script)


@pytest.mark.parametrize("name", TABLES)
def test_no_table_is_wider_than_its_column(browser: Browser, site: str, name: str) -> None:
    for width in DESKS:
        assert looked_at(browser, site, name, width, TOO_WIDE) == [], width


@pytest.mark.parametrize("name", TABLES)
def test_each_row_shows_its_answer_on_a_phone(browser: Browser, site: str, name: str) -> None:
    cells = looked_at(browser, site, name, HANDHELD, CELLS)
    hidden = [each for each in cells if each["left"] < 0 or each["right"] > each["ends"] + 0.5]
    assert hidden == []
    # who reads down a list has to know what each answer is to
    unnamed = [
        each
        for each in cells
        if each["columns"] > 2 and not each["first"] and each["said"]
        if each["head"] not in each["before"].replace("\\\\", "")
    ]
    assert unnamed == []
    # and which row it is
    assert [each for each in cells if each["first"] and not each["said"] + each["before"]] == []


@pytest.mark.parametrize("name", TABLES)
def test_a_list_is_still_a_table_to_those_who_hear_it(
    browser: Browser, site: str, name: str
) -> None:
    for table in looked_at(browser, site, name, HANDHELD, ROLES):
        assert table["table"] == "table"
        assert set(table["heads"]) == {"columnheader"}
        assert set(table["rows"]) == {"row"}
        assert set(table["cells"]) <= {"cell", "rowheader"}


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
    said = looked_at(
        browser,
        site,
        name,
        HANDHELD,
        """() => [...document.querySelectorAll("article tbody tr")].map((row) =>
          [...row.cells].map((each) =>
            (each.dataset.label ? `${each.dataset.label}: ` : "") + each.innerText))""",
    )
    (found,) = [cells for cells in said if row in cells[0]]
    assert any(each.startswith(answer) for each in found), found


def test_every_table_of_the_site_may_be_a_list() -> None:
    assert len(TABLES) > 10
    for name in TABLES:
        text = (BUILT / name).read_text(encoding="utf-8")
        assert text.count("<table") == text.count('<table role="table"'), name
