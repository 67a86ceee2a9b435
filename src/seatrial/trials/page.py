"""Run a page: the only place where blocks, terminals, the sandbox and the witness meet."""

from __future__ import annotations

import hashlib
import platform
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from seatrial.errors import SeatrialError, TranscriptError
from seatrial.pages.reading import Settings
from seatrial.run.engines import Engine
from seatrial.run.environments import built
from seatrial.run.log import Event, container_of, sightings
from seatrial.run.sandbox import Sandbox
from seatrial.run.scrubbing import HOME
from seatrial.run.session import CLOSED, NO_PROMPT, SHELL, TOO_LONG, UNSEEN, Answer, Terminal
from seatrial.run.witness import Witness, now
from seatrial.transcript.blocks import Block, Edit, Item, Page
from seatrial.transcript.commands import may_speak_to_docker
from seatrial.transcript.judging import Came, is_silent, judge
from seatrial.transcript.kinds import without_building
from seatrial.transcript.matching import ELISION, came_at_end, compare
from seatrial.transcript.places import MACHINE, Place
from seatrial.transcript.record import (
    Ending,
    ItemRecord,
    Record,
    Run,
    StepRecord,
    digest_of,
    sealed,
)
from seatrial.transcript.sameness import differences
from seatrial.transcript.spelling import SPELLINGS, in_spelling
from seatrial.transcript.steps import KEYS, PROMPTS, Prompt, Step, parse, same_prompt, with_promises
from seatrial.trials.verdicts import ItemResult, StepResult, Verdict

_NAMES_DOCKER = re.compile(r"\bdocker\b")
_MAY_BUILD = re.compile(r"\bdocker\b.*\b(?:build|up|pull|run)\b")
# the package whose code decides what a run gives
_CODE = Path(__file__).parents[1]
FOLDED = "folded away: a reader need not type it"
_EXIT = re.compile(r"\b(?:exit|logout)\b|^\^D$", re.MULTILINE)
# how bash says that a page would have switched off what its exit statuses are seen by
_KEPT = "PROMPT_COMMAND: readonly variable"
_HINT_FOR_HASH = (
    "open the shell that is promised; a comment of yours stands right above `$ ` or `>>> `"
)


def needs_docker(page: Page, prompts: Sequence[Prompt] = PROMPTS) -> bool:
    """Tell whether anything that is typed on a page may speak to Docker."""
    return any(
        _types_docker(item, prompts)
        for item in page.items
        if isinstance(item, Block) and not item.not_run
    )


