"""Listening to a terminal until the program in front reads it again.

What looks like a prompt is one if its program reads, which the system tells (`front`).  Where it
does not tell, how long nothing follows decides.
"""

from __future__ import annotations

import re
import time
from collections.abc import Generator
from dataclasses import dataclass, replace

from seatrial.run.echo import BEGINS_PASTING, ENDS_PASTING
from seatrial.run.front import NOTHING, WORKING, Inside, Look, State
from seatrial.run.received import LIMIT, Received
from seatrial.run.signs import SHELL, TAIL, USUAL, Sign, Signs, is_pager, takes_the_screen
from seatrial.run.tty import Tty
from seatrial.transcript.events import Ending, Output
from seatrial.transcript.programs import is_shell

#: A step that prints more than this many bytes is interrupted.
FLOOD = 64_000_000

# how long (seconds) a person needs to press a key after what they waited for
_REACTION = 0.05
# how long (seconds) to wait between two looks at a program: at first, and at most
_PACE, _SLOWEST = 0.0005, 0.05
# how often (seconds) output is shown while it comes: at each piece, the whole would cost its square
_EACH = 0.02
# how long (seconds) what a program printed before it read may take to arrive, from a container too
_TRANSIT, _TRANSIT_CONTAINED = 0.001, 0.01
# how long (seconds) the engine may take to tell of a program that it started in a container
_OPENING = 0.3
# and how often (seconds) to look whether it has
_OFTEN = 0.005
# how long (seconds) a program must read at no prompt before that is a question
_HELD, _HELD_CONTAINED = 0.06, 1.0
# how many bytes may be on their way: what a terminal of Linux buffers (TTYB_DEFAULT_MEM_LIMIT of
# its tty_buffer.c, and N_TTY_BUF_SIZE)
_BUFFERED = 65536 + 4096
# what may stand before a prompt in its line: how an editor of lines begins one (ECMA-48)
_BEGINS_A_LINE = rb"\n(?:\r|\x1b\[[0-?]*[@-~]|\x1b[=>])*"
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


