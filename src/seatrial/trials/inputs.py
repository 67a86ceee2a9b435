"""What a run of a page depends on: where none of it has changed, it would come to the same.

The names are read by people: "example/docker-compose.yml", "Docker", "image postgres:17".
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seatrial.errors import SeatrialError, TranscriptError
from seatrial.pages.settings import Settings
from seatrial.run import held
from seatrial.run.engines import Engine
from seatrial.transcript.blocks import Edit, Item, Page
from seatrial.transcript.cells import text_of
from seatrial.transcript.folders import NOT_COPIED, contents, digest, digest_of_all, digest_of_file
from seatrial.transcript.programs import Prompt
from seatrial.transcript.record import path_of
from seatrial.transcript.spelling import CURRENT
from seatrial.transcript.steps import parse

#: What is typed on a page, and what it edits; with the options that decide how that is run.
COMMANDS = "its commands"
#: What a page promises of that.
PROMISES = "its promises"
#: Which of its blocks and edits its short form names, and for which claim.
SHORT = "its short form"
#: What it gave when it was recorded.
RECORD = "its record"

Inputs = Mapping[str, str]

_PACKAGE = Path(__file__).parents[1]
_NOTEBOOK = ".ipynb"
# commands that may show any image that the engine holds
_LISTS_IMAGES = re.compile(r"\bdocker (?:images|image|system|rmi)\b")
# of folders with the code of a project: what is made there, and what no program reads
_NO_CODE = (*NOT_COPIED, ".*", "_build", "build", "dist", "*.egg-info")


@dataclass(frozen=True)
class Asked:
    """What one item of a page asks for."""

    typed: str
    """Digest of what is typed or edited, with the options that decide how it is run."""
    promised: str
    """Digest of what is promised of it."""


def asked(item: Item, prompts: Sequence[Prompt]) -> Asked:
    """Return the two digests of an item; of a block that is no transcript, all of it is typed."""
    if isinstance(item, Edit):
        parts = (item.lines, item.file, item.new, item.was, item.not_run)
        return Asked(digest("edit", repr(parts)), "")
    options = (item.terminal, item.timeout, item.not_run, item.only, item.setup, item.plain)
    try:
        steps = parse(item, prompts)
    except TranscriptError:
        return Asked(digest("unreadable", repr((item.lines, options))), "")
    typed = [(step.prompt, step.program, step.typed) for step in steps]
    promised = [(step.promise, step.status, step.remarks) for step in steps]
    # with the lines as they stand: what no step holds, such as a comment, may be compared as well
    kept = (item.lines, promised, item.varies, bool(item.claim))
    return Asked(digest("block", repr((typed, options))), digest(repr(kept)))


@dataclass(frozen=True)
class Surroundings:
    """What the runs of all pages in one spelling depend on, taken together at one moment."""

    lasting: Inputs
    """What stays as it is on another machine: the sample's files, settings, and our own code."""
    here: Inputs
    """What may be different elsewhere: system, Python, variables, and the engine's versions."""
    images: Mapping[str, str]
    """The images that the engine holds -> identifier."""
    texts: tuple[str, ...]
    """The files of the sample project, as far as they are text."""


def lasting_inputs(settings: Settings) -> Inputs:
    """Return what runs depend on besides their pages, as far as it is the same elsewhere."""
    files = contents(settings.project) if settings.project is not None else {}
    lasting = {f"{settings.project_name}/{name}": found for name, found in files.items()}
    lasting["settings in conf.py"] = _digest_of_settings(settings)
    lasting |= dict(_required(settings))
    code = contents(_PACKAGE, ("__pycache__", "*.pyc", "static"))
    lasting["seatrial's own code"] = digest_of_all(code)
    return lasting


def surroundings(settings: Settings, engine: Engine | None) -> Surroundings:
    """Return what runs depend on besides their pages; without an engine of those without Docker.

    Raises EngineUnavailableError where the engine went away.
    """
    lasting = lasting_inputs(settings)
    seen = engine.environment if engine is not None else {"PATH": os.environ.get("PATH", "")}
    here = {
        "Python packages": digest(*held.installed()),
        **{name: digest(value) for name, value in held.machine().items()},
        **{name: digest(value) for name, value in sorted(held.variables(seen).items())},
    }
    if engine is None:
        return Surroundings(lasting, here, {}, ())
    here |= of_engine(engine.tools, held.kind_of_address(engine.host), private=engine.private)
    return Surroundings(lasting, here, held.images(engine), tuple(_texts(settings.project)))


def inputs_of(page: Page, spelling: str, settings: Settings, around: Surroundings) -> Inputs:
    """Return what a run of a page or notebook depends on, with a digest of each, in order.

    Raises SeatrialError where a notebook cannot be read.
    """
    written, texts = _written(page, settings)
    short = page.short if spelling == CURRENT else None
    return {
        **written,
        **({SHORT: digest(repr((short.steps, short.claim)))} if short else {}),
        RECORD: _digest_of_record(page, spelling, settings),
        **_besides(texts, around),
    }


def besides(page: Page, settings: Settings, around: Surroundings) -> Inputs:
    """Return what a run of a page depends on besides what stands on it, with a digest of each."""
    return _besides(_written(page, settings)[1], around)


