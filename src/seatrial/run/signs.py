"""By what a terminal's text shows that a program asks for input."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from seatrial.transcript.programs import Prompt
from seatrial.transcript.screen import clean

#: The reader's own shell, whatever its real prompt is, and how it asks for the rest of a command.
SHELL, REST = "$ ", "> "
#: Prompts that begin as many an output does.
USUAL = (">>> ", "... ", "(Pdb) ", "# ", SHELL, REST)
#: How many bytes at the end of what came are looked at.
TAIL = 4096

# how long (seconds) nothing may follow what looks like a prompt where the system does not tell who
# reads: a word such as `>>> `, a sign such as `# `, and one behind a line that had no end
_STILL, _STILL_SIGN, _STILL_DOUBTFUL = 0.003, 0.04, 0.3
# how a program takes the whole screen (xterm's private modes), or says that it cannot
_WHOLE_SCREEN = re.compile(rb"\x1b\[\?(?:47|1047|1049)h|terminal is not fully functional")
# and what only one that draws a whole screen sends: the cursor to a row and a column
_ADDRESSED = re.compile(rb"\x1b\[\d+;\d+H")
# what is left of a key that was pressed before a program read at all
_PRESSED = re.compile(r"\A(?:\^C)+")
# how more(1) and less(1) ask for a key at the end of a page
_PAGER = re.compile(r"--More--.*|.*\(END\)|lines \d+-\d+.*|.*Press RETURN to continue ?")


@dataclass(frozen=True)
class Sign:
    """A prompt in what a terminal printed."""

    prompt: str
    raw: bytes
    """As it stands in the terminal."""
    status: int | None = None
    """The exit status that the shell's own prompt tells."""
    still: float = 0.0
    """Seconds for which nothing may follow it, where the system does not tell who reads."""
    commands: int = 0
    """How many commands the shell has run, where it is the shell's own."""
    unfinished: bool = False
    """The shell asks for the rest."""

    @property
    def is_certain(self) -> bool:
        """Tell whether nothing but the shell itself can have printed it."""
        return self.status is not None or self.unfinished


class Signs:
    """What is a prompt in one terminal: the shell's own by its word, others by the table."""

    def __init__(self, word: str, prompts: Sequence[Prompt]) -> None:
        self._word = word
        self._mark = word.encode()
        self._rows = [(row, re.compile(row.pattern)) for row in prompts]
        self._own = re.compile(rb"\[%s:(\d+):(\d+)\]" % word.encode())
        self._rest = f"[{word}>]".encode()
        # as a variable holds it, or as it is drawn
        self._drawn = re.compile(rf"\[{word}(:?)[^\]]*\]")

    def own(self, raw: bytes) -> tuple[Sign, int] | None:
        """Return the last prompt of the shell itself, and where it begins."""
        if self._mark not in raw:
            return None
        all_found = list(self._own.finditer(raw))
        if not all_found:
            return None
        found = all_found[-1]
        sign = Sign(SHELL, found.group(), int(found.group(1)), commands=int(found.group(2)))
        return sign, found.start()

    def at_end(self, tail: bytes, *, inner: bool, before: str, seen: Sequence[str]) -> Sign | None:
        """Return the prompt that ends what came.

        Prompts of programs within the shell count where `inner` says so.  `before` is the prompt at
        which was typed, if it was another program's; `seen` are those that this one showed before.
        """
        if tail.endswith(self._rest):
            return Sign(REST, self._rest, unfinished=True)
        if tail.endswith(b"]") and (found := self.own(tail)) is not None:
            sign, start = found
            if start + len(sign.raw) == len(tail):
                return sign
        raw = tail[tail.rfind(b"\n") + 1 :]
        if not raw or not inner:
            return None
        above, _, line = clean(raw.decode("utf-8", "replace")).rpartition("\n")
        line = _PRESSED.sub("", line)
        row = self.row(line)
        if row is not None:
            # the cursor may have been moved down to the prompt's line, and no newline sent
            own = line.encode()
            here = own if above and raw.endswith(own) else raw
            return Sign(line, here, still=_STILL_SIGN if row.guessable else _STILL)
        return self._behind_output(raw, before, seen)

    def _behind_output(self, raw: bytes, before: str, seen: Sequence[str]) -> Sign | None:
        """Return the prompt that a program printed behind output that ended no line."""
        for prompt in (before, *seen):
            own = prompt.encode()
            if own and raw.endswith(own):
                sure = len(own) > 2 and prompt == before
                return Sign(prompt, own, still=_STILL if sure else _STILL_DOUBTFUL)
        return None

    def row(self, prompt: str) -> Prompt | None:
        """Return the table's row of a prompt."""
        found = (row for row, pattern in self._rows if pattern.fullmatch(prompt))
        return next(found, None) if prompt else None

    def without_word(self, lines: Sequence[str]) -> tuple[str, ...]:
        """Return lines without what only this terminal's shell has in it.

        What asks for a prompt's text gets that of a reader's shell.
        """
        if not any(self._word in line for line in lines):
            return tuple(lines)
        kept = (line for line in lines if not (self._word in line and "declare +x PROMPT" in line))
        plain = (self._drawn.sub(lambda m: SHELL if m[1] else REST, line) for line in kept)
        return tuple(line.replace(self._word, "") for line in plain)

    def shown(self, tail: str) -> str:
        """Return an unfinished line as far as it is no beginning of the shell's own prompt."""
        mark = f"[{self._word}"
        at = tail.rfind("[")
        cut = at >= 0 and (mark.startswith(tail[at:]) or tail[at:].startswith(mark))
        return tail[:at] if cut else tail.replace(self._word, "")


def takes_the_screen(raw: bytes, *, reads: bool = False) -> bool:
    """Tell whether a program draws a whole screen; of one that reads, less is asked."""
    return bool(_WHOLE_SCREEN.search(raw) or (reads and _ADDRESSED.search(raw)))


def is_pager(line: str, *, reads: bool) -> bool:
    """Tell whether an unfinished line is that of a program that shows page by page.

    Of one that reads, less is asked: less(1) has a colon alone.
    """
    line = line.strip()
    return _PAGER.fullmatch(line) is not None or (reads and line == ":")
