"""Fetch Debian packages and unpack them into a folder, without installing anything."""

import hashlib
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from report import EngineError, MissingSuiteError, emptied, say, write_whole

OS_RELEASE = Path("/etc/os-release")
KEYRING = Path("usr/share/keyrings/debian-archive-keyring.gpg")
TRIXIE_KEY = Path("usr/share/keyrings/debian-archive-trixie-stable.gpg")
# Debian 12's first keyrings do not know trixie's key yet; this file tells those that do.

CODENAMES = ("bookworm", "trixie")
# Debian's releases whose packages the engine can be made of.


@dataclass(frozen=True)
class Release:
    """The Debian release that the machine runs."""

    codename: str
    mirror: str
    # Where the machine itself gets its packages from, ending in a slash.
    keyring: Path


def codename_in(os_release: str) -> str:
    """Return Debian's codename in the text of /etc/os-release, or '' for another system."""
    fields = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', os_release, re.MULTILINE))
    return fields.get("VERSION_CODENAME", "") if fields.get("ID") == "debian" else ""


def mirror_in(indextargets: str, codename: str) -> str:
    """Return the address that `apt-get indextargets` names for the release's main, or ''."""
    for stanza in indextargets.split("\n\n"):
        fields = dict(re.findall(r"^([\w-]+): (.*)$", stanza, re.MULTILINE))
        wanted = {"Codename": codename, "Component": "main", "Created-By": "Packages"}
        # Debian's security archive and third parties have packages of their own, not all of main.
        if fields.get("Label", "Debian") == "Debian" and wanted.items() <= fields.items():
            return f"{fields['Repo-URI'].rstrip('/')}/"
    return ""


class Archive:
    """Debian's archive as the machine reaches it, with package lists of our own."""

    def __init__(self, folder: Path, release: Release) -> None:
        self.folder = folder
        self.release = release

    def _options(self, suite: str) -> list[str]:
        """Return the options that keep apt away from the machine's own state."""
        state = self.folder / suite
        (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        (state / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        (state / "status").touch()
        sources = state / "sources.list"
        sources.write_text(
            f"deb [signed-by={self.release.keyring}] {self.release.mirror} {suite} main\n"
        )
        settings = {
            "Dir::State": state,
            "Dir::State::lists": state / "lists",
            "Dir::State::status": state / "status",
            "Dir::Cache": state / "cache",
            "Dir::Etc::sourcelist": sources,
            "Dir::Etc::sourceparts": "-",
            "Dir::Etc::preferences": "-",
            "Dir::Etc::preferencesparts": "-",
            # The cache may lie in a home folder, which apt's own user cannot enter.
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        return [f"-o{name}={value}" for name, value in settings.items()]

    def _apt(self, suite: str, *arguments: str, cwd: Path | None = None) -> str:
        command = ["apt-get", "-q", *self._options(suite), *arguments]
        for _ in range(60):
            done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
            if "Could not get lock" not in done.stderr:
                break
            # The apt-get of a start that was killed is still at work.
            time.sleep(1)
        if done.returncode:
            raise EngineError(f"apt-get {arguments[0]} ({suite}): {last_line(done.stderr)}")
        return done.stdout

    def update(self, suite: str) -> None:
        """Fetch the package lists of a suite."""
        say(f"fetching the package lists of {suite}")
        lists = self.folder / suite / "lists"
        try:
            self._apt(suite, "update", "--error-on=any")
        except EngineError as error:
            if "does not have a Release file" not in str(error):
                raise
            raise MissingSuiteError(
                f"the mirror that this machine gets its packages from has no {suite} ({error}): "
                "name one that has it in /etc/apt/sources.list.d"
            ) from error
        (lists / "complete").touch()

    def unpack(self, suite: str, packages: tuple[str, ...], tree: Path) -> None:
        """Fetch packages of a suite and unpack them into `tree`, on top of what lies there."""
        if not (self.folder / suite / "lists" / "complete").exists():
            self.update(suite)
        folder = emptied(tree.with_name(tree.name + ".packages"))
        say(f"fetching {len(packages)} packages of {suite}")
        try:
            self._apt(suite, "download", *packages, cwd=folder)
        except EngineError:
            # The lists are older than the archive: its packages have new versions by now.
            self.update(suite)
            self._apt(suite, "download", *packages, cwd=folder)
        for package in sorted(folder.glob("*.deb")):
            subprocess.run(["dpkg", "-x", str(package), str(tree)], check=True)
        shutil.rmtree(folder)


def last_line(text: str) -> str:
    """Return the last line of a program's output that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no output"


def machine_release(folder: Path) -> Release:
    """Find out which Debian the machine runs and where it gets its packages from."""
    codename = codename_in(OS_RELEASE.read_text())
    if codename not in CODENAMES or not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise EngineError(
            "the private engine is made of packages of Debian 12 or 13, "
            "which this is not: install Docker Engine with the Compose plugin and start it"
        )
    sources = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    texts = [path.read_text(errors="replace") for path in sources if path.is_file()]
    # Asking apt takes a second, and the answer stays the same while its sources do.
    known = folder / f"mirror-{digest(codename, *texts)}"
    mirror = known.read_text() if known.exists() else ""
    if not mirror:
        mirror = _ask_for_mirror(folder, codename)
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(known, mirror)
    return Release(codename, mirror, _keyring(folder, codename, mirror))


def _ask_for_mirror(folder: Path, codename: str) -> str:
    mirror = mirror_in(_indextargets(), codename)
    if not mirror:
        # The machine has never fetched its lists, and apt names a mirror only where it has.
        say("fetching the machine's package lists, to learn its mirror")
        state = folder / "machine"
        (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        private = [f"-oDir::State::lists={state / 'lists'}", "-oAPT::Sandbox::User=root"]
        subprocess.run(["apt-get", "-q", *private, "update"], capture_output=True)
        mirror = mirror_in(_indextargets(*private), codename)
    if not mirror:
        raise EngineError(
            f"apt reaches no source of Debian's {codename} main: "
            "check /etc/apt/sources.list.d and the network, then try `apt-get update`"
        )
    return mirror


def _keyring(folder: Path, codename: str, mirror: str) -> Path:
    """Return a keyring with trixie's key: the machine's, or a newer one from its own release."""
    machine = Path("/")
    if (machine / TRIXIE_KEY).exists():
        return machine / KEYRING
    newer = folder / "keyring"
    if not (newer / TRIXIE_KEY).exists():
        archive = Archive(folder, Release(codename, mirror, machine / KEYRING))
        archive.unpack(codename, ("debian-archive-keyring",), newer)
    return newer / KEYRING


def install_missing(programs: dict[str, str], purpose: str) -> None:
    """Install what the machine itself has to have; `programs` gives the package of each."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [each for program, each in programs.items() if not shutil.which(program, path=path)]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        say(f"{purpose} {', '.join(missing)} on this machine: install them")
        return
    say(f"installing {', '.join(missing)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "-qy", "install", "--no-install-recommends", *missing]
    for command in (install, ["apt-get", "-q", "update"], install):
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if command is install and done.returncode == 0:
            return
    raise EngineError(f"apt-get install {' '.join(missing)}: {last_line(done.stderr)}")


def _indextargets(*options: str) -> str:
    command = ["apt-get", *options, "indextargets"]
    return subprocess.run(command, capture_output=True, text=True).stdout


def digest(*parts: str) -> str:
    """Return a short name for a list of texts that changes when one of them does."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
