"""Changes to a file of the sample project, found by what stands around them."""

import re

import pytest

from seatrial.errors import SandboxError
from seatrial.pages.marks import edit_figure
from seatrial.pages.shown import Standing
from seatrial.transcript.blocks import Edit
from seatrial.transcript.edits import as_in_file, edited, is_made

COMPOSE = """\
services:
  db:
    image: postgres:17
    volumes:
      - data:/var/lib
  web:
    build: .
    ports:
      - "8000"
  other:
    build: .

volumes:
  data:
"""


def edit(text: str, *new: int, was: tuple[str, ...] = ()) -> Edit:
    """Return an edit with this fragment."""
    lines = tuple(text.strip("\n").split("\n"))
    return Edit("page", "page.rst", 9, lines, "", 1, "compose.yml", new=new, was=was)


def test_an_edit_that_begins_with_an_elision_has_no_place() -> None:
    with pytest.raises(SandboxError, match="the lines around the change are not found"):
        edited(COMPOSE, edit("...\n  db:\n    restart: always", 3))


def test_new_lines_are_put_between_those_around_them() -> None:
    change = edit("db:\n  image: postgres:17\n  ports:\n    - 5432\n  volumes:", 3, 4)
    assert edited(COMPOSE, change) == COMPOSE.replace(
        "postgres:17\n", "postgres:17\n    ports:\n      - 5432\n"
    )


def test_new_lines_may_stand_at_either_end_of_a_fragment() -> None:
    assert edited("a\nb\n", edit("x\na", 1)) == "x\na\nb\n"
    assert edited("a\nb\n", edit("b\nx", 2)) == "a\nb\nx\n"


def test_an_elision_stands_for_any_lines_between() -> None:
    change = edit("services:\n  db:\n...\n  web:\n    build: .\n    init: true", 6)
    assert edited(COMPOSE, change) == COMPOSE.replace(
        "  web:\n    build: .\n", "  web:\n    build: .\n    init: true\n"
    )
    assert edited("a\nb\n", edit("a\n...\nb\nc", 4)) == "a\nb\nc\n"
    # up to a line that is replaced; at the end of a fragment, for none
    assert edited("a\nb\nc\n", edit("a\n...\nx", 3, was=("c",))) == "a\nb\nx\n"
    assert edited("a\nb\n", edit("a\nx\n...", 2)) == "a\nx\nb\n"


def test_a_replaced_line_is_shown_and_sought_where_the_new_one_stands() -> None:
    change = edit("db:\n  image: postgres:16", 2, was=("image: postgres:17",))
    assert change.replaced == ("  image: postgres:17",)
    assert edited(COMPOSE, change) == COMPOSE.replace(":17", ":16")
    shown = re.sub("<[^>]+>", "", edit_figure(change, "yaml", Standing.RAN))
    assert "\n-   image: postgres:17\n+   image: postgres:16\n" in shown


def test_lines_are_replaced_where_the_fragment_says_what_they_were() -> None:
    change = edit("db:\n  image: postgres:16", 2, was=("  image: postgres:17",))
    assert edited(COMPOSE, change) == COMPOSE.replace(":17", ":16")
    change = edit("a\nx\nc", 2, was=("b", "b2"))
    assert edited("a\nb\nb2\nc\n", change) == "a\nx\nc\n"
    change = edit("x", 1, was=("b",))
    assert edited("a\nb\nc\n", change) == "a\nx\nc\n"


def test_a_line_that_was_is_indented_like_the_first_new_one() -> None:
    # the option's own leading spaces are lost when the page is read
    change = edit("ports:\n  - 8001", 2, was=('- "8000"',))
    assert edited(COMPOSE, change) == COMPOSE.replace('"8000"', "8001")


def test_a_fragment_may_stand_further_in_than_on_the_page() -> None:
    for indent in ("", "    ", "\t"):
        old = f"{indent}def f():\n{indent}    pass\n"
        new = edited(old, edit("def f():\n    print()\n    pass", 2))
        assert new == f"{indent}def f():\n{indent}    print()\n{indent}    pass\n"


