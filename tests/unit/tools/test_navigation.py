"""The navigation tree in groups that fold."""

import importlib.util
from pathlib import Path

from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("navigation", ROOT / "tools/navigation.py")
assert SPEC is not None
assert SPEC.loader is not None
navigation = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(navigation)


def caption(words: str) -> str:
    return f'<p class="caption" role="heading"><span class="caption-text">{words}</span></p>'


TREE = (
    f"{caption('The guide')}<ul><li><a>Start</a></li></ul>"
    f"{caption('The guide: Tutorial')}<ul><li><a>One</a></li><li><a>Two</a></li></ul>"
    f"{caption('How to: Files')}<ul class='current'>"
    "<li class='current current-page'><a>Three</a></li></ul>"
    f"{caption('The tool')}<ul><li class='has-children'><a>It</a><input type='checkbox'>"
    "<label></label><ul><li><a>Below</a></li></ul></li></ul>"
)


def test_a_part_is_named_once_and_its_groups_fold() -> None:
    soup = BeautifulSoup(navigation.grouped(TREE), "html.parser")
    outline = [" ".join(each.get_text().split()) for each in soup.select(".caption, summary")]
    assert outline == ["The guide", "Tutorial 2", "How to", "Files 1", "The tool"]


def test_the_group_of_the_page_that_is_shown_is_open_and_no_other() -> None:
    soup = BeautifulSoup(navigation.grouped(TREE), "html.parser")
    assert [each.select_one("summary").get_text() for each in soup.select("details[open]")] == [  # type: ignore[union-attr]
        "Files 1"
    ]
    assert len(soup.select("details")) == 2


def test_pages_below_a_page_are_there_where_one_of_them_is_shown() -> None:
    closed = BeautifulSoup(navigation.grouped(TREE), "html.parser")
    assert "Below" not in closed.get_text()
    assert closed.select("input, label") == []
    open_ = BeautifulSoup(
        navigation.grouped(TREE.replace("has-children", "has-children current")), "html.parser"
    )
    assert "Below" in open_.get_text()
    assert open_.select("input, label") == []
