"""One terminal: bash on a pseudo-terminal, and whatever programs it starts.

The shell's prompt carries an unguessable word and the exit status, so nothing is ever typed just to
ask.  Programs inside it are known by the prompts of the table; what is in front is known by the
prompt that was seen last, never by waiting.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shlex
import signal
import tempfile
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pexpect

from seatrial.errors import SessionError
from seatrial.transcript.screen import clean
from seatrial.transcript.steps import KEYS, PROMPTS, Prompt

#: Columns and rows of every terminal.  Rows are many so that no program reaches for a pager.
WIDTH, HEIGHT = 120, 1000
#: Output of one step beyond this many bytes is not read to its end.
LIMIT = 1_000_000
#: A longer line is cut by the terminal, which keeps 4096 bytes with the newline (n_tty.c of Linux).
LONGEST = 4095
#: The reader's own shell, whatever its real prompt is.
SHELL = "$ "

# What bash reads when it begins.  Before each prompt it puts its prompts back, whatever a page did
# to them: they tell the exit status, and the number of commands run so far.  Nothing of that is
# traced by `set -x`; `set -v` shows the line, and a line with the word in it is no output.  History
# stays on, which expands `!` as in a reader's shell; no file of it is read or written.
_RC = (
    r"""PROMPT_COMMAND='{ shopt -s promptvars && declare PS1="[WORD:\$?:\#]" PS2="[WORD\076]"; } """
    r"""&> /dev/null || { echo "bash: its prompt cannot be set" >&2; exit 1; }'"""
    "\nreadonly PROMPT_COMMAND\nunset HISTFILE\nshopt -u checkwinsize\n"
)

#: Plain transcripts: no colours, pagers, progress or line editing that redraws.
ENVIRONMENT: Mapping[str, str] = {
    "TERM": "dumb",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "NO_COLOR": "1",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "PSQL_PAGER": "cat",
    "COMPOSE_ANSI": "never",
    "BUILDKIT_PROGRESS": "plain",
    "DOCKER_CLI_HINTS": "false",
    "DJANGO_COLORS": "nocolor",
    "PYTHON_BASIC_REPL": "1",
}

# how long (seconds) nothing may follow before what looks like a prompt is taken for one: a word
# such as `>>> `, a sign such as `# `, and such a sign behind output that ended no line
_STILL, _STILL_SIGN, _STILL_DOUBTFUL = 0.003, 0.04, 0.3
# how long (seconds) a person needs to press a key after what they waited for
_REACTION = 0.05
_TAIL = 4096
# after how long (seconds) Ctrl-C is pressed once more
_AGAIN = 3.0
# how a program takes the whole screen (xterm's private modes), or says that it cannot
_WHOLE_SCREEN = re.compile(rb"\x1b\[\?(?:47|1047|1049)h|terminal is not fully functional")
FULL_SCREEN = "wants the whole screen, and a transcript has none"
_Told = TypeVar("_Told")
NO_PROMPT = "gave no prompt back"
CLOSED = "closed the terminal"
TOO_LONG = f"has a line of more than {LONGEST} bytes, which a terminal cuts"
UNSEEN = "put another shell in the place of the page's own, which tells no exit status"


@dataclass(frozen=True)
class Answer:
    """What came back after something was typed."""

    output: tuple[str, ...]
    prompt: str
    # the prompt that followed; empty where none did
    status: int | None
    # exit status, where the shell's own prompt followed
    seconds: float
    trouble: str = ""
    # why no prompt followed, in words; empty where all is well
    note: str = ""
    # something about the output that a reader of a failure should know

    @property
    def at_shell(self) -> bool:
        """Tell whether the reader's own shell is in front."""
        return self.status is not None


class Terminal:
    """A bash that a page types into.

    Raises SessionError where bash cannot be started.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        prompts: Sequence[Prompt] = PROMPTS,
    ) -> None:
        self._word = secrets.token_hex(12)
        self._folder = folder
        self._prompts = [(row, re.compile(row.pattern)) for row in prompts]
        self._end = re.compile(rb"\[%s:(\d+):(\d+)\]$" % self._word.encode())
        self._own_prompt = re.compile(rf"\[{self._word}(:?)[^\]]*\]")
        # as a variable holds it, or as it is drawn
        self._commands = 0
        # how many the shell had run when its prompt was seen last
        self._more = f"[{self._word}>]".encode()
        # a file, not a typed line: the first thing that the terminal prints is our prompt
        with tempfile.NamedTemporaryFile("w", suffix=".bashrc", delete=False) as rc:
            rc.write(_RC.replace("WORD", self._word))
        try:
            self._child = pexpect.spawn(
                "bash",
                ["--noprofile", "--rcfile", rc.name, "--noediting", "-i"],
                cwd=str(folder),
                env={**environment, **ENVIRONMENT, "COLUMNS": str(WIDTH)},
                dimensions=(HEIGHT, WIDTH),
                preexec_fn=_interruptible,
                timeout=None,
            )
            self._child.delaybeforesend = None
            self._pid = int(self._child.pid or 0)
            self.prompt = SHELL
            self.at_shell = True
            # whether the reader's own shell is in front; one in a container may look just like it
            first = self._await(time.monotonic() + 10)
            if not first.trouble:
                self._settings = termios.tcgetattr(self._child.child_fd)
        except (pexpect.ExceptionPexpect, OSError) as error:
            raise SessionError(
                f"bash could not be started: {error}", hint="install bash"
            ) from error
        finally:
            Path(rc.name).unlink(missing_ok=True)
        if first.trouble:
            raise SessionError(f"bash {first.trouble}", hint="try `bash --norc` by hand")

    @property
    def alive(self) -> bool:
        """Tell whether anything can still be typed."""
        return not self._child.closed

    @property
    def folder(self) -> Path:
        """Return the shell's working directory, where the system tells (Linux)."""
        try:
            return Path(f"/proc/{self._pid}/cwd").readlink()
        except OSError:
            return self._folder

    def type(
        self,
        lines: Sequence[str],
        timeout: float,
        until: Callable[[tuple[str, ...]], bool] | None = None,
        *,
        watch: Callable[[tuple[str, ...]], None] | None = None,
    ) -> Answer:
        """Type lines one after the other and return what came before the next prompt.

        With `until`, return as soon as it finds the output sufficient, prompt or not: the program
        then still runs, and the next line typed is meant for it (a key such as ``^C``).  `watch` is
        given all complete lines of output whenever more have come.
        `timeout` counts seconds for all lines together.
        """
        start = time.monotonic()
        output: list[str] = []
        note = ""
        if any(len(line.encode()) > LONGEST for line in lines):
            return Answer((), "", None, 0.0, trouble=TOO_LONG)
        # None where another program reads what is typed, or a key is pressed
        began = self._commands if self.at_shell and not KEYS.keys() & set(lines) else None
        if self.at_shell:
            self._restore()
        answer = Answer((), self.prompt, None, 0.0)
        for number, line in enumerate(lines):
            last = number + 1 == len(lines)
            secret = self._is_secret()
            before = "" if self.at_shell else self.prompt
            enough = _behind_echo(line, until) if last else None
            told = _behind_echo(line, watch) if last else None
            answer = self._answer_to(line, start + timeout, enough, told)
            output.extend(_without_trace(line, answer.output, secret=secret, prompt=before))
            note = note or answer.note
            if answer.trouble:
                break
            if not last and answer.at_shell:
                left = lines[number + 1]
                trouble = f"was finished before `{left.strip()}` was typed"
                answer = _troubled(answer, trouble)
                break
            if last and answer.prompt == self._more.decode():
                self.interrupt()
                answer = _troubled(answer, "is unfinished: the shell waits for the rest of it")
        status = answer.status
        if status is not None and began == self._commands:
            status = _without_a_command(status, output)
        return Answer(
            tuple(output),
            answer.prompt,
            status,
            time.monotonic() - start,
            answer.trouble,
            note,
        )

    def _answer_to(
        self,
        line: str,
        deadline: float,
        until: Callable[[tuple[str, ...]], bool] | None,
        watch: Callable[[tuple[str, ...]], None] | None,
    ) -> Answer:
        """Type one line and return what came of it."""
        echoes = not (self.at_shell or line.strip() in KEYS or self._is_secret())
        self._send(line)
        if line.strip() != "^C":
            return self._await(deadline, until, watch, echoes=echoes)
        # between two commands of one line nobody may be there to be interrupted: press it again
        before: tuple[str, ...] = ()
        while True:
            answer = self._await(min(deadline, time.monotonic() + _AGAIN), until)
            answer = replace(answer, output=(*before, *answer.output))
            if answer.trouble != NO_PROMPT or time.monotonic() >= deadline:
                return answer
            before = answer.output
            self._send(line)

    def interrupt(self, patience: float = 5.0) -> bool:
        """Press Ctrl-C, then leave whatever is in front, and tell whether the shell came back.

        Where it does not within `patience` seconds, the terminal is killed.
        """
        for key in ("\x03", "\x03", "\x04", "\x04"):
            if not self.alive:
                return False
            self._child.send(key)
            answer = self._await(time.monotonic() + patience / 4)
            if answer.at_shell:
                return True
        self.close()
        return False

    def press(self, key: str) -> None:
        """Press a key, such as ^C, while a program runs; may be called from a signal's handler."""
        with contextlib.suppress(OSError):
            os.write(self._child.child_fd, KEYS[key].encode())

    def kill_front(self) -> None:
        """Kill the program in front, which does not listen to Ctrl-C."""
        with contextlib.suppress(OSError):
            os.killpg(os.tcgetpgrp(self._child.child_fd), signal.SIGKILL)

    def close(self) -> None:
        """Kill the shell and all that still runs in its terminal."""
        if self._child.closed:
            return
        for process in _processes_of(self._pid):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGHUP)
        with contextlib.suppress(pexpect.ExceptionPexpect, OSError):
            self._child.close(force=True)
        for process in _processes_of(self._pid):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)

    def _restore(self) -> None:
        """Undo what a program did to the terminal's settings, such as its echo."""
        with contextlib.suppress(OSError, termios.error):
            if termios.tcgetattr(self._child.child_fd) != self._settings:
                termios.tcsetattr(self._child.child_fd, termios.TCSANOW, self._settings)

    def _send(self, line: str) -> None:
        self._child.send(KEYS.get(line.strip(), line + "\n"))

    def _await(
        self,
        deadline: float,
        until: Callable[[tuple[str, ...]], bool] | None = None,
        watch: Callable[[tuple[str, ...]], None] | None = None,
        *,
        echoes: bool = False,
    ) -> Answer:
        """Read until a prompt stands at the end of what came.

        What echoes shows the typed line and its end first: a prompt before that is the old one,
        drawn once more by readline.
        """
        chunks: list[bytes] = []
        size = 0
        tail = b""
        echoed = quiet = False
        start = time.monotonic()
        while True:
            prompt = self._prompt_in(tail, inner=size > _TAIL or not echoes or b"\n" in tail)
            if prompt is not None:
                name, raw, status, still = prompt
                more = self._read(still) if still else b""
                if not more:
                    self.prompt, self.at_shell = name, status is not None
                    text, note = _decoded(b"".join(chunks)[: size - len(raw)])
                    seconds = time.monotonic() - start
                    trouble = UNSEEN if self._is_replaced(name, status) else ""
                    return Answer(self._lines(text), name, status, seconds, trouble, note)
                chunks.append(more)
                size += len(more)
                tail = (tail + more)[-_TAIL:]
                continue
            if until is not None and self._is_busy() and (echoed or quiet):
                text, note = _decoded(b"".join(chunks))
                if until(self._lines(text)):
                    self.at_shell = False
                    # a key that comes while bash starts a program of a loop is lost on both
                    time.sleep(_REACTION)
                    return Answer(self._lines(text), "", None, time.monotonic() - start, note=note)
            if watch is not None and chunks and self._is_busy() and (echoed or quiet):
                text, _ = _decoded(b"".join(chunks))
                watch(self._lines(text[: text.rfind("\n") + 1]))
            left = deadline - time.monotonic()
            trouble = ""
            if size > LIMIT:
                trouble = f"printed more than {LIMIT // 1_000_000} MB"
            elif left <= 0:
                trouble = NO_PROMPT
            else:
                try:
                    more = self._read(min(left, 0.05) if until or watch else left)
                    # the reader's own shell shows a line as soon as it has it; another program
                    # needs a moment to take in what was typed
                    echoed = echoed or (self.at_shell and b"\n" in more)
                    quiet = not more or size > _TAIL
                    chunks.append(more)
                    size += len(more)
                    tail = (tail + more)[-_TAIL:]
                    if more and _WHOLE_SCREEN.search(tail):
                        trouble = FULL_SCREEN
                except pexpect.EOF:
                    self._child.close(force=True)
                    trouble = CLOSED
            if trouble:
                text, note = _decoded(b"".join(chunks)[-LIMIT:])
                if trouble == NO_PROMPT and (front := self._in_front()):
                    note = note or f"still running: {front}"
                if trouble == CLOSED and self._child.exitstatus:
                    note = note or f"the shell ended with exit status {self._child.exitstatus}"
                seconds = time.monotonic() - start
                return Answer(self._lines(text), "", None, seconds, trouble=trouble, note=note)

    def _read(self, wait: float) -> bytes:
        """Return what is there within some seconds, nothing if nothing came."""
        try:
            raw: bytes = self._child.read_nonblocking(65536, max(wait, 0))  # type: ignore[assignment]
        except pexpect.TIMEOUT:
            return b""
        return raw

    def _prompt_in(
        self, tail: bytes, *, inner: bool
    ) -> tuple[str, bytes, int | None, float] | None:
        """Return the prompt that ends what came: name, bytes, exit status, seconds to be still.

        Prompts of programs within the shell count where `inner` says so.
        """
        if found := self._end.search(tail):
            self._commands = int(found.group(2))
            return SHELL, found.group(), int(found.group(1)), 0.0
        if tail.endswith(self._more):
            return self._more.decode(), self._more, None, 0.0
        raw = tail[tail.rfind(b"\n") + 1 :]
        if not raw or not inner:
            return None
        above, _, line = clean(raw.decode("utf-8", "replace")).rpartition("\n")
        for row, pattern in self._prompts:
            if pattern.fullmatch(line):
                # the cursor may have been moved down to the prompt's line, and no newline sent
                own = line.encode()
                seen = own if above and raw.endswith(own) else raw
                return line, seen, None, _STILL_SIGN if row.guessable else _STILL
        # a program in front may print its prompt behind output that ended no line
        own = self.prompt.encode()
        if not self.at_shell and raw.endswith(own):
            return self.prompt, own, None, _STILL if len(own) > 2 else _STILL_DOUBTFUL
        return None

    def _lines(self, text: str) -> tuple[str, ...]:
        """Return a terminal's text as lines, without what only this terminal's shell has in it."""
        lines = _lines(text)
        if self._word not in text:
            return lines
        # what asks for a prompt's text gets that of a reader's shell
        return tuple(
            self._own_prompt.sub(lambda found: SHELL if found[1] else "> ", line)
            for line in lines
            if not (self._word in line and "declare PS1=" in line)
        )

    def _is_secret(self) -> bool:
        """Tell whether what is in front shows nothing of what is typed."""
        return any(row.secret and p.fullmatch(self.prompt) for row, p in self._prompts)

    def _is_replaced(self, prompt: str, status: int | None) -> bool:
        """Tell whether a prompt is that of a shell which took the place of the reader's own."""
        if status is not None or prompt == self._more.decode() or self._is_busy():
            return False
        row = next((row for row, pattern in self._prompts if pattern.fullmatch(prompt)), None)
        return row is not None and row.program in ("shell", "container shell")

    def _is_busy(self) -> bool:
        """Tell whether a program, and not the shell itself, has the terminal."""
        try:
            return os.tcgetpgrp(self._child.child_fd) != self._pid
        except OSError:
            return False

    def _in_front(self) -> str:
        """Return what has the terminal beside the shell itself, where the system tells (Linux)."""
        found: list[str] = []
        shell = _command_of(self._pid)
        with contextlib.suppress(OSError):
            group = os.tcgetpgrp(self._child.child_fd)
            for process in sorted(_processes_of(self._pid)):
                with contextlib.suppress(OSError):
                    command = _command_of(process)
                    # a fork of the shell, such as a loop behind a pipe, says nothing by its name
                    if os.getpgid(process) == group and command not in ("", shell):
                        found.append(f"`{command[:WIDTH]}`")
        return ", ".join(found)


