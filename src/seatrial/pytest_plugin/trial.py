"""What the items of one pytest run share."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.errors import EngineUnavailableError, SeatrialError
from seatrial.pages.prose import Corpus
from seatrial.pages.reading import Reader, Tree
from seatrial.pytest_plugin.tally import Tally
from seatrial.run.engines import Engine, find_engine
from seatrial.transcript.blocks import Block, Page
from seatrial.transcript.commands import needs_docker
from seatrial.transcript.spelling import SPELLINGS
from seatrial.trials.recording import Recorder


class Trial:
    """What the items of one pytest run share."""

    def __init__(self, config: pytest.Config, source: Path) -> None:
        self.source = source
        # the same folder as pytest was told of it, where that leads over a link
        self.named = absolute(config.rootpath / config.getini("seatrial"))
        self._given = [
            (absolute(config.invocation_params.dir / path), bool(within))
            for path, within, _ in (each.partition("::") for each in config.args)
        ]
        # what the command line names, and whether that is something within a file
        self.strangers_only = set[Path]()
        # folders that pytest leaves out, and that are looked into for pages alone
        self.collected = set[Path]()
        self.recording = bool(config.getoption("--seatrial-record"))
        self.visible = bool(config.getoption("--visible"))
        self.require_docker = bool(config.getoption("--require-docker"))
        self.only = config.getoption("--compose")
        if self.only not in (None, *SPELLINGS):
            # argparse looks at what is typed, and not at defaults
            raise pytest.UsageError(
                f"SEATRIAL_COMPOSE is {self.only!r}, and no spelling of Compose; "
                f"set it to {' or '.join(SPELLINGS)}"
            )
        self.tests_alone = False
        # whether pytest-xdist may give the tests of a file to several processes
        self.is_elsewhere: Callable[[Path], bool] = lambda _file: False
        # whether another machine has a file in its share
        self.tally = Tally()
        self.told = False
        self._corpus: Corpus | None = None
        self.trouble = ""
        # why no page can be read
        self._recorder: Recorder | None = None
        self._engines: dict[str, Engine | EngineUnavailableError] = {}

    @property
    def asked(self) -> list[Path]:
        """Return the files and folders that are asked for as a whole."""
        return [path for path, within in self._given if not within]

    @property
    def recorder(self) -> Recorder:
        """Return what writes pages and records, made when the pages are first asked for."""
        if self._recorder is None:
            self._recorder = Recorder(Reader(self.source))
        return self._recorder

    @property
    def tree(self) -> Tree:
        """Return the pages as they read now."""
        return self.recorder.tree

    @property
    def outcome(self) -> Tally:
        """Return what was done, with the names of all files that were written."""
        pages = self._recorder.changed if self._recorder else ()
        return replace(self.tally, changed=[*pages, *self.tally.changed])

    @property
    def corpus(self) -> Corpus:
        """Return what literals are looked for in; while recording, it grows from page to page."""
        if self._corpus is None or self.recording:
            self._corpus = self.tree.corpus()
        return self._corpus

    @property
    def known(self) -> Tree | None:
        """Return the pages; none where they cannot be read, and note why."""
        if not self.trouble:
            try:
                return self.tree
            except SeatrialError as error:
                self.trouble = str(error)
        return None

    @property
    def was_read(self) -> bool:
        """Tell whether the pages were read, or are to be, because all of them are asked for."""
        return self._recorder is not None or any(self.source.is_relative_to(a) for a in self.asked)

    def place(self, path: Path) -> Path | None:
        """Return a file or folder as it is called below the source directory, if it is there."""
        for folder in (self.source, self.named):
            if path.is_relative_to(folder):
                return self.source / path.relative_to(folder)
        return None

    def is_near_what_is_asked(self, place: Path) -> bool:
        """Tell whether a file or folder lies above or below what the command line names, or is it.

        pytest looks at all that lies beside that too, and reading pages takes long.
        """
        given = (self.place(path) or path for path, _ in self._given)
        return any(each.is_relative_to(place) or place.is_relative_to(each) for each in given)

    def holds_pages(self, folder: Path) -> bool:
        """Tell whether a folder has pages in it or in its folders."""
        tree = self.known
        return tree is not None and any(
            (self.source / page.source).is_relative_to(folder) for page in tree.pages
        )

    def spellings(self, page: Page) -> tuple[str, ...]:
        """Return the spellings in which a page is run: those that any of its blocks exists in."""
        if not self.needs_docker(page):
            return SPELLINGS[:1]
        blocks = [item for item in page.items if isinstance(item, Block) and not item.setup]
        there = {item.only for item in blocks}
        return tuple(
            spelling
            for spelling in self.tree.settings.spellings
            if self.only in (None, spelling) and ("" in there or spelling in there or not there)
        )

    def needs_docker(self, page: Page) -> bool:
        """Tell whether anything that is typed on a page may speak to Docker."""
        return needs_docker(page, self.tree.settings.prompts)

    def needs_engine(self, page: Page) -> bool:
        """Tell whether a page or a notebook is run on an engine: a notebook always is."""
        return page.source.endswith(".ipynb") or self.needs_docker(page)

    def engine(self, spelling: str) -> Engine:
        """Return the engine for a spelling; raises EngineUnavailableError, once asked the same."""
        if spelling not in self._engines:
            try:
                self._engines[spelling] = find_engine(spelling)
            except EngineUnavailableError as error:
                self._engines[spelling] = error
        found = self._engines[spelling]
        if isinstance(found, EngineUnavailableError):
            raise found
        return found


def absolute(path: Path) -> Path:
    """Return a whole path as pytest makes them: links stay as they are."""
    return Path(os.path.abspath(path))  # noqa: PTH100


TRIAL = pytest.StashKey[Trial]()
