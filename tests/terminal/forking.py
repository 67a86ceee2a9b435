"""Runs of pytest that begin where all is imported, and are processes of their own nevertheless.

To import pytest, Sphinx and Docker's client takes a second of a processor.  A helper process has
them imported once, and forks for each run a child that has a folder, an environment and standard
streams of its own, as ``python -m pytest`` would.  What is set up while pytest starts (plugins,
options, Sphinx's directives) is set up in the child.
"""

import atexit
import functools
import gc
import importlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

#: what a run of pages imports beyond pytest and its plugins
_IMPORTED_EARLY = (
    "docker",
    "myst_parser.sphinx_ext.main",
    "seatrial.sphinx_ext",
    "sphinx.application",
)
_LONGEST = 120
# seconds after which a run is killed: as a time-out of `subprocess`, it only ends what hangs


@functools.cache
def _helper() -> socket.socket:
    """Start the helper process; it ends when this one closes its end of the connection."""
    ours, its = socket.socketpair()
    # Sphinx's check of links gives all later sockets a time-out
    ours.setblocking(True)
    its.setblocking(True)
    # not the folders of the test that happens to be the first
    left_out = ("PYTEST_", "SEATRIAL_CACHE", "TMPDIR")
    own = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
    process = subprocess.Popen(
        [sys.executable, __file__, str(its.fileno())],
        env=own,
        pass_fds=[its.fileno()],
        stdin=subprocess.DEVNULL,
    )
    its.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def run_pytest(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> tuple[int, str]:
    """Run ``python -m pytest`` in a folder to its end; return its exit status and what it said."""
    request = {"arguments": arguments, "folder": str(folder), "environment": dict(environment)}
    with tempfile.TemporaryFile() as said:
        helper = _helper()
        text = json.dumps(request).encode()
        socket.send_fds(helper, [len(text).to_bytes(4)], [said.fileno()])
        helper.sendall(text)
        answer = _received(helper, 4)
        assert len(answer) == 4, "the process that forks has ended"
        said.seek(0)
        return int.from_bytes(answer, signed=True), said.read().decode()


def _received(connection: socket.socket, count: int) -> bytes:
    """Return so many bytes that came; nothing where the other side has closed the connection."""
    return connection.recv(count, socket.MSG_WAITALL)


# --- in the helper process ------------------------------------------------------------------------


def _serve(connection: socket.socket) -> None:
    """Run what is asked for, one run after the other, until nobody can ask any more."""
    _import_early()
    while True:
        length, descriptors, _, _ = socket.recv_fds(connection, 4, 1)
        if not length:
            return
        request = json.loads(_received(connection, int.from_bytes(length)))
        child = os.fork()
        if not child:
            connection.close()
            _be_pytest(descriptors[0], **request)
        os.close(descriptors[0])
        _, status = os.waitpid(child, 0)
        connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, signed=True))


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


def _be_pytest(
    output: int, *, arguments: list[str], folder: str, environment: dict[str, str]
) -> Any:
    """Become the process of a run; it never returns."""
    status: Any = 1
    try:
        signal.alarm(_LONGEST)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        for stream in (1, 2):
            os.dup2(output, stream)
        os.close(output)
        sys.path[0] = folder
        sys.argv = [str(Path(pytest.__file__).with_name("__main__.py")), *arguments]
        status = pytest.main()
        atexit._run_exitfuncs()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
