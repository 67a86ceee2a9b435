"""What one run of one page gave, kept as a file that is reviewed like any other change."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any

from seatrial.errors import RecordError
from seatrial.transcript.events import Ending, Sighting
from seatrial.transcript.places import Container, Place, from_plain, from_words
from seatrial.transcript.sameness import Given, differences

FORMAT = 4
# 4: a run says whether it heard of images that were removed.  3: has stand-ins.  A record of
# format 2 or 3 is one without, and read as it is
_WITHOUT_SOME = (2, 3)
# read for one release: without images, dependencies and seals, and with places in words
_OLD_FORMAT = 1
# the seal of what was recorded in it
_UNSEALED = "none"


# what has the engine start a container, if it does not run
_STARTS = re.compile(r"docker (?:container )?start\b")
# commands by which the engine lists what it has, the youngest first
_LISTS = re.compile(r"docker (?:ps|container ls|images|image ls|volume ls|network ls)\b(?!.*\|)")


@dataclass(frozen=True)
class StepRecord:
    """What one step gave."""

    command: str
    output: tuple[str, ...]
    status: int | None
    # exit status; None where a program was left in front, which has none yet
    place: Place
    # where it ran
    seconds: float
    sightings: tuple[Sighting, ...] = ()
    ending: Ending = Ending.PROMPT

    @property
    def given(self) -> Given:
        """Return what of this is compared with another run."""
        waits = re.match(r"(?:until|while)\b.*\bsleep\b", self.command, re.DOTALL) is not None
        lists = _LISTS.match(self.command) is not None
        return Given(
            self.output,
            self.status,
            (str(self.place),),
            # one that ran already needs no start
            () if _STARTS.match(self.command) else self.sightings,
            docker="docker" in self.command,
            waits=waits,
            lists=lists,
        )


@dataclass(frozen=True)
class ItemRecord:
    """What a block or an edit gave."""

    digest: str
    # of the block or edit as it stood on the page when it ran
    steps: tuple[StepRecord, ...] = ()
    seal: str = ""
    # of all this, set by recording

    @cached_property
    def edited(self) -> bool:
        """Tell whether anything was changed since recording; unknown in the old format."""
        return self.seal not in (_UNSEALED, _seal(self))


@dataclass(frozen=True)
class Run:
    """One page run once, in one spelling."""

    ran: str
    # day of the run, as 2026-11-22
    tools: Mapping[str, str]
    # tool name -> version
    items: tuple[ItemRecord, ...]
    images: Mapping[str, str] = field(default_factory=dict)
    # image -> version of what is in it, where the image says so
    depends: Mapping[str, str] = field(default_factory=dict)
    # what the run depended on ("page", "project", "tools", "code") -> digest
    seal: str = ""
    # of all this, with the seals of the items in place of them
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    # service -> the official image for which it ran on a stand-in
    images_heard: bool = False
    # it was told of images that lost their names or were deleted; until format 3 none was

    @cached_property
    def edited(self) -> bool:
        """Tell whether anything but what items hold was changed since recording."""
        return self.seal not in (_UNSEALED, _seal(self))

    @property
    def old_format(self) -> bool:
        """Tell whether it has no digests, so that nothing tells whether it was changed."""
        return self.seal == _UNSEALED

    def heard(self, given: Given) -> Given:
        """Return of what another run gave what this one would have heard."""
        if self.images_heard:
            return given
        return replace(given, sightings=[s for s in given.sightings if s.what != "image"])

    def fits(self, digests: Sequence[str], project: Path | None) -> bool:
        """Tell whether a page still begins with these items, on the same project, as it ran."""
        then = self.depends.get("project", "")
        same = [item.digest for item in self.items[: len(digests)]] == list(digests)
        return same and (project is None or not then or then == digest_of(project))


def sealed(run: Run) -> Run:
    """Return a run with the seals by which a later change of it is seen."""
    run = replace(run, items=tuple(replace(item, seal=_seal(item)) for item in run.items))
    return replace(run, seal=_seal(run))


def _seal(part: ItemRecord | Run) -> str:
    """Return twelve hexadecimal digits that change with anything but the seals."""
    plain = _plain(part)
    plain.pop("seal")
    for later in ("stand_ins", "images_heard"):
        if not plain.get(later):
            # as a seal of an earlier format was made
            plain.pop(later, None)
    if isinstance(part, Run):
        plain["items"] = [item.seal for item in part.items]
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Record:
    """The latest run of a page in each spelling."""

    page: str
    runs: Mapping[str, Run]

    def item(self, spelling: str, digest: str, nth: int = 0) -> ItemRecord | None:
        """Return what the nth item with this digest gave, or None if it never ran so."""
        run = self.runs.get(spelling)
        if run is None:
            return None
        same = [item for item in run.items if item.digest == digest]
        return same[min(nth, len(same) - 1)] if same else None


# what is no part of a project, wherever it lies in it
_PASSED_OVER = frozenset({".git", "__pycache__", ".venv", "node_modules", "_build"})


def digest_of(folder: Path) -> str:
    """Return twelve hexadecimal digits that change with any file of a folder."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not _PASSED_OVER & set(path.relative_to(folder).parts):
            found.update(f"{path.relative_to(folder).as_posix()}\n".encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:12]


