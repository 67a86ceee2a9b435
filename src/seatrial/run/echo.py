"""What a typed line or key leaves in a terminal, and the output without it."""

from __future__ import annotations

from collections.abc import Sequence

from seatrial.transcript.steps import KEYS

#: Columns of every terminal: where a line that is typed goes on in the next row.
WIDTH = 120
#: How a program says that it takes pasted text as it is, and that it does so no more (xterm's
#: private mode 2004), and what stands around such a text.
BEGINS_PASTING, ENDS_PASTING = b"\x1b[?2004h", b"\x1b[?2004l"
# how the prompt of the reader's own shell is shown
_OWN = "$ "
_PASTE, _END_OF_PASTE = "\x1b[200~", "\x1b[201~"


def pasted(lines: Sequence[str]) -> str:
    """Return lines as one text that is pasted; the newline that is typed behind it ends it."""
    text = "\n".join(lines).rstrip("\n")
    # a blank line ends a block: typed at the end, it is the newline that the text ends with
    return f"{_PASTE}{text}{'' if lines[-1].strip() else chr(10)}{_END_OF_PASTE}"


def without_trace(
    typed: str, lines: Sequence[str], *, secret: bool = False, prompt: str = ""
) -> tuple[str, ...]:
    """Return output without what the typed line or key left in the terminal."""
    key = typed.strip()
    if key in KEYS:
        # what a program printed before it saw the key belongs to the step before
        for number, line in enumerate(lines):
            if key in line:
                rest = line.rpartition(key)[2]
                return (*([rest] if rest else []), *lines[number + 1 :])
        return tuple(lines[1:] if lines and not lines[0].strip() else lines)
    if typed.startswith(_PASTE):
        return _without_paste(typed, lines)
    if secret:
        return tuple(lines[1:] if lines and not lines[0].strip() else lines)
    if not prompt and lines and lines[0].startswith(_OWN) and not typed.startswith(_OWN):
        # the shell had asked once more before it was typed
        return without_echo(typed, (lines[0].removeprefix(_OWN), *lines[1:]))
    return without_echo(typed, lines, prompt)


def without_echo(typed: str, lines: Sequence[str], prompt: str = "") -> tuple[str, ...]:
    """Return output without the echo of what was typed, also where it was wrapped or scrolled.

    Readline draws its prompt once more when the window's size reaches it late.
    """
    echo = "".join(typed.split())
    seen = ""
    for number, line in enumerate(lines):
        rest = f"{line} " if line == prompt.rstrip() else line
        while prompt and rest.startswith(prompt):
            rest = rest.removeprefix(prompt)
        seen = _joined(seen, rest, echo)
        if seen == echo:
            return tuple(lines[number + 1 :])
        if not echo.startswith(seen):
            break
    # readline moves a line that does not fit sideways, and shows its end
    if len(typed) > WIDTH // 2 and lines and echo[-16:] in "".join(lines[0].split()):
        return tuple(lines[1:])
    return tuple(lines)


def _without_paste(typed: str, lines: Sequence[str]) -> tuple[str, ...]:
    """Return output without the rows of a pasted text, each behind a prompt of Python."""
    rows = iter(lines)
    for text in typed.removeprefix(_PASTE).removesuffix(_END_OF_PASTE).split("\n"):
        echo = "".join(text.split())
        row = next(rows, "").removeprefix(">>> ")
        row = row if row.split() == text.split() else row.removeprefix("...")
        seen = _joined("", row, echo)
        while seen != echo:
            row = next(rows, "")
            if not row or not echo.startswith(seen):
                return tuple(lines)
            seen = _joined(seen, row, echo)
    return tuple(rows)


def _joined(seen: str, row: str, echo: str) -> str:
    """Return the part of an echo that was seen, with one more row: without blanks.

    Python's own editor of lines ends a row that goes on with a backslash.
    """
    seen += "".join(row.split())
    return seen if echo.startswith(seen) else seen.removesuffix("\\")
