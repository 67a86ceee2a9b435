"""What a sandbox made on this machine and its engine: written into a ledger, and removed by it.

It is known by the labels that Compose puts on it: the project's name and the folder it was started
from, which is ours alone.  The ledger, in the user's cache, names the sandboxes that are open, so
that what a killed run left is swept by the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

import docker
import docker.errors

from seatrial.errors import EngineUnavailableError, SandboxError
from seatrial.run import cache
from seatrial.run.engines import client_of
from seatrial.transcript.record import write_whole
from seatrial.transcript.spelling import FOLDER, PROJECT

#: The variable that marks the processes of a sandbox.
MARK = "SEATRIAL_SANDBOX"
#: The variable that names a ledger for runs whose engine has a network of its own: they share no
#: ports and no names with others, and need not wait for them.
LEDGER = "SEATRIAL_SANDBOXES"


@dataclass(frozen=True)
class Entry:
    """A sandbox as the ledger has it."""

    mark: str
    """What the variable MARK holds in its processes."""
    root: str
    folder: str
    """The project's copy, below the root."""
    project: str
    host: str
    """Address of its engine; empty where it has none."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Tag -> id of the images that bore the project's name before."""
    volumes: Sequence[str] = ()
    """Anonymous volumes of its containers."""

    @property
    def path(self) -> Path:
        """Return where it is kept."""
        return _ledger() / f"{self.mark}.json"

    def write(self) -> None:
        """Write it into the ledger."""
        write_whole(self.path, json.dumps(asdict(self)))


def sweep(*, locked: bool = False) -> int:
    """Remove what killed runs left, and return how many sandboxes that were.

    Waits for a run that is under way, unless the caller holds the lock already.  What runs beside
    others left is swept as well, where none of these is under way.
    """
    if locked:
        return _sweep(_ledger())
    with contextlib.closing(lock()):
        swept = _sweep(_ledger())
    for other in cache.folder("sandboxes").glob("*/lock"):
        with other.open("a+", encoding="utf-8") as file:
            if _locked(file, 0):
                swept += _sweep(other.parent)
    return swept


def _sweep(ledger: Path) -> int:
    return sum(remove(path) for path in sorted(ledger.glob("*.json")))


def remove(path: Path) -> bool:
    """Remove what a ledger entry names, then the entry; keep it where its engine is away."""
    try:
        entry = Entry(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return False
    except (TypeError, ValueError):
        path.unlink()
        return False
    _kill(entry.mark, Path(entry.root))
    if entry.host:
        try:
            with client_of(entry.host) as client:
                _remove_from(client, entry)
        except EngineUnavailableError:
            # nothing of it runs while its engine does not; it is swept once that is back
            shutil.rmtree(entry.root, ignore_errors=True)
            return False
    shutil.rmtree(entry.root, ignore_errors=True)
    path.unlink(missing_ok=True)
    return True


def _remove_from(client: docker.DockerClient, entry: Entry) -> None:
    """Remove a sandbox's containers, networks, volumes and images from its engine."""
    label = f"{PROJECT}={entry.project}"
    containers = client.containers.list(all=True, filters={"label": label}, ignore_removed=True)
    mine = [c for c in containers if c.labels.get(FOLDER) == entry.folder]
    for container in mine:
        with contextlib.suppress(docker.errors.APIError):
            container.remove(force=True, v=True)
    if len(mine) < len(containers):
        # somebody has started a project of the same name since: what is left may be theirs
        return
    for network in client.networks.list(filters={"label": label}):
        with contextlib.suppress(docker.errors.APIError):
            network.remove()
    named = [volume.name for volume in client.volumes.list(filters={"label": label})]
    for name in [*named, *entry.volumes]:
        with contextlib.suppress(docker.errors.APIError):
            client.volumes.get(name).remove(force=True)
    for tag, identifier in tags(client, entry.project).items():
        before = entry.images.get(tag)
        if before == identifier:
            continue
        with contextlib.suppress(docker.errors.APIError):
            # parents stay: they are the cache of the next build
            client.images.remove(tag, force=True, noprune=True)
            if before:
                client.images.get(before).tag(tag)


def tags(client: docker.DockerClient, project: str) -> dict[str, str]:
    """Return tag -> id of the images that Compose would name after the project."""
    named = re.compile(rf"{re.escape(project)}[-_][a-z0-9_-]+:latest")
    return {
        tag: str(image.id)
        for image in client.images.list()
        for tag in image.tags
        if named.fullmatch(tag)
    }


def _kill(mark: str, root: Path) -> None:
    """Kill the processes that a sandbox's terminals started, where the system lists them."""
    sign = f"{MARK}={mark}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            marked = sign in (process / "environ").read_bytes().split(b"\0")
            if marked or _is_daemon_in(process, root):
                os.kill(int(process.name), signal.SIGKILL)


def _is_daemon_in(process: Path, root: Path) -> bool:
    """Tell whether a process without a terminal works in a folder.

    A daemon may have lost its mark, by `env -i` or where it wrote its title over it.  What has a
    terminal is somebody's shell, who looks at the sandbox, or is killed with a terminal of ours.
    """
    if not (process / "cwd").readlink().is_relative_to(root):
        return False
    # proc(5): after the command come state, ppid, pgrp, session, terminal
    return (process / "stat").read_text().rpartition(")")[2].split()[4] == "0"


def _ledger() -> Path:
    """Return the folder of this run's ledger, in the user's cache."""
    name = os.environ.get(LEDGER, "")
    return cache.folder(f"sandboxes/{name}" if re.fullmatch(r"[\w-]+", name) else "sandboxes")


def lock(patience: float | None = None, say: Callable[[str], None] | None = None) -> IO[str]:
    """Return the lock that one run at a time holds, waiting for it with a word of why.

    `say` is given that word; without it, the standard error is.  Raises SandboxError where the
    other run did not end within `patience` seconds.
    """
    file = (_ledger() / "lock").open("a+", encoding="utf-8")
    if not _locked(file, 0):
        file.seek(0)
        holder = file.read().strip()
        if patience is None:
            words = f"seatrial: waiting for another run (process {holder})"
            say(words) if say is not None else print(words, file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        elif not _locked(file, patience):
            file.close()
            raise SandboxError(
                f"another run has the sample project (process {holder})",
                hint="shut down the kernels of other notebooks, or wait for that run to end",
            )
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _locked(file: IO[str], patience: float) -> bool:
    """Take a lock as soon as it is free, and tell whether that was within some seconds."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
        time.sleep(0.1)  # the system has no wait for a lock that ends by itself
