"""What running a page came to: a verdict for every step, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import zip_longest

from seatrial.transcript.blocks import Block, Item
from seatrial.transcript.events import Ending
from seatrial.transcript.matching import Comparison, Pair
from seatrial.transcript.places import MACHINE, Place
from seatrial.transcript.steps import Step

#: Lines of output that a failure quotes at most.
QUOTED = 24


class Verdict(Enum):
    """How a step, or the item it belongs to, ended."""

    PASSED = "passed"
    DIFFERS = "differs"
    # the run gave something else than the page promises
    UNLIKE = "differs from its record"
    # all is as promised, but something that the page shows is not as it was
    BROKEN = "broken"
    # it could not be run to its end
    NOT_RUN = "not run"


@dataclass(frozen=True)
class StepResult:
    """What became of one step."""

    step: Step
    verdict: Verdict
    output: tuple[str, ...] = ()
    status: int | None = None
    seconds: float = 0.0
    comparison: Comparison | None = None
    complaints: tuple[str, ...] = ()
    # each a sentence: what is not as promised
    hint: str = ""
    window: tuple[int, int] = (0, 0)
    # nanoseconds since the epoch: when it was typed, when its prompt came back
    place: Place = MACHINE
    ending: Ending = Ending.PROMPT
    unlike: tuple[str, ...] = ()
    # how it differs from the page's record

    @property
    def promised_lines(self) -> frozenset[str]:
        """Return the lines that came as promised."""
        rows = self.comparison.rows if self.comparison else ()
        return frozenset(row.came or "" for row in rows if row.pair is Pair.SAME)


@dataclass(frozen=True)
class ItemResult:
    """What became of a block or an edit."""

    item: Item
    verdict: Verdict
    steps: tuple[StepResult, ...] = ()
    reason: str = ""
    # why it was not run, or what was wrong with the item as a whole

    @property
    def failed(self) -> bool:
        """Tell whether this item makes the check of its page fail."""
        return self.verdict in (Verdict.DIFFERS, Verdict.BROKEN, Verdict.UNLIKE)

    @property
    def is_silent(self) -> bool:
        """Tell whether a block ran of which no output is compared, though it could promise some."""
        return (
            isinstance(self.item, Block)
            and bool(self.steps)
            and not (self.item.setup or self.item.plain)
            and not any(step.step.promise for step in self.steps)
        )

    @property
    def proves_a_claim(self) -> bool:
        """Tell whether this shows that a sentence of the page is true."""
        is_claim = isinstance(self.item, Block) and bool(self.item.claim)
        return is_claim and self.verdict is Verdict.PASSED

    def with_differences(self, found: Sequence[Sequence[str]], *, strict: bool) -> ItemResult:
        """Return this with how each step differs from its record: a failure where `strict`."""
        steps = [
            replace(
                step,
                unlike=tuple(unlike),
                verdict=Verdict.UNLIKE
                if strict and unlike and step.verdict is Verdict.PASSED
                else step.verdict,
            )
            for step, unlike in zip_longest(self.steps, found, fillvalue=())
            if isinstance(step, StepResult)
        ]
        verdict = self.verdict
        if verdict is Verdict.PASSED and any(step.verdict is Verdict.UNLIKE for step in steps):
            verdict = Verdict.UNLIKE
        return replace(self, steps=tuple(steps), verdict=verdict)

    @property
    def stops(self) -> bool:
        """Tell whether nothing that stands below it can be run."""
        return self.verdict in (Verdict.DIFFERS, Verdict.BROKEN)


def explain(result: ItemResult, spelling: str = "") -> str:
    """Return why an item failed: its place, the lines, what was promised, what came."""
    item = result.item
    bad = next((s for s in result.steps if s.verdict is not Verdict.PASSED), None)
    spelt = f"  (spelt `{spelling}`)" if spelling else ""
    if bad is None:
        return f"{result.reason}{spelt}"
    complaints = bad.complaints or bad.unlike
    lines = [f"{item.source}:{bad.step.line}: `{_brief(bad.step.command)}` " + complaints[0]]
    if bad.verdict is Verdict.UNLIKE:
        return "\n".join([*lines, *(f"and {each}" for each in complaints[1:])]) + spelt
    lines[0] += spelt
    lines.extend(f"  and {complaint}" for complaint in complaints[1:])
    lines.append("")
    first = max(item.line, bad.step.line - 3)
    last = min(
        item.line + len(item.lines),
        bad.step.line + len(bad.step.shown) + max(len(bad.step.promise), 1) + 2,
    )
    bad_lines = range(bad.step.line, bad.step.line + len(bad.step.shown))
    for number in range(first, last):
        mark = ">" if number in bad_lines else " "
        lines.append(f"{mark} {number:4} | {item.lines[number - item.line]}".rstrip())
    lines.append("")
    lines.extend(_promised_and_came(bad))
    if bad.hint:
        lines.append(f"hint: {bad.hint}")
    return "\n".join(lines)


def _brief(command: str) -> str:
    """Return the first line of a command."""
    first, _, rest = command.strip().partition("\n")
    return f"{first} ..." if rest else first


def _promised_and_came(bad: StepResult) -> list[str]:
    """Return what was promised and what came, in that order, differences marked."""
    lines = ["promised:"]
    promised = [f"  {line}" for line in bad.step.promise] or ["  (no output)"]
    marks: list[str] = []
    if bad.comparison is not None and not bad.comparison.kept:
        promised = [
            ("- " if row.pair is Pair.MISSING else "  ") + row.promised
            for number, row in enumerate(bad.comparison.rows)
            if row.promised is not None
            and not (
                row.pair is Pair.ELIDED
                and number
                and bad.comparison.rows[number - 1].pair is Pair.ELIDED
            )
        ] or promised
        marks = [
            ("+ " if row.pair is Pair.EXTRA else "  ") + row.came
            for row in bad.comparison.rows
            if row.came is not None
        ]
    came = marks or [f"  {line}" for line in bad.output] or ["  (no output)"]
    lines.extend(promised)
    if bad.step.status:
        lines.append(f"  [{bad.step.status}]")
    lines.append("came:")
    if len(came) > QUOTED:
        left_out = len(came) - QUOTED
        came = [
            *came[: QUOTED // 2],
            f"  ({left_out} more lines)",
            *came[-QUOTED // 2 :],
        ]
    lines.extend(line[:500] for line in came)
    if bad.status:
        lines.append(f"  [{bad.status}]")
    return lines
