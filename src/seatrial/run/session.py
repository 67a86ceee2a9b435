"""One terminal: bash on a pseudo-terminal, and whatever programs it starts.

The shell's prompt carries an unguessable word and the exit status, so nothing is ever typed just to
ask.  Programs inside it are known by the prompts of the table.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from seatrial.errors import SessionError
from seatrial.run.echo import pasted, without_trace
from seatrial.run.front import NOTHING, Inside, State
from seatrial.run.listening import Answer, Listener, Reading, drained
from seatrial.run.received import Preview, Received
from seatrial.run.signs import Signs
from seatrial.run.tty import Tty
from seatrial.transcript.events import Ending
from seatrial.transcript.programs import PROMPTS, Prompt
from seatrial.transcript.steps import KEYS

#: A longer line is cut by the terminal, which keeps 4096 bytes with the newline (n_tty.c of Linux).
LONGEST = 4095

# What bash reads when it begins.  Before each prompt it puts its prompts back, whatever a page did
# to them: they tell the exit status, and the number of commands run so far.  Nothing of that is
# traced by `set -x`; `set -v` shows the line, and a line with the word in it is no output.  They
# are exported to no other shell, which would ask by them.  History stays on, which expands `!` as
# in a reader's shell; no file of it is read or written.
_RC = (
    r"""PROMPT_COMMAND='{ shopt -s promptvars && """
    r"""declare +x PROMPT_COMMAND PS1="[WORD:\$?:\#]" PS2="[WORD\076]"; } """
    r"""&> /dev/null || { echo "bash: its prompt cannot be set" >&2; exit 1; }'"""
    "\nreadonly PROMPT_COMMAND\nunset HISTFILE\nshopt -u checkwinsize\n"
)

# after how long (seconds) Ctrl-C is pressed once more
_AGAIN = 3.0


