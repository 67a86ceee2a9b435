"""Where a block's content stands in its source."""

import random

import pytest

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


def test_content_that_was_put_in_is_found_where_it_was_put() -> None:
    chance = random.Random(3)
    for _ in range(300):
        source = [chance.choice(["text", "", "   code", "$ true"]) for _ in range(20)]
        lines = [f"$ unlike {n}" for n in range(chance.randrange(1, 5))]
        at, indent = chance.randrange(21), " " * chance.randrange(9)
        source[at:at] = [indent + line for line in lines]
        assert locate(source, chance.randrange(1, at + 2), lines) == at + 1
