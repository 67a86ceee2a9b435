"""What the engine's events say of one project: what happened, and what is still under way.

No event names the command that caused it, so commands run one at a time and an event belongs to
the step in whose window it happened, by the engine's clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from seatrial.run.images import LOSSES, Images
from seatrial.transcript.events import Sighting
from seatrial.transcript.places import Container
from seatrial.transcript.spelling import ONE_OFF, PROJECT, SERVICE

# the label of an image that stands in for the official one of its name (engine/images.py)
_STAND_IN = "org.seatrial.recipe"
# bookkeeping that no reader asked for
_SILENT = frozenset({"resize", "top", "health_status", "exec_detach", "attach", "mount", "unmount"})


@dataclass(frozen=True)
class Event:
    """One event of the engine that concerns the project."""

    moment: int
    """Nanoseconds since the epoch, by the engine's clock."""
    what: str
    name: str
    """Service or object name, never an identifier."""
    action: str
    actor: str
    """The engine's identifier."""
    container: str = ""
    """The container's own name, such as example-web-1."""
    one_off: bool = False
    execution: str = ""
    """Identifier of an exec."""


class Log:
    """The events of one project, as far as the engine has told them."""

    def __init__(self, project: str, healthchecks: Iterable[str] = ()) -> None:
        self._project = project
        self.healthchecks = set(healthchecks)
        # the commands by which the engine checks containers: an exec of one is no reader's
        self._events: list[Event] = []
        self._probes: set[str] = set()
        self.latest = 0
        # moment of the last event of any project
        self.under_way: set[str] = set()
        # execs, and containers of `run` that somebody is attached to, by identifier
        self.vanishing: set[str] = set()
        # containers that the engine itself removes once they end, by identifier
        self.unstarted: set[str] = set()
        # one-off containers that have been created and not started
        self.volumes: set[str] = set()
        # anonymous ones that containers of the project have mounted
        self.images: set[str] = set()
        # those that containers were made from, and that are not the project's own
        self.stand_ins: dict[str, str] = {}
        # service -> the official image for which it ran on a stand-in
        self.names = Images(project)
        # of images, by which those that are removed are told

    def __len__(self) -> int:
        """Return how many events are kept."""
        return len(self._events)

    def take(self, raw: Mapping[str, Any]) -> None:
        """Take in an event as the engine's API gives it, and keep it if it concerns the project."""
        actor = str(raw.get("Actor", {}).get("ID", ""))
        attributes: Mapping[str, str] = raw.get("Actor", {}).get("Attributes", {})
        action = str(raw.get("Action", ""))
        self.latest = int(raw.get("timeNano", 0))
        event = self._event(str(raw.get("Type", "")), action, actor, attributes)
        if event is None:
            return
        if event.execution:
            self._follow(event, action)
        elif event.one_off and event.action == "create":
            self.unstarted.add(event.actor)
        elif event.one_off and event.action == "attach":
            self.under_way.add(event.actor)
        elif event.action in ("start", "die", "destroy"):
            self.unstarted.discard(event.actor)
            if event.action == "destroy" or (
                event.action == "die" and event.actor not in self.vanishing
            ):
                self.under_way.discard(event.actor)
        if event.execution not in self._probes or not event.execution:
            self._events.append(event)

    def between(self, start: int, end: int) -> tuple[Event, ...]:
        """Return the events of a window, in nanoseconds since the epoch."""
        return tuple(e for e in self._events if start <= e.moment < end)

    def _follow(self, event: Event, action: str) -> None:
        """Keep count of the execs that are under way, health checks aside."""
        command = action.partition(": ")[2].strip()
        if command and command in self.healthchecks:
            self._probes.add(event.execution)
        if event.action == "exec_start" and event.execution not in self._probes:
            self.under_way.add(event.execution)
        if event.action == "exec_die":
            self.under_way.discard(event.execution)

    def _event(
        self, what: str, action: str, actor: str, attributes: Mapping[str, str]
    ) -> Event | None:
        """Return what the latest event says of the project, or None if nothing."""
        verb, moment = action.partition(":")[0].strip(), self.latest
        if what == "container":
            if attributes.get(PROJECT) != self._project:
                return None
            image = attributes.get("image", "")
            if verb == "create" and not re.match(rf"{re.escape(self._project)}[-_]", image):
                self.images.add(image)
                if _STAND_IN in attributes:
                    self.stand_ins[attributes.get(SERVICE, "")] = image
            if verb == "die":
                # an exec cannot outlive its container, and the engine need not say so
                self.under_way -= {e.execution for e in self._events if e.actor == actor}
            return Event(
                moment,
                what,
                attributes.get(SERVICE, ""),
                verb,
                actor,
                attributes.get("name", ""),
                attributes.get(ONE_OFF, "False") == "True",
                attributes.get("execID", "") if verb.startswith("exec_") else "",
            )
        if what == "network":
            name = attributes.get("name", "")
            return self._named(moment, what, name, verb, actor)
        if what == "volume":
            if len(actor) == 64 and any(
                e.actor == attributes.get("container") for e in self._events
            ):
                self.volumes.add(actor)
                return Event(moment, what, "(anonymous)", verb, actor)
            return self._named(moment, what, actor, verb, actor)
        return self._of_image(moment, verb, actor, attributes) if what == "image" else None

    def _of_image(
        self, moment: int, verb: str, actor: str, attributes: Mapping[str, str]
    ) -> Event | None:
        """Return an event that takes an image away from the project, or from who named it."""
        if verb == "tag":
            self.names.tagged(actor, attributes.get("name", ""), attributes)
        name = self.names.lost(actor, attributes.get("name", ""), verb) if verb in LOSSES else None
        return Event(moment, "image", name, verb, actor) if name is not None else None

    def _named(self, moment: int, what: str, name: str, verb: str, actor: str) -> Event | None:
        """Return an event of an object that carries the project's name."""
        if name.startswith(f"{self._project}_"):
            return Event(moment, what, name, verb, actor)
        return None


def sightings(events: Iterable[Event]) -> tuple[Sighting, ...]:
    """Return events as a reader would tell them: an object a line, steady in order.

    Which of several containers came first varies from run to run; what happened to one does not.
    """
    grouped: dict[tuple[str, str, bool], dict[str, list[str]]] = {}
    for event in events:
        if event.action in _SILENT or (
            event.what == "network" and event.action != "create" and event.action != "destroy"
        ):
            continue
        key = (event.what, event.name, event.one_off)
        grouped.setdefault(key, {}).setdefault(event.actor, []).append(event.action)
    told: list[Sighting] = []
    for (what, name, one_off), actors in grouped.items():
        told.extend(Sighting(what, name, tuple(actions), one_off) for actions in actors.values())
    return tuple(sorted(told, key=lambda s: (s.what, s.name, s.one_off, s.actions)))


def container_of(events: Iterable[Event]) -> Container | None:
    """Return the container that a command opened a program in, if it was one."""
    found = None
    for event in events:
        if event.what != "container":
            continue
        if event.action == "exec_start":
            found = Container(event.name, event.container)
        elif event.action == "start" and event.one_off:
            found = Container(event.name, one_off=True)
    return found


def opening(events: Iterable[Event]) -> Event | None:
    """Return by what the engine said that a program was started in a container."""
    found = None
    for event in events:
        if event.what == "container" and (
            event.action == "exec_start" or (event.action == "start" and event.one_off)
        ):
            found = event
    return found