class Terminal:
    """A bash that is typed into.

    `inside` gives the first process of the container in front, where that is known.
    Raises SessionError where bash cannot be started.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        prompts: Sequence[Prompt] = PROMPTS,
        inside: Inside = lambda: None,
    ) -> None:
        word = self.word = secrets.token_hex(12)
        # stands in this shell's prompts, and is not to be seen by anybody
        self._signs = Signs(word, prompts)
        self._tty = Tty(folder, environment, _RC.replace("WORD", word))
        self._listener = Listener(self._tty, self._signs, inside)
        self._pressed = False
        # Ctrl-C was, while a piece of input ran
        first = drained(self._listener.listen(self._nothing, time.monotonic() + 10, NOTHING))
        if first.ending is not Ending.PROMPT:
            self.close()
            why = "closed the terminal" if first.ending is Ending.CLOSED else "gave no prompt back"
            raise SessionError(f"bash {why}", hint="try `bash --norc` by hand")
        self._tty.has_begun()

    @property
    def prompt(self) -> str:
        """Return the prompt in front, or the question that was asked."""
        return self._listener.prompt

    @property
    def at_shell(self) -> bool:
        """Tell whether the reader's own shell is in front."""
        return self._listener.at_shell

    @property
    def alive(self) -> bool:
        """Tell whether anything can still be typed."""
        return self._tty.alive

    @property
    def folder(self) -> Path:
        """Return the shell's working directory, where the system tells (Linux)."""
        return self._tty.folder

    @property
    def _nothing(self) -> Received:
        return Received(self._signs)

    def type(self, lines: Sequence[str], timeout: float, *, watched: bool = False) -> Reading:
        """Type lines one after the other; return what came before the next prompt.

        Where it is `watched`, the last line's output is yielded as it comes.  Who has seen enough
        calls `stop`: the program runs on, and what is typed next is meant for it (a key as ``^C``).
        `timeout` counts seconds for all lines together.
        """
        start = time.monotonic()
        if any(len(line.encode()) > LONGEST for line in lines):
            return Answer((), "", None, 0.0, Ending.TOO_LONG)
        # None where another program reads what is typed, or a key is pressed
        began = self._listener.commands if self.at_shell and not KEYS.keys() & set(lines) else None
        if self.at_shell:
            self._tty.restore()
        self._pressed = False
        output: list[str] = []
        answer = Answer((), self.prompt, None, 0.0)
        note = ""
        if self._listener.pastes and len(lines) > 1:
            # an editor of lines would indent each by itself
            lines = [pasted(lines)]
        at_own = self.at_shell
        # the shell itself takes the line, also as the rest of a command
        for number, line in enumerate(lines):
            last = number + 1 == len(lines)
            # the shell itself asks once more where a program left it a newline
            secret, before = self._listener.is_secret(), "" if at_own else self.prompt
            shown = Preview(line, secret, before, self._signs) if watched and last else None
            came = Received(self._signs, shown)
            answer = yield from self._answer_to(line, came, start + timeout)
            output += without_trace(line, answer.output, secret=secret, prompt=before)
            note = note or answer.note
            at_own = answer.at_shell or answer.ending is Ending.UNFINISHED
            if answer.ending is Ending.UNFINISHED and not last:
                answer = replace(answer, ending=Ending.PROMPT)
            if answer.ending is not Ending.PROMPT or self._pressed:
                break
            if not last and answer.at_shell:
                answer = replace(answer, ending=Ending.EARLY, rest=lines[number + 1].strip())
                break
        if answer.ending is Ending.UNFINISHED:
            self.interrupt()
        status = answer.status
        if status is not None and began == self._listener.commands:
            status = _without_a_command(status, output)
        seconds = time.monotonic() - start
        return replace(answer, output=tuple(output), status=status, seconds=seconds, note=note)

    def _answer_to(self, line: str, came: Received, deadline: float) -> Reading:
        """Type one line and return what came of it."""
        echoes = not (line.strip() in KEYS or self._listener.is_secret())
        before = NOTHING if self.at_shell else self._listener.look()
        self._send(line)
        if line.strip() != "^C":
            return (yield from self._listener.listen(came, deadline, before, echoes=echoes))
        # between two commands of one line nobody may be there to be interrupted: press it again
        while True:
            until = min(deadline, time.monotonic() + _AGAIN)
            answer = yield from self._listener.listen(came, until, before)
            if answer.ending is not Ending.TIMEOUT or time.monotonic() >= deadline:
                return answer
            self._send(line)

    def interrupt(self, patience: float = 5.0) -> bool:
        """Press Ctrl-C, then leave whatever is in front, and tell whether the shell came back.

        Where it does not within `patience` seconds, the terminal is killed.
        """
        for key in ("\x03", "\x03", "\x04", "\x04"):
            if not self.alive:
                return False
            self._tty.write(key)
            until = time.monotonic() + patience / 4
            if drained(self._listener.listen(self._nothing, until, NOTHING)).at_shell:
                return True
        self.close()
        return False

    def leave_pager(self, patience: float = 2.0) -> Answer:
        """Leave a program that shows page by page, and return what came then."""
        before = self._listener.look()
        self._tty.write("q")
        return drained(self._listener.listen(self._nothing, time.monotonic() + patience, before))

    def press(self, key: str) -> None:
        """Press a key, such as ^C, while a program runs; may be called from a signal's handler."""
        self._pressed = True
        self._tty.write(KEYS[key])

    def stop(self) -> None:
        """Listen no more to what is running; the answer comes at once."""
        self._listener.stop()

    def answer(self, text: str, timeout: float, *, watched: bool = False) -> Reading:
        """Answer a question, unless its program has gone on by itself meanwhile."""
        seen = self._listener.look()
        if seen.state is State.UNKNOWN or seen.timed or seen.sleep == self._listener.reader.sleep:
            return (yield from self.type([text], timeout, watched=watched))
        came = Received(self._signs, Preview("", False, "", self._signs) if watched else None)
        return (yield from self._listener.listen(came, time.monotonic() + timeout, NOTHING))

    def kill_front(self) -> None:
        """Kill the program in front, which does not listen to Ctrl-C."""
        self._pressed = True
        self._tty.kill_front()

    def close(self) -> None:
        """Kill the shell and all that still runs in its terminal."""
        self._tty.close()

    def _send(self, line: str) -> None:
        self._tty.write(KEYS.get(line.strip(), line + "\n"))


def _without_a_command(status: int, output: Sequence[str]) -> int:
    """Return the exit status of input by which the shell ran no command.

    What `$?` says is of a command before.  A comment cannot fail; what bash refuses has failed, and
    of `!` that it cannot expand `$?` does not tell.
    """
    refused = any(line.startswith("bash: ") for line in output)
    return (status or 1) if refused else 0
