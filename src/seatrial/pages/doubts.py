"""What a build says of items behind which no run stands: each thing once for a doctree."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.util import logging

from seatrial.errors import TranscriptError
from seatrial.pages.recorded import RecordedItem, RecordedPage
from seatrial.pages.shown import Standing
from seatrial.pages.site import Site
from seatrial.transcript.blocks import Item
from seatrial.transcript.spelling import COMMANDS

_logger = logging.getLogger(__name__)


class Doubts:
    """Warns while one doctree is written; that of `singlehtml` holds several pages."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._met: set[str] = set()
        # pages whose record was looked at
        self._told: set[tuple[str, str]] = set()
        # pages and spellings of which it was said already that nothing ran

    def tell_of_record(self, page: RecordedPage) -> None:
        """Warn of a record that is broken, or of an old format."""
        if page.name in self._met:
            return
        self._met.add(page.name)
        if page.broken is not None:
            _logger.warning(str(page.broken), type="seatrial", subtype="record")
        if page.has_an_old_format:
            _logger.warning(
                "the record of %s has format 1, whose runs carry no digest: nothing tells "
                "whether it was changed; type `%s`",
                page.name,
                self._command(page.name),
                type="seatrial",
                subtype="record",
            )

    def tell_of_item(self, page: RecordedPage, known: RecordedItem, node: nodes.Element) -> None:
        """Warn where no run stands behind an item; once for a page of which nothing ran."""
        # the build of the site warns of what an e-book shows, too
        if page.broken is None and self._site.app.builder.name != "epub":
            for spelling, standing in zip(known.spellings, known.standings, strict=True):
                if standing not in (Standing.RAN, Standing.LEFT_OUT):
                    self._tell(page, known.item, node, standing, spelling)
        if known.unreadable is not None and not known.item.not_run:
            self._tell_why(known.item, node, known.unreadable)

    def _tell(
        self,
        page: RecordedPage,
        item: Item,
        node: nodes.Element,
        standing: Standing,
        spelling: str,
    ) -> None:
        """Warn of an item in one spelling."""
        if page.record is None or spelling not in page.record.runs:
            missing = "" if page.record is None else spelling
            if (page.name, missing) in self._told:
                return
            self._told.add((page.name, missing))
            what = f"spelt `{COMMANDS[spelling]}`, no block" if missing else "no block"
            sentence = f"{what} of this page has run yet"
        elif standing is Standing.EDITED:
            sentence = "what the record holds of this block was changed since it was recorded"
        elif standing is Standing.DIFFERS:
            sentence = "the last run of this block gave something else than the page shows"
        else:
            sentence = "this block has not run as it stands"
        _logger.warning(
            "%s; type `%s`",
            sentence,
            self._command(page.name),
            type="seatrial",
            subtype="stale",
            location=self._location(item, node),
        )

    def _tell_why(self, item: Item, node: nodes.Element, error: TranscriptError) -> None:
        """Warn of a block that cannot be read as a transcript."""
        _logger.warning(
            "%s; %s",
            error.message,
            error.hint,
            type="seatrial",
            subtype="transcript",
            location=self._location(item, node),
        )

    def _command(self, page: str) -> str:
        """Return what a person types to record a page."""
        file = Path(self._site.app.env.doc2path(page, False)).as_posix()
        return self._site.settings.record_command.replace("{page}", file)

    def _location(self, item: Item, node: nodes.Element) -> str:
        """Return an item's place as Sphinx writes places."""
        source = Path(self._site.app.srcdir, item.source)
        return f"{source if source.exists() else node.source}:{item.line}"
