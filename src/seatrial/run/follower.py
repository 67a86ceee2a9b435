"""Types into the terminals of a sandbox, follows them inside, and tells what happens.

It knows neither promises nor Jupyter.  A face gives it input for the program in front and takes the
events that come of it; the last one is `Ended`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from seatrial.run.engines import Engine
from seatrial.run.inside import Insides
from seatrial.run.layer import Environment
from seatrial.run.listening import Answer, Reading
from seatrial.run.log import Event as Fact
from seatrial.run.log import container_of, opening, sightings
from seatrial.run.sandbox import Sandbox
from seatrial.run.session import Terminal
from seatrial.run.witness import Witness, now
from seatrial.transcript.events import Asked, Began, Ended, Ending, Event, Output, Sighting
from seatrial.transcript.places import MACHINE, STRANGE, Container, Place
from seatrial.transcript.programs import PROMPTS, Prompt

_OF_DOCKER = re.compile(r"docker (?:container )?(run|exec)\b")
# the exit status that says that there was no container to run in
_NO_CONTAINER = {"run": 125, "exec": 1}
_NAMES_DOCKER = re.compile(r"\bdocker\b")
# in the words of a place: of a prompt that no row of the table has
_UNKNOWN = "a program"


@dataclass(frozen=True)
class _Entry:
    """A program that was opened in a terminal, above those that wait for its end."""

    place: Place
    opened: Fact | None
    """By what the engine said that its container, or its exec, began."""


class Line:
    """One terminal of a sandbox, typed into one piece of input at a time."""

    def __init__(
        self,
        sandbox: Sandbox,
        witness: Witness | None,
        insides: Insides | None,
        prompts: Sequence[Prompt],
        folder: Path | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._witness = witness
        self._insides = insides
        self._prompts = [(row, re.compile(row.pattern)) for row in prompts]
        self._above: list[_Entry] = []
        # the programs in front of the reader's own shell, the latest last
        self._begun = now()
        self._given: list[str] = []
        # the answer to the question that was asked last, if there is one
        self._last = Ending.PROMPT
        self._presses = 0
        self.is_typing = False
        # a piece of input was sent, and has not come to its end
        self._terminal = Terminal(
            folder or sandbox.folder, sandbox.environment, prompts, self._inside
        )
        # another terminal may show what this one's shell has written into a file
        sandbox.hide(self._terminal.word)

    @property
    def place(self) -> Place:
        """Return where the next line would be typed."""
        return self._above[-1].place if self._above else MACHINE

    @property
    def prompt(self) -> str:
        """Return the prompt in front."""
        return self._terminal.prompt

    @property
    def row(self) -> Prompt | None:
        """Return the table's row of the prompt in front."""
        return self._row(self.prompt)

    @property
    def at_shell(self) -> bool:
        """Tell whether the reader's own shell is in front."""
        return self._terminal.at_shell

    @property
    def alive(self) -> bool:
        """Tell whether anything can still be typed."""
        return self._terminal.alive

    @property
    def folder(self) -> Path:
        """Return the working directory of the reader's own shell."""
        return self._terminal.folder

    def send(
        self, lines: Sequence[str], timeout: float, *, watched: bool = False
    ) -> Generator[Event, None, None]:
        """Type lines for the program in front, and yield what happens; an `Ended` comes last.

        `timeout` counts seconds.  `Output` is told where it is `watched`.  Raises
        EngineUnavailableError where the engine tells nothing any more.
        """
        place = self.place
        begun = self._begun = now()
        before = self._witness.under_way() - self._held() if self._witness else frozenset()
        self._presses = 0
        if self._witness is not None:
            self._witness.typed(lines)
        yield Began(tuple(lines), place)
        reading = self._terminal.type(lines, timeout, watched=watched)
        output: list[str] = []
        while True:
            answer = yield from self._told(reading)
            output += map(self._sandbox.scrub, answer.output)
            if not self._asks(answer):
                break
            self._given.clear()
            yield Asked(self._sandbox.scrub(answer.prompt), self._is_secret(answer))
            if not self._given:
                break
            reading = self._terminal.answer(self._given.pop(), timeout, watched=watched)
        self._hear_out(lines, answer, begun, before)
        facts = self._facts(begun, now())
        self._arrived(answer, facts, lines[0])
        self._last = Ending.QUESTION if self._asks(answer) else answer.ending
        yield Ended(
            self._last,
            tuple(output),
            answer.prompt,
            answer.status,
            answer.seconds,
            place,
            self.place,
            sightings(facts),
            container_of(facts) or _strange(lines[0], answer),
            self._sandbox.scrub(answer.note),
            answer.rest,
            (begun, now()),
        )

    def answer(self, text: str) -> None:
        """Answer what was asked last; it is never shown and never kept."""
        self._given = [text]

    def stop(self) -> None:
        """Leave the program running, and listen to it no more."""
        self._terminal.stop()

    def interrupt(self) -> int:
        """Press Ctrl-C, from any thread or a signal's handler; the third one kills.

        Return how often it was pressed while this piece of input runs.
        """
        self._presses += 1
        if self._presses < 3:
            self._terminal.press("^C")
        else:
            self._terminal.kill_front()
        return self._presses

    def leave(self) -> bool:
        """Leave what is in front, and tell whether the reader's own shell came back.

        Where it does not, the terminal is killed.
        """
        if self._last is Ending.FULL_SCREEN:
            # few of these listen to Ctrl-C
            self._terminal.kill_front()
        elif self._last is Ending.PAGER:
            self.leave_pager()
        self._last = Ending.PROMPT
        back = self.alive and (self.at_shell or self._terminal.interrupt())
        self._above.clear()
        return back

    def leave_pager(self) -> None:
        """Leave a program that shows page by page; the one that opened it may be in front then."""
        self._arrived(self._terminal.leave_pager(), ())

    def close(self) -> None:
        """Close the terminal."""
        self._terminal.close()

    def _told(self, reading: Reading) -> Generator[Output, None, Answer]:
        """Yield output as it comes, as a reader may see it; return the answer."""
        self.is_typing = True
        try:
            while True:
                try:
                    seen = next(reading)
                except StopIteration as done:
                    answer: Answer = done.value
                    return answer
                scrub = self._sandbox.scrub
                yield Output(tuple(map(scrub, seen.lines)), scrub(seen.tail))
        finally:
            self.is_typing = False

    def _row(self, prompt: str) -> Prompt | None:
        found = (row for row, pattern in self._prompts if pattern.fullmatch(prompt))
        return next(found, None) if prompt else None

    def _asks(self, answer: Answer) -> bool:
        """Tell whether a program waits for somebody to answer its question."""
        row = self._row(answer.prompt)
        return answer.ending is Ending.QUESTION or (
            answer.ending is Ending.PROMPT and row is not None and row.asks
        )

    def _is_secret(self, answer: Answer) -> bool:
        row = self._row(answer.prompt)
        return answer.secret or (row is not None and row.secret)

    # --- what Docker does meanwhile ---

    def _facts(self, start: int, end: int) -> tuple[Fact, ...]:
        return self._witness.between(start, end) if self._witness else ()

    def _held(self) -> frozenset[str]:
        """Return what the programs in front hold: it ends once the reader's shell is back."""
        held = (entry.opened for entry in self._above if entry.opened)
        return frozenset(fact.execution or fact.actor for fact in held)

    def _inside(self) -> int | None:
        """Return the process of the container that was entered last, if one was."""
        if self._witness is None or self._insides is None:
            return None
        opened = opening(self._facts(self._begun, now()))
        if opened is None and self._above:
            opened = self._above[-1].opened
        return self._insides.process(opened) if opened is not None else None

    def _hear_out(
        self, lines: Sequence[str], answer: Answer, begun: int, before: frozenset[str]
    ) -> None:
        """Wait for what Docker has still to tell, so that no other input is given it.

        Where nothing was open, nothing happened and nobody named Docker, there is nothing to tell.
        """
        if self._witness is None:
            return
        # a function, or a script, may have had Docker do something without its name
        named = any(_NAMES_DOCKER.search(line) for line in lines)
        if self._above or named or self._facts(begun, now()):
            self._witness.catch_up(begun)
        if answer.at_shell:
            self._witness.settle(before)
        else:
            self._witness.await_start()

    def _arrived(self, answer: Answer, facts: Sequence[Fact], typed: str = "") -> None:
        """Keep where one is now."""
        if self._terminal.at_shell:
            self._above.clear()
            return
        row = self._row(answer.prompt)
        if not answer.prompt or self._asks(answer) or (row is not None and row.continues):
            return
        program = row.program if row is not None else _UNKNOWN
        opened = opening(facts)
        while opened is None and len(self._above) > 1 and self.place.program != program:
            if program not in (entry.place.program for entry in self._above[:-1]):
                break
            self._above.pop()
        if opened is None and self._above and self.place.program == program:
            return
        within = container_of(facts) or self.place.container
        if within is None and self.place == MACHINE and _OF_DOCKER.match(typed):
            # its events carry nothing of this project
            within = STRANGE
        held = opened or (self._above[-1].opened if self._above else None)
        self._above.append(_Entry(Place(program, within), held))


