"""What the items of a page gave when they were run last, kept in the user's cache, one file a run.

Never published: it is what a writer's page is judged by whose promises alone have changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from seatrial.run import cache
from seatrial.transcript.blocks import Block, Item
from seatrial.transcript.events import Ended, Ending, Sighting
from seatrial.transcript.folders import digest
from seatrial.transcript.places import as_plain, from_plain
from seatrial.transcript.record import write_whole
from seatrial.transcript.steps import KEYS
from seatrial.trials.inputs import Asked

_FORMAT = 2


@dataclass(frozen=True)
class Heard:
    """What one item of a page gave."""

    asked: Asked
    """What the item asked for when it ran."""
    ended: tuple[Ended, ...] = ()
    """How each of its steps ended, as far as they were typed."""
    reason: str = ""
    """Why it could not be run as a whole; "" where it could."""
    ran: bool = True
    """Something of it was typed, or changed."""
    whole: bool = True
    """It was not left in the middle."""

    def answers(self, now: Asked, item: Item) -> bool:
        """Tell whether an item that asks for `now` would give the same once more."""
        waits = isinstance(item, Block) and any(line.strip() in KEYS for line in item.lines)
        # where a key is pressed, the promise decides how long the run listens
        return self.whole and (now == self.asked if waits else now.typed == self.asked.typed)


@dataclass(frozen=True)
class Outputs:
    """What one run of a page gave."""

    inputs: Mapping[str, str]
    """What the run depended on besides its page, each with a digest (`trials/inputs.py`)."""
    when: float
    """Its end, in seconds since the epoch."""
    items: tuple[Heard, ...]
    """One for each item of the page that was reached, in reading order."""
    images: Mapping[str, str]
    """The images of containers, each with its program's version."""
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    """Service -> the official image for which it ran on a stand-in."""

    @property
    def time(self) -> str:
        """Return when the run was, in local time: "14:03", with the day where that is another."""
        when = datetime.fromtimestamp(self.when)
        if when.date() == datetime.now().date():
            return f"{when:%H:%M}"
        return f"{when.day} {when:%B, %H:%M}"


def path(source: Path, page: str, spelling: str) -> Path:
    """Return the file in which the last run of a page in a spelling of Compose is kept."""
    name = digest(str(source.resolve()), page, spelling)
    return cache.folder("outputs") / f"{name}.json"


def load(source: Path, page: str, spelling: str) -> Outputs | None:
    """Return what the last run of a page gave; None where there is none that can be read."""
    try:
        data = json.loads(path(source, page, spelling).read_text(encoding="utf-8"))
        if data["format"] != _FORMAT:
            return None
        items = tuple(map(_heard, data["items"]))
        facts = (dict(data["images"]), dict(data["stand_ins"]))
        return Outputs(dict(data["inputs"]), float(data["when"]), items, *facts)
    except (OSError, ValueError, KeyError, TypeError):
        # what cannot be read counts for nothing: the page is run
        return None


def keep(source: Path, page: str, spelling: str, outputs: Outputs) -> None:
    """Keep what a run gave, in place of the one before; whole or not at all.

    Raises RecordError where the file cannot be written.
    """
    data = {
        "format": _FORMAT,
        "page": page,
        "inputs": dict(outputs.inputs),
        "when": outputs.when,
        "images": dict(outputs.images),
        "stand_ins": dict(outputs.stand_ins),
        "items": [
            {
                "asked": asdict(item.asked),
                "ended": [_plain(ended) for ended in item.ended],
                "reason": item.reason,
                "ran": item.ran,
            }
            for item in outputs.items
        ],
    }
    write_whole(path(source, page, spelling), json.dumps(data, indent=1) + "\n")


def _plain(ended: Ended) -> dict[str, Any]:
    """Return how a step ended, as JSON has it."""
    return {
        "ending": ended.ending.value,
        "output": ended.output,
        "prompt": ended.prompt,
        "status": ended.status,
        "seconds": round(ended.seconds, 2),
        "ran": as_plain(ended.ran),
        "did": [asdict(sighting) for sighting in ended.did],
        "note": ended.note,
        "rest": ended.rest,
        "window": ended.window,
    }


def _heard(data: Mapping[str, Any]) -> Heard:
    """Return what an item gave that JSON holds."""
    ended = tuple(map(_ended, data["ended"]))
    return Heard(Asked(**data["asked"]), ended, data["reason"], data["ran"])


def _ended(data: Mapping[str, Any]) -> Ended:
    """Return how a step ended that JSON holds."""
    ran = from_plain(data["ran"])
    start, end = data["window"]
    return Ended(
        Ending(data["ending"]),
        tuple(data["output"]),
        data["prompt"],
        data["status"],
        data["seconds"],
        ran,
        ran,
        tuple(_sighting(each) for each in data["did"]),
        note=data["note"],
        rest=data["rest"],
        window=(start, end),
    )


def _sighting(data: Mapping[str, Any]) -> Sighting:
    actions: Sequence[str] = data["actions"]
    return Sighting(data["what"], data["name"], tuple(actions), data["one_off"])
