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
_GAMES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|\t")


def clean(text: str) -> str:
    """Return a text without colours, and with cursor movements carried out.

    Overwritten text is gone, as on a screen: of a progress line the last state stays.
    """
    # two characters that no page can hold: XML has no place for them
    text = text.replace("\r\n", "\n").replace("\ufffe", "").replace("\uffff", "")
    if not _GAMES.search(text):
        return text
    screen = _Screen()
    at = 0
    for escape in _ESCAPE.finditer(text):
        screen.write(text[at : escape.start()])
        if escape.group(2):
            screen.control(escape.group(1), escape.group(2))
        at = escape.end()
    screen.write(text[at:])
    return "\n".join("".join(row) for row in screen.rows)


class _Screen:
    """As much of a terminal as line-oriented programs use: no more than this is tidied."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = [[]]
        self.row = 0
        self.column = 0

    def write(self, text: str) -> None:
        """Put text where the cursor is."""
        for char in text:
            if char == "\n":
                self._go_to(self.row + 1)
                self.column = 0
            elif char == "\r":
                self.column = 0
            elif char == "\b":
                self.column = max(0, self.column - 1)
            elif char == "\t":
                self.write(" " * (8 - self.column % 8))
            elif char >= " " and char != "\x7f":
                line = self.rows[self.row]
                line.extend(" " * (self.column - len(line)))
                line[self.column : self.column + 1] = [char]
                self.column += 1

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
                del line[self.column :]
            elif number == 1:
                line[: self.column] = " " * min(self.column, len(line))
            else:
                line.clear()
        elif letter == "J" and number == 0:
            del self.rows[self.row][self.column :]
            del self.rows[self.row + 1 :]

    def _go_to(self, row: int) -> None:
        while len(self.rows) <= row:
            self.rows.append([])
        self.row = row
