"""A page as pytest has it: a run for each spelling of Compose, an item for each block."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.errors import SeatrialError
from seatrial.pytest_plugin.checking import Checking
from seatrial.pytest_plugin.judged import (
    Failure,
    Judged,
    ProblemItem,
    Spelt,
    docker_or_skip,
    look_alikes,
    prose,
)
from seatrial.pytest_plugin.trial import TRIAL
from seatrial.run.engines import Engine
from seatrial.transcript.blocks import Item, Page
from seatrial.transcript.spelling import CURRENT, OLD
from seatrial.trials.outcome import newly_failed
from seatrial.trials.page import PageRun, has_failed, has_passed
from seatrial.trials.short import in_short, why_it_fails
from seatrial.trials.trusted import record_command, trusted_record
from seatrial.trials.verdicts import ItemResult, Verdict, explain


class PageFile(pytest.File):
    """A page."""

    page: Page

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield the page's problems and its runs, one a spelling."""
        trial = self.config.stash[TRIAL]
        if trial.trouble:
            raise self.CollectError(trial.trouble)
        page = self.page
        yield from look_alikes(self, page)
        for number, problem in enumerate(page.problems, start=1):
            yield ProblemItem.from_parent(self, name=f"problem-{number}", problem=problem)
        if page.shows_nothing_true:
            problem = f"{page.source}: no block of this page runs, so it shows nothing true"
            yield ProblemItem.from_parent(self, name="runs-no-step", problem=problem)
        for spelling in trial.spellings(page):
            yield SpeltPage.from_parent(self, name=spelling, page=page)
        yield from prose(self, page)


class SpeltPage(Spelt):
    """A page in one spelling: its items share a sandbox."""

    def __init__(self, *, page: Page, **more: object) -> None:
        super().__init__(**more)
        self.page = page
        self.run: PageRun | None = None
        self.checking: Checking | None = None
        self.passed = self.failed = False
        # what the run came to that is closed
        self.short_held: bool | None = None
        # None as long as the short form was not run

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for each block and edit, in reading order."""
        nth: Counter[str] = Counter()
        for item in self.page.items:
            section = item.section or "top"
            nth[section] += 1
            yield BlockItem.from_parent(self, name=f"{section}-{nth[section]}", item=item)
        short = self.page.short
        if short and self.has_short_form and not (self.trial.recording or self.trial.visible):
            yield ShortItem.from_parent(self, name="short", line=short.line)

    @property
    def has_short_form(self) -> bool:
        """Tell whether the page has a short form, which is written for Compose 2 and later."""
        return self.page.short is not None and self.name == CURRENT

    def result(self, ordinal: int) -> ItemResult:
        """Run the page up to an item and return what became of it."""
        if self.run is None:
            engine = self._engine
            # the page as it stands now: a run before may have rewritten its promises
            page = self.trial.tree.page(self.trial.source / self.page.source) or self.page
            settings = self.trial.tree.settings
            self.checking = Checking(self.trial, page, self.name)
            promises_alone = self.trial.recording or self.trial.visible
            self.run = PageRun(
                page,
                settings,
                engine,
                recording=self.trial.recording,
                visible=self.trial.visible,
                say=self._say,
                record=None if promises_alone else trusted_record(self.page, self.name, settings),
            )
        return self.run.through(ordinal)

    def short_form(self) -> str:
        """Run the page's short form in a sandbox of its own, and return why it fails, if it does.

        The page's own run has ended by then: both would publish the same ports.
        """
        self._end_run()
        short = self.page.short
        assert short is not None
        engine = self._engine
        self.checking = self.checking or Checking(self.trial, self.page, self.name)
        own = in_short(self.page, short)
        run = PageRun(own, self.trial.tree.settings, engine, say=self._say)
        try:
            run.through(len(own.items))
            why = why_it_fails(run, short)
            self.short_held = not why
            return why
        finally:
            run.close()
            self.trial.tally.steps += run.steps_run
            self.trial.tally.shorts += bool(self.short_held)

    @property
    def _engine(self) -> Engine | None:
        """Return the engine that the page needs, if it needs one."""
        return self.trial.engine(self.name) if self.trial.needs_docker(self.page) else None

    def _say(self, line: str) -> None:
        """Print a line on the terminal, also where the output of tests is captured."""
        plugins = self.config.pluginmanager
        capture = plugins.get_plugin("capturemanager")
        if reporter := plugins.get_plugin("terminalreporter"):
            with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
                reporter.ensure_newline()
                # with its end: `write_line` keeps that back, and who reads lines would wait for it
                reporter.write(f"{line}\n", flush=True)

    def teardown(self) -> None:
        """Close the run, and keep what it came to as the page's last check."""
        try:
            self._end_run()
        finally:
            checking, self.checking = self.checking, None
            if checking is not None:
                held = self.short_held or not self.has_short_form
                failed = self.failed or self.short_held is False
                checking.end(passed=self.passed and held, failed=failed)

    def _end_run(self) -> None:
        """Close the run and, where asked to, write down what it gave."""
        run, self.run = self.run, None
        if run is None:
            return
        trouble = ""
        try:
            if self.trial.recording and not run.interrupted:
                self.trial.recorder.take(run)
        except SeatrialError as error:
            trouble = str(error)
        finally:
            run.close()
            tally = self.trial.tally
            tally.steps += run.steps_run
            tally.unrecorded += run.unrecorded
            tally.add(run.results, strict=self.trial.tree.settings.strict)
            self.passed, self.failed = has_passed(run), has_failed(run)
        if trouble:
            # raised out here: pytest would show what caused it, in Python's words
            pytest.fail(trouble, pytrace=False)


class BlockItem(Judged):
    """A block or an edit of a page."""

    parent: SpeltPage

    def __init__(self, *, item: Item, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.item = item

    def runtest(self) -> None:
        """Run the page up to this item; raise Failure, or skip, with the reason."""
        with docker_or_skip(self.parent.trial):
            result = self.parent.result(self.item.ordinal)
        run = self.parent.run
        if result.verdict is Verdict.NOT_RUN:
            self.parent.pass_over(result.reason, run.stopped_by if run is not None else None)
        if result.failed and not (run is not None and run.will_mend(result)):
            told = explain(result, self.parent.name if self.parent.name == OLD else "")
            if result.verdict is Verdict.UNLIKE:
                settings = self.parent.trial.tree.settings
                command = record_command(self.parent.page, settings)
                told += f"\nhint: where the page is still right with that, type `{command}`"
            raise Failure(told)
        if worse := newly_failed(result):
            # the page is written all the same, and nobody may overlook what it says from now on
            self.parent.trial.tally.worse.extend(
                f"{result.item.source}:{step.step.line}: `{step.step.shown[0].strip()}` "
                f"now ends with exit status {step.status}"
                for step in worse
            )
            raise Failure(explain(replace(result, steps=worse)))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the block stands."""
        return self.path, self.item.line - 1, f"{self.parent.name}::{self.name}"


class ShortItem(Judged):
    """The short form of a page, by itself in a sandbox of its own."""

    parent: SpeltPage

    def __init__(self, *, line: int, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.line = line

    def runtest(self) -> None:
        """Run it; raise Failure with the reason where its claim, or a promise of it, fails."""
        with docker_or_skip(self.parent.trial):
            why = self.parent.short_form()
        if why:
            raise Failure(why)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the short form stands."""
        return self.path, self.line - 1, f"{self.parent.name}::{self.name}"
