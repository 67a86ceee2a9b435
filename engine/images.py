"""Stand-ins under the official images' tags, made of packages of Debian and of Python's index."""

import configparser
import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import packages
import rootless
from daemon import Engine
from report import EngineError, emptied, say

RECIPES = Path(__file__).resolve().parent / "recipes"
LABEL = "org.seatrial.recipe"
CERTIFICATE_VARIABLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True)
class Image:
    """A stand-in: the folder of its recipe, its official tags, and what it is built on."""

    recipe: str
    tags: tuple[str, ...]
    base: str | None
    # The first tag of the image that it is built on.
    arguments: tuple[str, ...] = ()
    # What its recipe is told: the recipe may make several.

    @property
    def name(self) -> str:
        """The image's first tag, which no other image has."""
        return self.tags[0]


DEBIAN, PYTHON = "debian:trixie-slim", "python:3.13-slim-trixie"
POSTGRES_18 = ("MAJOR=18", "SUITE=testing", "VOLUME=/var/lib/postgresql", "BELOW=/18/docker")
IMAGES = (
    Image("debian", (DEBIAN,), None),
    Image("python", (PYTHON, "python:3.13-slim"), DEBIAN),
    Image("postgres", ("postgres:17",), DEBIAN),
    Image("bugsink", ("bugsink/bugsink:2",), PYTHON),
    Image("postgres", ("postgres:18",), DEBIAN, POSTGRES_18),
    Image("seaweedfs", ("chrislusf/seaweedfs:4.48", "chrislusf/seaweedfs:latest"), PYTHON),
    Image("haproxy", ("haproxy:3.0",), DEBIAN),
    Image("nginx", ("nginx:1.26",), DEBIAN),
)
# In the order in which they are built: bases first, then what takes longest.
TAGS = [tag for image in IMAGES for tag in image.tags]


@dataclass(frozen=True)
class Machine:
    """What the images must know of the machine to reach package registries as it does."""

    mirror: str
    certificates: tuple[str, ...]
    # Those that the machine trusts beyond the ones that Debian's ca-certificates brings.
    pip: tuple[tuple[str, str], ...]
    # Environment variables for pip: an index of the machine's own, for example.
    apt: tuple[tuple[str, str], ...]
    # Settings of apt: a proxy, for example.


def own_certificates(bundle: str, known: str) -> tuple[str, ...]:
    """Return the certificates of a bundle that are not among the known ones."""
    pattern = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)
    shipped = {"".join(found.split()) for found in pattern.findall(known)}
    return tuple(
        found for found in pattern.findall(bundle) if "".join(found.split()) not in shipped
    )


def pip_settings(environment: dict[str, str], files: list[Path]) -> dict[str, str]:
    """Return pip's settings as variables: where it finds packages, unless that is on this disk."""
    found: dict[str, str] = {}
    parser = configparser.RawConfigParser()
    parser.read(files)
    for name in ("index-url", "extra-index-url", "trusted-host"):
        variable = "PIP_" + name.upper().replace("-", "_")
        configured = parser.get("global", name, fallback="")
        words = environment.get(variable, configured).split()
        if words := [word for word in words if not word.startswith(("/", ".", "~", "file:"))]:
            found[variable] = " ".join(words)
    return found


def apt_settings(dump: str) -> dict[str, str]:
    """Return the settings in the output of `apt-config dump` that fetching depends on."""
    wanted = r"^(Acquire::(?:https?::Proxy|Check-Valid-Until|Check-Date|Retries)) \"(.+)\";$"
    return dict(re.findall(wanted, dump, re.MULTILINE))


def look_at_machine(mirror: str) -> Machine:
    """Collect what the images must know of the machine."""
    files = [os.environ.get(name, "") for name in CERTIFICATE_VARIABLES]
    bundles = dict.fromkeys(file for file in [*files, BUNDLE] if file and Path(file).is_file())
    bundle = "".join(Path(file).read_text(errors="replace") for file in bundles)
    known = Path("/usr/share/ca-certificates/mozilla").glob("*.crt")
    certificates = own_certificates(bundle, "".join(path.read_text() for path in known))
    names = ("/etc/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")
    configurations = [Path(name).expanduser() for name in names]
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    return Machine(
        mirror,
        tuple(sorted(set(certificates))),
        tuple(sorted(pip_settings(dict(os.environ), configurations).items())),
        tuple(sorted(apt_settings(dump).items())),
    )


