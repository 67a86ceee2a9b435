"""What a failure says: the place, the lines, what was promised, what came, in that order."""

import pytest

from seatrial.transcript.blocks import Block
from seatrial.transcript.matching import compare
from seatrial.transcript.steps import parse
from seatrial.trials.verdicts import QUOTED, ItemResult, StepResult, Verdict, explain

TEXT = "$ echo a\na\n$ cat f\nfirst\n...\nlast\n[2]\n$ echo z\nz"
BLOCK = Block("page", "how-to/page.rst", 21, tuple(TEXT.split("\n")), "", 1)


def failed(output: list[str], status: int = 0, complaint: str = "gave something else") -> str:
    """Return the explanation of a block whose second step failed."""
    first, second, third = parse(BLOCK)
    return explain(
        ItemResult(
            BLOCK,
            Verdict.DIFFERS,
            (
                StepResult(first, Verdict.PASSED, ("a",), 0),
                StepResult(
                    second,
                    Verdict.DIFFERS,
                    tuple(output),
                    status,
                    comparison=compare(second.promise, output),
                    complaints=(complaint, "it is odd besides"),
                    hint="look again",
                ),
                StepResult(third, Verdict.NOT_RUN, complaints=("was not run",)),
            ),
        )
    )


def test_a_failure_tells_place_lines_promise_and_output_in_this_order() -> None:
    assert failed(["first", "x", "y", "gone"], 3).splitlines() == [
        "how-to/page.rst:23: `cat f` gave something else",
        "  and it is odd besides",
        "",
        "    21 | $ echo a",
        "    22 | a",
        ">   23 | $ cat f",
        "    24 | first",
        "    25 | ...",
        "    26 | last",
        "    27 | [2]",
        "    28 | $ echo z",
        "",
        "promised:",
        "  first",
        "  ...",
        "- last",
        "  [2]",
        "came:",
        "  first",
        "  x",
        "  y",
        "+ gone",
        "  [3]",
        "hint: look again",
    ]


def test_output_that_is_missing_is_said_to_be() -> None:
    assert failed([]).splitlines()[-3:-1] == ["came:", "  (no output)"]


def test_an_output_as_promised_with_another_status_shows_both_statuses() -> None:
    text = failed(["first", "last"], 1, "ended with exit status 1, promised is 2")
    assert text.splitlines()[12:] == [
        *("promised:", "  first", "  ...", "  last", "  [2]"),
        *("came:", "  first", "  last", "  [1]", "hint: look again"),
    ]


def test_a_long_output_is_quoted_at_both_its_ends() -> None:
    lines = failed([f"line {n}" for n in range(500)]).splitlines()
    came = lines[lines.index("came:") + 1 :]
    assert len(came) <= QUOTED + 2
    assert "line 0" in came[0]
    assert any("line 499" in line for line in came)
    assert f"  ({500 - QUOTED} more lines)" in came


def test_a_line_of_any_length_is_cut() -> None:
    assert max(map(len, failed(["x" * 100_000]).splitlines())) < 600


def test_a_command_of_several_lines_is_named_by_its_first() -> None:
    block = Block("page", "page.rst", 3, ("$ cat <<E", "> a", "> E", "b"), "", 1)
    (step,) = parse(block)
    result = StepResult(step, Verdict.BROKEN, complaints=("broke",))
    text = explain(ItemResult(block, Verdict.BROKEN, (result,)))
    assert text.startswith("page.rst:3: `cat <<E ...` broke\n")
    assert [line[0] for line in text.splitlines()[2:6]] == [">", ">", ">", " "]


def test_an_item_that_failed_as_a_whole_says_why() -> None:
    assert explain(ItemResult(BLOCK, Verdict.BROKEN, reason="no such file")) == "no such file"


def test_a_failure_in_the_older_spelling_says_so() -> None:
    first, *_ = parse(BLOCK)
    result = StepResult(first, Verdict.DIFFERS, complaints=("differs",))
    assert "(spelt `v1`)" in explain(ItemResult(BLOCK, Verdict.DIFFERS, (result,)), "v1")


@pytest.mark.parametrize(
    ("verdict", "failed"),
    [
        (Verdict.PASSED, False),
        (Verdict.NOT_RUN, False),
        (Verdict.DIFFERS, True),
        (Verdict.BROKEN, True),
    ],
)
def test_only_what_differs_or_broke_has_failed(verdict: Verdict, failed: bool) -> None:
    assert ItemResult(BLOCK, verdict).failed is failed
