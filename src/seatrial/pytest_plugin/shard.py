"""Which pages are this machine's, chosen by file before any page is read.

What is dealt are files below the folder of `conf.py` whose names look like pages.  Some are none,
such as a README: they make a share lighter, and no page is lost.  A file that was not among them,
but is a page after all, falls to a share by its name.  Files of Python are not dealt: every share
runs them.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median

import pytest
from _pytest.junitxml import xml_key

from seatrial.pytest_plugin.left_out import is_left_out_unasked
from seatrial.pytest_plugin.trial import Trial, absolute
from seatrial.transcript.shares import (
    Share,
    deal,
    fingerprint,
    read_share,
    recorded_seconds,
    share_by_name,
)

OPTION = "--seatrial-shard"
_SUFFIXES = (".ipynb", ".md", ".rst", ".txt")
_UNRECORDED = 1.0
# seconds that a page without a record counts: most such pages run nothing


@dataclass(frozen=True)
class Shard:
    """A share of the pages that a run was asked for."""

    share: Share
    recorded: Mapping[str, float]
    """Page or notebook -> seconds: those with a record, and notebooks at the median of these."""
    others: frozenset[str]
    """Files that may be pages, and have no record."""

    @cached_property
    def seconds(self) -> dict[str, float]:
        """Return what is dealt, with the seconds that it counts."""
        return {**dict.fromkeys(self.others, _UNRECORDED), **self.recorded}

    @cached_property
    def names(self) -> frozenset[str]:
        """Return what was dealt to this share."""
        return frozenset(deal(self.seconds, self.share.of)[self.share.number - 1])

    def holds(self, name: str) -> bool:
        """Tell whether a file, named below the folder of conf.py, is in this share."""
        if name.endswith(".py"):
            return True
        if name in self.recorded or name in self.others:
            return name in self.names
        return share_by_name(name, self.share.of) == self.share.number

    @property
    def expected(self) -> list[str]:
        """Return the files of this share that have something to run, as far as one can know."""
        known = self.recorded or self.others
        return sorted(self.names & set(known))

    @property
    def may_be_empty(self) -> bool:
        """Tell whether no test in this share is right, because other shares have the pages."""
        return bool(self.seconds) and not self.expected

    @property
    def summary(self) -> str:
        """Return which share ran, in words."""
        share = f"seatrial: share {self.share.number} of {self.share.of}"
        if self.may_be_empty:
            return f"{share}: no page is left for this share, so nothing had to run"
        if not self.recorded:
            return f"{share}: {len(self.names):,} of {len(self.others):,} pages, none with a record"
        mine = sum(self.recorded[name] for name in self.expected)
        return (
            f"{share}: {len(self.expected):,} of {len(self.recorded):,} pages, "
            f"about {mine:,.0f} of {sum(self.recorded.values()):,.0f} recorded seconds"
        )

    def properties(self) -> dict[str, str]:
        """Return what `seatrial join` has to know, as a report holds it."""
        return {
            "seatrial-shard": str(self.share),
            "seatrial-deal": fingerprint(self.seconds),
            "seatrial-pages": str(len(self.expected)),
        }


def shard_of(config: pytest.Config, trial: Trial) -> Shard | None:
    """Return the share that was asked for; raises UsageError for what is none."""
    typed = config.getoption(OPTION)
    if typed is None:
        return None
    try:
        share = read_share(typed)
    except ValueError as error:
        raise pytest.UsageError(f"{OPTION} {typed}: {error}") from error
    names = frozenset(_files(config, trial))
    folder = trial.source / records_folder(trial.source / "conf.py")
    recorded = {
        name: seconds
        for name in sorted(names)
        if (seconds := recorded_seconds(folder / Path(name).with_suffix(".json"), trial.only))
    }
    notebooks = [name for name in sorted(names - set(recorded)) if name.endswith(".ipynb")]
    typical = median(recorded.values()) if recorded else _UNRECORDED
    recorded |= dict.fromkeys(notebooks, typical)
    return Shard(share, recorded, names - set(recorded))


def _files(config: pytest.Config, trial: Trial) -> Iterator[str]:
    """Yield the files that may be pages, without folders in which tools put things."""
    for folder, folders, files in os.walk(trial.source):
        here = Path(folder)
        folders[:] = [
            name
            for name in folders
            if name != "_build"
            and not is_left_out_unasked(config, here / name)
            and trial.is_near_what_is_asked(here / name)
        ]
        for name in files:
            if name.endswith(_SUFFIXES) and trial.is_near_what_is_asked(here / name):
                yield (here / name).relative_to(trial.source).as_posix()


def records_folder(conf: Path) -> str:
    """Return the folder of records that conf.py names in so many letters, or the default."""
    try:
        statements = ast.parse(conf.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        # who reads the pages tells it
        return "records"
    for each in statements:
        match each:
            case ast.Assign(
                targets=[ast.Name(id="seatrial_records")], value=ast.Constant(value=str() as name)
            ):
                return name
    return "records"


class Sharding:
    """Hooks of a run that takes one share; registered for no other run."""

    def __init__(self, trial: Trial, shard: Shard) -> None:
        self.trial = trial
        self.shard = shard

    def is_elsewhere(self, path: Path) -> bool:
        """Tell whether a file may be a page, and is of another share."""
        place = self.trial.place(path)
        if place is None:
            return False
        return not self.shard.holds(place.relative_to(self.trial.source).as_posix())

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Put into the report which share it is of."""
        if xml := session.config.stash.get(xml_key, None):
            for name, value in self.shard.properties().items():
                xml.add_global_property(name, value)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Forget files that were asked for and are of another share: pytest would miss them."""
        config = session.config
        folder = config.invocation_params.dir
        for typed in list(config.args):
            path = absolute(folder / typed.partition("::")[0])
            if path.is_file() and self.is_elsewhere(path):
                config.args.remove(typed)

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Leave out what other shares run."""
        return True if collection_path.is_file() and self.is_elsewhere(collection_path) else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Let a share pass that had no page to run."""
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self.shard.may_be_empty:
            session.exitstatus = pytest.ExitCode.OK

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which share ran."""
        terminalreporter.write_line(self.shard.summary)


def take_share(config: pytest.Config, trial: Trial) -> None:
    """Have this run take a share, if one was asked for; raises UsageError for what is none."""
    if shard := shard_of(config, trial):
        sharding = Sharding(trial, shard)
        trial.is_elsewhere = sharding.is_elsewhere
        config.pluginmanager.register(sharding, "seatrial-shard")
