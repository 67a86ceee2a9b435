"""The Docker engine that answers, and the Compose of one spelling on it."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import docker
import docker.errors
import requests

from seatrial.errors import EngineUnavailableError
from seatrial.transcript.spelling import COMMANDS, OLD

#: The variable that names the address of an engine of which we know what is in it.
PRIVATE = "SEATRIAL_PRIVATE_ENGINE"
#: The last API in which an engine tells Compose 1.29 what it reads of images when it recreates a
#: container: later ones leave ContainerConfig out (docker/compose#11742).
COMPOSE_1_API = "1.44"

_SERVER = "{{.Server.Version}} {{.Server.APIVersion}} {{.Server.MinAPIVersion}}"
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
    if compose is None or compose.startswith("1.") != (spelling == OLD):
        raise EngineUnavailableError(
            f"Docker answers, but `{COMMANDS[spelling]}` "
            + ("does not" if compose is None else f"is Compose {compose}"),
            hint="install Compose 1.29 or leave that spelling out"
            if spelling == OLD
            else "install the Compose plugin (package docker-compose-plugin or docker-compose-v2)",
        )
    if spelling == OLD:
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


@contextlib.contextmanager
def client_of(host: str) -> Iterator[docker.DockerClient]:
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
