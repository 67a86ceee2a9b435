"""A source tree as Sphinx reads it: all pages with what they ask for."""

from __future__ import annotations

import fcntl
import io
import json
import logging
import sys
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import starmap
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives, roles
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import docutils_namespace, patch_docutils
from sphinx.util.nodes import get_node_line, get_node_source

from seatrial.errors import SeatrialError
from seatrial.pages.directives import UNPROVED
from seatrial.pages.nodes import items_of
from seatrial.pages.prose import Corpus, lines_of_files, lines_that_ran
from seatrial.pages.settings import Settings, settings
from seatrial.transcript.blocks import Literal, LookAlike, Page


@dataclass(frozen=True)
class Tree:
    """All pages of a source directory."""

    settings: Settings
    pages: tuple[Page, ...]
    outside: tuple[Path, ...] = ()
    # files outside the source directory of which pages, and conf.py, are made

    def page(self, source: Path) -> Page | None:
        """Return the page that a file holds, if it is one."""
        return next((p for p in self.pages if (self.settings.source / p.source) == source), None)

    def patterns_without_a_page(self) -> list[str]:
        """Return the patterns of `seatrial_prose` that name none of the pages."""
        return [
            pattern
            for pattern in self.settings.prose
            if not any(fnmatchcase(page.name, pattern) for page in self.pages)
        ]

    def corpus(self) -> Corpus:
        """Return what the literals of sentences are looked for in.

        Raises SeatrialError where a record, or what a setting names, cannot be read.
        """
        known = self.settings
        for pattern in self.patterns_without_a_page():
            raise _no_page(pattern)
        lines = [*lines_that_ran(self.pages, known.source, known.records), *known.known]
        if known.project is not None:
            lines += lines_of_files(known.project, known.project)
        for name in known.sources:
            if not (known.source / name).exists():
                raise SeatrialError(
                    f"`seatrial_prose_sources` names what is not there: {name}",
                    where="conf.py",
                    hint="give paths of files or folders relative to conf.py",
                )
            lines += lines_of_files(known.source / name, known.source)
        return Corpus(lines)


def _no_page(pattern: str) -> SeatrialError:
    return SeatrialError(
        f"`seatrial_prose` names no page: {pattern}",
        where="conf.py",
        hint="give names of pages without suffix, such as index or how-to/*",
    )


def read(source: Path) -> Tree:
    """Read a source directory with its own conf.py, as `sphinx-build` would.

    Raises SeatrialError where Sphinx cannot read it or the extension is not switched on.
    """
    return Reader(source).read()


class Reader:
    """Reads a source directory, and again what changed in it since the last time."""

    def __init__(self, source: Path) -> None:
        self._source = source.resolve()
        self._app: Sphinx | None = None
        self._pages: dict[str, Page] = {}
        self._registered: tuple[dict[str, object], dict[str, object]] = ({}, {})
        # the directives and roles of docutils while the pages are read

    def forget(self, written: Collection[Path]) -> None:
        """Read the pages that are made of some files again: their times may not tell."""
        if self._app is not None:
            for name in _pages_with(self._app, written):
                self._app.env.all_docs[name] = 0

    def read(self, written: Collection[Path] = ()) -> Tree:
        """Read all pages that changed, and those that are made of files in `written`.

        Raises SeatrialError where Sphinx cannot read them or the extension is not switched on.
        """
        cache = self._source / "_build" / "seatrial"
        try:
            with (
                _alone_in(cache),
                patch_docutils(str(self._source)),
                docutils_namespace(),
                _in_silence(),
            ):
                app = self._app = self._again() if self._app else self._opened(cache)
                # first: what makes no sense there would stop the reading of a page
                known = settings(app)
                self.forget(written)
                app.builder.read()
                names = sorted(app.env.found_docs)
                pages = (self._pages[name] for name in names)
                kept = tuple(p for p in pages if not _was_built(self._source, p))
                tree = Tree(known, kept, _outside(app))
                if known.prose and len(tree.patterns_without_a_page()) == len(known.prose):
                    raise _no_page(known.prose[0])
                return tree
        except SphinxError as error:
            raise SeatrialError(
                f"Sphinx cannot read the pages: {error}", where=str(self._source)
            ) from error

    def _opened(self, cache: Path) -> Sphinx:
        """Return Sphinx as conf.py sets it up."""
        app = Sphinx(
            self._source,
            self._source,
            cache / "out",
            cache / "doctrees",
            "dummy",
            status=None,
            warning=io.StringIO(),
            freshenv=False,
        )
        if "seatrial.sphinx_ext" not in app.extensions:
            raise SeatrialError(
                "seatrial is not switched on",
                where="conf.py",
                hint='add "seatrial.sphinx_ext" to `extensions`',
            )
        # not `get_doctree`: it returns the first one for ever
        app.connect("doctree-read", self._note)
        self._registered = (dict(directives._directives), dict(roles._roles))  # type: ignore[attr-defined]
        return app

    def _note(self, app: Sphinx, doctree: nodes.document) -> None:
        """Note a page that was read."""
        self._pages[app.env.docname] = _page(app, doctree)

    def _again(self) -> Sphinx:
        """Return Sphinx as it was, with what its extensions gave docutils."""
        assert self._app is not None
        directives._directives, roles._roles = map(dict, self._registered)  # type: ignore[attr-defined]
        return self._app


