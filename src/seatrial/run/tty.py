"""A pseudo-terminal with a bash in it: bytes in, bytes out, and who is in front."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import tempfile
import termios
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pexpect

from seatrial.errors import SessionError
from seatrial.run.echo import WIDTH
from seatrial.run.front import NOTHING, Inside, Look, command_of, look, processes_of

#: Rows of every terminal; they are many so that no program reaches for a pager.
HEIGHT = 1000

# the signals whose handlers may raise KeyboardInterrupt
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

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


class Tty:
    """A bash that reads a file of ours when it begins, on a terminal of its own.

    Raises SessionError where it cannot be started.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], begin: str) -> None:
        self._folder = folder
        # a file, not a typed line: the first thing that the terminal prints is our prompt
        rc = tempfile.NamedTemporaryFile("w", suffix=".bashrc", delete=False)  # noqa: SIM115
        self._rc = Path(rc.name)
        try:
            with rc:
                rc.write(begin)
            with signals_kept():
                self._child = pexpect.spawn(
                    "bash",
                    ["--noprofile", "--rcfile", rc.name, "--noediting", "-i"],
                    cwd=str(folder),
                    env={**environment, **ENVIRONMENT, "COLUMNS": str(WIDTH)},
                    dimensions=(HEIGHT, WIDTH),
                    preexec_fn=_interruptible,
                    timeout=None,
                )
        except (pexpect.ExceptionPexpect, OSError) as error:
            self._rc.unlink(missing_ok=True)
            is_there = isinstance(error, OSError)
            hint = "check whether the disk is full" if is_there else "install bash"
            raise SessionError(f"bash could not be started: {error}", hint=hint) from error
        self.shell = int(self._child.pid or 0)
        """The number of the shell's process."""
        if hasattr(os, "pidfd_open"):
            # `_end` waits until the shell has ended, and no longer
            self._child.ptyproc.delayafterclose = 0  # type: ignore[attr-defined]
        self._file = self._child.child_fd
        self._poll = select.poll()
        self._poll.register(self._file, select.POLLIN)

    def has_begun(self) -> None:
        """Keep the terminal's settings as the shell has them at its first prompt."""
        self._rc.unlink(missing_ok=True)
        self._settings = termios.tcgetattr(self._file)

    @property
    def alive(self) -> bool:
        """Tell whether anything can still be typed."""
        return not self._child.closed

    @property
    def exit_status(self) -> int:
        """Return the exit status of a shell that ended; 0 while it is there."""
        return self._child.exitstatus or 0

    @property
    def folder(self) -> Path:
        """Return the shell's working directory, where the system tells (Linux)."""
        try:
            return Path(f"/proc/{self.shell}/cwd").readlink()
        except OSError:
            return self._folder

    def read(self, wait: float) -> bytes:
        """Return what came within some seconds, nothing if nothing came.

        Raises EOFError where the shell has ended.
        """
        if not self._poll.poll(max(wait, 0) * 1000):
            return b""
        try:
            raw = os.read(self._file, 65536)
        except OSError:
            raw = b""
        if not raw:
            self._end()
            raise EOFError
        return raw

    def write(self, text: str) -> None:
        """Type something; may be called from a signal's handler."""
        left = text.encode()
        with contextlib.suppress(OSError):
            while left:
                left = left[os.write(self._file, left) :]

    def look(self, inside: Inside) -> Look:
        """Return what the program in front does, as far as the system tells."""
        return look(self.shell, inside)

    @property
    def is_busy(self) -> bool:
        """Tell whether a program, and not the shell itself, has the terminal."""
        try:
            return os.tcgetpgrp(self._file) != self.shell
        except OSError:
            return False

    def hides_what_is_typed(self, reader: Look = NOTHING) -> bool:
        """Tell whether a program reads a line that it does not want to be seen.

        One in a container has a terminal of its own.
        """
        with contextlib.suppress(OSError, termios.error), ExitStack() as opened:
            file = self._file
            if reader.contained:
                path = f"/proc/{reader.sleep[0]}/fd/0"
                file = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
                opened.callback(os.close, file)
            modes = termios.tcgetattr(file)[3]
            return bool(modes & termios.ICANON) and not modes & termios.ECHO
        return False

    def in_front(self) -> str:
        """Return what has the terminal beside the shell itself, where the system tells (Linux)."""
        found: list[str] = []
        shell = command_of(self.shell)
        with contextlib.suppress(OSError):
            group = os.tcgetpgrp(self._file)
            for process in sorted(processes_of(self.shell)):
                with contextlib.suppress(OSError):
                    command = command_of(process)
                    # a fork of the shell, such as a loop behind a pipe, says nothing by its name
                    if os.getpgid(process) == group and command not in ("", shell):
                        found.append(f"`{command[:WIDTH]}`")
        return ", ".join(found)

    def restore(self) -> None:
        """Undo what a program did to the terminal's settings, such as its echo."""
        with contextlib.suppress(OSError, termios.error):
            if termios.tcgetattr(self._file) != self._settings:
                termios.tcsetattr(self._file, termios.TCSANOW, self._settings)

    def kill_front(self) -> None:
        """Kill the program in front, which does not listen to Ctrl-C."""
        with contextlib.suppress(OSError):
            os.killpg(os.tcgetpgrp(self._file), signal.SIGKILL)

    def close(self) -> None:
        """Kill the shell and all that still runs in its terminal."""
        self._rc.unlink(missing_ok=True)
        if self._child.closed:
            return
        for process in processes_of(self.shell):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGHUP)
        with contextlib.suppress(pexpect.ExceptionPexpect, OSError):
            self._end()
        for process in processes_of(self.shell):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)

    def _end(self) -> None:
        """Close the terminal of a shell that ends by itself, or is made to."""
        with contextlib.suppress(AttributeError, OSError):
            ended = os.pidfd_open(self.shell)
            try:
                select.select([ended], [], [], 0.1)
            finally:
                os.close(ended)
        self._child.close(force=True)


@contextlib.contextmanager
def signals_kept() -> Iterator[None]:
    """Call the handlers of signals that come meanwhile at the end.

    Where a process is forked, Python runs hooks, such as that of `logging`, and drops what one of
    them raises.  A KeyboardInterrupt would be lost, and the run go on.
    """
    if threading.current_thread() is not threading.main_thread():
        # handlers run in the main thread alone
        yield
        return
    came: list[int] = []
    handlers = {number: signal.getsignal(number) for number in _ENDING}
    kept = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in kept:
        signal.signal(number, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
    for each in came:
        kept[signal.Signals(each)](each, None)


def _interruptible() -> None:
    """Let Ctrl-C work in a terminal opened by a run that ignores it itself.

    A job in the background of a script ignores SIGINT, and so would all that it starts.
    """
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
