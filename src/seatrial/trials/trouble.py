"""Why a cell went no further, for its reader."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from seatrial.run.received import LIMIT
from seatrial.transcript.events import Ended, Ending
from seatrial.transcript.programs import PROGRAMS, Program, is_shell

_CLOSED = "the next cell begins in a new one, in the same sandbox"
# how psql's prompt says that a transaction failed (psql's documentation, PROMPT1: %x)
_FAILED_TRANSACTION = re.compile(r"[\w-]+[=(-]!")
# what IPython's kernel takes besides Python, and the cells that pages show with a prompt
_OF_IPYTHON = re.compile(r"(%%?|!)([A-Za-z].*)")
_PROMPT = re.compile(r"(\$|>>>|[\w-]+=[#>]) (.*)")
_LEAVES = {program.leave: program.name for program in PROGRAMS if not program.is_shell}


@dataclass(frozen=True)
class Trouble:
    """Why a cell went no further."""

    name: str
    """Short, as an exception's name."""
    message: str
    hint: str = ""

    def with_untyped(self, count: int) -> Trouble:
        """Return this with how many lines were not typed because of it."""
        if not count:
            return self
        rest = (
            "the line after it was not typed"
            if count == 1
            else f"the {count} lines after it were not typed"
        )
        return replace(self, hint=f"{self.hint}; {rest}" if self.hint else rest)


def unfinished(program: Program) -> Trouble:
    """Return that a program waits for the rest of its input."""
    name = "The shell" if program.is_shell else program.name
    words = f"{name} waits for {program.waits_for}"
    return Trouble("Unfinished", words, "complete the cell, run it again")


def unlike_a_command(line: str, program: Program) -> Trouble | None:
    """Return why a line is not typed that is meant for another program than the one in front."""
    line = line.strip()
    if (found := _PROMPT.fullmatch(line)) and program.is_shell:
        hint = f"type only what follows it: `{found[2]}`"
        return Trouble("Prompt", f"a cell has no prompt, such as `{found[1]}`", hint)
    if not program.is_shell:
        return None
    if found := _OF_IPYTHON.fullmatch(line):
        words = f"`{found[1]}` is IPython's: this cell is typed into a shell"
        what = found[2] if found[1] != "%%" else "the commands alone"
        return Trouble(
            "NotIPython", words, f"type `{what}`" if found[1] != "%%" else f"type {what}"
        )
    leaves = _LEAVES.get(line.replace("quit", "exit"))
    if leaves and line != "q":
        return Trouble("NotThere", f"there is no {leaves} in front to leave", "leave the line out")
    return None


def trouble_of(ended: Ended, program: Program, *, interrupted: bool) -> Trouble | None:
    """Return what went wrong with a piece of input, if anything did."""
    if ended.ending not in (Ending.PROMPT, Ending.TOO_MUCH) or not ended.prompt:
        return _of_ending(ended, program)
    if interrupted:
        return Trouble("Interrupted", "Ctrl-C was pressed")
    if ended.status:
        return Trouble("CommandFailed", f"exit status {ended.status}")
    if ended.at_shell or program.error is None:
        return None
    wrong = next((line for line in ended.output if program.error.match(line)), "")
    if not wrong:
        return None
    if program.last_line_tells:
        wrong = next(line for line in reversed(ended.output) if line.strip())
    name = f"{program.name[:1].upper()}{program.name[1:]}Error"
    if _FAILED_TRANSACTION.match(ended.prompt):
        hint = "the transaction has failed as a whole: type `rollback;` to go on"
        return Trouble(name, wrong, hint)
    return Trouble(name, wrong)


def _of_ending(ended: Ended, program: Program) -> Trouble:
    """Return why nothing asks for input, or somebody who cannot be answered."""
    name = "The shell" if is_shell(program.name) else program.name
    if ended.ending is Ending.QUESTION:
        asked = f"`{ended.prompt.strip()}` was asked" if ended.prompt.strip() else "Input is wanted"
        return Trouble(
            "Question",
            f"{asked}, and nobody can answer here",
            "run this cell in a front end that shows questions, such as JupyterLab",
        )
    if ended.ending is Ending.FULL_SCREEN:
        return Trouble(
            "FullScreen",
            "this program needs the whole screen, which a notebook does not have",
            "open it in a terminal (in JupyterLab: File, New, Terminal)",
        )
    if ended.ending is Ending.PAGER:
        return Trouble(
            "Pager",
            "the output is shown page by page, which a notebook cannot do: the pager was closed",
            r"switch that off, in psql by `\pset pager off`, and run the cell again",
        )
    if ended.ending is Ending.TOO_MUCH:
        return Trouble(
            "TooMuch", f"{name} printed more than {LIMIT // 1_000_000} MB without an end"
        )
    if ended.ending is Ending.UNFINISHED:
        return Trouble("Unfinished", f"{name} is unfinished: the shell waits for the rest of it")
    if ended.ending is Ending.EARLY:
        return Trouble("Lost", f"{name} was finished before `{ended.rest}` was typed")
    return Trouble("TerminalClosed", "the terminal was closed", _CLOSED)
