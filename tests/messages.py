"""Make everything go wrong that can, for real, and print what is said.

Run it by hand as root, with an engine in the environment: ``python tests/messages.py``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import docker

from seatrial.run.engines import find_engine
from seatrial.transcript.spelling import PROJECT

ROOT = Path(__file__).resolve().parent.parent
CONF = 'extensions = ["seatrial.sphinx_ext"]\nseatrial_strict = True\n'


@dataclass(frozen=True)
class Trouble:
    """One thing that goes wrong."""

    name: str
    block: str
    settings: str = ""
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    around: Callable[[Path], contextlib.AbstractContextManager[Mapping[str, str]]] | None = None
    # what makes it go wrong, given the project's folder; yields more of the environment


@contextlib.contextmanager
def port_taken(_: Path) -> Iterator[Mapping[str, str]]:
    """Listen where the sample project wants to."""
    with socket.create_server(("127.0.0.1", 8000)):
        yield {}


@contextlib.contextmanager
def name_taken(_: Path) -> Iterator[Mapping[str, str]]:
    """Own a volume of a project that bears the sample project's name."""
    client = docker.DockerClient(base_url=find_engine("v2").host)
    volume = client.volumes.create("example_mine", labels={PROJECT: "example"})
    try:
        yield {}
    finally:
        volume.remove()


@contextlib.contextmanager
def no_compose(folder: Path) -> Iterator[Mapping[str, str]]:
    """Have a client that answers and no plugin."""
    only = folder / "only-docker"
    (only / "config").mkdir(parents=True)
    (only / "docker").symlink_to(Path(shutil.which("docker") or "docker").resolve())
    yield {
        "PATH": str(only),
        "DOCKER_CONFIG": str(only / "config"),
        "DOCKER_HOST": find_engine("v2").host,
    }


@contextlib.contextmanager
def disk_full(folder: Path) -> Iterator[Mapping[str, str]]:
    """Keep records where nothing fits any more."""
    records = folder / "records"
    records.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", records], check=True)
    try:
        with contextlib.suppress(OSError):
            (records / "filler").write_bytes(bytes(8192))
        yield {}
    finally:
        subprocess.run(["umount", records], check=True)


COMPOSE = "$ docker compose up -d\n..."
SAMPLE = f"seatrial_project = {str(ROOT / 'example')!r}\n"
TROUBLES = (
    Trouble("no Docker", COMPOSE, environment={"DOCKER_HOST": "unix:///no/such/socket"}),
    Trouble("Docker without Compose", COMPOSE, around=no_compose),
    Trouble("port 8000 taken", COMPOSE, SAMPLE, around=port_taken),
    Trouble("a project named example", COMPOSE, SAMPLE, around=name_taken),
    Trouble(
        "disk full while recording",
        "$ echo hello\nhello",
        arguments=("--seatrial-record",),
        around=disk_full,
    ),
    Trouble("a hung command", "$ echo going; sleep 1000\ngoing", "seatrial_timeout = 1\n"),
    Trouble("an unknown prompt", "$ read -p 'Continue? ' answer\n", "seatrial_timeout = 1\n"),
    Trouble("output that is not UTF-8", r"$ printf 'caf\351\n'" + "\ncafé"),
    Trouble("50 MB of output", "$ yes | head -c 50000000\ny"),
    Trouble("a command that closes the terminal", "$ exit 3\n[3]"),
)


def said_of(trouble: Trouble) -> str:
    """Return what a run says of a trouble."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "conf.py").write_text(CONF + trouble.settings)
        block = "\n".join(f"   {line}" for line in trouble.block.split("\n"))
        (folder / "index.rst").write_text(f"Page\n====\n\n.. console::\n\n{block}\n")
        (folder / "pytest.ini").write_text("[pytest]\nseatrial = .\n")
        with trouble.around(folder) if trouble.around else contextlib.nullcontext({}) as more:
            done = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "pytest",
                    "-p",
                    "no:cacheprovider",
                    "--require-docker",
                    *trouble.arguments,
                    ".",
                ],
                cwd=folder,
                env={**os.environ, **trouble.environment, **more},
                capture_output=True,
                text=True,
                check=False,
            )
    lines = done.stdout.splitlines()
    marks = [number for number, line in enumerate(lines) if line.startswith("____")]
    ends = [
        number
        for number, line in enumerate(lines)
        if line.startswith(("seatrial: ran", "=====")) and marks and number > marks[0]
    ]
    said = "\n".join(lines[marks[0] + 1 : ends[0]]) if marks and ends else done.stdout
    return f"exit status {done.returncode}\n{said}"


def main() -> int:
    """Print what is said of each trouble; exit status 1 where a traceback was among it."""
    bad = 0
    for trouble in TROUBLES:
        said = said_of(trouble)
        in_pythons_words = "Traceback" in said or "During handling" in said
        bad += in_pythons_words or said.startswith("exit status 0")
        print(f"### {trouble.name}\n{said}\n", flush=True)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
