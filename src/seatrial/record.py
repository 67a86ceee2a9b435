"""What one run of one page gave, kept as a file that is reviewed like any other change."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from seatrial.errors import RecordError
from seatrial.matching import by_kind

FORMAT = 1


@dataclass(frozen=True)
class Sighting:
    """Something that Docker did while a step ran."""

    what: str
    # kind of object: "container", "network", "volume", "image"
    name: str
    # the service of a container, else the object's own name; never an identifier
    actions: tuple[str, ...]
    # in the order in which they happened
    one_off: bool = False


@dataclass(frozen=True)
class StepRecord:
    """What one step gave."""

    command: str
    output: tuple[str, ...]
    status: int | None
    # exit status; None where a program was left in front, which has none yet
    place: str
    # where it ran, in words: "your machine", "psql in db"
    seconds: float
    sightings: tuple[Sighting, ...] = ()


@dataclass(frozen=True)
class ItemRecord:
    """What a block or an edit gave."""

    digest: str
    # of the block or edit as it stood on the page when it ran
    steps: tuple[StepRecord, ...] = ()


@dataclass(frozen=True)
class Run:
    """One page run once, in one spelling."""

    ran: str
    # day of the run, as 2026-11-22
    tools: Mapping[str, str]
    # tool name -> version
    items: tuple[ItemRecord, ...]


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


def path_of(folder: Path, page: str) -> Path:
    """Return where the record of a page is kept."""
    return folder / f"{page}.json"


def load(folder: Path, page: str) -> Record | None:
    """Return a page's record, or None if it was never recorded.

    Raises RecordError where the file is no record of this format.
    """
    path = path_of(folder, page)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"cannot be read: {error}", where=str(path)) from error
    try:
        return _record(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(
            f"is no record of this format: {error}",
            where=str(path),
            hint="delete the file and record the page again",
        ) from error


def save(folder: Path, record: Record) -> bool:
    """Write a record, whole or not at all, and tell whether anything worth writing changed.

    A run whose outputs differ from the kept ones in nothing but identifiers, times and addresses
    is not written.  Raises RecordError where the file cannot be written; the old one then stays.
    """
    old = load(folder, record.page)
    if old is not None:
        runs = {
            spelling: old.runs[spelling]
            if spelling in old.runs and _essence(old.runs[spelling]) == _essence(run)
            else run
            for spelling, run in record.runs.items()
        }
        record = replace(record, runs=runs)
        if record == old:
            return False
    path = path_of(folder, record.page)
    text = json.dumps(_plain(record), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    write_whole(path, text)
    return True


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


def _essence(run: Run) -> object:
    """Return what makes a run worth recording anew."""
    items = [
        (
            item.digest,
            [
                (s.command, by_kind("\n".join(s.output)), s.status, s.place, _steady(s.sightings))
                for s in item.steps
            ],
        )
        for item in run.items
    ]
    return dict(run.tools), items


def _steady(sightings: Sequence[Sighting]) -> list[tuple[str, str, bool]]:
    """Return what was touched; how often a health check ran is no news."""
    return sorted({(s.what, s.name, s.one_off) for s in sightings})


def _plain(record: Record) -> dict[str, object]:
    """Return a record as JSON has it."""
    return {"format": FORMAT, **asdict(record)}


def _record(data: dict[str, object]) -> Record:
    """Return the record that JSON holds."""
    if data["format"] != FORMAT:
        raise ValueError(f"format {data['format']}, not {FORMAT}")
    runs = data["runs"]
    if not isinstance(runs, dict):
        raise TypeError("`runs` is no table")
    return Record(
        page=str(data["page"]),
        runs={
            spelling: Run(
                ran=run["ran"],
                tools=dict(run["tools"]),
                items=tuple(
                    ItemRecord(item["digest"], tuple(_step(step) for step in item["steps"]))
                    for item in run["items"]
                ),
            )
            for spelling, run in runs.items()
        },
    )


def _step(data: dict[str, object]) -> StepRecord:
    """Return the step that JSON holds."""
    fields = dict(data)
    fields["output"] = tuple(fields["output"])  # type: ignore[arg-type]
    fields["sightings"] = tuple(
        Sighting(s["what"], s["name"], tuple(s["actions"]), s["one_off"])
        for s in fields["sightings"]  # type: ignore[attr-defined]
    )
    return StepRecord(**fields)  # type: ignore[arg-type]