def recipe_hash(image: Image, machine: Machine, recipes: Path = RECIPES) -> str:
    """Return a hash that changes when the recipe, its base's or the machine's settings do."""
    parts = [repr(machine), *image.tags, *image.arguments]
    for path in sorted((recipes / image.recipe).rglob("*")):
        if path.is_file():
            parts += [path.name, path.read_text()]
    if image.base is None:
        parts.append(repr(bootstrap_command(machine, Path("recipe"), Path("keyring"))))
    else:
        base = next(other for other in IMAGES if other.name == image.base)
        parts.append(recipe_hash(base, machine, recipes))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def bootstrap_command(machine: Machine, recipe: Path, keyring: Path) -> list[str]:
    """Return the mmdebstrap command, but for the file to write and the program's own path."""
    sources = (
        "Types: deb\n"
        f"URIs: {machine.mirror}\n"
        "Suites: trixie\n"
        "Components: main\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
    )
    command = [
        "--mode=root",
        "--variant=minbase",
        "--include=ca-certificates",
        "--format=tar",
        f"--keyring={keyring}",
        *[f'--aptopt={name} "{value}"' for name, value in machine.apt],
        f"--dpkgopt={recipe / 'dpkg.cfg'}",
    ]
    hooks = [
        f"upload '{recipe / 'apt.conf'}' /etc/apt/apt.conf.d/docker",
        'rm -rf "$1"/etc/apt/sources.list "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin',
        f"printf '%s' '{sources}' > \"$1/etc/apt/sources.list.d/debian.sources\"",
    ]
    for number, certificate in enumerate(machine.certificates):
        place = f'"$1/usr/local/share/ca-certificates/machine-{number}.crt"'
        hooks.append(f"printf '%s' '{certificate}' > {place}")
    if machine.certificates:
        hooks.append('chroot "$1" update-ca-certificates')
    return command + [f"--customize-hook={hook}" for hook in hooks]


def first_error(output: str) -> str:
    """Return what apt, pip or mmdebstrap said first of an error, else the last line."""
    said = re.search(r"\b(?:E|ERROR): (.+)", output)
    return said[1][:300] if said else packages.last_line(output)


