#!/usr/bin/env python3
"""Engines side by side, for the length of one command: each in namespaces that end with it.

Each has its own network, so that all can publish port 8000; its own process numbers, so that the
kernel kills all that is in it when its first process ends; and its own mounts.  That first process
ends with us, however we end.  So whatever is killed leaves files of ours behind, and nothing else.
"""

import argparse
import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import images
import packages
from daemon import Engine, answers, eventually, last_words
from programs import DEFAULT
from report import EngineError, locked, say, write_whole

import engine

GIGABYTE = 1 << 30
EACH = 3 * GIGABYTE
# What an engine, its containers and the process that runs pages on it may need.
PER_CORE = 2
# Pages wait for half of their time: for a container to start or to stop, for a health check.
NEEDED = {"unshare": "util-linux", "nsenter": "util-linux", "setpriv": "util-linux"}
WAY_OUT = {"slirp4netns": "slirp4netns"}
# By which what is in such a network reaches other machines, as pip does on some pages.
NAME_SERVER = "10.0.2.3"
# That of slirp4netns, which asks the machine's own.
CHANGED = 1
# The exit status by which `pytest --seatrial-look` says that something changed.
TRIES = 3
# How often one engine may be started in a run.
NOT_COPIED = (
    *("containers", "containerd", "engine-id", "network", "runtimes", "swarm", "tmp"),
    "volumes",
)
# Of a data root: what belongs to an engine and its containers, and not to images and builds.

# What the first process of the namespaces runs before it becomes dockerd: $0 is a file for DNS.
_INSIDE = 'ip link set lo up && mount --bind "$0" /etc/resolv.conf && exec "$@"'


class Slot:
    """A place for one of the engines: its number, and the files that stay from run to run."""

    def __init__(self, main: Engine, number: int) -> None:
        self.number = number
        self.name = f"beside-{number}"
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

    # --- what it holds ---

    def fill(self, made_from: str) -> None:
        """Give it the images and the cache of builds of the main engine, unless it has those.

        Layers never change, so they are linked: that takes a second and 23 MB.
        """
        stamp = self.home / "made-from"
        if stamp.exists() and stamp.read_text() == made_from:
            return
        shutil.rmtree(self.home, ignore_errors=True)
        for _ in range(5):
            before = _state(self.main.data)
            _link(self.main.data, self.data)
            if _state(self.main.data) == before:
                write_whole(stamp, made_from)
                return
            shutil.rmtree(self.data, ignore_errors=True)
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
        self.run.mkdir(parents=True)
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
        daemon += ["--host", self.host, "--cgroup-parent", self.group, "--feature"]
        daemon += [f"containerd-snapshotter={str(self.main.kind.containerd_store).lower()}"]
        first = [str(tree / "usr/bin/docker-init"), "--", "sh", "-c", _INSIDE, str(resolv), *daemon]
        apart = ["unshare", "--fork", "--kill-child", "--pid", "--mount-proc", "--mount", "--net"]
        with self.log.open("wb") as log:
            self._holder = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *apart, *first],
                env=self.main.programs.environment(),
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
        first = _child_of(self._holder.pid)
        if shutil.which("slirp4netns"):
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
                os.kill(_child_of(self._holder.pid), signal.SIGTERM)

    def sweep(self) -> None:
        """Remove what an engine of this place left that has ended, or is to end."""
        for process in (self._holder, self._way_out):
            if process is not None:
                process.kill()
                process.wait()
        self._holder = self._way_out = None
        shutil.rmtree(self.run, ignore_errors=True)
        # The last of its processes may still be on their way out.
        eventually(lambda: not _groups(self.group), 5, "")

    def why(self) -> str:
        """Return why the engine ended."""
        return last_words(self.log) or f"it was killed (its last log lines are in {self.log})"


def _state(data: Path) -> list[tuple[str, int]]:
    """Return what changes when an image is made or removed: databases, and the list of images."""
    files = [*data.glob("buildkit/*.db"), *data.glob("image/*/repositories.json")]
    return [(str(file), file.stat().st_mtime_ns) for file in sorted(files)]


def _link(source: Path, target: Path) -> None:
    """Copy a data root without its containers, with links in place of the layers' files."""
    target.mkdir(parents=True)
    mounts = source / "image/overlay2/layerdb/mounts"
    containers = {path.name for path in (source / "containers").glob("*")}
    # What can be written into: layers of containers, which stay behind, and caches of builds.
    theirs, builds = set[str](), set[str]()
    for mount in mounts.glob("*"):
        named = {file.read_text() for file in mount.glob("*-id")}
        (theirs if mount.name in containers else builds).update(named)
    folders = [path for path in source.iterdir() if path.name not in (*NOT_COPIED, "overlay2")]
    _copy(["-a"], source, folders, target)
    for name in containers:
        shutil.rmtree(target / mounts.relative_to(source) / name, ignore_errors=True)
    layers = target / "overlay2"
    layers.mkdir()
    own = [path for path in (source / "overlay2").glob("*") if path.name not in theirs]
    _copy(["-al"], source, [path for path in own if path.name not in builds], layers)
    _copy(["-a"], source, [path for path in own if path.name in builds], layers)


