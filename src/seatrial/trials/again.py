"""A page run of which some items are judged by what they gave before, and the others are typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Protocol

from seatrial.errors import SandboxError
from seatrial.pages.settings import Settings
from seatrial.run.engines import Engine
from seatrial.run.follower import Follower
from seatrial.run.signs import SHELL
from seatrial.transcript.blocks import Block, Edit, Item, Page
from seatrial.transcript.events import Ended, Event, Sighting
from seatrial.transcript.record import Record
from seatrial.transcript.steps import Step, same_prompt
from seatrial.trials.inputs import asked
from seatrial.trials.outcome import Sights
from seatrial.trials.outputs import Heard
from seatrial.trials.page import PageRun
from seatrial.trials.typed import Typist
from seatrial.trials.verdicts import ItemResult, StepResult, Verdict

Scrub = Callable[[str], str]


class Unheard(Exception):  # noqa: N818 (no error: the page is then run)
    """Something would now be typed that was not typed before."""


class Progress(Protocol):
    """Who is told how a page comes along."""

    def begins(self, block: Block, step: Step) -> None:
        """Hear that a step is about to be typed; may raise to end the run before it."""

    def ends(self, result: StepResult) -> None:
        """Hear what became of it."""


@dataclass
class Warm:
    """A sandbox that is still open, with what was typed in it so far."""

    follower: Follower
    opened: ExitStack
    items: tuple[Heard, ...]
    """What the items of the page gave, in reading order."""

    def close(self) -> None:
        """Close the sandbox with all that was opened in it."""
        self.opened.close()


class RunAgain(PageRun):
    """A run of a page for its writer, which goes on where a promise is not kept.

    The first items gave `known` before and are judged by that; the others are typed, into `warm`
    where that is given.  Without either it is a run from the start.
    """

    def __init__(
        self,
        page: Page,
        settings: Settings,
        engine: Engine | None,
        progress: Progress,
        *,
        known: Sequence[Heard] = (),
        images: Mapping[str, str] | None = None,
        stand_ins: Mapping[str, str] | None = None,
        warm: Warm | None = None,
        typing: bool = True,
        recording: bool = False,
        record: Record | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        super().__init__(page, settings, engine, recording=recording, record=record, say=say)
        self.heard: list[Heard] = []
        # what each item gave, in reading order
        self._known = known
        self._typing = typing
        # without it, nothing is typed: `Unheard` is raised instead
        self._progress = progress
        self._told = _Told(images or {}, stand_ins or {})
        self._ended: list[Ended] = []
        self._lines: dict[int, _Replayed] = {}
        if warm is not None:
            self._follower, self._opened = warm.follower, warm.opened

    def leave_open(self) -> Warm | None:
        """Return the sandbox, which is then the caller's to close; None where none was made."""
        if self._follower is None:
            return None
        warm = Warm(self._follower, self._opened, tuple(self.heard))
        self._follower, self._opened = None, ExitStack()
        return warm

    @property
    def images(self) -> Mapping[str, str]:
        """Return the images of containers, each with its program's version."""
        return self._sights.images()

    @property
    def stand_ins(self) -> Mapping[str, str]:
        """Return service -> the official image for which it ran on a stand-in."""
        return self._sights.stand_ins()

    @property
    def _sights(self) -> Sights:
        return self._told if self._follower is None else _Both(self._told, self._follower)

    def _run(self, item: Item) -> ItemResult:
        if self._stopped:
            return super()._run(item)
        self._ended = []
        wanted = asked(item, self.settings.prompts)
        try:
            result = super()._run(item)
        except BaseException:
            self.heard.append(Heard(wanted, tuple(self._ended), whole=False))
            raise
        reason = result.reason if result.verdict is Verdict.BROKEN else ""
        ran = result.verdict is not Verdict.NOT_RUN
        self.heard.append(Heard(wanted, tuple(self._ended), reason, ran))
        return result

    @property
    def _before(self) -> Heard | None:
        """Return what the item that is run gave before; None where it is to be typed."""
        reached = len(self.results)
        if reached < len(self._known):
            return self._known[reached]
        if not self._typing:
            raise Unheard
        return None

    def _goes_on_within(self, block: Block) -> bool:
        return not self.recording or super()._goes_on_within(block)

    def _goes_on_after(self, result: ItemResult) -> bool:
        if self.recording:
            return super()._goes_on_after(result)
        # a writer wants to know of all promises, and what each command gave is kept
        return result.verdict is Verdict.DIFFERS

    def _begin(self, item: Item) -> None:
        if (before := self._before) is None:
            super()._begin(item)
            return
        if isinstance(item, Block):
            line = self._lines.setdefault(item.terminal, _Replayed(self._told))
            line.left = list(before.ended)

    def _apply(self, edit: Edit) -> None:
        before = self._before
        if before is None:
            super()._apply(edit)
        elif before.reason:
            raise SandboxError(before.reason)

    def _terminal(self, number: int) -> Typist:
        if self._before is not None:
            return _Overheard(self._lines[number], self._ended, str)
        line = super()._terminal(number)
        return _Overheard(line, self._ended, self._open().sandbox.scrub)

    def _run_step(
        self, block: Block, step: Step, following: Step | None, *, silent: bool
    ) -> StepResult:
        if self._before is not None:
            return super()._run_step(block, step, following, silent=silent)
        self._progress.begins(block, step)
        result = super()._run_step(block, step, following, silent=silent)
        self._progress.ends(result)
        return result


