"""What a run of pytest came to, added up over its processes, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from seatrial.trials.verdicts import ItemResult, Verdict


@dataclass
class Tally:
    """What was selected, what ran, and what is to be told at the end."""

    selected: int = 0
    """Blocks, edits and cells that were asked for."""
    without_docker: int = 0
    """Those of them that were skipped because no engine answers."""
    passed_over: int = 0
    """Runs of pages that were left out, because nothing that they depend on has changed."""
    blocks: int = 0
    steps: int = 0
    cells: int = 0
    claims: int = 0
    """Claims that were proved."""
    shorts: int = 0
    """Short forms of pages that hold by themselves."""
    silent: int = 0
    """Blocks that ran and promise no output, though they could."""
    unrecorded: int = 0
    """Blocks that were compared with their promises alone."""
    changed: list[str] = field(default_factory=list)
    """Names of the files that were written."""
    unlike: list[str] = field(default_factory=list)
    """Differences from records that are no failures: other versions were at work."""
    worse: list[str] = field(default_factory=list)
    """Commands that ended with an exit status that is neither 0 nor promised, in words."""
    notes: dict[str, None] = field(default_factory=dict)
    """What is shown and not run, in words, each once."""

    def add(self, results: Iterable[ItemResult], *, strict: bool) -> None:
        """Count what became of a page's items; a `strict` project has no silent blocks."""
        for result in results:
            self.blocks += bool(result.steps)
            self.silent += result.is_silent and not strict
            self.claims += result.proves_a_claim
            self.unlike.extend(
                f"{result.item.source}:{step.step.line}: {each.splitlines()[0].rstrip(':')}"
                for step in result.steps
                if step.verdict is Verdict.PASSED
                for each in step.unlike
            )

    @property
    def ran_nothing(self) -> bool:
        """Tell whether nothing ran of what was to run here."""
        return self.selected > self.without_docker and not (self.steps or self.cells)

    def as_plain(self) -> dict[str, Any]:
        """Return this in values that can be sent to another process."""
        return asdict(self)

    def handed_over(self) -> dict[str, Any]:
        """Return this in plain values, and begin from nothing: another process adds it up."""
        done = asdict(self)
        self.__dict__.update(asdict(Tally(selected=self.selected)))
        return done

    def take_over(self, done: Mapping[str, Any]) -> None:
        """Add what another process did: each knows all that was selected, and ran a part of it."""
        other = Tally(**done)
        self.selected = max(self.selected, other.selected)
        self.without_docker += other.without_docker
        self.passed_over = max(self.passed_over, other.passed_over)
        self.blocks += other.blocks
        self.steps += other.steps
        self.cells += other.cells
        self.claims += other.claims
        self.shorts += other.shorts
        self.silent += other.silent
        self.unrecorded += other.unrecorded
        self.changed += other.changed
        self.unlike += other.unlike
        self.worse += other.worse
        self.notes |= other.notes


def summary(tally: Tally, *, tell_unrecorded: bool) -> Iterator[str]:
    """Yield, in lines, what was run and what was written."""
    shorts = f"; {_number(tally.shorts, 'short form')} held" if tally.shorts else ""
    cells = f" and {_number(tally.cells, 'cell')}" if tally.cells else ""
    silent = f"; {tally.silent} block{'s promise' if tally.silent > 1 else ' promises'} no output"
    yield (
        f"seatrial: ran {_number(tally.blocks, 'block')} with "
        f"{_number(tally.steps, 'step')}{cells}; "
        f"{_number(tally.claims, 'claim')} proved{shorts}{silent if tally.silent else ''}"
    )
    if tally.ran_nothing:
        yield "seatrial: no step ran, so nothing was shown to be true"
    if tally.unrecorded and tell_unrecorded:
        blocks = _number(tally.unrecorded, "block")
        yield f"seatrial: {blocks} without a record, compared with promises"
    if tally.unlike:
        differences = _number(len(tally.unlike), "difference")
        yield (f"seatrial: {differences} from records that other versions made; promises decided:")
        yield from (f"  {line}" for line in tally.unlike)
    yield from (f"seatrial: wrote {name}" for name in tally.changed)
    yield from (f"seatrial: {sentence}" for sentence in tally.worse)


def _number(number: int, noun: str) -> str:
    """Return how many of something there are, in English."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
