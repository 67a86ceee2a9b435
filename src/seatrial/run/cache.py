"""The folder of the user's cache in which all is kept."""

from __future__ import annotations

import os
from pathlib import Path


def folder(name: str) -> Path:
    """Return a folder of the cache, made where it is not there yet."""
    path = _root() / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def _root() -> Path:
    return Path(
        os.environ.get("SEATRIAL_CACHE")
        or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seatrial"
    )
