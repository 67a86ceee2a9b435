"""The parts that a transcript's markup is made of: preformatted lines, and what folds them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

# what stands between two columns of a table
_COLUMNS = re.compile(r"\S(?: {3,}| +\| +)\S|-\+-")
# what Compose puts before a line of a container's log, which is no column
_OF_LOG = re.compile(r"^[\w.-]+ +\| ")


@dataclass(frozen=True)
class Piece:
    """A part of a transcript: preformatted lines, or an element that cannot stand among them."""

    preformatted: bool
    html: str


def joined(pieces: Iterable[Piece]) -> str:
    """Return pieces with neighbouring preformatted ones in one ``<pre>``."""
    parts = []
    for preformatted, group in groupby(pieces, key=lambda piece: piece.preformatted):
        html = "".join(piece.html for piece in group)
        parts.append(f"<pre>{html}</pre>\n" if preformatted else html)
    return "".join(parts)


def plain(lines: Sequence[str]) -> Iterator[Piece]:
    """Yield lines as they are."""
    if lines:
        table = is_table(lines)
        yield Piece(True, output(map(escape, lines), table=table))


def output(lines: Iterable[str], *, table: bool = False) -> str:
    """Return lines of output, already marked up, as one element; a table keeps its shape."""
    text = "".join(f"{line}\n" for line in lines)
    kind = "seatrial-output seatrial-table" if table else "seatrial-output"
    return f'<span class="{kind}">{text}</span>'


def is_table(lines: Iterable[str]) -> bool:
    """Tell whether lines of output stand in columns, as those of `docker ps` and `psql` do."""
    columns = [bool(_COLUMNS.search(_OF_LOG.sub("", line))) for line in lines if line.strip()]
    return sum(columns) > 1 and 2 * sum(columns) > len(columns)


def folded(lines: Sequence[str], summary: str) -> str:
    """Return lines that open under a summary."""
    return (
        f'<details class="seatrial-elided"><summary>{escape(summary)}</summary>'
        f"<pre>{output(map(escape, lines), table=is_table(lines))}</pre></details>\n"
    )
