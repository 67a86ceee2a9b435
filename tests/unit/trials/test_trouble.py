"""What a reader is told of a cell that went no further."""

import pytest

from seatrial.transcript.events import Ended, Ending
from seatrial.transcript.places import MACHINE
from seatrial.transcript.programs import program_of
from seatrial.trials.trouble import Trouble, trouble_of, unfinished, unlike_a_command


def ended(
    ending: Ending = Ending.PROMPT,
    prompt: str = "",
    *output: str,
    status: int | None = None,
    rest: str = "",
) -> Ended:
    """Return how a piece of input came to its end."""
    return Ended(ending, output, prompt, status, 0.1, MACHINE, MACHINE, rest=rest)


@pytest.mark.parametrize(
    ("line", "program", "told"),
    [
        ("$ ls -l", "shell", ("Prompt", "a cell has no prompt, such as `$`", "`ls -l`")),
        (">>> f(1)", "shell", ("Prompt", "a cell has no prompt, such as `>>>`", "`f(1)`")),
        ("db=# \\d", "container shell", ("Prompt", "no prompt, such as `db=#`", "`\\d`")),
        ("%time ls", "shell", ("NotIPython", "`%` is IPython's", "type `time ls`")),
        ("!ls", "shell", ("NotIPython", "`!` is IPython's", "type `ls`")),
        ("%%bash", "shell", ("NotIPython", "`%%` is IPython's", "type the commands alone")),
        ("exit()", "shell", ("NotThere", "there is no Python in front", "leave the line out")),
        ("quit()", "shell", ("NotThere", "there is no Python in front", "leave the line out")),
        ("\\q", "shell", ("NotThere", "there is no psql in front", "leave the line out")),
        ("q", "shell", None),
        ("ls", "shell", None),
        ("exit", "shell", None),
        (">>> f(1)", "Python", None),
        ("%time x", "psql", None),
    ],
)
def test_a_line_that_is_meant_for_another_program_is_not_typed(
    line: str, program: str, told: tuple[str, str, str] | None
) -> None:
    found = unlike_a_command(line, program_of(program))
    if told is None:
        assert found is None
        return
    assert found is not None
    name, message, hint = told
    assert found.name == name
    assert message in found.message
    assert hint in found.hint


TRACEBACK = (
    "Traceback (most recent call last):",
    '  File "<console>", line 1',
    "ValueError: 2",
    "",
)


@pytest.mark.parametrize(
    ("how", "program", "name", "message"),
    [
        (ended(prompt="$ ", status=0), "shell", "", ""),
        (ended(Ending.PROMPT, "$ ", "no", status=3), "shell", "CommandFailed", "exit status 3"),
        (ended(Ending.PROMPT, ">>> ", *TRACEBACK), "Python", "PythonError", "ValueError: 2"),
        (ended(Ending.PROMPT, ">>> ", "ERROR: not ours"), "Python", "", ""),
        (
            ended(Ending.PROMPT, "db=# ", "ERROR:  no table", "LINE 1"),
            "psql",
            "PsqlError",
            "ERROR:  no table",
        ),
        (ended(Ending.PROMPT, "? ", "ERROR:  x"), "another", "", ""),
        (ended(), "shell", "TerminalClosed", "the terminal was closed"),
        (
            ended(Ending.QUESTION, "Name: "),
            "shell",
            "Question",
            "`Name:` was asked, and nobody can answer here",
        ),
        (ended(Ending.QUESTION), "Python", "Question", "Input is wanted, and nobody can"),
        (ended(Ending.FULL_SCREEN), "shell", "FullScreen", "needs the whole screen"),
        (ended(Ending.PAGER), "psql", "Pager", "shown page by page"),
        (ended(Ending.TOO_MUCH), "psql", "TooMuch", "psql printed more than 1 MB"),
        (ended(Ending.TOO_MUCH, "$ ", status=0), "shell", "", ""),
        (ended(Ending.UNFINISHED, "> "), "shell", "Unfinished", "The shell is unfinished"),
        (ended(Ending.EARLY, rest="1 + 1"), "Python", "Lost", "before `1 + 1` was typed"),
        (ended(Ending.CLOSED), "shell", "TerminalClosed", "the terminal was closed"),
    ],
)
def test_how_a_piece_ended_is_told_in_a_word_and_a_sentence(
    how: Ended, program: str, name: str, message: str
) -> None:
    found = trouble_of(how, program_of(program), interrupted=False)
    assert (found.name if found else "") == name
    assert message in (found.message if found else "")


def test_a_transaction_that_failed_says_how_to_go_on() -> None:
    how = ended(Ending.PROMPT, "db=!# ", "ERROR:  no table")
    found = trouble_of(how, program_of("psql"), interrupted=False)
    assert found is not None
    assert "type `rollback;` to go on" in found.hint


def test_who_interrupts_is_told_of_that_and_of_nothing_else() -> None:
    found = trouble_of(ended(prompt="$ ", status=130), program_of("shell"), interrupted=True)
    assert found == Trouble("Interrupted", "Ctrl-C was pressed")


def test_what_was_not_typed_is_counted() -> None:
    trouble = Trouble("CommandFailed", "exit status 1")
    assert trouble.with_untyped(0) is trouble
    assert trouble.with_untyped(1).hint == "the line after it was not typed"
    hinted = unfinished(program_of("Python")).with_untyped(2)
    assert hinted.message.startswith("Python waits for the rest: a bracket")
    assert hinted.hint == "complete the cell, run it again; the 2 lines after it were not typed"