def _interruptible() -> None:
    """Let Ctrl-C work in a terminal opened by a run that ignores it itself.

    A job in the background of a script ignores SIGINT, and so would all that it starts.
    """
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _troubled(answer: Answer, trouble: str) -> Answer:
    """Return an answer that ends in trouble."""
    return Answer(answer.output, answer.prompt, answer.status, answer.seconds, trouble, answer.note)


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


def _without_a_command(status: int, output: Sequence[str]) -> int:
    """Return the exit status of input by which the shell ran no command.

    What `$?` says is of a command before.  A comment cannot fail; what bash refuses has failed, and
    of `!` that it cannot expand `$?` does not tell.
    """
    refused = any(line.startswith("bash: ") for line in output)
    return (status or 1) if refused else 0


def _lines(text: str) -> tuple[str, ...]:
    """Return a terminal's text as lines; the newline at its end begins none."""
    if not text:
        return ()
    return tuple(clean(text).removesuffix("\n").split("\n"))


def _behind_echo(
    typed: str, asked: Callable[[tuple[str, ...]], _Told] | None
) -> Callable[[tuple[str, ...]], _Told] | None:
    """Return what asks about a program's output as what asks about all that is in the terminal."""
    if asked is None:
        return None
    inner = asked
    return lambda lines: inner(_without_trace(typed, lines))


