"""Where what a page shows stands in its source files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from docutils import nodes


def locate(source: Sequence[str], near: int, lines: Sequence[str]) -> int | None:
    """Return the number of the source line at which a block's content begins.

    `near` is a line known to stand before it, counted from 1 as is the result; docutils knows no
    better for code blocks.  None where the content does not stand in the source as it is.
    """
    wanted = [line.rstrip() for line in lines]
    number = next((n for n, line in enumerate(wanted) if line), -1)
    if number < 0:
        return None
    begin = min(max(near - 1, 0), len(source))
    expanded = [line.expandtabs(8) for line in source]
    last = len(source) - len(wanted)
    order: list[int] = [*range(begin, last + 1), *range(min(begin, last + 1))]
    for start in order:
        if any(_stands_at(text, start, wanted, number) for text in (source, expanded)):
            return start + 1
    return None


def _stands_at(source: Sequence[str], start: int, wanted: Sequence[str], number: int) -> bool:
    """Tell whether lines stand at a place as they are, behind a margin that all of them have.

    The margin is known by the line of this number: spaces, tabs and the signs of a quotation.
    """
    first = source[start + number].rstrip()
    margin = first.removesuffix(wanted[number])
    if margin.strip(" \t>") or margin + wanted[number] != first:
        return False
    return all(
        source[start + offset].rstrip() == (margin + line).rstrip()
        for offset, line in enumerate(wanted)
    )


def source_of(node: nodes.Element) -> tuple[Path, int]:
    """Return the file in which a node stands, and a line near it, as docutils knows them."""
    parent = node
    while parent.source is None and parent.parent is not None:
        parent = parent.parent
    line = node.line or parent.line or 1
    return Path(node.get("source") or parent.source or ""), line


def lines_of(path: Path) -> list[str]:
    """Return a source file's lines, none where it is no file."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def relative(path: Path, folder: Path) -> str:
    """Return a path as seen from a folder; the name alone of what is no file.

    docutils names an included file as seen from the working directory, where the two are near.
    """
    path, folder = path.resolve(), folder.resolve()
    if path.is_relative_to(folder) or path.is_file():
        return Path(os.path.relpath(path, folder)).as_posix()
    return path.name
