"""What a record shows in place of this machine's folders and package mirrors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

#: Where a reader's copy of the project would lie; no path of this machine gets into a record.
HOME = "/home/you"
#: Where their virtual environment would.
VENV = f"{HOME}/venv"

# what apt and pip say of where they fetch from: this machine's business, and no reader's
_MIRROR = re.compile(r"\b((?:Get|Hit|Ign|Err):\d+ https?|Looking in indexes: https?)://[^/\s]+")


def scrubbed(line: str, shown: Mapping[str, str]) -> str:
    """Return a line without mirrors' names, and with what is shown in place of some folders."""
    for path in sorted(shown, key=len, reverse=True):
        if path in line:
            # not where it is only the beginning of a longer name
            line = re.sub(rf"{re.escape(path)}(?![\w-])", shown[path], line)
    return _MIRROR.sub(r"\1://mirror", line)


def checkout(source: Path | None) -> dict[str, str]:
    """Return what to show in place of the folder that the pages are kept in with their project."""
    if source is None:
        return {}
    folders = (source, *source.parents)
    top = next((each for each in folders if (each / ".git").exists()), source)
    # a folder of the root, such as `/app`, may well be one of a container too
    return {str(top): f"{HOME}/checkout"} if len(top.parts) > 2 else {}
