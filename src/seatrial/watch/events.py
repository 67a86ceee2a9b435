"""What a writer does while pages are watched: saves files, presses keys, and ends it."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import sys
import termios
import threading
import tty
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from watchfiles import Change, DefaultFilter, watch

from seatrial.errors import SeatrialError

#: What each key does.
KEYS = {"r": "runs the page from the start", "s": "records it", "q": "ends"}


@dataclass(frozen=True)
class Saved:
    """Files were written, made or deleted."""

    paths: frozenset[Path]


@dataclass(frozen=True)
class Pressed:
    """A key was pressed."""

    key: str


@dataclass(frozen=True)
class Ended:
    """Somebody wants the watching to end."""


Event = Saved | Pressed | Ended
Events = queue.SimpleQueue[Event]


class _Filter(DefaultFilter):
    """Leaves out what editors keep beside a file, and what is built."""

    ignore_dirs = (*DefaultFilter.ignore_dirs, "_build", ".venv-lab", ".ruff_cache")
    ignore_entity_patterns = (
        *DefaultFilter.ignore_entity_patterns,
        *(r"^#.*#$", r"\.tmp$", r"^4913$"),
    )

    def __call__(self, change: Change, path: str) -> bool:
        # a draft that takes a file's place by a rename has a name with a dot before it
        return not Path(path).name.startswith(".") and super().__call__(change, path)


@contextlib.contextmanager
def saves(folder: Path, events: Events) -> Iterator[None]:
    """Tell what is saved below a folder; raise SeatrialError where the system cannot tell."""
    # some extensions of Sphinx have all that is logged shown
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    ended, ready = threading.Event(), threading.Event()
    troubles: list[OSError] = []

    def look() -> None:
        # the first answer, without any change, says that it looks
        changes = watch(
            folder,
            watch_filter=_Filter(),
            step=20,
            stop_event=ended,
            rust_timeout=200,
            yield_on_timeout=True,
            raise_interrupt=False,
        )
        try:
            for found in changes:
                ready.set()
                if found:
                    events.put(Saved(frozenset(Path(path) for _, path in found)))
        except OSError as error:
            troubles.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        ready.wait()
        for trouble in troubles:
            hint = "raise fs.inotify.max_user_watches, or watch a smaller folder"
            raise SeatrialError(f"{folder} cannot be watched: {trouble}", hint=hint)
        yield
    finally:
        ended.set()
        thread.join()


@contextlib.contextmanager
def signals(events: Events) -> Iterator[None]:
    """Raise KeyboardInterrupt by Ctrl-C, a request to terminate, or the terminal's end.

    Python drops what a handler raises while an object is deleted, and calls none while the main
    thread waits in a lock that it was about to take when the signal came.  So each signal is told
    by an event besides.
    """

    def interrupted(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def tell() -> None:
        while os.read(came, 1):
            events.put(Ended())

    came, writing = os.pipe()
    os.set_blocking(writing, False)
    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    woken_before = signal.set_wakeup_fd(writing)
    before = {
        each: signal.signal(each, interrupted)
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        signal.set_wakeup_fd(woken_before)
        os.close(writing)
        thread.join()
        os.close(came)


@contextlib.contextmanager
def keys(events: Events) -> Iterator[bool]:
    """Tell which keys are pressed; yield whether there is a terminal to press them in.

    The terminal is given back as it was.
    """
    stdin = sys.stdin.fileno() if sys.stdin is not None and sys.stdin.isatty() else None
    if stdin is None:
        yield False
        return
    before = termios.tcgetattr(stdin)
    try:
        tty.setcbreak(stdin, termios.TCSANOW)
        threading.Thread(target=_read, args=(stdin, events, KEYS), daemon=True).start()
        yield True
    finally:
        termios.tcsetattr(stdin, termios.TCSANOW, before)


def _read(stdin: int, events: Events, known: Collection[str]) -> None:
    """Tell each key that means something, until the terminal is gone."""
    with contextlib.suppress(OSError):
        while key := os.read(stdin, 1).decode(errors="replace").lower():
            if key == "q":
                # as Ctrl-C does it: whatever runs ends at once
                os.kill(os.getpid(), signal.SIGINT)
            elif key in known:
                events.put(Pressed(key))
