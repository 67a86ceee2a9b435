"""A source tree as Sphinx reads it: settings, and pages with what they ask for."""

from __future__ import annotations

import fcntl
import io
import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import docutils_namespace, patch_docutils
from sphinx.util.nodes import get_node_line, get_node_source

from seatrial.blocks import Block, Edit, Item, Literal, Page
from seatrial.directives import UNPROVED, item_node, locate
from seatrial.errors import SeatrialError, TranscriptError
from seatrial.prose import Corpus, lines_of_files, lines_that_ran
from seatrial.record import write_whole
from seatrial.spelling import SPELLINGS
from seatrial.steps import PROMPTS, Prompt


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
    environment: Mapping[str, str] | None = None
    prose: tuple[str, ...] = ()
    # patterns of the pages whose literals in sentences are checked
    sources: tuple[str, ...] = ()
    # files and folders, relative to `source`, whose text counts as known there
    known: tuple[str, ...] = ()
    # what counts as known as well


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


def read(source: Path) -> Tree:
    """Read a source directory with its own conf.py, as `sphinx-build` would.

    What did not change since the last time is not read again.  Raises SeatrialError where Sphinx
    cannot read it or the extension is not switched on.
    """
    source = source.resolve()
    cache = source / "_build" / "seatrial"
    messages = io.StringIO()
    try:
        with (
            _alone_in(cache),
            patch_docutils(str(source)),
            docutils_namespace(),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            app = Sphinx(
                source,
                source,
                cache / "out",
                cache / "doctrees",
                "dummy",
                status=None,
                warning=messages,
                freshenv=False,
            )
            if "seatrial.sphinx_ext" not in app.extensions:
                raise SeatrialError(
                    "seatrial is not switched on",
                    where="conf.py",
                    hint='add "seatrial.sphinx_ext" to `extensions`',
                )
            app.builder.read()
            known = settings(app)
            pages = tuple(_page(app, name, known) for name in sorted(app.env.found_docs))
            tree = Tree(known, pages)
            if known.prose and len(tree.patterns_without_a_page()) == len(known.prose):
                raise _no_page(known.prose[0])
            return tree
    except SphinxError as error:
        raise SeatrialError(f"Sphinx cannot read the pages: {error}", where=str(source)) from error


@contextmanager
def _alone_in(cache: Path) -> Iterator[None]:
    """Wait for whoever else is reading the same pages: half of what they keep is of no use."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def settings(app: Sphinx) -> Settings:
    """Return the settings of a project.

    Raises SeatrialError where one of them makes no sense.
    """
    config = app.config
    source = Path(app.srcdir)
    project = source / config.seatrial_project if config.seatrial_project else None
    if project is not None and not project.is_dir():
        raise SeatrialError(
            f"`seatrial_project` names a folder that is not there: {config.seatrial_project}",
            where="conf.py",
            hint="give its path relative to conf.py",
        )
    spellings = tuple(config.seatrial_spellings)
    if not spellings or set(spellings) - set(SPELLINGS):
        raise SeatrialError(
            f"`seatrial_spellings` has to name some of {', '.join(SPELLINGS)}: {spellings!r}",
            where="conf.py",
            hint='write it as ["v2"], or ["v2", "v1"] for both',
        )
    for name in ("seatrial_timeout", "seatrial_build_timeout"):
        if config[name] <= 0:
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
        prose=tuple(map(str, config.seatrial_prose)),
        sources=tuple(map(str, config.seatrial_prose_sources)),
        known=tuple(map(str, config.seatrial_prose_known)),
    )


def _page(app: Sphinx, name: str, known: Settings) -> Page:
    """Return a page as it was read."""
    doctree = app.env.get_doctree(name)
    path = Path(app.env.doc2path(name))
    source = path.relative_to(app.srcdir).as_posix()
    checked = any(fnmatchcase(name, pattern) for pattern in known.prose)
    return Page(
        name,
        source,
        items_of(doctree),
        tuple(doctree.get("seatrial_problems", ())),
        _literals(doctree, path, Path(app.srcdir)) if checked else (),
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
    texts: dict[Path, str] = {}
    for name in sorted({old.source for old, _ in blocks}):
        path = source / name
        try:
            text = path.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TranscriptError(f"cannot be read any more: {error}", where=name) from error
        # each line with its own end: a page may have some of every kind
        lines = text.splitlines(keepends=True)
        # from the end, so that earlier places stay where they are
        for old, new in sorted(blocks, key=lambda pair: pair[0].line, reverse=True):
            if old.source == name:
                _replace(lines, old, new)
        if "".join(lines) != text:
            texts[path] = "".join(lines)
    for path, text in texts.items():
        write_whole(path, text)
    return tuple(path.relative_to(source).as_posix() for path in texts)


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
    own = len(old.lines[0]) - len(old.lines[0].lstrip())
    indent = first[: len(first) - len(first.lstrip()) - own]
    result: list[str] = []
    matcher = SequenceMatcher(None, old.lines, new.lines, autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind == "equal":
            result.extend(there[start:end])
        else:
            result.extend(
                (indent + line).rstrip() + ending for line in new.lines[new_start:new_end]
            )
    # where the file ended without a newline it still does
    if there[-1] == there[-1].rstrip("\r\n"):
        result = [line if line.endswith(("\r", "\n")) else line + ending for line in result]
        result[-1] = result[-1].rstrip("\r\n")
    lines[at : at + count] = result
