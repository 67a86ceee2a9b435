"""What a terminal printed, as a reader would see it standing there."""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    r"\x1b\[([0-?]*)[ -/]*([@-~])"  # CSI: parameters and a final letter (ECMA-48, 5.4)
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: titles, links
    r"|\x1b[PX^_][^\x1b]*\x1b\\"  # other strings
    r"|\x1b[ -/]*[0-~]"  # everything shorter
)
_FAR = 1000
# what stands at the end of a piece and may be the beginning of something longer
_CUT = re.compile(r"(?:\r|\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]{0,200}|[PX^_][^\x1b]{0,200})?)\Z")
# one control character, or text as far as the next one
_RUNS = re.compile(r"[\x00-\x1f\x7f]|[^\x00-\x1f\x7f]+")
_GAMES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|\t")


def clean(text: str) -> str:
    """Return a text without colours, and with cursor movements carried out.

    Overwritten text is gone, as on a screen: of a progress line the last state stays.
    """
    text = _storable(text)
    if not _GAMES.search(text):
        return text
    screen = Screen()
    screen.feed(text)
    return "\n".join(screen.lines())


def _storable(text: str) -> str:
    # two characters that no page can hold: XML has no place for them
    return text.replace("\r\n", "\n").replace("\ufffe", "").replace("\uffff", "")


class Screen:
    """As much of a terminal as line-oriented programs use: no more than this is tidied.

    It is fed with what comes, in pieces of any size, and costs as much as the piece is long.
    """

    def __init__(self) -> None:
        self.rows: list[str] = [""]
        self.row = 0
        """The row of the cursor: those above it have come to their end, as far as one knows."""
        self.column = 0
        self._begun = ""
        """An escape sequence, or the end of a line, of which the rest is still to come."""

    def feed(self, text: str) -> None:
        """Carry out what a piece of output asks for."""
        text = self._begun + text
        self._begun = ""
        if cut := _CUT.search(text):
            self._begun, text = text[cut.start() :], text[: cut.start()]
        text = _storable(text)
        at = 0
        for escape in _ESCAPE.finditer(text):
            self.write(text[at : escape.start()])
            if escape.group(2):
                self.control(escape.group(1), escape.group(2))
            at = escape.end()
        self.write(text[at:])

    def lines(self, start: int = 0, end: int | None = None) -> list[str]:
        """Return rows as lines of text."""
        return self.rows[start:end]

    def write(self, text: str) -> None:
        """Put text where the cursor is."""
        for run in _RUNS.findall(text):
            if run == "\n":
                self._go_to(self.row + 1)
                self.column = 0
            elif run == "\r":
                self.column = 0
            elif run == "\b":
                self.column = max(0, self.column - 1)
            elif run == "\t":
                self.write(" " * (8 - self.column % 8))
            elif run >= " " and run != "\x7f":
                line = self.rows[self.row].ljust(self.column)
                before, after = line[: self.column], line[self.column + len(run) :]
                self.rows[self.row] = f"{before}{run}{after}"
                self.column += len(run)

    def control(self, parameters: str, letter: str) -> None:
        """Move the cursor or erase, as an escape sequence asks."""
        first = parameters.split(";")[0]
        # no row is longer, and no program moves down further, than this
        number = min(int(first), _FAR) if first.isdigit() else 0
        count = max(1, number)
        if letter == "A":
            self.row = max(0, self.row - count)
        elif letter == "B":
            self._go_to(self.row + count)
        elif letter == "C":
            self.column += count
        elif letter == "D":
            self.column = max(0, self.column - count)
        elif letter == "G":
            self.column = count - 1
        elif letter == "K":
            line = self.rows[self.row]
            if number == 0:
                self.rows[self.row] = line[: self.column]
            elif number == 1:
                blank = min(self.column, len(line))
                self.rows[self.row] = " " * blank + line[blank:]
            else:
                self.rows[self.row] = ""
        elif letter == "J" and number == 0:
            self.rows[self.row] = self.rows[self.row][: self.column]
            del self.rows[self.row + 1 :]

    def _go_to(self, row: int) -> None:
        while len(self.rows) <= row:
            self.rows.append("")
        self.row = row
