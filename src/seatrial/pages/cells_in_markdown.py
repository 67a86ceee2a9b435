"""A notebook of our kernel as Markdown: its text as it stands, what it ran in fences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from seatrial.pages.in_markdown import MACHINE_UNLESS_SAID, fenced, ran
from seatrial.transcript.cells import RAN, edit_of, given, moved, text_of
from seatrial.transcript.kinds import is_progress
from seatrial.transcript.matching import ELISION
from seatrial.transcript.places import MACHINE, Place, from_plain
from seatrial.transcript.programs import PROGRAMS
from seatrial.transcript.record import Run

_LANGUAGES = {program.name: program.lexer for program in PROGRAMS if not program.is_shell}
# as many lines of progress, and more, are elided: pages fold them
_MANY = 4


def notebook_in_markdown(notebook: Mapping[str, Any]) -> Iterator[str]:
    """Yield the parts of a notebook; what readers do not see is left out."""
    facts = notebook["metadata"].get("seatrial", {})
    status = ""
    if facts.get("tools"):
        told = ran(Run(facts.get("ran", ""), facts["tools"], ()), "")
        status = f"{told} {MACHINE_UNLESS_SAID}"
    here = MACHINE
    for cell in notebook["cells"]:
        text = text_of(cell["source"]).strip("\n")
        if cell["metadata"].get("nbsphinx") == "hidden":
            continue
        if cell["cell_type"] == "code":
            yield from _cell(cell, text, here)
            here = next((from_plain(ran["now"]) for ran in _told(cell) if "now" in ran), here)
        elif cell["cell_type"] == "markdown" and status:
            title, _, rest = text.partition("\n")
            yield from filter(None, (title, status, rest.strip("\n")))
            status = ""
        elif cell["cell_type"] == "markdown":
            yield text


def _told(cell: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what the kernel said of a cell's run."""
    return [o["data"][RAN] for o in cell["outputs"] if RAN in o.get("data", {})]


def _cell(cell: Mapping[str, Any], text: str, here: Place) -> Iterator[str]:
    """Yield what is typed at a place, what came, and where it ran if not on the machine."""
    is_edit = edit_of(text, cell["metadata"].get("tags", ()))[0]
    yield fenced("text" if is_edit else _LANGUAGES.get(here.program, "sh"), text.split("\n"))
    came = given(cell["outputs"])
    if lines := [*_without_progress(came.output), *came.errors]:
        yield fenced("text", lines)
    for told in _told(cell):
        places = [place for place, _ in groupby(map(from_plain, told.get("at", ())))]
        words = f"Ran {', then '.join(place.within for place in places)}." if places else ""
        if places != [MACHINE] or told["moved"]:
            yield f"({' '.join(filter(None, [words, moved(told) if told['moved'] else '']))})"


def _without_progress(lines: Sequence[str]) -> Iterator[str]:
    """Yield lines of output; many lines of progress in a row are elided."""
    for is_told, group in groupby(lines, is_progress):
        some = list(group)
        yield from [ELISION] if is_told and len(some) >= _MANY else some