@contextmanager
def _in_silence() -> Iterator[None]:
    """Keep what Sphinx says while it reads from pytest, which would show it with failures."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _pages_with(app: Sphinx, files: Collection[Path]) -> list[str]:
    """Return the pages that are made of some files."""
    source = Path(app.srcdir)
    return [
        name
        for name in app.env.all_docs
        if not {
            Path(app.env.doc2path(name)).resolve(),
            *((source / file).resolve() for file in app.env.dependencies.get(name, ())),
        }.isdisjoint(files)
    ]


def _outside(app: Sphinx) -> tuple[Path, ...]:
    """Return the files outside the source directory of which the pages and conf.py are made."""
    source = Path(app.srcdir).resolve()
    parts = {(source / file).resolve() for each in app.env.dependencies.values() for file in each}
    # thousands of modules, few of them strange: compared as text, which takes a tenth of the time
    installed = tuple(f"{at}/" for at in (sys.prefix, sys.base_prefix, Path(__file__).parents[1]))
    modules = {_file_of(module) for module in list(sys.modules.values())} - {""}
    strange = {Path(file) for file in modules if not file.startswith(installed)}
    return tuple(sorted(each for each in parts | strange if not each.is_relative_to(source)))


def _file_of(module: object) -> str:
    """Return the file of a module; "" where it has none on the disk."""
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) and file.startswith("/") else ""


@contextmanager
def _alone_in(cache: Path) -> Iterator[None]:
    """Wait for whoever else is reading the same pages: half of what they keep is of no use."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _page(app: Sphinx, doctree: nodes.document) -> Page:
    """Return a page as it was read."""
    name = app.env.docname
    path = Path(app.env.doc2path(name))
    source = path.relative_to(app.srcdir).as_posix()
    checked = any(fnmatchcase(name, pattern) for pattern in map(str, app.config.seatrial_prose))
    return Page(
        name,
        source,
        items_of(doctree),
        tuple(doctree.get("seatrial_problems", ())),
        tuple(starmap(LookAlike, doctree.get("seatrial_look_alikes", ()))),
        tuple(doctree.get("seatrial_left_out", ())),
        _literals(doctree, path, Path(app.srcdir)) if checked else (),
        doctree.get("seatrial_short"),
    )


def _was_built(source: Path, page: Page) -> bool:
    """Tell whether a page is a copy that a build has put below the source directory."""
    return any(
        (source / folder / sign).exists()
        for folder in list(Path(page.source).parents)[:-1]
        for sign in (".buildinfo", "environment.pickle")
    )


def _literals(doctree: nodes.document, page: Path, folder: Path) -> tuple[Literal, ...]:
    """Return the literals of a page's sentences, each with its place."""
    texts: dict[Path, list[str]] = {}
    found = []
    for node in doctree.findall(nodes.literal):
        # Sphinx itself says where a link leads nowhere
        if isinstance(node.parent, addnodes.download_reference | addnodes.pending_xref):
            continue
        source, near = _written_at(node, page)
        if source not in texts:
            texts[source] = source.read_text(encoding="utf-8").splitlines()
        text = " ".join(node.astext().split())
        line = _line_of(text, texts[source], near)
        name = source.relative_to(folder) if source.is_relative_to(folder) else source
        found.append(Literal(text, name.as_posix(), line, node.get(UNPROVED, "")))
    return tuple(found)


def _written_at(node: nodes.Element, page: Path) -> tuple[Path, int]:
    """Return the file in which a node stands, and a line at or before it."""
    try:
        source, line = Path(get_node_source(node)), int(get_node_line(node))
    except ValueError:
        return page, 1
    # a notebook's lines are those of what nbsphinx made of it
    if page.suffix == ".ipynb" or not source.is_file():
        return page, 1
    return source.resolve(), line


def _line_of(text: str, lines: Sequence[str], near: int) -> int:
    """Return the number of the line on which a literal begins, as far as it can be told."""
    start = max(near - 1, 0)
    order: list[int] = [*range(start, len(lines)), *range(start)]
    first = text.split()[0] if text else ""
    # in backticks as in both markups, else in a role, else with a line's end in it; as JSON has it
    for wanted in (f"`{text}`", f"`{text}", f"`{first}", first):
        for form in (wanted, json.dumps(wanted, ensure_ascii=False)[1:-1]):
            for number in order:
                if form in lines[number]:
                    return number + 1
    return near
