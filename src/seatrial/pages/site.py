"""All pages of a site in one build, each put together with its record once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ConfigError

from seatrial.errors import SeatrialError
from seatrial.pages import kept
from seatrial.pages.facts import PageFacts, facts_of
from seatrial.pages.recorded import RecordedPage, recorded
from seatrial.pages.settings import Settings, settings
from seatrial.transcript.record import Record, load
from seatrial.transcript.spelling import OLD, commands_of_old


class Site:
    """What is known of a site's pages; whoever asks twice in a build gets the same values."""

    def __init__(self, app: Sphinx) -> None:
        self.app = app
        self._pages: dict[str, RecordedPage] = {}
        self._facts: dict[str, PageFacts] = {}
        self._ran_in_old: Mapping[str, set[str]] | None = None

    @property
    def is_html(self) -> bool:
        """Tell whether this builder's pages are HTML; in all others places are words."""
        return bool(self.app.builder.format == "html")

    @property
    def is_book(self) -> bool:
        """Tell whether the pages become an e-book: without scripts, and nothing is folded."""
        return bool(self.app.builder.name == "epub")

    @cached_property
    def settings(self) -> Settings:
        """Return what conf.py says; raises SeatrialError where a setting makes no sense."""
        return settings(self.app)

    def check(self, _app: Sphinx) -> None:
        """Raise ConfigError where a setting makes no sense, before anything is read."""
        if self.is_html:
            try:
                self.settings  # noqa: B018 (looked at for what it raises)
            except SeatrialError as error:
                raise ConfigError(str(error)) from error

    def page(self, name: str) -> RecordedPage:
        """Return a page with its record."""
        if name not in self._pages:
            seen = kept.seen(self.app.env).get(name)
            items = seen.items if seen else ()
            self._pages[name] = recorded(name, items, self.settings)
        return self._pages[name]

    def facts(self, name: str) -> PageFacts:
        """Return what overviews are put together from, of one page."""
        if name not in self._facts:
            self._facts[name] = facts_of(self.app.env, self.page(name))
        return self._facts[name]

    def all_facts(self) -> Sequence[PageFacts]:
        """Return the same of all pages, in reading order."""
        return [self.facts(name) for name in self.in_reading_order()]

    @property
    def ran_in_old(self) -> Mapping[str, set[str]]:
        """Return the commands of Compose 1 that ran on any page, each with its options."""
        if self._ran_in_old is None:
            runs = (
                record.runs[OLD]
                for name in sorted(self.app.env.found_docs)
                if (record := self._record(name)) is not None and OLD in record.runs
            )
            steps = (step for run in runs for item in run.items for step in item.steps)
            self._ran_in_old = commands_of_old(step.command for step in steps)
        return self._ran_in_old

    def _record(self, name: str) -> Record | None:
        """Return a page's record; None where it has none that can be read, which others tell."""
        try:
            return load(self.settings.records, name)
        except SeatrialError:
            return None

    def in_reading_order(self) -> list[str]:
        """Return all pages in the order of the site's tables of contents, then those in none."""
        order: dict[str, None] = {}
        waiting = [self.app.config.root_doc]
        while waiting:
            page = waiting.pop(0)
            if page not in order and page in self.app.env.found_docs:
                order[page] = None
                waiting = [*self.app.env.toctree_includes.get(page, ()), *waiting]
        return [*order, *sorted(self.app.env.found_docs - set(order))]

    def begin(self, _app: Sphinx, _env: BuildEnvironment, _pages: list[str]) -> None:
        """Forget an earlier build of the same process."""
        self._pages.clear()
        self._facts.clear()
        self._ran_in_old = None