def fits_on(warm: Warm, known: Sequence[Heard], page: Page) -> bool:
    """Tell whether the items of a page after some that are known can be typed into a sandbox.

    The terminals that they need are brought to where those items left them.
    """
    at: dict[int, str] = {}
    for item, heard in zip(page.items, known, strict=False):
        if isinstance(item, Block) and heard.ended:
            at[item.terminal] = heard.ended[-1].prompt
    for number in {i.terminal for i in page.items[len(known) :] if isinstance(i, Block)}:
        line, prompt = warm.follower.opened(number), at.get(number, SHELL)
        if line is None:
            continue
        if prompt == SHELL and line.alive and not line.at_shell:
            line.leave()
        if not line.alive or not same_prompt(prompt, line.prompt):
            return False
    return True


@dataclass
class _Told:
    """What Docker did before, as it was kept."""

    kept: Mapping[str, str]
    kept_stand_ins: Mapping[str, str]
    windows: dict[tuple[int, int], tuple[Sighting, ...]] = field(default_factory=dict)

    def did(self, window: tuple[int, int]) -> tuple[Sighting, ...]:
        return self.windows.get(window, ())

    def images(self) -> Mapping[str, str]:
        return self.kept

    def stand_ins(self) -> Mapping[str, str]:
        return self.kept_stand_ins


@dataclass(frozen=True)
class _Both:
    """What Docker did before, and what it does."""

    before: _Told
    now: Sights

    def did(self, window: tuple[int, int]) -> tuple[Sighting, ...]:
        return self.before.did(window) or self.now.did(window)

    def images(self) -> Mapping[str, str]:
        return {**self.before.images(), **self.now.images()}

    def stand_ins(self) -> Mapping[str, str]:
        return {**self.before.stand_ins(), **self.now.stand_ins()}


@dataclass
class _Replayed:
    """A terminal that was typed into before: each step comes to what it came to then."""

    told: _Told
    left: list[Ended] = field(default_factory=list)
    """How the steps of the item ended that are still to come."""
    prompt: str = SHELL
    alive: bool = True

    def send(
        self, _lines: Sequence[str], _timeout: float, *, watched: bool = False
    ) -> Iterator[Event]:
        del watched
        if not self.left:
            raise Unheard
        ended = self.left.pop(0)
        self.prompt = ended.prompt
        self.told.windows[ended.window] = ended.did
        yield ended

    def stop(self) -> None:
        """Do nothing: it stopped then."""

    def leave(self) -> bool:
        self.prompt = SHELL
        return True


@dataclass(frozen=True)
class _Overheard:
    """A terminal of which it is noted how each step ends."""

    line: Typist
    ended: list[Ended]
    scrub: Scrub

    @property
    def alive(self) -> bool:
        return self.line.alive

    @property
    def prompt(self) -> str:
        return self.line.prompt

    def send(
        self, lines: Sequence[str], timeout: float, *, watched: bool = False
    ) -> Iterator[Event]:
        for event in self.line.send(lines, timeout, watched=watched):
            if isinstance(event, Ended):
                self.ended.append(replace(event, prompt=self.scrub(event.prompt)))
            yield event

    def stop(self) -> None:
        self.line.stop()

    def leave(self) -> bool:
        return self.line.leave()
