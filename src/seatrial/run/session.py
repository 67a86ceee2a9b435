"""One terminal: bash on a pseudo-terminal, and whatever programs it starts.

The shell's prompt carries an unguessable word and the exit status, so nothing is ever typed just to
ask.  Programs inside it are known by the prompts of the table.  Whether what looks like a prompt is
one, the system tells (`front`): its program reads.  Where it does not tell, how long nothing
follows decides.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seatrial.errors import SessionError
from seatrial.run.echo import BEGINS_PASTING, ENDS_PASTING, pasted, without_trace
from seatrial.run.front import NOTHING, Inside, Look, State
from seatrial.run.received import LIMIT, Preview, Received
from seatrial.run.signs import SHELL, TAIL, Sign, Signs, is_pager, takes_the_screen
from seatrial.run.tty import Tty
from seatrial.transcript.events import Ending, Output
from seatrial.transcript.programs import PROMPTS, Prompt
from seatrial.transcript.steps import KEYS

#: A step that prints more than this many bytes is interrupted.
FLOOD = 64_000_000
#: A longer line is cut by the terminal, which keeps 4096 bytes with the newline (n_tty.c of Linux).
LONGEST = 4095

# What bash reads when it begins.  Before each prompt it puts its prompts back, whatever a page did
# to them: they tell the exit status, and the number of commands run so far.  Nothing of that is
# traced by `set -x`; `set -v` shows the line, and a line with the word in it is no output.  History
# stays on, which expands `!` as in a reader's shell; no file of it is read or written.
_RC = (
    r"""PROMPT_COMMAND='{ shopt -s promptvars && declare PS1="[WORD:\$?:\#]" PS2="[WORD\076]"; } """
    r"""&> /dev/null || { echo "bash: its prompt cannot be set" >&2; exit 1; }'"""
    "\nreadonly PROMPT_COMMAND\nunset HISTFILE\nshopt -u checkwinsize\n"
)

# how long (seconds) a person needs to press a key after what they waited for
_REACTION = 0.05
# after how long (seconds) Ctrl-C is pressed once more
_AGAIN = 3.0
# how long (seconds) to wait between two looks at a program: at first, and at most
_PACE, _SLOWEST = 0.0005, 0.05
# how often (seconds) output is shown while it comes: at each piece, the whole would cost its square
_EACH = 0.02
# how long (seconds) what a program printed before it read may take to arrive, from a container too
_TRANSIT, _TRANSIT_CONTAINED = 0.001, 0.01
# how long (seconds) a program must read at no prompt before that is a question
_HELD, _HELD_CONTAINED = 0.06, 0.4
# one that reads for a while only asks if it does so again and again
_ROUNDS = 3


@dataclass(frozen=True)
class Answer:
    """What came back after something was typed."""

    output: tuple[str, ...]
    prompt: str
    """The prompt that followed, or the question that was asked; empty where there is none."""
    status: int | None
    """Exit status, where the shell's own prompt followed."""
    seconds: float
    ending: Ending = Ending.PROMPT
    note: str = ""
    """Something about the output that a reader of a failure should know."""
    rest: str = ""
    """The first line that was not typed, where the ending is `Ending.EARLY`."""
    secret: bool = False
    """What answers a question is not to be shown."""

    @property
    def at_shell(self) -> bool:
        """Tell whether the reader's own shell is in front."""
        return self.status is not None


