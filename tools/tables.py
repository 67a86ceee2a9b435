"""Tables that can be shown as lists: each cell names its head, and each part says what it is.

Where there is little room, a style sheet shows each row as a list of its cells.  To a browser, what
is no table in looks is no table any more; hence the roles.
"""

import re
from html import escape, unescape
from typing import Any

from sphinx.application import Sphinx

TABLE = re.compile(r"<table\b(?:(?!<table\b).)*?</table>", re.DOTALL)
HEAD = re.compile(r"<thead\b.*?</thead>", re.DOTALL)
CELL = re.compile(r"<(t[hd])\b([^>]*)>(.*?)</\1>", re.DOTALL)
ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
SPAN = re.compile(r'colspan="(\d+)"')
# what a matrix says where nothing was tried (seatrial's run-matrix)
NOTHING = ("–", "—")
ROLES = {"table": "table", "thead": "rowgroup", "tbody": "rowgroup", "tr": "row"}


def name_cells(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Give the tables of a page their roles, and their cells what a list of them shows."""
    if html := context.get("body"):
        context["body"] = TABLE.sub(lambda found: as_list(found[0]), html)


def as_list(table: str) -> str:
    """Return a table that may be shown as lists; as it is where a cell belongs to several rows."""
    head = HEAD.search(table)
    if head is None or "rowspan=" in table:
        return table
    heads = [text_of(content) for _, _, content in CELL.findall(head[0])]
    body, above = table[head.end() :], ""

    def row(found: re.Match[str]) -> str:
        nonlocal above
        cells, column = [], 0
        for tag, attributes, content in CELL.findall(found[0]):
            said = text_of(content)
            role = "rowheader" if tag == "th" else "cell"
            more = ""
            if column == 0:
                # of several rows about one thing, only the first names it
                more = "" if said else f' data-row="{escape(above)}"'
                above = said or above
            elif said and len(heads) > 2:
                nothing = ' data-nothing=""' if said in NOTHING else ""
                more = f' data-label="{escape(heads[column])}"{nothing}'
            cells.append(f'<{tag}{attributes} role="{role}"{more}>{content}</{tag}>')
            span = SPAN.search(attributes)
            column += int(span[1]) if span else 1
        start = found[0][: found[0].index(">") + 1]
        return f"{start}{''.join(cells)}</tr>"

    named = re.sub(r"<th\b", '<th role="columnheader"', head[0])
    whole = table[: head.start()] + named + ROW.sub(row, body)
    return re.sub(
        r"<(table|thead|tbody|tr)\b", lambda found: f'{found[0]} role="{ROLES[found[1]]}"', whole
    )


def text_of(markup: str) -> str:
    """Return what markup reads as."""
    return " ".join(unescape(re.sub(r"<[^>]*>", "", markup)).split())


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect it."""
    app.connect("html-page-context", name_cells)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
