"""The place of one engine in namespaces: what it holds from run to run, and its life in a run."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import rootless
from daemon import Engine, answers, eventually, last_words
from report import DaemonError, EngineError, write_whole

NAME_SERVER = "10.0.2.3"
# That of slirp4netns, which asks the machine's own.
NOT_COPIED = (
    *("containers", "containerd", "engine-id", "network", "runtimes", "swarm", "tmp"),
    "volumes",
)
# Of a data root: what belongs to an engine and its containers, and not to images and builds.

# What the first process of the namespaces runs before it becomes dockerd: $0 is a file for DNS.
_INSIDE = 'ip link set lo up && mount --bind "$0" /etc/resolv.conf && exec "$@"'
# Without root: also an empty /run, where containerd and iptables write, and which may have held the
# file that /etc/resolv.conf leads to.
_ROOTLESS = """
names=$(readlink -f /etc/resolv.conf) && ip link set lo up && mount -t tmpfs tmpfs /run &&
{ [ -e "$names" ] || { mkdir -p "${names%/*}" && : > "$names"; }; } &&
mount --bind "$0" "$names" && exec "$@"
"""


class Slot:
    """A place for one of the engines: its number, and the files that stay from run to run.

    Number 0 is the main engine's own place, where that makes the images of a user who is not root.
    """

    def __init__(self, main: Engine, number: int) -> None:
        self.number = number
        self.name = f"beside-{number}" if number else main.name
        self.main = main
        self.home = main.home.parent / self.name
        self.data = self.home / "data"
        self.log = self.home / "dockerd.log"
        self.run = main.run.parent / self.name
        self.socket = self.run / "docker.sock"
        self.host = f"unix://{self.socket}"
        self.first = self.run / "first"
        # Holds the number of the first process of its namespaces, once the engine answers.
        self.group = f"/{main.run.parent.name}-{self.name}"
        # Its containers' control group.
        self.started = 0
        self._holder: subprocess.Popen[bytes] | None = None
        self._way_out: subprocess.Popen[bytes] | None = None

    @property
    def variables(self) -> dict[str, str]:
        """Return the variables that point commands at this engine, and not at the main one."""
        return {"DOCKER_HOST": self.host, "SEATRIAL_PRIVATE_ENGINE": self.host}

    # --- what it holds ---

    def fill(self, made_from: str) -> None:
        """Give it the images and the cache of builds of the main engine, unless it has those.

        Layers never change, so they are linked: that takes a second and 23 MB.
        """
        stamp = self.home / "made-from"
        if stamp.exists() and stamp.read_text() == made_from:
            return
        rootless.remove(self.home)
        for _ in range(5):
            before = _state(self.main.data)
            try:
                _link(self.main.data, self.data)
            except EngineError:
                if _state(self.main.data) == before:
                    raise
            else:
                if _state(self.main.data) == before:
                    write_whole(stamp, made_from)
                    return
            rootless.remove(self.data)
        raise EngineError(
            f"images are being built on the {self.main.name} engine all the time: wait for that to "
            "end, then try again"
        )

    # --- its life ---

    def start(self) -> None:
        """Start the engine; `ready` tells whether it answers.  For the main thread alone.

        The kernel ends it when the thread ends that started it.
        """
        self.started += 1
        self.sweep()
        rootless.own(self.run.parent)
        self.run.mkdir()
        resolv = self.run / "resolv.conf"
        resolv.write_text(f"nameserver {NAME_SERVER}\n")
        tree = self.main.programs.tree
        daemon = [str(tree / "usr/sbin/dockerd"), "--data-root", str(self.data)]
        daemon += [
            "--exec-root",
            str(self.run / "exec"),
            "--pidfile",
            str(self.run / "dockerd.pid"),
        ]
        daemon += ["--host", self.host, "--feature"]
        daemon += [f"containerd-snapshotter={str(self.main.kind.containerd_store).lower()}"]
        environment = self.main.programs.environment()
        if rootless.is_root():
            daemon += ["--cgroup-parent", self.group]
        else:
            # A user has no control groups to give away; said, or dockerd asks systemd for some.
            daemon += ["--rootless", "--exec-opt", "native.cgroupdriver=cgroupfs"]
            environment["XDG_RUNTIME_DIR"] = str(self.run)
        inside = _INSIDE if rootless.is_root() else _ROOTLESS
        first = [str(tree / "usr/bin/docker-init"), "--", "sh", "-c", inside, str(resolv), *daemon]
        apart = ["unshare", "--fork", "--kill-child", "--pid", "--mount-proc", "--mount"]
        if rootless.is_root():
            apart.append("--net")
        with self.log.open("wb") as log:
            self._holder = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *rootless.kit(self.run / "kit"), *apart, *first],
                env=environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def ready(self) -> bool:
        """Tell whether the engine answers."""
        return answers(self.socket)

    @property
    def ended(self) -> bool:
        """Tell whether the engine, and all that was in its namespaces, has ended."""
        return self._holder is None or self._holder.poll() is not None

    @property
    def descriptor(self) -> int:
        """Return what becomes readable when the engine ends."""
        assert self._holder is not None
        return os.pidfd_open(self._holder.pid)

    def open(self) -> None:
        """Let commands in, and give them a way to other machines.  For the main thread alone."""
        assert self._holder is not None
        first = _first_in(self._holder.pid)
        if rootless.is_root() and shutil.which("slirp4netns"):
            way = ["slirp4netns", "--configure", "--mtu=1500", "--disable-host-loopback"]
            self._way_out = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *way, str(first), "tap0"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        write_whole(self.first, str(first))

    def end(self) -> None:
        """Ask the engine to stop its containers and itself."""
        if not self.ended and self._holder is not None:
            with suppress(OSError, ValueError, IndexError):
                os.kill(_first_in(self._holder.pid), signal.SIGTERM)

    def sweep(self) -> None:
        """Remove what an engine of this place left that has ended, or is to end."""
        for process in (self._holder, self._way_out):
            if process is not None:
                process.kill()
                process.wait()
        self._holder = self._way_out = None
        rootless.remove(self.run)
        # The last of its processes may still be on their way out.
        eventually(lambda: not _groups(self.group), 5, "")

    def why(self) -> str:
        """Return why the engine ended."""
        return last_words(self.log) or f"it was killed (its last log lines are in {self.log})"


def stop(slots: Sequence[Slot]) -> None:
    """Stop engines with all that is in their namespaces, and remove what is left of them."""
    for slot in slots:
        slot.end()
    eventually(lambda: all(slot.ended for slot in slots), 15, "stopping the engines")
    for slot in slots:
        slot.sweep()


def wait(slots: Sequence[Slot]) -> None:
    """Wait until each of some engines answers or has ended."""
    eventually(
        lambda: all(slot.ready or slot.ended for slot in slots), 60, "waiting for the engines"
    )


@contextmanager
def up(slot: Slot) -> Iterator[None]:
    """Have one engine up for a while; raise DaemonError where it does not start."""
    try:
        slot.start()
        wait([slot])
        if not slot.ready:
            raise DaemonError(f"the {slot.name} engine did not start: {slot.why()}")
        slot.open()
        yield
    finally:
        stop([slot])


def _state(data: Path) -> list[tuple[str, int]]:
    """Return what changes when an image is made or removed: databases, and the list of images."""
    files = [*data.glob("buildkit/*.db"), *data.glob("image/*/repositories.json")]
    return [(str(file), file.stat().st_mtime_ns) for file in sorted(files)]


def _link(source: Path, target: Path) -> None:
    """Copy a data root without its containers, with links in place of the layers' files."""
    target.mkdir(parents=True)
    folders = [path for path in source.iterdir() if path.name not in (*NOT_COPIED, "overlay2")]
    _copy(["-a"], source, folders, target)
    # What can be written into: layers of containers, which stay behind, and caches of builds.
    theirs, builds = set[str](), set[str]()
    for mount in (target / "image/overlay2/layerdb/mounts").glob("*"):
        container = len(mount.name) == 64
        named = {file.read_text() for file in mount.glob("*-id")}
        (theirs if container else builds).update(named)
        if container:
            shutil.rmtree(mount)
    layers = target / "overlay2"
    layers.mkdir()
    own = [path for path in (source / "overlay2").glob("*") if path.name not in theirs]
    _copy(["-al"], source, [path for path in own if path.name not in builds], layers)
    _copy(["-a"], source, [path for path in own if path.name in builds], layers)


