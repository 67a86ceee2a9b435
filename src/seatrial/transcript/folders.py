"""What lies in a folder, each thing with a digest of it."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

#: Patterns of names: what a sandbox does not copy from the sample project, wherever it lies in it.
NOT_COPIED = (".git", "__pycache__", "*.pyc", ".venv", "node_modules")

#: The names of a Compose file, the first that is there counts.
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")


def digest(*parts: str) -> str:
    """Return sixteen hexadecimal digits that change when any part does."""
    state = hashlib.sha256()
    for part in parts:
        text = part.encode("utf-8", "surrogateescape")
        # with its length: what moves from one part to the next is seen, too
        state.update(f"{len(text)}\n".encode() + text)
    return state.hexdigest()[:16]


def digest_of_all(named: Mapping[str, str]) -> str:
    """Return one digest of many that have names."""
    return digest(*(part for pair in sorted(named.items()) for part in pair))


def digest_of_file(path: Path) -> str:
    """Return a digest of what stands at a path: its kind, its permissions, and all it holds.

    What cannot be read, and what is neither file, folder nor link, has a digest as well.
    """
    try:
        status = path.lstat()
        mode = f"{stat.S_IMODE(status.st_mode):o}"
        if stat.S_ISLNK(status.st_mode):
            return digest("link", str(path.readlink()))
        if stat.S_ISDIR(status.st_mode):
            return digest("folder", mode)
        if stat.S_ISREG(status.st_mode):
            return digest("file", mode, hashlib.sha256(path.read_bytes()).hexdigest())
    except OSError as error:
        return digest("unreadable", str(error.errno))
    return digest("special", mode)


def contents(folder: Path, passed_over: Collection[str] = NOT_COPIED) -> dict[str, str]:
    """Return the path of each thing below a folder, relative to it, with its digest.

    Folders are things too: an empty one counts.  Links are not followed.
    """
    return {
        path.relative_to(folder).as_posix(): digest_of_file(path)
        for path in sorted(_below(folder, passed_over))
    }


def _below(folder: Path, passed_over: Collection[str]) -> Iterator[Path]:
    for path in _inside(folder):
        if not any(fnmatch(path.name, pattern) for pattern in passed_over):
            yield path
            if path.is_dir() and not path.is_symlink():
                yield from _below(path, passed_over)


def _inside(folder: Path) -> list[Path]:
    """Return what a folder holds; nothing where it cannot be read, which its mode tells."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []
