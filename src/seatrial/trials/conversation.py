"""A reader's conversation with whatever program is in front: type, follow it inside, say where.

What the runner is to pages, this is to somebody who types: there are no promises to compare with,
input comes in pieces that nobody has parsed, programs ask questions, and a person may interrupt.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from seatrial.pages.nest import container_of_command
from seatrial.run.engines import ask, find_engine
from seatrial.run.log import Event, sightings
from seatrial.run.sandbox import Sandbox
from seatrial.run.session import FULL_SCREEN, Answer, Terminal
from seatrial.run.witness import Witness, now
from seatrial.transcript import places
from seatrial.transcript.cells import BACK
from seatrial.transcript.events import Sighting
from seatrial.transcript.steps import PROMPTS, Prompt, python_is_unfinished, shell_is_unfinished

MACHINE = "your machine"

#: What programs ask a person before they go on.  Longer than a prompt, so never taken for one.
QUESTIONS: tuple[Prompt, ...] = (
    Prompt("question", r"[^\n]*[Pp]ass(?:word|phrase)[^\n:]*: ?", secret=True),
    Prompt(
        "question",
        r"[^\n]*(?:\? ?|(?:\[[yYnN]/[yYnN]\]|\(yes/no[^\n)]*\)|\([yY]/[nN]\))[?:]? ?)",
        guessable=True,
    ),
    Prompt("question", r"(?:Username|Email|[^\n]*to cancel)\b[^\n]*: ?", guessable=True),
)

# the longest that anybody sits before one command (seconds)
_FOR_EVER = 7 * 86400.0
# how long (seconds) a kernel that is being restarted may take to give its sandbox back
_PATIENCE = 10.0
_LEAVE = {"psql": "\\q", "Python": "exit()", "pdb": "q"}
_WAITS_FOR = {
    "shell": "the rest: a quote, bracket or here-document is open, or a line ends in `\\`",
    "psql": "the rest: a statement ends with `;`",
    "Python": "the rest: a bracket, a quote or an indented block is open",
}
_CTRL_C = re.compile(r"^(?:\^C)+")
_DOCKER_ITSELF = re.compile(r"docker (?:container )?(run|exec)\b")
# the exit status that says that there was no container to run in
_NO_CONTAINER = {"run": 125, "exec": 1}
# by what a program that stays in front says that a line went wrong
_PSQL_ERROR = re.compile(r"(?:ERROR|FATAL): |invalid command ")
_PYTHON_ERROR = re.compile(
    r'Traceback \(most recent call last\):|\s*File "<(?:console|stdin)>", line'
)


@dataclass(frozen=True)
class Place:
    """Where something ran."""

    words: str
    kind: str = "machine"
    # "machine", "one-off", "container" or "program"
    within: str = "on your machine"
    # the same, said of a program in it
    at: places.Place = places.MACHINE
    # the same as a value


@dataclass(frozen=True)
class Trouble:
    """Why a cell went no further."""

    name: str
    # short, as an exception's name
    message: str
    hint: str = ""


@dataclass
class Told:
    """What one cell gave, besides its output."""

    places: list[Place] = field(default_factory=list)
    now: Place = Place(MACHINE)
    # where the reader is afterwards
    moved: str = ""
    # the same as a sentence, where that changed
    leave: str = ""
    # what to type to leave it
    sightings: tuple[Sighting, ...] = ()
    trouble: Trouble | None = None


Show = Callable[[str], None]
Question = Callable[[str, bool], str]


class Conversation:
    """One terminal in a sandbox, opened when the first line is typed."""

    def __init__(self, project: Path | None, spelling: str = "v2") -> None:
        self._project = project
        self._spelling = spelling
        self._sandbox: Sandbox | None = None
        self._witness: Witness | None = None
        self._terminal: Terminal | None = None
        self._base = Place(MACHINE)
        # what the program in front runs in
        self._under_way: frozenset[str] = frozenset()
        # what went on before the program in front was opened
        self._interrupts = 0
        self._typing = False

    # --- the reader's side ---

    def run(self, code: str, show: Show, question: Question | None = None) -> Told:
        """Type a cell line by line, as long as all goes well.

        `show` is given each piece of output as it comes; `question` asks the reader for what a
        program wants to know, and is told whether to hide it.  Raises SeatrialError where there is
        no engine or sandbox.
        """
        self._open()
        told = Told()
        before = self.place
        begun = now()
        self._interrupts = 0
        left = code.split("\n")
        while left and told.trouble is None:
            program = self._program
            if not left[0].strip() or (_is_shell(program) and left[0].lstrip().startswith("#")):
                left = left[1:]
                continue
            pieces = _pieces(program, left)
            if pieces is None:
                told.trouble = self._unfinished(program)
                left = []
                break
            count, typed = pieces
            left = left[count:]
            self._type(typed, told, show, question, last=not any(x.strip() for x in left))
        if told.trouble is not None and (more := sum(1 for line in left if line.strip())):
            rest = (
                "the line after it was not typed"
                if more == 1
                else f"the {more} lines after it were not typed"
            )
            told.trouble = Trouble(
                told.trouble.name,
                told.trouble.message,
                f"{told.trouble.hint}; {rest}" if told.trouble.hint else rest,
            )
        told.sightings = sightings(self._events(begun))
        told.now = self.place
        if self.place != before:
            self._moved(told)
        return told

    def write(self, file: str, text: str) -> str:
        """Write a file of the sample project and return what changed, as a unified diff.

        Raises SandboxError where the file lies outside of it.
        """
        sandbox = self._open()
        old = sandbox.write(file, text.rstrip("\n") + "\n")
        lines = difflib.unified_diff(
            (old or "").splitlines(),
            text.rstrip("\n").splitlines(),
            f"{file} as it was" if old is not None else "no file before",
            f"{file} as it is now",
            lineterm="",
        )
        return "\n".join(lines)

    def interrupt(self) -> bool:
        """Press Ctrl-C, the third time in one cell kill what is in front; tell whether one could.

        Only that: it may be called from a signal's handler while `run` waits.
        """
        if not self._typing or self._terminal is None:
            return False
        self._interrupts += 1
        if self._interrupts < 3:
            self._terminal.press("^C")
        else:
            self._terminal.kill_front()
        return True

    @property
    def place(self) -> Place:
        """Return where the next line would be typed."""
        if self.at_shell:
            return Place(MACHINE)
        if _is_shell(self._program):
            here = self._base.kind == "machine"
            shell = replace(self._base.at, program="container shell")
            return (
                Place(f"another shell on {MACHINE}", "program", at=shell)
                if here
                else replace(self._base, at=shell)
            )
        program = self._program or "a program"
        at = replace(self._base.at, program=program)
        return Place(f"{program} {self._base.within}", "program", at=at)

    @property
    def at_shell(self) -> bool:
        """Tell whether the reader's own shell is in front."""
        return self._terminal is None or self._terminal.at_shell

    def is_unfinished(self, code: str) -> bool:
        """Tell whether the program in front would wait for the rest of some input."""
        program = self._program
        lines = code.split("\n")
        if program == "psql":
            return not (code.rstrip().endswith(";") or lines[-1].lstrip().startswith("\\"))
        if program == "Python":
            return python_is_unfinished(code)
        return _is_shell(program) and shell_is_unfinished(lines)

    def close(self) -> None:
        """Close terminal and sandbox; the next line opens others."""
        terminal, witness, sandbox = self._terminal, self._witness, self._sandbox
        self._terminal = self._witness = self._sandbox = None
        self._base = Place(MACHINE)
        if terminal is not None:
            terminal.close()
        try:
            if witness is not None and sandbox is not None:
                sandbox.adopt(sorted(witness.volumes))
                witness.close()
        finally:
            if sandbox is not None:
                sandbox.close()

    # --- what Docker knows: completion and help ---

    def completions(self, words: Sequence[str]) -> list[str]:
        """Return how the last of some words of a shell may go on; none inside other programs."""
        if not self.at_shell:
            return []
        sandbox = self._open()
        folder = self._folder(sandbox)
        found: list[str] = []
        if len(words) == 1:
            found = _commands(words[0], sandbox.environment.get("PATH", ""))
        elif words[0] in ("docker", "docker-compose"):
            # cobra's own protocol: one candidate a line, its description behind a tab
            said = ask([words[0], "__complete", *words[1:]], sandbox.environment, folder) or ""
            found = [
                line.partition("\t")[0]
                for line in said.split("\n")
                if line and not line.startswith((":", "Completion ended", "_activeHelp_"))
            ]
        return sorted({*found, *_files(words[-1], folder)})

    def help(self, words: Sequence[str]) -> str:
        """Return the help of the docker command that some words begin with, or nothing."""
        if not words or words[0] not in ("docker", "docker-compose"):
            return ""
        sandbox = self._open()
        command = [words[0]]
        text = ask([*command, "--help"], sandbox.environment) or ""
        for word in words[1:]:
            if not re.search(rf"^  {re.escape(word)}\*?(?: |,|$)", text, re.MULTILINE):
                break
            command.append(word)
            # `--help` before anything else: `docker exec NAME --help` would be run inside NAME
            text = ask([*command, "--help"], sandbox.environment) or ""
        return text

    # --- the terminal's side ---

    @property
    def _program(self) -> str:
        """Return the program in front."""
        if self._terminal is None or self._terminal.at_shell:
            return "shell"
        row = _row(self._terminal.prompt)
        return row.program if row else ""

    def _open(self) -> Sandbox:
        """Return the sandbox, with a terminal in it; both are made where there is none."""
        if self._sandbox is None:
            engine = find_engine(self._spelling)
            self._sandbox = Sandbox(self._project, engine, patience=_PATIENCE)
        if self._witness is None and self._sandbox.engine is not None:
            self._witness = Witness(
                self._sandbox.engine.host, self._sandbox.project, self._sandbox.healthchecks
            )
        if self._terminal is None or not self._terminal.alive:
            self._base = Place(MACHINE)
            self._terminal = Terminal(
                self._folder(self._sandbox), self._sandbox.environment, (*PROMPTS, *QUESTIONS)
            )
        return self._sandbox

    def _folder(self, sandbox: Sandbox) -> Path:
        return self._terminal.folder if self._terminal is not None else sandbox.folder

    def _events(self, begun: int) -> tuple[Event, ...]:
        return self._witness.between(begun, now()) if self._witness else ()

    def _type(
        self,
        typed: Sequence[str],
        told: Told,
        show: Show,
        question: Question | None,
        *,
        last: bool,
    ) -> None:
        """Type one piece of input and follow it until a program asks for the next."""
        sandbox, terminal = self._open(), self._terminal
        assert terminal is not None
        program, at = self._program, self.place
        begun = now()
        if self._witness is not None and at.kind == "machine":
            self._under_way = self._witness.under_way()
        output: list[str] = []
        lines = typed
        while True:
            stream = _Stream(show, sandbox.scrub)
            self._typing = True
            try:
                answer = terminal.type(lines, _FOR_EVER, watch=stream.watch)
            finally:
                self._typing = False
            stream.end(answer.output)
            output.extend(answer.output)
            row = _row(answer.prompt)
            if answer.trouble or row is None or row.program not in ("question", "password"):
                break
            if question is None:
                terminal.interrupt()
                told.trouble = Trouble(
                    "Question",
                    f"`{answer.prompt.strip()}` was asked, and nobody can answer here",
                    "run this cell in a front end that shows questions, such as JupyterLab",
                )
                break
            try:
                lines = [question(answer.prompt, row.secret)]
            except (EOFError, KeyboardInterrupt):
                # however the program ends then, the cell was interrupted
                self._interrupts += 1
                lines = ["^C"]
        if self._witness is not None:
            if answer.at_shell:
                self._witness.settle(self._under_way)
            else:
                self._witness.await_start()
            if at.kind != "machine" or any("docker" in line for line in typed):
                self._witness.catch_up(begun)
        self._ran(told, at, begun, typed, answer)
        if told.trouble is None:
            told.trouble = self._trouble(answer, output, program)
        if told.trouble is None and last and row is not None and row.continues:
            told.trouble = self._unfinished(program)
        if answer.trouble and not answer.at_shell and terminal.alive:
            if answer.trouble == FULL_SCREEN:
                # few of these listen to Ctrl-C
                terminal.kill_front()
            terminal.interrupt()
        elif told.trouble is not None and row is not None and row.continues:
            terminal.type(["^C"], 5.0)

    def _ran(self, told: Told, at: Place, begun: int, typed: Sequence[str], answer: Answer) -> None:
        """Note where a line ran, and which container the program in front is in."""
        ran = at
        if at.kind == "machine":
            ran = _container_of(self._events(begun)) or at
            itself = _DOCKER_ITSELF.match(typed[0])
            if ran is at and itself and answer.status != _NO_CONTAINER[itself.group(1)]:
                # its events carry nothing of this project
                words = "a container that is not the project's"
                strange = places.Place(container=places.Container("", words))
                ran = Place(words, "container", f"in {words}", strange)
            if answer.prompt and not answer.at_shell:
                self._base = ran
                ran = self.place
        if answer.at_shell and at.kind == "machine" and ran is not at:
            # what a pipe or a second command printed came from the machine
            did = sightings(self._events(begun))
            if container_of_command("\n".join(typed), did) is None:
                ran = replace(ran, at=places.MACHINE)
        if answer.at_shell or not answer.prompt:
            self._base = Place(MACHINE)
        last = told.places[-1] if told.places else None
        if last is None or last.words != ran.words:
            told.places.append(ran)
        elif last.at != ran.at:
            told.places[-1] = replace(last, at=places.MACHINE)

    def _moved(self, told: Told) -> None:
        """Say where the reader is, after that changed."""
        if self.at_shell:
            told.moved = f"{BACK} {MACHINE}."
        else:
            told.leave = _LEAVE.get(self._program, "exit")
            told.moved = f"You are now in {self.place.words}."

    def _unfinished(self, program: str) -> Trouble:
        name = "The shell" if _is_shell(program) else program
        rest = _WAITS_FOR.get("shell" if _is_shell(program) else program, "more")
        return Trouble("Unfinished", f"{name} waits for {rest}", "complete the cell, run it again")

    def _trouble(self, answer: Answer, output: Sequence[str], program: str) -> Trouble | None:
        """Return what went wrong with a line, if anything did."""
        if answer.trouble == FULL_SCREEN:
            return Trouble(
                "FullScreen",
                "this program wants the whole screen, which a notebook has not",
                "open it in a terminal (in JupyterLab: File, New, Terminal)",
            )
        if answer.trouble:
            if not self._terminal or not self._terminal.alive:
                return Trouble(
                    "TerminalClosed",
                    "the terminal was closed",
                    "the next cell begins in a new one, in the same sandbox",
                )
            return Trouble(
                "Unfinished" if "unfinished" in answer.trouble else "Lost",
                (f"{'The shell' if _is_shell(program) else program} {answer.trouble}"),
            )
        if self._interrupts:
            return Trouble("Interrupted", "Ctrl-C was pressed")
        if answer.at_shell and answer.status:
            return Trouble("CommandFailed", f"exit status {answer.status}")
        if answer.at_shell:
            return None
        if program == "psql":
            wrong = next((line for line in output if _PSQL_ERROR.match(line)), "")
            return Trouble("PsqlError", wrong) if wrong else None
        if program == "Python" and any(_PYTHON_ERROR.match(line) for line in output):
            return Trouble("PythonError", next(line for line in reversed(output) if line.strip()))
        return None


