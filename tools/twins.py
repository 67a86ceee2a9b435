"""The Markdown twin of each page, for machines that read: `page.md` beside `page.html`; llms.txt.

A twin is written when its page is, from the same resolved doctree.  The nodes of transcripts are
written by whoever registered them for Markdown, as for any translator; this one knows the nodes of
prose that this site has, and warns of others: nothing is lost without a word.
"""

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from seatrial.pages.cells_in_markdown import notebook_in_markdown
from seatrial.pages.in_markdown import fenced
from seatrial.transcript.blocks import CONSOLE_LANGUAGES

logger = logging.getLogger(__name__)

# Between what fills a page (400) and what replaces transcripts by HTML or links its terms (500).
WHEN = 450

SUMMARY = (
    "What changes for Django developers when their project runs in containers: shells, files, the "
    "database, ports, rebuilds. Every command was run, and the output under it is what it printed."
)
HOW_TO_READ = (
    "In the transcripts of these pages `$` is your shell, `#` a shell in a container, `>>>` Python "
    "and `db=#` psql. A line `...` stands for any lines, and `...` in a line for any characters. A "
    "last line such as `[1]` is the exit status of the command; without one it is 0. The sentence "
    "behind `{claim}` is proved by the commands in its fence. `{edit}` shows a part of a file as "
    "it reads after the change; `:new:` numbers its new lines, and `:was:` is what they replace."
)

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


def slug(title: str) -> str:
    """Return the fragment by which Markdown names a heading."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


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


class Twin:
    """Writes one page."""

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
        for is_text, group in groupby(
            found, key=lambda e: isinstance(e, nodes.Text | nodes.Inline)
        ):
            if is_text:
                parts.append(paragraph("".join(map(self._part, group))))
            else:
                parts += map(self._block, group)
        return "\n\n".join(filter(None, parts))

    def _block(self, node: nodes.Node) -> str:
        """Return a node as a block, or as several."""
        if type(node).__name__ in self._handlers:
            return self._handled(node)
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
            return f"![{node.get('alt', '')}]({node['uri']})"
        if isinstance(node, nodes.transition):
            return "---"
        if isinstance(node, nodes.Sequential | nodes.Admonition | nodes.block_quote):
            return self._with_margin(node)
        if isinstance(node, nodes.container) and "sphinx-tabs" in node["classes"]:
            return self._tabs(node)
        if isinstance(node, nodes.caption):
            return f"*{self._inline(node)}*"
        if isinstance(node, PLAIN):
            return self.blocks(node.children)
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
            return self._items((indented(self.blocks(each), "- ") for each in node), node)
        if isinstance(node, nodes.enumerated_list):
            numbered = enumerate(node.children, start=node.get("start", 1))
            return self._items((indented(self.blocks(e), f"{n}. ") for n, e in numbered), node)
        if isinstance(node, nodes.definition_list):
            return self._items((self._definition(each) for each in node), node)
        if isinstance(node, nodes.field_list):
            return self._items((self._definition(each) for each in node), node)
        text = self.blocks(node.children)
        if isinstance(node, nodes.Admonition) and not isinstance(node, nodes.admonition):
            text = f"**{type(node).__name__.capitalize()}:** {text}"
        return indented(text, "> ", "> ")

    def _items(self, items: Iterable[str], node: nodes.Element) -> str:
        """Return items of a list; those of one paragraph each stand close together."""
        close = all(len(each.children) < 2 for each in node if isinstance(each, nodes.list_item))
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
        text = "\n\n".join(self.blocks(each) for each in said)
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
        heads = [row for part in node.findall(nodes.thead) for row in part]
        rows = [row for part in node.findall(nodes.tbody) for row in part]
        width = max((len(row) for row in [*heads, *rows]), default=0)
        lines = [self._row(row) for row in heads] or [f"|{'  |' * width}"]
        lines[1:1] = [f"|{'---|' * width}"]
        return "\n\n".join([*titles, "\n".join([*lines, *map(self._row, rows)])])

    def _row(self, row: nodes.Element) -> str:
        """Return a row of a table."""
        cells = (re.sub(r"\s*\n\s*", " ", self.blocks(each)) for each in row)
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


class Twins:
    """Writes the twins of a build's pages, and says of each page where its twin is."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, str]] = {}

    def write(self, app: Sphinx, doctree: nodes.document, page: str) -> None:
        """Write a page's twin."""
        if app.builder.name != "html":
            return
        source = Path(app.env.doc2path(page))
        if source.suffix == ".ipynb":
            text = _of_notebook(source)
        else:
            text = Twin(app, page, lambda name: self._headings(app.env, name)).blocks([doctree])
        path = Path(app.outdir, f"{page}.md")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n", encoding="utf-8")

    def _headings(self, env: BuildEnvironment, page: str) -> dict[str, str]:
        """Return the fragments of a page's headings, by each of their ids."""
        if page not in self._known:
            tree = env.tocs.get(page, nodes.bullet_list())
            links = [each for each in tree.findall(nodes.reference) if each["anchorname"]]
            found = {each["anchorname"][1:]: slug(each.astext()) for each in links}
            for name, anchor, title in env.domaindata["std"]["labels"].values():
                if name == page and slug(title) in found.values():
                    found[anchor] = slug(title)
            self._known[page] = found
        return self._known[page]

    def begin(self, _app: Sphinx, _env: BuildEnvironment, _pages: list[str]) -> None:
        """Forget an earlier build of the same process."""
        self._known.clear()

    def outdated(self, app: Sphinx, env: BuildEnvironment, *_: set[str]) -> Sequence[str]:
        """Return the pages whose twin somebody removed."""
        if app.builder.name != "html":
            return []
        return [page for page in env.found_docs if not Path(app.outdir, f"{page}.md").exists()]


