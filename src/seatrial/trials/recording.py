"""What runs gave, put back into pages and kept in records: nothing of a writer's is lost by it."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seatrial.errors import SeatrialError, TranscriptError
from seatrial.pages.reading import Reader, Tree
from seatrial.pages.rewriting import rewritten
from seatrial.transcript.blocks import Block, Item, Page
from seatrial.transcript.programs import Prompt
from seatrial.transcript.record import Record, load, path_of, save, write_whole
from seatrial.transcript.steps import parse
from seatrial.trials.page import PageRun

Change = tuple[Block, Block]
# a block as it was read, and as it is to be
Place = tuple[str, int]
# a file, and how many of its blocks stand before this one


@dataclass(frozen=True)
class _Given:
    """What the first page that shows a block made of it."""

    page: Page
    before: Block
    after: Block


class Recorder:
    """Writes down what the pages of one pytest run gave."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.tree: Tree = reader.read()
        # the pages as they read now
        self._originals: dict[Path, str | None] = {}
        # the text of each file that was written, before it was; None where there was none
        self._given: dict[Place, _Given] = {}
        self._disputed: set[Place] = set()

    @property
    def changed(self) -> list[str]:
        """Return the names of the files that were written and not put back."""
        source = self.tree.settings.source
        return [
            Path(os.path.relpath(path, source)).as_posix()
            for path, text in self._originals.items()
            if _text(path) != text
        ]

    def take(self, run: PageRun) -> None:
        """Write promises back, then the record of the page as it reads now.

        Each block that ran is written; the record is kept where all of them were.  Raises
        SeatrialError with all that could not be written, after everything else was.
        """
        run.pass_over_the_rest()
        changes, troubles = run.rewritten()
        places = [(self._place(old), (old, new)) for old, new in changes]
        for place, change in places:
            self._compare_with_others(run.page, place, change, troubles)
        wanted = {
            place: (old, new)
            for place, (old, new) in places
            if place not in self._disputed and old != new
        }
        self._write(list(wanted.values()), troubles)
        if troubles:
            # a file that is gone is told once for all its blocks
            raise SeatrialError("\n".join(dict.fromkeys(map(str, troubles))))
        if run.complete:
            self._keep(run)
        elif run.stopped_by is None:
            raise SeatrialError(
                "no record was written, because only a part of the page was run: "
                f"{len(run.results)} of its {len(run.page.items)} blocks and edits",
                where=run.page.source,
                hint="record the whole page",
            )

    def _keep(self, run: PageRun) -> None:
        """Write the record of a page that ran to its end."""
        folder = self.tree.settings.records
        page = next((p for p in self.tree.pages if p.name == run.page.name), run.page)
        old_record = load(folder, page.name)
        runs = dict(old_record.runs) if old_record else {}
        runs[run.spelling] = run.record(page.items)
        path = path_of(folder, page.name)
        before = _text(path)
        if save(folder, Record(page.name, runs)):
            self._originals.setdefault(path, before)

    # --- blocks that stand in more than one place ---

    def _compare_with_others(
        self, page: Page, place: Place, change: Change, troubles: list[SeatrialError]
    ) -> None:
        """Dispute a block to which a place before this one gave another output.

        It is put back to what it was before this run of pytest.
        """
        _, new = change
        first = self._given.setdefault(place, _Given(page, *change))
        if first.after.lines == new.lines:
            return
        if place not in self._disputed:
            self._disputed.add(place)
            now = next((b for b in self._blocks() if self._place(b) == place), None)
            if now is not None and now.lines != first.before.lines:
                self._write([(now, replace(now, lines=first.before.lines))], troubles)
                self._put_back(path_of(self.tree.settings.records, first.page.name))
        both = dict.fromkeys((first.page.source, page.source))
        shown = " and ".join(both) + (" show it" if len(both) > 1 else " shows it twice")
        line = _first_difference(first, new, self.tree.settings.prompts)
        troubles.append(
            TranscriptError(
                f"this block gave different outputs and is left as it was: {shown}",
                where=f"{first.before.source}:{line}",
                hint="write `...` in place of what differs, or give each place its own block",
            )
        )

    def _blocks(self) -> Iterator[Block]:
        """Yield the blocks of all pages."""
        for page in self.tree.pages:
            yield from (item for item in page.items if isinstance(item, Block))

    def _place(self, block: Block) -> Place:
        """Return what identifies a block however many lines those before it have now."""
        lines = {other.line for other in self._blocks() if other.source == block.source}
        return block.source, sum(line < block.line for line in lines)

    # --- files ---

    def _write(self, changes: Sequence[Change], troubles: list[SeatrialError]) -> None:
        """Rewrite blocks; add why for those that cannot be, and rewrite the others."""
        possible: list[Change] = []
        for change in changes:
            try:
                rewritten(self.tree.settings.source, [change])
                possible.append(change)
            except TranscriptError as error:
                troubles.append(self._why(change[0], error))
        try:
            self._write_all(possible)
        except SeatrialError:
            # one of them breaks its page; from the last to the first, so that places stay
            for change in sorted(possible, key=lambda c: c[0].line, reverse=True):
                try:
                    self._write_all([change])
                except SeatrialError as error:
                    troubles.append(error)

    def _write_all(self, changes: Sequence[Change]) -> None:
        """Rewrite blocks, and put their files back where the pages then hold anything else.

        Raises TranscriptError where they would, RecordError where a file cannot be written.
        """
        source = self.tree.settings.source
        texts = rewritten(source, changes)
        if not texts:
            return
        # somebody may have edited another part of a page while its blocks ran
        before = self._reader.read()
        written = {(source / name).resolve() for name in texts}
        try:
            for name, (old, new) in texts.items():
                self._originals.setdefault(source / name, old)
                write_whole(source / name, new)
            after = self._reader.read(written)
            _require_same_pages(before, after, changes)
        except BaseException:
            for name, (old, new) in texts.items():
                if _text(source / name) == new:
                    write_whole(source / name, old)
            self._reader.forget(written)
            raise
        self.tree = after

    def _put_back(self, path: Path) -> None:
        """Give a file the text that it had before this run of pytest."""
        text = self._originals.get(path)
        if text is not None:
            write_whole(path, text)
        elif path in self._originals:
            path.unlink(missing_ok=True)

    def _why(self, block: Block, error: TranscriptError) -> TranscriptError:
        """Return why a block was not found, which may never have stood in its file as it is."""
        with contextlib.suppress(SeatrialError):
            self.tree = self._reader.read()
            if block in self._blocks() and _text(self.tree.settings.source / block.source):
                return TranscriptError(
                    "this block is in its file with something else around its lines, such as "
                    "a table, and is not rewritten",
                    where=block.where,
                    hint="correct it by hand, or put it outside of that",
                )
        return error


