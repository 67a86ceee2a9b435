"""What of an output varies from run to run by nature, and what kind of thing it is.

Identifiers count as identifiers and durations as durations; Compose tells of containers in the
order in which they happen to be ready, and a builder of layers that may be cached.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from seatrial.transcript.matching import trimmed


@dataclass(frozen=True)
class Kind:
    """A kind of thing that differs from run to run, and one way in which it is written."""

    name: str
    pattern: re.Pattern[str]


# What varies by nature.  The order matters: longer forms come first.
KINDS: tuple[Kind, ...] = (
    # What an image gets with a security update, as psql and Python greet:
    # `psql (17.11 (Debian 17.11-0+deb13u1))`, `Python 3.13.5 (main, Aug 10 2026) [GCC 14.2.0]`.
    # The version before it stays: the image's tag promises that.
    Kind("release", re.compile(r"(?<=\d)(?:\.\d+){1,2} \([A-Z][a-z]+ \d[^\s()]*\)")),
    Kind("release", re.compile(r"(?<=\bPython \d\.\d\d)\.\S+ \([^()]*\) \[[^]]*\]")),
    # what a signed address has, of S3 and the like
    Kind("signature", re.compile(r"(?<=Signature=)[\w%+/=-]+|(?<=Expires=)\d{10}\b")),
    # in a sentence, in a log of JSON, of tini, and where a shell tells of a job: `[1] 4711`
    Kind(
        "process",
        re.compile(
            r"(?<=\(process )\d+(?=\))|(?<=\[FATAL tini \()\d+(?=\))"
            r'|(?<="pid": )\d+|(?<=^\[\d\] )\d+$'
        ),
    ),
    # which the system gives where none was asked for (Linux: ip_local_port_range)
    Kind(
        "port",
        re.compile(
            r"(?:(?<=\bport )|(?<=sport = :)|(?<=:))(?:3[2-9]|4\d|5\d|60)\d{3}(?=->| of |'|/|$)"
        ),
    ),
    # between a container's start and its first health check, as `docker ps` has it
    Kind("health", re.compile(r"(?<= )\((?:healthy|health: starting)\)")),
    Kind("digest", re.compile(r"\bsha256:[0-9a-f]{8,64}\b")),
    Kind("uuid", re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")),
    Kind(
        "id",
        # Compose 1 joins them to a name by an underscore, which is a letter to `\b`
        re.compile(
            r"(?<![^\W_])(?=[0-9a-f]*\d)(?:[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{12})(?![^\W_])"
        ),
    ),
    Kind(
        "moment",
        re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"),
    ),
    Kind(
        "moment",
        re.compile(r"\b\d\d/(?:\d\d|[A-Z][a-z]{2})/\d{4}[: ]\d\d:\d\d:\d\d(?: [+-]\d{4})?"),
    ),
    Kind("moment", re.compile(r"\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d\b(?!:)")),
    # what BuildKit calls a part of a build, and when a line of a step that failed came
    Kind("part", re.compile(r"(?<=::)[0-9a-z]{25}\b")),
    Kind("duration", re.compile(r"^\d+\.\d{3}(?= [A-Z])")),
    # where pip builds a package, and how fast dd writes
    Kind("folder", re.compile(r"(?<=/tmp/pip-build-env-)[0-9a-z_]{8}\b")),
    Kind("speed", re.compile(r"\b\d+(?:\.\d+)? [kMG]B/s")),
    Kind("address", re.compile(r"\b0x[0-9a-f]{6,16}\b")),
    Kind("day", re.compile(r"\b\d{4}-\d\d-\d\d\b")),
    Kind(
        "moment", re.compile(r"\b[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?: \d{4})?\b")
    ),
    Kind("time", re.compile(r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b")),
    Kind("address", re.compile(r"\b(?!127\.|0\.0\.0\.0)\d{1,3}(?:\.\d{1,3}){3}\b")),
    Kind(
        "duration",
        re.compile(
            r"\b(?:Less than a second|About an? (?:minute|hour)"
            r"|\d+(?:\.\d+)? ?(?:ns|us|µs|ms|s|seconds?|minutes?|hours?|days?))\b"
        ),
    ),
)

# the line below the heads of a table, as psql draws it
_RULE = re.compile(r"[-+ ]*-[-+ ]*")
# ` Container example-web-1 Started` (Compose 5; 2.26 has two spaces before the state)
_PROGRESS = re.compile(
    r"\s*(?P<what>Container|Network|Volume|Image|Service) (?P<name>\S+) +"
    r"(?P<state>\w+|(?:Error )?Error while \w+|Resource is still in use)\s*"
)
# an image may lose its name before it is removed, and then another line tells of it
_IMAGES_REMOVED = re.compile(
    r"\s*(?:Dangling images|Image \S+) +(?:Remov(?:ing|ed)|Warning: No resource found to remove)\s*"
)
_BEGINS_V1 = (
    r"(?P<state>Creating|Starting|Stopping|Removing|Recreating|Restarting|Killing)"
    r" (?P<what>network|volume|image)? ?\"?(?P<name>[\w-]+)\"?"
)
_PROGRESS_V1 = re.compile(_BEGINS_V1 + r"(?: with .*| +\.\.\.(?: (?P<end>\w+))?\s*)?")
# of which no end stands in the same line
_BEGUN_V1 = re.compile(_BEGINS_V1 + r" +\.\.\.\s*")
# which containers a command is for, in the order in which the engine lists them
_MEANT = re.compile(r"(?P<what>Attaching to|Going to remove) (?P<names>.*)")
_IS_UP = re.compile(r"(?P<name>[\w-]+) is up-to-date\s*")
# what Compose 1 calls done, as later ones call it
_DONE = {
    "Creating": "Created",
    "Starting": "Started",
    "Stopping": "Stopped",
    "Removing": "Removed",
    "Recreating": "Recreated",
    "Restarting": "Started",
    "Killing": "Killed",
}
# `#7 [2/6] RUN pip install ...`, `#9 ERROR: ...`; what else a builder says of a stage is no name
_STAGE = re.compile(r"#\d+ (?P<name>\[.*|ERROR: .*)")
_BUILDER = re.compile(r"#\d+ .*")
# the same of the builder that Compose 1 uses
_STAGE_V1 = re.compile(r"Step (?P<name>\d+/\d+ : .*)")
_BUILD_BEGINS = re.compile(r"Building [\w-]+")
_BUILD_ENDS = re.compile(r"Successfully tagged .*|ERROR: .*|Service '.*' failed to build.*")
# which container a line of a log is from
_LOGGED = re.compile(r"(?P<name>[a-z][\w.-]*[-_]\d+) +\| ")
_SECONDS = re.compile(r"WARN\[\d+\]")
_WARNS = re.compile(r"WARN\[\d+\]|WARNING: |time=\S+ level=warning ")
# what tells of a build or of a download, and is neither an object's state nor a stage's name
_OF_A_BUILD = (
    _BUILDER,
    _STAGE_V1,
    _BUILD_BEGINS,
    re.compile(r"(?: [\w-]+ Pull(?:ing|ed)|Pulling [\w-]+ \(.*\)\.\.\.) *"),
)


@dataclass(frozen=True)
class Told:
    """An output, taken apart into what has an order and what has none."""

    lines: tuple[str, ...]
    # in their order, by kind
    progress: frozenset[str] = frozenset()
    # of objects and build stages, in no order


def by_kind(text: str) -> str:
    """Return a text with what varies by nature replaced by the name of its kind.

    Identifiers, digests, addresses, moments and durations differ from run to run, and so do the
    releases of a version that programs greet with; two outputs that differ in nothing else tell the
    same.
    """
    for kind in KINDS:
        text = kind.pattern.sub(f"<{kind.name}>", text)
    if _RULE.fullmatch(text):
        # as wide as what stands below it, which may vary
        text = re.sub("-+", "-", text)
    return re.sub(r"[ \t]+", " ", text)


def progress(line: str) -> str:
    """Return what a line of progress tells, object and state; nothing where it is none."""
    return by_kind(_progress(line))


def is_progress(line: str) -> bool:
    """Tell whether a line tells how far Compose or a builder is."""
    return bool(_progress(line)) or any(each.fullmatch(line) for each in _OF_A_BUILD)


def is_warning(line: str) -> bool:
    """Tell whether Compose warns of something in a line."""
    return _WARNS.match(line) is not None


def _progress(line: str) -> str:
    """Return the same with names as they stand."""
    if _IMAGES_REMOVED.fullmatch(line):
        return "Images Removed"
    if found := _PROGRESS.fullmatch(line):
        return f"{found['what']} {found['name']} {found['state']}"
    if found := _MEANT.fullmatch(line):
        return f"{found['what']} {', '.join(sorted(found['names'].strip().split(', ')))}"
    if found := _IS_UP.fullmatch(line):
        return f"Container {found['name']} Running"
    if found := _PROGRESS_V1.fullmatch(line):
        what, end = (found["what"] or "container").capitalize(), found["end"]
        state = _DONE[found["state"]] if end == "done" else f"{found['state']} {end or ''}".rstrip()
        return f"{what} {found['name']} {state}"
    return ""


def told(output: Iterable[str], *, docker: bool = True) -> Told:
    """Return an output with progress, of containers and of builds, set apart from all else.

    What another program than `docker` prints has no progress, whatever it looks like.
    """
    if not docker:
        return Told(_without_blank_ends([by_kind(line).rstrip() for line in output]))
    lines: list[str] = []
    seen: set[str] = set()
    for line, stage, chatter in _building(output):
        if stage:
            seen.add(by_kind(stage).rstrip())
        elif _IS_UP.fullmatch(line) or _BEGUN_V1.fullmatch(line):
            # Compose 1 draws over most of these, and which are left is by chance
            continue
        elif said := progress(line):
            seen.add(said)
        elif not chatter:
            lines.append(_SECONDS.sub("WARN[<seconds>]", by_kind(line)).rstrip())
    return Told(tuple(_by_container(_without_blank_ends(lines))), frozenset(seen))


def _by_container(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines, those of logs container by container: Compose reads them side by side."""
    for name, group in groupby(lines, lambda line: bool(_LOGGED.match(line))):
        if name:
            yield from sorted(group, key=lambda line: line.partition("|")[0])
        else:
            yield from group


