"""One dockerd of ours: unpacked, started, stopped, and swept up after a hard kill."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import network
import packages
import rootless
from programs import KINDS, Kind, Unpacked
from report import DaemonError, locked, say, write_whole

DAEMONS = ("dockerd", "containerd", "docker-proxy", "runc")
# How the names of the engine's own programs begin: containerd has shims as well. Our `docker` is
# none of them: people run it.


class Engine:
    """An engine in a cache folder; two folders, or names, make two that can run side by side."""

    def __init__(self, name: str, cache: Path, compose: str = "") -> None:
        self.name = name
        self.home = cache / name
        seed = hashlib.sha256(str(cache).encode()).hexdigest()
        own = hashlib.sha256(name.encode()).hexdigest()
        self.seed = int(seed[:4], 16) + int(own[:4], 16)
        # A socket's path has at most 107 bytes, and a cache folder may lie deep.
        self.run = rootless.runtime(seed[:8]) / name
        self.bridge = f"st{seed[:8]}{own[:4]}"
        self.data = self.home / "data"
        self.log = self.home / "dockerd.log"
        self.socket = self.run / "docker.sock"
        self.host = f"unix://{self.socket}"
        # The address that Docker's clients take as DOCKER_HOST.
        self.pidfile = self.run / "dockerd.pid"
        # One that an earlier version of this project made is known by its folder, to be stopped.
        self.kind = KINDS.get(name, Kind(name, "", "", (), ""))
        self.programs = Unpacked(self.kind, self.home, compose)

    def answers(self) -> bool:
        """Tell whether the engine is ready."""
        return answers(self.socket)

    def start(self) -> None:
        """Start dockerd, after sweeping up what an earlier one may have left."""
        with locked(network.LOCK):
            self.sweep()
            network.remember_before()
            others = network.shared_rules()
            try:
                self.run.mkdir(parents=True, exist_ok=True)
                self.data.mkdir(parents=True, exist_ok=True)
                pool = self._choose_pool()
                network.make_bridge(self.bridge, pool)
                settings = {
                    "hosts": [self.host],
                    "data-root": str(self.data),
                    "exec-root": str(self.run / "exec"),
                    "pidfile": str(self.pidfile),
                    "bridge": self.bridge,
                    "default-address-pools": [
                        {"base": str(list(pool.subnets(1))[1]), "size": 24},
                    ],
                    # Said either way: which of the two is the default depends on the version.
                    "features": {"containerd-snapshotter": self.kind.containerd_store},
                }
                daemon = self.home / "daemon.json"
                daemon.write_text(json.dumps(settings, indent=2) + "\n")
                if self.log.exists():
                    self.log.replace(self.log.with_suffix(".old"))
                with self.log.open("wb") as log:
                    process = subprocess.Popen(
                        ["dockerd", "--config-file", str(daemon)],
                        executable=str(self.programs.tree / "usr/sbin/dockerd"),
                        env=self.programs.environment(),
                        cwd="/",
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                self._wait(process)
            finally:
                # also where it was interrupted: engines beside it live by their rules
                network.put_back(others)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until dockerd answers, or say why it does not."""
        began = time.monotonic()
        eventually(
            lambda: self.answers() or process.poll() is not None,
            120,
            f"waiting for the {self.name} engine",
        )
        if not self.answers():
            self._give_up(process)
        say(f"the {self.name} engine is up after {time.monotonic() - began:.1f} s")

    def _give_up(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
        reason = last_words(self.log) or packages.last_line(self.log.read_text(errors="replace"))
        self.sweep()
        if "iptables" in reason:
            reason += "; try `update-alternatives --set iptables /usr/sbin/iptables-legacy`"
        raise DaemonError(f"the {self.name} engine did not start: {reason} (all of it: {self.log})")

    def _choose_pool(self) -> network.Network:
        """Return the engine's addresses: last time's, unless the machine uses them by now."""
        taken = network.taken_networks()
        pool = self.pool()
        if pool is None or any(pool.overlaps(other) for other in taken):
            pool = network.choose_pool(self.seed, taken)
            write_whole(self.home / "pool", str(pool))
        return pool

    def pool(self) -> network.Network | None:
        """Return the addresses that the engine was last started with."""
        try:
            return network.Network((self.home / "pool").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def stop(self) -> None:
        """Stop dockerd and its containers, and remove all that it left on the machine."""
        daemon = [pid for pid in self.processes() if program(pid).endswith("/dockerd")]
        for pid in daemon:
            os.kill(pid, signal.SIGTERM)
        eventually(
            lambda: not any(Path("/proc", str(pid)).exists() for pid in daemon),
            60,
            f"stopping the {self.name} engine and its containers",
        )
        with locked(network.LOCK):
            self.sweep()
            network.remove_shared_rules()
        shutil.rmtree(self.run, ignore_errors=True)
        if self.run.parent.exists() and not any(self.run.parent.iterdir()):
            self.run.parent.rmdir()

    def sweep(self) -> None:
        """Remove processes, mounts, bridges and rules of this engine, however it ended."""
        for _ in range(100):
            found = self.processes()
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if not found:
                break
            time.sleep(0.05)
        for point in mounts_below(self.home, self.run):
            subprocess.run(["umount", "-l", point], capture_output=True)
        shutil.rmtree(self.run / "exec", ignore_errors=True)
        self.pidfile.unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)
        bridges = {self.bridge}
        if pool := self.pool():
            bridges.update(network.bridges_in(pool))
            network.remove_rules(bridges, pool)
        for bridge in sorted(bridges):
            network.remove_bridge(bridge)

    def processes(self) -> list[int]:
        """Return our daemons and what runs in our containers, found by program and by cgroup."""
        containers = self.data / "containers"
        ours = {path.name for path in containers.iterdir()} if containers.exists() else set()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            pid = int(folder.name)
            path = Path(program(pid))
            own = self.home in path.parents and path.name.startswith(DAEMONS)
            with contextlib.suppress(OSError):
                groups = set(re.findall(r"[0-9a-f]{64}", (folder / "cgroup").read_text()))
                # One that waits for a parent to take note of its end cannot be killed.
                ended = (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
                if not ended and (own or groups & ours):
                    found.append(pid)
        return found


def answers(address: Path) -> bool:
    """Ask the engine that listens on a socket whether it is ready."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(str(address))
            client.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in client.recv(200)
    except OSError:
        return False


def last_words(log: Path) -> str:
    """Return why a dockerd ended of itself; '' where it did not say so."""
    text = log.read_text(errors="replace")
    said = re.findall(r'(?m)(?:level=fatal msg="|^failed to start daemon: )(.*)', text)
    return said[-1].strip('"') if said else ""


def eventually(holds: Callable[[], bool], seconds: float, telling: str) -> None:
    """Wait until something holds, at most some seconds; from the second one on say for what."""
    began = time.monotonic()
    while not holds() and (passed := time.monotonic() - began) < seconds:
        if passed > 2 and telling:
            say(telling)
            telling = ""
        time.sleep(0.05)


def mounts_below(*folders: Path) -> list[str]:
    """Return the mount points below some folders, innermost first."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point = re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), line.split()[4])
        if any(folder in Path(point).parents for folder in folders):
            found.append(point)
    return sorted(found, key=len, reverse=True)


def program(pid: int) -> str:
    """Return the path of the program that a process runs, or an empty text if it has ended."""
    try:
        return str(Path(f"/proc/{pid}/exe").readlink()).removesuffix(" (deleted)")
    except OSError:
        return ""
