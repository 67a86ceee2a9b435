"""Files that pytest leaves out: by its own rules, or because somebody asked for it."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from pathlib import Path

import pytest

from seatrial.pytest_plugin.judged import ProblemItem
from seatrial.pytest_plugin.pages import PageFile
from seatrial.pytest_plugin.trial import Trial, absolute

_BY_CODE = "a conftest.py or a plugin leaves it out"


def is_left_out_unasked(config: pytest.Config, folder: Path) -> bool:
    """Tell whether pytest's own rules, and not a person, keep it out of a folder."""
    if (folder / "pyvenv.cfg").is_file():
        return True
    return any(fnmatch.fnmatch(folder.name, each) for each in config.getini("norecursedirs"))


def not_collected(session: pytest.Session, trial: Trial) -> Iterator[ProblemItem]:
    """Yield a failure for each page with blocks that was asked for and that pytest left out."""
    if not trial.was_read or (tree := trial.known) is None:
        return
    asked = [trial.place(each) or each for each in trial.asked]
    for page in tree.pages:
        place = trial.source / page.source
        if place in trial.collected or not (page.items or page.problems or page.look_alikes):
            continue
        if trial.is_elsewhere(place) or not any(place.is_relative_to(each) for each in asked):
            continue
        why = _left_out_by(session.config, trial.named / page.source)
        words = f"{page.source}: this page was not collected: {why or _BY_CODE}"
        if why and why.startswith("--"):
            trial.tally.notes[words] = None
        else:
            parent = PageFile.from_parent(session, path=place)
            yield ProblemItem.from_parent(parent, name="not-collected", problem=words)


def _left_out_by(config: pytest.Config, path: Path) -> str:
    """Return which option of pytest leaves a file out, and whether a person has typed it."""
    given = [(each, "--ignore") for each in config.getoption("ignore") or ()]
    given += [(each, "--ignore-glob") for each in config.getoption("ignore_glob") or ()]
    for each, option in given:
        ignored = absolute(config.invocation_params.dir / each)
        if any(fnmatch.fnmatch(str(p), str(ignored)) for p in (path, *path.parents)):
            # a process of pytest-xdist is told by another one
            typed = getattr(config, "workerinput", {}).get("mainargv")
            typed = typed or config.invocation_params.args
            typed = any(str(argument).split("=")[0] == option for argument in typed)
            return f"{option} {each}" if typed else f"addopts has {option} {each}"
    return ""