def without_building(output: Iterable[str], keep: Collection[str] = ()) -> tuple[str, ...]:
    """Return an output without what a builder says between the names of its stages.

    That is different each time, and gone where a stage is cached.  Lines to `keep` stay.
    """
    return tuple(line for line, _, chatter in _building(output) if not chatter or line in keep)


def _building(output: Iterable[str]) -> Iterator[tuple[str, str, bool]]:
    """Yield lines, with the build stage that begins there, if any, and whether it tells of one."""
    in_v1 = after_builder = False
    for line in output:
        found = _STAGE.fullmatch(line) or _STAGE_V1.fullmatch(line)
        stage = found["name"] if found else ""
        if _STAGE_V1.fullmatch(line):
            in_v1 = True
        elif _BUILD_BEGINS.fullmatch(line) or _BUILD_ENDS.fullmatch(line):
            in_v1, stage = False, line
        by_builder = _BUILDER.fullmatch(line) is not None
        blank = after_builder and not line.strip()
        yield line, stage, not stage and (in_v1 or by_builder or blank)
        after_builder = by_builder or blank


def in_promised_order(promise: Sequence[str], output: Sequence[str]) -> list[str]:
    """Return an output whose lines of progress stand in the order in which a page promises them.

    A promised line also stands as the page has it, whatever spaces this Compose puts in it.
    """
    wanted = [(said, line) for line in promise if (said := _progress(line))]
    if not wanted:
        return list(output)
    places: dict[str, list[int]] = {}
    for number, line in enumerate(output):
        places.setdefault(_progress(line), []).append(number)
    found = [(places[said].pop(0), line) for said, line in wanted if places.get(said)]
    ordered = list(output)
    for place, (_, line) in zip(sorted(place for place, _ in found), found, strict=True):
        ordered[place] = line
    return ordered


def _without_blank_ends(lines: Sequence[str]) -> tuple[str, ...]:
    """Return lines without the blank ones at both ends."""
    return trimmed(trimmed(lines)[::-1])[::-1]
