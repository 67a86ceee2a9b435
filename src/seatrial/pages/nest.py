"""A transcript as the nest of places that it is: machine, containers and programs in them.

Pure functions from steps and what a record says of them to a tree.  Whoever shows it, as HTML or as
words, walks the same tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby

from seatrial.transcript.events import Sighting
from seatrial.transcript.kinds import is_progress, is_warning
from seatrial.transcript.places import MACHINE, Container, Place
from seatrial.transcript.programs import is_shell
from seatrial.transcript.record import ItemRecord
from seatrial.transcript.shell import SHELL_PIECE
from seatrial.transcript.steps import LEAVES_A_PROGRAM, Step

# `docker compose -f a.yml run`, `docker exec`: options may take a word of their own
_COMMAND = re.compile(
    r"docker(?:-compose|\s+compose)?(?:\s+-\S+(?:\s+[^-\s]\S*)?)*?\s+(?:container\s+)?"
    r"(?P<verb>exec|run)\s"
)
_DETACHED = re.compile(
    r"\b(?:exec|run)(?:\s+-\S+(?:\s+[^-\s]\S*)?)*?\s+(?:-[A-Za-z]*d[A-Za-z]*|--detach)(?:=\S+)?\s"
)
_QUOTED = re.compile(r"\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_JOINED = re.compile(r"\d?>&\d")
# one output joined to another goes where that one goes
_SUBSTITUTION = re.compile(r"\$\(|`")
# how Compose 1 ends where the program that it started failed
_FAILED = re.compile(r"ERROR: \d+")


class Kind(Enum):
    """What a place is to a reader."""

    MACHINE = "machine"
    RUNNING = "running"
    # a container that was there before
    MADE = "made"
    # a container that was made for this command
    PROGRAM = "program"
    # on the reader's own machine
    ELSEWHERE = "elsewhere"
    # a container of which nothing more is known


class Part(Enum):
    """What of a step stands at one spot."""

    INPUT = "input"
    TOLD = "told"
    # what Compose says before the program that it starts
    OUTPUT = "output"
    # what the program printed
    AFTER = "after"
    # what Compose says after it
    ALL = "all"
    STATUS = "status"


@dataclass(frozen=True)
class Line:
    """A part of a step, in the frame that it stands in."""

    step: int
    # counted from 0
    part: Part


@dataclass
class Frame:
    """A place, with what happened there in order."""

    kind: Kind
    name: str
    # such as "example-web-1", "new container of web"; a program's name on the machine
    program: str = ""
    # that reads what is typed there, where the place is a container
    held: list[Line | Frame] = field(default_factory=list)
    end: str = ""
    # what became of the container, where that ended
    entered: bool = True
    # somebody types in it; else one command ran there
    container: Container | None = None
    steps: set[int] = field(default_factory=set)
    # the steps that opened and left it, counted from 0

    @property
    def words(self) -> str:
        """Return the place in a line: "new container of web, Python"."""
        return f"{self.name}, {self.program}" if self.program else self.name

    def shows(self, step: int, sighting: Sighting) -> bool:
        """Tell whether a frame in this one shows that a step opened, left or used a container."""
        return any(
            frame.container is not None
            and step in frame.steps
            and (frame.container.service, frame.container.one_off)
            == (sighting.name, sighting.one_off)
            for frame in self.frames()
        )

    def frames(self) -> Iterator[Frame]:
        """Yield all frames in this one."""
        for part in self.held:
            if isinstance(part, Frame):
                yield part
                yield from part.frames()


def frame_at(place: Place, *, inside: bool = False) -> Frame:
    """Return an empty frame for a place.

    One without a container is on the machine, unless it is known to be `inside` of some container.
    """
    if place == MACHINE:
        return Frame(Kind.MACHINE, str(MACHINE))
    program = "a shell" if not place.program or is_shell(place.program) else place.program
    if place.container is None and inside:
        return Frame(Kind.ELSEWHERE, "a container", program)
    if place.container is None:
        return Frame(Kind.PROGRAM, program)
    kind = Kind.MADE if place.container.one_off else Kind.RUNNING
    return Frame(kind, container_words(place.container), program, container=place.container)


def container_words(container: Container) -> str:
    """Return a container's name as a frame has it."""
    if container.one_off:
        return f"new container of {container.service}"
    return container.name or f"running container of {container.service}"


