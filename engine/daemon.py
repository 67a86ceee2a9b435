"""One dockerd of ours: unpacked, started, stopped, and swept up after a hard kill."""

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import network
import packages
from report import EngineError, say

DAEMONS = {
    "dockerd",
    "containerd",
    "containerd-shim",
    "containerd-shim-runc-v1",
    "containerd-shim-runc-v2",
    "docker-proxy",
    "runc",
}


@dataclass(frozen=True)
class Flavour:
    """An engine of a certain time, and the packages of Debian that it is made of."""

    name: str
    suite: str
    packages: tuple[str, ...]


CURRENT = Flavour(
    "current",
    "trixie",
    ("docker.io", "docker-cli", "docker-compose", "docker-buildx", "containerd", "tini"),
)
LEGACY = Flavour(
    "legacy",
    "bookworm",
    (
        "docker.io",
        "containerd",
        "tini",
        # Compose 1.29 and the Python packages that it imports.
        "docker-compose",
        "python3-attr",
        "python3-certifi",
        "python3-chardet",
        "python3-charset-normalizer",
        "python3-distro",
        "python3-distutils",
        "python3-docker",
        "python3-dockerpty",
        "python3-docopt",
        "python3-dotenv",
        "python3-idna",
        "python3-jsonschema",
        "python3-pyrsistent",
        "python3-requests",
        "python3-six",
        "python3-texttable",
        "python3-urllib3",
        "python3-websocket",
        "python3-yaml",
    ),
)

MACHINE_PACKAGES = (
    # Of the machine's own release: they are linked to its C library. trixie's runc needs a newer
    # glibc than Debian 12 has, and dockerd accepts the older runc.
    "runc",
    "libdevmapper1.02.1",
    "iptables",
    "libip4tc2",
    "libip6tc2",
    "libmnl0",
    "libnetfilter-conntrack3",
    "libnfnetlink0",
    "libnftnl11",
    "libxtables12",
)


