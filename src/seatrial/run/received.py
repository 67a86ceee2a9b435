"""What came from a terminal since something was typed."""

from __future__ import annotations

from codecs import getincrementaldecoder

from seatrial.run.echo import without_trace
from seatrial.run.signs import TAIL, Sign, Signs
from seatrial.transcript.events import Output
from seatrial.transcript.screen import Screen, clean

#: Bytes of a step's output that are kept; what comes after them is read, and left out.
LIMIT = 1_000_000


class Received:
    """The bytes that came, as far as they are kept, and the end of them."""

    def __init__(self, signs: Signs, preview: Preview | None = None) -> None:
        self._signs = signs
        self._preview = preview
        self._chunks: list[bytes] = []
        self.size = 0
        self.tail = b""
        self.own: tuple[Sign, int] | None = None
        """The last prompt of the shell itself, and where among all bytes it begins."""

    def add(self, raw: bytes) -> None:
        """Take in what came."""
        before = self.size
        if before < LIMIT:
            self._chunks.append(raw)
            if self._preview is not None:
                self._preview.feed(raw[: LIMIT - before])
        self.size += len(raw)
        overlap = self.tail[-len(raw) - 64 :] if len(raw) < TAIL else self.tail[-64:]
        if (found := self._signs.own(overlap + raw)) is not None:
            self.own = (found[0], before - len(overlap) + found[1])
        self.tail = (self.tail + raw)[-TAIL:]

    def lines(self, sign: Sign | None = None, at: int | None = None) -> tuple[tuple[str, ...], str]:
        """Return what came as lines, without a prompt in it, and a note where it is not UTF-8.

        The prompt stands at the end, or where `at` says.
        """
        raw = b"".join(self._chunks)
        if sign is not None:
            start = self.size - len(sign.raw) if at is None else at
            raw = raw[:start] + raw[start + len(sign.raw) :]
        text, note = _decoded(raw[:LIMIT])
        if not text:
            return (), note
        lines = clean(text).removesuffix("\n").split("\n")
        return self._signs.without_word(lines), note

    @property
    def unfinished(self) -> str:
        """Return the line at the end that has no end yet."""
        raw = self.tail[self.tail.rfind(b"\n") + 1 :]
        return clean(_decoded(raw)[0]).rpartition("\n")[2]

    def preview(self, *, unfinished: bool) -> Output | None:
        """Return what is to be shown since this was asked last, if anything.

        The line that has no end yet is shown where `unfinished` says so.
        """
        return self._preview.news(unfinished=unfinished) if self._preview is not None else None


class Preview:
    """The output of one line while it comes, each part shown once."""

    def __init__(self, typed: str, secret: bool, prompt: str, signs: Signs) -> None:
        self._typed, self._secret, self._prompt = typed, secret, prompt
        self._signs = signs
        self._decoder = getincrementaldecoder("utf-8")("backslashreplace")
        self._screen = Screen()
        self._told = -1
        """How many rows were shown or left out; -1 while the echo may not be there as a whole."""
        self._tail: str | None = None
        """The unfinished line that was shown last; None where nothing was, not even that."""

    def feed(self, raw: bytes) -> None:
        """Take in what came."""
        self._screen.feed(self._decoder.decode(raw))

    def news(self, *, unfinished: bool) -> Output | None:
        """Return what is to be shown since this was asked last, if anything."""
        if self._told < 0:
            rows = self._screen.lines()
            shown = without_trace(self._typed, rows, secret=self._secret, prompt=self._prompt)
            if not shown or (len(shown) == 1 and not shown[0]):
                nothing, self._tail = self._tail is None, ""
                return Output(()) if nothing else None
            self._told = len(rows) - len(shown)
        lines = self._signs.without_word(self._screen.lines(self._told, self._screen.row))
        self._told = max(self._told, self._screen.row)
        tail = self._signs.shown(self._screen.rows[self._screen.row]) if unfinished else ""
        if not lines and (tail == self._tail or not unfinished):
            return None
        self._tail = tail
        return Output(lines, tail)


def _decoded(raw: bytes) -> tuple[str, str]:
    """Return bytes as text, and a note where they are not UTF-8."""
    try:
        return raw.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        shown = raw[error.start]
        return (
            raw.decode("utf-8", "backslashreplace"),
            f"the output is not UTF-8: byte 0x{shown:02x}, shown as \\x{shown:02x}",
        )
