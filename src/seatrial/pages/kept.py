"""What Sphinx's environment keeps of pages from build to build."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from seatrial.pages.directives import UNPROVED
from seatrial.pages.nodes import items_of, overview_node, short_node, steps_of
from seatrial.transcript.blocks import Item

Marked = tuple[tuple[str, str], ...]
# literals of sentences that are marked as unproved, each with the reason


@dataclass(frozen=True)
class Seen:
    """A page with items, and the record it was last written with."""

    items: tuple[Item, ...]
    signature: str = "never looked at"
    """What changes when the record does."""
    stale: bool = True


def seen(env: BuildEnvironment) -> dict[str, Seen]:
    """Return the pages with items."""
    kept: dict[str, Seen] = env.__dict__.setdefault("seatrial_seen", {})
    return kept


def overviews(env: BuildEnvironment) -> dict[str, str]:
    """Return the pages with overviews, and the state that each was last written for."""
    kept: dict[str, str] = env.__dict__.setdefault("seatrial_overviews", {})
    return kept


def marks(env: BuildEnvironment) -> dict[str, Marked]:
    """Return the pages with literals that are marked as unproved, and these."""
    kept: dict[str, Marked] = env.__dict__.setdefault("seatrial_marks", {})
    return kept


def shorts(env: BuildEnvironment) -> dict[str, tuple[str, ...]]:
    """Return the pages with a short form, and what its steps say."""
    kept: dict[str, tuple[str, ...]] = env.__dict__.setdefault("seatrial_shorts", {})
    return kept


def forget_page(_app: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Forget what a page showed: it is read again, or gone."""
    for kept in (seen(env), overviews(env), marks(env), shorts(env)):
        kept.pop(page, None)


def take_over_pages(
    _app: Sphinx, env: BuildEnvironment, pages: Set[str], other: BuildEnvironment
) -> None:
    """Take over what another process read."""
    seen(env).update((page, kept) for page, kept in seen(other).items() if page in pages)
    overviews(env).update((page, "") for page in overviews(other) if page in pages)
    marks(env).update((page, kept) for page, kept in marks(other).items() if page in pages)
    shorts(env).update((page, kept) for page, kept in shorts(other).items() if page in pages)


def note_page(app: Sphinx, doctree: nodes.document) -> None:
    """Note what a page shows that a record has to tell about."""
    page = app.env.docname
    if items := items_of(doctree):
        seen(app.env)[page] = Seen(items)
    if next(iter(doctree.findall(overview_node)), None) is not None:
        overviews(app.env)[page] = ""
    if marked := _marked(doctree):
        marks(app.env)[page] = marked
    for short in doctree.findall(short_node):
        shorts(app.env)[page] = tuple(step.rawsource or step.astext() for step in steps_of(short))


def _marked(doctree: nodes.document) -> Marked:
    """Return the literals of a page that are marked as unproved, with the reasons, each once."""
    found = [
        (node.astext(), node[UNPROVED])
        for node in doctree.findall(nodes.literal)
        if UNPROVED in node
    ]
    return tuple(dict.fromkeys(found))