def nested(steps: Sequence[Step], given: ItemRecord | None, terminal: int = 1) -> Frame:
    """Return a transcript as the frame of the reader's machine, with all others in it."""
    machine = frame_at(MACHINE)
    if terminal > 1:
        machine.name += f", terminal {terminal}"
    stack: list[tuple[Place, Frame]] = [(MACHINE, machine)]
    places = [_place(steps, given, number) for number in range(len(steps))]
    for number, step in enumerate(steps):
        if (place := places[number]) is not None:
            _go(stack, place, number, steps)
        here = stack[-1][1]
        here.held.append(Line(number, Part.INPUT))
        record = given.steps[number] if given else None
        sightings = record.sightings if record else ()
        following = next((p for p in places[number + 1 : number + 2] if p is not None), None)
        known = [each for each, _ in stack]
        if following is not None and following not in known:
            if step.command.strip() in LEAVES_A_PROGRAM and len(stack) > 1:
                # the block began in more programs than it shows: this one was in that one
                here.held += [Line(number, Part.ALL), Line(number, Part.STATUS)]
                _leave(stack, known[-2], sightings, number)
                continue
            here.held.append(Line(number, Part.TOLD))
            here = _go(stack, following, number, steps)
            here.held.append(Line(number, Part.OUTPUT))
        elif container := container_of_command(step.command, sightings):
            inside = frame_at(Place("", container))
            inside.program, inside.entered, inside.steps = "", False, {number}
            inside.end = ending(container, sightings)
            inside.held.append(Line(number, Part.OUTPUT))
            here.held += [Line(number, Part.TOLD), inside, Line(number, Part.AFTER)]
        else:
            here.held.append(Line(number, Part.ALL))
            ended = record is not None and record.status is not None and following is None
            if following is not None or (ended and number + 1 == len(steps)):
                _leave(stack, following or MACHINE, sightings, number)
        stack[-1][1].held.append(Line(number, Part.STATUS))
    return machine


def of_cell(ran: Sequence[Place], now: Place, sightings: Sequence[Sighting]) -> Frame:
    """Return the nest of a notebook's cell: it ran at some places, and left its reader at one.

    Which of several places printed which line is not known: then they are named in one heading.
    """
    machine = frame_at(MACHINE)
    ran = [place for place, _ in groupby(ran)]
    frames = [frame_at(place) for place in ran]
    for place, frame in zip(ran, frames, strict=True):
        if place.container is not None and not place.program:
            frame.program = ""
    if len(ran) > 1:
        machine.name = ", then ".join(frame.words for frame in frames)
    elif ran and ran[0] != MACHINE:
        if ran[0].container is not None and now != ran[0]:
            frames[0].end = ending(ran[0].container, sightings)
        machine.held.append(frames[0])
    return machine


def share(part: Part, command: str, lines: Sequence[str]) -> slice:
    """Return which lines of a command's output are one part of it.

    A command that makes a container tells of that first; `exec` makes none, and only warns.
    """
    if part is Part.ALL:
        return slice(None)
    found = _COMMAND.match(command)
    verb = found["verb"] if found else ""
    told = 0
    for number, line in enumerate(lines, start=1):
        if is_warning(line) or (verb == "run" and is_progress(line)):
            told = number
        elif line.strip() or not told:
            break
    told = told if verb else 0
    end = len(lines)
    if verb == "run" and end > told and _FAILED.fullmatch(lines[-1].strip()):
        end -= 1
    return {
        Part.TOLD: slice(told),
        Part.OUTPUT: slice(told, end),
        Part.AFTER: slice(end, None),
    }[part]


def container_of_command(command: str, sightings: Sequence[Sighting]) -> Container | None:
    """Return the one container that printed what one command printed; None where that is unsure.

    A pipe, a redirection or a second command would print on the machine.
    """
    if not _COMMAND.match(command) or _DETACHED.search(command) or not _is_one(command):
        return None
    ran = [s for s in sightings if s.what == "container" and _ran_to_its_end(s)]
    if len(ran) != 1:
        return None
    return Container(ran[0].name, one_off=ran[0].one_off)


