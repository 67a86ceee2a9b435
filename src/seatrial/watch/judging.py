"""Judges a page in the quickest way that is true: by its last run, on top of it, or all of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from seatrial.errors import SeatrialError
from seatrial.pages.settings import Settings
from seatrial.run.engines import Engine, find_engine
from seatrial.transcript.blocks import Block, Page
from seatrial.transcript.commands import needs_docker
from seatrial.transcript.record import Record
from seatrial.transcript.spelling import CURRENT
from seatrial.trials import outputs
from seatrial.trials.again import Progress, RunAgain, Unheard, Warm, fits_on
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


@dataclass(frozen=True)
class _Case:
    """A page, and what it is run with."""

    page: Page
    settings: Settings
    spelling: str
    engine: Engine | None
    lasting: Mapping[str, str]
    """What a run depends on besides the page, as far as it is the same on another machine."""

    def run(self, progress: Progress, **more: Any) -> RunAgain:
        """Return a run of it that has not begun."""
        return RunAgain(self.page, self.settings, self.engine, progress, say=say, **more)

    def around(self) -> dict[str, str]:
        """Return all that a run depends on besides the page."""
        around = surroundings(self.settings, self.engine)
        return dict(besides(self.page, self.settings, around))

    def record(self) -> Record | None:
        """Return the page's record, to compare a run with; tell where it cannot be trusted."""
        try:
            return trusted_record(self.page, self.spelling, self.settings)
        except SeatrialError as error:
            say(str(error))
            return None


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
        if not _can_run(page):
            return
        case = self._case(page, settings)
        last = None if start else self._last(case)
        if last is not None and (changed := differences(last.outputs.inputs, case.lasting)):
            say(f"{page.source}: {changed[0]}, so it runs from the start")
            last = None
        if last is not None:
            known = _answered(page, last.outputs, settings)
            if self._by_last_run(case, last, known):
                return
            if self._goes_on(page, last, known):
                self._run(case, known, last)
                return
        self.close()
        self._run(case)

    def record(self, page: Page, settings: Settings, recorder: Recorder) -> None:
        """Run a page from the start and write down what it gave.

        Raises SeatrialError where something cannot be written, Superseded where the run was left.
        """
        if _can_run(page):
            self.close()
            self._run(self._case(page, settings), recorder=recorder)

    def _case(self, page: Page, settings: Settings) -> _Case:
        """Return a page with what it is run with; raise EngineUnavailableError without that."""
        lasting = lasting_inputs(settings)
        if not needs_docker(page, settings.prompts):
            return _Case(page, settings, CURRENT, None, lasting)
        spelling = self._wanted or settings.spellings[0]
        if spelling not in self._engines:
            self._engines[spelling] = find_engine(spelling)
        return _Case(page, settings, spelling, self._engines[spelling], lasting)

    def _last(self, case: _Case) -> _Last | None:
        """Return the last run of a page: of this watch, or one that is kept and still counts."""
        name = case.page.name
        if name not in self._lasts:
            kept = outputs.load(case.settings.source, name, case.spelling)
            if kept is None or kept.inputs != case.around():
                return None
            self._lasts[name] = _Last(case.page, replace(kept, inputs=case.lasting))
        return self._lasts[name]

    def _by_last_run(self, case: _Case, last: _Last, known: tuple[Heard, ...]) -> bool:
        """Judge a page by what its commands gave before, and tell whether that can be done."""
        run = case.run(
            self._steps(case.page),
            known=known,
            images=last.outputs.images,
            stand_ins=last.outputs.stand_ins,
            typing=False,
            record=case.record(),
        )
        try:
            run.through(len(case.page.items))
        except Unheard:
            return False
        on_top = ", which went on from an earlier try" if last.on_top else ""
        how = f"judged against the run of {last.outputs.time}{on_top}"
        verdict(case.page.source, run.results, how)
        return True

    def _goes_on(self, page: Page, last: _Last, known: tuple[Heard, ...]) -> bool:
        """Tell whether the sandbox that is open can go on with the items that are not known."""
        if self._warm is None or self._owner != page.name:
            return False
        again = _typed_again(last, known)
        if again and again != [len(known)]:
            return False
        # an edit cannot be made where it was made before
        both = [*page.items[len(known) :][: len(again)], *(last.page.items[n] for n in again)]
        if again and not (len(both) > 1 and all(isinstance(item, Block) for item in both)):
            return False
        return fits_on(self._warm, known, page)

    def _run(
        self,
        case: _Case,
        known: tuple[Heard, ...] = (),
        last: _Last | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """Run what of a page is not known, and keep what it gave."""
        name = case.page.source
        again = last is not None and bool(_typed_again(last, known))
        on_top = last is not None and (last.on_top or again)
        if again:
            say(f"{name}: runs on top of the earlier try; `r` runs it from the start")
        around = {} if on_top else case.around()
        run = case.run(
            self._steps(case.page),
            known=known,
            images=last.outputs.images if last is not None else {},
            stand_ins=last.outputs.stand_ins if last is not None else {},
            warm=self._warm,
            recording=recorder is not None,
            record=case.record() if recorder is None else None,
        )
        self._warm, self._owner = None, ""
        try:
            run.through(len(case.page.items))
        except Superseded:
            self._leave_open(case, run, on_top=on_top)
            raise
        except BaseException:
            self._lasts.pop(case.page.name, None)
            run.close()
            raise
        given = self._leave_open(case, run, on_top=on_top)
        if around and lasting_inputs(case.settings) == case.lasting:
            kept = replace(given, inputs=around)
            outputs.keep(case.settings.source, case.page.name, case.spelling, kept)
        if recorder is None:
            verdict(name, run.results, "on top of the earlier try" if on_top else "run")
        else:
            before = set(recorder.changed)
            recorder.take(run)
            written = [each for each in recorder.changed if each not in before]
            say(f"{name}: recorded; written: {', '.join(written) or 'nothing, all is as it was'}")

    def _leave_open(self, case: _Case, run: RunAgain, *, on_top: bool) -> Outputs:
        """Keep the sandbox of a run for the next one, and return what the run gave."""
        given = Outputs(case.lasting, time.time(), tuple(run.heard), run.images, run.stand_ins)
        self._lasts[case.page.name] = _Last(case.page, given, on_top)
        self._warm, self._owner = run.leave_open(), case.page.name
        return given

    def _steps(self, page: Page) -> Steps:
        return Steps(lambda: self._look(page))


def _can_run(page: Page) -> bool:
    """Tell whether a page can be run; tell its writer why it cannot."""
    for problem in page.problems:
        say(problem)
    if page.problems:
        say(f"{page.source}: not run until that is corrected and saved")
    elif not page.items:
        say(f"{page.source}: nothing to run")
    return bool(page.items) and not page.problems


def _typed_again(last: _Last, known: Sequence[Heard]) -> list[int]:
    """Return which items were run in an open sandbox, and are not known any more."""
    items = enumerate(last.outputs.items)
    return [number for number, heard in items if number >= len(known) and heard.ran]


def _answered(page: Page, last: Outputs, settings: Settings) -> tuple[Heard, ...]:
    """Return what the first items of a page gave, as far as they ask for the same as then."""
    known = []
    for item, heard in zip(page.items, last.items, strict=False):
        if not heard.answers(asked(item, settings.prompts), item):
            break
        known.append(heard)
    return tuple(known)
