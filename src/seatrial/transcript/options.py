"""A directive's options: each is said once, at the field that keeps what it says."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from seatrial.transcript.spelling import CURRENT, OLD

T = TypeVar("T")
_READER = "reader"
#: What names of blocks and edits look like.
NAME = r"[a-z][a-z0-9-]*"


def option(reader: Callable[[str], T], default: T) -> T:
    """Return the field of a dataclass that an option fills: ``:not-run:`` the field ``not_run``.

    The reader gets what stands behind the option's name, or None where nothing does.  It raises
    ValueError, whose text tells a writer what is wrong.
    """
    found: T = dataclasses.field(default=default, metadata={_READER: reader})
    return found


def readers_of(kind: type[Any]) -> dict[str, Callable[[str], object]]:
    """Return the options of a dataclass by their names on a page, each with its reader."""
    return {
        each.name.replace("_", "-"): each.metadata[_READER]
        for each in dataclasses.fields(kind)
        if _READER in each.metadata
    }


def by_field(kind: type[Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what options were read as, by the names of the fields of a dataclass.

    Options of a directive that fill no field are left out.
    """
    return {
        name.replace("-", "_"): value for name, value in options.items() if name in readers_of(kind)
    }


# --- readers --------------------------------------------------------------------------------------


def any_text(argument: str | None) -> str:
    """Read any text but none."""
    if argument is None:
        raise ValueError("argument required but none supplied")
    return argument


def any_lines(argument: str | None) -> tuple[str, ...]:
    """Read lines of text."""
    return tuple(any_text(argument).splitlines())


def item_name(argument: str | None) -> str:
    """Read the name by which the page's short form calls a block or an edit."""
    value = any_text(argument).strip()
    if re.fullmatch(NAME, value) is None:
        raise ValueError("write small letters, digits and hyphens, such as `the-line`")
    return value


def whole_number(argument: str | None) -> int:
    """Read a whole number, counted from 1."""
    value = int(any_text(argument))
    if value < 1:
        raise ValueError("negative or zero value; must be positive")
    return value


def seconds(argument: str | None) -> float:
    """Read seconds, as in ``90`` or ``90 s``."""
    value = float(any_text(argument).removesuffix("s").strip())
    if value <= 0:
        raise ValueError("must be more than 0 seconds")
    return value


def which_spelling(argument: str | None) -> str:
    """Read the name of a spelling of Compose."""
    choices = f'choose from "{OLD}", or "{CURRENT}"'
    if argument is None:
        raise ValueError(f"must supply an argument; {choices}")
    value = argument.lower().strip()
    if value not in (OLD, CURRENT):
        raise ValueError(f'"{argument}" unknown; {choices}')
    return value
