"""A transcript as the nest of places that it is: machine, containers and programs in them.

Pure functions from steps and what a record says of them to a tree.  Whoever shows it, as HTML or as
words, walks the same tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from seatrial.events import Sighting
from seatrial.kinds import progress
from seatrial.places import MACHINE, Container, Place
from seatrial.record import ItemRecord
from seatrial.steps import SHELL_PIECE, Step

_ONE_COMMAND = re.compile(r"docker(?:-compose)?\s+(?:\S+\s+)*?(?:exec|run)\s")
_DETACHED = re.compile(r"\b(?:exec|run)(?:\s+-\S+(?:\s+[^-\s]\S*)?)*?\s+(?:-d|--detach)\s")
_REDIRECTION = re.compile(r"\d*>(?!&)|&>")
# one output joined to another goes where that one goes
_JOINED = re.compile(r"\d?>&\d")
_SHELLS = frozenset({"", "shell", "container shell"})


class Kind(Enum):
    """What a place is to a reader."""

    MACHINE = "machine"
    RUNNING = "running"
    # a container that was there before
    MADE = "made"
    # a container that was made for this command
    PROGRAM = "program"
    # on the reader's own machine


class Part(Enum):
    """What of a step stands at one spot."""

    INPUT = "input"
    TOLD = "told"
    # what Compose says before the program that it starts
    OUTPUT = "output"
    # the rest of the output
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

    @property
    def words(self) -> str:
        """Return the place in a line: "new container of web, Python"."""
        return f"{self.name}, {self.program}" if self.program else self.name


def frame_at(place: Place) -> Frame:
    """Return an empty frame for a place."""
    if place == MACHINE:
        return Frame(Kind.MACHINE, str(MACHINE))
    program = "a shell" if place.program in _SHELLS else place.program
    if place.container is None:
        return Frame(Kind.PROGRAM, program)
    kind = Kind.MADE if place.container.one_off else Kind.RUNNING
    return Frame(kind, container_words(place.container), program)


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
    places = [_place(step, given, number) for number, step in enumerate(steps)]
    for number, step in enumerate(steps):
        if places[number] is not None:
            _go(stack, places[number])
        here = stack[-1][1]
        here.held.append(Line(number, Part.INPUT))
        record = given.steps[number] if given else None
        sightings = record.sightings if record else ()
        following = next((p for p in places[number + 1 : number + 2] if p is not None), None)
        ended = record is not None and record.status is not None and following is None
        output = Part.ALL
        if following is not None and following not in (each for each, _ in stack):
            here.held.append(Line(number, Part.TOLD))
            here = _go(stack, following)
            output = Part.OUTPUT
        elif container := container_of_command(step.command, sightings):
            here.held.append(Line(number, Part.TOLD))
            inside = frame_at(Place("", container))
            inside.program, inside.entered = "", False
            inside.end = ending(container, sightings)
            inside.held.append(Line(number, Part.OUTPUT))
            here.held.append(inside)
            here.held.append(Line(number, Part.STATUS))
            continue
        here.held.append(Line(number, output))
        if following is not None or (ended and number + 1 == len(steps)):
            _leave(stack, following or MACHINE, sightings)
        stack[-1][1].held.append(Line(number, Part.STATUS))
    return machine


def of_cell(ran: Sequence[Place], now: Place, sightings: Sequence[Sighting]) -> Frame:
    """Return the nest of a notebook's cell: it ran at some places, and left its reader at one.

    Which of several places printed which line is not known: then they are named in one heading.
    """
    machine = frame_at(MACHINE)
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


def share(part: Part, lines: Sequence[str]) -> slice:
    """Return which lines of an output are one part of it."""
    if part is Part.ALL:
        return slice(None)
    told = next((n for n, line in enumerate(lines) if not is_told(line)), len(lines))
    return slice(told) if part is Part.TOLD else slice(told, None)


def is_told(line: str) -> bool:
    """Tell whether Compose says a line before the program that it starts says anything."""
    return not line.strip() or bool(progress(line)) or line.startswith(("time=", "WARN["))


def container_of_command(command: str, sightings: Sequence[Sighting]) -> Container | None:
    """Return the one container that printed what one command printed; None where that is unsure.

    A pipe, a redirection or a second command would print on the machine.
    """
    if not _ONE_COMMAND.match(command) or _DETACHED.search(command) or not _is_one(command):
        return None
    ran = [s for s in sightings if s.what == "container" and _ran_to_its_end(s)]
    if len(ran) != 1:
        return None
    return Container(ran[0].name, one_off=ran[0].one_off)


def ending(container: Container, sightings: Sequence[Sighting]) -> str:
    """Return what became of a container that somebody left, in words; nothing where it runs on.

    Nothing is said where another one of its service began at the same time: that may be this one.
    """
    acts = [
        action
        for s in sightings
        if (s.what, s.name, s.one_off) == ("container", container.service, container.one_off)
        for action in s.actions
    ]
    if not container.one_off and "start" in acts:
        return ""
    if "destroy" in acts:
        return "this container is gone now"
    if "die" in acts:
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
    away = False
    for part in frame.held:
        if isinstance(part, Frame):
            inner: list[str] = []
            _tell(part, lines_of, inner)
            if inner or part.end:
                lines += [f"[{part.words}]", *inner, *([f"[{part.end}]"] if part.end else [])]
                away = True
        elif shown := lines_of(part):
            if away and part.part is Part.INPUT:
                lines.append(f"[{frame.words}]")
                away = False
            lines += shown


def _place(step: Step, given: ItemRecord | None, number: int) -> Place | None:
    """Return the place that a step is typed at; None where it is the one before."""
    if step.is_key or step.program == "password":
        return None
    if given is not None:
        return given.steps[number].place
    return MACHINE if step.program == "shell" else Place(step.program)


def _go(stack: list[tuple[Place, Frame]], place: Place | None) -> Frame:
    """Return the frame of a place, entered where nobody is in it yet."""
    assert place is not None
    known = [each for each, _ in stack]
    if place in known:
        del stack[known.index(place) + 1 :]
    else:
        frame = frame_at(place)
        stack[-1][1].held.append(frame)
        stack.append((place, frame))
    return stack[-1][1]


def _leave(stack: list[tuple[Place, Frame]], place: Place, sightings: Sequence[Sighting]) -> None:
    """Close the frames above a place that is in the stack, with what became of containers."""
    while stack[-1][0] != place and len(stack) > 1:
        left, frame = stack.pop()
        below = stack[-1][0]
        if left.container is not None and below.container != left.container:
            frame.end = ending(left.container, sightings)


def _ran_to_its_end(sighting: Sighting) -> bool:
    """Tell whether a command began and ended in a container."""
    acts: Mapping[str, int] = {a: sighting.actions.count(a) for a in sighting.actions}
    if sighting.one_off:
        return acts.get("start", 0) == 1 and "die" in acts
    return acts.get("exec_start", 0) == 1 and "exec_die" in acts


def _is_one(command: str) -> bool:
    """Tell whether a line of shell is one command whose output goes where the reader sees it."""
    at = 0
    command = _JOINED.sub("", command)
    while at < len(command):
        piece = SHELL_PIECE.match(command, at)
        if piece is None or (piece["operator"] and piece["operator"].strip()):
            return False
        if piece["word"] and _REDIRECTION.match(piece["word"]):
            return False
        at = piece.end()
    return True
