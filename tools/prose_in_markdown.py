"""Prose as Markdown: the nodes that pages of this site have, and transcripts by who made them.

The nodes of transcripts are written by whoever registered them for Markdown, as for any translator.
Of a node that is not known a build warns: nothing is lost silently.
"""

import posixpath
import re
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.locale import admonitionlabels
from sphinx.util import logging

from seatrial.pages.in_markdown import fenced
from seatrial.transcript.blocks import CONSOLE_LANGUAGES

logger = logging.getLogger(__name__)

SILENT = (
    *(nodes.target, nodes.comment, nodes.substitution_definition, nodes.system_message, nodes.raw),
    *(nodes.meta, nodes.pending, nodes.colspec, addnodes.index, addnodes.highlightlang),
    *(addnodes.toctree, addnodes.tabular_col_spec),
)
PLAIN = (
    *(
        nodes.document,
        nodes.container,
        nodes.compound,
        nodes.figure,
        nodes.legend,
        nodes.topic,
        nodes.sidebar,
    ),
    *(addnodes.glossary, addnodes.desc, addnodes.desc_content, addnodes.versionmodified),
    addnodes.only,
)
CODE = (nodes.literal, addnodes.literal_strong, addnodes.literal_emphasis)


def escaped(text: str) -> str:
    """Return prose in which nothing is markup by accident."""
    return re.sub(r"([\\`*<\[\]]|(?<!\w)_|_(?!\w))", r"\\\1", text)


def paragraph(text: str) -> str:
    """Return text in which no line begins like a list, a heading or a quotation."""
    return re.sub(r"(?m)^(\s*)(\d+(?=[.)])|)([-+#>.)])(?=\s)", r"\1\2\\\3", text.strip())


def code(text: str) -> str:
    """Return a literal, whatever backticks it has."""
    ticks = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def indented(text: str, first: str, others: str = "") -> str:
    """Return lines, the first one behind `first` and the others as far in, or behind `others`."""
    margin = others or " " * len(first)
    lines = text.split("\n")
    rest = (f"{margin}{line}".rstrip() if line or others else "" for line in lines[1:])
    return "\n".join([first + lines[0], *rest])


