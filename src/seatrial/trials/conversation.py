"""A reader's conversation with whatever program is in front: cut a cell into pieces, say where.

What a page's run is to promises, this is to somebody who types: there is nothing to compare with,
programs ask questions, and a person may interrupt.
"""

from __future__ import annotations

import difflib
import re
import secrets
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from seatrial.errors import EngineUnavailableError
from seatrial.pages.nest import container_of_command
from seatrial.run.engines import find_engine
from seatrial.run.follower import Follower, Line, follow
from seatrial.run.received import LIMIT
from seatrial.transcript.cells import fragment_of
from seatrial.transcript.commands import may_speak_to_docker
from seatrial.transcript.events import Asked, Ended, Ending, Output, Sighting
from seatrial.transcript.pieces import first_piece
from seatrial.transcript.places import MACHINE, STRANGE, Place
from seatrial.transcript.programs import PROMPTS, QUESTIONS, Program, program_of
from seatrial.transcript.spelling import CURRENT
from seatrial.trials import help as of_docker
from seatrial.trials.trouble import Trouble, trouble_of, unfinished, unlike_a_command

# the longest that anybody sits before one command (seconds)
_FOR_EVER = 7 * 86400.0
# how long (seconds) a kernel that is being restarted may take to give its sandbox back
_PATIENCE = 10.0
# how long (seconds) a program may take to leave a question
_LEAVING = 2.0
# what Ctrl-C leaves in a terminal
_CTRL_C = re.compile(r"^(?:\^C)+|(?:\^C)+$")

Show = Callable[[str], None]
Question = Callable[[str, bool], str]


@dataclass(frozen=True)
class Cell:
    """What one cell gave, besides its output."""

    places: tuple[Place, ...]
    """Where its pieces ran, one after the other."""
    before: Place
    now: Place
    """Where the reader was, and is afterwards."""
    leave: str = ""
    """What to type to leave the program in front; empty at the reader's own shell."""
    sightings: tuple[Sighting, ...] = ()
    trouble: Trouble | None = None

    @property
    def moved(self) -> bool:
        """Tell whether the reader is somewhere else than before."""
        return self.now != self.before


