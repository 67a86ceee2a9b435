"""Run a page: the only place where blocks, terminals, the sandbox and the witness meet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

from seatrial.blocks import Block, Edit, Item, Page
from seatrial.errors import SeatrialError, TranscriptError
from seatrial.matching import came_at_end, compare
from seatrial.pages import Settings
from seatrial.record import ItemRecord, Run, StepRecord
from seatrial.sandbox import Engine, Sandbox
from seatrial.session import NO_PROMPT, SHELL, Answer, Terminal
from seatrial.spelling import SPELLINGS, in_spelling
from seatrial.steps import KEYS, Step, parse, same_prompt, with_promises
from seatrial.verdicts import ItemResult, StepResult, Verdict
from seatrial.witness import Event, Witness, now, place_of, sightings

_NEEDS_DOCKER = re.compile(r"\bdocker\b")
_MAY_BUILD = re.compile(r"\bdocker\b.*\b(?:build|up|pull|run)\b")
YOUR_MACHINE = "your machine"
_HINT_FOR_HASH = (
    "open the shell that is promised; a comment of yours stands right above `$ ` or `>>> `"
)


def needs_docker(page: Page) -> bool:
    """Tell whether any command of a page speaks to Docker."""
    return any(
        _NEEDS_DOCKER.search(line)
        for item in page.items
        if isinstance(item, Block) and not item.not_run
        for line in item.lines
    )


class PageRun:
    """One run of one page in one spelling, item by item.

    The sandbox is made when the first item runs; `close` must be called whatever happened.
    """

    def __init__(
        self, page: Page, settings: Settings, engine: Engine | None, *, recording: bool = False
    ) -> None:
        self.page = page
        self.settings = settings
        self.engine = engine
        self.spelling = engine.spelling if engine else "v2"
        self.recording = recording
        self.results: list[ItemResult] = []
        self.steps_run = 0
        self._sandbox: Sandbox | None = None
        self._witness: Witness | None = None
        self._terminals: dict[int, Terminal] = {}
        # where the program in front of each terminal runs, and which step put it there
        self._inside: dict[int, StepResult] = {}
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
        """Close terminals, witness and sandbox, whatever state they are in."""
        sandbox, witness = self._sandbox, self._witness
        self._sandbox = None
        with ExitStack() as left:
            # from the last to the first, each also where one before it fails
            if sandbox is not None:
                left.callback(sandbox.close)
            if witness is not None and sandbox is not None:
                left.callback(witness.close)
                left.callback(lambda: sandbox.adopt(sorted(witness.volumes)))
            for terminal in self._terminals.values():
                left.callback(terminal.close)
            self._terminals.clear()

    @property
    def stopped_by(self) -> int | None:
        """Return the number of the item that stopped the page, if one did."""
        failed = (each for each in self.results if each.failed and not self.will_mend(each))
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
            and self.spelling == SPELLINGS[0]
            and isinstance(item, Block)
            and not (item.setup or item.plain)
        )

    def record(self, items: Sequence[Item]) -> Run:
        """Return what this run gave, for the page's items as they are written now."""
        return Run(
            ran=datetime.now(UTC).date().isoformat(),
            tools=dict(self.engine.tools) if self.engine else {},
            items=tuple(
                ItemRecord(
                    original.digest,
                    tuple(self._recorded(result.item, step) for step in result.steps),
                )
                for original, result in zip(items, self.results, strict=True)
            ),
        )

    def rewritten(self) -> tuple[list[tuple[Block, Block]], list[SeatrialError]]:
        """Return the blocks that ran, each with the promises that this run would keep.

        With them come the reasons why some cannot be rewritten.
        """
        changes: list[tuple[Block, Block]] = []
        troubles: list[SeatrialError] = []
        for original, result in zip(self.page.items, self.results, strict=False):
            ran = result.verdict in (Verdict.PASSED, Verdict.DIFFERS)
            if isinstance(original, Block) and ran and self._rewrites(original):
                promises = [_kept_promise(step) for step in result.steps]
                try:
                    new = with_promises(original, promises, self.settings.prompts)
                except TranscriptError as error:
                    troubles.append(error)
                else:
                    changes.append((original, new))
        return changes, troubles

    def _recorded(self, item: Item, result: StepResult) -> StepRecord:
        events = self._events(result)
        # what building images says is as long as it is different every time, and nobody reads it
        is_setup = isinstance(item, Block) and item.setup
        return StepRecord(
            command=result.step.command,
            output=() if is_setup else result.output,
            status=result.status,
            place=result.place,
            seconds=round(result.seconds, 2),
            sightings=sightings(events),
        )

    def _events(self, result: StepResult) -> tuple[Event, ...]:
        return self._witness.between(*result.window) if self._witness else ()

    def _run(self, item: Item) -> ItemResult:
        """Run one item, unless something before it stopped the page."""
        if self._stopped:
            return ItemResult(item, Verdict.NOT_RUN, reason=f"not run: {self._stopped}")
        if reason := self._left_out(item):
            return ItemResult(item, Verdict.NOT_RUN, reason=f"not run: {reason}")
        item = in_spelling(item, self.spelling, self._open().project)
        try:
            if isinstance(item, Edit):
                self._open().apply(item)
                result = ItemResult(item, Verdict.PASSED)
            else:
                result = self._run_block(item)
        except TranscriptError as error:
            result = ItemResult(item, Verdict.BROKEN, reason=str(error))
        except SeatrialError as error:
            self._stopped = f"{item.where} {Verdict.BROKEN.value}"
            result = ItemResult(item, Verdict.BROKEN, reason=str(error))
        if result.failed and not self.will_mend(result) and not self._goes_on_after(result):
            self._stopped = f"{item.where} {result.verdict.value}"
        return result

    def _left_out(self, item: Item) -> str:
        """Return why an item is not run in this spelling, if it is not."""
        only = item.only if isinstance(item, Block) else ""
        return item.not_run or (f"only for {only}" if only not in ("", self.spelling) else "")

    def pass_over_the_rest(self) -> None:
        """Go to the end of the page where nothing that is left of it would run."""
        if all(map(self._left_out, self.page.items[len(self.results) :])):
            self.through(len(self.page.items))

    def _goes_on_after(self, result: ItemResult) -> bool:
        """Tell whether recording goes on with the next item, although this one cannot be."""
        return (
            not self._stopped
            and self._rewrites(result.item)
            and all(terminal.alive for terminal in self._terminals.values())
        )

    def _open(self) -> Sandbox:
        """Return the sandbox, made at its first use."""
        if self._sandbox is None:
            sandbox = Sandbox(self.settings.project, self.engine)
            try:
                if self.engine is not None:
                    self._witness = Witness(self.engine.host, sandbox.project, sandbox.healthchecks)
            except BaseException:
                sandbox.close()
                raise
            self._sandbox = sandbox
        return self._sandbox

    def _terminal(self, number: int) -> Terminal:
        """Return a terminal of the page, opened at its first use."""
        if number not in self._terminals:
            sandbox = self._open()
            self._terminals[number] = Terminal(
                sandbox.folder, sandbox.environment, self.settings.prompts
            )
        return self._terminals[number]

    def _run_block(self, block: Block) -> ItemResult:
        """Run the steps of a block until one of them fails."""
        steps = parse(block, self.settings.prompts)
        silent = self._is_silent(block, steps)
        if steps:
            self._back_to_shell(block.terminal, steps[0])
        done: list[StepResult] = []
        verdict = Verdict.PASSED
        for number, step in enumerate(steps):
            if verdict is Verdict.BROKEN or (
                verdict is Verdict.DIFFERS and not self._rewrites(block)
            ):
                done.append(StepResult(step, Verdict.NOT_RUN, complaints=("was not run",)))
                continue
            following = steps[number + 1] if number + 1 < len(steps) else None
            result = self._run_step(block, step, following, silent=silent)
            self.steps_run += 1
            if result.verdict is not Verdict.PASSED:
                verdict = result.verdict
            done.append(result)
        return ItemResult(block, verdict, tuple(done))

    def _back_to_shell(self, number: int, step: Step) -> None:
        """Leave the programs that a block left open because it broke, where a shell is promised."""
        terminal = self._terminals.get(number)
        broke = any(result.verdict is Verdict.BROKEN for result in self.results)
        if terminal is not None and broke and step.prompt == SHELL and not terminal.at_shell:
            terminal.interrupt()
            self._inside.pop(number, None)

    def _run_step(
        self, block: Block, step: Step, following: Step | None, *, silent: bool
    ) -> StepResult:
        """Type one step and judge what came."""
        terminal = self._terminal(block.terminal)
        place = self._place(block.terminal, step)
        if not terminal.alive:
            return StepResult(
                step, Verdict.BROKEN, complaints=("has no terminal: it was closed before",)
            )
        if not step.is_key and not same_prompt(step.prompt, terminal.prompt):
            return StepResult(
                step,
                Verdict.BROKEN,
                complaints=(_elsewhere(step, block.terminal, terminal.prompt),),
                hint=_HINT_FOR_HASH
                if step.prompt == "# "
                else "end the program that is in front, or open the one that is promised",
            )
        timeout = block.timeout or (
            self.settings.build_timeout
            if _MAY_BUILD.search(step.command)
            else self.settings.timeout
        )
        scrub = self._open().scrub
        begun = now()
        open_before = self._witness.open_execs() if self._witness else frozenset()
        until = None
        if following is not None and following.is_key:
            promise = (*step.promise, "...")

            def until(lines: tuple[str, ...]) -> bool:
                return compare(promise, [scrub(line) for line in lines]).kept

        answer = terminal.type(step.keyed, timeout, until)
        if self._witness is not None:
            if answer.at_shell:
                self._witness.settle(open_before - self._opened_by(block.terminal))
            else:
                self._witness.await_start()
        answer = replace(
            answer,
            output=tuple(scrub(line) for line in answer.output),
            note=scrub(answer.note),
        )
        hashes = bool(step.remarks) and any(line.startswith("#") for line in answer.output)
        step = step.with_remarks(came_at_end(step.remarks, answer.output))
        result = self._judged(
            step,
            following,
            answer,
            timeout,
            waited=until is not None,
            # lines with a `#` below a step may be all that its block promises
            silent=silent and not hashes,
        )
        result = replace(result, window=(begun, now()), place=place)
        if answer.at_shell:
            self._inside.pop(block.terminal, None)
        elif answer.prompt and block.terminal not in self._inside:
            self._inside[block.terminal] = result
        if answer.trouble and not answer.at_shell and terminal.alive:
            terminal.interrupt()
        return result

    def _opened_by(self, number: int) -> frozenset[str]:
        """Return the execs that hold a terminal: they must end once its shell is back."""
        opened = self._inside.get(number)
        if opened is None:
            return frozenset()
        return frozenset(e.execution for e in self._events(opened) if e.execution)

    def _place(self, number: int, step: Step) -> str:
        """Return where a step is typed, in words."""
        opened = self._inside.get(number)
        if opened is None:
            return YOUR_MACHINE
        inside = place_of(self._events(opened))
        return f"{step.program} in {inside}" if inside else f"{step.program} on {YOUR_MACHINE}"

    def _is_silent(self, block: Block, steps: Sequence[Step]) -> bool:
        """Tell whether a block promises exit statuses alone."""
        if block.setup or block.plain:
            return True
        return not self.settings.strict and not any(step.promise for step in steps)

    def _judged(
        self,
        step: Step,
        following: Step | None,
        answer: Answer,
        timeout: float,
        *,
        waited: bool,
        silent: bool,
    ) -> StepResult:
        """Return the verdict on what a step gave."""
        complaints: list[str] = []
        verdict = Verdict.PASSED
        promise: Sequence[str] = step.promise
        if step.status is not None and not answer.at_shell and answer.prompt:
            # no program has ended, so `[1]` is no exit status: it is output, such as a list
            promise = (*promise, f"[{step.status}]")
        ended_too_early = waited and answer.at_shell and step.status is None
        comparison = None
        if not silent:
            wanted = (*promise, "...") if waited and not answer.trouble else promise
            comparison = compare(wanted, answer.output)
            if not comparison.kept and not answer.trouble:
                verdict = Verdict.DIFFERS
                complaints.append("gave something else than the page promises")
                if answer.note:
                    complaints.append(answer.note)
        if answer.trouble:
            verdict = Verdict.BROKEN
            complaints.insert(0, _in_words(answer.trouble, timeout))
            if answer.note:
                complaints.append(answer.note)
        elif ended_too_early:
            verdict = Verdict.DIFFERS
            complaints.insert(0, "ended before its key was pressed")
        elif answer.at_shell:
            promised = step.status or 0
            if answer.status != promised:
                verdict = Verdict.DIFFERS
                complaints.insert(
                    0, f"ended with exit status {answer.status}, promised is {promised}"
                )
        if (
            following is not None
            and not following.is_key
            and not answer.trouble
            and not same_prompt(following.prompt, answer.prompt)
        ):
            verdict = Verdict.BROKEN
            complaints.insert(
                0,
                f"was answered by the prompt `{answer.prompt.strip()}`, "
                f"the page goes on at `{following.prompt.strip()}`",
            )
        return StepResult(
            step,
            verdict,
            answer.output,
            answer.status,
            answer.seconds,
            comparison,
            tuple(complaints),
            hint=_hint(answer, step),
        )