def path_of(folder: Path, page: str) -> Path:
    """Return where the record of a page is kept."""
    return folder / f"{page}.json"


def load(folder: Path, page: str) -> Record | None:
    """Return a page's record, or None if it was never recorded.

    Raises RecordError where the file is not a record of this format, or another page's.
    """
    path = path_of(folder, page)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"cannot be read: {error}", where=str(path)) from error
    try:
        data = json.loads(text)
        if isinstance(data, dict) and isinstance(number := data.get("format"), int | float):
            _require_known(path, number)
        record = _record(data)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordError(
            f"is not a record of this format: {error}",
            where=str(path),
            hint="delete the file and record the page again",
        ) from error
    names = {record.page, *(run.depends.get("name", page) for run in record.runs.values())}
    if names != {page}:
        raise RecordError(
            f"is the record of another page: {', '.join(sorted(names - {page}))}",
            where=str(path),
            hint="delete the file and record the page again",
        )
    return record


def _require_known(path: Path, number: float) -> None:
    """Raise RecordError where a record is of a format that only later releases know."""
    if number > FORMAT:
        raise RecordError(
            f"has format {number}, and this seatrial knows {FORMAT}",
            where=str(path),
            hint="install the seatrial that wrote it",
        )


def save(folder: Path, record: Record) -> bool:
    """Write a record, whole or not at all, and tell whether anything worth writing changed.

    Of a run whose outputs differ from the kept ones in nothing but identifiers, times and
    addresses, only what it depended on is written.  Raises RecordError where the file cannot be
    written; the old one then stays.
    """
    old = load(folder, record.page)
    if old is not None:
        record = replace(
            record,
            runs={name: _kept(old.runs.get(name), run) for name, run in record.runs.items()},
        )
        if record == old:
            return False
    text = json.dumps(
        {"format": FORMAT, **_plain(record)}, indent=1, sort_keys=True, ensure_ascii=False
    )
    write_whole(path_of(folder, record.page), text + "\n")
    return True


def _kept(old: Run | None, new: Run) -> Run:
    """Return an old run that gave the same as a new one, else the new one."""
    if old is None or old.old_format or old.edited or any(item.edited for item in old.items):
        return new
    if not _same(old, new):
        return new
    # with nothing that it did not hear
    heard = old.images_heard or new.images_heard
    return sealed(replace(old, depends=new.depends, images_heard=heard))


def _same(old: Run, new: Run) -> bool:
    """Tell whether two runs differ in nothing but what varies by nature."""
    steps = [[step for item in run.items for step in item.steps] for run in (old, new)]
    return (
        (old.tools, old.images, old.stand_ins) == (new.tools, new.images, new.stand_ins)
        and [i.digest for i in old.items] == [i.digest for i in new.items]
        and [(s.command, s.ending) for s in steps[0]] == [(s.command, s.ending) for s in steps[1]]
        and not any(differences(a.given, b.given) for a, b in zip(*steps, strict=True))
    )


