"""What a project's conf.py says: the table of settings, and what they come to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sphinx.application import Sphinx
from sphinx.config import Config

from seatrial.errors import SeatrialError
from seatrial.transcript.programs import PROMPTS, Prompt
from seatrial.transcript.spelling import CURRENT, SPELLINGS


@dataclass(frozen=True)
class Settings:
    """What a project's conf.py says about running its pages."""

    source: Path
    # the source directory
    project: Path | None
    # the sample project's folder; None where pages start from an empty one
    records: Path
    prompts: tuple[Prompt, ...] = PROMPTS
    timeout: float = 60.0
    # seconds for a step
    build_timeout: float = 600.0
    # seconds for a step that may build images
    strict: bool = False
    # output that nothing promises is a failure, also in a block that shows none
    spellings: tuple[str, ...] = (CURRENT,)
    record_command: str = "pytest --seatrial-record {page}"
    # what a writer types to record a page, which stands for `{page}`
    prose: tuple[str, ...] = ()
    # patterns of the pages whose literals in sentences are checked
    sources: tuple[str, ...] = ()
    # files and folders, relative to `source`, whose text counts as known there
    known: tuple[str, ...] = ()
    # what counts as known as well
    download: str = ""
    # where readers get the sample project: an address, or a file of the built site
    requirements: tuple[str, ...] = ()
    # arguments of `pip install` for the Python environment that pages see; none: pytest's own

    @property
    def project_name(self) -> str:
        """Return what Compose calls the sample project; "" where there is none."""
        return self.project.name if self.project else ""


@dataclass(frozen=True)
class Setting:
    """One setting of conf.py."""

    name: str
    default: object
    types: tuple[type, ...]
    words: str = ""
    """What it has to be; "" where that is said with what its parts have to be."""
    rebuild: Literal["", "env", "html"] = ""
    """What is made again where it changed: "env" reads pages again, "html" writes them again."""


#: All that can be set in conf.py.
SETTINGS: tuple[Setting, ...] = (
    Setting("seatrial_project", "", (str,), "a text", "env"),
    Setting("seatrial_download", "", (str,), "a text", "html"),
    Setting("seatrial_records", "records", (str,), "a text", "html"),
    Setting("seatrial_record_command", "pytest --seatrial-record {page}", (str,), "a text"),
    Setting("seatrial_environment", "", (str, list, tuple)),
    Setting("seatrial_prompts", [], (list, tuple), "a list", "env"),
    Setting("seatrial_spellings", (CURRENT,), (list, tuple), "a list", "env"),
    Setting("seatrial_timeout", 60.0, (int, float), "a number"),
    Setting("seatrial_build_timeout", 600.0, (int, float), "a number"),
    Setting("seatrial_strict", False, (bool,), "True or False"),
    Setting("seatrial_plain_shell_blocks", False, (bool,), "True or False", "env"),
    Setting("seatrial_prose", [], (list, tuple)),
    Setting("seatrial_prose_sources", [], (list, tuple)),
    Setting("seatrial_prose_known", [], (list, tuple)),
)


def settings(app: Sphinx) -> Settings:
    """Return the settings of a project.

    Raises SeatrialError where one of them makes no sense.
    """
    config = app.config
    _check_types(config)
    source = Path(app.srcdir)
    project = _project(config, source)
    spellings = _spellings(config)
    _check_timeouts(config)
    prompts = tuple(map(_prompt, config.seatrial_prompts))
    _check_lists(config)
    return Settings(
        source=source,
        project=project,
        records=source / config.seatrial_records,
        # a project's own prompts come first: they may be longer forms of the table's
        prompts=(*prompts, *PROMPTS),
        timeout=float(config.seatrial_timeout),
        build_timeout=float(config.seatrial_build_timeout),
        strict=bool(config.seatrial_strict),
        spellings=spellings,
        record_command=config.seatrial_record_command,
        prose=tuple(map(str, config.seatrial_prose)),
        sources=tuple(map(str, config.seatrial_prose_sources)),
        known=tuple(map(str, config.seatrial_prose_known)),
        download=config.seatrial_download,
        requirements=_requirements(config.seatrial_environment, source),
    )


