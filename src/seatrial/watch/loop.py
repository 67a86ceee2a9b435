"""The writer's loop: waits for what is saved or pressed, and reads, judges and renders."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from seatrial.errors import EngineUnavailableError, SeatrialError
from seatrial.pages.reading import Reader, Tree
from seatrial.transcript.blocks import Page
from seatrial.trials.recording import Recorder
from seatrial.watch.browser import PORT, Browser, serving
from seatrial.watch.events import KEYS, Ended, Event, Events, Saved, keys, saves, signals
from seatrial.watch.judging import Judge, Superseded
from seatrial.watch.rendering import Renderer
from seatrial.watch.telling import say


def watch_pages(named: Sequence[str], spelling: str = "") -> None:
    """Watch the pages that are named, or all below here, until somebody ends it.

    Raises SeatrialError where a page is not there, or Sphinx cannot read the pages at all.
    """
    source = _source(named)
    paths = [Path(name).resolve() for name in named]
    events = Events()
    with contextlib.suppress(KeyboardInterrupt), signals(events), ExitStack() as stack:
        loop = Loop(source, paths, spelling, events)
        stack.callback(loop.close)
        stack.enter_context(saves(source, events))
        loop.begin(stack)
        loop.run()


def _source(named: Sequence[str]) -> Path:
    """Return the folder of conf.py, at or above the pages; raise SeatrialError without one."""
    for name in named:
        if not Path(name).is_file():
            raise SeatrialError(f"there is no page {name}", hint="name a page's file")
    start = Path(named[0]).resolve().parent if named else Path.cwd()
    source = next((each for each in (start, *start.parents) if (each / "conf.py").is_file()), None)
    if source is None:
        raise SeatrialError(
            f"there is no conf.py in {start}, nor above it",
            hint="change to the folder of the pages, or name one of them",
        )
    for name in named:
        if not Path(name).resolve().is_relative_to(source):
            raise SeatrialError(
                f"{name} lies outside the pages in {source}", hint="watch it by itself"
            )
    return source


class Loop:
    """What is watched, and what of it was seen last."""

    def __init__(self, source: Path, paths: Sequence[Path], spelling: str, events: Events) -> None:
        self._source, self._paths, self._events = source, paths, events
        self._pending: deque[Event] = deque()
        self._judge = Judge(spelling, self._look)
        self._reader = Reader(source)
        self._renderer = Renderer(source, source / "_build" / "watch", say)
        self._browser: Browser | None = None
        self._tree: Tree | None = None
        self._focus = ""
        # the page that keys are about

    def close(self) -> None:
        """Close the sandbox that is open."""
        self._judge.close()

    def begin(self, stack: ExitStack) -> None:
        """Render the site, serve it, and judge the pages that were named."""
        say("seatrial: reading the pages")
        self._tree = self._reader.read()
        for path in self._paths:
            if self._tree.page(path) is None:
                raise SeatrialError(
                    f"{path.relative_to(self._source)} is not a page that Sphinx reads",
                    hint="name one that is, or see `exclude_patterns` in conf.py",
                )
        self._renderer.render()
        self._browser = stack.enter_context(serving(self._renderer.folder))
        if not self._browser.address.endswith(f":{PORT}/"):
            say(f"seatrial: port {PORT} is taken, so the pages are at another one")
        first = self._tree.page(self._paths[0]) if self._paths else None
        say(f"seatrial: open {self._browser.address}{first.name + '.html' if first else ''}")
        if stack.enter_context(keys(self._events)):
            say("seatrial: " + ", ".join(f"{key} {does}" for key, does in KEYS.items()))
        else:
            say("seatrial: no keys, because this is not a terminal; Ctrl-C ends")
        for path in self._paths:
            if page := self._tree.page(path):
                self._judged(page)
        say("seatrial: watching")

    def run(self) -> None:
        """Do what each event asks for, until one ends it; raise KeyboardInterrupt then."""
        while True:
            event = self._pending.popleft() if self._pending else self._events.get()
            if isinstance(event, Ended):
                raise KeyboardInterrupt
            if isinstance(event, Saved):
                self._saved(event.paths)
            else:
                self._pressed(event.key)

    def _look(self, page: Page) -> None:
        """Raise Superseded, or KeyboardInterrupt, where a page's run has to end for an event."""
        while not self._events.empty():
            self._pending.append(self._events.get())
        if Ended() in self._pending:
            raise KeyboardInterrupt
        for event in self._pending:
            if not isinstance(event, Saved) or self._concerns(page, event.paths):
                say("-- left, because something newer is there")
                raise Superseded

    def _concerns(self, page: Page, paths: frozenset[Path]) -> bool:
        """Tell whether a page's run may depend on one of some files."""
        assert self._tree is not None
        sources = {self._source / name for name in (page.source, *(i.source for i in page.items))}
        project = self._tree.settings.project
        return any(
            path in sources
            or path.name == "conf.py"
            or (project is not None and path.is_relative_to(project))
            for path in paths
        )

    def _saved(self, paths: frozenset[Path]) -> None:
        """Read, judge and show what changed by some files."""
        before = self._tree
        if self._source / "conf.py" in paths:
            say("conf.py: changed, so all is read again")
            self._reader = Reader(self._source)
            self._renderer = Renderer(self._source, self._source / "_build" / "watch", say)
        try:
            tree = self._reader.read(paths)
        except (SeatrialError, OSError, UnicodeError) as error:
            # the last two do not say of which file they are
            names = "" if isinstance(error, SeatrialError) else self._names(paths) + ": "
            say(f"{names}{error}\nseatrial: waiting for the next save")
            return
        self._tree = tree
        self._show()
        assert before is not None
        for gone in {p.name for p in before.pages} - {p.name for p in tree.pages}:
            say(f"{gone}: the page is gone")
            self._judge.forget(gone)
        pages = self._concerned(before, tree, paths)
        for page in pages:
            self._judged(page)
        if not pages and (names := self._names(paths)):
            say(f"{names}: no page to judge")

    def _names(self, paths: frozenset[Path]) -> str:
        """Return what the files are called that a writer may have saved: no records."""
        assert self._tree is not None
        records = self._tree.settings.records
        written = sorted(path for path in paths if not path.is_relative_to(records))
        return ", ".join(Path(os.path.relpath(each, self._source)).as_posix() for each in written)

    def _concerned(self, before: Tree, tree: Tree, paths: frozenset[Path]) -> list[Page]:
        """Return the pages to judge: those that were saved, or the last one where all else was."""
        then = {page.name: page for page in before.pages}
        return [
            page
            for page in tree.pages
            if not self._paths or self._source / page.source in self._paths
            if then.get(page.name) != page
            or self._source / page.source in paths
            or (page.name == self._focus and self._concerns(page, paths))
        ]

    def _pressed(self, key: str) -> None:
        """Run the last page from the start, or record it."""
        assert self._tree is not None
        page = next((p for p in self._tree.pages if p.name == self._focus), None)
        if page is None:
            say("seatrial: no page was judged yet; save one")
        elif key == "r":
            self._judged(page, start=True)
        else:
            self._recorded(page)

    def _judged(self, page: Page, *, start: bool = False) -> None:
        assert self._tree is not None
        with self._told(page):
            self._judge.judge(page, self._tree.settings, start=start)

    def _recorded(self, page: Page) -> None:
        assert self._tree is not None
        with self._told(page):
            # what it writes is told like any save, and judged by this run
            self._judge.record(page, self._tree.settings, Recorder(self._reader))

    @contextlib.contextmanager
    def _told(self, page: Page) -> Iterator[None]:
        """Tell why a page cannot be run, and go on with whatever comes next."""
        self._focus = page.name
        try:
            # what is newer than its run comes next
            with contextlib.suppress(Superseded):
                yield
        except EngineUnavailableError as error:
            say(f"{page.source}: not run: {error}")
        except SeatrialError as error:
            say(f"{page.source}: not run to its end: {error}")

    def _show(self) -> None:
        """Render what changed, and have browsers load it."""
        try:
            self._renderer.render()
        except SeatrialError as error:
            say(str(error))
        if self._browser is not None:
            self._browser.reload()