def _text(path: Path) -> str | None:
    """Return the text of a file, if it has any."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _first_difference(first: _Given, new: Block, prompts: Sequence[Prompt]) -> int:
    """Return the number of the line, in the file, of the step to which two outputs came."""
    steps = zip(
        parse(first.before, prompts), parse(first.after, prompts), parse(new, prompts), strict=True
    )
    return next(
        (
            step.line
            for step, one, other in steps
            if (one.promise, one.status) != (other.promise, other.status)
        ),
        first.before.line,
    )


def _require_same_pages(before: Tree, after: Tree, changes: Sequence[Change]) -> None:
    """Raise TranscriptError where pages hold anything else than before, but for some blocks."""
    lines = {(old.source, old.line): new.lines for old, new in changes}
    read = {page.name: _essence(page, {}) for page in after.pages}
    if {page.name: _essence(page, lines) for page in before.pages} != read:
        raise TranscriptError(
            "the output is not written, because a line of it would close the block or be read as "
            "something else",
            where=changes[0][0].where,
            hint="write `...` on the page in place of that line",
        )


def _essence(page: Page, lines: Mapping[tuple[str, int], tuple[str, ...]]) -> object:
    """Return what a page holds, with other lines for some blocks, whatever line it stands on."""
    items: list[Item] = []
    for item in page.items:
        own = lines.get((item.source, item.line), item.lines)
        trimmed = "\n".join(line.rstrip() for line in own).rstrip("\n").split("\n")
        items.append(replace(item, line=0, lines=tuple(trimmed)))
    problems = [re.sub(r":\d+:", ":", problem) for problem in page.problems]
    return items, problems
