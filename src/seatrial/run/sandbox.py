"""A fresh private copy of the sample project, its Compose project, and nothing left afterwards.

What a sandbox makes is known by the labels that Compose puts on it: the project's name and the
folder it was started from, which is ours alone.  A ledger in the user's cache names the sandboxes
that are open, so that what a killed run left is swept by the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import docker
import docker.errors
import requests
import yaml

from seatrial.errors import EngineUnavailableError, SandboxError
from seatrial.run import layer
from seatrial.transcript.blocks import Edit
from seatrial.transcript.edits import edited
from seatrial.transcript.record import write_whole
from seatrial.transcript.spelling import COMMANDS, FOLDER, PROJECT

MARK = "SEATRIAL_SANDBOX"
#: The variable that names the address of an engine of which we know what is in it.
PRIVATE = "SEATRIAL_PRIVATE_ENGINE"
#: Where a reader's copy of the project would lie; no path of this machine gets into a record.
HOME = "/home/you"
_VENV = f"{HOME}/venv"

_SERVER = "{{.Server.Version}} {{.Server.APIVersion}} {{.Server.MinAPIVersion}}"
# what apt and pip say of where they fetch from: this machine's business, and no reader's
_MIRROR = re.compile(r"\b((?:Get|Hit|Ign|Err):\d+ https?|Looking in indexes: https?)://[^/\s]+")
_COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_NOT_COPIED = shutil.ignore_patterns(".git", "__pycache__", "*.pyc", ".venv", "node_modules")
_PASSED_ON = re.compile(
    r"PATH|USER|LOGNAME|TMPDIR|TZ|SSL_CERT_\w+|(?:https?|no)_proxy|(?:HTTPS?|NO)_PROXY|DOCKER_\w+"
)


@dataclass(frozen=True)
class Engine:
    """A Docker engine that answers, with the Compose of one spelling."""

    spelling: str
    host: str
    environment: Mapping[str, str] = field(default_factory=dict)
    # what a terminal needs to reach it
    tools: Mapping[str, str] = field(default_factory=dict)
    # name -> version
    private: bool = False
    # ours alone, with known images in it (engine/)


#: The last API in which an engine tells Compose 1.29 what it reads of images when it recreates a
#: container: later ones leave ContainerConfig out (docker/compose#11742).
COMPOSE_1_API = "1.44"


def find_engine(spelling: str) -> Engine:
    """Return the engine that `docker` talks to, with the Compose of a spelling.

    Raises EngineUnavailableError, with what to install.
    """
    environment = {k: v for k, v in os.environ.items() if _PASSED_ON.fullmatch(k)}
    environment.setdefault("DOCKER_CONFIG", str(Path.home() / ".docker"))
    server = ask(["docker", "version", "--format", _SERVER], environment)
    if server is None:
        raise EngineUnavailableError(
            "no Docker engine answers",
            hint="install Docker (https://docs.docker.com/get-docker/), and start it",
        )
    server, *apis = server.split(" ")
    command = COMMANDS[spelling].split()
    compose = ask([*command, "version", "--short"], environment)
    if compose is None or compose.startswith("1.") != (spelling == "v1"):
        raise EngineUnavailableError(
            f"Docker answers, but `{COMMANDS[spelling]}` "
            + ("does not" if compose is None else f"is Compose {compose}"),
            hint="install Compose 1.29 or leave that spelling out"
            if spelling == "v1"
            else "install the Compose plugin (package docker-compose-plugin or docker-compose-v2)",
        )
    if spelling == "v1":
        environment |= _for_compose_1(apis, environment)
    host = environment.get("DOCKER_HOST") or ask(
        ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"], environment
    )
    environment["DOCKER_HOST"] = host or "unix:///var/run/docker.sock"
    tools = {"Docker": server, "Compose": compose.removeprefix("v")}
    host = environment["DOCKER_HOST"]
    return Engine(spelling, host, environment, tools, os.environ.get(PRIVATE) == host)


def _for_compose_1(apis: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with which Compose 1.29 can recreate containers on an engine.

    `apis` are the engine's latest and its oldest API.  Raises EngineUnavailableError where none
    would do: containerd's image store tells no ContainerConfig in any API.
    """
    store = ask(["docker", "info", "--format", "{{.DriverStatus}}"], environment) or ""
    if "io.containerd.snapshotter" in store:
        raise EngineUnavailableError(
            "the engine keeps images in containerd's store, where Compose 1.29 cannot recreate "
            "containers (KeyError: 'ContainerConfig')",
            hint='set {"features": {"containerd-snapshotter": false}} in daemon.json, or leave '
            "that spelling out",
        )
    latest, oldest = (_numbers(api) for api in (*apis, "", "")[:2])
    if oldest > _numbers(COMPOSE_1_API):
        raise EngineUnavailableError(
            f"the engine knows no API before {apis[1]}, and Compose 1.29 can recreate containers "
            f"with none after {COMPOSE_1_API}",
            hint="leave that spelling out",
        )
    # an older engine refuses a later API than its own
    wanted = COMPOSE_1_API if latest > _numbers(COMPOSE_1_API) else apis[0] if apis else ""
    return {"COMPOSE_API_VERSION": wanted} if wanted else {}


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of an API's version."""
    return tuple(map(int, re.findall(r"\d+", version)))


