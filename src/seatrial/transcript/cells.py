"""A notebook's cells: what is typed, what is stored, and what of it has to come again.

Cells hold commands alone; their stored outputs are the promise.  It is compared by kind: what
varies by nature counts as the kind of thing it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, takewhile
from typing import Any

from seatrial.errors import TranscriptError
from seatrial.transcript.blocks import Edit
from seatrial.transcript.events import Sighting
from seatrial.transcript.kinds import by_kind, told
from seatrial.transcript.places import MACHINE
from seatrial.transcript.places import from_plain as _place
from seatrial.transcript.sameness import Given
from seatrial.transcript.spelling import CURRENT, OLD, PROJECT, respelt, without_wait

#: What a kernel says for checks: where a cell ran, and what Docker did meanwhile.
RAN = "application/vnd.seatrial.ran+json"
#: The name that Jupyter has for our kernel.
KERNEL = "containers"
#: A cell whose text is different every time; where it ran and how it ended still count.
VARIES = "varies"
#: The same, but only in Compose 1.
VARIES_V1 = "varies-v1"
#: The solution of an exercise, folded away on a page.
ANSWER = "answer"

#: What Jupyter is told about the language of cells.
LANGUAGE: Mapping[str, object] = {
    "name": "shell",
    "mimetype": "text/x-sh",
    "file_extension": ".sh",
    "codemirror_mode": "shell",
    "pygments_lexer": "bash",
}

_EDIT = "edit:"
_EDIT_LINE = re.compile(r"%%edit[ \t]+(\S+)[ \t]*\n?")
# the options of an edit, as pages have them, below the line that names the file
_OPTION = re.compile(r":(new|was):(?: (.*))?")
# what Compose 1 and the builder that it uses tell besides, which Compose 2 has no lines for
_ONLY_V1 = re.compile(
    r"Attaching .*|Found orphan .*|Removing intermediate .*|\S+ uses an image, skipping"
    r"|DEPRECATED: .*|\s+(?:Install|https://docs\.docker\.com).*"
)
_WARNING = re.compile(r"\s*(?:time=\"[^\"]*\" level=warning .*|WARN\[\d+\] .*|Dangling images .*)")


def edit_of(code: str, tags: Iterable[str] = ()) -> tuple[str, str]:
    """Return the file that a cell writes and its text; an empty name where it writes none.

    A cell is tagged ``edit:FILE``, or begins with a line ``%%edit FILE`` for front ends that have
    no tags; with both, the tag names the file.
    """
    line = _EDIT_LINE.match(code)
    tag = next((tag for tag in tags if tag.startswith(_EDIT)), "")
    file = tag.removeprefix(_EDIT) or (line.group(1) if line else "")
    return file, code[line.end() :] if line else code


def fragment_of(file: str, text: str) -> Edit | None:
    """Return the change that a cell's text asks for; None where the text is the whole file.

    A fragment begins with options, as ``.. edit::`` has them: ``:new: 2-3`` numbers its new lines,
    and each ``:was: LINE`` is a line that they replace.  Without ``:new:`` all lines are new.
    Raises TranscriptError where the options cannot be read.
    """
    lines = text.rstrip("\n").split("\n")
    options = [found for found in takewhile(bool, map(_OPTION.fullmatch, lines)) if found]
    if not options:
        return None
    lines = lines[len(options) :]
    was = tuple(found[2] or "" for found in options if found[1] == "was")
    named = ",".join(found[2] or "" for found in options if found[1] == "new")
    new = _numbers(named or f"1-{len(lines)}", len(lines))
    return Edit("", "", 0, tuple(lines), "", 1, file, new, was)


def _numbers(text: str, last: int) -> tuple[int, ...]:
    """Return the numbers of ``1,3-4``; raises TranscriptError where lines have no such numbers."""
    parts = [re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part) for part in text.split(",")]
    numbers = sorted(
        {n for part in parts if part for n in range(int(part[1]), int(part[2] or part[1]) + 1)}
    )
    if not all(parts) or not numbers or numbers[0] < 1 or numbers[-1] > last:
        raise TranscriptError(
            f"`:new: {text}` numbers no lines of a fragment that has {last}",
            hint="count its lines from 1, below the options: `:new: 2` or `:new: 2-3`",
        )
    return tuple(numbers)


def in_spelling(code: str, spelling: str, project: str) -> str:
    """Return a cell's commands as they are typed in a spelling of Compose.

    Compose 1 knows no ``up --wait``: a line of its own waits for health checks.
    """
    if spelling == CURRENT:
        return code
    lines: list[str] = []
    for line in code.split("\n"):
        lines.append(respelt(line, project))
        if without_wait(line) != line:
            found = f"docker ps --filter label={PROJECT}={project} | grep -q 'health: starting'"
            lines.append(f"while {found}; do sleep 0.5; done")
    return "\n".join(lines)


def typed_on_the_machine(notebook: Mapping[str, Any]) -> list[str]:
    """Return the cells of a notebook that the reader's own shell answers, as its outputs say."""
    typed = []
    away = False
    for cell in notebook["cells"]:
        code = text_of(cell["source"])
        if cell["cell_type"] != "code":
            continue
        if not away and not edit_of(code, cell["metadata"].get("tags", ()))[0]:
            typed.append(code)
        for output in cell["outputs"]:
            ran = output.get("data", {}).get(RAN, {})
            if ran.get("moved"):
                away = (
                    _place(ran["now"]) != MACHINE if "now" in ran else "back on" not in ran["moved"]
                )
    return typed


