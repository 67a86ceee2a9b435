"""What a failure says of a step that did not come to its prompt, and what a writer can do."""

from __future__ import annotations

import re
from collections.abc import Mapping

from seatrial.run.received import LIMIT
from seatrial.run.scrubbing import HOME
from seatrial.run.session import LONGEST
from seatrial.transcript.events import Ended, Ending
from seatrial.transcript.programs import PROMPTS, program_of, row_of
from seatrial.transcript.steps import KEYS, Step

_EXIT = re.compile(r"\b(?:exit|logout)\b|^\^D$", re.MULTILINE)
# how bash says that a page would have switched off what its exit statuses are seen by
_KEPT = "PROMPT_COMMAND: readonly variable"
_HINT_FOR_HASH = (
    "open the shell that is promised; a comment of yours is directly above `$ ` or `>>> `"
)
_WORDS: Mapping[Ending, str] = {
    Ending.UNFINISHED: "is unfinished: the shell waits for the rest of it",
    Ending.TOO_MUCH: f"printed more than {LIMIT // 1_000_000} MB",
    Ending.FULL_SCREEN: "needs the whole screen, and a transcript has none",
    Ending.PAGER: "shows its output page by page, and waits for a key",
    Ending.CLOSED: "closed the terminal",
    Ending.TOO_LONG: f"has a line of more than {LONGEST} bytes, which a terminal cuts",
    Ending.UNSEEN: "replaced the page's own shell, so exit statuses cannot be read",
}
_HINTS: Mapping[Ending, str] = {
    Ending.TOO_MUCH: "show less of it, such as with `| head`",
    Ending.PAGER: "switch the pager off, as by `| cat` or an option of the program",
    Ending.TOO_LONG: (
        "break it up by `\\` at the ends of lines, or put the text into a file by an edit"
    ),
    Ending.UNSEEN: "leave that line out, or read the file again by `. ~/.bashrc`",
}


def in_words(ended: Ended, timeout: float) -> str:
    """Return how a step ended, as a part of a sentence whose subject is the command."""
    if ended.ending is Ending.TIMEOUT:
        return f"gave no prompt back within {timeout:g} s"
    if ended.ending is Ending.EARLY:
        return f"was finished before `{ended.rest}` was typed"
    if ended.ending is Ending.QUESTION:
        at = f" at `{ended.prompt.strip()}`" if ended.prompt.strip() else ""
        return f"waits for input{at}, and the page types none"
    return _WORDS[ended.ending]


def hint(ended: Ended, step: Step) -> str:
    """Return what a writer can do about how a step ended."""
    if ended.ending is Ending.TIMEOUT:
        return _hint_on_waiting(ended)
    if ended.ending is Ending.QUESTION:
        return _hint_on_question(ended, step)
    if ended.ending is Ending.CLOSED:
        if _EXIT.search(step.command):
            return "leave the last `exit` out: each page's terminals are closed for it"
        return "the shell itself ended here, as by `set -e` at the first failure, `exec` or `kill`"
    if ended.ending in _HINTS:
        return _HINTS[ended.ending]
    if ended.ending is not Ending.PROMPT and any(line in KEYS for line in step.typed):
        return "press the key while the program it is meant for is in front"
    return _hint_on_failure(ended, step) if ended.status else ""


def elsewhere(step: Step, number: int, prompt: str, left_open: str = "") -> tuple[str, str]:
    """Return that another program is in front than the one a step is typed into, and a hint.

    `left_open` says where the block that left it in front ends, as ``file:line``.
    """
    words = (
        f"is promised at `{step.prompt.strip()}`, but terminal {number} is at `{prompt.strip()}`"
    )
    if step.prompt == "# ":
        return words, _HINT_FOR_HASH
    program = program_of(row.program) if (row := row_of(prompt, PROMPTS)) is not None else None
    if left_open and program is not None and not program.is_shell:
        return words, f"leave {program.name} by `{program.leave}` below {left_open}"
    return words, "end the program that is in front, or open the one that is promised"


def _hint_on_waiting(ended: Ended) -> str:
    last = ended.output[-1].strip() if ended.output else ""
    if last.endswith((">", ":", "?", "]", "#", "$")):
        return (
            f"if `{last}` asks for input, add its prompt to `seatrial_prompts` in conf.py; "
            "if it only needs longer, set `:timeout:` on the block"
        )
    return "set `:timeout:` on the block, or end the command by `^C` on a line of its own"


def _hint_on_question(ended: Ended, step: Step) -> str:
    asked = ended.prompt.strip()
    if not asked:
        first = step.typed[0].strip()
        return f"give it its input on the page: `{first} <<END`, the lines, and `END` below them"
    return (
        f"add `{asked} ` to `seatrial_prompts` in conf.py, and write the answer behind it as a "
        "line of its own"
    )


def _hint_on_failure(ended: Ended, step: Step) -> str:
    """Return what a writer can do about a command that failed."""
    said = "\n".join(ended.output)
    if _KEPT in said:
        return "do not change PROMPT_COMMAND, which reads exit statuses; you can change PS1"
    if ": event not found" in said:
        return "`!` asks for an earlier command, as in a reader's bash: put it into single quotes"
    if HOME in step.command:
        return f"{HOME} is only shown, in place of a folder of this run: type `~`"
    if ended.status == 127 and step.command.startswith("$ "):
        return "this block has prompts: make it `console`"
    if ended.status != 127 and step.status is None:
        return f"if it is meant to fail, put `[{ended.status}]` below its output"
    return ""
