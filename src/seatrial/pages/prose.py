"""Literals in sentences, and whether they occur in anything that ran.

A literal names something that a reader will type or look for.  It is known where its tokens stand
side by side in a command, an output, an edit or a file, so that a letter too few is noticed.
"""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import pairwise, takewhile
from pathlib import Path

from seatrial.errors import SeatrialError
from seatrial.transcript.blocks import Edit, Item, Literal, Page
from seatrial.transcript.record import load

_TOKEN = re.compile(r"\w+|[^\w\s]|\s+")
#: What stands for anything: three dots, words in angle brackets, and these words in capitals.
_PLACEHOLDER = re.compile(
    r"\.\.\.|<[a-z][a-z ]*>|(?<!\w)(?<!^-)(?<!\s-)"
    r"(?:ADDRESS|COMMAND|FILE|FOLDER|HOST|LINE|M|N|NAME|P|PAGE|PLACE|REASON|ROOT|ROW|SECTION"
    r"|SERVICE|SPELLING|TEXT|VALUE|VERSION|WORDS)(?!\w)"
)
_ASSIGNMENT = re.compile(r"(\w+)=([\"']?)([^\"']+)\2")
_USAGE = re.compile(r"\s*usage:(.*)", re.IGNORECASE)
_PROGRAM = re.compile(r"[a-z][a-z0-9_.-]*")
_OPTION = re.compile(r"(?<![\w-])--?[A-Za-z0-9][\w-]*")
# What begins with one of these is another thing than what stands behind it: an option, a path.
_LEADING = frozenset("-/.~\\")
_LEADED = frozenset("/.:~")
# What ends with one of these has lost something, if more follows.
_OPEN = frozenset("-^$%\\")
_EDGE = ["\n", "\n"]
# What stands between two texts: a help text goes no further.
_END = "\0"
_NOT_READ = frozenset({".git", ".venv", "__pycache__", "node_modules"})


class Corpus:
    """All lines that count as known, by their tokens; and the options that help texts list."""

    def __init__(self, lines: Iterable[str]) -> None:
        kept = list(lines)
        self.options = _options(kept)
        self._tokens: list[str] = [*_EDGE]
        self._places: dict[str, list[int]] = defaultdict(list)
        for line in dict.fromkeys(line.strip() for line in kept):
            for token in _tokens(line):
                self._places[token].append(len(self._tokens))
                self._tokens.append(token)
            self._tokens += _EDGE

    @property
    def words(self) -> Iterable[str]:
        """Return every token, once."""
        return self._places.keys()

    def has(self, text: str, *, begins: bool = True, ends: bool = True) -> bool:
        """Tell whether the tokens of a text stand side by side in a line, as whole ones.

        What goes on before or behind it, where it stands for anything, is no part of the text.
        """
        tokens = _tokens(text.strip())
        if not tokens:
            return True
        rarest = min(range(len(tokens)), key=lambda n: len(self._places.get(tokens[n], ())))
        for place in self._places.get(tokens[rarest], ()):
            start = place - rarest
            end = start + len(tokens)
            if (
                start >= len(_EDGE)
                and self._tokens[start:end] == tokens
                and not (begins and not _begins(*self._tokens[start - 2 : start + 1]))
                and not (ends and not _ends(*self._tokens[end - 1 : end + 2]))
            ):
                return True
        return False


def _begins(before: str, previous: str, first: str) -> bool:
    """Tell whether a token begins something, after two others."""
    if first in _LEADING:
        # a path may follow the port of an address
        of_a_word = _is_word(previous) and not (first == "/" and previous.isdigit())
        return not of_a_word and previous != first
    if not _is_word(first):
        return True
    # `.env`, `/app`, `:only:` and `1.29` are one thing, `http://host` is two
    led = previous in _LEADED and not _is_word(before) and before != "/"
    decimal = previous == "." and first.isdigit() and before.isdigit()
    return previous != "-" and not led and not decimal


