"""Where a block's content stands in its source."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.pages.locating import locate


@pytest.mark.parametrize(
    ("source", "near", "lines", "line"),
    [
        ("a\nb\nc", 1, ["b"], 2),
        ("a\n   b\n   c", 1, ["b", "c"], 2),
        ("b\n\nb\n\nb", 2, ["b"], 3),
        ("b\n\nb\n\nb", 3, ["b"], 3),
        ("b\n\nb\n\nb", 4, ["b"], 5),
        ("a\n\tb\n\t  c", 1, ["b", "  c"], 2),
        ("a\n   b   \n   c\t", 1, ["b", "c"], 2),
        ("a\n     b\n   c", 1, ["  b", "c"], 2),
        ("x\n   a\n\n   b", 1, ["a", "", "b"], 2),
        ("   b", 9, ["b"], 1),
        ("a\nb", 1, ["c"], None),
        ("a\nb", 1, ["b", "c"], None),
        ("a\n  b\n   c", 1, ["b", "c"], None),
        ("a", 1, [], None),
        ("", 1, ["a"], None),
    ],
)
def test_content_is_found_below_the_line_that_is_known(
    source: str, near: int, lines: list[str], line: int | None
) -> None:
    assert locate(source.split("\n"), near, lines) == line


@given(
    before=st.lists(st.sampled_from(["text", "", "   code", "$ true"]), max_size=20),
    indent=st.text(" ", max_size=8),
    count=st.integers(1, 4),
    data=st.data(),
)
def test_content_that_was_put_in_is_found_where_it_was_put(
    before: list[str], indent: str, count: int, data: st.DataObject
) -> None:
    lines = [f"$ unlike {n}" for n in range(count)]
    source = [*before, *(indent + line for line in lines), "text", "$ true"]
    near = data.draw(st.integers(1, len(before) + 1))
    assert locate(source, near, lines) == len(before) + 1
