"""Types one step, and returns the verdict on what came of it: the same for every run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from seatrial.transcript.events import Ended, Ending, Event, Output
from seatrial.transcript.judging import Came, judge
from seatrial.transcript.matching import ELISION, compare
from seatrial.transcript.steps import Step
from seatrial.trials.complaints import hint, in_words
from seatrial.trials.verdicts import StepResult, Verdict


class Typist(Protocol):
    """A terminal as a page needs it: one that is typed into, or one that was."""

    @property
    def alive(self) -> bool:
        """Tell whether anything can still be typed."""

    @property
    def prompt(self) -> str:
        """Return the prompt in front."""

    def send(
        self, lines: Sequence[str], timeout: float, *, watched: bool = False
    ) -> Iterator[Event]:
        """Type lines, and yield what happens; an `Ended` comes last."""

    def stop(self) -> None:
        """Listen no more to what is running."""

    def leave(self) -> bool:
        """Leave what is in front, and tell whether the reader's own shell came back."""


#: After these a program is in front that the next step may be meant for.
OPEN = (Ending.PROMPT, Ending.LEFT)


def typed(line: Typist, step: Step, following: Step | None, timeout: float) -> Ended:
    """Type a step; where a key follows, stop listening once all that is promised has come."""
    waits = following is not None and following.is_key
    promise = (*step.promise, ELISION)
    seen: list[str] = []
    for event in line.send(step.keyed, timeout, watched=waits):
        if isinstance(event, Ended):
            return event
        if isinstance(event, Output):
            seen += event.lines
            if compare(promise, [*seen, event.tail] if event.tail else seen).kept:
                line.stop()
    raise AssertionError("what is sent comes to an end")


def judged(
    step: Step, following: Step | None, ended: Ended, timeout: float, *, silent: bool
) -> StepResult:
    """Return the verdict on what a step gave."""
    left = ended.ending is Ending.LEFT
    came = Came(
        ended.output,
        ended.status,
        ended.prompt if ended.ending is Ending.PROMPT else None,
        listening_ended=left,
    )
    found = judge(step, following, came, silent=silent)
    complaints = list(found.complaints)
    verdict = Verdict.PASSED if found.kept else Verdict.DIFFERS
    if ended.ending not in OPEN:
        verdict = Verdict.BROKEN
        complaints = [in_words(ended, timeout)]
    elif found.elsewhere:
        verdict = Verdict.BROKEN
    if ended.note and complaints:
        complaints.append(ended.note)
    return StepResult(
        step,
        verdict,
        ended.output,
        ended.status,
        ended.seconds,
        found.comparison,
        tuple(complaints),
        hint=hint(ended, step),
        window=ended.window,
        place=ended.ran,
        ending=Ending.LEFT if left else Ending.PROMPT,
    )
