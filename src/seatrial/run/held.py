"""What this machine and its engine hold that a run may depend on, asked for quickly."""

from __future__ import annotations

import json
import os
import platform
import re
import site
import sys
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import unquote, urlsplit

from seatrial.errors import EngineUnavailableError
from seatrial.run.engines import Engine, ask

#: Where Debian's own tools keep which packages are installed.
_DEBIAN = Path("/var/lib/dpkg/status")
# of the environment, what a page can see and no other input tells: neither the address of the
# engine, which may move, nor where temporary files are
_SEEN = re.compile(
    r"PATH|USER|LOGNAME|TZ|SSL_CERT_\w+|(?:https?|no)_proxy|(?:HTTPS?|NO)_PROXY"
    r"|DOCKER_(?!HOST$|CONFIG$)\w+|COMPOSE_API_VERSION"
)
_LISTED = "{{.Repository}}:{{.Tag}} {{.ID}}"


def images(engine: Engine) -> dict[str, str]:
    """Return the tagged images that an engine holds, each with its identifier; one call.

    Raises EngineUnavailableError where the engine does not answer any more.
    """
    command = ["docker", "image", "ls", "--no-trunc", "--format", _LISTED]
    # an engine without images says nothing, and so does one that is gone
    if (said := ask(command, engine.environment)) is None:
        if ask(["docker", "version", "--format", "{{.Server.Version}}"], engine.environment):
            return {}
        raise EngineUnavailableError(f"the Docker engine at {engine.host} went away")
    # a program that stands in for `docker` may say anything
    named = (line.split(" ") for line in said.splitlines() if "<none>" not in line)
    return {words[0]: words[1] for words in named if len(words) == 2}


def kind_of_address(host: str) -> str:
    """Return how an engine is reached: "unix", "tcp" or "ssh"."""
    return host.partition("://")[0]


def variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of an environment that a page can see."""
    return {name: value for name, value in environment.items() if _SEEN.fullmatch(name)}


def installed() -> list[str]:
    """Return the Python packages that pages can import, as the names of their metadata."""
    folders = {*site.getsitepackages(), *([site.USER_SITE] if site.USER_SITE else [])}
    found = (Path(folder).glob("*.*-info") for folder in sorted(folders))
    return sorted(path.name for paths in found for path in paths)


def in_place() -> list[Path]:
    """Return the folders of Python packages that are used where their sources lie."""
    folders = []
    for found in distributions():
        said = found.read_text("direct_url.json")
        url = json.loads(said) if said else {}
        if url.get("dir_info", {}).get("editable"):
            folders.append(Path(unquote(urlsplit(url["url"]).path)))
    return sorted(folders)


def machine() -> dict[str, str]:
    """Return what tells this machine from itself at another time: system, Python, packages."""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    packages = _DEBIAN.read_text(errors="replace") if os.access(_DEBIAN, os.R_OK) else ""
    return {"this machine's system": system, "its packages": packages, "Python": sys.version}
