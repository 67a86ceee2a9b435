"""How a line may go on, and the help of docker's commands: asked of Docker itself."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from seatrial.run.engines import ask

_DOCKER = ("docker", "docker-compose")


def completions(words: Sequence[str], environment: Mapping[str, str], folder: Path) -> list[str]:
    """Return how the last of some words of a shell may go on."""
    found: list[str] = []
    if len(words) == 1:
        found = _commands(words[0], environment.get("PATH", ""))
    elif words[0] in _DOCKER:
        # cobra's own protocol: one candidate a line, its description behind a tab
        said = ask([words[0], "__complete", *words[1:]], environment, folder) or ""
        found = [
            line.partition("\t")[0]
            for line in said.split("\n")
            if line and not line.startswith((":", "Completion ended", "_activeHelp_"))
        ]
    return sorted({*found, *_files(words[-1], folder)})


def help_of(words: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the help of the docker command that some words begin with, or nothing."""
    if not words or words[0] not in _DOCKER:
        return ""
    command = [words[0]]
    text = ask([*command, "--help"], environment) or ""
    for word in words[1:]:
        if not re.search(rf"^  {re.escape(word)}\*?(?: |,|$)", text, re.MULTILINE):
            break
        command.append(word)
        # `--help` before anything else: `docker exec NAME --help` would be run inside NAME
        text = ask([*command, "--help"], environment) or ""
    return text


def _commands(prefix: str, path: str) -> list[str]:
    """Return the programs on a PATH that begin like this."""
    found = []
    for folder in path.split(os.pathsep):
        with contextlib.suppress(OSError):
            found += [f.name for f in Path(folder).iterdir() if f.name.startswith(prefix)]
    return found if prefix else []


def _files(prefix: str, folder: Path) -> Iterator[str]:
    """Yield the files of a folder that begin like this; folders end in a slash."""
    head, slash, name = prefix.rpartition("/")
    with contextlib.suppress(OSError):
        for entry in (folder / (head + slash)).iterdir():
            if entry.name.startswith(name) and (name or not entry.name.startswith(".")):
                yield f"{head}{slash}{entry.name}{'/' if entry.is_dir() else ''}"
