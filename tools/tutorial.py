"""The tutorial's parts: a list of them, which part a notebook is, and how far its reader has come.

The table in the first notebook says which parts there are, which are core, and how many minutes
each takes.  What a reader has done is kept in the reader's browser (_static/tutorial.js).
"""

import json
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FIRST = "notebooks/first-steps"
# part, title with its file or without one, minutes
ROW = re.compile(
    r"^\| (core|more) \| (?:\[([^\]]+)\]\(([\w-]+)\.ipynb\)|([^|]+?)) \| (\d+) \|$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Part:
    """A notebook of the tutorial."""

    page: str
    title: str
    minutes: int
    core: bool

    @property
    def name(self) -> str:
        """Return what a browser remembers it by."""
        return self.page.rpartition("/")[2]

    @property
    def about(self) -> str:
        """Return how long it takes, and whether it is one of those to begin with."""
        return f"{self.minutes} minutes{', core' if self.core else ''}"


def parts(folder: Path) -> list[Part]:
    """Return the parts of the tutorial, as the table in the first notebook has them."""
    notebook = json.loads((folder / f"{FIRST}.ipynb").read_text(encoding="utf-8"))
    text = "\n".join("".join(cell["source"]) for cell in notebook["cells"])
    return [
        Part(f"notebooks/{file}" if file else FIRST, title or own, int(minutes), kind == "core")
        for kind, title, file, own, minutes in ROW.findall(text)
    ]


class TutorialDirective(SphinxDirective):
    """Something that is made of the list of parts."""

    def parts(self) -> list[Part]:
        """Return the parts, and have the page made again when their table changes."""
        self.env.note_dependency(f"{FIRST}.ipynb")
        return parts(Path(self.env.srcdir))

    def own(self) -> tuple[int, Part] | None:
        """Return the part that this page is, counted from 1."""
        found = enumerate(self.parts(), start=1)
        return next(((n, part) for n, part in found if part.page == self.env.docname), None)


class TutorialParts(TutorialDirective):
    """``.. tutorial-parts::``: the parts with their links and minutes."""

    def run(self) -> list[nodes.Node]:
        """Return them as a list."""
        listed = nodes.enumerated_list("", enumtype="arabic", prefix="", suffix=".")
        listed["classes"].append("tutorial-parts")
        for part in self.parts():
            link = addnodes.pending_xref(
                "",
                nodes.inline("", part.title),
                refdomain="std",
                reftype="doc",
                reftarget=f"/{part.page}",
                refdoc=self.env.docname,
                refexplicit=True,
                refwarn=True,
            )
            about = nodes.inline("", part.about, classes=["tutorial-about"])
            listed += nodes.list_item("", nodes.paragraph("", "", link, nodes.Text(" "), about))
        return [listed, _room("tutorial-progress", self.parts())]


class TutorialPlace(TutorialDirective):
    """``.. tutorial-place::``: which part of the tutorial a notebook is."""

    def run(self) -> list[nodes.Node]:
        """Return that, with room for how far its reader has come."""
        if (own := self.own()) is None:
            return []
        number, part = own
        words = f"Part {number} of {len(self.parts())}"
        html = f'<p class="tutorial-place"><b>{words}</b> <span>{escape(part.about)}</span></p>\n'
        return [nodes.raw("", html, format="html"), _room("tutorial-progress", self.parts())]


class TutorialDone(TutorialDirective):
    """``.. tutorial-done::``: where a reader says that a part is done."""

    def run(self) -> list[nodes.Node]:
        """Return the place, which the script fills."""
        if (own := self.own()) is None:
            return []
        number, part = own
        html = f'<div class="tutorial-done" data-part="{part.name}" data-number="{number}"></div>\n'
        return [nodes.raw("", html, format="html")]


def _room(name: str, known: list[Part]) -> nodes.raw:
    """Return a place that names all parts, which the script fills."""
    names = " ".join(part.name for part in known)
    return nodes.raw("", f'<div class="{name}" data-parts="{names}"></div>\n', format="html")


def add_files(
    app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Load the script on the pages that have something for it."""
    if 'class="tutorial-' in context.get("body", ""):
        app.add_js_file("tutorial.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("tutorial-parts", TutorialParts)
    app.add_directive("tutorial-place", TutorialPlace)
    app.add_directive("tutorial-done", TutorialDone)
    app.connect("html-page-context", add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
