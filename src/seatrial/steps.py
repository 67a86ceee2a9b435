"""A block's lines, read as steps: what is typed where, and what is promised in answer."""

from __future__ import annotations

import codeop
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from seatrial.blocks import Block
from seatrial.errors import TranscriptError

STATUS = re.compile(r"\[(\d{1,3})\]")
KEYS = {"^C": "\x03", "^D": "\x04"}
ELISION = "..."

_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")
_OPENS_A_SHELL = re.compile(r"\b(?:ba|da|z|a)?sh\b|\bsu\b")


@dataclass(frozen=True)
class Prompt:
    """One row of the prompt table: how a program asks for input."""

    program: str
    pattern: str
    # a regular expression for the whole prompt, its trailing space included
    continues: bool = False
    # asks for the rest of unfinished input
    guessable: bool = False
    # so short that ordinary output may end like it
    secret: bool = False
    # what is typed is not echoed


#: The reader's own shell is `$`; a shell inside a container is `#` or names user and host.
PROMPTS: tuple[Prompt, ...] = (
    Prompt("shell", r"\$ ", guessable=True),
    Prompt("container shell", r"[\w.-]+@[\w.-]+:[^\n$#]*[$#] "),
    Prompt("container shell", r"(?:ba)?sh-[\d.]+[$#] "),
    Prompt("container shell", r"# ", guessable=True),
    Prompt("shell", r"> ", continues=True, guessable=True),
    Prompt("Python", r">>> "),
    Prompt("Python", r"\.\.\. ", continues=True),
    Prompt("pdb", r"\(Pdb(?:\+\+)?\) "),
    Prompt("psql", r"[\w-]+=[*!?]?[#>] "),
    Prompt("psql", r"[\w-]+[-('\"*$^][*!?]?[#>] ", continues=True),
    Prompt("password", r"Password(?: for user [\w-]+)?: ", secret=True),
)


@dataclass(frozen=True)
class Step:
    """One command of a block, its promised output and exit status."""

    prompt: str
    # as the page shows it; empty for a key pressed while a program runs
    program: str
    typed: tuple[str, ...]
    # lines of input without their prompts; "^C" and "^D" are keys
    shown: tuple[str, ...]
    # the same lines as they stand on the page
    promise: tuple[str, ...]
    status: int | None
    # the promised exit status; None where the page shows none
    line: int
    # number of the first line, counted from 1, in the block's source

    @property
    def command(self) -> str:
        """Return what is typed, as one text."""
        return "\n".join(self.typed)

    @property
    def is_key(self) -> bool:
        """Tell whether this step presses a key while a program runs."""
        return not self.prompt


def read_prompt(line: str, prompts: Sequence[Prompt]) -> tuple[Prompt, str] | None:
    """Return the table's row and the prompt as it stands at the start of a line, if any."""
    padded = line if line.endswith(" ") else line + " "
    for row in prompts:
        # on a page the volatile parts of a prompt may be elided: root@...:/app#
        found = re.match(row.pattern, padded)
        if found:
            return row, found.group()
    return None


def same_prompt(promised: str, answered: str) -> bool:
    """Tell whether a prompt seen in a terminal is the one that a page shows."""
    pattern = "".join(
        r"[^\n]*?" if part == ELISION else re.escape(part)
        for part in re.split(r"(\.\.\.)", promised.rstrip())
    )
    if promised.rstrip() == ELISION:
        pattern = re.escape(ELISION)
    return re.fullmatch(pattern, answered.rstrip()) is not None


def parse(block: Block, prompts: Sequence[Prompt] = PROMPTS) -> tuple[Step, ...]:
    """Read a block's lines as steps.

    Raises TranscriptError where the first line is no prompt.
    """
    if block.plain:
        return tuple(_plain_steps(block))
    return tuple(_steps(block, prompts))


def with_promises(
    block: Block, promises: Sequence[tuple[Step, Sequence[str], int | None]]
) -> Block:
    """Return a block with other promised outputs and exit statuses for some of its steps."""
    lines = list(block.lines)
    # from the end, so that earlier steps stay where they are
    for step, promise, status in sorted(promises, key=lambda p: p[0].line, reverse=True):
        start = step.line - block.line + len(step.shown)
        taken = len(step.promise) + (step.status is not None)
        lines[start : start + taken] = [*promise, *([f"[{status}]"] if status else [])]
    return replace(block, lines=tuple(lines))


