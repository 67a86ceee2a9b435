"""`--seatrial-changed`: of the pages asked for, those run whose inputs are not as they were."""

from __future__ import annotations

import contextlib
import os
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from seatrial.errors import SeatrialError
from seatrial.pytest_plugin.judged import Judged, Spelt
from seatrial.pytest_plugin.notebooks import CellItem, StrangeNotebook
from seatrial.pytest_plugin.pages import BlockItem, ShortItem
from seatrial.pytest_plugin.trial import Trial
from seatrial.pytest_plugin.whole import BEGAN_WITH, Whole, is_as_it_was, keep, look
from seatrial.transcript.blocks import Page
from seatrial.transcript.spelling import CURRENT
from seatrial.trials.changes import Due, is_as_recorded, run_of, seconds_of, why_due, within
from seatrial.trials.checked import Checks
from seatrial.trials.inputs import Surroundings, inputs_of, surroundings

_OPTION = "--seatrial-changed"


def add_options(group: pytest.OptionGroup) -> None:
    """Add the options of this module."""
    group.addoption(
        "--seatrial-changed",
        action="store_true",
        help="run only the pages that have changed since they last passed here",
    )
    group.addoption(
        "--seatrial-look",
        action="store_true",
        help="with --seatrial-changed: run nothing; exit status 0 means that nothing has to run",
    )
    group.addoption(
        "--seatrial-at-most",
        type=float,
        metavar="SECONDS",
        help="run changed pages for about this many seconds, the longest unchecked first",
    )
    group.addoption(
        "--seatrial-always",
        action="append",
        default=[],
        metavar="PAGE::SPELLING",
        help="run this page in this spelling in any case, besides what changed",
    )


def require_sense(config: pytest.Config) -> None:
    """Raise UsageError where options exclude each other."""
    changed = config.getoption(_OPTION)
    for other in ("--seatrial-record", "--visible"):
        if changed and config.getoption(other):
            raise pytest.UsageError(
                f"{_OPTION} and {other} exclude each other: what passed is known of whole checks "
                "alone; leave one of the two options out"
            )
    for other in ("--seatrial-at-most", "--seatrial-always", "--seatrial-look"):
        if config.getoption(other) and not changed:
            raise pytest.UsageError(f"{other} needs {_OPTION}: add that, or leave it out")


@dataclass
class _Choice:
    """The runs that were asked for, sorted out."""

    trial: Trial
    always: frozenset[str]
    """Node ids, relative to the root of pytest, that run in any case."""
    around: dict[tuple[str, bool], Surroundings] = field(default_factory=dict)
    due: dict[Spelt, Due] = field(default_factory=dict)
    same: list[Spelt] = field(default_factory=list)

    def take(self, spelt: Spelt) -> None:
        """Put a run among those that are due, or among those that are as they were."""
        trial, spelling = self.trial, spelt.name
        settings = trial.tree.settings
        page = trial.tree.page(trial.place(spelt.path) or spelt.path)
        assert page is not None
        if spelt.nodeid in self.always:
            return
        run = run_of(page, spelling, settings)
        note, check = "", None
        try:
            check = Checks(settings.source).last(page.name, spelling)
        except ValueError as error:
            note = f"; {error}"
        try:
            around = self._around(page, spelling)
            now = inputs_of(page, spelling, settings, around)
        except SeatrialError as error:
            why = f"what it depends on is not known: {error.message}"
        else:
            engine = trial.engine(spelling) if trial.needs_engine(page) else None
            if check is not None and dict(check.inputs) == dict(now):
                self.same.append(spelt)
                return
            recorded = is_as_recorded(run, page, settings, around, engine)
            recorded = recorded and check is None and not note
            # recording runs no short form
            in_short = page.short is not None and spelling == CURRENT
            if recorded and not in_short:
                self.same.append(spelt)
                return
            why = "its short form has not passed here" if recorded else why_due(check, now, run)
        last = check.when if check is not None else 0.0
        self.due[spelt] = Due(page.name, spelling, why + note, last, seconds_of(check, run))

    def _around(self, page: Page, spelling: str) -> Surroundings:
        """Return what the run depends on besides its page; it is looked at once a spelling."""
        needed = self.trial.needs_engine(page)
        key = (spelling, needed)
        if key not in self.around:
            engine = self.trial.engine(spelling) if needed else None
            self.around[key] = surroundings(self.trial.tree.settings, engine)
        return self.around[key]