class Follower:
    """The terminals of one sandbox, each opened when something is typed into it."""

    def __init__(
        self,
        sandbox: Sandbox,
        witness: Witness | None,
        insides: Insides | None,
        prompts: Sequence[Prompt],
        stack: ExitStack,
    ) -> None:
        self.sandbox = sandbox
        self._witness = witness
        self._insides = insides
        self._prompts = prompts
        self._stack = stack
        self._lines: dict[int, Line] = {}

    def terminal(self, number: int = 1) -> Line:
        """Return a terminal, opened at its first use.  Raises SessionError."""
        if number not in self._lines:
            self._lines[number] = self._opened(None)
        return self._lines[number]

    def opened(self, number: int = 1) -> Line | None:
        """Return a terminal, or None where nothing was typed into it."""
        return self._lines.get(number)

    def replace(self, number: int = 1) -> Line:
        """Return a new terminal in the place of one that was closed, in the same folder."""
        before = self._lines.get(number)
        line = self._lines[number] = self._opened(before.folder if before else None)
        return line

    @property
    def alive(self) -> bool:
        """Tell whether no terminal was closed."""
        return all(line.alive for line in self._lines.values())

    def did(self, window: tuple[int, int]) -> tuple[Sighting, ...]:
        """Return what Docker did in a window of nanoseconds since the epoch."""
        return sightings(self._witness.between(*window)) if self._witness else ()

    def images(self) -> dict[str, str]:
        """Return the images that containers were made from, each with its program's version."""
        engine = self.sandbox.engine
        return self._witness.images(ours=engine.private) if self._witness and engine else {}

    def await_health(self, seconds: float) -> None:
        """Wait, for so long at most, until no container waits for its first health check."""
        if self._witness is not None:
            self._witness.await_health(seconds)

    def stand_ins(self) -> dict[str, str]:
        """Return service -> the official image for which it ran on a stand-in."""
        return self._witness.stand_ins() if self._witness else {}

    def _opened(self, folder: Path | None) -> Line:
        line = Line(self.sandbox, self._witness, self._insides, self._prompts, folder)
        self._stack.callback(line.close)
        return line


