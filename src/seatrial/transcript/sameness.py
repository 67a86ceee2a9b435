"""Whether two runs gave the same: what a step or a cell gave now, and what its record holds.

Everything that a page shows of a record is compared: output, place, exit status and what Docker
did.  What varies by nature counts by its kind.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import unified_diff

from seatrial.transcript.events import Sighting
from seatrial.transcript.kinds import by_kind, told

# what happens to an object one after the other; all else that Docker tells of it has no order:
# of `stop` and `die` engine 29 promises none
_IN_ORDER = frozenset({"create", "start", "die", "destroy"})
# what a command or a file looks like in an output, for outputs that vary
_QUOTED = re.compile(
    r"`[^`]+`|'[^']+'|\"[^\"]+\"|(?<![\w/.])[\w.-]*/[\w./-]+|\b[\w-]+\.[a-z]{2,5}\b"
)
_VARIABLE = re.compile(
    r"<\w+>|(?<![A-Za-z\d])\d[\d.,]*(?:[kMG]?B)?|\b(?=\w*\d)(?=\w*[A-Za-z])\w{7,}\b"
)

_DOTS = re.compile(r"\.{2,}")


@dataclass(frozen=True)
class Given:
    """What a step or a cell gave."""

    output: Sequence[str] = ()
    status: int | None = None
    # exit status; None where no program has ended
    places: Sequence[str] = ()
    # in words
    sightings: Sequence[Sighting] = ()
    errors: Sequence[str] = ()
    # that a cell raised, each in words
    docker: bool = True
    # what was typed names docker: what looks like its progress is
    waits: bool = False
    # a loop that waits for something: how often it goes round is by chance
    lists: bool = False
    # a listing of the engine's: what was made at the same time stands in either order


def differences(held: Given, came: Given, *, varies: bool = False) -> tuple[str, ...]:
    """Return how what came differs from what a record holds, each difference as a text.

    Of an output that varies by nature only the kinds of lines, and the commands and files that it
    quotes, have to be the same.
    """
    found: list[str] = []
    if held.status != came.status:
        found.append(f"ended with {_status(came)}, its record says {_status(held)}")
    if list(held.places) != list(came.places):
        found.append(f"ran in {_list(came.places)}, its record says {_list(held.places)}")
    if [by_kind(error) for error in held.errors] != [by_kind(error) for error in came.errors]:
        said, raised = (", ".join(given.errors) or "no error" for given in (held, came))
        found.append(f"ended with {raised}, its record says {said}")
    outputs = (_counted(given) for given in (held, came))
    if lines := _lines(*outputs, docker=held.docker, varies=varies):
        found.append("\n".join(["printed something else than its record holds:", *lines]))
    did, does = (_acts(given.sightings, once=given.waits) for given in (held, came))
    if did != does:
        lines = _plus_and_minus(sorted(did.elements()), sorted(does.elements()))
        found.append("\n".join(["Docker did something else than its record holds:", *lines]))
    return tuple(found)


def _lines(held: Sequence[str], came: Sequence[str], *, docker: bool, varies: bool) -> list[str]:
    """Return the lines in which two outputs differ, ``-`` for held and ``+`` for came."""
    if held == came:
        return []
    if varies:
        return _plus_and_minus(_shape(held), _shape(came))
    one, other = told(held, docker=docker), told(came, docker=docker)
    return [
        *_plus_and_minus(one.lines, other.lines),
        *_plus_and_minus(sorted(one.progress), sorted(other.progress)),
    ]


def _shape(output: Iterable[str]) -> list[str]:
    """Return what has to stay of an output that varies: kinds of lines, what it quotes."""
    taken = told(output)
    # dots of progress may stand on a line of their own or before another
    lines = (_DOTS.sub("", line) for line in taken.lines)
    kinds = {_VARIABLE.sub("<varies>", line) for line in lines if line}
    quoted = {found for line in taken.lines for found in _QUOTED.findall(line) if "<" not in found}
    stages = {said for said in taken.progress if re.match(r"\[|\d+/\d+ :", said)}
    return sorted(kinds | {q for q in quoted if not re.search(r"\d", q)} | stages)


def _counted(given: Given) -> Sequence[str]:
    """Return the lines of an output that count, those of a listing in an order of their own."""
    if given.waits:
        return told(given.output).lines[-1:]
    return sorted(told(given.output).lines) if given.lists else given.output


def _acts(sightings: Iterable[Sighting], *, once: bool) -> Counter[str]:
    """Return what was done to each object, where the order of what has none does not count."""
    acts: Counter[str] = Counter()
    for each in sightings:
        ordered = [action for action in each.actions if action in _IN_ORDER]
        loose = sorted(action for action in each.actions if action not in _IN_ORDER)
        if _ended_by_itself(each):
            # that comes when it comes, in this step or in the next
            ordered.pop()
            if not ordered and not loose:
                continue
        if "destroy" in ordered:
            # how a container was stopped that is no more depends on whether it still ran
            loose = [action for action in loose if action not in ("kill", "stop")]
        # one that takes its time to stop is killed twice
        counted = [a for n, a in enumerate(loose) if not n or a != "kill" or a != loose[n - 1]]
        actions = (*ordered, *(sorted(set(loose)) if once else counted))
        acts[str(Sighting(each.what, each.name, actions, each.one_off))] += 1
    return acts


def _ended_by_itself(sighting: Sighting) -> bool:
    """Tell whether the last of a service's container is an end that no command asked for."""
    actions = sighting.actions
    asked = max(actions.count("stop"), actions.count("destroy"), int("kill" in actions))
    last = next((action for action in reversed(actions) if action in _IN_ORDER), "")
    return last == "die" and actions.count("die") > asked and not sighting.one_off


def _plus_and_minus(held: Sequence[str], came: Sequence[str]) -> list[str]:
    """Return the differing lines of two texts."""
    return [
        f"{line[0]} {line[1:]}"
        for line in list(unified_diff(list(held), list(came), lineterm="", n=0))[2:]
        if not line.startswith("@@")
    ]


def _status(given: Given) -> str:
    return "no exit status" if given.status is None else f"exit status {given.status}"


def _list(places: Sequence[str]) -> str:
    return ", ".join(places) or "no place"
