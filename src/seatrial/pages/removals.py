"""Which data a line removed, in words: by the engine's events and by a client's own answer.

A container's own layer is none of it: whoever removes a container expects that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from seatrial.pages.lives import together
from seatrial.transcript.events import Sighting
from seatrial.transcript.places import Place
from seatrial.transcript.record import StepRecord
from seatrial.transcript.steps import Step

#: What a frame's heading says of lines that removed data, and each of them before it says what.
REMOVES = "removes data"
# the action by which an object is gone, for those that hold data
_GONE = {"volume": "destroy", "image": "delete"}
# what psql answers where it removed something, and the words for one thing and for several
_ANSWERS: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern), one, many)
    for pattern, one, many in (
        (r"DELETE (?P<rows>[1-9]\d*)", "1 row", "{} rows"),
        (r"TRUNCATE TABLE", "all rows of a table", "all rows of {} tables"),
        (r"DROP TABLE", "a table", "{} tables"),
        (r"DROP SCHEMA", "a schema", "{} schemas"),
        (r"DROP DATABASE", "a database", "{} databases"),
    )
)
_PSQL = re.compile(r"\bpsql\b")
# the prompt's star says that a transaction is open, and nothing is final before its end
_IN_TRANSACTION = re.compile(r"\*[#>] ?$")


def of_step(step: Step, given: StepRecord) -> str:
    """Return which data a step of a page removed; nothing where it removed none."""
    rows = of_rows(given.output) if is_psql(given.place, given.command) else ""
    if rows and step.program == "psql" and _IN_TRANSACTION.search(step.prompt):
        rows += ", once that is committed"
    return _said([*of_objects(given.sightings), rows])


def of_cell(
    ran: Iterable[Place], code: str, printed: Sequence[str], did: Sequence[Sighting]
) -> str:
    """Return which data a notebook's cell removed; nothing where it removed none."""
    psql = any(is_psql(place, code) for place in ran)
    return _said([*of_objects(did), of_rows(printed) if psql else ""])


def is_psql(place: Place, command: str) -> bool:
    """Tell whether psql printed what a command gave."""
    return place.program == "psql" or _PSQL.search(command) is not None


def of_objects(sightings: Iterable[Sighting]) -> Iterator[str]:
    """Yield which volumes and images are gone, those aside that the same line had made."""
    for what, action in _GONE.items():
        gone = Counter(
            each.name
            for each in sightings
            if each.what == what and action in each.actions and "create" not in each.actions
        )
        unnamed = [(name, gone.pop(name)) for name in list(gone) if name.startswith("(")]
        if gone:
            yield f"{what}{'s' if len(gone) > 1 else ''} {together(sorted(gone))}"
        for name, number in unnamed:
            kind = f"{name.strip('()')} {what}"
            yield f"an {kind}" if number == 1 else f"{number} {kind}s"


def of_rows(output: Iterable[str]) -> str:
    """Return what psql says that it removed."""
    found: Counter[tuple[str, str]] = Counter()
    for line in map(str.strip, output):
        if line == "ROLLBACK":
            found.clear()
        for pattern, one, many in _ANSWERS:
            if match := pattern.fullmatch(line):
                found[one, many] += int(match.groupdict().get("rows") or 1)
    return together([one if n == 1 else many.format(n) for (one, many), n in found.items()])


def _said(parts: Iterable[str]) -> str:
    """Return what was removed, with the words before it."""
    said = "; ".join(filter(None, parts))
    return f"{REMOVES}: {said}" if said else ""
