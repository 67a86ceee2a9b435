"""The Markdown twin of each page, for machines that read: `page.md` beside `page.html`; llms.txt.

A twin is written when its page is, from the same resolved doctree.  sphinx-markdown-builder, the
library for this, would be a second build, reads numbers in tables as numbers, closes a fence at
the first one inside, and leaves out nodes that it does not know.
"""

import json
import posixpath
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from prose_in_markdown import Prose
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from seatrial.pages.cells_in_markdown import notebook_in_markdown

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


def slug(title: str) -> str:
    """Return the fragment by which Markdown names a heading."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


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
            text = Prose(app, page, lambda name: self._headings(app.env, name)).blocks([doctree])
        path = Path(app.outdir, f"{page}.md")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n", encoding="utf-8")

    def _headings(self, env: BuildEnvironment, page: str) -> dict[str, str]:
        """Return the fragments of a page's headings, by each of their ids."""
        if page not in self._known:
            tree = env.tocs.get(page, nodes.bullet_list())
            links = [each for each in tree.findall(nodes.reference) if each["anchorname"]]
            # which lists settings too, and those have no heading
            others = {f"#{anchor}" for _, anchor in env.domaindata["std"]["objects"].values()}
            found = {
                each["anchorname"][1:]: slug(each.astext())
                for each in links
                if each["anchorname"] not in others
            }
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
