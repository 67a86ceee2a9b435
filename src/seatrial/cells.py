"""A notebook's cells: what is typed, what is stored, and what of it has to come again.

Cells hold commands alone; their stored outputs are the promise.  It is compared by kind: what
varies by nature counts as the kind of thing it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import ndiff
from typing import Any

from seatrial.matching import by_kind
from seatrial.spelling import respelt

#: What a kernel says for checks: where a cell ran, and what Docker did meanwhile.
RAN = "application/vnd.seatrial.ran+json"
#: How a kernel begins to say that the reader's own shell is in front again.
BACK = "You are back on"
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
# Compose tells of containers in the order in which they happen to be ready, and builders of layers
# that may be cached; what Docker did is compared instead
_PROGRESS = re.compile(
    r"\s*(?:(?:Container|Network|Volume|Image|Service) \S+ +"
    r"(?:\w+|(?:Error )?Error while \w+|Resource is still in use)"
    r"|#\d+ .*|\S+ (?:Built|Pulled)|Dangling images .*)\s*"
    # of which the second begins with the seconds since the start
    r"|time=\"[^\"]*\" level=warning .*|WARN\[\d+\] .*"
)
_PROGRESS_V1 = re.compile(
    r"(?:Creating|Starting|Stopping|Removing|Recreating|Restarting|Killing|Building) .*"
    r"|Attaching .*|Found orphan .*"
    r"|Step \d+/\d+ : .*|\s+---> .*|Removing intermediate .*|Successfully (?:built|tagged) .*"
    r"|\S+ is up-to-date|DEPRECATED: .*|\s+(?:Install|https://docs\.docker\.com).*"
)


def edit_of(code: str, tags: Iterable[str] = ()) -> tuple[str, str]:
    """Return the file that a cell writes and its text; an empty name where it writes none.

    A cell is tagged ``edit:FILE``, or begins with a line ``%%edit FILE`` for front ends that have
    no tags; with both, the tag names the file.
    """
    line = _EDIT_LINE.match(code)
    tag = next((tag for tag in tags if tag.startswith(_EDIT)), "")
    file = tag.removeprefix(_EDIT) or (line.group(1) if line else "")
    return file, code[line.end() :] if line else code


def in_spelling(code: str, spelling: str, project: str) -> str:
    """Return a cell's commands as they are typed in a spelling of Compose."""
    if spelling == "v2":
        return code
    return "\n".join(respelt(line, project) for line in code.split("\n"))


def typed_on_the_machine(notebook: Mapping[str, Any]) -> list[str]:
    """Return the cells of a notebook that the reader's own shell answers, as its outputs say."""
    typed = []
    away = False
    for cell in notebook["cells"]:
        code = _text(cell["source"])
        if cell["cell_type"] != "code":
            continue
        if not away and not edit_of(code, cell["metadata"].get("tags", ()))[0]:
            typed.append(code)
        for output in cell["outputs"]:
            moved = output.get("data", {}).get(RAN, {}).get("moved", "")
            if moved:
                away = not moved.startswith(BACK)
    return typed


def essence(
    outputs: Sequence[Mapping[str, Any]], tags: Sequence[str] = (), *, spelling: str, project: str
) -> list[str]:
    """Return what of a cell's outputs has to be the same in another run, line by line.

    What Docker did counts in the first spelling: the other Compose goes other ways.
    """
    lines: list[str] = []
    facts: list[str] = []
    varies = VARIES in tags or (VARIES_V1 in tags and spelling == "v1")
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream" and not varies:
            lines += _text(output["text"]).removesuffix("\n").split("\n")
        elif kind == "error":
            facts.append(f"error: {output['ename']}: {output['evalue']}")
        elif kind in ("display_data", "execute_result"):
            data = output["data"]
            if RAN in data:
                facts += _facts(data[RAN], with_docker=spelling == "v2")
            else:
                facts += _text(data.get("text/plain", "")).split("\n")
    if spelling != "v2":
        lines, facts = (
            [respelt(line, project) for line in some if not _PROGRESS_V1.fullmatch(line)]
            for some in (lines, facts)
        )
    told = [by_kind(line).rstrip() for line in lines if not _PROGRESS.fullmatch(line)]
    return [*_without_blank_ends(told), *map(by_kind, facts)]


def difference(stored: Sequence[str], came: Sequence[str]) -> str:
    """Return two essences side by side, ``-`` for what is stored alone and ``+`` for what came."""
    return "\n".join(
        f"  {line.rstrip()}" for line in ndiff(list(stored), list(came)) if line[:1] != "?"
    )


def _facts(ran: Mapping[str, Any], *, with_docker: bool) -> list[str]:
    """Return where a cell ran and what Docker did, in lines that do not depend on order."""
    lines = [f"ran in: {place}" for place in ran["places"]]
    if ran["moved"]:
        lines.append(f"moved: {ran['moved']}")
    if with_docker:
        touched: set[str] = set()
        for what, name, one_off, actions in ran["did"]:
            # the end of a one-off may come a moment after the program that it was made for
            kept = sorted(set(actions) - ({"die", "destroy"} if one_off else set()))
            if kept:
                first = "one-off " if one_off else ""
                touched.add(f"Docker: {first}{what} {name}: {', '.join(kept)}")
        lines += sorted(touched)
    return lines


def _text(text: str | Sequence[str]) -> str:
    """Return a text that a notebook may store as lines."""
    return text if isinstance(text, str) else "".join(text)


def _without_blank_ends(lines: list[str]) -> list[str]:
    start, end = 0, len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    while start < end and not lines[start].strip():
        start += 1
    return lines[start:end]
