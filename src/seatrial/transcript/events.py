"""What Docker did, as a reader would tell it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sighting:
    """Something that Docker did to one object while a step ran."""

    what: str
    # kind of object: "container", "network", "volume", "image"
    name: str
    # the service of a container, else the object's own name; never an identifier
    actions: tuple[str, ...]
    # in the order in which they happened
    one_off: bool = False

    def __str__(self) -> str:
        """Return the sighting in a line: "one-off container web: create, start"."""
        first = "one-off " if self.one_off else ""
        return f"{first}{self.what} {self.name}: {', '.join(self.actions)}"
