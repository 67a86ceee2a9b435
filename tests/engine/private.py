"""An engine of a test's own, in a cache folder of its own, and what can run on it."""

import io
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import daemon
import network

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass
class Private:
    """An engine in a cache folder of its own, made of programs already fetched."""

    cache: Path
    run_engine: Run
    engine: daemon.Engine = field(init=False)
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Name the engine that the cache folder stands for."""
        self.engine = daemon.Engine("classic", self.cache / "engine")
        kept = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
        self.environment = {**kept, "SEATRIAL_CACHE": str(self.cache)}

    def call(self, command: str) -> None:
        """Run engine.py for this engine alone, and fail with what it said."""
        options = ["--no-images"] if command == "start" else []
        done = self.run_engine(command, *options, environment=self.environment)
        assert done.returncode == 0, done.stderr

    def docker(self, *arguments: str) -> str:
        """Run `docker` on this engine and return what it printed."""
        command = [str(self.engine.programs.bin / "docker"), *arguments]
        environment = {**self.environment, "DOCKER_HOST": self.engine.host}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def traces(self) -> list[str]:
        """Return all that the machine shows of this engine: empty when nothing is left."""
        pool = self.engine.pool()
        assert pool is not None
        bridges = [self.engine.bridge, *network.bridges_in(pool)]
        return [
            *(f"process {pid}" for pid in self.engine.processes()),
            *(f"mount {point}" for point in daemon.mounts_below(self.engine.home, self.engine.run)),
            *(f"bridge {name}" for name in bridges if Path("/sys/class/net", name).exists()),
            *(
                f"rule {' '.join(words)}"
                for table in ("filter", "nat", "raw")
                for words in network.rules(table)
                if network.concerns(words, bridges, pool)
            ),
            *(["run folder"] if self.engine.run.exists() else []),
        ]


def link_or_copy(source: str, target: str) -> None:
    """Link a file, or copy it where the cache lies on another disk."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def sleeping_image() -> bytes:
    """Return a root file system with nothing but `sleep` in it."""
    program = shutil.which("sleep")
    assert program
    linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for path in [program, *re.findall(r"(/\S+) \(0x", linked)]:
            tar.add(Path(path).resolve(), arcname=path)
    return content.getvalue()


def start_container(private: Private, tmp_path: Path) -> int:
    """Start a container with a volume, a network and a port, and return its process id."""
    tar = tmp_path / "sleep.tar"
    tar.write_bytes(sleeping_image())
    private.docker("import", str(tar), "sleeper")
    private.docker("network", "create", "harbour")
    options = ["--network=harbour", "--publish=127.0.0.1::80", "--volume=data:/data"]
    name = private.docker("run", "--detach", "--init", *options, "sleeper", "sleep", "1000")
    return int(private.docker("inspect", "--format", "{{.State.Pid}}", name))


def alive(pid: int) -> bool:
    """Tell whether a process runs, and is not a dead one that nobody has asked about."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