def _without_trace(
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
    if secret:
        return tuple(lines[1:] if lines and not lines[0].strip() else lines)
    return _without_echo(typed, lines, prompt)


def _without_echo(typed: str, lines: Sequence[str], prompt: str = "") -> tuple[str, ...]:
    """Return output without the echo of what was typed, also where it was wrapped or scrolled.

    Readline draws its prompt once more when the window's size reaches it late.
    """
    echo = "".join(typed.split())
    seen = ""
    for number, line in enumerate(lines):
        rest = f"{line} " if line == prompt.rstrip() else line
        while prompt and rest.startswith(prompt):
            rest = rest.removeprefix(prompt)
        seen += "".join(rest.split())
        if seen == echo:
            return tuple(lines[number + 1 :])
        if not echo.startswith(seen):
            break
    # readline moves a line that does not fit sideways, and shows its end
    if len(typed) > WIDTH // 2 and lines and echo[-16:] in "".join(lines[0].split()):
        return tuple(lines[1:])
    return tuple(lines)


def _command_of(process: int) -> str:
    """Return a process's command line; nothing where it is gone or the system does not tell."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:
        return ""
    return shlex.join(word.decode("utf-8", "replace") for word in words if word)


def _processes_of(session: int) -> Iterator[int]:
    """Yield the processes of a terminal session, where the system lists them (Linux)."""
    if session <= 1:
        # never: that would be everything that the system itself has started
        return
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = entry.read_text().rpartition(")")[2].split()
            # proc(5): after the command come state, ppid, pgrp, session
            if int(fields[3]) == session:
                yield int(entry.parent.name)
