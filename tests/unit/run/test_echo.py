"""What a typed line leaves in a terminal is no output."""

import pytest

from seatrial.run.echo import without_echo

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
