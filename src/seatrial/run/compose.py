"""A project's Compose file: the ports that it publishes, and how its services are checked."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from seatrial.errors import SandboxError
from seatrial.transcript.folders import COMPOSE_FILES


@dataclass(frozen=True)
class ComposeFile:
    """What a Compose file says; nothing where a project has none."""

    content: Mapping[str, Any] = field(default_factory=dict)

    @property
    def published(self) -> tuple[tuple[str, int], ...]:
        """Return the addresses and ports of this machine that services publish."""
        return tuple(_published(self._services))

    @property
    def _services(self) -> tuple[Mapping[str, Any], ...]:
        return tuple((self.content.get("services") or {}).values())


def compose_file(project: Path | None) -> ComposeFile:
    """Return a project's Compose file; raises SandboxError where it cannot be read."""
    paths = [project / name for name in COMPOSE_FILES] if project is not None else []
    path = next((path for path in paths if path.is_file()), None)
    return parsed(path.read_text(encoding="utf-8"), path) if path else ComposeFile()


def parsed(text: str, path: Path) -> ComposeFile:
    """Return what a Compose file says; raises SandboxError where it is no YAML."""
    try:
        return ComposeFile(dict(yaml.safe_load(text) or {}))
    except (yaml.YAMLError, ValueError) as error:
        raise SandboxError(f"{path.name} cannot be read: {error}", where=str(path)) from error


def refuse_taken(published: Iterable[tuple[str, int]]) -> None:
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


def _published(services: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    """Yield the addresses and ports of this machine that services publish."""
    for service in services:
        for entry in service.get("ports") or ():
            if isinstance(entry, dict):
                address, port = entry.get("host_ip", "0.0.0.0"), str(entry.get("published", ""))
            else:
                parts = str(entry).partition("/")[0].rsplit(":", 2)
                port = parts[-2] if len(parts) > 1 else ""
                address = parts[0] if len(parts) == 3 else "0.0.0.0"
            if port.isdigit():
                yield address, int(port)