class _Stream:
    """Shows output line by line while it comes, and what is left at its end."""

    def __init__(self, show: Show, scrub: Callable[[str], str]) -> None:
        self._show = show
        self._scrub = scrub
        self._shown = 0

    def watch(self, lines: tuple[str, ...]) -> None:
        """Show the lines that were not shown yet."""
        self._put(lines[self._shown :])

    def end(self, lines: tuple[str, ...]) -> None:
        """Show what was not shown yet."""
        self._put(lines[self._shown :])

    def _put(self, lines: Sequence[str]) -> None:
        self._shown += len(lines)
        # what Ctrl-C leaves in a terminal is no output; its echo may come after what it led to
        kept = [(line, _CTRL_C.sub("", line)) for line in lines]
        told = [self._scrub(rest) for line, rest in kept if rest.strip() or line == rest]
        if told:
            self._show("\n".join([*told, ""]))


def _row(prompt: str) -> Prompt | None:
    """Return the prompt table's row for a prompt that was seen."""
    if not prompt:
        return None
    return next((row for row in (*PROMPTS, *QUESTIONS) if re.fullmatch(row.pattern, prompt)), None)


def _is_shell(program: str) -> bool:
    return program in ("shell", "container shell")


def _pieces(program: str, lines: Sequence[str]) -> tuple[int, list[str]] | None:
    """Return how many lines are one piece of input, and what to type; None if it has no end."""
    if _is_shell(program):
        for count in range(1, len(lines) + 1):
            if not shell_is_unfinished(lines[:count]):
                return count, list(lines[:count])
        return None
    if program == "Python":
        return _python_piece(lines)
    return 1, [lines[0]]