class Listener:
    """Hears what a terminal prints, and knows who is in front."""

    def __init__(self, tty: Tty, signs: Signs, inside: Inside) -> None:
        self._tty = tty
        self._signs = signs
        self._inside = inside
        self._seen: list[str] = []
        # prompts of the programs within the shell since it was left, the latest first
        self._stopped = False
        self.prompt = SHELL
        self.at_shell = True
        """Whether the reader's own shell is in front; one in a container may look just like it."""
        self.commands = 0
        """How many the shell had run when its prompt was seen last."""
        self.pastes = False
        """It is Python's own editor of lines that is in front, which takes several at once."""
        self.reader = NOTHING
        """What was seen of the program that asked for input last."""

    def look(self) -> Look:
        """Return what the program in front does."""
        return self._tty.look(self._inside)

    def stop(self) -> None:
        """Listen no more to what is running; the answer comes at once."""
        self._stopped = True

    def listen(
        self, came: Received, deadline: float, before: Look, *, echoes: bool = False
    ) -> Reading:
        """Read until the program in front reads its terminal again.

        What echoes shows the typed line and its end first: a prompt before that is the old one,
        drawn once more by readline.  `before` is what was seen of it when the line was typed.
        """
        start, pace, held = time.monotonic(), _PACE, _Held(before)
        looked, heard = start, 0
        self._stopped = False
        taken, quiet = not echoes, False
        more, shown = b"", 0.0
        try:
            while True:
                taken = taken or self._taken in more or self._taken in came.tail
                # before the shell itself has a line, its prompt is one that nobody waited for, and
                # what it reads is that line
                late = taken or not self.at_shell
                sign = self._sign(came, inner=taken) if late else None
                own = self._overtaken(came, before, quiet=not more) if late and not sign else None
                if own is not None:
                    return self._answer(came, *own, start)
                # by the clock: a job in the background may print all the time
                still = pace > _HELD / 4
                if late and (still or time.monotonic() - looked > _HELD / 4):
                    if came.size - heard > TAIL:
                        held.put_off()
                    looked, heard = time.monotonic(), came.size
                    if (asked := self._asked(came, held, start, still=still)) is not None:
                        return asked
                # a part of an echo would pass for output; the reader's own shell shows a line as
                # soon as it has it, another program needs a moment to take in what was typed
                due = taken and (quiet or (echoes and self.at_shell))
                due = due and time.monotonic() - shown > _EACH and self._tty.is_busy
                whole = due and sign is None and not more and not self._begins_a_prompt(came)
                if due and (news := came.preview(unfinished=whole)):
                    shown = time.monotonic()
                    yield news
                    if self._stopped:
                        # a key that comes while bash starts a program of a loop is lost on both
                        time.sleep(_REACTION)
                        return self._trouble(came, Ending.LEFT, start)
                if sign is None:
                    more = self._tty.read(min(pace, _left(deadline)))
                else:
                    stands, more = self._settles(sign, before, min(pace, _left(deadline)))
                    if stands:
                        return self._answer(came, sign, start)
                if more:
                    came.add(more)
                    pace = _PACE
                    held.came(len(more))
                    if takes_the_screen(came.tail):
                        return self._trouble(came, Ending.FULL_SCREEN, start)
                    if came.size > FLOOD:
                        return self._trouble(came, Ending.TOO_MUCH, start)
                else:
                    quiet = True
                    held.came(0)
                    pace = min(2 * pace, _SLOWEST)
                if not _left(deadline):
                    return self._trouble(came, Ending.TIMEOUT, start)
        except EOFError:
            return self._trouble(came, Ending.CLOSED, start)

    @property
    def _taken(self) -> bytes:
        """Return by what the program in front shows that it has taken a line."""
        return ENDS_PASTING if self.pastes else b"\n"

    def _sign(self, came: Received, *, inner: bool) -> Sign | None:
        """Return the prompt that ends what came, if it looks like one."""
        # a question that was asked is no prompt: asked once more, it is one again
        before = self.prompt if self.prompt in self._seen else ""
        return self._signs.at_end(came.tail, inner=inner, before=before, seen=self._seen)

    def _begins_a_prompt(self, came: Received) -> bool:
        """Tell whether a line without an end may still become a prompt: then it is not shown."""
        line = came.unfinished
        return any(prompt.startswith(line) for prompt in (*self._seen, *USUAL))

    def _settles(self, sign: Sign, before: Look, wait: float) -> tuple[bool, bytes]:
        """Tell whether what looks like a prompt is one, and return what came meanwhile."""
        # one with an old number was drawn before, and stands in a file or is shown by `${PS1@P}`
        if sign.is_certain and sign.commands > self.commands:
            return True, b""
        seen = self.look()
        self.reader = seen
        if seen.state is State.UNKNOWN:
            return (True, b"") if sign.is_certain else self._stays(sign)
        if not seen.is_news(before):
            return False, self._tty.read(wait)
        more = self._tty.read(_TRANSIT_CONTAINED if seen.contained else _TRANSIT)
        return not more, more

    def _stays(self, sign: Sign) -> tuple[bool, bytes]:
        """Tell whether nothing follows what looks like a prompt, and return what did.

        Who opened a program in a container may learn a moment later which one that is.
        """
        until = time.monotonic() + (max(sign.still, _OPENING) if self.at_shell else sign.still)
        while True:
            if more := self._tty.read(min(_left(until), _OFTEN)):
                return False, more
            if not _left(until):
                return True, b""
            if self.look().state is not State.UNKNOWN:
                return False, b""

    def _overtaken(self, came: Received, before: Look, *, quiet: bool) -> tuple[Sign, int] | None:
        """Return the shell's own prompt behind which a job in the background has printed."""
        if came.own is None or self._tty.is_busy:
            return None
        seen, last = self.look(), self.reader
        if seen.state is State.UNKNOWN:
            return came.own if quiet else None
        if not seen.is_news(before):
            return None
        self.reader = seen
        if seen.sleep != last.sleep:
            # the prompt by which it asks may still be on its way
            time.sleep(_TRANSIT)
            return None
        return came.own

    def _asked(self, came: Received, held: _Held, start: float, *, still: bool) -> Answer | None:
        """Return what came where a program has been reading for a while, at no prompt.

        Who is not known to read asks only where nothing comes.
        """
        seen = self.look()
        if not held.holds(seen) or not (still or seen.state is State.READS):
            return None
        question = "".join(self._signs.without_word([came.unfinished]))
        if is_pager(question, reads=seen.state is State.READS):
            return self._trouble(came, Ending.PAGER, start)
        if seen.state is State.UNKNOWN:
            return None
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
        self.reader = seen
        answer = self._trouble(came, Ending.QUESTION, start)
        self.prompt = question
        output = answer.output[:-1] if question else answer.output
        secret = self._tty.hides_what_is_typed(seen)
        return replace(answer, output=output, prompt=question, secret=secret)

    def _hidden(self, came: Received) -> tuple[Sign, int] | None:
        """Return the prompt of a program behind which a job in the background has printed."""
        # an editor of lines draws its prompt again and again until it has taken one
        echo = came.tail.rfind(self._taken) if self.pastes else -1
        for prompt in self._seen:
            raw = prompt.encode()
            drawn = [*re.finditer(_BEGINS_A_LINE + re.escape(raw), came.tail)]
            if drawn and drawn[-1].start() > echo:
                at = drawn[-1].end() - len(raw)
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
        self.pastes = sign.prompt == ">>> " and came.tail.rfind(BEGINS_PASTING) > came.tail.rfind(
            ENDS_PASTING
        )
        if self.at_shell:
            self.commands = sign.commands
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

    def is_secret(self) -> bool:
        """Tell whether what is in front shows nothing of what is typed."""
        row = self._signs.row(self.prompt)
        if row is not None:
            return row.secret
        return not self.at_shell and self._tty.hides_what_is_typed(self.reader)

    def _is_replaced(self, sign: Sign) -> bool:
        """Tell whether a prompt is that of a shell which took the place of the reader's own."""
        if sign.is_certain or self._tty.is_busy:
            return False
        row = self._signs.row(sign.prompt)
        return row is not None and is_shell(row.program)