def _besides(texts: Sequence[str], around: Surroundings) -> dict[str, str]:
    images = relevant(around.images, [*texts, *around.texts])
    return {**around.lasting, **around.here, **of_images(images)}


def lasting_digest(page: Page, settings: Settings, lasting: Inputs) -> str:
    """Return one digest of all that stays as it is on another machine, for the page's record."""
    return digest_of_all({**_written(page, settings)[0], **lasting})


def _written(page: Page, settings: Settings) -> tuple[dict[str, str], list[str]]:
    """Return digests of what stands on a page, and that as texts."""
    if page.source.endswith(_NOTEBOOK):
        return _in_notebook(page, settings)
    each = [asked(item, settings.prompts) for item in page.items]
    digests = {
        COMMANDS: digest(*(one.typed for one in each)),
        PROMISES: digest(*(one.promised for one in each)),
    }
    return digests, ["\n".join(item.lines) for item in page.items]


def _in_notebook(page: Page, settings: Settings) -> tuple[dict[str, str], list[str]]:
    """Return the same of a notebook: its cells are typed, and their stored outputs promised."""
    try:
        text = (settings.source / page.source).read_text(encoding="utf-8")
        cells: list[dict[str, Any]] = json.loads(text)["cells"]
        typed = [
            (text_of(cell["source"]), cell["metadata"].get("tags", ()))
            for cell in cells
            if cell["cell_type"] == "code"
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SeatrialError(f"is not a notebook: {error}", where=page.source) from error
    digests = {COMMANDS: digest(repr(typed)), PROMISES: digest(text)}
    return digests, [code for code, _ in typed]


def of_engine(tools: Mapping[str, str], address: str, *, private: bool) -> dict[str, str]:
    """Return what a run depends on of an engine: versions, whose it is, and how it is reached."""
    whose = "ours" if private else f"a user's, at {address}"
    versions = {name: digest(version) for name, version in sorted(tools.items())}
    return {**versions, "the kind of engine": digest(whose)}


def of_images(images: Mapping[str, str]) -> dict[str, str]:
    """Return what a run depends on of images."""
    return {f"image {name}": digest(found) for name, found in sorted(images.items())}


def relevant(images: Mapping[str, str], texts: Sequence[str]) -> dict[str, str]:
    """Return the images whose names occur in some texts; all, where images are listed there."""
    text = "\n".join(texts)
    if _LISTS_IMAGES.search(text):
        return dict(images)
    return {
        name: identifier
        for name, identifier in images.items()
        if name.rpartition(":")[0].rpartition("/")[2] in text
    }


def _texts(folder: Path | None) -> Iterator[str]:
    """Yield the files of the sample project, as far as they are text."""
    for name in contents(folder) if folder is not None else ():
        assert folder is not None
        path = folder / name
        if path.is_file():
            yield path.read_bytes().decode("utf-8", "replace")


def _digest_of_record(page: Page, spelling: str, settings: Settings) -> str:
    """Return a digest of what a run is compared with besides the page; "" where there is none."""
    try:
        text = path_of(settings.records, page.name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    try:
        run = json.loads(text)["runs"].get(spelling)
    except (ValueError, KeyError, TypeError, AttributeError):
        return digest(text)
    return digest(json.dumps(run, sort_keys=True)) if run is not None else ""


def _digest_of_settings(known: Settings) -> str:
    """Return a digest of the settings that decide how a page is run and judged."""
    name = known.project_name
    return digest(repr((known.prompts, known.timeout, known.build_timeout, known.strict, name)))


def _required(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield what the pages' own Python environment is made of, and what of it is used in place."""
    if settings.requirements:
        yield "settings in conf.py: seatrial_environment", digest(*settings.requirements)
    for argument in settings.requirements:
        path = Path(argument.partition("[")[0])
        if path.is_absolute() and path.is_dir():
            yield f"the package in {path.name}/", digest_of_all(_code_of(path, settings))
        elif path.is_absolute():
            yield path.name, digest_of_file(path)
    for folder in held.in_place():
        # our own code has a digest of its own
        if not _PACKAGE.is_relative_to(folder):
            yield f"the package in {folder.name}/", digest_of_all(_code_of(folder, settings))


def _code_of(folder: Path, settings: Settings) -> dict[str, str]:
    """Return the files of a package that is used where it lies, but for the pages' own."""
    inside = settings.source.relative_to(folder) if settings.source.is_relative_to(folder) else None
    pages = (".rst", ".md", _NOTEBOOK)
    return {
        name: found
        for name, found in contents(folder, _NO_CODE).items()
        if inside is None or not Path(name).is_relative_to(inside) or not name.endswith(pages)
        if not (folder / name).is_relative_to(settings.records)
    }


def differences(then: Inputs, now: Inputs) -> list[str]:
    """Return what is not as it was, in words, in the order of `now`, then what is gone."""
    changed = [
        f"{name} {'changed' if name in then else 'is new'}"
        for name, found in now.items()
        if then.get(name) != found
    ]
    return [*changed, *(f"{name} is gone" for name in then if name not in now)]
