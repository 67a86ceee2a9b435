"""Whether the program in front reads its terminal, as Linux tells it.

A process that waits for its terminal sleeps in `read` on it, or in `select` or `poll` for it alone
(proc_pid_syscall(5)); one that works or sleeps does not.  Where that cannot be known, the answer is
`State.UNKNOWN`, and the session goes by what a prompt looks like.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

#: Gives the first process of the container in front, as this machine numbers it; None: unknown.
Inside = Callable[[], "int | None"]


class State(Enum):
    """What the program in front does."""

    READS = "reads"
    WORKS = "works"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Look:
    """What was seen of the program in front at one moment."""

    state: State
    sleep: tuple[int, int] = (0, 0)
    """The thread that reads, and how often it had gone to sleep: the same twice is one sleep."""
    timed: bool = False
    """It reads for a while only, and goes on by itself."""
    contained: bool = False
    """It runs in a container: what it printed arrives some moments after it was printed."""

    def is_news(self, before: Look) -> bool:
        """Tell whether a program reads that has done something since another look."""
        return self.state is State.READS and self.sleep != before.sleep


NOTHING = Look(State.UNKNOWN)
WORKING = Look(State.WORKS)

# how the kernel numbers system calls (its syscall_64.tbl; asm-generic/unistd.h)
_CALLS: dict[str, dict[int, str]] = {
    "x86_64": {
        0: "read",
        7: "poll",
        23: "select",
        34: "pause",
        130: "sigsuspend",
        202: "futex",
        128: "sigtimedwait",
        230: "sleep",
        232: "epoll",
        270: "select",
        271: "poll",
        281: "epoll",
        426: "uring",
        441: "epoll",
    },
    "aarch64": {
        22: "epoll",
        63: "read",
        72: "select",
        73: "poll",
        98: "futex",
        115: "sleep",
        133: "sigsuspend",
        137: "sigtimedwait",
        426: "uring",
        441: "epoll",
    },
}
_NAMES = _CALLS.get(os.uname().machine, {})
# waits for something, and the system does not tell for what
_VAGUE = frozenset({"epoll", "pause", "sigsuspend", "uring"})
# threads that have nothing to do
_IDLE = frozenset({"futex", "sigtimedwait", "sleep"})
_LARGEST_SET = 1024


def look(shell: int, inside: Inside = lambda: None) -> Look:
    """Return what the program in front of a shell's terminal does.

    Where that is one that passes everything on to another terminal, what counts is who reads there:
    a process of its own, or the one that `inside` gives.
    """
    seen = _look(shell)
    if seen.state is State.UNKNOWN and _NAMES:
        within = inside()
        if within is not None:
            return replace(_look(within), contained=True)
    return seen


def _look(leader: int) -> Look:
    """Return what the foreground processes of a leader's terminal do."""
    if not _NAMES:
        return NOTHING
    stat = _stat(leader)
    if stat is None or stat.foreground <= 0:
        return NOTHING
    first = leader if stat.foreground == stat.group else stat.foreground
    seen = _of_process(first, stat)
    if seen.state is State.READS:
        return seen
    others = [] if first == leader else [p for p in _children(leader) if p != first]
    for process in others:
        other = _stat(process)
        if other is not None and other.group == stat.foreground:
            seen = _more_telling(seen, _of_process(process, stat))
    return seen


def _of_process(process: int, terminal: _Stat) -> Look:
    """Return what a process does, and those that it waits for."""
    seen = _of_threads(process)
    if seen.state is State.READS:
        return seen
    for child in _children(process):
        stat = _stat(child)
        if stat is None:
            continue
        if stat.terminal == terminal.terminal:
            if stat.group == terminal.foreground:
                seen = _more_telling(seen, _of_process(child, terminal))
        elif not stat.terminal:
            # in a session of its own, as by `setsid`, and with this terminal all the same
            within = _of_process(child, replace(terminal, terminal=0, foreground=stat.group))
            seen = within if within.state is State.READS else seen
        elif seen.state is State.UNKNOWN:
            # a terminal within this one, of which its parent passes on all that comes
            return _look(child)
    return seen


def _more_telling(one: Look, other: Look) -> Look:
    """Return the look that decides of two: who reads before who is not known, before who works."""
    order = (State.READS, State.UNKNOWN, State.WORKS)
    return min(one, other, key=lambda seen: order.index(seen.state))


def _of_threads(process: int) -> Look:
    """Return what the threads of one process do."""
    try:
        threads = _threads(process)
        calls = {thread: _call(process, thread) for thread in threads}
    except (FileNotFoundError, ProcessLookupError):
        return WORKING
    except (OSError, ValueError):
        return NOTHING
    readers = [thread for thread, call in calls.items() if call.reads_terminal]
    others = {call.name for call in calls.values() if not call.reads_terminal}
    alone = len(calls) == 1 or (others <= _IDLE and _reads_for_itself(process))
    if len(readers) == 1 and alone:
        reader = readers[0]
        return Look(State.READS, (reader, _sleeps(reader)), calls[reader].timed)
    waits_for_more = any(
        call.reads_terminal or call.name in _VAGUE or call.several for call in calls.values()
    )
    return NOTHING if waits_for_more else WORKING


def _reads_for_itself(process: int) -> bool:
    """Tell whether a process of several threads reads what it is told, and does not pass it on.

    What does that, as Docker's client, reads in one thread, whichever, and waits for the other
    side by `epoll`, though perhaps not at this moment.
    """
    with contextlib.suppress(OSError):
        files = Path(f"/proc/{process}/fd").iterdir()
        return not any("eventpoll" in str(file.readlink()) for file in files)
    return False


@dataclass(frozen=True)
class _Call:
    """What a thread waits in."""

    name: str
    """Of the system call; "running" for a thread that waits in none."""
    reads_terminal: bool = False
    several: bool = False
    """It waits for several things, of which a terminal may be one."""
    timed: bool = False


def _call(process: int, thread: int) -> _Call:
    """Return what a thread waits in.  Raises OSError where the system does not tell."""
    words = _text(f"/proc/{process}/task/{thread}/syscall").split()
    if words[0] == "running" or words[0] == "-1":
        return _Call("running")
    name = _NAMES.get(int(words[0]), "")
    if name == "read":
        return _Call(name, reads_terminal=_is_terminal(process, int(words[1], 16)))
    if name == "select":
        return _waits(name, process, _of_set(process, words), timed=int(words[5], 16) != 0)
    if name == "poll":
        timeout = int(words[3], 16) & 0xFFFFFFFF
        timed = timeout not in (0, 0xFFFFFFFF) if int(words[0]) == 7 else int(words[3], 16) != 0
        return _waits(name, process, _of_poll(process, words), timed=timed)
    return _Call(name)


def _waits(name: str, process: int, files: list[int], *, timed: bool) -> _Call:
    one = len(files) == 1 and _is_terminal(process, files[0])
    return _Call(name, reads_terminal=one, several=len(files) > 1, timed=timed)


def _of_set(process: int, words: list[str]) -> list[int]:
    """Return the files for whose input `select` waits (select(2): a bit for each)."""
    count, address = int(words[1], 16), int(words[2], 16)
    if not address or not 0 < count <= _LARGEST_SET:
        return []
    if count == 1:
        return [0]
    raw = int.from_bytes(_memory(process, address, (count + 63) // 64 * 8), "little")
    return [number for number in range(count) if raw >> number & 1]


def _of_poll(process: int, words: list[str]) -> list[int]:
    """Return the files that `poll` waits for (poll(2): a number and two masks for each)."""
    address, count = int(words[1], 16), int(words[2], 16)
    if not address or not 0 < count <= _LARGEST_SET:
        return []
    raw = _memory(process, address, 8 * count)
    return [file for file, _, _ in struct.iter_unpack("=ihh", raw)]


def _memory(process: int, address: int, size: int) -> bytes:
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        return memory.read(size)


def _is_terminal(process: int, file: int) -> bool:
    """Tell whether a process has a terminal open under a number."""
    try:
        target = os.readlink(f"/proc/{process}/fd/{file}")  # noqa: PTH115 (a look takes microseconds)
    except OSError:
        return False
    return target.startswith(("/dev/pts/", "/dev/tty", "/dev/console"))


def _sleeps(thread: int) -> int:
    """Return how often a thread has gone to sleep by itself."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        said = _text(f"/proc/{thread}/status").partition("\nvoluntary_ctxt_switches:")[2]
        return int(said.split()[0])
    return 0


@dataclass(frozen=True)
class _Stat:
    """What proc_pid_stat(5) says of a process and its terminal."""

    group: int
    session: int
    terminal: int
    foreground: int


def _stat(process: int) -> _Stat | None:
    try:
        fields = _text(f"/proc/{process}/stat").rpartition(")")[2].split()
        return _Stat(*map(int, fields[2:6]))
    except (OSError, ValueError, TypeError):
        return None


def _children(process: int) -> list[int]:
    """Return the children of a process; none where the system does not list them."""
    found: list[int] = []
    with contextlib.suppress(OSError, ValueError):
        for thread in _threads(process):
            found += map(int, _text(f"/proc/{process}/task/{thread}/children").split())
    return found


def _threads(process: int) -> list[int]:
    return [int(entry.name) for entry in os.scandir(f"/proc/{process}/task")]


def _text(path: str) -> str:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 (a look takes microseconds)
        return file.read(4096).decode("utf-8", "replace")


def command_of(process: int) -> str:
    """Return a process's command line; nothing where it is gone or the system does not tell."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:
        return ""
    return shlex.join(word.decode("utf-8", "replace") for word in words if word)


def processes_of(session: int) -> Iterator[int]:
    """Yield the processes of a terminal session, where the system lists them (Linux)."""
    if session <= 1:
        # never: that would be everything that the system itself has started
        return
    for entry in Path("/proc").glob("[0-9]*"):
        found = _stat(int(entry.name))
        if found is not None and found.session == session:
            yield int(entry.name)