def given(outputs: Sequence[Mapping[str, Any]]) -> Given:
    """Return what a cell gave, as its outputs say."""
    lines: list[str] = []
    places: list[str] = []
    errors: list[str] = []
    sightings: list[Sighting] = []
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream":
            lines += text_of(output["text"]).removesuffix("\n").split("\n")
        elif kind == "error":
            errors.append(f"{output['ename']}: {output['evalue']}")
        elif kind in ("display_data", "execute_result") and RAN in (data := output["data"]):
            ran = data[RAN]
            places += _places(ran)
            sightings += sightings_of(ran)
        elif kind in ("display_data", "execute_result"):
            lines += text_of(data.get("text/plain", "")).split("\n")
    places = [by_kind(place) for place in places]
    return Given(lines, places=places, sightings=sightings, errors=errors)


def _places(ran: Mapping[str, Any]) -> list[str]:
    """Return where a cell ran and left its reader, in words; of an old kernel in its own."""
    if "at" not in ran:
        return [*ran["places"], *([ran["moved"]] if ran["moved"] else [])]
    # an old kernel told a place once for each of its words
    at = [place for place, _ in groupby(map(_place, ran["at"]))]
    return [*map(str, at), *([moved(ran)] if ran["moved"] else [])]


def moved(ran: Mapping[str, Any]) -> str:
    """Return where a cell left its reader, as a sentence."""
    now = _place(ran["now"])
    return f"You are back {now.within}." if now == MACHINE else f"You are now {now.within}."


def sightings_of(ran: Mapping[str, Any]) -> list[Sighting]:
    """Return what Docker did, of what a kernel says of a cell."""
    return [Sighting(what, name, tuple(did), one) for what, name, one, did in ran["did"]]


def promised(came: Given, spelling: str, project: str, tags: Sequence[str] = ()) -> Given:
    """Return what of a cell counts with every version of Compose: what it printed, and where.

    Neither progress nor what Docker did: another Compose goes other ways.
    """
    printed = [line for line in came.output if not _WARNING.fullmatch(line)]
    if spelling != CURRENT:
        printed = [respelt(line, project) for line in printed if not _ONLY_V1.fullmatch(line)]
    lines = () if varies(tags, spelling) else told(printed).lines
    places, errors = came.places, came.errors
    if spelling != CURRENT:
        places, errors = ([respelt(each, project) for each in some] for some in (places, errors))
    return Given(lines, places=places, errors=errors)


def varies(tags: Sequence[str], spelling: str) -> bool:
    """Tell whether a cell's output differs from run to run by nature."""
    return VARIES in tags or (VARIES_V1 in tags and spelling == OLD)


def text_of(text: str | Sequence[str]) -> str:
    """Return a text that a notebook may store as lines."""
    return text if isinstance(text, str) else "".join(text)