def _of_notebook(path: Path) -> str:
    """Return a notebook's twin: its links lead to the twins of pages."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    text = "\n\n".join(notebook_in_markdown(notebook))
    return re.sub(r"(?m)(\]\((?!\w+:)[^)#\s]+)\.(?:ipynb|rst|md)(?=[)#])", r"\1.md", text)


def offer(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Name a page's twin in its head and at its foot."""
    if app.builder.name != "html" or page not in app.env.found_docs:
        return
    context["twin"] = f"{posixpath.basename(page)}.md"
    link = f'<link rel="alternate" type="text/markdown" href="{context["twin"]}" />'
    context["metatags"] = f"{context.get('metatags', '')}\n{link}"


def sections(env: BuildEnvironment) -> dict[str, list[str]]:
    """Return the pages of the navigation, by the names of its groups."""
    found: dict[str, list[str]] = {}
    root = env.config.root_doc
    for tree in env.get_doctree(root).findall(addnodes.toctree):
        group = found.setdefault(tree.get("caption") or env.config.project, [])
        for _, page in tree["entries"]:
            if page in env.found_docs:
                group += [each for each in _with_those_below(env, page) if each not in group]
    return found


def _with_those_below(env: BuildEnvironment, page: str) -> list[str]:
    """Return a page, and those that its own tables of contents list."""
    below = [
        each for name in env.toctree_includes.get(page, ()) for each in _with_those_below(env, name)
    ]
    return [page, *below]


def summary_of(twin: str) -> str:
    """Return the first sentence of a page's text."""
    for part in twin.split("\n\n"):
        if re.match(r"(?!```|\*\*)[A-Z`*]", part) and not part.startswith("Ran on "):
            text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", " ".join(part.split()))
            return re.split(r"(?<=[.:?!])\s", text)[0].rstrip(":")
    return ""


def index(app: Sphinx, exception: Exception | None) -> None:
    """Write llms.txt: the site's title and summary, and its pages as the navigation has them."""
    if exception is not None or app.builder.name != "html":
        return
    base = app.config.html_baseurl
    parts = [f"# {app.config.project}", f"> {SUMMARY}", HOW_TO_READ]
    start = {app.config.project: [app.config.root_doc]}
    for name, pages in {**start, **sections(app.env)}.items():
        lines = [f"## {name}", ""]
        for page in pages:
            twin = Path(app.outdir, f"{page}.md").read_text(encoding="utf-8")
            said = summary_of(twin)
            title = app.env.titles[page].astext()
            lines.append(f"- [{title}]({base}{page}.md)" + (f": {said}" if said else ""))
        parts.append("\n".join(lines))
    Path(app.outdir, "llms.txt").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect it."""
    twins = Twins()
    app.connect("env-before-read-docs", twins.begin)
    app.connect("env-get-outdated", twins.outdated)
    app.connect("doctree-resolved", twins.write, priority=WHEN)
    app.connect("html-page-context", offer)
    app.connect("build-finished", index)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