@contextmanager
def follow(
    project: Path | None,
    engine: Engine | None,
    *,
    prompts: Sequence[Prompt] = PROMPTS,
    source: Path | None = None,
    beneath: Environment | None = None,
    patience: float | None = None,
    say: Callable[[str], None] | None = None,
) -> Iterator[Follower]:
    """Make a fresh sandbox, with somebody who listens to its engine; at the end nothing is left.

    All parts are closed, also where closing one of them fails.  `patience` counts the seconds to
    wait for another run that uses the engine, and `say` is given a word of that.  Raises
    SandboxError, EngineUnavailableError.
    """
    with ExitStack() as stack:
        sandbox = Sandbox(
            project, engine, source=source, beneath=beneath, patience=patience, say=say
        )
        stack.callback(sandbox.close)
        witness = insides = None
        if engine is not None:
            witness = Witness(engine.host, sandbox.project)
            stack.callback(witness.close)
            stack.callback(_adopt, sandbox, witness)
            insides = Insides(engine.host)
            stack.callback(insides.close)
        yield Follower(sandbox, witness, insides, prompts, stack)


def _adopt(sandbox: Sandbox, witness: Witness) -> None:
    """Give a sandbox the volumes that only the engine knows to be its own."""
    sandbox.adopt(sorted(witness.volumes))


def _strange(typed: str, answer: Answer) -> Container | None:
    """Return the container that `docker` itself had something run in, of which no event tells."""
    found = _OF_DOCKER.match(typed)
    if found is None or answer.status == _NO_CONTAINER[found[1]]:
        return None
    return STRANGE
