"""Run a page: type its steps, and judge what comes of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace

from seatrial.errors import SeatrialError, TranscriptError
from seatrial.pages.settings import Settings
from seatrial.run.engines import Engine
from seatrial.run.environments import built
from seatrial.run.follower import Follower, follow
from seatrial.run.sandbox import UNNAMED
from seatrial.run.signs import SHELL
from seatrial.transcript.blocks import Block, Edit, Item, Page, in_spelling
from seatrial.transcript.judging import is_silent
from seatrial.transcript.matching import ELISION, came_at_end
from seatrial.transcript.record import Record, Run, sealed
from seatrial.transcript.spelling import CURRENT
from seatrial.transcript.steps import Step, parse, same_prompt
from seatrial.trials.against import AgainstRecord
from seatrial.trials.complaints import elsewhere
from seatrial.trials.inputs import lasting_digest, lasting_inputs
from seatrial.trials.outcome import (
    Sights,
    as_record,
    newly_failed,
    rewritten,
    tools_of,
)
from seatrial.trials.typed import OPEN, Typist, judged, typed
from seatrial.trials.verdicts import ItemResult, StepResult, Verdict

_MAY_BUILD = re.compile(r"\bdocker\b.*\b(?:build|up|pull|run)\b")
FOLDED = "folded away: a reader need not type it"


class PageRun:
    """One run of one page in one spelling, item by item.

    The sandbox is made when the first item runs; `close` must be called whatever happened.
    """

    def __init__(
        self,
        page: Page,
        settings: Settings,
        engine: Engine | None,
        *,
        recording: bool = False,
        visible: bool = False,
        record: Record | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        self.page = page
        self.settings = settings
        self.engine = engine
        self.spelling = engine.spelling if engine else CURRENT
        self.recording = recording
        self.against = None if recording else AgainstRecord(page, settings, engine, record)
        # what to compare with, besides the page's promises
        self.visible = visible
        # proofs that the page folds away are left out: no reader has to type them
        self._say = say
        self.results: list[ItemResult] = []
        self.steps_run = 0
        self._opened = ExitStack()
        self._follower: Follower | None = None
        self._stopped = ""
        self.interrupted = False
        # an item was left in the middle

    def through(self, ordinal: int) -> ItemResult:
        """Run the page up to an item, counted from 1, and return what became of that one."""
        self.interrupted = True
        while len(self.results) < ordinal:
            self.results.append(self._run(self.page.items[len(self.results)]))
        self.interrupted = False
        return self.results[ordinal - 1]

    def close(self) -> None:
        """Close the sandbox with all that was opened in it."""
        self._follower = None
        self._opened.close()

    @property
    def stopped_by(self) -> int | None:
        """Return the number of the item that stopped the page, if one did."""
        failed = (each for each in self.results if each.stops and not self.will_mend(each))
        return next((each.item.ordinal for each in failed), None)

    @property
    def complete(self) -> bool:
        """Tell whether every item of the page was run to its end."""
        return len(self.results) == len(self.page.items) and self.stopped_by is None

    def will_mend(self, result: ItemResult) -> bool:
        """Tell whether recording this run makes the page tell the truth about an item.

        Pages are written in the first spelling, and a block that promises no more than to end well
        has nothing that could be rewritten.
        """
        return result.verdict is Verdict.DIFFERS and self._rewrites(result.item)

    def _rewrites(self, item: Item) -> bool:
        return (
            self.recording
            and self.spelling == CURRENT
            and isinstance(item, Block)
            and not (item.setup or item.plain)
        )

    def record(self, items: Sequence[Item]) -> Run:
        """Return what this run gave, for the page's items as they are written now."""
        project = self.settings.project
        page = replace(self.page, items=tuple(items))
        run = as_record(page, items, self.results, self._sights, project, tools_of(self.engine))
        return _with_inputs(run, page, self.settings)

    @property
    def unrecorded(self) -> int:
        """Return how many blocks were compared with their promises alone."""
        return self.against.unrecorded if self.against is not None else 0

    def rewritten(self) -> tuple[list[tuple[Block, Block]], list[SeatrialError]]:
        """Return the blocks that ran, each with the promises that this run would keep.

        With them come the reasons why some cannot be rewritten.
        """
        pairs = zip(self.page.items, self.results, strict=False)
        return rewritten(
            [(item, result) for item, result in pairs if self._rewrites(item)],
            self.settings.prompts,
        )

    def _run(self, item: Item) -> ItemResult:
        """Run one item, unless something before it stopped the page."""
        if self._stopped:
            return ItemResult(item, Verdict.NOT_RUN, reason=f"not run: {self._stopped}")
        if reason := self._left_out(item):
            return ItemResult(item, Verdict.NOT_RUN, reason=reason)
        original = item
        self._begin(item)
        item = in_spelling(item, self.spelling, self.settings.project_name or UNNAMED)
        try:
            if isinstance(item, Edit):
                self._apply(item)
                result = ItemResult(item, Verdict.PASSED)
            else:
                result = self._run_block(item)
            if self.against is not None:
                result = self.against.compared(original, result, self._sights)
        except TranscriptError as error:
            result = ItemResult(item, Verdict.BROKEN, reason=str(error))
        except SeatrialError as error:
            self._stopped = f"{item.where} {Verdict.BROKEN.value}"
            result = ItemResult(item, Verdict.BROKEN, reason=str(error))
        if result.stops and not self.will_mend(result) and not self._goes_on_after(result):
            self._stopped = f"{item.where} {result.verdict.value}"
        return result

    def _left_out(self, item: Item) -> str:
        """Return why an item is not run in this spelling, if it is not."""
        if self.visible and isinstance(item, Block) and item.claim and not item.not_run:
            return FOLDED
        only = item.only if isinstance(item, Block) else ""
        reason = item.not_run or (f"only for {only}" if only not in ("", self.spelling) else "")
        return f"not run: {reason}" if reason else ""

    def pass_over_the_rest(self) -> None:
        """Go to the end of the page where nothing that is left of it would run."""
        if all(map(self._left_out, self.page.items[len(self.results) :])):
            self.through(len(self.page.items))

    def _goes_on_after(self, result: ItemResult) -> bool:
        """Tell whether recording goes on with the next item, although this one cannot be."""
        return (
            not self._stopped
            and self._rewrites(result.item)
            and (self._follower is None or self._follower.alive)
        )

    def _open(self) -> Follower:
        """Return who types into the page's terminals, with a sandbox that is made at first."""
        if self._follower is None:
            wanted = self.settings.requirements
            self._follower = self._opened.enter_context(
                follow(
                    self.settings.project,
                    self.engine,
                    prompts=self.settings.prompts,
                    source=self.settings.source,
                    beneath=built(wanted, self._say) if wanted else None,
                    say=self._say,
                )
            )
        return self._follower

    @property
    def _sights(self) -> Sights | None:
        """Return who knows what Docker did while this page ran."""
        return self._follower

    def _goes_on_within(self, block: Block) -> bool:
        """Tell whether the steps of a block are run below one that differs."""
        return self._rewrites(block)

    def _begin(self, _item: Item) -> None:
        """Make what an item is run in; what fails here is no fault of the page."""
        self._open()

    def _apply(self, edit: Edit) -> None:
        """Change a file of the sandbox."""
        self._open().sandbox.apply(edit)

    def _terminal(self, number: int) -> Typist:
        """Return one of the page's terminals, by its number from 1."""
        return self._open().terminal(number)

    def _run_block(self, block: Block) -> ItemResult:
        """Run the steps of a block until one of them fails."""
        steps = parse(block, self.settings.prompts)
        _require_varying(block, steps)
        silent = is_silent(block, steps, strict=self.settings.strict)
        if steps:
            self._back_to_shell(block.terminal, steps[0])
        done: list[StepResult] = []
        verdict = Verdict.PASSED
        for number, step in enumerate(steps):
            if verdict is Verdict.BROKEN or (
                verdict is Verdict.DIFFERS and not self._goes_on_within(block)
            ):
                done.append(StepResult(step, Verdict.NOT_RUN, complaints=("was not run",)))
                continue
            following = steps[number + 1] if number + 1 < len(steps) else None
            done.append(self._run_step(block, step, following, silent=silent))
            self.steps_run += 1
            verdict = done[-1].verdict if done[-1].verdict is not Verdict.PASSED else verdict
        return ItemResult(block, verdict, tuple(done))

    def _back_to_shell(self, number: int, step: Step) -> None:
        """Leave the programs that a block left open because it broke, where a shell is promised."""
        line = self._follower.opened(number) if self._follower is not None else None
        broke = any(result.verdict is Verdict.BROKEN for result in self.results)
        if line is not None and broke and step.prompt == SHELL and not line.at_shell:
            line.leave()

    def _run_step(
        self, block: Block, step: Step, following: Step | None, *, silent: bool
    ) -> StepResult:
        """Type one step and judge what came."""
        line = self._terminal(block.terminal)
        if not line.alive:
            return StepResult(
                step, Verdict.BROKEN, complaints=("has no terminal: it was closed before",)
            )
        if not step.is_key and not same_prompt(step.prompt, line.prompt):
            above = _left_open(self.page, block)
            complaint, advice = elsewhere(step, block.terminal, line.prompt, above)
            return StepResult(step, Verdict.BROKEN, complaints=(complaint,), hint=advice)
        builds = _MAY_BUILD.search(step.command)
        usual = self.settings.build_timeout if builds else self.settings.timeout
        timeout = block.timeout or usual
        ended = typed(line, step, following, timeout)
        if step.command in block.waits and self._follower is not None:
            self._follower.await_health(timeout)
        hashes = bool(step.remarks) and any(said.startswith("#") for said in ended.output)
        step = step.with_remarks(came_at_end(step.remarks, ended.output))
        # lines with a `#` below a step may be all that its block promises
        result = judged(step, following, ended, timeout, silent=silent and not hashes)
        if result.verdict is Verdict.BROKEN and not ended.at_shell and ended.ending not in OPEN:
            line.leave()
        return result


