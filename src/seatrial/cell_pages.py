"""What a notebook's cell gave, as HTML: in JupyterLab and on a site, from the same values.

JupyterLab has none of our style sheets, so what it shows carries its style with it, made of the
same tokens.  On a site the cell's output stands inside the frames.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from seatrial.cells import RAN, sightings_of, text_of
from seatrial.kinds import is_progress
from seatrial.lives import lives
from seatrial.marks import PageStatus, deleted, page_status
from seatrial.nest import Frame, Kind, of_cell
from seatrial.places import from_plain
from seatrial.record import Run
from seatrial.rendering import (
    Piece,
    did_fold,
    engine_said,
    folded,
    frame_markup,
    joined,
    plain,
    where_markup,
)

_TOKENS = Path(__file__).parent / "static" / "tokens.css"
# how a frame's border is drawn for each kind of place, and the token of its colour
_BORDERS = {
    Kind.MACHINE: ("solid", "edge"),
    Kind.RUNNING: ("solid", "running-edge"),
    Kind.MADE: ("dashed", "made-edge"),
    Kind.PROGRAM: ("double", "edge"),
}
# fewer lines of progress than this are not worth a fold
_FEW = 3


def ran_in_jupyter(ran: Mapping[str, Any]) -> str:
    """Return where a cell ran and what Docker did, for a front end without our style sheets."""
    nest = _nest(ran)
    inner = "".join(
        frame_markup(frame, where_markup(frame), _style(frame)) for frame in _inner(nest)
    )
    return frame_markup(nest, f"{where_markup(nest)}{inner}{_below(ran)}", _style(nest))


def change_in_jupyter(file: str, diff: str) -> str:
    """Return what changed in a file, for a front end without our style sheets."""
    style = _style(Frame(Kind.PROGRAM, file))
    return f'<div class="seatrial-change" style="{style}">{_change(file, diff)}</div>'


def in_jupyter(data: Mapping[str, Any]) -> str:
    """Return what our kernel displayed, as it shows that today; nothing for all else."""
    if "at" in data.get(RAN, {}):
        return ran_in_jupyter(data[RAN])
    if 'class="seatrial-change"' in text_of(data.get("text/html", "")):
        text = text_of(data["text/plain"])
        return change_in_jupyter(_file_of(text), text)
    return ""


def for_site(text: str) -> str:
    """Return a notebook whose cells show what they gave as pages do: frames around the output.

    Raises ValueError where the text is no JSON.
    """
    notebook = json.loads(text)
    for cell in notebook.get("cells", ()):
        if cell.get("cell_type") == "code":
            cell["outputs"] = list(_outputs(cell["outputs"]))
    _say_when(notebook)
    # colours of shell commands would mean nothing
    notebook.get("metadata", {}).get("language_info", {})["pygments_lexer"] = "text"
    return json.dumps(notebook)


def _say_when(notebook: dict[str, Any]) -> None:
    """Put when a notebook ran, and on what, under its title, as pages have it."""
    facts = notebook.get("metadata", {}).get("seatrial", {})
    cells = notebook.get("cells", [])
    if not facts.get("tools") or not cells or cells[0].get("cell_type") != "markdown":
        return
    title, _, rest = text_of(cells[0]["source"]).partition("\n")
    if not title.startswith("# "):
        return
    status = page_status(PageStatus({"": Run(facts.get("ran", ""), facts["tools"], ())}))
    cells[0]["source"] = title
    cells[1:1] = [
        {
            "id": "page-status",
            "cell_type": "raw",
            "metadata": {"raw_mimetype": "text/html"},
            "source": status,
        },
        {"id": "below-title", "cell_type": "markdown", "metadata": {}, "source": rest},
    ]


def _outputs(outputs: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield a cell's outputs, with where it ran and what it printed as one."""
    printed: list[str] = []
    ran: dict[str, Any] = next(
        (o["data"] for o in outputs if "at" in o.get("data", {}).get(RAN, {})), {}
    )
    for output in outputs:
        data = output.get("data", {})
        if output["output_type"] == "stream" and ran:
            printed += text_of(output["text"]).removesuffix("\n").split("\n")
        elif ran and data is ran:
            html = _transcript(_cell(ran[RAN], printed))
            text = "\n".join([*printed, text_of(data["text/plain"])])
            yield {**output, "data": {"text/plain": text, "text/html": html}}
        elif 'class="seatrial-change"' in text_of(data.get("text/html", "")):
            text = text_of(data["text/plain"])
            change = _change(_file_of(text), text)
            html = f'<figure class="seatrial-block seatrial-edit">{change}</figure>'
            yield {**output, "data": {"text/plain": text, "text/html": html}}
        else:
            yield output