FILE = "services:\n  db:\n    image: postgres:17\n  web:\n    image: web\n"


def test_a_fragment_is_shown_as_far_in_as_it_is_in_its_file() -> None:
    shown = as_in_file(edit("db:\n  image: postgres:17\n\n  ports:", 4), FILE)
    assert shown.lines == ("  db:", "    image: postgres:17", "", "    ports:")


def test_what_is_replaced_is_shown_as_far_in_too() -> None:
    shown = as_in_file(edit("db:\n  image: postgres:18", 2, was=("image: postgres:17",)), FILE)
    assert shown.lines == ("  db:", "    image: postgres:18")
    assert shown.replaced == ("    image: postgres:17",)


@pytest.mark.parametrize("text", [None, "", "db:\n  image: postgres:17\n", FILE + "db:\n  db:\n"])
def test_a_fragment_whose_place_is_not_known_is_shown_as_the_page_has_it(text: str | None) -> None:
    told = edit("db:\n  ports:", 2)
    assert as_in_file(told, text) == told


def test_a_line_that_another_edit_puts_into_the_file_does_not_hide_the_place() -> None:
    shown = as_in_file(edit("db:\n  image: postgres:17\n  tty: true\n  ports:", 4), FILE)
    assert shown.lines[-1] == "    ports:"


def test_blank_lines_of_a_fragment_are_blank_in_the_file() -> None:
    assert edited("  a\n\n  b\n", edit("a\n\nx\n\nb", 3, 4)) == "  a\n\n  x\n\n  b\n"


def test_blanks_at_line_ends_do_not_count_and_are_kept() -> None:
    assert edited("a  \nb\n", edit("a\nx", 2)) == "a  \nx\nb\n"


def test_the_end_of_a_file_stays_as_it_is() -> None:
    assert edited("a\nb", edit("a\nx\nb", 2)) == "a\nx\nb"
    assert edited("a\nb\n\n\n", edit("a\nx\nb", 2)) == "a\nx\nb\n\n\n"


def test_a_file_that_is_not_there_is_the_fragment() -> None:
    assert edited(None, edit("a\n  b", 1, 2)) == "a\n  b\n"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (edit("nowhere:\n  x: 1", 2), "not found"),
        (edit("build: .\nx: 1", 2), "found 2 times"),
        (edit("db:\n    image: postgres:17\n    x: 1", 3), "not found"),
        (edit("  web:\n...\n  db:\n  x: 1", 4), "not found"),
        (edit("x: 1", 1), "not found"),
        (edit("...\nx: 1", 2), "not found"),
        (edit("x", 1, was=("    build: .",)), "found 2 times"),
        (edit("x", 1, was=("    build: ..",)), "not found"),
        (edit("services\nx", 2), "not found"),
    ],
)
def test_context_that_is_not_there_exactly_once_is_refused(change: Edit, found: str) -> None:
    with pytest.raises(SandboxError) as raised:
        edited(COMPOSE, change)
    assert str(raised.value).startswith(
        f"page.rst:9: the lines around the change are {found} in compose.yml"
    )
    assert raised.value.hint


def test_an_edit_that_was_made_is_not_made_again() -> None:
    change = edit("image: postgres:17\nports: []\nvolumes:", 2)
    once = edited(COMPOSE, change)
    with pytest.raises(SandboxError, match="not found"):
        edited(once, change)


@pytest.mark.parametrize(
    "change",
    [
        edit("image: postgres:17\nports: []\nvolumes:", 2),
        edit("    build: .\n\nvolumes:\n  data:\n  more:", 5),
        edit("image: postgres:18", 1, was=("image: postgres:17",)),
    ],
)
def test_a_file_tells_whether_an_edit_was_made(change: Edit) -> None:
    assert not is_made(COMPOSE, change)
    once = edited(COMPOSE, change)
    assert is_made(once, change)
    assert not is_made(once + once, change)
    assert not is_made(None, change)


def test_what_an_edit_replaces_is_still_to_be_replaced_where_the_new_line_stands_too() -> None:
    assert not is_made("a\nb\n", edit("b", 1, was=("a",)))
