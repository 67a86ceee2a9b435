"""What a writer reads in the terminal while pages are watched."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence

from seatrial.transcript.blocks import Block
from seatrial.transcript.steps import Step
from seatrial.trials.verdicts import ItemResult, StepResult, Verdict, explain


def say(line: str) -> None:
    """Print a line at once, as far as the terminal is still there."""
    write(f"{line}\n")


def write(text: str) -> None:
    """Print a text without an end of line."""
    with contextlib.suppress(OSError):
        sys.stdout.write(text)
        sys.stdout.flush()


class Steps:
    """Prints each step as it is typed, and what became of it.

    `look` is called before each step, and may raise to end the run there.
    """

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look

    def begins(self, block: Block, step: Step) -> None:
        """Print what is about to be typed."""
        self._look()
        shown = step.shown[0].strip() if step.shown else step.command
        write(f"  {block.source}:{step.line} {shown} ")

    def ends(self, result: StepResult) -> None:
        """Print what became of it, on the same line."""
        say(f"-- {result.verdict.value}, {result.seconds:.1f} s")


def verdict(name: str, results: Sequence[ItemResult], how: str) -> None:
    """Print what became of a page, with why something of it failed."""
    failed = [result for result in results if result.failed]
    for result in failed:
        say(explain(result))
    passed = sum(result.verdict is Verdict.PASSED for result in results)
    left = sum(result.verdict is Verdict.NOT_RUN for result in results)
    counts = [f"{passed} passed"]
    counts += [f"{len(failed)} failed"] if failed else []
    counts += [f"{left} not run"] if left else []
    say(f"{name}: {', '.join(counts)} ({how})")