@dataclass
class _Held:
    """For how long a program has been reading."""

    before: Look
    seen: Look = WORKING
    since: float = 0.0
    rounds: int = 0
    """How often it began to read again, having waited for a while."""
    on_the_way: int = 0
    """How many bytes, at most, that were printed before it read have still to arrive."""

    def came(self, size: int) -> None:
        """Take in that something came; nothing comes where all that was printed has been read.

        However long this process itself was kept waiting: to look whether there is something
        has the system hand on what was printed before (n_tty_poll of its n_tty.c).
        """
        self.on_the_way -= size or self.on_the_way

    def put_off(self) -> None:
        """Begin again with one in a container: what it printed before it read still arrives."""
        if self.seen.contained:
            self.since = time.monotonic()

    def holds(self, seen: Look) -> bool:
        """Take in a look, and tell whether the program has been reading for long enough."""
        now = time.monotonic()
        if seen.state is State.WORKS or seen.sleep == self.before.sleep != NOTHING.sleep:
            self.seen, self.rounds = seen, 0
            return False
        if seen.state is not self.seen.state or (seen.sleep != self.seen.sleep and not seen.timed):
            self.since, self.rounds, self.on_the_way = now, 0, _BUFFERED
        self.rounds += seen.sleep != self.seen.sleep
        self.seen = seen
        known = seen.state is State.READS and not seen.contained
        long = now - self.since >= (_HELD if known else _HELD_CONTAINED)
        return long and self.on_the_way <= 0


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
