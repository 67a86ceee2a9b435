"""A block's option is said once: its reader stands at the field that keeps it."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import pytest
from docutils.parsers.rst import directives

from seatrial.transcript.blocks import Block, Edit, Item, Varies
from seatrial.transcript.options import (
    any_text,
    by_field,
    option,
    readers_of,
    which_spelling,
    whole_number,
)
from tests.unit.pages.test_pages import page

OF_A_BLOCK: dict[str, tuple[str, object]] = {
    "terminal": ("2", 2),
    "timeout": ("90 s", 90.0),
    "not-run": ("it takes a day", "it takes a day"),
    "only": ("v1", "v1"),
    "row": ("a kill", "a kill"),
    "matrix": ("ends", "ends"),
    "varies": ("1: it counts", Varies("it counts", (1,))),
    "name": ("the-line", "the-line"),
}
OF_AN_EDIT: dict[str, tuple[str, object]] = {
    "was": ("one", ("one",)),
    "not-run": ("it is a sketch", "it is a sketch"),
    "name": ("the-line", "the-line"),
}


@pytest.mark.parametrize(
    ("kind", "opening", "samples"),
    [(Block, ".. console::", OF_A_BLOCK), (Edit, ".. edit:: file", OF_AN_EDIT)],
)
def test_every_option_reaches_the_item_and_nothing_else_changes(
    tmp_path: Path, kind: type[Item], opening: str, samples: dict[str, tuple[str, object]]
) -> None:
    assert samples.keys() == readers_of(kind).keys()
    plain = f"{opening}\n\n   $ true\n"
    given = [
        f"{opening}\n   :{name}: {value}\n\n   $ true\n" for name, (value, _) in samples.items()
    ]
    items = page(tmp_path, "T\n=\n\n" + "\n".join([plain, *given])).items
    expected = [{}, *({name.replace("-", "_"): kept} for name, (_, kept) in samples.items())]
    filled = [
        {
            each.name: getattr(item, each.name)
            for each in fields(kind)
            if each.name not in ("line", "ordinal", "new")
            and getattr(item, each.name) != getattr(items[0], each.name)
        }
        for item in items
    ]
    assert filled == expected


def test_a_field_with_a_reader_is_an_option() -> None:
    @dataclass(frozen=True)
    class Louder(Block):
        """A block with an option more."""

        how_loud: int = option(whole_number, 1)

    assert readers_of(Louder).keys() - readers_of(Block).keys() == {"how-loud"}
    assert by_field(Louder, {"how-loud": 3, "language": "text"}) == {"how_loud": 3}


@pytest.mark.parametrize(
    ("ours", "theirs", "argument"),
    [
        (ours, theirs, argument)
        for ours, theirs in (
            (any_text, directives.unchanged_required),
            (whole_number, directives.positive_int),
            (which_spelling, lambda argument: directives.choice(argument, ("v1", "v2"))),
        )
        for argument in (None, "", "x", " V1 ", "v2", "0", "-1", " 7 ")
        # for no number at all docutils shows Python's own words
        if ours is not whole_number or argument is not None
    ],
)
def test_readers_read_and_refuse_as_those_of_docutils(
    ours: Callable[[str | None], object],
    theirs: Callable[[str | None], object],
    argument: str | None,
) -> None:
    assert _read(ours, argument) == _read(theirs, argument)


def _read(reader: Callable[[str | None], object], argument: str | None) -> object:
    """What a reader makes of an argument, or how it refuses it."""
    try:
        return reader(argument)
    except ValueError as error:
        return str(error)
