"""A block's lines, read as steps: what is typed where, and what is promised in answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from seatrial.errors import TranscriptError
from seatrial.transcript.blocks import Block
from seatrial.transcript.matching import ELISION, trimmed
from seatrial.transcript.programs import PROMPTS, Prompt, is_shell, python_is_unfinished
from seatrial.transcript.shell import shell_is_unfinished

# those that take statements of Python; since 3.13 the debugger takes several lines, too
_PYTHONS = ("Python", "pdb")
STATUS = re.compile(r"\[(\d{1,3})\]")
KEYS = {"^C": "\x03", "^D": "\x04", "^Z": "\x1a"}

# A shell with nothing behind it but options, of which none is `-c`: it waits for input.
_OPENS_A_SHELL = re.compile(
    r"(?:^|[\s/'\"(])(?:ba|da|z|a)?sh(?:\s+-(?!\w*c\b)[\w-]+)*['\")\]\s]*$"
    r"|(?:^|\s)su(?:\s+(?!-c\b)[\w-]+)*\s*$|\bsudo\s+-[is]\b"
)
# A command with nothing behind it but options that opens Python, in a project or alone.
_OPENS_PYTHON = re.compile(r"(?:^|[\s/])(?:i?python[\d.]*(?:\s+-\w+)*|\S+\s+shell(?:_plus)?)\s*$")
#: What is typed to leave a program.
LEAVES_A_PROGRAM = frozenset({"exit", "exit()", "logout", "quit", "quit()", "\\q", "^D"})


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
    remarks: tuple[str, ...] = ()
    # comments of the writer below the output, with the blank lines around them

    @property
    def keyed(self) -> tuple[str, ...]:
        """Return the lines to type: an indented block of Python that stands open is closed."""
        if self.program in _PYTHONS and python_is_unfinished(self.command):
            closed = f"{self.command}\n"
            return self.typed if python_is_unfinished(closed) else (*self.typed, "")
        return self.typed

    def with_remarks(self, count: int) -> Step:
        """Return this step with some of its remarks taken for output: only a run can tell."""
        promise = (*self.promise, *self.remarks[:count])
        return replace(self, promise=promise, remarks=self.remarks[count:])

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
    block: Block,
    promises: Sequence[tuple[Step, Sequence[str], int | None]],
    prompts: Sequence[Prompt] = PROMPTS,
) -> Block:
    """Return a block with other promised outputs and exit statuses for some of its steps.

    Raises TranscriptError where an output would not be read as output.
    """
    lines = list(block.lines)
    # from the end, so that earlier steps stay where they are
    for step, promise, status in sorted(promises, key=lambda p: p[0].line, reverse=True):
        start = step.line - block.line + len(step.shown)
        taken = len(step.promise) + (step.status is not None)
        # a 0 is written only where a writer wrote it
        ends = [f"[{status}]"] if status or (status == 0 and step.status == 0) else []
        lines[start : start + taken] = [*promise, *ends, *_left_below(promise, ends, step)]
    new = replace(block, lines=tuple(lines))
    _require_same_input(block, new, prompts)
    _require_same_steps(block, new, promises, prompts)
    return new


def _left_below(promise: Sequence[str], ends: Sequence[str], step: Step) -> list[str]:
    """Return what is left below a new promise: comments that the old one may have ended with.

    A blank line keeps comments from being taken for the end of an output that looks like them.
    """
    if any(map(_is_hash, promise)):
        alike = not ends and _is_hash(promise[-1]) and any(map(_is_hash, step.remarks[:1]))
        return [""] if alike else []
    end = len(step.promise)
    while end and _is_hash(step.promise[end - 1]):
        end -= 1
    return ["", *step.promise[end:]] if step.promise[end:] else []


def _require_same_input(old: Block, new: Block, prompts: Sequence[Prompt]) -> None:
    """Raise TranscriptError where a line that the writer typed would no longer be there."""
    left = iter(new.lines)
    for step in parse(old, prompts):
        written = (*step.shown, *(line for line in step.remarks if line.strip()))
        for number, line in enumerate(written):
            if line not in left:
                raise TranscriptError(
                    f"recording would remove a line of yours: {line.strip()!r}",
                    where=f"{old.source}:{step.line + min(number, len(step.shown) - 1)}",
                    hint="write `...` on the page in place of the output above it",
                )


def _require_same_steps(
    old: Block,
    new: Block,
    promises: Sequence[tuple[Step, Sequence[str], int | None]],
    prompts: Sequence[Prompt],
) -> None:
    """Raise TranscriptError where a promise that was put in would be read as something else."""
    given = {step.line: (step, promise, status) for step, promise, status in promises}
    before, read = parse(old, prompts), parse(new, prompts)
    for number, old_step in enumerate(before):
        # output that looks like a prompt makes steps of its own below the one that gave it
        same = [step.typed for step in read[: number + 2]] == [
            step.typed for step in before[: number + 2]
        ]
        if not same or not _reads_as(read[number], *given.get(old_step.line, (old_step, (), None))):
            raise TranscriptError(
                "output of this block looks like a prompt, a key or an exit status",
                where=f"{old.source}:{old_step.line}",
                hint="write `...` on the page in place of that line",
            )


def _reads_as(step: Step, old: Step, promise: Sequence[str], status: int | None) -> bool:
    """Tell whether a step that was written down is read with the promise that it was given."""
    if status is None:
        # no program has ended: `[1]` is output then, however it is read
        return True
    ends = [f"[{step.status}]"] if step.status is not None else []
    below = [*promise, *ends, *_left_below(promise, ends, old), *old.remarks]
    shown = [*step.promise, *ends, *step.remarks]
    return trimmed(shown) == trimmed(below) and (step.status or 0) == status


def _steps(block: Block, prompts: Sequence[Prompt]) -> Iterator[Step]:
    """Yield the steps of a transcript with prompts."""
    lines = block.lines
    at = 0
    before: Step | None = None
    while at < len(lines):
        start = at
        opening = _opening(lines, at, prompts, before)
        if opening is None:
            if not lines[at].strip() or _is_remark(lines, at, prompts):
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
        while at < len(lines) and _opening(lines, at, prompts, draft) is None:
            promise.append(lines[at])
            at += 1
        kept = trimmed(
            _without_remarks(
                promise, may_be_output=at == len(lines) and row.program not in _PYTHONS
            )
        )
        remarks = trimmed(promise[len(kept) :])
        status = None
        if kept and (found := STATUS.fullmatch(kept[-1].strip())):
            status = int(found.group(1))
            kept = kept[:-1]
        before = replace(draft, promise=kept, status=status, remarks=remarks)
        yield before


def _is_hash(line: str) -> bool:
    return line.startswith("#")


def _below_hashes(lines: Sequence[str], at: int) -> int:
    """Return the number of the first line that is neither blank nor begins with a `#`."""
    while at < len(lines) and (not lines[at].strip() or _is_hash(lines[at])):
        at += 1
    return at


def _is_remark(lines: Sequence[str], at: int, prompts: Sequence[Prompt]) -> bool:
    """Tell whether a line that looks like a root shell's prompt is a comment of the writer.

    It is where `$ ` or `>>> ` follows, and no command from here on can have led there.
    """
    below = _below_hashes(lines, at)
    if below == at or below == len(lines):
        return False
    found = read_prompt(lines[below], prompts)
    if found is None or found[1] not in ("$ ", ">>> "):
        return False
    opens = _OPENS_A_SHELL if found[1] == "$ " else _OPENS_PYTHON
    commands = [line[2:].strip() for line in lines[at:below]]
    return not any(c in LEAVES_A_PROGRAM or opens.search(c) for c in commands)


def _without_remarks(promise: Sequence[str], *, may_be_output: bool) -> Sequence[str]:
    """Return what stands below a step without comments at its end.

    At the end of a block no prompt follows: there a blank line tells a comment from what
    `may_be_output`.
    """
    end = len(promise)
    while end and (not promise[end - 1].strip() or _is_hash(promise[end - 1])):
        end -= 1
    for number in range(end, len(promise)):
        if _is_hash(promise[number]) and (
            not may_be_output or (number and not promise[number - 1].strip())
        ):
            return promise[:number]
    return promise


def _opening(
    lines: Sequence[str], at: int, prompts: Sequence[Prompt], before: Step | None
) -> tuple[Prompt, str] | None:
    """Return the prompt with which a line opens a step, or None for a line of output."""
    line = lines[at]
    if line.strip() in KEYS and before is not None:
        return Prompt(before.program, ""), ""
    found = read_prompt(line, prompts)
    if found is None or found[0].continues:
        return None
    row, prompt = found
    if prompt == ">> " and (before is None or before.program != "psql"):
        return None
    if prompt == "# " and (
        (before is not None and not _leads_to_a_shell(before)) or _is_remark(lines, at, prompts)
    ):
        return None
    return row, prompt


def _leads_to_a_shell(before: Step) -> bool:
    """Tell whether a container's shell may answer a step.

    `# ` also begins comments in many an output: it is a prompt only where a shell was in front,
    was opened, or comes back because the program before it was left.
    """
    command = before.command.strip()
    if before.is_key and before.program == "container shell":
        return True
    return (
        before.prompt == "# "
        or command in LEAVES_A_PROGRAM
        or _OPENS_A_SHELL.search(command) is not None
    )


def _continuation(
    line: str, typed: Sequence[str], row: Prompt, prompts: Sequence[Prompt]
) -> str | None:
    """Return the input that a line adds to an unfinished command, or None if it adds none."""
    if row.program in _PYTHONS:
        if row.program == "pdb" and line.startswith("...   "):
            return line[6:]
        if line.startswith("... ") and line.rstrip() != ELISION:
            return line[4:]
        waits = python_is_unfinished("\n".join(typed)) or _is_hash(typed[-1])
        return line[4:] if line.rstrip() == ELISION and waits else None
    if is_shell(row.program):
        if not shell_is_unfinished(typed):
            return None
        return line[2:] if line.startswith("> ") or line == ">" else line
    found = read_prompt(line, prompts) if line.rstrip() != ELISION else None
    if found and found[0].continues and found[0].program == row.program:
        return line[len(found[1]) :]
    return None


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
        if not shell_is_unfinished(typed):
            yield Step("$ ", "shell", tuple(typed), tuple(typed), (), None, block.line + start)
            typed = []
    if typed:
        # it fails when it is run, and says that the shell waits for the rest
        yield Step("$ ", "shell", tuple(typed), tuple(typed), (), None, block.line + start)