def pass_over_the_same(config: pytest.Config, trial: Trial, items: list[pytest.Item]) -> None:
    """Leave out the items of pages that are as they were, and note why the others run."""
    if not config.getoption(_OPTION) or trial.known is None:
        return
    only_pages = all(isinstance(item, Judged | StrangeNotebook) for item in items)
    runs = {
        item.parent: None for item in items if isinstance(item, BlockItem | ShortItem | CellItem)
    }
    if not runs:
        return
    choice = _Choice(trial, frozenset(config.getoption("--seatrial-always")))
    for spelt in runs:
        choice.take(spelt)
    today = datetime.now(UTC).toordinal()
    now, left = within(list(choice.due.values()), config.getoption("--seatrial-at-most"), today)
    out = {*choice.same, *(spelt for spelt, due in choice.due.items() if due in left)}
    deselected = [item for item in items if item.parent in out]
    items[:] = [item for item in items if item.parent not in out]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
    notes = [each.words for each in now]
    if left:
        notes.append(f"left for `make check CHANGED=1`: {', '.join(each.name for each in left)}")
    notes.append(_in_all(len(choice.due), len(choice.same), len(runs)))
    trial.tally.notes.update(dict.fromkeys(notes))
    trial.tally.passed_over += len(choice.same)
    if only_pages and not left and not choice.always:
        config.stash[_TO_KEEP] = _Start(_whole(config, trial, len(runs), choice), now)


@dataclass(frozen=True)
class _Start:
    """How a run began that covers all that its command asks for."""

    whole: Whole
    due: list[Due]


_TO_KEEP = pytest.StashKey[_Start]()


def hand_over(config: pytest.Config) -> dict[str, Any] | None:
    """Return how a run began in plain values, for the process that started this one."""
    start = config.stash.get(_TO_KEEP, None)
    return asdict(start) if start is not None else None


def take_over(config: pytest.Config, plain: dict[str, Any] | None) -> None:
    """Take note of how a run began; all processes of one have collected the same."""
    if plain is not None:
        due = [Due(**each) for each in plain["due"]]
        config.stash[_TO_KEEP] = _Start(Whole(**plain["whole"]), due)


def _whole(config: pytest.Config, trial: Trial, runs: int, choice: _Choice) -> Whole:
    """Return what is to be known of this run, so that the next one need not read the site."""
    tree = trial.tree
    known = tree.settings
    whole = Whole(
        source=str(known.source),
        project=str(known.project or ""),
        records=str(known.records),
        requirements=list(known.requirements),
        spellings=sorted(spelling for spelling, needed in choice.around if needed),
        outside=list(map(str, tree.outside)),
        runs=runs,
        inputs={},
    )
    with contextlib.suppress(SeatrialError):
        return replace(whole, inputs=look(config, whole))
    return whole


def keep_whole(config: pytest.Config) -> None:
    """Keep a run that passed, where every page of it is checked and nothing changed meanwhile."""
    start = config.stash.get(_TO_KEEP, None)
    if start is None or not start.whole.inputs:
        return
    checks = Checks(Path(start.whole.source))
    with contextlib.suppress(SeatrialError, ValueError):
        for each in start.due:
            check = checks.last(each.page, each.spelling)
            if check is None or check.when == each.last:
                return
        if look(config, start.whole) == start.whole.inputs:
            keep(config, start.whole)


def end_at_once(config: pytest.Config) -> int | None:
    """Return the exit status of a run that needs no page; None where pages are to be read.

    Says so where all that is asked for passed before as it is now.
    """
    config.stash[BEGAN_WITH] = dict(os.environ)
    wanted = config.getoption(_OPTION) and config.getini("seatrial")
    others = ("collectonly", "visible", "seatrial_record", "version", "help")
    if not wanted or any(config.getoption(each, False) for each in others):
        return None
    if hasattr(config, "workerinput"):
        return None
    if (whole := is_as_it_was(config)) is None:
        return pytest.ExitCode.TESTS_FAILED if config.getoption("--seatrial-look") else None
    print(f"seatrial: {_in_all(0, whole.runs, whole.runs)}")
    return pytest.ExitCode.OK


def _in_all(due: int, same: int, runs: int) -> str:
    """Return how many of the runs asked for changed, as a sentence."""
    if same == runs:
        return f"nothing changed: all {runs} runs passed before with the very same inputs"
    return f"{due} of {runs} runs changed; {same} passed before with the very same inputs"