def _steps(block: Block, prompts: Sequence[Prompt]) -> Iterator[Step]:
    """Yield the steps of a transcript with prompts."""
    lines = block.lines
    at = 0
    before: Step | None = None
    while at < len(lines):
        start = at
        opening = _opening(lines[at], prompts, before)
        if opening is None:
            if not lines[at].strip():
                at += 1
                continue
            raise TranscriptError(
                f"the block begins with output: {lines[at].strip()!r}",
                where=f"{block.source}:{block.line + at}",
                hint="begin it with a prompt such as `$ `, `>>> ` or `db=# `",
            )
        row, prompt = opening
        typed = [lines[at][len(prompt) :] if prompt else lines[at].strip()]
        at += 1
        while at < len(lines):
            more = _continuation(lines[at], typed, row, prompts)
            if more is None:
                break
            typed.append(more)
            at += 1
        shown = lines[start:at]
        promise: list[str] = []
        draft = Step(prompt, row.program, tuple(typed), tuple(shown), (), None, block.line + start)
        while at < len(lines) and _opening(lines[at], prompts, draft) is None:
            promise.append(lines[at])
            at += 1
        while promise and not promise[-1].strip():
            promise.pop()
        status = None
        if promise and (found := STATUS.fullmatch(promise[-1].strip())):
            status = int(found.group(1))
            promise.pop()
        before = replace(draft, promise=tuple(promise), status=status)
        yield before


def _opening(
    line: str, prompts: Sequence[Prompt], before: Step | None
) -> tuple[Prompt, str] | None:
    """Return the prompt with which a line opens a step, or None for a line of output."""
    if line.strip() in KEYS and before is not None:
        return Prompt(before.program, ""), ""
    found = read_prompt(line, prompts)
    if found is None or found[0].continues:
        return None
    row, prompt = found
    # `# ` also begins comments in many an output: it is a prompt where a shell was opened
    if prompt == "# " and before is not None and before.prompt != "# ":
        return (row, prompt) if _OPENS_A_SHELL.search(before.command) else None
    return row, prompt


def _continuation(
    line: str, typed: Sequence[str], row: Prompt, prompts: Sequence[Prompt]
) -> str | None:
    """Return the input that a line adds to an unfinished command, or None if it adds none."""
    if row.program == "Python":
        if not (line.startswith("... ") or line.rstrip() == ELISION):
            return None
        return line[4:] if _python_is_unfinished("\n".join(typed)) else None
    if row.program in ("shell", "container shell"):
        if line.startswith("> ") or line == ">":
            return line[2:]
        return line if _shell_is_unfinished(typed) else None
    found = read_prompt(line, prompts)
    if found and found[0].continues and found[0].program == row.program:
        return line[len(found[1]) :]
    return None


def _python_is_unfinished(source: str) -> bool:
    """Tell whether Python would ask for more (the rule is codeop's, as in the interpreter)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return codeop.compile_command(source) is None
        except (SyntaxError, ValueError, OverflowError):
            return False


def _shell_is_unfinished(typed: Sequence[str]) -> bool:
    """Tell whether a shell would read on, for input written without `> ` prompts.

    Only the two forms that guides use: a trailing backslash and a here-document.
    """
    last = typed[-1]
    heredoc = _HEREDOC.search(typed[0])
    if heredoc:
        return not any(line.strip() == heredoc.group(2) for line in typed[1:])
    return (len(last) - len(last.rstrip("\\"))) % 2 == 1


def _plain_steps(block: Block) -> Iterator[Step]:
    """Yield a step for each command of a block without prompts."""
    typed: list[str] = []
    start = 0
    for number, line in enumerate(block.lines):
        if not typed:
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            start = number
        typed.append(line)
        if not _shell_is_unfinished(typed):
            yield Step("$ ", "shell", tuple(typed), tuple(typed), (), None, block.line + start)
            typed = []
