"""Where something ran, as a value; its words are made here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from seatrial.transcript.programs import is_shell

_MACHINE = "your machine"
_NEW = "a new container of "


@dataclass(frozen=True)
class Container:
    """A container that a program runs in."""

    service: str
    """Empty for one that is not the project's."""
    name: str = ""
    """Such as example-web-1; empty for one that was made for this command alone."""
    one_off: bool = False

    def __str__(self) -> str:
        """Return the container in words."""
        return f"{_NEW}{self.service}" if self.one_off else self.name


@dataclass(frozen=True)
class Place:
    """A program, and the container it runs in, if any."""

    program: str = ""
    # empty for the reader's own shell
    container: Container | None = None

    def __str__(self) -> str:
        """Return the place in words: "your machine", "psql in example-db-1"."""
        if self.program and not is_shell(self.program):
            return (
                f"{self.program} {f'in {self.container}' if self.container else f'on {_MACHINE}'}"
            )
        if self.container is not None:
            return str(self.container)
        return f"another shell on {_MACHINE}" if self.program else _MACHINE

    @property
    def within(self) -> str:
        """Return the place as what stands behind "ran": "on your machine", "in Python on ..."."""
        return f"{'on' if self == MACHINE else 'in'} {self}"


#: The reader's own shell.
MACHINE = Place()
#: What a `docker run` or `docker exec` enters that Compose does not know.
STRANGE = Container("", "a container that is not the project's")


def as_plain(place: Place) -> dict[str, Any]:
    """Return a place as JSON has it; what is empty is left out."""
    return asdict(place, dict_factory=lambda pairs: {key: value for key, value in pairs if value})


def from_plain(data: Mapping[str, Any]) -> Place:
    """Return the place that JSON holds."""
    container = data.get("container")
    return Place(
        data.get("program", ""), Container(**{"service": "", **container}) if container else None
    )


def from_words(words: str) -> Place:
    """Return the place that a record of format 1 holds in words."""
    program, on, _ = words.partition(f" on {_MACHINE}")
    if words == _MACHINE or on:
        return Place(program if on else "")
    program, _, container = words.partition(" in ")
    if container.startswith(_NEW):
        return Place(program, Container(container.removeprefix(_NEW), one_off=True))
    return Place(program, Container("", container))