def _check_types(config: Config) -> None:
    """Raise SeatrialError where a setting is of a type that it cannot have."""
    for each in SETTINGS:
        if each.words and not isinstance(config[each.name], each.types):
            raise SeatrialError(
                f"`{each.name}` has to be {each.words}: {config[each.name]!r}",
                where="conf.py",
                hint="correct it, or leave it out for what it is by itself",
            )


def _project(config: Config, source: Path) -> Path | None:
    """Return the sample project's folder; raises SeatrialError where it is not there."""
    project = source / config.seatrial_project if config.seatrial_project else None
    if project is not None and not project.is_dir():
        raise SeatrialError(
            f"`seatrial_project` names a folder that is not there: {config.seatrial_project}",
            where="conf.py",
            hint="give its path relative to conf.py",
        )
    return project


def _spellings(config: Config) -> tuple[str, ...]:
    """Return the spellings of Compose; raises SeatrialError where they are none that exist."""
    spellings = tuple(config.seatrial_spellings)
    if not spellings or not all(each in SPELLINGS for each in spellings):
        raise SeatrialError(
            f"`seatrial_spellings` has to name some of {', '.join(SPELLINGS)}: {spellings!r}",
            where="conf.py",
            hint='write it as ["v2"], or ["v2", "v1"] for both',
        )
    return spellings


def _check_timeouts(config: Config) -> None:
    """Raise SeatrialError where nothing could end in time."""
    for name in ("seatrial_timeout", "seatrial_build_timeout"):
        if not config[name] > 0:
            raise SeatrialError(
                f"`{name}` has to be more than 0 seconds: {config[name]!r}",
                where="conf.py",
                hint="leave it out for a minute a step, ten where images may be built",
            )


def _prompt(row: Any) -> Prompt:
    """Return a row of a project's own prompts; raises SeatrialError where it is none."""
    try:
        program, pattern, *continues = row
        if len(continues) > 1:
            raise ValueError("a row has two members, or three")
        if re.compile(pattern).fullmatch(""):
            raise ValueError("a prompt is never empty")
    except (ValueError, TypeError, re.error) as error:
        raise SeatrialError(
            f"`seatrial_prompts` has a row that is not a pair of program and pattern: {row!r}",
            where="conf.py",
            hint='write it as ("redis", r"redis> ")',
        ) from error
    return Prompt(program, pattern, continues=any(continues))


def _check_lists(config: Config) -> None:
    """Raise SeatrialError where a setting of the prose is not a list."""
    for name in ("seatrial_prose", "seatrial_prose_sources", "seatrial_prose_known"):
        if not isinstance(config[name], list | tuple):
            raise SeatrialError(
                f"`{name}` is not a list: {config[name]!r}",
                where="conf.py",
                hint='write it as ["...", "..."]',
            )


def _requirements(wanted: object, source: Path) -> tuple[str, ...]:
    """Return the arguments of `pip install` for an environment that a conf.py asks for.

    Raises SeatrialError where it names no requirements.
    """
    if isinstance(wanted, str):
        if wanted and not (source / wanted).is_file():
            raise SeatrialError(
                f"`seatrial_environment` names a file that is not there: {wanted}",
                where="conf.py",
                hint='give its path relative to conf.py, or a list such as ["django>=5"]',
            )
        return ("--requirement", str(source / wanted)) if wanted else ()
    if not isinstance(wanted, list | tuple) or not all(isinstance(each, str) for each in wanted):
        raise SeatrialError(
            f"`seatrial_environment` is not a list of requirements: {wanted!r}",
            where="conf.py",
            hint='write it as ["django>=5", "..[docs]"]',
        )
    arguments: list[str] = []
    for each in wanted:
        found = re.fullmatch(r"(\.\.?(?:/[^\[]*)?)(\[[^\]]*\])?", each)
        if found is None:
            arguments.append(each)
            continue
        path = (source / found[1]).resolve()
        # what is in a folder is used as it stands, also after a change
        arguments.extend(["--editable"] if path.is_dir() else [])
        arguments.append(f"{path}{found[2] or ''}")
    return tuple(arguments)
