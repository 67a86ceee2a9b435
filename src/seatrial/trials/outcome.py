"""What a run of a page gave: as a record, and as the promises that it would keep."""

from __future__ import annotations

import hashlib
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from seatrial.errors import SeatrialError, TranscriptError
from seatrial.run.engines import Engine
from seatrial.transcript.blocks import Block, Item, Page
from seatrial.transcript.events import Sighting
from seatrial.transcript.kinds import without_building
from seatrial.transcript.matching import ELISION
from seatrial.transcript.programs import Prompt
from seatrial.transcript.record import ItemRecord, Run, StepRecord, digest_of, sealed
from seatrial.transcript.steps import Step, with_promises
from seatrial.trials.verdicts import ItemResult, StepResult, Verdict

# the package whose code decides what a run gives
_CODE = Path(__file__).parents[1]


class Sights(Protocol):
    """Who knows what Docker did while a page ran."""

    def did(self, window: tuple[int, int]) -> tuple[Sighting, ...]:
        """Return what it did in a window of nanoseconds since the epoch."""

    def images(self) -> Mapping[str, str]:
        """Return the images of containers, each with its program's version."""

    def stand_ins(self) -> Mapping[str, str]:
        """Return service -> the official image for which it ran on a stand-in."""


def as_record(
    page: Page,
    items: Sequence[Item],
    results: Sequence[ItemResult],
    sights: Sights | None,
    project: Path | None,
    tools: Mapping[str, str],
) -> Run:
    """Return what a run gave, for the page's items as they are written now."""
    images = dict(sights.images()) if sights is not None else {}
    run = Run(
        ran=datetime.now(UTC).date().isoformat(),
        tools=dict(tools),
        images=images,
        stand_ins=dict(sights.stand_ins()) if sights is not None else {},
        depends={"name": page.name, **depends_on(items, project, tools, images)},
        items=tuple(
            ItemRecord(original.digest, tuple(steps_as_recorded(result, sights)))
            for original, result in zip(items, results, strict=True)
        ),
        images_heard=sights is not None,
    )
    return sealed(run)


def steps_as_recorded(result: ItemResult, sights: Sights | None) -> Iterator[StepRecord]:
    """Yield what the steps of an item gave, as far as they were run."""
    # what building images says is as long as it is different every time, and nobody reads it
    is_setup = isinstance(result.item, Block) and result.item.setup
    for step in result.steps:
        if step.verdict is not Verdict.NOT_RUN:
            output = step.output
            if "docker" in step.step.command:
                output = without_building(output, step.promised_lines)
            yield StepRecord(
                command=step.step.command,
                output=() if is_setup else output,
                status=step.status,
                place=step.place,
                seconds=round(step.seconds, 2),
                sightings=sights.did(step.window) if sights is not None else (),
                ending=step.ending,
            )


def is_strict(held: Run, tools: Mapping[str, str], images: Mapping[str, str]) -> bool:
    """Tell whether differences from a run that is held are failures.

    They are where all versions are the same; else a page's promises decide.
    """
    return {k: _main(v) for k, v in held.tools.items()} == {
        k: _main(v) for k, v in tools.items()
    } and all(images.get(name, version) == version for name, version in held.images.items())


def rewritten(
    pairs: Sequence[tuple[Item, ItemResult]], prompts: Sequence[Prompt]
) -> tuple[list[tuple[Block, Block]], list[SeatrialError]]:
    """Return the blocks that ran, each with the promises that this run would keep.

    With them come the reasons why some cannot be rewritten.
    """
    changes: list[tuple[Block, Block]] = []
    troubles: list[SeatrialError] = []
    for original, result in pairs:
        ran = result.verdict in (Verdict.PASSED, Verdict.DIFFERS)
        if isinstance(original, Block) and ran:
            promises = [_kept_promise(step) for step in result.steps]
            try:
                new = with_promises(original, promises, prompts)
            except TranscriptError as error:
                troubles.append(error)
            else:
                changes.append((original, new))
    return changes, troubles


def depends_on(
    items: Sequence[Item],
    project: Path | None,
    tools: Mapping[str, str],
    images: Mapping[str, str],
) -> dict[str, str]:
    """Return digests of what a run depends on: where none has changed, it would give the same."""
    return {
        "page": _digest(*(item.digest for item in items)),
        "project": digest_of(project) if project is not None else "",
        "tools": _digest(*(f"{k} {_main(v)}" for k, v in sorted({**tools, **images}.items()))),
        "code": digest_of(_CODE),
    }


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def tools_of(engine: Engine | None) -> dict[str, str]:
    """Return the versions of what runs a page: of Docker, or else of this machine."""
    return dict(engine.tools) if engine else system()


def system() -> dict[str, str]:
    """Return the versions of what a page without Docker runs on."""
    try:
        found = platform.freedesktop_os_release()
        name, version = found.get("NAME", "Linux"), found.get("VERSION_ID", "")
    except OSError:
        name, version = platform.system(), platform.release()
    return {name: version, "Python": platform.python_version()}


def _main(version: str) -> str:
    """Return the first two numbers of a version: later ones change no output that counts."""
    found = re.match(r"\d+(?:\.\d+)?", version)
    return found.group() if found else version


def newly_failed(result: ItemResult) -> tuple[StepResult, ...]:
    """Return the steps that ended with an exit status that is neither 0 nor promised."""
    return tuple(
        step for step in result.steps if step.status and step.status != (step.step.status or 0)
    )


def _kept_promise(result: StepResult) -> tuple[Step, Sequence[str], int | None]:
    """Return a step with the promise and the exit status that its run would keep."""
    step = result.step
    if result.comparison is not None:
        return step, _without_waiting(result), result.status
    # where no output is promised, the exit status still is
    return step, step.promise, step.status if result.status is None else result.status


def _without_waiting(result: StepResult) -> tuple[str, ...]:
    """Return a rewritten promise without the elision that waiting for a key added."""
    assert result.comparison is not None
    promise = result.comparison.rewritten
    waited = result.comparison.rows and result.comparison.rows[-1].promised == ELISION
    shown = result.step.promise[-1:] == (ELISION,)
    return promise[:-1] if waited and not shown else promise
