"""What happens in a terminal while something is typed, and what Docker does, as plain values.

Nothing here knows promises, Jupyter or a browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from seatrial.transcript.places import Container, Place


@dataclass(frozen=True)
class Sighting:
    """Something that Docker did to one object while a step ran."""

    what: str
    """Kind of object: "container", "network", "volume", "image"."""
    name: str
    """The service of a container, else the object's own name; never an identifier."""
    actions: tuple[str, ...]
    """In the order in which they happened."""
    one_off: bool = False

    def __str__(self) -> str:
        """Return the sighting in a line: "one-off container web: create, start"."""
        first = "one-off " if self.one_off else ""
        return f"{first}{self.what} {self.name}: {', '.join(self.actions)}"


class Ending(Enum):
    """How a piece of input came to its end; a record holds the first two."""

    PROMPT = "prompt"
    """A prompt followed, of the shell or of a program."""
    LEFT = "left"
    """Nobody listened any more: what the page shows had come, and a key follows."""
    QUESTION = "question"
    """A program reads at no prompt that is known, and nobody answered."""
    UNFINISHED = "unfinished"
    """The shell waits for the rest of the input."""
    EARLY = "early"
    """A program was done before all lines were typed."""
    TIMEOUT = "timeout"
    """Nothing asked for input in time."""
    TOO_MUCH = "too much"
    """More was printed than is kept; a prompt may have followed all the same."""
    FULL_SCREEN = "full screen"
    """A program takes the whole screen, and a transcript has none."""
    PAGER = "pager"
    """A program shows its output page by page."""
    CLOSED = "closed"
    """The shell itself ended, and the terminal with it."""
    TOO_LONG = "too long"
    """A line is longer than a terminal takes; nothing was typed."""
    UNSEEN = "unseen"
    """Another shell took the place of the terminal's own: no exit status is told any more."""


@dataclass(frozen=True)
class Began:
    """A piece of input was typed."""

    lines: tuple[str, ...]
    place: Place


@dataclass(frozen=True)
class Output:
    """Output came.  A preview for people: the truth is what `Ended` has."""

    lines: tuple[str, ...]
    """Complete lines since the last such event."""
    tail: str = ""
    """The line behind them that has no end yet; it takes the place of the tail before."""


@dataclass(frozen=True)
class Asked:
    """A program reads at no prompt of the table: answer it, or interrupt."""

    question: str
    secret: bool
    """What is typed is not to be shown."""


@dataclass(frozen=True)
class Ended:
    """A piece of input came to its end."""

    ending: Ending
    output: tuple[str, ...]
    """All of it, as a reader would see it standing there."""
    prompt: str
    """The prompt that followed, or the question that was asked; empty where there is none."""
    status: int | None
    """Exit status, where the reader's own shell is in front; None within other programs."""
    seconds: float
    ran: Place
    """Where it was typed."""
    now: Place
    """Where the next line would be typed."""
    did: tuple[Sighting, ...] = ()
    """What Docker did meanwhile."""
    within: Container | None = None
    """The container that a command had its program run in, if it was one."""
    note: str = ""
    """What a reader of a failure should know."""
    rest: str = ""
    """The first line that was not typed, where the ending is `Ending.EARLY`."""
    window: tuple[int, int] = (0, 0)
    """Nanoseconds since the epoch, by the engine's clock: when it was typed, when it ended."""

    @property
    def at_shell(self) -> bool:
        """Tell whether the reader's own shell is in front."""
        return self.status is not None


Event = Began | Output | Asked | Ended
