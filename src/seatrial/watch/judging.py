"""Judges a page in the quickest way that is true: by its last run, on top of it, or all of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from seatrial.errors import SeatrialError
from seatrial.pages.settings import Settings
from seatrial.run.engines import Engine, find_engine
from seatrial.transcript.blocks import Block, Page
from seatrial.transcript.commands import needs_docker
from seatrial.transcript.record import Record
from seatrial.transcript.spelling import CURRENT
from seatrial.trials import outputs
from seatrial.trials.again import RunAgain, Unheard, Warm, fits_on
from seatrial.trials.inputs import asked, besides, differences, lasting_inputs, surroundings
from seatrial.trials.outputs import Heard, Outputs
from seatrial.trials.recording import Recorder
from seatrial.trials.trusted import trusted_record
from seatrial.watch.telling import Steps, say, verdict


class Superseded(Exception):  # noqa: N818 (no error: what is newer is looked at)
    """Something was saved, or a key pressed, while a page ran."""


@dataclass(frozen=True)
class _Last:
    """The last run of a page, as far as it came."""

    page: Page
    outputs: Outputs
    """What it gave; of its inputs those that are the same on another machine."""
    on_top: bool = False
    """It went on in the sandbox of an earlier try."""


class Judge:
    """Judges pages one after the other; of the last one that ran, the sandbox stays open.

    `look` is called before each step and may raise Superseded.
    """

    def __init__(self, spelling: str, look: Callable[[Page], None]) -> None:
        self._wanted = spelling
        self._look = look
        self._lasts: dict[str, _Last] = {}
        self._warm: Warm | None = None
        self._owner = ""
        # the page whose sandbox is open
        self._engines: dict[str, Engine] = {}

    def close(self) -> None:
        """Close the sandbox that is open."""
        warm, self._warm, self._owner = self._warm, None, ""
        if warm is not None:
            warm.close()

    def forget(self, name: str) -> None:
        """Forget a page that is gone."""
        self._lasts.pop(name, None)
        if self._owner == name:
            self.close()

    def judge(self, page: Page, settings: Settings, *, start: bool = False) -> None:
        """Judge a page and tell the verdict; `start` runs it from the start.

        Raises SeatrialError where it cannot be run, Superseded where the run was left.
        """
        if not self._can_run(page):
            return
        spelling = self._spelling(page, settings)
        engine = self._engine(page, spelling, settings)
        record = self._record(page, spelling, settings)
        lasting = lasting_inputs(settings)
        last = self._last(page, spelling, settings, engine)
        if last is not None and (changed := differences(last.outputs.inputs, lasting)):
            say(f"{page.source}: {changed[0]}")
            last, start = None, True
        if last is not None and not start:
            known = _answered(page, last.outputs, settings)
            if self._by_last_run(page, settings, engine, record, last, known):
                return
            if self._goes_on(page, last, known):
                self._run(page, settings, engine, record, lasting, known, last)
                return
        self.close()
        self._run(page, settings, engine, record, lasting, ())

    def record(self, page: Page, settings: Settings, recorder: Recorder) -> None:
        """Run a page from the start and write down what it gave.

        Raises SeatrialError where something cannot be written.
        """
        if not self._can_run(page):
            return
        self.close()
        spelling = self._spelling(page, settings)
        engine = self._engine(page, spelling, settings)
        run = RunAgain(page, settings, engine, self._steps(page), recording=True, say=say)
        before = set(recorder.changed)
        try:
            run.through(len(page.items))
            recorder.take(run)
        finally:
            run.close()
        written = [name for name in recorder.changed if name not in before]
        say(f"{page.source}: recorded, written: {', '.join(written) or 'nothing changed'}")

    def _can_run(self, page: Page) -> bool:
        """Tell whether a page can be run; tell its writer why it cannot."""
        for problem in page.problems:
            say(problem)
        if page.problems:
            say(f"{page.source}: not run until that is corrected and saved")
        elif not page.items:
            say(f"{page.source}: nothing to run")
        return bool(page.items) and not page.problems

    def _spelling(self, page: Page, settings: Settings) -> str:
        if not needs_docker(page, settings.prompts):
            return CURRENT
        return self._wanted or settings.spellings[0]

    def _engine(self, page: Page, spelling: str, settings: Settings) -> Engine | None:
        """Return the engine that a page needs; raise EngineUnavailableError where there is none."""
        if not needs_docker(page, settings.prompts):
            return None
        if spelling not in self._engines:
            self._engines[spelling] = find_engine(spelling)
        return self._engines[spelling]

    def _record(self, page: Page, spelling: str, settings: Settings) -> Record | None:
        try:
            return trusted_record(page, spelling, settings)
        except SeatrialError as error:
            say(str(error))
            return None

    def _last(
        self, page: Page, spelling: str, settings: Settings, engine: Engine | None
    ) -> _Last | None:
        """Return the last run of a page: of this watch, or one that is kept and still counts."""
        if page.name not in self._lasts:
            kept = outputs.load(settings.source, page.name, spelling)
            if kept is None:
                return None
            around = surroundings(settings, engine)
            if kept.inputs != besides(page, settings, around):
                return None
            lasting = Outputs(around.lasting, kept.when, kept.items, kept.images)
            self._lasts[page.name] = _Last(page, lasting)
        return self._lasts[page.name]

    def _by_last_run(
        self,
        page: Page,
        settings: Settings,
        engine: Engine | None,
        record: Record | None,
        last: _Last,
        known: tuple[Heard, ...],
    ) -> bool:
        """Judge a page by what its commands gave before, and tell whether that can be done."""
        run = RunAgain(
            page,
            settings,
            engine,
            self._steps(page),
            known=known,
            images=last.outputs.images,
            typing=False,
            record=record,
        )
        try:
            run.through(len(page.items))
        except Unheard:
            return False
        on_top = ", which went on from an earlier try" if last.on_top else ""
        verdict(page.source, run.results, f"judged against the run of {last.outputs.time}{on_top}")
        return True

    def _goes_on(self, page: Page, last: _Last, known: tuple[Heard, ...]) -> bool:
        """Tell whether the sandbox that is open can go on with the items that are not known."""
        if self._warm is None or self._owner != page.name:
            return False
        ran = [number for number, heard in enumerate(last.outputs.items) if heard.ran]
        again = [number for number in ran if number >= len(known)]
        if again:
            changed = page.items[len(known) : again[0] + 1]
            before = last.page.items[again[0] : again[0] + 1]
            # an edit cannot be made once more where it was made before
            both = (*changed, *before)
            if again[0] != len(known) or again != ran[-1:] or not changed:
                return False
            if not all(isinstance(item, Block) for item in both):
                return False
        return fits_on(self._warm, known, page)

    def _run(
        self,
        page: Page,
        settings: Settings,
        engine: Engine | None,
        record: Record | None,
        lasting: Mapping[str, str],
        known: tuple[Heard, ...],
        last: _Last | None = None,
    ) -> None:
        """Run what of a page is not known, and keep what it gave."""
        again = last is not None and any(h.ran for h in last.outputs.items[len(known) :])
        on_top = last is not None and (last.on_top or again)
        if again:
            say(
                f"{page.source}: goes on in the sandbox of the earlier try; `r` runs from the start"
            )
        whole = {} if on_top else dict(besides(page, settings, surroundings(settings, engine)))
        run = RunAgain(
            page,
            settings,
            engine,
            self._steps(page),
            known=known,
            images=last.outputs.images if last is not None else {},
            warm=self._warm,
            record=record,
            say=say,
        )
        self._warm, self._owner = None, page.name
        given: Outputs | None = None
        try:
            run.through(len(page.items))
            given = _given(run, lasting)
        except Superseded:
            given = _given(run, lasting)
            raise
        finally:
            if given is None:
                run.close()
                self._lasts.pop(page.name, None)
            else:
                self._warm = run.leave_open()
                self._lasts[page.name] = _Last(page, given, on_top)
        verdict(page.source, run.results, "on top of an earlier try" if on_top else "run")
        if not on_top and lasting_inputs(settings) == lasting:
            kept = Outputs(whole, given.when, given.items, given.images)
            outputs.keep(settings.source, page.name, run.spelling, kept)

    def _steps(self, page: Page) -> Steps:
        return Steps(lambda: self._look(page))


def _answered(page: Page, last: Outputs, settings: Settings) -> tuple[Heard, ...]:
    """Return what the first items of a page gave, as far as they ask for the same as then."""
    known = []
    for item, heard in zip(page.items, last.items, strict=False):
        if not heard.answers(asked(item, settings.prompts), item):
            break
        known.append(heard)
    return tuple(known)


def _given(run: RunAgain, lasting: Mapping[str, str]) -> Outputs:
    return Outputs(lasting, time.time(), tuple(run.heard), run.images)