def _python_piece(lines: Sequence[str]) -> tuple[int, list[str]] | None:
    """Return the first statement of some lines as an interactive Python wants it typed.

    There, a blank line ends an indented block, and a block is ended by a blank line.
    """
    try:
        statements = ast.parse("\n".join(lines)).body
    except SyntaxError:
        statements = []
    if statements:
        first = statements[0]
        count = first.end_lineno or 1
        typed = list(lines[:count])
        following = [s for s in statements[1:] if s.lineno <= count]
        if following:
            count = max(s.end_lineno or count for s in following)
            typed = list(lines[:count])
        for number in range(len(typed) - 1, -1, -1):
            without = [*typed[:number], *typed[number + 1 :]]
            if not typed[number].strip() and _same_python(typed, without):
                typed = without
        return count, [*typed, ""] if python_is_unfinished("\n".join(typed)) else typed
    for count in range(1, len(lines) + 1):
        if not python_is_unfinished("\n".join(lines[:count])):
            return count, list(lines[:count])
    # code that never ends is no code: it stays untyped
    return None


def _same_python(some: Sequence[str], others: Sequence[str]) -> bool:
    try:
        return ast.dump(ast.parse("\n".join(some))) == ast.dump(ast.parse("\n".join(others)))
    except SyntaxError:
        return False