def ask(
    command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None
) -> str | None:
    """Return what a program says, or None if it is not there or fails."""
    try:
        done = subprocess.run(
            list(command),
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 and done.stdout.strip() else None


class Sandbox:
    """A copy of the project in a folder of its own, until it is closed.

    `source` is the folder of the pages, `beneath` the environment whose Python packages they see
    (without it: that of this process).  Waits `patience` seconds for another run to end, or as
    long as that takes.  Raises SandboxError where it did not, or a project of that name or one of
    its ports is already in use.
    """

    def __init__(
        self,
        project: Path | None,
        engine: Engine | None,
        *,
        source: Path | None = None,
        beneath: layer.Environment | None = None,
        patience: float | None = None,
    ) -> None:
        self.engine = engine
        self.project = project.name if project is not None else "sandbox"
        self._lock = _lock(patience)
        self._mark = secrets.token_hex(8)
        try:
            sweep(locked=True)
            self._compose = _compose_file(project)
            if engine is not None:
                self._refuse_where_taken(engine)
            self._root = Path(tempfile.mkdtemp(prefix="seatrial-")).resolve()
            self._home, self._layer = self._root / "you", self._root / "venv"
            self.folder = self._home / self.project
            self._entry = _state() / f"{self._mark}.json"
            self._keep({})
            self._home.mkdir()
            beneath = beneath or layer.running()
            layer.make(self._layer, beneath)
            self._shown = {**layer.neutral(_VENV), **_checkout(source)}
            self._shown |= {str(self._home): HOME, str(self._layer): _VENV}
            if engine is not None and (config := engine.environment.get("DOCKER_CONFIG")):
                self._shown[config] = f"{HOME}/.docker"
            if beneath.own:
                self._shown[str(beneath.programs.parent)] = _VENV
            if project is None:
                self.folder.mkdir()
            else:
                shutil.copytree(project, self.folder, symlinks=True, ignore=_NOT_COPIED)
            if engine is not None:
                with _client(engine.host) as client:
                    self._keep(_tags(client, self.project))
        except BaseException:
            self.close()
            raise

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of this sandbox's terminals."""
        base = dict(self.engine.environment) if self.engine else {"PATH": os.environ["PATH"]}
        own = self._home / ".local"
        return {
            **base,
            "PATH": layer.search_path(base["PATH"], (self._layer / "bin", own / "bin")),
            "HOME": str(self._home),
            # what a page installs for all users is installed for the page alone, or not at all
            "NPM_CONFIG_PREFIX": str(own),
            "PIP_REQUIRE_VIRTUALENV": "1",
            MARK: self._mark,
        }

    @property
    def healthchecks(self) -> tuple[str, ...]:
        """Return the commands by which the engine checks the project's services."""
        found = []
        for service in (self._compose.get("services") or {}).values():
            test = (service.get("healthcheck") or {}).get("test")
            if isinstance(test, str):
                test = ["CMD-SHELL", test]
            if test:
                shell = ["/bin/sh", "-c"] if test[0] == "CMD-SHELL" else []
                found.append(" ".join([*shell, *test[1:]]))
        return tuple(found)

    def scrub(self, line: str) -> str:
        """Return a line without paths of this machine and the names of its package mirrors."""
        for path in sorted(self._shown, key=len, reverse=True):
            if path in line:
                # not where it is only the beginning of a longer name
                line = re.sub(rf"{re.escape(path)}(?![\w-])", self._shown[path], line)
        return _MIRROR.sub(r"\1://mirror", line)

    def apply(self, edit: Edit) -> None:
        """Change a file as a page asks.

        Raises SandboxError where the context is not found exactly once.
        """
        path = self._path(edit.file, edit.where)
        old = path.read_text(encoding="utf-8") if path.exists() else None
        if old is None and (edit.was or len(edit.new) < len(edit.lines)):
            raise SandboxError(
                f"there is no file {edit.file} to change",
                where=edit.where,
                hint="name a file of the sample project, or mark every line as new",
            )
        self.write(edit.file, edited(old, edit))

    def write(self, file: str, text: str) -> str | None:
        """Give a file of the project another text, and return the one that it had, if any.

        Raises SandboxError where it lies outside the project, or publishes a port that is taken.
        """
        path = self._path(file)
        old = path.read_text(encoding="utf-8") if path.exists() else None
        if file in _COMPOSE_FILES:
            before = {port for _, port in _published(self._compose)}
            self._compose = _parsed(text, path)
            _refuse_ports(pair for pair in _published(self._compose) if pair[1] not in before)
        path.parent.mkdir(parents=True, exist_ok=True)
        # in place, not by a rename: a bind mount of a single file must see the change too
        path.write_text(text, encoding="utf-8", newline="")
        return old

    def _path(self, file: str, where: str = "") -> Path:
        """Return the path of a file of the project."""
        path = (self.folder / file).resolve()
        if not path.is_relative_to(self.folder):
            raise SandboxError(f"{file} lies outside the project", where=where)
        return path

    def adopt(self, volumes: Sequence[str]) -> None:
        """Take anonymous volumes of this project's containers as this sandbox's own."""
        entry = json.loads(self._entry.read_text(encoding="utf-8"))
        if set(volumes) - set(entry["volumes"]):
            entry["volumes"] = sorted({*entry["volumes"], *volumes})
            write_whole(self._entry, json.dumps(entry))

    def close(self) -> None:
        """Remove all that the sandbox made, and the sandbox."""
        try:
            if hasattr(self, "_entry"):
                _remove(self._entry)
        finally:
            self._lock.close()

    def _keep(self, images: Mapping[str, str]) -> None:
        """Write this sandbox into the ledger."""
        entry = {
            "mark": self._mark,
            "root": str(self._root),
            "folder": str(self.folder),
            "project": self.project,
            "host": self.engine.host if self.engine else "",
            "images": dict(images),
            # tag -> id of the images that bore the project's name before
            "volumes": [],
        }
        write_whole(self._entry, json.dumps(entry))

    def _refuse_where_taken(self, engine: Engine) -> None:
        """Raise SandboxError where the project's name or a port of it is in use."""
        with _client(engine.host) as client:
            others = client.containers.list(
                all=True, filters={"label": f"{PROJECT}={self.project}"}, ignore_removed=True
            )
            volumes = client.volumes.list(filters={"label": f"{PROJECT}={self.project}"})
        if others or volumes:
            folder = others[0].labels.get(FOLDER, "") if others else ""
            of = f" (started in {folder})" if folder else ""
            raise SandboxError(
                f"there is already a Compose project named {self.project!r}{of}",
                hint=f"stop it with `docker compose -p {self.project} down`, which keeps its "
                "volumes; if it is not needed any more, add `-v`",
            )
        _refuse_ports(_published(self._compose))


def _checkout(source: Path | None) -> dict[str, str]:
    """Return what to show in place of the folder that the pages are kept in with their project."""
    if source is None:
        return {}
    folders = (source, *source.parents)
    top = next((each for each in folders if (each / ".git").exists()), source)
    # a folder of the root, such as `/app`, may well be one of a container too
    return {str(top): f"{HOME}/checkout"} if len(top.parts) > 2 else {}


def _refuse_ports(published: Iterable[tuple[str, int]]) -> None:
    """Raise SandboxError where somebody listens already on a port of this machine."""
    for address, port in published:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                raise SandboxError(
                    f"port {port} of {address} is already in use",
                    hint=f"find out by whom with `ss -ltnp 'sport = :{port}'` and stop it",
                ) from error


def sweep(*, locked: bool = False) -> int:
    """Remove what killed runs left, and return how many sandboxes that were.

    Waits for a run that is under way, unless the caller holds the lock already.
    """
    with contextlib.nullcontext() if locked else contextlib.closing(_lock()):
        entries = sorted(_state().glob("*.json"))
        return sum(_remove(entry) for entry in entries)


def _remove(entry: Path) -> bool:
    """Remove what a ledger entry names, then the entry; keep it where its engine is away."""
    try:
        data = json.loads(entry.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except ValueError:
        entry.unlink()
        return False
    _kill(data["mark"], Path(data["root"]))
    if data["host"]:
        try:
            with _client(data["host"]) as client:
                _remove_from(client, data)
        except EngineUnavailableError:
            # nothing of it runs while its engine does not; it is swept once that is back
            shutil.rmtree(data["root"], ignore_errors=True)
            return False
    shutil.rmtree(data["root"], ignore_errors=True)
    entry.unlink(missing_ok=True)
    return True


def _remove_from(client: docker.DockerClient, data: Mapping[str, Any]) -> None:
    """Remove a sandbox's containers, networks, volumes and images from its engine."""
    label = f"{PROJECT}={data['project']}"
    containers = client.containers.list(all=True, filters={"label": label}, ignore_removed=True)
    mine = [c for c in containers if c.labels.get(FOLDER) == data["folder"]]
    for container in mine:
        with contextlib.suppress(docker.errors.APIError):
            container.remove(force=True, v=True)
    if len(mine) < len(containers):
        # somebody has started a project of the same name since: what is left may be theirs
        return
    for network in client.networks.list(filters={"label": label}):
        with contextlib.suppress(docker.errors.APIError):
            network.remove()
    named = [volume.name for volume in client.volumes.list(filters={"label": label})]
    for name in [*named, *data["volumes"]]:
        with contextlib.suppress(docker.errors.APIError):
            client.volumes.get(name).remove(force=True)
    for tag, identifier in _tags(client, data["project"]).items():
        before = data["images"].get(tag)
        if before == identifier:
            continue
        with contextlib.suppress(docker.errors.APIError):
            # parents stay: they are the cache of the next build
            client.images.remove(tag, force=True, noprune=True)
            if before:
                client.images.get(before).tag(tag)


def _tags(client: docker.DockerClient, project: str) -> dict[str, str]:
    """Return tag -> id of the images that Compose would name after the project."""
    named = re.compile(rf"{re.escape(project)}[-_][a-z0-9_-]+:latest")
    return {
        tag: str(image.id)
        for image in client.images.list()
        for tag in image.tags
        if named.fullmatch(tag)
    }


def _kill(mark: str, root: Path) -> None:
    """Kill the processes that a sandbox's terminals started, where the system lists them."""
    sign = f"{MARK}={mark}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            marked = sign in (process / "environ").read_bytes().split(b"\0")
            if marked or _is_daemon_in(process, root):
                os.kill(int(process.name), signal.SIGKILL)


def _is_daemon_in(process: Path, root: Path) -> bool:
    """Tell whether a process without a terminal works in a folder.

    A daemon may have lost its mark, by `env -i` or where it wrote its title over it.  What has a
    terminal is somebody's shell, who looks at the sandbox, or is killed with a terminal of ours.
    """
    if not (process / "cwd").readlink().is_relative_to(root):
        return False
    # proc(5): after the command come state, ppid, pgrp, session, terminal
    return (process / "stat").read_text().rpartition(")")[2].split()[4] == "0"


@contextlib.contextmanager
def _client(host: str) -> Iterator[docker.DockerClient]:
    """Yield a client of an engine, and say so in one sentence where it does not answer."""
    try:
        client = docker.DockerClient(base_url=host, timeout=60)
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise EngineUnavailableError(f"no Docker engine answers at {host}") from error
    try:
        yield client
    except requests.RequestException as error:
        raise EngineUnavailableError(f"the Docker engine at {host} went away") from error
    finally:
        client.close()


def _state() -> Path:
    """Return the folder of the ledger, in the user's cache."""
    folder = layer.cache() / "sandboxes"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _lock(patience: float | None = None) -> IO[str]:
    """Return the lock that one run at a time holds, waiting for it with a word of why.

    Raises SandboxError where the other run did not end within `patience` seconds.
    """
    file = (_state() / "lock").open("a+", encoding="utf-8")
    if not _locked(file, 0):
        file.seek(0)
        holder = file.read().strip()
        if patience is None:
            print(f"seatrial: waiting for another run (process {holder})", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        elif not _locked(file, patience):
            file.close()
            raise SandboxError(
                f"another run has the sample project (process {holder})",
                hint="shut down the kernels of other notebooks, or wait for that run to end",
            )
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _locked(file: IO[str], patience: float) -> bool:
    """Take a lock as soon as it is free, and tell whether that was within some seconds."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
        time.sleep(0.1)  # the system has no wait for a lock that ends by itself


def _compose_file(project: Path | None) -> dict[str, Any]:
    """Return a project's Compose file, or nothing if it has none."""
    paths = [project / name for name in _COMPOSE_FILES] if project is not None else []
    path = next((path for path in paths if path.is_file()), None)
    return _parsed(path.read_text(encoding="utf-8"), path) if path else {}


def _parsed(text: str, path: Path) -> dict[str, Any]:
    """Return what a Compose file says."""
    try:
        return dict(yaml.safe_load(text) or {})
    except (yaml.YAMLError, ValueError) as error:
        raise SandboxError(f"{path.name} cannot be read: {error}", where=str(path)) from error


def _published(compose: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield the addresses and ports of this machine that a Compose file publishes."""
    for service in (compose.get("services") or {}).values():
        for entry in service.get("ports") or ():
            if isinstance(entry, dict):
                address, port = entry.get("host_ip", "0.0.0.0"), str(entry.get("published", ""))
            else:
                parts = str(entry).partition("/")[0].rsplit(":", 2)
                port = parts[-2] if len(parts) > 1 else ""
                address = parts[0] if len(parts) == 3 else "0.0.0.0"
            if port.isdigit():
                yield address, int(port)
