"""A small documentation project, and what a run of pytest in it says."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tests.terminal.forking import Child, run_pytest, start_pytest

# of what runs, Hypothesis alone takes as long to be imported as all else
_OPTIONS = ("-v", "-p", "no:cacheprovider", "-p", "no:hypothesispytest")


@dataclass(frozen=True)
class Outcome:
    """What a run of pytest said."""

    status: int
    text: str

    @property
    def verdicts(self) -> dict[str, str]:
        """Return item -> verdict, as `-v` prints them."""
        found = re.findall(
            r"^(\S+::\S+) (PASSED|FAILED|SKIPPED|ERROR)", self.text, flags=re.MULTILINE
        )
        return dict(found)

    @property
    def sentences(self) -> list[str]:
        """Return what seatrial itself said at the end, but for how many blocks have no record."""
        said = [line for line in self.text.splitlines() if line.startswith("seatrial: ")]
        return [line for line in said if not line.endswith("compared with promises")]


@dataclass(frozen=True)
class Started:
    """A run of pytest that goes on."""

    process: Child
    said: TextIO


@dataclass(frozen=True)
class Project:
    """A small documentation project."""

    folder: Path

    def write(self, name: str, text: str) -> Path:
        """Write a page under a title."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Title\n=====\n\n{text}")
        return path

    def read(self, name: str) -> str:
        """Return a page without its title."""
        return (self.folder / name).read_text().removeprefix("Title\n=====\n\n")

    @contextmanager
    def start(self, *arguments: str) -> Iterator[Started]:
        """Start pytest in the project."""
        reading, writing = os.pipe()
        child = start_pytest([*_OPTIONS, *arguments], self.folder, _environment(None), writing)
        os.close(writing)
        with os.fdopen(reading) as said:
            yield Started(child, said)
        child.wait()

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Outcome:
        """Run pytest in the project to its end."""
        given = _environment(environment)
        return Outcome(*run_pytest([*_OPTIONS, *arguments], self.folder, given))


def new_project(folder: Path) -> Project:
    """Return a project with its settings and an empty page."""
    folder.mkdir(exist_ok=True)
    (folder / "conf.py").write_text('extensions = ["seatrial.sphinx_ext"]\n')
    (folder / "index.rst").write_text("Title\n=====\n")
    (folder / "pytest.ini").write_text("[pytest]\nseatrial = .\n")
    return Project(folder)


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    """Return the environment of a run: nothing in it says that it is one within another."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return {**own, **(more or {})}
