"""Virtual environments that a conf.py asks for, made once and kept in the user's cache."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from seatrial.errors import SandboxError
from seatrial.run import cache, layer

# how long (seconds) something may take before it is said what is waited for
_PATIENCE = 2.0
Say = Callable[[str], None]


def built(requirements: Sequence[str], say: Say) -> layer.Environment:
    """Return an environment with what some arguments of `pip install` ask for.

    It is made where the cache has none for them and this Python.  `say` is given a line for what
    takes more than two seconds.  Raises SandboxError where it cannot be made.
    """
    folder = cache.folder("environments") / _digest(requirements)
    whole = folder / "whole"
    # written last: without it an earlier run was interrupted
    with _alone(folder.with_suffix(".lock")):
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)
            _make(folder, requirements, say)
            whole.touch()
    return layer.made(folder)


def _digest(requirements: Sequence[str]) -> str:
    """Return a name for what an environment depends on."""
    state = hashlib.sha256(f"{sys.version} {layer.PYTHON}".encode())
    for argument in requirements:
        state.update(f"\0{argument}\0".encode())
        # of a folder, which is installed in editable form, only what it depends on counts
        path = Path(argument.partition("[")[0])
        for file in (path, path / "pyproject.toml"):
            if path.is_absolute() and file.is_file():
                state.update(file.read_bytes())
    return state.hexdigest()[:16]


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Wait for whoever makes the same environment."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(folder: Path, requirements: Sequence[str], say: Say) -> None:
    """Make an environment: by uv where there is one, also from its cache alone, or by pip."""
    python = str(folder / "bin" / "python")
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    by_uv = ["pip", "install", "--python", python, *requirements]
    ways = [[uv, *by_uv], [uv, "--offline", *by_uv]] if uv else []
    ways.append([python, "-m", "pip", "install", *requirements])
    ended, said = _run([str(layer.PYTHON), "-m", "venv", str(folder)], say)
    for way in ways:
        if ended == 0:
            failed, said = _run(way, say)
            if not failed:
                return
    shutil.rmtree(folder, ignore_errors=True)
    raise SandboxError(
        f"the environment of the pages cannot be made: {said.strip().rpartition(chr(10))[2]}",
        where="conf.py: seatrial_environment",
        hint=f"try `pip install {' '.join(requirements)}` in a virtual environment by hand",
    )


def _run(command: Sequence[str], say: Say) -> tuple[int, str]:
    """Return a program's exit status and what it said."""
    try:
        with subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            try:
                said, _ = process.communicate(timeout=_PATIENCE)
            except subprocess.TimeoutExpired:
                say("seatrial: making the environment of the pages, which is done once")
                said, _ = process.communicate()
    except OSError as error:
        return 1, str(error)
    return process.returncode, said
