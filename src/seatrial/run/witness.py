"""Who listens to the engine's events while steps run.

Delivery takes milliseconds; nothing waits for it except where a later step could be taken for the
cause.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import docker
import docker.errors
import requests

from seatrial.errors import EngineUnavailableError
from seatrial.run.log import Event, Log
from seatrial.transcript.spelling import PROJECT

# how long (seconds) to wait for the end of an exec that the engine reports late
_PATIENCE = 1.0
# how often (seconds) to look whether containers are healthy
_OFTEN = 0.2

# what brings images whose names no event tells
_BRINGS_IMAGES = frozenset({("image", "pull"), ("image", "load"), ("image", "import")})


class Witness:
    """Listens to the engine's events for one project until it is closed.

    One that cannot listen any more must not look like one that saw nothing: whoever asks it then is
    told so by an EngineUnavailableError.
    """

    def __init__(self, host: str, project: str) -> None:
        self._log = Log(project)
        self._project = project
        self._closing = False
        self._lost = ""
        # why nothing more is heard
        self._news = threading.Condition()
        with contextlib.ExitStack() as opened:
            try:
                self._client = docker.DockerClient(base_url=host, timeout=60)
                opened.callback(self._client.close)
                self._stream = self._client.events(decode=True)
            except (docker.errors.DockerException, requests.RequestException) as error:
                problem = f"the engine's events cannot be read: {error}"
                raise EngineUnavailableError(problem) from error
            opened.pop_all()
        self._learn_names()
        self._thread = threading.Thread(target=self._listen, name="witness", daemon=True)
        self._thread.start()

    @property
    def volumes(self) -> frozenset[str]:
        """Return the anonymous volumes that containers of the project have mounted."""
        return frozenset(self._log.volumes)

    def images(self, *, ours: bool) -> dict[str, str]:
        """Return the images that containers were made from, each with the version of its program.

        Official images have it in a label or a variable.  A program is only asked for it where the
        engine is `ours`: nobody else wants containers that they did not ask for.
        """
        with self._news:
            names = sorted(self._log.images)
        found = {}
        for name in names:
            with contextlib.suppress(docker.errors.DockerException, requests.RequestException):
                image = self._client.images.get(name)
                version = _version_said(image.attrs.get("Config") or {}, name)
                if not version and ours:
                    key = str(image.id)
                    if key not in _ASKED:
                        _ASKED[key] = _version_asked(self._client, name)
                    version = _ASKED[key]
                found[name] = version
        return found

    def stand_ins(self) -> dict[str, str]:
        """Return service -> the official image for which it ran on a stand-in."""
        with self._news:
            return dict(sorted(self._log.stand_ins.items()))

    def typed(self, lines: Sequence[str]) -> None:
        """Take in lines before they are typed: the removal of an image that they name is told."""
        with self._news:
            self._log.names.typed(lines)

    def await_health(self, seconds: float) -> None:
        """Wait, for so long at most, until no container waits for its first health check.

        Raises EngineUnavailableError where the engine does not answer.
        """
        until = time.monotonic() + seconds
        starting: dict[str, Any] = {"label": f"{PROJECT}={self._project}", "health": "starting"}
        while time.monotonic() < until:
            try:
                if not self._client.containers.list(filters=starting, ignore_removed=True):
                    return
            except (docker.errors.DockerException, requests.RequestException) as error:
                raise EngineUnavailableError(
                    f"the engine does not tell whether containers are healthy: {error}",
                    hint="check whether the engine was stopped or restarted, and run this again",
                ) from error
            time.sleep(_OFTEN)

    def under_way(self) -> frozenset[str]:
        """Return the execs and the containers of `run` that somebody is attached to, by identifier.

        Such as one that holds another terminal.
        """
        with self._news:
            self._refuse_if_lost()
            return frozenset(self._log.under_way)

    def settle(self, before: frozenset[str]) -> None:
        """Wait until nothing is under way but what was before, at most a second.

        The engine reports the end of an exec and of a container of `run`, and that it removed one
        of `run --rm`, some milliseconds after the command returned.
        """
        with self._news:
            self._wait(lambda: self._log.under_way <= before)

    def await_start(self) -> None:
        """Wait until each one-off container that was created has started, at most a second.

        A program in a container may ask for input before the engine reports that it was started.
        """
        with self._news:
            self._wait(lambda: not self._log.unstarted)

    def catch_up(self, start: int) -> None:
        """Wait until all that the engine has told since a moment has arrived, at most a second.

        The engine gives its latest events at once to who asks for those of the past (its API:
        `GET /events` with `until`): the last of them is then what to wait for.
        """
        try:
            told = self._client.events(  # the SDK passes on what is no datetime as it is
                since=_seconds(start),  # type: ignore[call-overload]
                until=_seconds(now()),
                decode=True,
            )
            last = max((int(raw.get("timeNano", 0)) for raw in told), default=0)
        except (docker.errors.DockerException, requests.RequestException) as error:
            raise EngineUnavailableError(
                f"the engine does not answer any more: {error}",
                hint="start it, with `make engine` where it is this project's, and run this again",
            ) from error
        with self._news:
            self._wait(lambda: self._log.latest >= last)

    def between(self, start: int, end: int) -> tuple[Event, ...]:
        """Return the events of a window, in nanoseconds since the epoch."""
        with self._news:
            self._refuse_if_lost()
            return self._log.between(start, end)

    def close(self) -> None:
        """Stop listening, once what was sent has arrived."""
        before = -1
        while before != len(self._log):
            before = len(self._log)
            with self._news:
                self._news.wait(timeout=0.03)
        self._closing = True
        with contextlib.suppress(Exception):
            self._stream.close()
        self._client.close()
        self._thread.join(timeout=2)

    def _listen(self) -> None:
        """Take in events until the stream is closed, and keep why it was, if not by us."""
        why = "the engine closed the connection"
        try:
            for raw in self._stream:
                check, vanishes = self._asked(raw)
                if (raw.get("Type"), raw.get("Action")) in _BRINGS_IMAGES:
                    self._learn_names()
                with self._news:
                    self._log.healthchecks.add(check)
                    if vanishes:
                        self._log.vanishing.add(raw["id"])
                    self._log.take(raw)
                    self._news.notify_all()
        except Exception as error:  # whatever ends this thread has to be told by the other one
            why = str(error) or type(error).__name__
        with self._news:
            self._lost = "" if self._closing else why
            self._news.notify_all()

    def _learn_names(self) -> None:
        """Ask the engine what its images are called: of one that goes, it tells no name."""
        with contextlib.suppress(docker.errors.DockerException, requests.RequestException):
            for image in self._client.api.images():
                with self._news:
                    self._log.names.known(str(image["Id"]), image.get("RepoTags") or ())

    def _asked(self, raw: Mapping[str, Any]) -> tuple[str, bool]:
        """Return how the engine will check a new container, and whether it will remove it.

        It is asked: an image may bring a check, a reader may edit the Compose file, and no event
        tells of ``--rm``.
        """
        if (raw.get("Type"), raw.get("Action")) == ("container", "create"):
            with contextlib.suppress(docker.errors.DockerException, requests.RequestException):
                made = self._client.api.inspect_container(raw["id"])
                return healthcheck(made["Config"]), bool(made["HostConfig"].get("AutoRemove"))
        return "", False

    def _wait(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds, at most a second; the caller has the lock."""
        self._news.wait_for(lambda: bool(self._lost) or holds(), timeout=_PATIENCE)
        self._refuse_if_lost()

    def _refuse_if_lost(self) -> None:
        """Raise EngineUnavailableError where the engine tells nothing any more."""
        if self._lost:
            raise EngineUnavailableError(
                f"the engine's events ended while the page ran: {self._lost}",
                hint="check whether the engine was stopped or restarted, and run the page again",
            )