Reading = Generator[Output, None, Answer]


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
        word = secrets.token_hex(12)
        self._signs = Signs(word, prompts)
        self._inside = inside
        self._commands = 0
        # how many the shell had run when its prompt was seen last
        self._seen: list[str] = []
        # prompts of the programs within the shell since it was left, the latest first
        self._reader = NOTHING
        # what was seen of the program that asked for input last
        self._pastes = False
        # it is Python's own editor of lines, which takes several at once
        self._pressed = self._stopped = False
        self.prompt = SHELL
        self.at_shell = True
        # whether the reader's own shell is in front; one in a container may look just like it
        self._tty = Tty(folder, environment, _RC.replace("WORD", word))
        first = drained(self._listen(self._nothing, time.monotonic() + 10, NOTHING))
        if first.ending is not Ending.PROMPT:
            self.close()
            why = "closed the terminal" if first.ending is Ending.CLOSED else "gave no prompt back"
            raise SessionError(f"bash {why}", hint="try `bash --norc` by hand")
        self._tty.has_begun()

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
        began = self._commands if self.at_shell and not KEYS.keys() & set(lines) else None
        if self.at_shell:
            self._tty.restore()
        self._pressed = self._stopped = False
        output: list[str] = []
        answer = Answer((), self.prompt, None, 0.0)
        note = ""
        if self._pastes and len(lines) > 1:
            # an editor of lines would indent each by itself
            lines = [pasted(lines)]
        for number, line in enumerate(lines):
            last = number + 1 == len(lines)
            secret, before = self._is_secret(), "" if self.at_shell else self.prompt
            shown = Preview(line, secret, before, self._signs) if watched and last else None
            came = Received(self._signs, shown)
            answer = yield from self._answer_to(line, came, start + timeout)
            output += without_trace(line, answer.output, secret=secret, prompt=before)
            note = note or answer.note
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
        if status is not None and began == self._commands:
            status = _without_a_command(status, output)
        seconds = time.monotonic() - start
        return replace(answer, output=tuple(output), status=status, seconds=seconds, note=note)

    def _answer_to(self, line: str, came: Received, deadline: float) -> Reading:
        """Type one line and return what came of it."""
        echoes = not (self.at_shell or line.strip() in KEYS or self._is_secret())
        before = NOTHING if self.at_shell and line.strip() in KEYS else self._look()
        self._send(line)
        if line.strip() != "^C":
            return (yield from self._listen(came, deadline, before, echoes=echoes))
        # between two commands of one line nobody may be there to be interrupted: press it again
        while True:
            until = min(deadline, time.monotonic() + _AGAIN)
            answer = yield from self._listen(came, until, before)
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
            if drained(self._listen(self._nothing, until, NOTHING)).at_shell:
                return True
        self.close()
        return False

    def leave_pager(self, patience: float = 2.0) -> Answer:
        """Leave a program that shows page by page, and return what came then."""
        before = self._look()
        self._tty.write("q")
        return drained(self._listen(self._nothing, time.monotonic() + patience, before))

    def press(self, key: str) -> None:
        """Press a key, such as ^C, while a program runs; may be called from a signal's handler."""
        self._pressed = True
        self._tty.write(KEYS[key])

    def stop(self) -> None:
        """Listen no more to what is running; the answer comes at once."""
        self._stopped = True

    def answer(self, text: str, timeout: float, *, watched: bool = False) -> Reading:
        """Answer a question, unless its program has gone on by itself meanwhile."""
        seen = self._look()
        if seen.state is State.UNKNOWN or seen.timed or seen.sleep == self._reader.sleep:
            return (yield from self.type([text], timeout, watched=watched))
        came = Received(self._signs, Preview("", False, "", self._signs) if watched else None)
        return (yield from self._listen(came, time.monotonic() + timeout, NOTHING))

    def kill_front(self) -> None:
        """Kill the program in front, which does not listen to Ctrl-C."""
        self._pressed = True
        self._tty.kill_front()

    def close(self) -> None:
        """Kill the shell and all that still runs in its terminal."""
        self._tty.close()

    # --- listening ---

    def _look(self) -> Look:
        return self._tty.look(self._inside)

    def _send(self, line: str) -> None:
        self._tty.write(KEYS.get(line.strip(), line + "\n"))

    def _listen(
        self, came: Received, deadline: float, before: Look, *, echoes: bool = False
    ) -> Reading:
        """Read until the program in front reads its terminal again.

        What echoes shows the typed line and its end first: a prompt before that is the old one,
        drawn once more by readline.  `before` is what was seen of it when the line was typed.
        """
        start, pace, held = time.monotonic(), _PACE, _Held(before)
        echoed = quiet = False
        shown = 0.0
        try:
            while True:
                inner = came.size > TAIL or not echoes or self._has_taken(came)
                sign = self._sign(came, inner=inner)
                if sign is not None:
                    stands, more = self._settles(sign, before, min(pace, _left(deadline)))
                    if stands:
                        return self._answer(came, sign, start)
                else:
                    now = time.monotonic()
                    due = (echoed or quiet) and now - shown > _EACH and self._tty.is_busy
                    if due and (news := came.preview()):
                        shown = now
                        yield news
                        if self._stopped:
                            # a key that comes while bash starts a program of a loop is lost on both
                            time.sleep(_REACTION)
                            return self._trouble(came, Ending.LEFT, start)
                    more = self._tty.read(min(pace, _left(deadline)))
                if more:
                    # the reader's own shell shows a line as soon as it has it; another program
                    # needs a moment to take in what was typed
                    echoed = echoed or (self.at_shell and b"\n" in more)
                    came.add(more)
                    pace = _PACE
                    if takes_the_screen(came.tail):
                        return self._trouble(came, Ending.FULL_SCREEN, start)
                    if came.size > FLOOD:
                        return self._trouble(came, Ending.TOO_MUCH, start)
                else:
                    quiet = True
                    pace = min(2 * pace, _SLOWEST)
                if (overtaken := self._overtaken(came, quiet=not more)) is not None:
                    return self._answer(came, *overtaken, start)
                if pace > _HELD / 4 and (asked := self._asked(came, held, start)) is not None:
                    return asked
                if not _left(deadline):
                    return self._trouble(came, Ending.TIMEOUT, start)
        except EOFError:
            return self._trouble(came, Ending.CLOSED, start)

    def _has_taken(self, came: Received) -> bool:
        """Tell whether the program in front has taken the line that was typed."""
        return (ENDS_PASTING if self._pastes else b"\n") in came.tail

    def _sign(self, came: Received, *, inner: bool) -> Sign | None:
        """Return the prompt that ends what came, if it looks like one."""
        before = "" if self.at_shell else self.prompt
        return self._signs.at_end(came.tail, inner=inner, before=before, seen=self._seen)

    def _settles(self, sign: Sign, before: Look, wait: float) -> tuple[bool, bytes]:
        """Tell whether what looks like a prompt is one, and return what came meanwhile."""
        if sign.is_certain:
            return True, b""
        seen = self._look()
        self._reader = seen
        if seen.state is State.UNKNOWN:
            more = self._tty.read(sign.still)
            return not more, more
        if not seen.is_news(before):
            return False, self._tty.read(wait)
        more = self._tty.read(_TRANSIT_CONTAINED if seen.contained else _TRANSIT)
        return not more, more

    def _overtaken(self, came: Received, *, quiet: bool) -> tuple[Sign, int] | None:
        """Return the shell's own prompt behind which a job in the background has printed."""
        if came.own is None or self._tty.is_busy:
            return None
        state = self._look().state
        if state is State.READS or (state is State.UNKNOWN and quiet):
            return came.own
        return None

    def _asked(self, came: Received, held: _Held, start: float) -> Answer | None:
        """Return what came where a program has been reading for a while, at no prompt."""
        seen = self._look()
        if not held.holds(seen):
            return None
        lines, _ = came.lines()
        shown = came.tail[came.tail.rfind(b"\n") + 1 :]
        question = lines[-1] if lines and shown else ""
        if takes_the_screen(came.tail, reads=True):
            return self._trouble(came, Ending.FULL_SCREEN, start)
        if (hidden := self._hidden(came)) is not None:
            return self._answer(came, *hidden, start)
        if any(question.startswith(prompt) for prompt in self._seen):
            # drawn over a line that had no end, as by Python's own editor
            prompt = next(prompt for prompt in self._seen if question.startswith(prompt))
            answer = self._answer(came, Sign(prompt, b""), start)
            return replace(answer, output=answer.output[:-1])
        if seen.timed and held.rounds < _ROUNDS:
            # it goes on by itself
            return None
        if is_pager(question):
            return self._trouble(came, Ending.PAGER, start)
        self._reader = seen
        answer = self._trouble(came, Ending.QUESTION, start)
        self.prompt = question
        output = answer.output[:-1] if question else answer.output
        secret = self._tty.hides_what_is_typed and not seen.contained
        return replace(answer, output=output, prompt=question, secret=secret)

    def _hidden(self, came: Received) -> tuple[Sign, int] | None:
        """Return the prompt of a program behind which a job in the background has printed."""
        for prompt in self._seen:
            raw = prompt.encode()
            at = came.tail.rfind(b"\n" + raw) + 1
            if at or came.tail.startswith(raw):
                return Sign(prompt, raw), came.size - len(came.tail) + at
        return None

    def _answer(self, came: Received, sign: Sign, *rest: float) -> Answer:
        """Return what came before a prompt, and keep who is in front."""
        *at, start = rest
        output, note = came.lines(sign, int(at[0]) if at else None)
        ending = Ending.UNFINISHED if sign.unfinished else Ending.PROMPT
        if came.size > LIMIT:
            ending = Ending.TOO_MUCH
        elif self._is_replaced(sign):
            ending = Ending.UNSEEN
        self.prompt, self.at_shell = sign.prompt, sign.status is not None
        self._pastes = sign.prompt == ">>> " and came.tail.rfind(BEGINS_PASTING) > came.tail.rfind(
            ENDS_PASTING
        )
        if self.at_shell:
            self._commands = sign.commands
            self._seen = []
        elif not sign.unfinished:
            self._seen = [sign.prompt, *(other for other in self._seen if other != sign.prompt)]
        return Answer(output, sign.prompt, sign.status, time.monotonic() - start, ending, note)

    def _trouble(self, came: Received, ending: Ending, start: float) -> Answer:
        """Return what came where no prompt followed."""
        output, note = came.lines() if ending is not Ending.FULL_SCREEN else ((), "")
        if ending is Ending.TIMEOUT and (front := self._tty.in_front()):
            note = note or f"still running: {front}"
        if ending is Ending.CLOSED and (status := self._tty.exit_status):
            note = note or f"the shell ended with exit status {status}"
        self.at_shell = False
        return Answer(output, "", None, time.monotonic() - start, ending, note)

    def _is_secret(self) -> bool:
        """Tell whether what is in front shows nothing of what is typed."""
        row = self._signs.row(self.prompt)
        if row is not None:
            return row.secret
        return not self.at_shell and self._tty.hides_what_is_typed

    def _is_replaced(self, sign: Sign) -> bool:
        """Tell whether a prompt is that of a shell which took the place of the reader's own."""
        if sign.is_certain or self._tty.is_busy:
            return False
        row = self._signs.row(sign.prompt)
        return row is not None and row.program in ("shell", "container shell")


@dataclass
class _Held:
    """For how long a program has been reading."""

    before: Look
    seen: Look = NOTHING
    since: float = 0.0
    rounds: int = 0
    """How often it began to read again, having waited for a while."""

    def holds(self, seen: Look) -> bool:
        """Take in a look, and tell whether the program has been reading for long enough."""
        now = time.monotonic()
        if not seen.is_news(self.before):
            self.seen, self.rounds = NOTHING, 0
        elif self.seen.state is not State.READS or (
            seen.sleep != self.seen.sleep and not seen.timed
        ):
            self.seen, self.since, self.rounds = seen, now, 0
        else:
            self.rounds += seen.sleep != self.seen.sleep
            self.seen = seen
            return now - self.since >= (_HELD_CONTAINED if seen.contained else _HELD)
        return False


def drained(reading: Reading) -> Answer:
    """Return the answer that a generator gives in the end, whatever it shows before."""
    while True:
        try:
            next(reading)
        except StopIteration as done:
            answer: Answer = done.value
            return answer


def _left(deadline: float) -> float:
    """Return the seconds that are left."""
    return max(0.0, deadline - time.monotonic())


def _without_a_command(status: int, output: Sequence[str]) -> int:
    """Return the exit status of input by which the shell ran no command.

    What `$?` says is of a command before.  A comment cannot fail; what bash refuses has failed, and
    of `!` that it cannot expand `$?` does not tell.
    """
    refused = any(line.startswith("bash: ") for line in output)
    return (status or 1) if refused else 0