class Prose:
    """Writes the text of one page."""

    def __init__(self, app: Sphinx, page: str, headings: Callable[[str], dict[str, str]]) -> None:
        self._app = app
        self._page = page
        self._headings = headings
        # page -> its headings as fragments name them, by their ids
        self._handlers: dict[str, Any] = app.registry.translation_handlers.get("markdown", {})
        # name of a node's class -> what visits it for Markdown, and departs
        self._added: list[str] = []
        self._level = 0

    def add(self, value: str, prefix_eol: int = 0, suffix_eol: int = 0) -> None:  # noqa: ARG002
        """Take what a handler has for the node that it visits."""
        self._added.append(value)

    def blocks(self, found: Iterable[nodes.Node]) -> str:
        """Return nodes as blocks with an empty line between them."""
        parts: list[str] = []
        for in_line, group in groupby(found, key=_is_in_line):
            if in_line:
                parts.append(paragraph("".join(map(self._part, group))))
            else:
                parts += map(self._block, group)
        return "\n\n".join(filter(None, parts))

    def _block(self, node: nodes.Node) -> str:
        """Return a node as a block, or as several."""
        if type(node).__name__ in self._handlers:
            return self._handled(node)
        if isinstance(node, nodes.raw) and node["format"] == "markdown":
            return node.astext()
        if isinstance(node, SILENT):
            return ""
        if isinstance(node, nodes.section):
            self._level += 1
            text = self.blocks(node.children)
            self._level -= 1
            return text
        if isinstance(node, nodes.title):
            # that of a table is no heading
            text = " ".join(self._inline(node).split())
            is_heading = isinstance(node.parent, nodes.section | nodes.document)
            return f"{'#' * self._level} {text}" if is_heading else f"**{text}**"
        if isinstance(node, nodes.rubric | addnodes.desc_signature):
            return f"**{' '.join(self._inline(node).split())}**"
        if isinstance(node, nodes.literal_block | nodes.doctest_block):
            return self._code(node)
        if isinstance(node, nodes.table):
            return self._table(node)
        if isinstance(node, nodes.image):
            return f"(Picture: {node['alt']})" if node.get("alt") else ""
        if isinstance(node, nodes.transition):
            return "---"
        if isinstance(node, nodes.container) and "sphinx-tabs" in node["classes"]:
            return self._tabs(node)
        if isinstance(node, PLAIN):
            return self.blocks(node.children)
        if isinstance(node, nodes.Sequential | nodes.Admonition | nodes.block_quote):
            return self._with_margin(node)
        if isinstance(node, nodes.caption):
            return f"*{self._inline(node)}*"
        if isinstance(node, nodes.TextElement):
            return paragraph(self._inline(node))
        return self._unknown(node)

    def _unknown(self, node: nodes.Node) -> str:
        """Warn of a node that is not known; its words are kept."""
        kind = type(node).__name__
        logger.warning("a Markdown twin knows no node %s", kind, type="twins", location=node)
        return escaped(node.astext())

    def _handled(self, node: nodes.Node) -> str:
        """Return what whoever registered a node has for it."""
        visit, _ = self._handlers[type(node).__name__]
        try:
            visit(self, node)
        except nodes.SkipNode:
            return self._added.pop() if self._added else ""
        return self.blocks(node.children)

    def _with_margin(self, node: nodes.Element) -> str:
        """Return lists, and what stands apart from the text."""
        if isinstance(node, nodes.bullet_list):
            items = (indented(self.blocks(each.children), "- ") for each in node.children)
            return self._items(items, node)
        if isinstance(node, nodes.enumerated_list):
            numbered = enumerate(node.children, start=node.get("start", 1))
            items = (indented(self.blocks(e.children), f"{n}. ") for n, e in numbered)
            return self._items(items, node)
        if isinstance(node, nodes.definition_list | nodes.field_list):
            return self._items(map(self._definition, node.children), node)
        text = self.blocks(node.children)
        if isinstance(node, nodes.Admonition):
            text = f"**{admonitionlabels[type(node).__name__]}:** {text}"
        return indented(text, "> ", "> ")

    def _items(self, items: Iterable[str], node: nodes.Element) -> str:
        """Return items of a list; those of one paragraph each stand close together."""
        close = all(len(each.children) < 2 for each in node.children)
        return ("\n" if close else "\n\n").join(items)

    def _definition(self, node: nodes.Node) -> str:
        """Return a term, or a field, and what is said of it."""
        names = [
            self._inline(each).strip()
            for each in node.children
            if isinstance(each, nodes.term | nodes.field_name)
        ]
        said = [
            each for each in node.children if isinstance(each, nodes.definition | nodes.field_body)
        ]
        text = "\n\n".join(self.blocks(each.children) for each in said)
        return indented(f"**{', '.join(names)}**: {text}", "- ")

    def _code(self, node: nodes.Element) -> str:
        """Return a block of code that was not run."""
        language = node.get("language", "")
        if language in CONSOLE_LANGUAGES | {"none", "default"}:
            language = "text"  # no transcript, though it looks like one
        lines = node.astext().rstrip("\n").split("\n")
        return fenced(language if re.fullmatch(r"[\w+-]*", language) else "text", lines)

    def _table(self, node: nodes.Element) -> str:
        """Return a table, each row in one line."""
        titles = [self._block(each) for each in node.children if isinstance(each, nodes.title)]
        heads = [row for part in node.findall(nodes.thead) for row in part.children]
        rows = [row for part in node.findall(nodes.tbody) for row in part.children]
        width = max((len(row.children) for row in [*heads, *rows]), default=0)
        lines = [self._row(row) for row in heads] or [f"|{'  |' * width}"]
        lines[1:1] = [f"|{'---|' * width}"]
        return "\n\n".join([*titles, "\n".join([*lines, *map(self._row, rows)])])

    def _row(self, row: nodes.Node) -> str:
        """Return a row of a table."""
        cells = (re.sub(r"\s*\n\s*", " ", self.blocks(each.children)) for each in row.children)
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

    def _tabs(self, node: nodes.Element) -> str:
        """Return tabs one after the other, each with its name."""
        tablist, *panels = node.children
        parts = []
        for tab, panel in zip(tablist.children, panels, strict=True):
            parts += [f"**{tab.astext()}**", self.blocks(panel.children)]
        return "\n\n".join(parts)

    def _inline(self, node: nodes.Node) -> str:
        """Return what stands in a line."""
        return "".join(map(self._part, node.children))

    def _part(self, node: nodes.Node) -> str:
        """Return a part of a line."""
        if isinstance(node, nodes.Text):
            return escaped(node.astext())
        if isinstance(node, CODE):
            return code(node.astext())
        if isinstance(node, nodes.emphasis):
            return f"*{self._inline(node)}*"
        if isinstance(node, nodes.strong):
            return f"**{self._inline(node)}**"
        if isinstance(node, nodes.reference):
            return self._link(node)
        if isinstance(node, SILENT):
            return ""
        if isinstance(node, nodes.image):
            return self._block(node)
        if isinstance(node, nodes.TextElement):
            return self._inline(node)
        return self._unknown(node)

    def _link(self, node: nodes.reference) -> str:
        """Return a link; within the site it leads to the twin of a page, and to its heading."""
        text = self._inline(node)
        address = node.get("refuri", "")
        if node.get("internal") or not address:
            path, _, anchor = address.partition("#")
            anchor = anchor or node.get("refid", "")
            page = posixpath.normpath(posixpath.join(posixpath.dirname(self._page), path))
            page = page.removesuffix(".html") if path else self._page
            heading = self._headings(page).get(anchor, "")
            address = re.sub(r"\.html$", ".md", path) + (f"#{heading}" if heading else "")
        return f"[{text}]({address})" if address else text


def _is_in_line(node: nodes.Node) -> bool:
    """Tell whether a node is a part of a line, though no paragraph may be around it."""
    return isinstance(node, nodes.Text | nodes.Inline) and not isinstance(
        node, addnodes.desc_signature | nodes.raw
    )
