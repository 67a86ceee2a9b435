"""What a page asks for: console transcripts to run and files to change."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace

from seatrial.transcript.options import (
    any_lines,
    any_text,
    item_name,
    option,
    seconds,
    which_spelling,
    whole_number,
)
from seatrial.transcript.spelling import CURRENT, respelt, without_wait

#: Lexer names that make an ordinary code block a console transcript, in small letters.
CONSOLE_LANGUAGES = frozenset(
    (
        *("console", "shell-session", "pycon", "pycon3", "python-console"),
        *("psql", "postgresql-console", "postgres-console"),
    )
)


@dataclass(frozen=True)
class Varies:
    """That output of a block differs from run to run."""

    why: str
    steps: tuple[int, ...] = ()
    """Numbers of the steps whose output does, counted from 1; none stands for all."""

    @classmethod
    def read(cls, argument: str | None) -> Varies:
        """Read numbers of steps and why they vary, as in ``2, 3: which of them answers first``."""
        found = re.fullmatch(r"(?:(\d+(?:,\s*\d+)*):(?=\s|$))?\s*(.*)", argument or "", re.DOTALL)
        if found is None or not found[2].strip():
            raise ValueError("say why its output differs from run to run")
        if found[1] is None and found[0].lstrip()[:1].isdigit():
            raise ValueError("write numbers of steps as in `2, 3: why they vary`")
        return cls(" ".join(found[2].split()), tuple(map(int, re.findall(r"\d+", found[1] or ""))))


@dataclass(frozen=True)
class Block:
    """A console transcript as it stands on a page."""

    page: str
    # the document's name, without suffix: "how-to/read-the-logs"
    source: str
    # the file the lines stand in, relative to the source directory; an included file's own name
    line: int
    # number of the first line of content in `source`, counted from 1
    lines: tuple[str, ...]
    section: str
    ordinal: int
    # counts the items of the page from 1
    terminal: int = option(whole_number, 1)
    timeout: float | None = option(seconds, None)
    # seconds for each step; None leaves it to the project's setting
    not_run: str = option(any_text, "")
    # why this block is shown but never run
    only: str = option(which_spelling, "")
    # the spelling of Compose in which alone the block exists
    row: str = option(any_text, "")
    # the row of a matrix that what comes fills
    matrix: str = option(any_text, "")
    # the name of that matrix, where a page has several
    varies: Varies | None = option(Varies.read, None)
    name: str = option(item_name, "")
    # by which the page's short form calls it
    claim: str = ""
    # the sentence this block proves
    setup: bool = False
    # brings the sandbox to the state the page starts from
    waits: frozenset[str] = frozenset()
    # commands as Compose 1 has them, after which the run waits for health checks in its place
    plain: bool = False
    # shell commands without prompts, which promise exit statuses only

    @property
    def where(self) -> str:
        """Return the place as ``file:line``."""
        return f"{self.source}:{self.line}"

    @property
    def digest(self) -> str:
        """Identify what is typed and promised, whatever stands around it on the page."""
        return _digest(list(self.lines), self.terminal, self.not_run, self.setup, self.only)

    def step_varies(self, number: int) -> bool:
        """Tell whether the output of a step, counted from 1, differs from run to run."""
        return self.varies is not None and (not self.varying or number in self.varying)

    @property
    def varying(self) -> tuple[int, ...]:
        """Return the numbers of the steps whose output is said to differ; none where all may."""
        return self.varies.steps if self.varies else ()


@dataclass(frozen=True)
class Edit:
    """A change to a file of the sample project that a page asks the reader to make."""

    page: str
    source: str
    line: int
    lines: tuple[str, ...]
    # the fragment as it reads afterwards
    section: str
    ordinal: int
    file: str
    # path within the sample project
    new: tuple[int, ...] = ()
    # numbers of the fragment's new lines, counted from 1
    was: tuple[str, ...] = option(any_lines, ())
    # the lines that the first run of new lines replaces
    not_run: str = option(any_text, "")
    name: str = option(item_name, "")
    # by which the page's short form calls it

    @property
    def where(self) -> str:
        """Return the place as ``file:line``."""
        return f"{self.source}:{self.line}"

    @property
    def replaced(self) -> tuple[str, ...]:
        """Return the lines that the new ones replace, as they stand in the file.

        An option's value loses its indentation: an old line stands where the first new one does.
        """
        first = self.lines[self.new[0] - 1] if self.new else ""
        indent = first[: len(first) - len(first.lstrip())]
        return tuple(old if old[:1].isspace() else indent + old for old in self.was)

    @property
    def digest(self) -> str:
        """Identify the change, whatever stands around it on the page."""
        return _digest(list(self.lines), self.file, list(self.new), list(self.was))


Item = Block | Edit


@dataclass(frozen=True)
class Short:
    """The fix that a page is about: items that alone make one of its claims hold."""

    source: str
    # the file it stands in, relative to the source directory
    line: int
    steps: tuple[int, ...]
    # ordinals of these items, in the order in which they are typed
    claim: int
    # the ordinal of that claim

    @property
    def where(self) -> str:
        """Return the place as ``file:line``."""
        return f"{self.source}:{self.line}"


@dataclass(frozen=True)
class LookAlike:
    """A place that shows a transcript and is no block, so that nothing of it is run."""

    where: str
    reason: str
    tested: bool = False
    # by sphinx.ext.doctest, which is as good


@dataclass(frozen=True)
class Literal:
    """A literal in a sentence of a page."""

    text: str
    # its words with one space between them
    source: str
    line: int
    # near which it begins
    reason: str = ""
    # why it has to occur in nothing that ran


@dataclass(frozen=True)
class Page:
    """A source document and what it asks for, in reading order."""

    name: str
    source: str
    items: tuple[Item, ...]
    problems: tuple[str, ...] = ()
    # what keeps this page from being run truthfully, each with its place
    look_alikes: tuple[LookAlike, ...] = ()
    left_out: tuple[int, ...] = ()
    # ordinals of the blocks that seatrial, and not the writer, leaves out
    literals: tuple[Literal, ...] = ()
    # of its sentences, where the project has them checked
    short: Short | None = None

    @property
    def shows_nothing_true(self) -> bool:
        """Tell whether all that a writer asks for is never run."""
        meant = [item for item in self.items if item.ordinal not in self.left_out]
        return bool(meant) and not any(isinstance(i, Block) and not i.not_run for i in meant)


def _digest(*parts: object) -> str:
    """Return twelve hexadecimal digits that change when any part does."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def in_spelling(item: Item, which: str, project: str) -> Item:
    """Return an item of a page as it stands in a spelling.

    A block for one spelling alone stands as it was written: it may speak of the other one.
    """
    if which == CURRENT or not isinstance(item, Block) or item.only:
        return item
    lines = tuple(respelt(line, project) for line in item.lines)
    pairs = zip(item.lines, lines, strict=True)
    waits = frozenset(now.removeprefix("$ ") for then, now in pairs if without_wait(then) != then)
    return replace(item, lines=lines, waits=waits)
