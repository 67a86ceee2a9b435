"""What may go wrong with tables: none is cut at a desk, and on a phone each row is a list.

The folds of the page have to be open.
"""

from typing import Any

from playwright.sync_api import Page

# What is wider than its place, or whose text is.
TOO_WIDE = """() => [...document.querySelectorAll("article table")]
  .filter((each) => {
    const place = each.closest(".table-wrapper, .seatrial-wide") ?? each.parentElement;
    return place.scrollWidth > place.clientWidth + 1;
  })
  .map((each) => each.innerText.slice(0, 60))"""

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


def at_a_desk(page: Page) -> list[str]:
    """The tables that are wider than their column."""
    return [f"too wide: {each}" for each in page.evaluate(TOO_WIDE)]


def on_a_phone(page: Page) -> list[str]:
    """The cells that do not show, or do not say what they answer, and tables that are none."""
    found = []
    for cell in page.evaluate(CELLS):
        if cell["left"] < 0 or cell["right"] > cell["ends"] + 0.5:
            found.append(f"hidden: {cell['said'][:60]}")
        # who reads down a list has to know what each answer is to
        named = cell["head"] in cell["before"].replace("\\\\", "")
        if cell["columns"] > 2 and not cell["first"] and cell["said"] and not named:
            found.append(f"not named {cell['head']}: {cell['said'][:60]}")
        # and which row it is
        if cell["first"] and not cell["said"] + cell["before"]:
            found.append("a row without a name")
    return found + [f"no table to those who hear it: {each}" for each in _roles(page)]


def _roles(page: Page) -> list[Any]:
    return [
        table
        for table in page.evaluate(ROLES)
        if table["table"] != "table"
        or set(table["heads"]) != {"columnheader"}
        or set(table["rows"]) != {"row"}
        or not set(table["cells"]) <= {"cell", "rowheader"}
    ]
