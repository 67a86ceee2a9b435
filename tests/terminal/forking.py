"""Runs of pytest that begin where all is imported, and are processes of their own nevertheless.

To import pytest, Sphinx and Docker's client takes a second of a processor.  A helper process has
them imported once, and forks for each run a child that has a folder, an environment and standard
streams of its own, as ``python -m pytest`` would.  What is set up while pytest starts (plugins,
options, Sphinx's directives) is set up in the child.  The workers of pytest-xdist that a run asks
for are such children, too.
"""

import atexit
import contextlib
import fcntl
import functools
import gc
import importlib
import io
import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import traceback
from collections.abc import Mapping, Sequence
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import execnet.gateway_base
import execnet.gateway_io
import pexpect.fdpexpect
import pytest

#: what a run of pages imports beyond pytest and its plugins
_IMPORTED_EARLY = (
    "docker",
    "myst_parser.sphinx_ext.main",
    "seatrial.__main__",
    "seatrial.sphinx_ext",
    "seatrial.watch.loop",
    "sphinx.application",
    "xdist.looponfail",
    "xdist.remote",
)
# seconds after which a run is killed: as a time-out of `subprocess`, it only ends what hangs
_LONGEST = 120
# where the children of the helper find it
_ADDRESS = "FORKING_HELPER"