class Engine:
    """A flavour in a cache folder; two folders make two engines that can run side by side."""

    def __init__(self, flavour: Flavour, cache: Path) -> None:
        self.flavour = flavour
        self.name = flavour.name
        self.home = cache / flavour.name
        seed = hashlib.sha256(str(cache).encode()).hexdigest()
        self.seed = int(seed[:4], 16) + (flavour is LEGACY)
        # A socket's path has at most 107 bytes, and a cache folder may lie deep.
        self.run = Path("/run") / f"seatrial-{seed[:8]}" / flavour.name
        self.bridge = f"st{seed[:8]}{flavour.name[0]}"
        self.data = self.home / "data"
        self.log = self.home / "dockerd.log"
        self.socket = self.run / "docker.sock"
        self.pidfile = self.run / "dockerd.pid"
        self.tree = self.home / "tree"
        self.bin = self.home / "bin"
        self.config = self.home / "config"

    @property
    def host(self) -> str:
        """The address that Docker's clients take as DOCKER_HOST."""
        return f"unix://{self.socket}"

    def answers(self) -> bool:
        """Ask the engine over its socket whether it is ready."""
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(5)
                client.connect(str(self.socket))
                client.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
                return b" 200 " in client.recv(200)
        except OSError:
            return False

    # Fetching

    def fetch(self, archive: packages.Archive) -> None:
        """Unpack the engine's packages, unless they are there and the list is the same."""
        release = archive.release
        wanted = packages.digest(
            release.codename, self.flavour.suite, *self.flavour.packages, *MACHINE_PACKAGES
        )
        complete = self.tree / "complete"
        if not (complete.exists() and complete.read_text() == wanted):
            partial = self.home / "tree.partial"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            archive.unpack(self.flavour.suite, self.flavour.packages, partial)
            archive.unpack(release.codename, MACHINE_PACKAGES, partial)
            (partial / "complete").write_text(wanted)
            packages.place(partial, self.tree)
        self._link_clients()

    def _link_clients(self) -> None:
        """Lay out what a client needs: a folder for PATH and one for DOCKER_CONFIG."""
        partial = self.home / "bin.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        (partial / "docker").symlink_to(self.tree / "usr/bin/docker")
        compose = self.tree / "usr/bin/docker-compose"
        if compose.exists():
            libraries = [self.tree / "usr/lib/python3/dist-packages"]
            libraries += sorted((self.tree / "usr/lib").glob("python3.*"))
            wrapper = partial / "docker-compose"
            # Compose is a Python program and must not import from a virtual environment of ours.
            wrapper.write_text(
                "#!/bin/sh\n"
                f"PYTHONPATH='{':'.join(map(str, libraries))}' exec /usr/bin/python3 -s "
                f"'{compose}' \"$@\"\n"
            )
            wrapper.chmod(0o755)
        packages.place(partial, self.bin)
        plugins = self.config / "cli-plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        for plugin in (self.tree / "usr/libexec/docker/cli-plugins").glob("docker-*"):
            link = plugins / plugin.name
            link.unlink(missing_ok=True)
            link.symlink_to(plugin)

    def environment(self) -> dict[str, str]:
        """Return the environment in which dockerd finds its helpers."""
        environment = dict(os.environ)
        libraries = sorted((self.tree / "usr/lib").glob("*-linux-*"))
        libraries += sorted((self.tree / "lib").glob("*-linux-*"))
        environment["LD_LIBRARY_PATH"] = ":".join(map(str, libraries))
        path = [self.tree / "usr/sbin", self.tree / "usr/bin"]
        own = environment.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin"
        if not shutil.which("iptables", path=own):
            tables = self.home / "iptables"
            path.append(tables)
            environment["XTABLES_LIBDIR"] = str(libraries[0] / "xtables") if libraries else ""
        environment["PATH"] = ":".join([*map(str, path), own])
        return environment

    # Starting

    def start(self) -> None:
        """Start dockerd, after sweeping up what an earlier one may have left."""
        self._choose_iptables()
        with network.locked():
            self.sweep()
            rules = network.Rules(self.environment())
            rules.remember_before()
            neighbours = rules.shared()
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
            }
            daemon = self.home / "daemon.json"
            daemon.write_text(json.dumps(settings, indent=2) + "\n")
            with self.log.open("ab") as log:
                process = subprocess.Popen(
                    ["dockerd", "--config-file", str(daemon)],
                    executable=str(self.tree / "usr/sbin/dockerd"),
                    env=self.environment(),
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self._wait(process)
            rules.put_back(neighbours)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until dockerd answers, or say why it does not."""
        began = time.monotonic()
        told = False
        while not self.answers():
            passed = time.monotonic() - began
            if process.poll() is not None or passed > 120:
                self._give_up(process)
            if passed > 2 and not told:
                say(f"waiting for the {self.name} engine")
                told = True
            time.sleep(0.05)
        say(f"the {self.name} engine is up after {time.monotonic() - began:.1f} s")

    def _give_up(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
        text = self.log.read_text(errors="replace")
        said = re.findall(r'(?:level=fatal msg="|^failed to start daemon: )(.*)', text, re.MULTILINE)
        self.sweep()
        reason = said[-1].strip('"') if said else packages.last_line(text)
        raise EngineError(f"the {self.name} engine did not start: {reason} (all of it: {self.log})")

    def _choose_pool(self) -> network.Network:
        """Return the engine's addresses: last time's, unless the machine uses them by now."""
        taken = network.taken_networks()
        chosen = self.home / "pool"
        pool = self.pool()
        if pool is None or any(pool.overlaps(other) for other in taken):
            pool = network.choose_pool(self.seed, taken)
            partial = chosen.with_suffix(".partial")
            partial.write_text(str(pool))
            os.replace(partial, chosen)
        return pool

    def pool(self) -> network.Network | None:
        """Return the addresses that the engine was last started with."""
        chosen = self.home / "pool"
        return network.Network(chosen.read_text()) if chosen.exists() else None

    def _choose_iptables(self) -> None:
        """Link the unpacked iptables whose kind the kernel supports, newest first."""
        tables = self.home / "iptables"
        environment = self.environment()
        if environment.get("XTABLES_LIBDIR") is None:
            return
        said = ""
        for kind in ("xtables-nft-multi", "xtables-legacy-multi"):
            shutil.rmtree(tables, ignore_errors=True)
            tables.mkdir(parents=True)
            for name in ("iptables", "ip6tables", "iptables-save", "iptables-restore"):
                (tables / name).symlink_to(self.tree / "usr/sbin" / kind)
            command = ["iptables", "-w", "-t", "nat", "-C", "OUTPUT"]
            command += ["-m", "addrtype", "--dst-type", "LOCAL", "-j", "RETURN"]
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            # Exit status 1 with "does a matching rule exist" is a no from a kernel that understood.
            if done.returncode == 0 or "matching rule" in done.stderr:
                return
            said = packages.last_line(done.stderr)
        raise EngineError(f"the kernel has no iptables support ({said}): use a kernel that has it")

    # Stopping

    def stop(self) -> None:
        """Stop dockerd and its containers, and remove all that it left on the machine."""
        daemon = [pid for pid in self.processes() if _executable(pid).endswith("/dockerd")]
        for pid in daemon:
            os.kill(pid, signal.SIGTERM)
        began = time.monotonic()
        told = False
        while any(Path("/proc", str(pid)).exists() for pid in daemon):
            passed = time.monotonic() - began
            if passed > 60:
                break
            if passed > 2 and not told:
                say(f"stopping the {self.name} engine and its containers")
                told = True
            time.sleep(0.05)
        with network.locked():
            self.sweep()
            rules = network.Rules(self.environment())
            rules.remove_shared()
        shutil.rmtree(self.run, ignore_errors=True)
        if self.run.parent.exists() and not any(self.run.parent.iterdir()):
            self.run.parent.rmdir()

    def sweep(self) -> None:
        """Remove processes, mounts, bridges and rules of this engine, however it ended."""
        for _ in range(100):
            found = self.processes()
            for pid in found:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if not found:
                break
            time.sleep(0.05)
        for point in self.mounts():
            subprocess.run(["umount", "-l", point], capture_output=True)
        shutil.rmtree(self.run / "exec", ignore_errors=True)
        self.pidfile.unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)
        pool = self.pool()
        if pool is not None:
            bridges = sorted({self.bridge, *network.bridges_in(pool)})
            if (self.tree / "complete").exists():
                network.Rules(self.environment()).remove(bridges, pool)
            for bridge in bridges:
                network.remove_bridge(bridge)

    def processes(self) -> list[int]:
        """Return our daemons and what runs in our containers, found by program and by cgroup."""
        containers = self.data / "containers"
        ours = set(os.listdir(containers)) if containers.exists() else set()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            pid = int(folder.name)
            program = Path(_executable(pid))
            try:
                groups = set(re.findall(r"[0-9a-f]{64}", (folder / "cgroup").read_text()))
            except OSError:
                continue
            if groups & ours or (self.home in program.parents and program.name in DAEMONS):
                found.append(pid)
        return found

    def mounts(self) -> list[str]:
        """Return the mount points below the engine's folders, innermost first."""
        found = []
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            point = re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), line.split()[4])
            if self.home in (path := Path(point)).parents or self.run in path.parents:
                found.append(point)
        return sorted(found, key=len, reverse=True)


def _executable(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")
    except OSError:
        return ""