def _ends(last: str, following: str, after: str) -> bool:
    """Tell whether a token ends something, before two others."""
    if last in _OPEN:
        return following.isspace()
    if following == "." and last.isdigit():
        return not after.isdigit()
    return not (_is_word(last) and following == "-" and _is_word(after))


def _tokens(text: str) -> list[str]:
    """Return a text's words, signs, and one space for each run of them."""
    return [" " if token.isspace() else token for token in _TOKEN.findall(text)]


def _is_word(token: str) -> bool:
    return token[:1].isalnum() or token[:1] == "_"


def _options(lines: Sequence[str]) -> Mapping[tuple[str, ...], frozenset[str]]:
    """Return the options that help texts list, by the words of the command that they are about.

    A help text says what it is about in a line ``usage: docker compose up ...``, or below it.
    """
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    about: tuple[str, ...] = ()
    awaited = False
    for line in lines:
        if line == _END:
            about, awaited = (), False
        usage = _USAGE.match(line)
        if usage or (awaited and line.strip()):
            about = _command(usage.group(1).split() if usage else line.split())
            awaited = usage is not None and not usage.group(1).strip()
        if about:
            found[about].update(_OPTION.findall(line))
    return {about: frozenset(options) for about, options in found.items()}


def _command(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words that name a command: those before its first option or argument."""
    for number, word in enumerate(words):
        if not _PROGRAM.fullmatch(word):
            return tuple(words[:number])
    return tuple(words)


# --- what is known --------------------------------------------------------------------------------


def unknown(literal: str, corpus: Corpus) -> bool:
    """Tell whether a literal, or what surrounds its placeholders, occurs nowhere."""
    parts = _PLACEHOLDER.split(" ".join(literal.split()))
    for number, part in enumerate(parts):
        begins = number == 0 or part[:1] == " "
        ends = number == len(parts) - 1 or part[-1:] == " "
        if not (corpus.has(part, begins=begins, ends=ends) or _is_known(part.strip(), corpus)):
            return True
    return False


def _is_known(text: str, corpus: Corpus) -> bool:
    """Tell whether a text is put together from what is known."""
    if assigned := _ASSIGNMENT.fullmatch(text):
        return all(map(corpus.has, (assigned.group(1), *assigned.group(3).split())))
    if text.endswith("_*"):
        return any(word.startswith(text[:-1]) for word in corpus.words)
    words = text.split()
    pairs = [f"{one} {other}" for one, other in pairwise(words)]
    # a longer command that nobody ran as a whole
    return (len(pairs) > 1 and all(map(corpus.has, pairs))) or _is_in_a_help_text(words, corpus)


def _is_in_a_help_text(words: Sequence[str], corpus: Corpus) -> bool:
    """Tell whether words are a command of a help text with its options, and arguments."""
    for length in range(len(words), 0, -1):
        known = _options_of(tuple(words[:length]), corpus)
        if known is None:
            continue
        options = list(takewhile(lambda word: word[:1] == "-", words[length:]))
        arguments = words[length + len(options) :]
        return all(_is_option(option, known) for option in options) and (
            corpus.has(" ".join(arguments))
            or all(word[:1] != "-" and corpus.has(word) for word in arguments)
        )
    return False


def _options_of(command: tuple[str, ...], corpus: Corpus) -> frozenset[str] | None:
    """Return the options of a command, None where no help text is about it.

    It may be named by its last words alone, or stand behind a command that is known to open it.
    """
    found = [
        options
        for about, options in corpus.options.items()
        if about[-len(command) :] == command
        or (command[-len(about) :] == about and corpus.has(" ".join(command)))
    ]
    return frozenset().union(*found) if found else None


def _is_option(word: str, known: frozenset[str]) -> bool:
    """Tell whether a word is an option, or several of one letter, with or without a value."""
    name = word.partition("=")[0]
    return name in known or (name[:2] != "--" and all(f"-{letter}" in known for letter in name[1:]))


# --- what is said ---------------------------------------------------------------------------------


def complaints(literals: Iterable[Literal], corpus: Corpus) -> list[str]:
    """Return a message for each literal that occurs nowhere, and each mark without a need."""
    found = []
    for literal in literals:
        missing = unknown(literal.text, corpus)
        if missing and not literal.reason:
            message = f"`{literal.text}` occurs in nothing that ran"
            found.append(_told(literal, message, _hint(literal, corpus)))
        elif literal.reason and not missing:
            message = f"`{literal.text}` is marked as unproved, and occurs in what ran"
            found.append(_told(literal, message, "write it as any other literal"))
    return found


def _told(literal: Literal, message: str, hint: str) -> str:
    return str(SeatrialError(message, where=f"{literal.source}:{literal.line}", hint=hint))


def _hint(literal: Literal, corpus: Corpus) -> str:
    """Return what a writer can do: what was meant, perhaps, and how to mark an exception."""
    marked = f"unproved:`{literal.text} <why nothing here runs it>`"
    remedies = {
        ".md": f"write {{{marked.replace(':', '}', 1)}",
        ".ipynb": "name it in `seatrial_prose_known`",
    }
    remedy = remedies.get(Path(literal.source).suffix, f"write :{marked}")
    near = next(iter(_near(literal.text, corpus)), "")
    return f"{near and f'was `{near}` meant? '}if it is right, {remedy}"


def _near(text: str, corpus: Corpus) -> Iterator[str]:
    """Yield known tokens that look like an unknown one of a text."""
    known = set(corpus.words)
    for token in _tokens(text):
        if _is_word(token) and token not in known:
            yield from get_close_matches(token, known, n=1, cutoff=0.7)


# --- what ran -------------------------------------------------------------------------------------


def lines_that_ran(pages: Iterable[Page], source: Path, records: Path) -> Iterator[str]:
    """Yield all that pages and notebooks ran: what was typed, what came, and edits.

    Raises RecordError where a record cannot be read.
    """
    for page in pages:
        yield page.source
        if page.source.endswith(".ipynb"):
            yield from _cells(json.loads((source / page.source).read_text(encoding="utf-8")))
        for item in page.items:
            if not item.not_run:
                yield from _of_item(item, source)
        record = load(records, page.name)
        for run in record.runs.values() if record else ():
            for step in (step for item in run.items for step in item.steps):
                yield from (_END, *step.command.splitlines(), *step.output, _END)


def _of_item(item: Item, source: Path) -> Iterator[str]:
    """Yield the lines of an item, and its directive with the options."""
    yield from item.lines
    if isinstance(item, Edit):
        yield item.file
    if (source / item.source).is_file():
        above = (source / item.source).read_text(encoding="utf-8").splitlines()[: item.line - 1]
        for line in reversed(above):
            yield line
            if line.strip() and not line.strip().startswith(":"):
                break


def _cells(notebook: Mapping[str, object]) -> Iterator[str]:
    """Yield what the code cells of a notebook hold, and what is stored of their outputs."""
    cells = notebook["cells"]
    assert isinstance(cells, list)
    for cell in cells:
        if cell["cell_type"] == "code":
            yield from _strings(cell["source"])
            yield from _strings(cell["outputs"])


def _strings(value: object) -> Iterator[str]:
    """Yield the lines of all texts in what JSON holds; a list of texts is one text."""
    if isinstance(value, str):
        yield from value.splitlines()
    elif isinstance(value, list) and all(isinstance(part, str) for part in value):
        yield from "".join(value).splitlines()
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


def lines_of_files(path: Path, folder: Path) -> Iterator[str]:
    """Yield the names, as seen from a folder, and the lines of a file or all files below it."""
    for file in [path] if path.is_file() else sorted(path.rglob("*")):
        if not file.is_file() or _NOT_READ.intersection(file.relative_to(path).parts):
            continue
        yield from (_END, re.sub(r"^(?:\.\./)+", "", os.path.relpath(file, folder)))
        try:
            yield from file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue  # a picture
