"""What the engine's scripts tell who runs them, and how they and `tools/` share files."""

import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class EngineError(Exception):
    """One sentence for the person: what happened and what to do about it."""


class MissingSuiteError(EngineError):
    """The machine's mirror lacks a release of Debian."""


class DaemonError(EngineError):
    """dockerd did not start."""


def say(line: str) -> None:
    """Print a line of progress, on standard error so that `env` can be evaluated."""
    # In one write: images are built by two threads.
    sys.stderr.write(f"engine: {line}\n")
    sys.stderr.flush()


def cache_folder() -> Path:
    """Return the folder in the user's cache that is ours, as the environment names it."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("SEATRIAL_CACHE") or Path(home) / "seatrial").resolve()


@contextmanager
def locked(file: Path, tell: Callable[[str], None] = say) -> Iterator[None]:
    """Hold a file, so that two commands at once do not trample on each other."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("waiting for another command to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_whole(file: Path, text: str) -> None:
    """Write a file so that whoever sees it sees all of it."""
    partial = file.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(file)


def emptied(folder: Path) -> Path:
    """Return a folder with nothing in it, whatever an earlier command left there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@contextmanager
def made_whole(folder: Path) -> Iterator[Path]:
    """Yield a folder to fill, which then takes the place of `folder`: who sees that, sees all."""
    partial = emptied(folder.with_name(f"{folder.name}.partial"))
    yield partial
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