class Child:
    """A process that the helper has forked."""

    def __init__(
        self,
        address: str,
        what: str,
        streams: Sequence[int],
        *,
        arguments: Sequence[str] = (),
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        request = {
            "what": what,
            "arguments": list(arguments),
            "folder": str(folder),
            "environment": {**environment, _ADDRESS: address},
        }
        text = json.dumps(request).encode()
        self._connection = socket.socket(socket.AF_UNIX)
        # Sphinx's check of links gives all later sockets a time-out
        self._connection.setblocking(True)
        self._connection.connect(address)
        socket.send_fds(self._connection, [len(text).to_bytes(4)], streams)
        self._connection.sendall(text)
        self.pid = _number(self._connection)
        self._status: int | None = None

    def wait(self) -> int:
        """Return its exit status once it has ended."""
        if self._status is None:
            self._status = _number(self._connection)
            self._connection.close()
        return self._status

    def goes_on(self) -> bool:
        """Tell whether it has not ended yet."""
        return self._status is None and not select.select([self._connection], [], [], 0)[0]

    def kill(self) -> None:
        """End it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def _number(connection: socket.socket) -> int:
    answer = connection.recv(4, socket.MSG_WAITALL)
    assert len(answer) == 4, "the process that forks has ended"
    return int.from_bytes(answer, signed=True)


@functools.cache
def helper() -> str:
    """Start the helper process, and return its address; it ends when this one does.

    The workers of a run of these tests share the one that started before them.
    """
    if _ADDRESS in os.environ:
        return os.environ[_ADDRESS]
    folder = tempfile.mkdtemp(prefix="forking-", dir="/tmp")
    address = f"{folder}/socket"
    # not the folders of the test that happens to be the first
    left_out = ("PYTEST_", "SEATRIAL_CACHE", "TMPDIR")
    own = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
    # who asks before all is imported waits in its queue
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen()
    process = subprocess.Popen(
        [sys.executable, __file__, str(listening.fileno())],
        env=own,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        pass_fds=(listening.fileno(),),
    )
    listening.close()
    assert process.stdin is not None

    def end(given: IO[bytes] = process.stdin) -> None:
        given.close()
        process.wait()
        Path(address).unlink()
        Path(folder).rmdir()

    atexit.register(end)
    return address


def share_helper() -> None:
    """Start the helper for all processes that this one starts."""
    os.environ[_ADDRESS] = helper()


def run_pytest(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> tuple[int, str]:
    """Run ``python -m pytest`` in a folder to its end; return its exit status and what it said."""
    with tempfile.TemporaryFile() as said:
        status = start_pytest(arguments, folder, environment, said.fileno()).wait()
        said.seek(0)
        return status, said.read().decode()


def start_pytest(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], output: int
) -> Child:
    """Start ``python -m pytest`` in a folder, which says into `output` what it has to say."""
    with Path(os.devnull).open() as nothing:
        streams = (nothing.fileno(), output, output)
        how = {"arguments": arguments, "folder": folder, "environment": environment}
        return Child(helper(), "pytest", streams, **how)  # type: ignore[arg-type]


if TYPE_CHECKING:
    _OnTerminal = pexpect.fdpexpect.fdspawn[str]
else:
    _OnTerminal = pexpect.fdpexpect.fdspawn


class Watching(_OnTerminal):
    """A run of ``seatrial`` on a terminal of its own."""

    def __init__(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> None:
        own, its = pty.openpty()
        how = {"arguments": arguments, "folder": folder, "environment": environment}
        self.process = Child(helper(), "seatrial", (its, its, its), **how)  # type: ignore[arg-type]
        os.close(its)
        super().__init__(own, encoding="utf-8", timeout=60)

    def __str__(self) -> str:
        """Return what it said since something was last found, for the message of a failure."""
        return f"it said {self.before!r} and {self.buffer!r}"

    def end(self, key: str) -> None:
        """End it by a key, as far as it goes on; raise TIMEOUT where that does not."""
        try:
            if self.process.goes_on():
                self.send(key)
                self.expect(pexpect.EOF)
        except pexpect.TIMEOUT:
            self.process.kill()
            raise
        finally:
            self.process.wait()
            self.close()


# --- in the helper process ------------------------------------------------------------------------


def _serve(listening: socket.socket) -> None:
    """Fork for everybody who asks, until the process ends that has started this one."""
    _import_early()
    running: dict[int, tuple[int, socket.socket]] = {}
    asked = True
    while asked or running:
        asking = [listening.fileno(), sys.stdin.fileno()] if asked else []
        ready = select.select([*asking, *running], [], [])[0]
        for ended in running.keys() & set(ready):
            process, connection = running.pop(ended)
            _, status = os.waitpid(process, 0)
            with contextlib.suppress(BrokenPipeError):
                connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, signed=True))
            connection.close()
            os.close(ended)
        if listening.fileno() in ready:
            connection, _ = listening.accept()
            process = _fork(connection)
            running[os.pidfd_open(process)] = process, connection
        asked = asked and sys.stdin.fileno() not in ready


def _fork(connection: socket.socket) -> int:
    """Fork the process that somebody asks for, and say which it is."""
    length, streams, _, _ = socket.recv_fds(connection, 4, 3)
    request = json.loads(connection.recv(int.from_bytes(length), socket.MSG_WAITALL))
    child = os.fork()
    if not child:
        _be(streams, **request)
    for stream in streams:
        os.close(stream)
    with contextlib.suppress(BrokenPipeError):
        connection.sendall(child.to_bytes(4))
    return child


def _import_early() -> None:
    """Import what runs need: pytest's plugins as it imports them itself, so that it knows them."""
    with tempfile.TemporaryDirectory() as empty, chdir(empty), redirect_stdout(io.StringIO()):
        pytest.main(["--collect-only", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"])
    for name in _IMPORTED_EARLY:
        importlib.import_module(name)
    for name in sys.modules["sphinx.application"].builtin_extensions:
        importlib.import_module(name)
    tempfile.tempdir = None  # each run has its own
    # what was imported is looked at by no collection of garbage, and its memory stays shared
    gc.freeze()


def _be(
    streams: Sequence[int],
    *,
    what: str,
    arguments: list[str],
    folder: str,
    environment: dict[str, str],
) -> Any:
    """Become the process of a run, or of one of its workers; it never returns."""
    status: Any = 1
    try:
        signal.alarm(_LONGEST)
        # a job in the background of a script ignores it, and so would all that begins there
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        for stream, given in enumerate(streams):
            os.dup2(given, stream)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
        setattr(execnet.gateway_io.Popen2IOMaster, "__init__", _fork_worker)  # noqa: B010 (for mypy)
        status = {"pytest": _run_pytest, "worker": _run_worker, "seatrial": _run_seatrial}[what](
            arguments, folder
        )
        atexit._run_exitfuncs()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _run_pytest(arguments: list[str], folder: str) -> Any:
    sys.path[0] = folder
    sys.argv = [str(Path(pytest.__file__).with_name("__main__.py")), *arguments]
    return pytest.main()


def _run_seatrial(arguments: list[str], _folder: str) -> Any:
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    return importlib.import_module("seatrial.__main__").main(arguments)


def _run_worker(_arguments: list[str], _folder: str) -> int:
    """Do what the program does that execnet gives a new Python."""
    sys.path[0] = ""
    exec(eval(sys.stdin.readline()), {"__name__": "__main__"})
    return 0


def _fork_worker(
    self: execnet.gateway_io.Popen2IOMaster, _arguments: object, execmodel: Any
) -> None:
    """Have the helper fork a worker of pytest-xdist, in place of starting a new Python."""
    (its, given), (told, its_own) = os.pipe(), os.pipe()
    environment = dict(os.environ)
    self.popen = Child(
        environment.pop(_ADDRESS),
        "worker",
        (its, its_own, 2),
        folder=Path.cwd(),
        environment=environment,
    )
    os.close(its)
    os.close(its_own)
    execnet.gateway_base.Popen2IO.__init__(
        self, os.fdopen(given, "wb"), os.fdopen(told, "rb"), execmodel=execmodel
    )


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