class Conversation:
    """One terminal in a sandbox, opened when the first line is typed."""

    def __init__(self, project: Path | None, spelling: str = CURRENT) -> None:
        self._project = project
        self._spelling = spelling
        self._opened = ExitStack()
        self._follower: Follower | None = None
        self._no_engine: EngineUnavailableError | None = None
        self._interrupts = 0
        self._mark = secrets.token_hex(6)

    # --- the reader's side ---

    def run(self, code: str, show: Show, question: Question | None = None) -> Cell:
        """Type a cell piece by piece, as long as all goes well.

        `show` is given each part of the output as it comes; `question` asks the reader for what a
        program wants to know, and is told whether to hide it.  Raises SeatrialError where there is
        no engine for what needs one, or no sandbox.
        """
        line = self._line()
        before, places, begun = line.place, list[Place](), 0
        until = 0
        trouble: Trouble | None = None
        self._interrupts = 0
        left = code.replace("\r\n", "\n").split("\n")
        while left and trouble is None:
            program = self._program
            if not left[0].strip() or (program.is_shell and left[0].lstrip().startswith("#")):
                left = left[1:]
                continue
            if (trouble := unlike_a_command(left[0], program)) is not None:
                left = left[1:]
                break
            piece = first_piece(program, left)
            if piece is None:
                trouble, left = unfinished(program), []
                break
            count, typed = piece
            left = left[count:]
            ended = self._typed(typed, show, question)
            begun, until = begun or ended.window[0], ended.window[1]
            place = self._where(typed, ended)
            if places[-1:] != [place]:
                places.append(place)
            trouble = self._trouble(ended, program, last=not any(x.strip() for x in left))
        if trouble is not None:
            trouble = trouble.with_untyped(sum(1 for each in left if each.strip()))
        now = self.place
        leave = "" if now == MACHINE else program_of(now.program).leave
        did = self._open().did((begun, until)) if begun else ()
        return Cell(tuple(places), before, now, leave, did, trouble)

    def write(self, file: str, text: str) -> str:
        """Write a file of the sample project, or a part of it; return what changed as a diff.

        Raises SandboxError where the file lies outside of the project or has no place for the part,
        TranscriptError where it is not clear which lines of the part are new.
        """
        sandbox, fragment = self._open().sandbox, fragment_of(file, text)
        if fragment is None:
            new = text.rstrip("\n") + "\n"
            old = sandbox.write(file, new)
        else:
            old, new = sandbox.apply(fragment, again=True)
        lines = difflib.unified_diff(
            (old or "").splitlines(),
            new.splitlines(),
            f"{file} as it was" if old is not None else "no file before",
            f"{file} as it is now",
            lineterm="",
        )
        return "\n".join(lines)

    def interrupt(self) -> bool:
        """Press Ctrl-C, the third time in one piece kill what is in front; tell whether one could.

        Only that: it may be called from a signal's handler while `run` waits.
        """
        line = self._follower.opened() if self._follower is not None else None
        if line is None or not line.is_typing:
            return False
        self._interrupts += 1
        line.interrupt()
        return True

    @property
    def place(self) -> Place:
        """Return where the next line would be typed."""
        line = self._follower.opened() if self._follower is not None else None
        return line.place if line is not None else MACHINE

    def is_unfinished(self, code: str) -> bool:
        """Tell whether the program in front would wait for the rest of some input."""
        return self._program.is_unfinished(code)

    def completions(self, words: Sequence[str]) -> list[str]:
        """Return how the last of some words of a shell may go on; none inside other programs."""
        if self.place != MACHINE:
            return []
        line = self._line()
        return of_docker.completions(words, self._open().sandbox.environment, line.folder)

    def help(self, words: Sequence[str]) -> str:
        """Return the help of the docker command that some words begin with, or nothing."""
        return of_docker.help_of(words, self._open().sandbox.environment)

    def close(self) -> None:
        """Close terminal and sandbox; the next line opens others."""
        self._follower = None
        self._opened.close()

    # --- the terminal's side ---

    @property
    def _program(self) -> Program:
        """Return the program in front."""
        return program_of(self.place.program or "shell")

    def _open(self) -> Follower:
        """Return who types, with a sandbox; without an engine where none answers."""
        if self._follower is None:
            engine = None
            try:
                engine = find_engine(self._spelling)
                self._no_engine = None
            except EngineUnavailableError as error:
                self._no_engine = error
            prompts = (*QUESTIONS, *PROMPTS)
            self._follower = self._opened.enter_context(
                follow(self._project, engine, prompts=prompts, patience=_PATIENCE)
            )
        return self._follower

    def _line(self) -> Line:
        """Return the terminal; a new one where the last was closed."""
        follower = self._open()
        line = follower.terminal()
        return line if line.alive else follower.replace()

    def _typed(self, typed: Sequence[str], show: Show, question: Question | None) -> Ended:
        """Type one piece of input and follow it until a program asks for the next."""
        if self._no_engine is not None and may_speak_to_docker("\n".join(typed)):
            hint = (
                f"{self._no_engine.hint} (by `make engine` where a project has its own), "
                "and restart the kernel"
            )
            raise EngineUnavailableError(self._no_engine.message, hint=hint)
        line, shown = self._line(), Shown(show)
        for event in line.send(typed, _FOR_EVER, watched=True):
            if isinstance(event, Output):
                shown.put(event.lines, event.tail)
            elif isinstance(event, Asked) and question is not None:
                shown.end_line()
                try:
                    line.answer(question(event.question, event.secret))
                except (EOFError, KeyboardInterrupt):
                    # however the program ends then, the cell was interrupted
                    self._interrupts += 1
                    line.answer("^C")
            elif isinstance(event, Ended):
                shown.end(event.output)
                if event.ending is Ending.TOO_MUCH:
                    shown.put([f"(output after {LIMIT // 1_000_000} MB is left out)"])
                return self._with_status(line, event)
        raise AssertionError("what is sent comes to an end")

    def _with_status(self, line: Line, ended: Ended) -> Ended:
        """Return how a piece ended, with the exit status that a shell in front of it can tell.

        It is asked in a way that leaves `$?` as it was.
        """
        if ended.at_shell or ended.ending is not Ending.PROMPT or not ended.prompt:
            return ended
        if not program_of(ended.now.program).is_shell or ended.ran != ended.now:
            return ended
        asked = f'eval "echo {self._mark}:$?; (exit $?)"'
        for event in line.send([asked], _PATIENCE):
            if isinstance(event, Ended):
                found = re.fullmatch(rf"{self._mark}:(\d+)", "".join(event.output).strip())
                return replace(ended, status=int(found[1])) if found else ended
        raise AssertionError("what is sent comes to an end")

    def _where(self, typed: Sequence[str], ended: Ended) -> Place:
        """Return where a piece ran: in the container that it opened, if what it printed did."""
        if ended.ran != MACHINE:
            return ended.ran
        if ended.now != MACHINE:
            return ended.now
        container = ended.within
        if container is not None and container != STRANGE:
            # what a pipe or a second command printed came from the machine
            container = container_of_command("\n".join(typed), ended.did) and container
        return Place("", container) if container is not None else MACHINE

    def _trouble(self, ended: Ended, program: Program, *, last: bool) -> Trouble | None:
        """Return what went wrong with a piece, if anything did, with its program left."""
        line = self._line_as_it_is()
        row = line.row
        waits = row is not None and row.continues and ended.ending is Ending.PROMPT
        found = trouble_of(ended, program, interrupted=self._interrupts > 0)
        if found is None and last and waits:
            found = unfinished(program)
        if ended.ending not in (Ending.PROMPT, Ending.TOO_MUCH) or not ended.prompt:
            if ended.ending is Ending.PAGER:
                line.leave_pager()
            elif line.alive and not (ended.ending is Ending.QUESTION and _withdrawn(line)):
                line.leave()
        elif found is not None and waits:
            for _ in line.send(["^C"], 5.0):
                pass
        return found

    def _line_as_it_is(self) -> Line:
        line = self._open().opened()
        return line if line is not None else self._line()


