"""The one judge of promises: what a page promises of a step, against what came of it.

The check of a run and the rendering of a record ask the same function, so no page can show as
proved what a check would refuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seatrial.transcript.blocks import Block
from seatrial.transcript.kinds import in_promised_order
from seatrial.transcript.matching import ELISION, Comparison, compare
from seatrial.transcript.steps import Step, same_prompt


@dataclass(frozen=True)
class Came:
    """What came of one step, in a run or in a record."""

    output: Sequence[str]
    status: int | None
    # exit status; None where a program stayed in front, which has none yet
    prompt: str | None = None
    # the prompt that followed; None where that is not known
    listening_ended: bool = False
    # the run went on without a prompt, to press the key that follows


@dataclass(frozen=True)
class Judgement:
    """What a judge says of a step."""

    comparison: Comparison | None
    # of promised and printed lines; None where no output is promised
    complaints: tuple[str, ...] = ()
    # each a part of a sentence whose subject is the command
    elsewhere: bool = False
    # another program answered than the page goes on with

    @property
    def kept(self) -> bool:
        """Tell whether all is as promised."""
        return not self.complaints


def is_silent(block: Block, steps: Sequence[Step], *, strict: bool) -> bool:
    """Tell whether a block promises exit statuses alone."""
    return block.setup or block.plain or not (strict or any(step.promise for step in steps))


def judge(step: Step, following: Step | None, came: Came, *, silent: bool) -> Judgement:
    """Return whether a step's output, exit status and prompt are as promised."""
    complaints: list[str] = []
    waited = following is not None and following.is_key
    ended = came.status is not None
    promise = list(step.promise)
    if step.status is not None and not ended and not came.listening_ended:
        # no program has ended, so `[1]` is no exit status: it is output, such as a list
        promise.append(f"[{step.status}]")
    if waited:
        # what comes until a key ends the program is promised as far as the page shows it
        promise.append(ELISION)
    output = came.output
    if "docker" in step.command:
        output = in_promised_order(promise, output)
    comparison = None if silent else compare(promise, output)
    if waited and ended and step.status is None:
        complaints.append("ended before its key was pressed")
    elif ended and came.status != (step.status or 0):
        complaints.append(f"ended with exit status {came.status}, promised is {step.status or 0}")
    if comparison is not None and not comparison.kept:
        complaints.append("gave something else than the page promises")
    elsewhere = (
        following is not None
        and not waited
        and came.prompt is not None
        and not same_prompt(following.prompt, came.prompt)
    )
    if elsewhere:
        complaints.insert(
            0,
            f"was answered by the prompt `{(came.prompt or '').strip()}`, "
            f"the page goes on at `{following.prompt.strip() if following else ''}`",
        )
    return Judgement(comparison, tuple(complaints), elsewhere)
