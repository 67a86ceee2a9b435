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

from seatrial.pages import removals
from seatrial.pages.captions import did_fold, engine_said
from seatrial.pages.lives import lives
from seatrial.pages.marks import PageStatus, deleted, page_status
from seatrial.pages.nest import Frame, Kind, Part, of_cell, share
from seatrial.pages.pieces import Piece, folded, joined, plain
from seatrial.pages.rendering import frame_markup, removed_mark, where_markup
from seatrial.transcript.cells import KERNEL, RAN, moved, sightings_of, text_of
from seatrial.transcript.kinds import is_progress
from seatrial.transcript.places import from_plain
from seatrial.transcript.record import Run

_TOKENS = Path(__file__).parents[1] / "static" / "seatrial-tokens.css"
# how a frame's border is drawn for each kind of place, and the token of its colour
_BORDERS = {
    Kind.MACHINE: ("solid", "edge"),
    Kind.RUNNING: ("solid", "running-edge"),
    Kind.MADE: ("dashed", "made-edge"),
    Kind.PROGRAM: ("double", "edge"),
    Kind.ELSEWHERE: ("dotted", "edge"),
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
    """Return a notebook of our kernel as a site shows it: frames around what its cells gave.

    Any other text comes back as it is; it is for its own parser to tell what is wrong with it.
    """
    try:
        notebook = json.loads(text)
        if notebook["metadata"]["kernelspec"]["name"] != KERNEL:
            return text
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = list(_outputs(cell["outputs"], text_of(cell["source"])))
        _say_when(notebook)
        # colours of shell commands would mean nothing
        notebook["metadata"]["language_info"]["pygments_lexer"] = "text"
    except (ValueError, TypeError, LookupError, AttributeError):
        return text
    return json.dumps(notebook)


def _say_when(notebook: dict[str, Any]) -> None:
    """Put when a notebook ran, and on what, under its title, as pages have it."""
    facts = notebook["metadata"].get("seatrial", {})
    cells = notebook["cells"]
    if not facts.get("tools") or cells[0]["cell_type"] != "markdown":
        return
    title, _, rest = text_of(cells[0]["source"]).partition("\n")
    if not title.startswith("# "):
        return
    status = page_status(PageStatus({"": Run(facts.get("ran", ""), facts["tools"], ())}))
    cells[:1] = [
        {"id": "title", "cell_type": "markdown", "metadata": {}, "source": title},
        {
            "id": "page-status",
            "cell_type": "raw",
            "metadata": {"raw_mimetype": "text/html"},
            "source": status,
        },
        # with what the text refers to, such as pictures
        {**cells[0], "source": rest},
    ]


def _outputs(outputs: Sequence[dict[str, Any]], code: str) -> Iterator[dict[str, Any]]:
    """Yield a cell's outputs, with where it ran and what it printed until then as one."""
    printed = ""
    ran: dict[str, Any] = next(
        (o["data"] for o in outputs if "at" in o.get("data", {}).get(RAN, {})), {}
    )
    shown = not ran
    for output in outputs:
        data = output.get("data", {})
        if output["output_type"] == "stream" and not shown:
            printed += text_of(output["text"])
        elif ran and data is ran:
            shown = True
            lines = printed.removesuffix("\n").split("\n") if printed else []
            text = "\n".join([*lines, text_of(data["text/plain"])])
            html = _transcript(_cell(ran[RAN], lines, code))
            yield {**output, "data": {"text/plain": text, "text/html": html}}
        elif 'class="seatrial-change"' in text_of(data.get("text/html", "")):
            text = text_of(data["text/plain"])
            change = _change(_file_of(text), text)
            html = f'<figure class="seatrial-block seatrial-edit">{change}</figure>'
            yield {**output, "data": {"text/plain": text, "text/html": html}}
        else:
            yield output


def _cell(ran: Mapping[str, Any], printed: Sequence[str], code: str) -> str:
    """Return the frames of a cell with its output in them."""
    nest = _nest(ran)
    inner = _inner(nest)
    parts = (Part.TOLD, Part.OUTPUT, Part.AFTER) if inner else (Part.ALL,)
    told, inside, after = (
        *(joined(_pieces(printed[share(part, code, printed)])) for part in parts),
        *("" for _ in range(3 - len(parts))),
    )
    places = map(from_plain, ran["at"])
    removed = removals.of_cell(places, code, printed, sightings_of(ran))
    held = where_markup(nest) + removed_mark(removed) + told
    for frame in inner:
        held += frame_markup(frame, where_markup(frame) + inside)
    return frame_markup(nest, held + after + _below(ran))


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
        where = "You are there now." if ran["now"] == ran["at"][-1] else moved(ran)
        html = f'<div class="seatrial-end">{escape(where)}{leave}</div>\n'
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
    # what stands before the first hunk names the files; a removed line may begin like it
    _, _, hunks = diff.partition("\n@@")
    for line in hunks.split("\n")[1:]:
        if line[:1] not in ("+", "-"):
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
