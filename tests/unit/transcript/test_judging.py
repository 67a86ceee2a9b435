"""The one judge: what a page promises of a step, against what came."""

import pytest

from seatrial.transcript.blocks import Block
from seatrial.transcript.judging import Came, is_silent, judge
from seatrial.transcript.steps import parse


def block(text: str, **more: object) -> Block:
    """Return a block with this text."""
    return Block("page", "page.rst", 1, tuple(text.split("\n")), "", 1, **more)  # type: ignore[arg-type]


def complaints(text: str, came: Came) -> tuple[str, ...]:
    """Return what is wrong with the first step of a block."""
    steps = parse(block(text))
    return judge(steps[0], steps[1] if steps[1:] else None, came, silent=False).complaints


@pytest.mark.parametrize(
    ("text", "came"),
    [
        ("$ echo a\na", Came(["a", ""], 0)),
        ("$ false\n[1]", Came([], 1)),
        ("$ python3\n>>> 1", Came([], None, ">>> ")),
        # no program has ended: it is a list
        ("$ python3\n[1]\n>>> 1", Came(["[1]"], None, ">>> ")),
        ("$ logs -f\na\n^C\n[130]", Came(["a", "b"], None, listening_ended=True)),
        (
            "$ docker compose up\n Container a-1  Started\n...",
            Came([" Container a-1 Started "], 0),
        ),
        ("$ echo a\na\n$ true", Came(["a"], 0, "$ ")),
        # a record does not say which prompt followed
        ("$ echo a\na\n$ true", Came(["a"], 0)),
    ],
)
def test_what_is_as_promised_is_kept(text: str, came: Came) -> None:
    assert complaints(text, came) == ()


@pytest.mark.parametrize(
    ("text", "came", "said"),
    [
        ("$ echo a\na", Came(["b"], 0), "gave something else than the page promises"),
        # what looks like Compose's progress is, where Docker was typed alone
        ("$ cat\nCreating 1 row", Came(["Creating 2 row"], 0), "gave something else"),
        ("$ cat\nStarting a\nStopping a", Came(["Stopping a", "Starting a"], 0), "gave something"),
        (
            "$ docker ps\nContainer 111111111111 Started",
            Came(["Container 999999999999 Started"], 0),
            "gave something else",
        ),
        ("$ echo a\na", Came(["a"], 3), "ended with exit status 3, promised is 0"),
        ("$ false\n[1]", Came([], 0), "ended with exit status 0, promised is 1"),
        ("$ logs -f\na\n^C", Came(["a"], 0), "ended before its key was pressed"),
        (
            "$ python3\n>>> 1",
            Came([], None, "$ "),
            "was answered by the prompt `$`, the page goes on at `>>>`",
        ),
        ("$ python3\n[1]\n>>> 1", Came([], None, ">>> "), "gave something else"),
    ],
)
def test_what_is_not_is_said(text: str, came: Came, said: str) -> None:
    assert any(each.startswith(said) for each in complaints(text, came))


def test_a_judge_tells_where_the_answer_came_from_and_how_it_compares() -> None:
    first, second = parse(block("$ python3\n>>> 1"))
    told = judge(first, second, Came([], None, "$ "), silent=False)
    assert told.elsewhere is True
    assert told.comparison is not None
    assert judge(first, second, Came([], None, ">>> "), silent=False).elsewhere is False


def test_another_prompt_is_said_first() -> None:
    first, second = complaints("$ python3\nhello\n>>> 1", Came(["bye"], None, "$ "))
    assert first.startswith("was answered by")
    assert second.startswith("gave something else")


def test_a_block_may_promise_exit_statuses_alone() -> None:
    shown, quiet = block("$ echo a\na"), block("$ echo a")
    assert not is_silent(shown, parse(shown), strict=False)
    assert is_silent(quiet, parse(quiet), strict=False)
    assert not is_silent(quiet, parse(quiet), strict=True)
    assert is_silent(block("$ echo a", setup=True), parse(quiet), strict=True)
    (step,) = parse(quiet)
    assert judge(step, None, Came(["a"], 0), silent=True).kept
    assert not judge(step, None, Came(["a"], 1), silent=True).kept
