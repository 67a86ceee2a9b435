"""New blocks put where old ones stand in their source files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

from seatrial.errors import TranscriptError
from seatrial.pages.locating import locate
from seatrial.transcript.blocks import Block
from seatrial.transcript.record import write_whole

# the line that opens a block of Markdown
_FENCE = re.compile(r"`{3,}|~{3,}|:{3,}")


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
