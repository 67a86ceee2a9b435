"""What a typed line leaves in a terminal is no output."""

import pytest

from seatrial.run.echo import pasted, without_echo, without_trace

TYPED = "select name from guestbook_entry;"


@pytest.mark.parametrize(
    "echo",
    [
        [TYPED],
        [f"db=# {TYPED}"],
        [f"db=# db=# {TYPED}"],
        ["db=#", TYPED],
        ["db=# ", f"db=# {TYPED}"],
        ["select name from ", "guestbook_entry;"],
    ],
)
def test_an_echo_is_left_out_however_often_its_prompt_was_drawn(echo: list[str]) -> None:
    assert without_echo(TYPED, [*echo, " Ada", ""], "db=# ") == (" Ada", "")


def test_output_that_begins_like_a_prompt_stays() -> None:
    assert without_echo("\\! cat log", ["\\! cat log", "db=# select 1;"], "db=# ") == (
        "db=# select 1;",
    )


def test_output_without_an_echo_stays() -> None:
    assert without_echo("x", ["db=# y"], "db=# ") == ("db=# y",)


@pytest.mark.parametrize(
    ("typed", "came", "output"),
    [
        # what a program printed before it saw the key belongs to the step before
        ("^C", ["late", "^C", "$ "], ("$ ",)),
        ("^C", ["^Crest", "more"], ("rest", "more")),
        ("^D", ["", "exit"], ("exit",)),
        ("^D", ["exit"], ("exit",)),
        (
            pasted(["def f():", "    pass", ""]),
            [">>> def f():", "...     pass", "... ", "x"],
            ("x",),
        ),
        (pasted(["1"]), ["something else"], ("something else",)),
    ],
)
def test_a_key_and_a_pasted_text_leave_a_trace_of_their_own(
    typed: str, came: list[str], output: tuple[str, ...]
) -> None:
    assert without_trace(typed, came) == output


def test_what_is_typed_in_secret_leaves_the_end_of_its_line() -> None:
    assert without_trace("hidden", ["", "welcome"], secret=True) == ("welcome",)
    assert without_trace("hidden", ["hidden"], secret=True) == ("hidden",)


def test_a_long_line_that_is_moved_sideways_is_known_by_its_end() -> None:
    typed = f"echo {'word ' * 30}the end of it"
    assert without_echo(typed, ["<rd word the end of it", "x"]) == ("x",)
