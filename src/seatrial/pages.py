"""A source tree as Sphinx reads it: settings, and pages with what they ask for."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import docutils_namespace, patch_docutils

from seatrial.blocks import Block, Edit, Item, Page
from seatrial.directives import item_node, locate
from seatrial.errors import SeatrialError, TranscriptError
from seatrial.record import write_whole
from seatrial.steps import PROMPTS, Prompt, Step


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


@dataclass(frozen=True)
class Tree:
    """All pages of a source directory."""

    settings: Settings
    pages: tuple[Page, ...]

    def page(self, source: Path) -> Page | None:
        """Return the page that a file holds, if it is one."""
        return next(
            (p for p in self.pages if (self.settings.source / p.source) == source), None
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
        with patch_docutils(str(source)), docutils_namespace(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            app = Sphinx(
                source, source, cache / "out", cache / "doctrees", "dummy",
                status=None, warning=messages, freshenv=False,
            )
            if "seatrial.sphinx_ext" not in app.extensions:
                raise SeatrialError(
                    "seatrial is not switched on",
                    where="conf.py",
                    hint='add "seatrial.sphinx_ext" to `extensions`',
                )
            app.builder.read()
            pages = tuple(
                _page(app, name) for name in sorted(app.env.found_docs)
            )
            return Tree(settings(app), pages)
    except SphinxError as error:
        raise SeatrialError(f"Sphinx cannot read the pages: {error}", where=str(source)) from error


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
    extra = []
    for row in config.seatrial_prompts:
        try:
            program, pattern = row
            re.compile(pattern)
        except (ValueError, TypeError, re.error) as error:
            raise SeatrialError(
                f"`seatrial_prompts` has a row that is no pair of program and pattern: {row!r}",
                where="conf.py",
                hint='write it as ("redis", r"redis> ")',
            ) from error
        extra.append(Prompt(program, pattern))
    return Settings(
        source=source,
        project=project,
        records=source / config.seatrial_records,
        # a project's own prompts come first: they may be longer forms of the table's
        prompts=(*extra, *PROMPTS),
        timeout=float(config.seatrial_timeout),
        build_timeout=float(config.seatrial_build_timeout),
        strict=bool(config.seatrial_strict),
        spellings=tuple(config.seatrial_spellings),
    )


def _page(app: Sphinx, name: str) -> Page:
    """Return a page as it was read."""
    doctree = app.env.get_doctree(name)
    path = Path(app.env.doc2path(name))
    source = path.relative_to(app.srcdir).as_posix()
    return Page(name, source, items_of(doctree), tuple(doctree.get("seatrial_problems", ())))


def items_of(doctree: nodes.document) -> tuple[Item, ...]:
    """Return what a page asks for, in reading order."""
    return tuple(item_of(node) for node in doctree.findall(item_node))


def item_of(node: item_node) -> Item:
    """Return the block or edit of a node."""
    values = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in node["item"].items()
    }
    return Edit(**values) if node["what"] == "Edit" else Block(**values)


@dataclass(frozen=True)
class Rewriting:
    """New promises for a step."""

    block: Block
    step: Step
    promise: tuple[str, ...]
    status: int | None


def rewrite(source: Path, rewritings: Sequence[Rewriting]) -> tuple[str, ...]:
    """Write new promises into the pages they stand on; return the names of the changed files.

    Each file is replaced whole or not at all; one that changed since it was read is left alone.
    Raises TranscriptError for such a file.
    """
    changed = []
    for name in sorted({rewriting.block.source for rewriting in rewritings}):
        path = source / name
        text = path.read_bytes().decode("utf-8")
        ending = "\r\n" if "\r\n" in text else "\n"
        lines = text.split(ending)
        mine = [r for r in rewritings if r.block.source == name]
        for block in {r.block for r in mine}:
            if locate(lines[block.line - 1 :], 1, block.lines) != 1:
                raise TranscriptError(
                    "the page changed while its blocks ran",
                    where=block.where,
                    hint="run the same command again",
                )
        # from the end, so that earlier places stay where they are
        for rewriting in sorted(mine, key=lambda r: r.step.line, reverse=True):
            _replace_promise(lines, rewriting)
        new = ending.join(lines)
        if new != text:
            write_whole(path, new)
            changed.append(name)
    return tuple(changed)


def _replace_promise(lines: list[str], rewriting: Rewriting) -> None:
    """Replace a step's promised output where it stands."""
    block, step = rewriting.block, rewriting.step
    first = lines[block.line - 1]
    indent = first[: len(first) - len(first.lstrip())]
    start = step.line - 1 + len(step.shown)
    old = len(step.promise) + (step.status is not None)
    promise = [*rewriting.promise]
    if rewriting.status:
        promise.append(f"[{rewriting.status}]")
    lines[start : start + old] = [(indent + line).rstrip() for line in promise]