def _withdrawn(line: Line) -> bool:
    """Press Ctrl-C at a question, and tell whether what opened its program asks for input again."""
    ended = [event for event in line.send(["^C"], _LEAVING) if isinstance(event, Ended)]
    return ended[-1].ending is Ending.PROMPT and bool(ended[-1].prompt)


class Shown:
    """Shows output while it comes, and what is left at its end."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._told = 0
        # lines that were shown whole
        self._tail = ""
        # what was shown of the line behind them, with the spaces over what was there before

    def put(self, lines: Sequence[str], tail: str = "") -> None:
        """Show lines, and the unfinished one behind them."""
        self._told += len(lines)
        text = "".join(self._ended(line) for line in lines)
        tail = _CTRL_C.sub("", tail)
        if tail.startswith(self._tail):
            text, self._tail = text + tail[len(self._tail) :], tail
        elif tail:
            self._tail = tail.ljust(len(self._tail))
            text = f"{text}\r{self._tail}"
        if text:
            self._show(text)

    def end_line(self) -> None:
        """End the line that is shown, as whoever answers a question does."""
        if self._tail:
            self._show("\n")
            self._tail = ""

    def end(self, output: Sequence[str]) -> None:
        """Show what of the output was not shown yet."""
        self.put(output[self._told :])
        self.end_line()

    def _ended(self, line: str) -> str:
        """Return how a line goes on from what was shown of it."""
        before, self._tail = self._tail, ""
        kept = _CTRL_C.sub("", line)
        if not kept and line:
            # what Ctrl-C leaves in a terminal is no output; its echo may come late
            return "\n" if before else ""
        if kept.startswith(before):
            return f"{kept[len(before) :]}\n"
        return f"\r{kept.ljust(len(before))}\n"
