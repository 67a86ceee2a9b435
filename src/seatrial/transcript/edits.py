"""The text of a file after a change that a page asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from seatrial.errors import SandboxError
from seatrial.transcript.blocks import Edit
from seatrial.transcript.matching import stands_for_any_lines


def edited(old: str | None, edit: Edit) -> str:
    """Return a file's text after an edit.

    The fragment's lines other than the new ones are the context, found exactly once; a line
    ``...`` in it stands for any lines.  Lines given as `was` are replaced by the first run of new
    ones.  The whole fragment may be indented further in the file than on the page.
    Raises SandboxError where the context is not found exactly once.
    """
    if old is None:
        return "\n".join(edit.lines) + "\n"
    lines = old.split("\n")
    pattern = _fragment(edit)
    places = [(at, *fit) for at in range(len(lines)) if (fit := _fit(lines, at, pattern))]
    if len(places) != 1:
        found = "not found" if not places else f"found {len(places)} times"
        raise SandboxError(
            f"the lines around the change are {found} in {edit.file}",
            where=edit.where,
            hint="show the lines before and after the new ones exactly as they are in the file",
        )
    at, indent, taken = places[0]
    result: list[str] = []
    position = at
    for (kind, text), count in zip(pattern, taken, strict=True):
        if kind == "new":
            result.append((indent + text).rstrip())
        elif kind != "was":
            result.extend(lines[position : position + count])
        position += count
    return "\n".join([*lines[:at], *result, *lines[position:]])


def is_made(text: str | None, edit: Edit) -> bool:
    """Tell whether a file reads, in exactly one place, as it should after an edit.

    It does not while what the edit replaces is there.
    """
    lines = (text or "").split("\n")

    def fits(fragment: Edit) -> int:
        pattern = _fragment(fragment)
        return sum(_fit(lines, at, pattern) is not None for at in range(len(lines)))

    after = replace(edit, new=(), was=())
    return fits(after) == 1 and not (edit.was and fits(edit) == 1)


def as_in_file(edit: Edit, text: str | None) -> Edit:
    """Return an edit with its lines indented as they are in the file, as far as that can be told.

    A page's lines may stand further left than the file's: what a reader copies should not.
    """
    lines = (text or "").split("\n")
    rooms: set[int] | None = None
    for kind, told in _fragment(edit):
        if kind in ("context", "was") and told.strip():
            found = {
                _indentation(line) - _indentation(told)
                for line in lines
                if line.strip() == told.strip()
            }
            # a line that another edit of the page puts there tells nothing
            rooms = (found if rooms is None else rooms & found) if found else rooms
    if not rooms or len(rooms) > 1 or (room := rooms.pop()) <= 0:
        return edit
    was = tuple(" " * room + line for line in edit.replaced)
    indented = tuple(" " * room + line if line.strip() else line for line in edit.lines)
    return replace(edit, lines=indented, was=was)


def _fragment(edit: Edit) -> list[tuple[str, str]]:
    """Return a fragment's lines, each with its part: "context", "any", "new" or "was"."""
    parts: list[tuple[str, str]] = []
    for number, line in enumerate(edit.lines, start=1):
        if number in edit.new:
            if number == min(edit.new):
                parts.extend(("was", old) for old in edit.replaced)
            parts.append(("new", line))
        elif stands_for_any_lines(line):
            parts.append(("any", ""))
        else:
            parts.append(("context", line))
    return parts


def _fit(
    lines: Sequence[str], at: int, pattern: Sequence[tuple[str, str]]
) -> tuple[str, list[int]] | None:
    """Return the indent, and how many lines each part takes, if a fragment fits at a line."""
    standing = [text for kind, text in pattern if kind in ("context", "was")]
    if not any(text.strip() for text in standing) or pattern[0][0] == "any":
        return None
    room = _indentation(lines[at]) - _indentation(standing[0])
    if room < 0:
        return None
    indent = lines[at][:room]
    taken: list[int] = []
    position = at
    for number, (kind, text) in enumerate(pattern):
        rest = lines[position:]
        count = 0
        if kind == "any":
            following = (text for kind, text in pattern[number + 1 :] if kind in ("context", "was"))
            if (anchor := next(following, None)) is not None:
                wanted = (indent + anchor).rstrip()
                found = (n for n, line in enumerate(rest) if line.rstrip() == wanted)
                count = next(found, len(rest))
        elif kind != "new":
            if not rest or rest[0].rstrip() != (indent + text).rstrip():
                return None
            count = 1
        taken.append(count)
        position += count
    return indent, taken


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
