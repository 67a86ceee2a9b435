"""The two flavours of engine: the packages they are made of, unpacked and ready to run."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import packages
from report import EngineError


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


class Unpacked:
    """A flavour's programs in a folder: those of the engine, and those of its clients."""

    def __init__(self, flavour: Flavour, home: Path) -> None:
        self.flavour = flavour
        self.home = home
        self.tree = home / "tree"
        self.bin = home / "bin"
        # For PATH: `docker`, and Compose 1.29's `docker-compose`.
        self.config = home / "config"
        # For DOCKER_CONFIG: Compose 2 and buildx are plugins of `docker`.

    @property
    def complete(self) -> bool:
        """Tell whether some list of packages has been unpacked whole."""
        return (self.tree / "complete").exists()

    def fetch(self, archive: packages.Archive) -> None:
        """Unpack the engine's packages, unless they are there and the list is the same."""
        release = archive.release
        wanted = packages.digest(
            release.codename, self.flavour.suite, *self.flavour.packages, *MACHINE_PACKAGES
        )
        stamp = self.tree / "complete"
        if not (stamp.exists() and stamp.read_text() == wanted):
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
        # Debian 13 calls its Compose 2 by the old name, too. Docker's own packages do not, and what
        # is called `docker-compose` here is Compose 1.29.
        if self.flavour is LEGACY:
            compose = self.tree / "usr/bin/docker-compose"
            libraries = [self.tree / "usr/lib/python3/dist-packages"]
            libraries += sorted((self.tree / "usr/lib").glob("python3.*"))
            wrapper = partial / "docker-compose"
            # Compose is a Python program and must not import from a virtual environment of ours.
            # Where the machine has setuptools, that stands in for the distutils Compose asks for:
            # importing it takes as long as all the rest.
            wrapper.write_text(
                "#!/bin/sh\n"
                "SETUPTOOLS_USE_DISTUTILS=stdlib "
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