def _types_docker(block: Block, prompts: Sequence[Prompt]) -> bool:
    """Tell whether a block may speak to Docker: promised output, which names it too, does not."""
    if not any(_NAMES_DOCKER.search(line) for line in block.lines):
        return False
    try:
        steps = parse(block, prompts)
    except TranscriptError:
        return True
    return any(
        may_speak_to_docker(step.command)
        if step.program in ("shell", "container shell")
        else _NAMES_DOCKER.search(step.command)
        for step in steps
    )


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
        self.spelling = engine.spelling if engine else "v2"
        self.recording = recording
        self._held = None if recording else record
        # what to compare with, besides the page's promises
        self.unrecorded = 0
        # blocks that were compared with their promises alone
        self.visible = visible
        # proofs that the page folds away are left out: no reader has to type them
        self._say = say
        self.results: list[ItemResult] = []
        self.steps_run = 0
        self._sandbox: Sandbox | None = None
        self._witness: Witness | None = None
        self._terminals: dict[int, Terminal] = {}
        # where the program in front of each terminal runs, and which step put it there
        self._inside: dict[int, StepResult] = {}
        self._same: Counter[str] = Counter()
        # how often an item of a digest stood on the page so far
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
            and self.spelling == SPELLINGS[0]
            and isinstance(item, Block)
            and not (item.setup or item.plain)
        )

    def record(self, items: Sequence[Item]) -> Run:
        """Return what this run gave, for the page's items as they are written now."""
        run = Run(
            ran=datetime.now(UTC).date().isoformat(),
            tools=self.tools,
            images=self.images,
            depends={
                "name": self.page.name,
                **depends_on(items, self.settings.project, self.tools, self.images),
            },
            items=tuple(
                ItemRecord(original.digest, tuple(self._recorded(result)))
                for original, result in zip(items, self.results, strict=True)
            ),
        )
        return sealed(run)

    @property
    def tools(self) -> dict[str, str]:
        """Return the versions of what runs this page: of Docker, or else of this machine."""
        return dict(self.engine.tools) if self.engine else system()

    @property
    def images(self) -> dict[str, str]:
        """Return the images of this run, each with the version of its program."""
        if self._witness is None or self.engine is None:
            return {}
        return self._witness.images(ours=self.engine.private)

    def is_strict(self, held: Run) -> bool:
        """Tell whether differences from a run that is held are failures.

        They are where all versions are the same, on an engine of which we know what is in it; else
        a page's promises decide.
        """
        if self.engine is not None and not self.engine.private:
            return False
        mine = self.images
        return {k: _main(v) for k, v in held.tools.items()} == {
            k: _main(v) for k, v in self.tools.items()
        } and all(mine.get(name, version) == version for name, version in held.images.items())

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

    def _recorded(self, result: ItemResult) -> Iterator[StepRecord]:
        """Yield what the steps of an item gave, as far as they were run."""
        # what building images says is as long as it is different every time, and nobody reads it
        is_setup = isinstance(result.item, Block) and result.item.setup
        for step in result.steps:
            if step.verdict is not Verdict.NOT_RUN:
                output = step.output
                if "docker" in step.step.command:
                    output = without_building(output, step.promised_lines)
                yield StepRecord(
                    command=step.step.command,
                    output=() if is_setup else output,
                    status=step.status,
                    place=step.place,
                    seconds=round(step.seconds, 2),
                    sightings=sightings(self._events(step)),
                    ending=step.ending,
                )

    def _compared(self, item: Item, result: ItemResult) -> ItemResult:
        """Return a result with how it differs from the page's record."""
        nth = self._same[item.digest]
        self._same[item.digest] += 1
        if self.recording or not isinstance(item, Block) or not result.steps:
            return result
        held = self._held.item(self.spelling, item.digest, nth) if self._held else None
        if held is None or self._held is None:
            self.unrecorded += 1
            return result
        run = self._held.runs[self.spelling]
        found: list[tuple[str, ...]] = [
            differences(one.given, came.given, varies=item.step_varies(number))
            for number, (one, came) in enumerate(
                zip(held.steps, self._recorded(result), strict=False), start=1
            )
        ]
        before = [each.digest for each in self.page.items[: item.ordinal]]
        if item.varies and not run.fits(before, self.settings.project):
            changed = (
                "varies, and what stands above it or the project changed since it was recorded"
            )
            found[0] = (*found[0], changed)
        return result.with_differences(found, strict=self.is_strict(run))

    def _events(self, result: StepResult) -> tuple[Event, ...]:
        return self._witness.between(*result.window) if self._witness else ()

    def _run(self, item: Item) -> ItemResult:
        """Run one item, unless something before it stopped the page."""
        if self._stopped:
            return ItemResult(item, Verdict.NOT_RUN, reason=f"not run: {self._stopped}")
        if reason := self._left_out(item):
            return ItemResult(item, Verdict.NOT_RUN, reason=reason)
        original = item
        item = in_spelling(item, self.spelling, self._open().project)
        try:
            if isinstance(item, Edit):
                self._open().apply(item)
                result = ItemResult(item, Verdict.PASSED)
            else:
                result = self._run_block(item)
            result = self._compared(original, result)
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
            and all(terminal.alive for terminal in self._terminals.values())
        )

    def _open(self) -> Sandbox:
        """Return the sandbox, made at its first use."""
        if self._sandbox is None:
            wanted = self.settings.requirements
            sandbox = Sandbox(
                self.settings.project,
                self.engine,
                source=self.settings.source,
                beneath=built(wanted, self._say) if wanted else None,
            )
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
        _require_varying(block, steps)
        silent = is_silent(block, steps, strict=self.settings.strict)
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
        before = self._witness.under_way() if self._witness else frozenset()
        until = None
        if following is not None and following.is_key:
            promise = (*step.promise, "...")

            def until(lines: tuple[str, ...]) -> bool:
                return compare(promise, [scrub(line) for line in lines]).kept

        answer = terminal.type(step.keyed, timeout, until)
        self._hear_out(block, step, answer, begun, before)
        answer = replace(
            answer,
            output=tuple(scrub(line) for line in answer.output),
            note=scrub(answer.note),
        )
        hashes = bool(step.remarks) and any(line.startswith("#") for line in answer.output)
        step = step.with_remarks(came_at_end(step.remarks, answer.output))
        # lines with a `#` below a step may be all that its block promises
        silent = silent and not hashes
        result = self._judged(step, following, answer, timeout, silent=silent)
        result = replace(result, window=(begun, now()), place=place)
        if answer.at_shell:
            self._inside.pop(block.terminal, None)
        elif answer.prompt and block.terminal not in self._inside:
            self._inside[block.terminal] = result
        if answer.trouble and not answer.at_shell and terminal.alive:
            terminal.interrupt()
        return result

    def _hear_out(
        self, block: Block, step: Step, answer: Answer, begun: int, before: frozenset[str]
    ) -> None:
        """Wait for what Docker has still to tell of a step, so that no other one is given it."""
        if self._witness is None:
            return
        opened = self._opened_by(block.terminal)
        # a function, or a script, may have had Docker do something without its name
        named = _NAMES_DOCKER.search(step.command) is not None
        if answer.at_shell and (opened or named or self._witness.between(begun, now())):
            self._witness.catch_up(begun)
        if answer.at_shell:
            self._witness.settle(before - opened)
        else:
            self._witness.await_start()

    def _opened_by(self, number: int) -> frozenset[str]:
        """Return the execs that hold a terminal: they must end once its shell is back."""
        opened = self._inside.get(number)
        if opened is None:
            return frozenset()
        return frozenset(e.execution or e.actor for e in self._events(opened))

    def _place(self, number: int, step: Step) -> Place:
        """Return where a step is typed."""
        opened = self._inside.get(number)
        if opened is None:
            return MACHINE
        return Place(step.program, container_of(self._events(opened)))

    def _judged(
        self,
        step: Step,
        following: Step | None,
        answer: Answer,
        timeout: float,
        *,
        silent: bool,
    ) -> StepResult:
        """Return the verdict on what a step gave."""
        left = not answer.prompt and not answer.trouble
        came = Came(
            answer.output,
            answer.status,
            None if answer.trouble or left else answer.prompt,
            listening_ended=left,
        )
        judged = judge(step, following, came, silent=silent)
        complaints = list(judged.complaints)
        verdict = Verdict.PASSED if judged.kept else Verdict.DIFFERS
        if answer.trouble:
            verdict = Verdict.BROKEN
            complaints = [_in_words(answer.trouble, timeout)]
        elif judged.elsewhere:
            verdict = Verdict.BROKEN
        if answer.note and complaints:
            complaints.append(answer.note)
        return StepResult(
            step,
            verdict,
            answer.output,
            answer.status,
            answer.seconds,
            judged.comparison,
            tuple(complaints),
            hint=_hint(answer, step),
            ending=Ending.LEFT if left else Ending.PROMPT,
        )


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
                hint="take `:varies:` away, or write `...` in place of what varies",
            )


