"""Compares what the items of a page gave with the page's record."""

from __future__ import annotations

from collections import Counter

from seatrial.pages.settings import Settings
from seatrial.run.engines import Engine
from seatrial.transcript.blocks import Block, Item, Page
from seatrial.transcript.record import Record, Run
from seatrial.transcript.sameness import differences
from seatrial.transcript.spelling import CURRENT
from seatrial.trials.outcome import Sights, is_strict, steps_as_recorded, tools_of
from seatrial.trials.verdicts import ItemResult


class AgainstRecord:
    """A page's record, against which one run of the page is held item by item."""

    def __init__(
        self, page: Page, settings: Settings, engine: Engine | None, record: Record | None
    ) -> None:
        self._page, self._settings, self._engine = page, settings, engine
        self._spelling = engine.spelling if engine else CURRENT
        self._record = record
        self.unrecorded = 0
        # blocks that were compared with their promises alone
        self._same: Counter[str] = Counter()
        # how often an item of a digest stood on the page so far

    def compared(self, item: Item, result: ItemResult, sights: Sights | None) -> ItemResult:
        """Return a result with how it differs from the record."""
        nth = self._same[item.digest]
        self._same[item.digest] += 1
        if not isinstance(item, Block) or not result.steps:
            return result
        held = self._record.item(self._spelling, item.digest, nth) if self._record else None
        if held is None or self._record is None:
            self.unrecorded += 1
            return result
        run = self._record.runs[self._spelling]
        found: list[tuple[str, ...]] = [
            differences(one.given, run.heard(came.given), varies=item.step_varies(number))
            for number, (one, came) in enumerate(
                zip(held.steps, steps_as_recorded(result, sights), strict=False), start=1
            )
        ]
        before = [each.digest for each in self._page.items[: item.ordinal]]
        if item.varies and not run.fits(before, self._settings.project):
            changed = "varies, and the page above it or the project changed since it was recorded"
            found[0] = (*found[0], changed)
        return result.with_differences(found, strict=self._is_strict(run, sights))

    def _is_strict(self, held: Run, sights: Sights | None) -> bool:
        """Tell whether differences from a run that is held are failures.

        Never on an engine of which we do not know what is in it.
        """
        if self._engine is not None and not self._engine.private:
            return False
        images = sights.images() if sights is not None else {}
        return is_strict(held, tools_of(self._engine), images)
