"""What identifies a block or an edit, and what does not."""

from dataclasses import FrozenInstanceError, replace

import pytest

from seatrial.transcript.blocks import Block, Edit, Varies

BLOCK = Block("how-to/logs", "how-to/logs.rst", 12, ("$ echo hi", "hi"), "read-them", 3)
EDIT = Edit("page", "page.rst", 7, ("a: 1", "b: 2"), "", 1, "config.yml", new=(2,))


def test_a_block_says_where_its_content_begins() -> None:
    assert BLOCK.where == "how-to/logs.rst:12"
    assert EDIT.where == "page.rst:7"


@pytest.mark.parametrize(
    "moved",
    [
        replace(BLOCK, line=99),
        replace(BLOCK, section="elsewhere"),
        replace(BLOCK, ordinal=9),
        replace(BLOCK, source="shared.txt"),
        replace(BLOCK, claim="A sentence."),
        replace(BLOCK, timeout=5.0),
    ],
)
def test_a_block_that_only_moved_keeps_its_digest(moved: Block) -> None:
    assert moved.digest == BLOCK.digest


@pytest.mark.parametrize(
    "changed",
    [
        replace(BLOCK, lines=("$ echo hi", "ho")),
        replace(BLOCK, lines=("$ echo hi", "hi", "")),
        replace(BLOCK, lines=("$ echo hi\nhi",)),
        replace(BLOCK, terminal=2),
        replace(BLOCK, not_run="it deletes the disk"),
        replace(BLOCK, setup=True),
        replace(BLOCK, only="v1"),
    ],
)
def test_a_block_that_does_something_else_has_another_digest(changed: Block) -> None:
    assert changed.digest != BLOCK.digest


@pytest.mark.parametrize(
    "changed",
    [
        replace(EDIT, lines=("a: 1", "b: 3")),
        replace(EDIT, file="other.yml"),
        replace(EDIT, new=(1,)),
        replace(EDIT, was=("b: 0",)),
    ],
)
def test_an_edit_that_does_something_else_has_another_digest(changed: Edit) -> None:
    assert changed.digest != EDIT.digest
    assert replace(EDIT, line=80, ordinal=2).digest == EDIT.digest


def test_a_digest_stays_what_records_of_earlier_releases_hold() -> None:
    assert (BLOCK.digest, EDIT.digest) == ("1b026733b271", "5d31191d2abe")


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (BLOCK, [False, False]),
        (replace(BLOCK, varies=Varies("it counts")), [True, True]),
        (replace(BLOCK, varies=Varies("it counts", (2,))), [False, True]),
    ],
)
def test_steps_vary_where_the_page_says_so(block: Block, expected: list[bool]) -> None:
    assert [block.step_varies(number) for number in (1, 2)] == expected


def test_nobody_can_alter_a_block() -> None:
    with pytest.raises(FrozenInstanceError):
        BLOCK.lines = ()  # type: ignore[misc]