def _cell(ran: Mapping[str, Any], printed: Sequence[str]) -> str:
    """Return the frames of a cell with its output in them."""
    nest = _nest(ran)
    told = next((n for n, line in enumerate(printed) if not is_progress(line)), len(printed))
    inner = _inner(nest)
    outside, inside = (printed[:told], printed[told:]) if inner else (printed, ())
    held = where_markup(nest) + joined(_pieces(outside))
    for frame in inner:
        held += frame_markup(frame, where_markup(frame) + joined(_pieces(inside)))
    return frame_markup(nest, held + _below(ran))


def _pieces(lines: Sequence[str]) -> Iterator[Piece]:
    """Yield lines of output; progress is folded, as pages fold it."""
    for is_told, group in groupby(lines, is_progress):
        some = list(group)
        if is_told and len(some) > _FEW:
            yield Piece(preformatted=False, html=folded(some, f"… {len(some)} lines"))
        else:
            yield from plain(some)


def _nest(ran: Mapping[str, Any]) -> Frame:
    """Return the nest of what a kernel says of a cell."""
    return of_cell(
        [from_plain(place) for place in ran["at"]], from_plain(ran["now"]), sightings_of(ran)
    )


def _inner(nest: Frame) -> list[Frame]:
    """Return the frames in the machine's."""
    return [frame for frame in nest.held if isinstance(frame, Frame)]


def _below(ran: Mapping[str, Any]) -> str:
    """Return where the reader is now, and what Docker did."""
    html = ""
    if ran["moved"]:
        leave = f" Leave with <code>{escape(ran['leave'])}</code>." if ran.get("leave") else ""
        moved = "You are there now." if ran["now"] == ran["at"][-1] else ran["moved"]
        html = f'<div class="seatrial-end">{escape(moved)}{leave}</div>\n'
    found = sightings_of(ran)
    return html + did_fold(lives(found), "".join(engine_said(found))) if found else html


def _transcript(frames: str) -> str:
    """Return frames as a page shows them."""
    return (
        '<div class="seatrial-block"><div class="seatrial-transcript highlight">\n'
        f"{frames}</div></div>\n"
    )


def _file_of(diff: str) -> str:
    """Return the file that a diff is of."""
    found = re.search(r"(?m)^(?:\+\+\+|---) (\S+) as it ", diff) or re.match(r"(\S+)", diff)
    return found.group(1) if found else ""


def _change(file: str, diff: str) -> str:
    """Return the lines that a change takes away and adds, each with its sign."""
    rows = []
    for line in diff.split("\n"):
        if line.startswith(("---", "+++", "@@")) or line[:1] not in ("+", "-"):
            continue
        text = line[1:]
        marked = (
            deleted(text, escape(text))
            if line.startswith("-")
            else f'<ins class="seatrial-new" style="text-decoration:none">{escape(text)}</ins>'
        )
        gutter = f'<span class="seatrial-gutter">{line[0]} </span>'
        rows.append(f'<span class="seatrial-row">{gutter}{marked}\n</span>')
    shown = "".join(rows) or escape(diff)
    return (
        f'<div class="seatrial-where"><b>{escape(file)}</b></div>'
        f'<div class="seatrial-transcript highlight"><pre>{shown}</pre></div>'
    )


def _style(frame: Frame) -> str:
    """Return a frame's style: its border says the kind of place, in every theme."""
    line, token = _BORDERS[frame.kind]
    colour = _tokens()[token]
    return (
        f"border-left:3px {line} {colour};margin:.2em 0;padding:.1em 0 .1em .7em;"
        f"background:color-mix(in srgb,{colour} 8%,transparent)"
    )


@lru_cache(maxsize=1)
def _tokens() -> dict[str, str]:
    """Return the design tokens, those of a light page."""
    found = re.findall(r"--seatrial-([\w-]+):\s*([^;]+);", _TOKENS.read_text(encoding="utf-8"))
    # the first value of a name is the light one
    return dict(reversed(found))