def newly_failed(result: ItemResult) -> tuple[StepResult, ...]:
    """Return the steps that ended with an exit status that is neither 0 nor promised."""
    return tuple(
        step for step in result.steps if step.status and step.status != (step.step.status or 0)
    )


def _kept_promise(result: StepResult) -> tuple[Step, Sequence[str], int | None]:
    """Return a step with the promise and the exit status that its run would keep."""
    step = result.step
    if result.comparison is not None:
        return step, _without_waiting(result), result.status
    # where no output is promised, the exit status still is
    return step, step.promise, step.status if result.status is None else result.status


def _elsewhere(step: Step, number: int, prompt: str) -> str:
    """Return that another program is in front than the one a step is typed into."""
    return f"is promised at `{step.prompt.strip()}`, but terminal {number} is at `{prompt.strip()}`"


def _without_waiting(result: StepResult) -> tuple[str, ...]:
    """Return a rewritten promise without the elision that waiting for a key added."""
    assert result.comparison is not None
    promise = result.comparison.rewritten
    waited = result.comparison.rows and result.comparison.rows[-1].promised == "..."
    shown = result.step.promise[-1:] == ("...",)
    return promise[:-1] if waited and not shown else promise


def _in_words(trouble: str, timeout: float) -> str:
    """Return an answer's trouble with the time it took."""
    if trouble == NO_PROMPT:
        return f"gave no prompt back within {timeout:g} s"
    return trouble


def _hint(answer: Answer, step: Step) -> str:
    """Return what a writer can do about an answer's trouble."""
    if answer.trouble == NO_PROMPT:
        last = answer.output[-1].strip() if answer.output else ""
        if last.endswith((">", ":", "?", "]", "#", "$")):
            return (
                f"if `{last}` asks for input, add its prompt to `seatrial_prompts` in conf.py; "
                "if it only needs longer, set `:timeout:` on the block"
            )
        return "set `:timeout:` on the block, or end the command by `^C` on a line of its own"
    if answer.trouble.startswith("printed more"):
        return "show less of it, such as with `| head`"
    if answer.trouble == "closed the terminal":
        return "leave the last `exit` out: each page's terminals are closed for it"
    if answer.trouble and any(line in KEYS for line in step.typed):
        return "press the key while the program it is meant for is in front"
    return ""