def _container_of(events: Sequence[Event]) -> Place | None:
    """Return the container that a command ran in, if it ran in one."""
    place = None
    for event in events:
        if event.what != "container":
            continue
        if event.action == "exec_start":
            words = f"the running container {event.container}"
            at = places.Place(container=places.Container(event.name, event.container))
            place = Place(words, "container", f"in {event.name} ({event.container})", at)
        elif event.action == "start" and event.one_off:
            words = f"a new one-off container of {event.name}"
            at = places.Place(container=places.Container(event.name, one_off=True))
            place = Place(words, "one-off", f"in {words}", at)
    return place


def _commands(prefix: str, path: str) -> list[str]:
    """Return the programs on a PATH that begin like this."""
    found = []
    for folder in path.split(os.pathsep):
        with contextlib.suppress(OSError):
            found += [f.name for f in Path(folder).iterdir() if f.name.startswith(prefix)]
    return found if prefix else []


def _files(prefix: str, folder: Path) -> Iterator[str]:
    """Yield the files of a folder that begin like this; folders end in a slash."""
    head, slash, name = prefix.rpartition("/")
    with contextlib.suppress(OSError):
        for entry in (folder / (head + slash)).iterdir():
            if entry.name.startswith(name) and (name or not entry.name.startswith(".")):
                yield f"{head}{slash}{entry.name}{'/' if entry.is_dir() else ''}"
