"""A source tree as Sphinx reads it: settings, and pages with what they ask for."""

from __future__ import annotations

import fcntl
import io
import json
import logging
import re
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from itertools import starmap
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives, roles
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import docutils_namespace, patch_docutils
from sphinx.util.nodes import get_node_line, get_node_source

from seatrial.errors import SeatrialError, TranscriptError
from seatrial.pages.directives import UNPROVED, item_node, locate
from seatrial.pages.prose import Corpus, lines_of_files, lines_that_ran
from seatrial.transcript.blocks import Block, Edit, Item, Literal, LookAlike, Page
from seatrial.transcript.programs import PROMPTS, Prompt
from seatrial.transcript.record import write_whole
from seatrial.transcript.spelling import SPELLINGS


@dataclass(frozen=True)
class Settings:
    """What a project's conf.py says about running its pages."""

    source: Path
    # the source directory
    project: Path | None
    # the sample project's folder; None where pages start from an empty one
    records: Path
    prompts: tuple[Prompt, ...] = PROMPTS
    timeout: float = 60.0
    # seconds for a step
    build_timeout: float = 600.0
    # seconds for a step that may build images
    strict: bool = False
    # output that nothing promises is a failure, also in a block that shows none
    spellings: tuple[str, ...] = ("v2",)
    record_command: str = "pytest --seatrial-record {page}"
    # what a writer types to record a page, which stands for `{page}`
    prose: tuple[str, ...] = ()
    # patterns of the pages whose literals in sentences are checked
    sources: tuple[str, ...] = ()
    # files and folders, relative to `source`, whose text counts as known there
    known: tuple[str, ...] = ()
    # what counts as known as well
    requirements: tuple[str, ...] = ()
    # arguments of `pip install` for the Python environment that pages see; none: pytest's own


@dataclass(frozen=True)
class Tree:
    """All pages of a source directory."""

    settings: Settings
    pages: tuple[Page, ...]

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


# the line that opens a block of Markdown
_FENCE = re.compile(r"`{3,}|~{3,}|:{3,}")


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
                tree = Tree(known, tuple(p for p in pages if not _was_built(self._source, p)))
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