# A running dockerd has mounted its data root onto itself, and nothing can be linked from
# one mount to another. Unmounted where nobody else sees it, that is one mount again.
_AS_ONE = 'umount --lazy --recursive "$0" 2>/dev/null; exec cp "$@"'


def _copy(options: Sequence[str], source: Path, paths: Sequence[Path], target: Path) -> None:
    """Copy files and folders of a data root by `cp`, without those that are gone meanwhile.

    Those were a container's: where an image goes, the databases change, and all is copied again.
    """
    if not paths:
        return
    copy = [*options, "--target-directory", str(target), "--", *map(str, paths)]
    command = rootless.apart("sh", "-c", _AS_ONE, str(source), *copy, options=["--mount"])
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    said = done.stderr.splitlines()
    wrong = [line for line in said if not _gone(line, source)]
    if done.returncode and (wrong or not said or done.returncode != 1):
        why = wrong[-1] if wrong else f"cp ended with {done.returncode}"
        raise EngineError(f"the images cannot be passed on: {why}")


def _gone(line: str, source: Path) -> bool:
    """Tell whether `cp` says of a file to copy that it is not there, and it is not."""
    # where a line names two, the target comes first
    *_, file = re.findall(r"'([^']*)'", line) or [""]
    missing = line.endswith(": No such file or directory") and source in Path(file).parents
    return missing and not os.path.lexists(file)


def _groups(name: str) -> list[Path]:
    """Remove the control groups of a name that are empty, and return those that are left."""
    found = [*Path("/sys/fs/cgroup").glob(f"*{name}"), *Path("/sys/fs/cgroup").glob(name[1:])]
    for top in found:
        for folder in sorted((p for p in top.rglob("*") if p.is_dir()), reverse=True):
            with suppress(OSError):
                folder.rmdir()
        with suppress(OSError):
            top.rmdir()
    return [top for top in found if top.exists()]


def _first_in(pid: int) -> int:
    """Return the first process of the namespaces that a process made, or one that it started."""
    outside, waiting = len(_numbers(pid)), [pid]
    for each in waiting:
        if len(_numbers(each)) > outside:
            return each
        children = Path(f"/proc/{each}/task").glob("*/children")
        waiting += [int(word) for file in children for word in file.read_text().split()]
    raise ProcessLookupError(f"process {pid} has started none in namespaces")


def _numbers(pid: int) -> list[str]:
    """Return what number a process has in each of the namespaces that it is in."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1:] for line in lines if line.startswith("NSpid:"))
