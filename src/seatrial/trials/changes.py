"""Whether a page has to run again, and why: by the last check that passed here, or its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from seatrial.errors import RecordError
from seatrial.pages.settings import Settings
from seatrial.run.engines import Engine
from seatrial.transcript.blocks import Page
from seatrial.transcript.record import Run, load
from seatrial.trials.checked import Check
from seatrial.trials.inputs import Inputs, Surroundings, differences, lasting_digest
from seatrial.trials.outcome import system

# how many of the inputs that changed are named
_NAMED = 3
# how long (seconds) a page takes of which nothing is known
_UNKNOWN = 60.0


@dataclass(frozen=True)
class Due:
    """A page that has to run again, in one spelling."""

    page: str
    spelling: str
    why: str
    last: float
    """When it was checked last, in seconds since the epoch; 0 where nothing tells."""
    seconds: float
    """How long it takes, as far as that is known."""

    @property
    def name(self) -> str:
        """Return which run this is: "how-to/x (v2)"."""
        return f"{self.page} ({self.spelling})"

    @property
    def words(self) -> str:
        """Return which run this is, and why."""
        return f"{self.name}: {self.why}"


def why_due(check: Check | None, now: Inputs, run: Run | None) -> str:
    """Return why a page has to run again, in words."""
    if check is not None:
        named = differences(check.inputs, now)
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        return f"{', '.join(named[:_NAMED])}{more} since it passed on {check.day_and_time}"
    if run is None:
        return "it has not passed here, and has no record"
    if "inputs" not in run.depends:
        return "it has not passed here, and its record has no digests"
    return "it has not passed here, and its record was made with other files, versions or images"


def run_of(page: Page, spelling: str, settings: Settings) -> Run | None:
    """Return the recorded run of a page in a spelling, if there is one that can be read."""
    try:
        record = load(settings.records, page.name)
    except RecordError:
        return None
    return record.runs.get(spelling) if record else None


def is_as_recorded(
    run: Run | None,
    page: Page,
    settings: Settings,
    around: Surroundings,
    engine: Engine | None,
) -> bool:
    """Tell whether a run of a page would be the one that is recorded, perhaps elsewhere.

    Of an image a record knows the version alone, and not what is in it: a run with images is never
    taken for the same.  Nor is one on an engine that is not ours.
    """
    if run is None or run.edited or any(item.edited for item in run.items) or run.images:
        return False
    if engine is not None and not engine.private:
        return False
    tools: Mapping[str, str] = engine.tools if engine is not None else system()
    same = run.depends.get("inputs") == lasting_digest(page, settings, around.lasting)
    return same and dict(run.tools) == dict(tools)


def seconds_of(check: Check | None, run: Run | None) -> float:
    """Return how long a page takes: what its last check took, or else its record's steps."""
    if check is not None:
        return check.seconds
    if run is not None:
        return sum(step.seconds for item in run.items for step in item.steps)
    return _UNKNOWN


def within(due: Sequence[Due], at_most: float | None, day: int) -> tuple[list[Due], list[Due]]:
    """Return what runs now, and what is left: the longest unchecked first, at most so many seconds.

    One runs in any case: a page that takes longer than that would never be checked.  Where
    nothing tells, as on a machine that is new each time, the day, counted from any, decides which
    are first.
    """
    now: list[Due] = []
    left: list[Due] = []
    for each in sorted(due, key=lambda each: (each.last, crc32(f"{day} {each.name}".encode()))):
        taken = sum(other.seconds for other in now)
        fits = at_most is None or not now or taken + each.seconds <= at_most
        (now if fits else left).append(each)
    return now, left
