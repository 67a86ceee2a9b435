"""The first process of a program in a container, as this machine numbers it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import docker
import docker.errors
import requests

from seatrial.run.log import Event


class Insides:
    """Finds the processes of containers of an engine on this machine.

    Of an engine elsewhere, or of another user's, it finds nothing.
    """

    def __init__(self, host: str) -> None:
        self._client = (
            docker.DockerClient(base_url=host, timeout=10) if host.startswith("unix://") else None
        )
        self._found: dict[str, int] = {}
        # identifier of an exec or a container -> its process

    def process(self, opened: Event) -> int | None:
        """Return the process of what an event says that it was started; None if unknown."""
        key = opened.execution or opened.actor
        if self._client is None:
            return None
        if key not in self._found:
            number = 0
            with contextlib.suppress(docker.errors.DockerException, requests.RequestException):
                if opened.execution:
                    number = self._client.api.exec_inspect(key).get("Pid") or 0
                else:
                    number = self._client.api.inspect_container(key)["State"]["Pid"]
            if not number:
                return None
            if not _is_in(number, opened.actor):
                # another machine's number, or nothing that we may look at
                self._client.close()
                self._client = None
                return None
            self._found[key] = number
        return self._found[key]

    def close(self) -> None:
        """Close the connection to the engine."""
        if self._client is not None:
            self._client.close()


def _is_in(process: int, container: str) -> bool:
    """Tell whether a process of this machine belongs to a container (cgroups(7))."""
    try:
        return container in Path(f"/proc/{process}/cgroup").read_text()
    except OSError:
        return False
