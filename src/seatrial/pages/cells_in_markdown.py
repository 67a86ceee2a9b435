"""A notebook of our kernel as Markdown: its text as it stands, what it ran in fences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from seatrial.pages.in_markdown import MACHINE_UNLESS_SAID, fenced, ran
from seatrial.transcript.cells import RAN, edit_of, given, text_of
from seatrial.transcript.places import MACHINE
from seatrial.transcript.places import from_plain as place_of
from seatrial.transcript.programs import PROGRAMS
from seatrial.transcript.record import Run

_LANGUAGES = {program.name: program.lexer for program in PROGRAMS if not program.is_shell}


def notebook_in_markdown(notebook: Mapping[str, Any]) -> Iterator[str]:
    """Yield the parts of a notebook; what readers do not see is left out."""
    facts = notebook["metadata"].get("seatrial", {})
    status = ""
    if facts.get("tools"):
        told = ran(Run(facts.get("ran", ""), facts["tools"], ()), "")
        status = f"{told} {MACHINE_UNLESS_SAID}"
    for cell in notebook["cells"]:
        text = text_of(cell["source"]).strip("\n")
        if cell["metadata"].get("nbsphinx") == "hidden":
            continue
        if cell["cell_type"] == "code":
            yield from _cell(cell, text)
        elif cell["cell_type"] == "markdown" and status:
            title, _, rest = text.partition("\n")
            yield from filter(None, (title, status, rest.strip("\n")))
            status = ""
        elif cell["cell_type"] == "markdown":
            yield text


def _cell(cell: Mapping[str, Any], text: str) -> Iterator[str]:
    """Yield a cell's commands, what they printed, and where they ran if not on the machine."""
    places = [
        place_of(place)
        for output in cell["outputs"]
        for place in output.get("data", {}).get(RAN, {}).get("at", ())
    ]
    language = "text" if edit_of(text, cell["metadata"].get("tags", ()))[0] else "sh"
    if places and places[0].program:
        language = _LANGUAGES.get(places[0].program, language)
    yield fenced(language, text.split("\n"))
    came = given(cell["outputs"])
    if lines := [*came.output, *came.errors]:
        yield fenced("text", lines)
    if any(place != MACHINE for place in places):
        yield f"Ran {', then '.join(came.places)}."