@contextmanager
def _alone_in(cache: Path) -> Iterator[None]:
    """Wait for whoever else is reading the same pages: half of what they keep is of no use."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# what a setting has to be, as Python and in words
_KINDS: dict[str, tuple[Any, str]] = {
    "seatrial_project": (str, "a text"),
    "seatrial_records": (str, "a text"),
    "seatrial_record_command": (str, "a text"),
    "seatrial_prompts": (list | tuple, "a list"),
    "seatrial_spellings": (list | tuple, "a list"),
    "seatrial_timeout": (int | float, "a number"),
    "seatrial_build_timeout": (int | float, "a number"),
    "seatrial_strict": (bool, "True or False"),
    "seatrial_plain_shell_blocks": (bool, "True or False"),
}


def settings(app: Sphinx) -> Settings:
    """Return the settings of a project.

    Raises SeatrialError where one of them makes no sense.
    """
    config = app.config
    for name, (kind, words) in _KINDS.items():
        if not isinstance(config[name], kind):
            raise SeatrialError(
                f"`{name}` has to be {words}: {config[name]!r}",
                where="conf.py",
                hint="correct it, or leave it out for what it is by itself",
            )
    source = Path(app.srcdir)
    project = source / config.seatrial_project if config.seatrial_project else None
    if project is not None and not project.is_dir():
        raise SeatrialError(
            f"`seatrial_project` names a folder that is not there: {config.seatrial_project}",
            where="conf.py",
            hint="give its path relative to conf.py",
        )
    spellings = tuple(config.seatrial_spellings)
    if not spellings or not all(each in SPELLINGS for each in spellings):
        raise SeatrialError(
            f"`seatrial_spellings` has to name some of {', '.join(SPELLINGS)}: {spellings!r}",
            where="conf.py",
            hint='write it as ["v2"], or ["v2", "v1"] for both',
        )
    for name in ("seatrial_timeout", "seatrial_build_timeout"):
        if not config[name] > 0:
            raise SeatrialError(
                f"`{name}` has to be more than 0 seconds: {config[name]!r}",
                where="conf.py",
                hint="leave it out for a minute a step, ten where images may be built",
            )
    extra = []
    for row in config.seatrial_prompts:
        try:
            program, pattern = row
            if re.compile(pattern).fullmatch(""):
                raise ValueError("a prompt is never empty")
        except (ValueError, TypeError, re.error) as error:
            raise SeatrialError(
                f"`seatrial_prompts` has a row that is no pair of program and pattern: {row!r}",
                where="conf.py",
                hint='write it as ("redis", r"redis> ")',
            ) from error
        extra.append(Prompt(program, pattern))
    for name in ("seatrial_prose", "seatrial_prose_sources", "seatrial_prose_known"):
        if not isinstance(config[name], list | tuple):
            raise SeatrialError(
                f"`{name}` is no list: {config[name]!r}",
                where="conf.py",
                hint='write it as ["...", "..."]',
            )
    return Settings(
        source=source,
        project=project,
        records=source / config.seatrial_records,
        # a project's own prompts come first: they may be longer forms of the table's
        prompts=(*extra, *PROMPTS),
        timeout=float(config.seatrial_timeout),
        build_timeout=float(config.seatrial_build_timeout),
        strict=bool(config.seatrial_strict),
        spellings=spellings,
        record_command=config.seatrial_record_command,
        prose=tuple(map(str, config.seatrial_prose)),
        sources=tuple(map(str, config.seatrial_prose_sources)),
        known=tuple(map(str, config.seatrial_prose_known)),
        requirements=_requirements(config.seatrial_environment, source),
    )


def _requirements(wanted: object, source: Path) -> tuple[str, ...]:
    """Return the arguments of `pip install` for an environment that a conf.py asks for.

    Raises SeatrialError where it names no requirements.
    """
    if isinstance(wanted, str):
        if wanted and not (source / wanted).is_file():
            raise SeatrialError(
                f"`seatrial_environment` names a file that is not there: {wanted}",
                where="conf.py",
                hint='give its path relative to conf.py, or a list such as ["django>=5"]',
            )
        return ("--requirement", str(source / wanted)) if wanted else ()
    if not isinstance(wanted, list | tuple) or not all(isinstance(each, str) for each in wanted):
        raise SeatrialError(
            f"`seatrial_environment` is no list of requirements: {wanted!r}",
            where="conf.py",
            hint='write it as ["django>=5", "..[docs]"]',
        )
    arguments: list[str] = []
    for each in wanted:
        found = re.fullmatch(r"(\.\.?(?:/[^\[]*)?)(\[[^\]]*\])?", each)
        if found is None:
            arguments.append(each)
            continue
        path = (source / found[1]).resolve()
        # what is in a folder is used as it stands, also after a change
        arguments.extend(["--editable"] if path.is_dir() else [])
        arguments.append(f"{path}{found[2] or ''}")
    return tuple(arguments)


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


def items_of(doctree: nodes.document) -> tuple[Item, ...]:
    """Return what a page asks for, in reading order."""
    return tuple(item_of(node) for node in doctree.findall(item_node))


def item_of(node: item_node) -> Item:
    """Return the block or edit of a node."""
    values = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in node["item"].items()
    }
    kind: Callable[..., Item] = Edit if node["what"] == "Edit" else Block
    return kind(**values)


def rewrite(source: Path, blocks: Sequence[tuple[Block, Block]]) -> tuple[str, ...]:
    """Put new blocks where old ones stand; return the names of the changed files.

    Each file is replaced whole or not at all.  Raises TranscriptError, before anything is written,
    for a file that changed since it was read.
    """
    texts = rewritten(source, blocks)
    for name, (_, text) in texts.items():
        write_whole(source / name, text)
    return tuple(texts)


def rewritten(source: Path, blocks: Sequence[tuple[Block, Block]]) -> dict[str, tuple[str, str]]:
    """Return the names of the files that change, each with its text before and after.

    Raises TranscriptError for a file that changed since it was read.
    """
    texts: dict[str, tuple[str, str]] = {}
    for name in sorted({old.source for old, _ in blocks}):
        text = text_of(source, name)
        # each line with its own end: a page may have some of every kind
        lines = text.splitlines(keepends=True)
        # from the end, so that earlier places stay where they are
        for old, new in sorted(blocks, key=lambda pair: pair[0].line, reverse=True):
            if old.source == name:
                _replace(lines, old, new)
        if "".join(lines) != text:
            texts[name] = (text, "".join(lines))
    return texts


def text_of(source: Path, name: str) -> str:
    """Return the text of a source file; raises TranscriptError where it has none."""
    try:
        return (source / name).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TranscriptError(f"cannot be read any more: {error}", where=name) from error


def _replace(lines: list[str], old: Block, new: Block) -> None:
    """Replace a block's lines, indented as they were; those that stay the same are not touched."""
    at, count = old.line - 1, len(old.lines)
    there = lines[at : at + count]
    if locate([line.rstrip("\r\n") for line in there], 1, old.lines) != 1:
        raise TranscriptError(
            "the page changed while its blocks ran",
            where=old.where,
            hint="run the same command again",
        )
    first = there[0].rstrip("\r\n")
    ending = there[0][len(first) :] or (lines[0][len(lines[0].rstrip("\r\n")) :] or "\n")
    margin = _margin(there, old.lines)
    result: list[str] = []
    matcher = SequenceMatcher(None, old.lines, new.lines, autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind == "equal":
            result.extend(there[start:end])
        else:
            result.extend(
                (margin + line).rstrip() + ending for line in new.lines[new_start:new_end]
            )
    # where the file ended without a newline it still does
    if there[-1] == there[-1].rstrip("\r\n"):
        result = [line if line.endswith(("\r", "\n")) else line + ending for line in result]
        result[-1] = result[-1].rstrip("\r\n")
    _lengthen_fence(lines, at, at + count, margin, new.lines)
    lines[at : at + count] = result


def _margin(there: Sequence[str], shown: Sequence[str]) -> str:
    """Return what stands in front of a block's lines in its file."""
    number = next(n for n, line in enumerate(shown) if line.strip())
    first, wanted = there[number].rstrip(), shown[number].rstrip()
    wide = first.expandtabs(8)
    return next(
        first[:end]
        for end in range(len(first))
        if first[end:] == wanted or wide[len(first[:end].expandtabs(8)) :] == wanted
    )


def _lengthen_fence(
    lines: list[str], begin: int, end: int, margin: str, new: Sequence[str]
) -> None:
    """Make the fence around a block of Markdown longer than any line in it that would close it."""
    opening = begin - 1
    while opening >= 0 and not (found := _FENCE.match(lines[opening].removeprefix(margin))):
        if not lines[opening].startswith(margin.rstrip()):
            return
        opening -= 1
    if opening < 0 or found is None or not lines[opening].startswith(margin):
        return
    sign, length = found.group()[0], len(found.group())
    alike = [line.strip() for line in new if set(line.strip()) == {sign}]
    longer = max((len(line) + 1 for line in alike if len(line) >= length), default=length)
    closing = end
    while closing < len(lines) and lines[closing].strip(" \t>\r\n") != sign * length:
        if lines[closing].strip(" \t>\r\n"):
            return
        closing += 1
    for number in (opening, closing):
        if number < len(lines):
            lines[number] = lines[number].replace(sign * length, sign * longer, 1)