# A running dockerd has mounted its data root onto itself, and nothing can be linked from
# one mount to another. Unmounted where nobody else sees it, that is one mount again.
_AS_ONE = 'umount --lazy --recursive "$0" 2>/dev/null; exec cp "$@"'


def _copy(options: Sequence[str], source: Path, paths: Sequence[Path], target: Path) -> None:
    """Copy files and folders of a data root by `cp`."""
    if not paths:
        return
    copy = [*options, "--target-directory", str(target), "--", *map(str, paths)]
    command = ["unshare", "--mount", "sh", "-c", _AS_ONE, str(source), *copy]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise EngineError(f"the images cannot be passed on: {packages.last_line(done.stderr)}")


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


def _child_of(pid: int) -> int:
    """Return the process that another one has started."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


# --- how many -------------------------------------------------------------------------------------


def room() -> int:
    """Return for how many engines the machine has memory."""
    lines = dict(
        line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines() if ":" in line
    )
    return max(1, int(lines["MemAvailable"].split()[0]) * 1024 // EACH)


def how_many(wanted: str) -> int:
    """Return how many engines to run; raise EngineError where there is no memory for as many."""
    most = room()
    if wanted == "auto":
        return min(most, PER_CORE * len(os.sched_getaffinity(0)))
    if not wanted.isdecimal() or int(wanted) < 1:
        raise EngineError(f"JOBS={wanted}: give the number of engines to run, from 1 on")
    if int(wanted) > most:
        raise EngineError(
            f"JOBS={wanted}: an engine with its pages may need {EACH // GIGABYTE} GB of memory, "
            f"and this machine has room for {most} of them; type JOBS={most}, or leave JOBS out"
        )
    return int(wanted)


# --- the command ----------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """Do what the command line says and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("action", choices=["run", "within"])
    parser.add_argument(
        "number", help="run: how many engines, or `auto`; within: the number of the engine"
    )
    parser.add_argument("command", nargs="+", help="pytest with its arguments, or what to enter")
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    served = Engine(os.environ.get("SEATRIAL_ENGINE") or DEFAULT, engine.folder())
    try:
        if chosen.action == "within":
            enter(served, int(chosen.number), chosen.command)
        return run(served, chosen.number, chosen.command)
    except (EngineError, OSError, subprocess.SubprocessError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


def run(served: Engine, wanted: str, command: Sequence[str]) -> int:
    """Run pytest with its pages on several engines where that can be, else on the one there is."""
    if reason := alone(served):
        if wanted != "1":
            say(f"one page at a time: {reason}")
        return subprocess.run(command).returncode
    number = how_many(wanted)
    environment = surroundings(served)
    if number == 1:
        if wanted != "1":
            say(f"one page at a time: two engines need {2 * EACH // GIGABYTE} GB of free memory")
        return subprocess.run(command, env=environment).returncode
    if "--seatrial-changed" in command:
        look = [*command, "--seatrial-look"]
        if (status := subprocess.run(look, env=environment).returncode) != CHANGED:
            # nothing changed, or the options are wrong: it has said so, and needs no engine
            return status
    ids = images.docker(served, "image", "inspect", "-f", "{{.Id}}", *images.TAGS).stdout.split()
    with side_by_side(served, number, "\n".join([served.name, *sorted(ids)])) as slots:
        options = workers(slots, Path(command[0]).with_name("python"))
        return follow([*command, *options], slots, environment)


def alone(served: Engine) -> str:
    """Return why pages run one at a time, with what would change it; '' where they need not."""
    if found := engine.users_docker(served.home.parent):
        return (
            f"pages share the ports and the names of your Docker ({found}); stop it, and private "
            "engines run side by side"
        )
    if os.geteuid() != 0:
        return "engines side by side need root: run this as root"
    return ""


def surroundings(served: Engine) -> dict[str, str]:
    """Return the environment of commands that use an engine."""
    kept = {name: value for name, value in os.environ.items() if name not in engine.FORGOTTEN}
    own, path = str(served.programs.bin), kept.get("PATH", "")
    if path.split(os.pathsep)[0] != own:
        path = f"{own}{os.pathsep}{path}"
    return {**kept, **engine.variables(served), "PATH": path}


@contextmanager
def side_by_side(main: Engine, number: int, made_from: str) -> Iterator[list[Slot]]:
    """Yield engines that answer, side by side, and stop them; raise EngineError if none does."""
    packages.install_missing(NEEDED, "engines side by side need")
    packages.install_missing(WAY_OUT, "what pages fetch needs")
    with locked(main.home.parent / "beside.lock"), ExitStack() as opened:
        began = time.monotonic()
        slots = [Slot(main, count) for count in range(1, number + 1)]
        for slot in slots:
            slot.fill(made_from)
        opened.callback(stop, slots)
        for slot in slots:
            slot.start()
        _wait(slots)
        started = [slot for slot in slots if slot.ready]
        for slot in slots:
            if slot in started:
                slot.open()
            else:
                say(f"engine {slot.number} did not start and is left out: {slot.why()}")
                slot.sweep()
        if not started:
            raise EngineError(f"none of {number} engines started: {slots[0].log} has why")
        took = time.monotonic() - began
        say(f"{len(started)} engines are up side by side after {took:.1f} s")
        yield started


def stop(slots: Sequence[Slot]) -> None:
    """Stop engines with all that is in their namespaces, and remove what is left of them."""
    for slot in slots:
        slot.end()
    eventually(lambda: all(slot.ended for slot in slots), 15, "stopping the engines")
    for slot in slots:
        slot.sweep()


def _wait(slots: Sequence[Slot]) -> None:
    eventually(
        lambda: all(slot.ready or slot.ended for slot in slots), 60, "waiting for the engines"
    )


def follow(command: Sequence[str], slots: Sequence[Slot], environment: Mapping[str, str]) -> int:
    """Run a command to its end and return its exit status; an engine that dies is started again.

    A signal that is to end us ends the command first.
    """
    # Where even this is killed, the command gets a signal by which it ends in order.
    process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *command], env=environment)
    before = {
        number: signal.signal(number, lambda *_: process.terminate())
        for number in (signal.SIGTERM, signal.SIGHUP)
    }
    # The terminal has told the command as well.
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        ending = os.pidfd_open(process.pid)
        running = {slot.descriptor: slot for slot in slots}
        while ending not in (ready := select.select([ending, *running], [], [])[0]):
            for descriptor in ready:
                os.close(descriptor)
                slot = running.pop(descriptor)
                if _again(slot):
                    running[slot.descriptor] = slot
        for descriptor in (ending, *running):
            os.close(descriptor)
        return process.wait()
    finally:
        process.kill()
        process.wait()
        for number, handler in before.items():
            signal.signal(number, handler)