def has_failed(run: PageRun) -> bool:
    """Tell whether an item of those that ran fails the check of the page."""
    return any(each.failed or newly_failed(each) for each in run.results)


def has_passed(run: PageRun) -> bool:
    """Tell whether every item of the page was run to its end, and none fails."""
    return run.complete and not run.interrupted and not has_failed(run)


def _with_inputs(run: Run, page: Page, settings: Settings) -> Run:
    """Return a run that also tells what of its inputs is the same on another machine."""
    inputs = lasting_digest(page, settings, lasting_inputs(settings))
    return sealed(replace(run, depends={**run.depends, "inputs": inputs}))


def _left_open(page: Page, block: Block) -> str:
    """Return where the block ends that was typed into a block's terminal before it."""
    before = (
        f"{item.source}:{item.line + len(item.lines) - 1}"
        for item in reversed(page.items[: block.ordinal - 1])
        if isinstance(item, Block) and item.terminal == block.terminal
    )
    return next(before, "")


def _require_varying(block: Block, steps: Sequence[Step]) -> None:
    """Raise TranscriptError where a block is said to vary that cannot."""
    if not block.varies:
        return
    if missing := [number for number in block.varying if not 1 <= number <= len(steps)]:
        raise TranscriptError(
            f"`:varies:` names step {missing[0]}, and the block has {len(steps)}",
            where=block.where,
            hint="count its commands from 1",
        )
    for number, step in enumerate(steps, start=1):
        whole = bool(step.promise) and not any(ELISION in line for line in step.promise)
        if whole and number in block.varying:
            raise TranscriptError(
                f"step {number} is said to vary, and all of its output is promised",
                where=f"{block.source}:{step.line}",
                hint="remove `:varies:`, or write `...` in place of what varies",
            )