def depends_on(
    items: Sequence[Item],
    project: Path | None,
    tools: Mapping[str, str],
    images: Mapping[str, str],
) -> dict[str, str]:
    """Return digests of what a run depends on: where none has changed, it would give the same."""
    return {
        "page": _digest(*(item.digest for item in items)),
        "project": digest_of(project) if project is not None else "",
        "tools": _digest(*(f"{k} {_main(v)}" for k, v in sorted({**tools, **images}.items()))),
        "code": digest_of(_CODE),
    }


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def system() -> dict[str, str]:
    """Return the versions of what a page without Docker runs on."""
    try:
        found = platform.freedesktop_os_release()
        name, version = found.get("NAME", "Linux"), found.get("VERSION_ID", "")
    except OSError:
        name, version = platform.system(), platform.release()
    return {name: version, "Python": platform.python_version()}


def _main(version: str) -> str:
    """Return the first two numbers of a version: later ones change no output that counts."""
    found = re.match(r"\d+(?:\.\d+)?", version)
    return found.group() if found else version


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
    if answer.trouble == CLOSED:
        if _EXIT.search(step.command):
            return "leave the last `exit` out: each page's terminals are closed for it"
        return "the shell itself ended here, as by `set -e` at the first failure, `exec` or `kill`"
    if answer.trouble == TOO_LONG:
        return "break it up by `\\` at the ends of lines, or put the text into a file by an edit"
    if answer.trouble == UNSEEN:
        return "leave that line out, or read the file again by `. ~/.bashrc`"
    if answer.trouble and any(line in KEYS for line in step.typed):
        return "press the key while the program it is meant for is in front"
    return _hint_on_failure(answer, step) if answer.status else ""


def _hint_on_failure(answer: Answer, step: Step) -> str:
    """Return what a writer can do about a command that failed."""
    said = "\n".join(answer.output)
    if _KEPT in said:
        return "leave PROMPT_COMMAND as it is: by it exit statuses are seen; PS1 may be changed"
    if ": event not found" in said:
        return "`!` asks for an earlier command, as in a reader's bash: put it into single quotes"
    if HOME in step.command:
        return f"{HOME} is only shown, in place of a folder of this run: type `~`"
    if answer.status == 127 and step.command.startswith("$ "):
        return "this block has prompts: make it `console`"
    if answer.status != 127 and step.status is None:
        return f"if it is meant to fail, put `[{answer.status}]` below its output"
    return ""
