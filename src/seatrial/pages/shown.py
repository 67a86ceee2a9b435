"""What is known about an item of a page: the block in one spelling, with what its record says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from seatrial.transcript.blocks import Block
from seatrial.transcript.events import Ending
from seatrial.transcript.judging import Came, is_silent, judge
from seatrial.transcript.matching import Comparison, came_at_end
from seatrial.transcript.record import ItemRecord, Run, StepRecord
from seatrial.transcript.spelling import COMMANDS
from seatrial.transcript.steps import Step


class Standing(Enum):
    """What is known about an item of a page."""

    RAN = "ran"
    NEVER_RAN = "not run yet"
    DIFFERS = "changed since it last ran"
    EDITED = "its record was changed by hand"
    LEFT_OUT = "not run"
    # on purpose, with a reason


@dataclass(frozen=True)
class Shown:
    """A block in one spelling, and what is known about it."""

    block: Block
    steps: tuple[Step, ...]
    # none where the block cannot be read as a transcript
    standing: Standing
    run: Run | None = None
    given: ItemRecord | None = None
    comparisons: tuple[Comparison | None, ...] = ()
    # for each step its promise and its recorded output; None where it promises no output
    spelling: str = ""
    # where the page has to say which

    @property
    def label(self) -> str:
        """Return the spelling's command, where the page has to say which."""
        return COMMANDS.get(self.spelling, "")


def as_recorded(
    block: Block,
    steps: Sequence[Step],
    run: Run | None,
    given: ItemRecord | None,
    *,
    spelling: str = "",
    own_output: bool = False,
    strict: bool = False,
    outdated: bool = False,
) -> Shown:
    """Return a block with what its record says.

    What varies and is `outdated` stood below other things when it ran, or in another project.

    With `own_output` the recorded output stands where it is not the promised one: a page promises
    the output of one spelling, and each shows what came of its own run.
    """
    if block.not_run:
        return Shown(block, tuple(steps), Standing.LEFT_OUT, spelling=spelling)
    if run is None or given is None or not steps:
        return Shown(block, tuple(steps), Standing.NEVER_RAN, spelling=spelling)
    if run.edited or given.edited:
        return Shown(block, tuple(steps), Standing.EDITED, spelling=spelling)
    if outdated or [step.command for step in steps] != [step.command for step in given.steps]:
        return Shown(block, tuple(steps), Standing.DIFFERS, spelling=spelling)
    steps = [
        step.with_remarks(came_at_end(step.remarks, came.output))
        for step, came in zip(steps, given.steps, strict=True)
    ]
    silent = is_silent(block, steps, strict=strict)
    judged = [
        judge(step, following, came_of(record), silent=silent)
        for step, following, record in zip(steps, [*steps[1:], None], given.steps, strict=True)
    ]
    kept = own_output or all(each.kept for each in judged)
    standing = Standing.RAN if kept else Standing.DIFFERS
    comparisons = tuple(each.comparison for each in judged)
    return Shown(block, tuple(steps), standing, run, given, comparisons, spelling)


def came_of(step: StepRecord) -> Came:
    """Return what a record says that came, as a judge takes it."""
    return Came(step.output, step.status, listening_ended=step.ending is Ending.LEFT)