def ending(container: Container, sightings: Sequence[Sighting]) -> str:
    """Return what became of a container that somebody left, in words; nothing where it runs on.

    Nothing is said where more happened to its service at the same time: that may be another one.
    """
    same = ("container", container.service, container.one_off)
    seen = [s for s in sightings if (s.what, s.name, s.one_off) == same]
    if len(seen) != 1 or (not container.one_off and "start" in seen[0].actions):
        return ""
    if "destroy" in seen[0].actions:
        return "this container is gone now"
    if "die" in seen[0].actions:
        return "this container has stopped; it is still there"
    return ""


def in_words(frame: Frame, lines_of: Callable[[Line], Sequence[str]]) -> list[str]:
    """Return a nest as lines of text, for those who see no frames: places stand in brackets.

    A transcript that never leaves the machine has none.
    """
    lines: list[str] = []
    _tell(frame, lines_of, lines)
    return lines


def _tell(frame: Frame, lines_of: Callable[[Line], Sequence[str]], lines: list[str]) -> None:
    """Add the lines of a frame, and of those in it."""
    away = False
    for part in frame.held:
        if isinstance(part, Frame):
            inner: list[str] = []
            _tell(part, lines_of, inner)
            if inner or part.end:
                lines += [f"[{part.words}]", *inner, *([f"[{part.end}]"] if part.end else [])]
                away = True
        elif shown := lines_of(part):
            if away:
                lines.append(f"[{frame.words}]")
                away = False
            lines += shown


def _place(steps: Sequence[Step], given: ItemRecord | None, number: int) -> Place | None:
    """Return the place that a step is typed at; None where it is the one before."""
    step = steps[number]
    place = given.steps[number].place if given is not None else None
    if step.program == "password":
        # whoever asks for it is the program that answers next
        container = place.container if place is not None else None
        if container is None:
            return None
        following = _place(steps, given, number + 1) if number + 1 < len(steps) else None
        same = following is not None and following.container == container
        return following if same else Place("", container)
    if step.is_key:
        return None
    if place is not None:
        return place
    return MACHINE if step.program == "shell" else Place(step.program)


def _go(
    stack: list[tuple[Place, Frame]], place: Place, number: int, steps: Sequence[Step]
) -> Frame:
    """Return the frame of a place, entered where nobody is in it yet."""
    known = [each for each, _ in stack]
    if place in known:
        del stack[known.index(place) + 1 :]
    else:
        typed = [step.command for step in steps[: number + 1] if step.program == "shell"]
        by_docker = bool(typed) and typed[-1].lstrip().startswith("docker")
        frame = frame_at(place, inside=by_docker or place.program == "container shell")
        frame.steps.add(number)
        stack[-1][1].held.append(frame)
        stack.append((place, frame))
    return stack[-1][1]


def _leave(
    stack: list[tuple[Place, Frame]], place: Place, sightings: Sequence[Sighting], number: int
) -> None:
    """Close the frames above a place that is in the stack, with what became of containers."""
    top, frame = stack[-1]
    if top == place and top.container is not None and (end := ending(top.container, sightings)):
        # another container of the same kind goes on at the same prompt
        frame.end = end
        frame.steps.add(number)
        stack.pop()
    while stack[-1][0] != place and len(stack) > 1 and place in (each for each, _ in stack):
        left, frame = stack.pop()
        frame.steps.add(number)
        below = stack[-1][0]
        if left.container is not None and below.container != left.container:
            frame.end = ending(left.container, sightings)


def _ran_to_its_end(sighting: Sighting) -> bool:
    """Tell whether a command began and ended in a container."""
    acts = sighting.actions
    if sighting.one_off:
        return acts.count("start") == 1 and "die" in acts
    return acts.count("exec_start") == 1 and "exec_die" in acts


def _is_one(command: str) -> bool:
    """Tell whether a line of shell is one command whose output goes where the reader sees it."""
    command = _JOINED.sub("", command).strip()
    # within double quotes, too, a substitution is a command
    if _SUBSTITUTION.search(re.sub(r"'[^']*'", "''", command)):
        return False
    at = 0
    while at < len(command):
        piece = SHELL_PIECE.match(command, at)
        if piece is None or piece["operator"]:
            return False
        if piece["word"] and ">" in _QUOTED.sub("", piece["word"]):
            return False
        at = piece.end()
    return True
