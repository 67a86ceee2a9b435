"""Which items of a page its short form runs, and in which order."""

from dataclasses import replace

import pytest

from seatrial.transcript.blocks import Block, Edit, Page, Short
from seatrial.trials.short import in_short


def block(ordinal: int) -> Block:
    return Block("a", "a.rst", ordinal, (f"$ echo {ordinal}",), "top", ordinal)


PAGE = Page(
    "a",
    "a.rst",
    (
        block(1),
        replace(block(2), setup=True),
        block(3),
        Edit("a", "a.rst", 4, ("one",), "top", 4, "app.py"),
        replace(block(5), claim="So."),
        replace(block(6), setup=True),
    ),
)


@pytest.mark.parametrize(
    ("steps", "lines"),
    [
        ((3,), [2, 6, 3, 5]),
        ((3, 4), [2, 6, 3, 4, 5]),
        ((4, 3), [2, 6, 4, 3, 5]),
        ((3, 5), [2, 6, 3, 5]),
        ((5, 3), [2, 6, 5, 3]),
    ],
)
def test_the_set_up_comes_first_and_the_claim_last_unless_it_is_a_step(
    steps: tuple[int, ...], lines: list[int]
) -> None:
    found = in_short(PAGE, Short("a.rst", 9, steps, 5))
    assert [item.line for item in found.items] == lines
    assert [item.ordinal for item in found.items] == list(range(1, len(lines) + 1))
    assert (found.name, found.source) == (PAGE.name, PAGE.source)