def _again(slot: Slot) -> bool:
    """Start an engine that died, and tell whether it answers."""
    say(f"engine {slot.number} died: {slot.why()}")
    slot.sweep()
    if slot.started < TRIES:
        slot.start()
        _wait([slot])
        if slot.ready:
            slot.open()
            say(f"engine {slot.number} is up again")
            return True
    slot.sweep()
    say(f"engine {slot.number} is left out; its pages run on the others")
    return False


def workers(slots: Sequence[Slot], python: Path) -> list[str]:
    """Return the options by which pytest-xdist starts a process in each engine's namespaces."""
    script = Path(__file__).resolve()
    starts = (
        [sys.executable, str(script), "within", str(slot.number), "--", str(python.absolute())]
        for slot in slots
    )
    return ["--dist=loadfile", *(f"--tx=popen//python={shlex.join(words)}" for words in starts)]


def enter(main: Engine, number: int, command: Sequence[str]) -> NoReturn:
    """Become a command in the namespaces of an engine, or of another one where that has died."""
    slots = [Slot(main, number), *_others(main, number)]
    eventually(lambda: slots[0].ready and slots[0].first.exists(), 30, "")
    slot = next((slot for slot in slots if slot.ready and slot.first.exists()), None)
    if slot is None:
        raise EngineError("no engine is left to run pages on")
    own = {"DOCKER_HOST": slot.host, "SEATRIAL_PRIVATE_ENGINE": slot.host}
    own["SEATRIAL_SANDBOXES"] = slot.name
    enter = ["nsenter", "--target", slot.first.read_text(), "--pid", "--mount", "--net", "--"]
    # In other mounts, one stands in their root.
    enter += ["env", f"--chdir={Path.cwd()}"]
    os.execvpe("nsenter", [*enter, *command], {**surroundings(main), **own})


def _others(main: Engine, number: int) -> list[Slot]:
    numbers = [int(path.name.rpartition("-")[2]) for path in main.run.parent.glob("beside-*")]
    return [Slot(main, other) for other in sorted(numbers) if other != number]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