# how the programs of some images tell their version
_ASK = {
    "postgres": ("postgres", "--version"),
    "python": ("python3", "--version"),
    "nginx": ("nginx", "-v"),
    "haproxy": ("haproxy", "-v"),
}


# image's identifier -> the version that its program printed: nobody has to be asked twice
_ASKED: dict[str, str] = {}


def healthcheck(config: Mapping[str, Any]) -> str:
    """Return the command by which a container is checked, as events name it; empty if by none."""
    test = (config.get("Healthcheck") or {}).get("Test") or [""]
    shell = (config.get("Shell") or ["/bin/sh", "-c"]) if test[0] == "CMD-SHELL" else []
    return " ".join([*shell, *test[1:]])


def _version_said(config: Mapping[str, Any], name: str) -> str:
    """Return the version that an image names itself, if any."""
    said: str = (config.get("Labels") or {}).get("org.opencontainers.image.version", "")
    program = name.partition(":")[0].rpartition("/")[2]
    variables = dict(pair.partition("=")[::2] for pair in config.get("Env") or ())
    known = {"postgres": "PG"}.get(program, program.upper())
    return said or variables.get(f"{known}_VERSION", "")


def _version_asked(client: docker.DockerClient, name: str) -> str:
    """Return the version that an image's program prints, if it is known how to ask."""
    ask = _ASK.get(name.partition(":")[0])
    if ask is None:
        return ""
    asked = client.containers.create(name, [ask[1]], entrypoint=ask[0], network_disabled=True)
    try:
        asked.start()
        asked.wait()
        said = asked.logs(stdout=True, stderr=True)
    finally:
        # with the volumes that the image asks for, which the SDK's own removal leaves behind
        asked.remove(v=True, force=True)
    found = re.search(rb"\d+\.[\d.]*\d", said)
    return found.group().decode() if found else ""


def _seconds(moment: int) -> str:
    """Return a moment as the engine's API reads it: seconds, a point, nanoseconds."""
    return f"{moment // 1_000_000_000}.{moment % 1_000_000_000:09}"


def now() -> int:
    """Return the moment on the clock that the engine stamps its events with."""
    return time.time_ns()
