"""The two spellings of Compose, and how the second follows from the first.

Pages are written for Compose 2 and later (``docker compose``, ``example-web-1``); Compose 1.29 says
``docker-compose`` and joins names with underscores.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

#: Which Compose: these two names stand in records, on the command line and in conf.py.
CURRENT, OLD = "v2", "v1"
SPELLINGS = (CURRENT, OLD)
COMMANDS = {CURRENT: "docker compose", OLD: "docker-compose"}
#: What a reader has to know of a spelling's Compose before they rely on it
#: (https://docs.docker.com/compose/releases/migrate/).
SUPPORT = {OLD: "out of support since July 2023"}

#: Labels that both put on what they make.
PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
ONE_OFF = "com.docker.compose.oneoff"
FOLDER = "com.docker.compose.project.working_dir"

# up to the end of the command: what follows may wait for something else
_UP_AND_WAIT = re.compile(r"(\bdocker[ -]compose\b[^|&;]*?\sup\b[^|&;]*?)\s--wait(?=\s|$|[|&;)])")

_OLD_COMMAND = re.compile(rf"{COMMANDS[OLD]}((?: [^\n|;&<>)]+)?)")


def commands_of_old(lines: Iterable[str]) -> dict[str, set[str]]:
    """Return the commands of Compose 1.29 that lines contain, each with its options."""
    found: dict[str, set[str]] = {}
    for match in (match for line in lines for match in _OLD_COMMAND.finditer(line)):
        words = match[1].split()
        name = next((word for word in words if not word.startswith("-")), "")
        options = {word.partition("=")[0] for word in words if word.startswith("-")}
        found.setdefault(name, set()).update(options)
    return found


def respelt(line: str, project: str) -> str:
    """Return a line as Compose 1.29 has it: its command, and names of containers and images.

    Volumes and networks are called ``project_name`` by both.
    """
    line = without_wait(line)
    line = re.sub(r"\bdocker compose\b", "docker-compose", line)
    # the prefix of a log line names service and number alone
    line = re.sub(r"^([a-z][a-z0-9_]*)-(\d+)(?=\s[\s.]*\|)", r"\1_\2", line)
    name = re.escape(project)
    # the engine itself writes a container's name with a slash before it; an image has none
    container = rf"(?<![\w.-]){name}-([a-z][a-z0-9_]*)-(run-)?([0-9a-f]+\b|\.\.\.)"
    line = re.sub(container, _joined(project), line)
    return re.sub(rf"(?<![\w./-]){name}-([a-z][a-z0-9_]*)\b(?![-./])", rf"{project}_\1", line)


def without_wait(line: str) -> str:
    """Return a line whose ``up`` does not wait: Compose 1.29 has no such option."""
    return _UP_AND_WAIT.sub(r"\1", line)


def _joined(project: str) -> Callable[[re.Match[str]], str]:
    """Return the replacement that joins a container's name with underscores."""

    def join(found: re.Match[str]) -> str:
        run = "run_" if found.group(2) else ""
        return f"{project}_{found.group(1)}_{run}{found.group(3)}"

    return join
