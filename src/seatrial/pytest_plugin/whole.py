"""The last run of the very same command in which all passed: where no file differs, it is enough.

Files are compared before the site is read, so that a run without a change takes a moment.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from seatrial.errors import SeatrialError
from seatrial.pages.settings import Settings
from seatrial.run import cache, held
from seatrial.run.engines import find_engine
from seatrial.transcript.folders import contents, digest, digest_of_all, digest_of_file
from seatrial.transcript.record import write_whole
from seatrial.trials.inputs import of_engine, of_images, surroundings

# of the source directory: what is made there, and what no page is made of
_NO_SOURCE = (".git", "__pycache__", "*.pyc", ".venv*", ".*_cache", ".hypothesis", "_build")
# options of pytest-xdist, each in one word
_PROCESSES = re.compile(r"--(?:tx|dist|numprocesses)=|-n.")


@dataclass(frozen=True)
class Whole:
    """What has to be known to look at a site without reading it, and what was seen then."""

    source: str
    project: str
    """The sample project's folder; "" where there is none."""
    records: str
    requirements: list[str]
    spellings: list[str]
    """Those for which an engine was asked."""
    outside: list[str]
    """Files outside the source directory of which pages and conf.py are made."""
    runs: int
    inputs: dict[str, str]
    """What all of it depended on, each with a digest."""


def look(config: pytest.Config, whole: Whole) -> dict[str, str]:
    """Return what a run depends on at this moment.

    Raises SeatrialError where an engine does not answer.
    """
    source = Path(whole.source)
    project = Path(whole.project) if whole.project else None
    known = Settings(source, project, Path(whole.records), requirements=tuple(whole.requirements))
    around = surroundings(known, None)
    inputs = {"files": digest_of_all(contents(source, _NO_SOURCE)), **around.lasting, **around.here}
    files = [
        *whole.outside,
        *([str(config.inipath)] if config.inipath else []),
        *_conftests(config),
    ]
    inputs |= {file: digest_of_file(Path(file)) for file in files}
    inputs |= {name: digest(value) for name, value in held.variables(os.environ).items()}
    words = set(re.findall(r"\w+", (source / "conf.py").read_text(errors="replace")))
    inputs |= {name: digest(os.environ[name]) for name in sorted(words & os.environ.keys())}
    for spelling in whole.spellings:
        engine = find_engine(spelling)
        address = held.kind_of_address(engine.host)
        found = of_engine(engine.tools, address, private=engine.private)
        found |= of_images(held.images(engine))
        inputs |= {f"{name} ({spelling})": value for name, value in found.items()}
    return inputs


def _conftests(config: pytest.Config) -> list[str]:
    """Return the files in which a project changes what pytest does."""
    plugins = config.pluginmanager.get_plugins()
    files = (getattr(plugin, "__file__", None) or "" for plugin in plugins)
    return sorted(file for file in files if Path(file).name == "conftest.py")


def _path(config: pytest.Config) -> Path:
    """Return where the last run of this very command is kept."""
    # on how many processes it runs makes no difference
    asked = [each for each in config.invocation_params.args if not _PROCESSES.match(each)]
    words = [str(config.rootpath), str(config.invocation_params.dir), *asked]
    variables = [os.environ.get(name, "") for name in ("PYTEST_ADDOPTS", "SEATRIAL_COMPOSE")]
    return cache.folder("checked") / f"whole-{digest(*words, *variables)}.json"


def is_as_it_was(config: pytest.Config) -> Whole | None:
    """Return the last run of this command, where it passed and nothing has changed since."""
    try:
        data: dict[str, Any] = json.loads(_path(config).read_text(encoding="utf-8"))
        whole = Whole(**data)
        return whole if whole.inputs and look(config, whole) == whole.inputs else None
    except (OSError, ValueError, TypeError, AttributeError, SeatrialError):
        return None


def keep(config: pytest.Config, whole: Whole) -> None:
    """Keep a run in which all passed.

    Raises RecordError where it cannot be written.
    """
    write_whole(_path(config), json.dumps(asdict(whole), indent=1) + "\n")
