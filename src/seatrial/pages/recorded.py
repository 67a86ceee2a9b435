"""A page with what its record says: put together once, and read by all who show or judge it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from seatrial.errors import RecordError, TranscriptError
from seatrial.pages.settings import Settings
from seatrial.pages.shown import Shown, Standing, as_recorded
from seatrial.transcript.blocks import Block, Edit, Item, in_spelling
from seatrial.transcript.edits import as_in_file
from seatrial.transcript.programs import Prompt
from seatrial.transcript.record import ItemRecord, Record, Run, load
from seatrial.transcript.spelling import CURRENT, SPELLINGS, respelt
from seatrial.transcript.steps import Step, parse


@dataclass(frozen=True)
class RecordedItem:
    """A block or an edit, in each spelling of Compose in which its page shows it."""

    item: Item
    spellings: tuple[str, ...]
    """The page's own first."""
    standings: tuple[Standing, ...]
    """What is known of the item in each of them."""
    halves: tuple[Shown, ...] = ()
    """The block in each of them; none for an edit."""
    unreadable: TranscriptError | None = None
    """Why the block is no transcript."""
    in_file: Edit | None = None
    """The edit, indented as its file is; none for a block."""


@dataclass(frozen=True)
class RecordedPage:
    """A page's items in reading order, each with what the page's record says of it."""

    name: str
    items: tuple[RecordedItem, ...] = ()
    record: Record | None = None
    broken: RecordError | None = None
    """Why there is no record, where its file cannot be read as one."""

    @cached_property
    def by_ordinal(self) -> dict[int, RecordedItem]:
        """Return the items by the numbers that nodes name them by."""
        return {each.item.ordinal: each for each in self.items}

    @property
    def has_an_old_format(self) -> bool:
        """Tell whether a run has no digest, so that nothing tells whether it was changed."""
        return any(run.old_format for run in self.record.runs.values()) if self.record else False

    @property
    def is_stale(self) -> bool:
        """Tell whether the page shows something that its record does not know as it stands."""
        unknown = {Standing.NEVER_RAN, Standing.EDITED}
        asked = [each for each in self.items if not each.item.not_run]
        return self.broken is not None or any(
            self.has_an_old_format or unknown.intersection(each.standings) for each in asked
        )


def recorded(name: str, items: Sequence[Item], known: Settings) -> RecordedPage:
    """Put a page together with its record."""
    record: Record | None = None
    broken: RecordError | None = None
    try:
        record = load(known.records, name)
    except RecordError as error:
        broken = error
    same: Counter[str] = Counter()
    found = []
    for number, item in enumerate(items, start=1):
        digest = item.digest
        given = _Given(record, digest, same[digest])
        same[digest] += 1
        if isinstance(item, Edit):
            found.append(_edit(item, given, known))
        else:
            found.append(_block(item, given, items[:number], known))
    return RecordedPage(name, tuple(found), record, broken)


@dataclass(frozen=True)
class _Given:
    """What a record holds of an item."""

    record: Record | None
    digest: str
    nth: int
    """How many items of the same digest stand before it on the page."""

    def run(self, spelling: str) -> Run | None:
        """Return the run in a spelling."""
        return self.record.runs.get(spelling) if self.record else None

    def item(self, spelling: str) -> ItemRecord | None:
        """Return what the item gave in a spelling."""
        return self.record.item(spelling, self.digest, self.nth) if self.record else None


def _edit(edit: Edit, given: _Given, known: Settings) -> RecordedItem:
    """Return an edit with what is known of it."""
    spelling = _own_spelling(known)
    standing = Standing.RAN if given.item(spelling) else Standing.NEVER_RAN
    if edit.not_run:
        standing = Standing.LEFT_OUT
    file = known.project / edit.file if known.project else None
    text = file.read_text(encoding="utf-8") if file and file.is_file() else None
    return RecordedItem(edit, (spelling,), (standing,), in_file=as_in_file(edit, text))


def _block(block: Block, given: _Given, until: Sequence[Item], known: Settings) -> RecordedItem:
    """Return a block in each spelling that its page shows; `until` are the page's items so far."""
    steps, unreadable = _steps(block, known.prompts)
    spellings = _spellings(block, steps, known)
    digests = [item.digest for item in until] if block.varies else []
    halves = []
    for spelling in spellings:
        spelt = in_spelling(block, spelling, known.project_name)
        assert isinstance(spelt, Block)
        run = given.run(spelling)
        half = as_recorded(
            spelt,
            steps if spelt == block else _steps(spelt, known.prompts)[0],
            run,
            given.item(spelling),
            spelling=spelling if len(spellings) > 1 or block.only else "",
            own_output=spelling != spellings[0],
            strict=known.strict,
            outdated=bool(block.varies and run and not run.fits(digests, known.project)),
        )
        halves.append(half)
    standings = tuple(half.standing for half in halves)
    return RecordedItem(block, spellings, standings, tuple(halves), unreadable)


def _steps(
    block: Block, prompts: Sequence[Prompt]
) -> tuple[tuple[Step, ...], TranscriptError | None]:
    """Return a block's steps; none, and why, where it is no transcript."""
    try:
        return parse(block, prompts), None
    except TranscriptError as error:
        return (), error


def _own_spelling(known: Settings) -> str:
    """Return the spelling in which pages are shown first."""
    return CURRENT if CURRENT in known.spellings else known.spellings[0]


def _spellings(block: Block, steps: Sequence[Step], known: Settings) -> tuple[str, ...]:
    """Return the spellings of Compose in which a page shows a block, the page's own first."""
    if block.only:
        return (block.only,)
    both = set(SPELLINGS) <= set(known.spellings)
    # a name that a command of plain `docker` prints may differ as well
    lines = [line for step in steps for line in (*step.typed, *step.promise)]
    if both and any(respelt(line, known.project_name) != line for line in lines):
        return SPELLINGS
    return (_own_spelling(known),)
