"""What the blocks and edits of a page add up to: the line under its title."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from seatrial.pages.marks import PageStatus
from seatrial.pages.recorded import RecordedItem
from seatrial.pages.shown import Shown, Standing
from seatrial.transcript.blocks import Edit
from seatrial.transcript.record import Record, Run
from seatrial.transcript.spelling import OLD, SPELLINGS


@dataclass
class Tally:
    """The items of a page that have been shown so far."""

    spellings: set[str] = field(default_factory=set)
    """In which the page has blocks that ran."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Why lines were not run -> how many lines."""
    doubtful: dict[int, Standing] = field(default_factory=dict)
    """Number of a block or an edit that did not run as it stands -> what is known of it."""
    asked: int = 0
    """Blocks that are to run, in each spelling."""
    both: bool = False
    """A block is shown in both spellings."""

    def take(self, known: RecordedItem) -> None:
        """Count an item."""
        if isinstance(known.item, Edit):
            self._take_edit(known.item, known.standings[0])
        for half in known.halves:
            self._take_half(half)

    def _take_half(self, half: Shown) -> None:
        """Count a block in one spelling."""
        if half.standing is Standing.LEFT_OUT:
            lines = sum(len(step.typed) for step in half.steps) or len(half.block.lines)
            # both spellings leave the same lines out
            if half.spelling != OLD or half.block.only:
                self.left_out[half.block.not_run] += lines
            return
        self.asked += 1
        self.both = self.both or (bool(half.spelling) and not half.block.only)
        if half.standing is Standing.RAN:
            self.spellings |= {half.spelling} if half.spelling else set(SPELLINGS)
        else:
            self.doubtful.setdefault(half.block.ordinal, half.standing)

    def _take_edit(self, edit: Edit, standing: Standing) -> None:
        """Count an edit."""
        if standing is Standing.LEFT_OUT:
            self.left_out[edit.not_run] += len(edit.new) or len(edit.lines)
        elif standing is not Standing.RAN:
            self.doubtful[edit.ordinal] = standing

    def status(
        self, record: Record | None, shown: Sequence[str], *, switch: bool
    ) -> PageStatus | None:
        """Return what is known of the page; None where everything is left out on purpose.

        The site shows the spellings `shown`; where it can have a `switch`, readers choose one.
        """
        if not self.asked:
            return None
        found = record.runs if record else {}
        runs: dict[str, Run] = {
            each: found[each] for each in SPELLINGS if each in found and each in self.spellings
        }
        return PageStatus(
            runs,
            self.left_out,
            Counter(self.doubtful.values()),
            self.both and switch,
            tuple(each for each in SPELLINGS if each in shown),
        )
