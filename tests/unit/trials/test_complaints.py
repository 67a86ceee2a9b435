"""What a failure says of a step that did not come to its prompt, and what a writer can do."""

import pytest

from seatrial.run.scrubbing import HOME
from seatrial.transcript.blocks import Block
from seatrial.transcript.events import Ended, Ending
from seatrial.transcript.places import MACHINE
from seatrial.transcript.steps import Step, parse
from seatrial.trials.complaints import elsewhere, hint, in_words


def step(*lines: str) -> Step:
    """Return the last step of a block."""
    return parse(Block("page", "page.rst", 1, lines, "", 1))[-1]


def ended(ending: Ending, *output: str, prompt: str = "", status: int | None = None) -> Ended:
    """Return how a step came to its end."""
    return Ended(ending, output, prompt, status, 0.1, MACHINE, MACHINE, rest="it ended")


@pytest.mark.parametrize(
    ("ending", "prompt", "words"),
    [
        (Ending.TIMEOUT, "", "gave no prompt back within 2.5 s"),
        (Ending.EARLY, "", "was finished before `it ended` was typed"),
        (Ending.QUESTION, "Name: ", "waits for input at `Name:`, and the page types none"),
        (Ending.QUESTION, "", "waits for input, and the page types none"),
        (Ending.UNFINISHED, "", "is unfinished: the shell waits for the rest of it"),
        (Ending.TOO_MUCH, "", "printed more than 1 MB"),
        (Ending.FULL_SCREEN, "", "needs the whole screen, and a transcript has none"),
        (Ending.PAGER, "", "shows its output page by page, and waits for a key"),
        (Ending.CLOSED, "", "closed the terminal"),
        (Ending.TOO_LONG, "", "has a line of more than 4095 bytes, which a terminal cuts"),
        (Ending.UNSEEN, "", "replaced the page's own shell"),
    ],
)
def test_how_a_step_ended_is_said_of_its_command(ending: Ending, prompt: str, words: str) -> None:
    assert in_words(ended(ending, prompt=prompt), 2.5).startswith(words)


@pytest.mark.parametrize(
    ("how", "lines", "told"),
    [
        (ended(Ending.TIMEOUT, "Name?"), ("$ ask",), "if `Name?` asks for input, add its prompt"),
        (ended(Ending.TIMEOUT, "done"), ("$ wait",), "set `:timeout:` on the block, or end the"),
        (ended(Ending.TIMEOUT), ("$ wait",), "set `:timeout:` on the block, or end the"),
        (ended(Ending.QUESTION, prompt="Name: "), ("$ ask",), "add `Name: ` to `seatrial_prompts`"),
        (ended(Ending.QUESTION), ("$ cat",), "on the page: `cat <<END`, the lines, and `END`"),
        (ended(Ending.CLOSED), ("$ exit",), "leave the last `exit` out"),
        (ended(Ending.CLOSED), ("$ sleep 1", "^D"), "leave the last `exit` out"),
        (ended(Ending.CLOSED), ("$ exec true",), "the shell itself ended here, as by `set -e`"),
        (ended(Ending.TOO_MUCH), ("$ yes",), "show less of it, such as with `| head`"),
        (ended(Ending.PAGER), ("$ less f",), "switch the pager off"),
        (ended(Ending.TOO_LONG), ("$ echo",), "break it up by `\\`"),
        (ended(Ending.UNSEEN), ("$ exec bash",), "leave that line out"),
        (ended(Ending.EARLY), ("$ sleep 1", "^C"), "press the key while the program"),
        (ended(Ending.PROMPT, status=0), ("$ true",), ""),
        (ended(Ending.PROMPT, status=3), ("$ false",), "put `[3]` below its output"),
        (ended(Ending.PROMPT, status=3), ("$ false", "[1]"), ""),
        (ended(Ending.PROMPT, "bash: x!: event not found", status=1), ("$ a",), "`!` asks for"),
        (
            ended(Ending.PROMPT, "bash: PROMPT_COMMAND: readonly variable", status=1),
            ("$ PROMPT_COMMAND=",),
            "do not change PROMPT_COMMAND",
        ),
        (ended(Ending.PROMPT, status=1), (f"$ ls {HOME}",), f"{HOME} is only shown"),
        (ended(Ending.PROMPT, status=127), ("$ $ ls",), "make it `console`"),
        (ended(Ending.PROMPT, status=127), ("$ lss",), ""),
    ],
)
def test_a_writer_is_told_what_to_do(how: Ended, lines: tuple[str, ...], told: str) -> None:
    found = hint(how, step(*lines))
    assert told in found
    assert bool(found) is bool(told)


def test_a_step_at_the_prompt_of_another_program_says_which_is_in_front() -> None:
    words, what = elsewhere(step(">>> 1"), 2, "db=# ")
    assert words == "is promised at `>>>`, but terminal 2 is at `db=#`"
    assert what.startswith("end the program that is in front")
    assert "a comment of yours" in elsewhere(step("# ls"), 1, "$ ")[1]