class Bench:
    """Where the stand-ins are made: a folder of the cache, the machine's settings, an archive."""

    def __init__(self, cache: Path, archive: packages.Archive, machine: Machine) -> None:
        self.folder = cache / "images"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.archive = archive
        self.machine = machine
        self.hashes = {image.name: recipe_hash(image, machine) for image in IMAGES}
        self.tar = self.folder / f"debian-{self.hashes[DEBIAN][:12]}.tar"
        # The root file system of the stand-in that all others are built on.

    def missing(self, engine: Engine) -> list[Image]:
        """Return the images that an engine lacks or whose recipe has changed since."""
        wanted = '{{range .RepoTags}}{{.}} {{end}}{{index .Config.Labels "' + LABEL + '"}}'
        done = docker(engine, "image", "inspect", "--format", wanted, *TAGS)
        built: dict[str, str] = {}
        for line in done.stdout.splitlines():
            *names, label = line.split(" ")
            built |= dict.fromkeys(names, label)
        return [
            image
            for image in IMAGES
            if any(built.get(tag) != self.hashes[image.name] for tag in image.tags)
        ]

    @contextmanager
    def preparing(self) -> Iterator[None]:
        """Make Debian's root file system, if it is missing, while the caller does other things."""
        if self.tar.exists():
            yield
            return
        tools = self.folder / "tools"
        if not (tools / "usr/bin/mmdebstrap").exists():
            self.archive.unpack(self.archive.release.codename, ("mmdebstrap",), tools)
        with ThreadPoolExecutor(max_workers=1) as worker:
            future = worker.submit(self._bootstrap, tools)
            yield
            if not future.done():
                say("waiting for debian:trixie-slim")
            future.result()

    def _bootstrap(self, tools: Path) -> None:
        for old in self.folder.glob("debian-*"):
            old.unlink()
        # mmdebstrap's own folder lies in ours, so that nothing of a killed one stays elsewhere.
        scratch = emptied(self.folder / "scratch")
        # Its hooks run as root, and apt's download as apt's own user.
        scratch.chmod(0o755)
        partial = self.tar.with_suffix(".partial")
        say("making debian:trixie-slim from Debian's packages, about 45 MB")
        command = bootstrap_command(self.machine, RECIPES / "debian", self.archive.release.keyring)
        source = f"deb {self.machine.mirror} trixie main"
        program = str(tools / "usr/bin/mmdebstrap")
        # It mounts /dev and /proc below its folder. In a mount namespace of its own, nobody else
        # sees them, and they are gone when it ends, even if it is killed.
        bootstrap = ["perl", program, *command, "trixie", str(partial), source]
        run = rootless.apart(*bootstrap, options=["--mount"])
        # It calls another program of its package.
        path = f"{tools / 'usr/bin'}:{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/bin:/bin"
        log = self.folder / "debian.log"
        with log.open("wb") as output:
            done = subprocess.run(
                run,
                env={**os.environ, "PATH": path, "TMPDIR": str(scratch)},
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
            )
        text = log.read_text(errors="replace")
        if done.returncode:
            raise EngineError(f"mmdebstrap: {first_error(text)} (all of it: {log})")
        shutil.rmtree(scratch, ignore_errors=True)
        partial.rename(self.tar)

    def provide(self, engine: Engine) -> None:
        """Build the images that an engine lacks, and remove those that they replace."""
        missing = self.missing(engine)
        if not missing:
            return
        before = self._ids(engine)
        self.build_all(engine, missing)
        # Those that a changed recipe has replaced; Docker keeps what is still in use.
        for replaced in sorted(before - self._ids(engine)):
            docker(engine, "image", "rm", replaced)

    def _ids(self, engine: Engine) -> set[str]:
        return set(docker(engine, "image", "inspect", "-f", "{{.Id}}", *TAGS).stdout.split())

    def build_all(self, engine: Engine, images: list[Image]) -> None:
        """Build images on an engine, two at a time: one fetches while another unpacks."""
        with ThreadPoolExecutor(max_workers=2) as workers:
            started: dict[str, Future[None]] = {}
            for image in images:
                base = started.get(image.base or "")
                started[image.name] = workers.submit(self._build, engine, image, base)
            for future in started.values():
                future.result()

    def _build(self, engine: Engine, image: Image, base: "Future[None] | None") -> None:
        """Build one image on an engine; its tags move only when all of it is done."""
        # Bases come first in IMAGES, so the one that is waited for has a worker of its own.
        if base:
            base.result()
        began = time.monotonic()
        label = f"{LABEL}={self.hashes[image.name]}"
        if image.base is None:
            changes = ['CMD ["bash"]', f"LABEL {label}"]
            variables = dict(self.machine.pip)
            if self.machine.certificates:
                variables |= dict.fromkeys(CERTIFICATE_VARIABLES, BUNDLE)
            changes += [f'ENV {name}="{value}"' for name, value in sorted(variables.items())]
            options = [word for change in changes for word in ("--change", change)]
            done = docker(engine, "import", *options, str(self.tar), image.name)
        else:
            say(f"building {image.name}")
            tags = [word for tag in image.tags for word in ("--tag", tag)]
            told = [word for argument in image.arguments for word in ("--build-arg", argument)]
            folder = str(RECIPES / image.recipe)
            done = docker(engine, "build", "--label", label, *tags, *told, folder)
        log = self.folder / f"{image.name.replace('/', '-')}.log"
        log.write_text(done.stdout + done.stderr)
        if done.returncode:
            why = first_error(done.stdout + done.stderr)
            if image.arguments and "does not have a Release file" in log.read_text():
                say(f"going without {image.name}, which one page is about: {why}")
                return
            raise EngineError(f"building {image.name} failed: {why} (all of it: {log})")
        say(f"{image.name} is on the {engine.name} engine, {time.monotonic() - began:.1f} s")


def held(engine: Engine) -> str:
    """Return a text that changes with the images that an engine holds."""
    stamp = engine.home / "images"
    if stamp.exists():
        # of a user who is not root, whose engine is gone when the images are made
        return stamp.read_text()
    ids = docker(engine, "image", "inspect", "-f", "{{.Id}}", *TAGS).stdout.split()
    return "\n".join([engine.name, *sorted(ids)])


def docker(engine: Engine, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Docker's client on one of our engines."""
    environment = {
        **os.environ,
        "DOCKER_HOST": engine.host,
        "DOCKER_CONFIG": str(engine.programs.config),
        # As the official images are built, on old engines too. The classic builder notes in an
        # image which volumes it had while it was built, and by that note Compose 1.29 gives a new
        # container the volumes of the one before it, whatever the file says by then
        # (get_container_data_volumes in compose/service.py of 1.29.2).
        "DOCKER_BUILDKIT": "1",
        "BUILDKIT_PROGRESS": "plain",
    }
    command = [str(engine.programs.bin / "docker"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True)