def write_whole(path: Path, text: str) -> None:
    """Replace a file by a text, whole or not at all.

    Raises RecordError where that cannot be done; the old file then stays as it was.
    """
    # where a link stands in the tree, what it points to is replaced
    path = path.resolve()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise RecordError(f"cannot be written: {error.strerror}", where=str(path)) from error
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        draft.replace(path)
    except OSError as error:
        raise RecordError(
            f"cannot be written: {error.strerror}",
            where=str(path),
            hint="the old file is as it was; free some space and run the same command again",
        ) from error
    finally:
        draft.unlink(missing_ok=True)


# --- as JSON --------------------------------------------------------------------------------------


def _plain(part: Record | Run | ItemRecord) -> dict[str, Any]:
    """Return a part of a record as JSON has it; what is empty in a place is left out."""
    return asdict(part, dict_factory=_fields)


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the fields of a value, simple ones and enumerations by value."""
    fields = {key: value.value if isinstance(value, Enum) else value for key, value in pairs}
    for short in _SHORT:
        if fields.keys() == short:
            return {key: value for key, value in fields.items() if value}
    return fields


_SHORT = tuple(set(kind.__dataclass_fields__) for kind in (Place, Container))


def _record(data: dict[str, Any]) -> Record:
    """Return the record that JSON holds."""
    if data["format"] == _OLD_FORMAT:
        data = _migrated(data)
    elif data["format"] not in (FORMAT, *_WITHOUT_SOME):
        raise ValueError(f"format {data['format']!r}, not {FORMAT}")
    runs = {spelling: _run(run) for spelling, run in data["runs"].items()}
    return Record(str(data["page"]), runs)


_MAPPINGS = ("tools", "images", "stand_ins", "depends")


def _run(data: dict[str, Any]) -> Run:
    """Return the run that JSON holds."""
    _require(data["ran"], str)
    data = {"stand_ins": {}, **data}
    for key in _MAPPINGS:
        for value in data[key].values():
            _require(value, str)
    items = (
        ItemRecord(item["digest"], tuple(map(_step, item["steps"])), item["seal"])
        for item in data["items"]
    )
    rest = {key: dict(data[key]) for key in _MAPPINGS}
    heard = _require(data.get("images_heard", False), bool)
    return Run(ran=data["ran"], seal=data["seal"], items=tuple(items), images_heard=heard, **rest)


def _step(data: dict[str, Any]) -> StepRecord:
    """Return the step that JSON holds."""
    for value in (data["command"], *_require(data["output"], list)):
        _require(value, str)
    _require(data["status"], int | None)
    _require(data["seconds"], int | float)
    sightings = (
        Sighting(s["what"], s["name"], tuple(s["actions"]), s["one_off"]) for s in data["sightings"]
    )
    return StepRecord(
        **{
            **data,
            "output": tuple(data["output"]),
            "sightings": tuple(sightings),
            "ending": Ending(data["ending"]),
            "place": from_plain(data["place"]),
        }
    )


def _require(value: Any, kind: Any) -> Any:
    """Return a value; raise TypeError where it is of another kind."""
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is out of place")
    return value


def _migrated(data: dict[str, Any]) -> dict[str, Any]:
    """Return what format 1 holds as this format has it; a run of then has no seals."""
    runs = {}
    for spelling, run in data["runs"].items():
        items = [
            {**item, "seal": _UNSEALED, "steps": [_migrated_step(step) for step in item["steps"]]}
            for item in run["items"]
        ]
        runs[spelling] = {**run, "items": items, "images": {}, "depends": {}, "seal": _UNSEALED}
    return {**data, "runs": runs}


def _migrated_step(step: dict[str, Any]) -> dict[str, Any]:
    place = asdict(from_words(step["place"]), dict_factory=_fields)
    return {**step, "place": place, "ending": Ending.PROMPT.value}
