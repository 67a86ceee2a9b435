"""What overviews are put together from: a page's items, its claims, its record, its notebook."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from sphinx.environment import BuildEnvironment

from seatrial.pages import kept
from seatrial.pages.marks import claim_anchor, edit_figure
from seatrial.pages.nodes import claim_node, item_node, item_of, short_node, steps_of
from seatrial.pages.recorded import RecordedPage
from seatrial.pages.shown import Shown
from seatrial.transcript.blocks import Block, Item
from seatrial.transcript.cells import typed_on_the_machine
from seatrial.transcript.record import Record


@dataclass(frozen=True)
class ItemFacts:
    """An item of a page and what is known about it."""

    item: Item
    halves: tuple[Shown, ...]
    """The block in each spelling that the page shows; none for an edit."""
    sentence: tuple[nodes.Node, ...] = ()
    """What a claim says, without links."""
    anchor: str = ""
    """The id of a claim."""
    advice: tuple[nodes.Node, ...] = ()
    """What the page's short form says to do with the item, without links."""
    edit: str = ""
    """An edit as HTML."""


@dataclass(frozen=True)
class PageFacts:
    """A page, its items and its record."""

    name: str
    title: str
    items: tuple[ItemFacts, ...] = ()
    record: Record | None = None
    cells: tuple[str, ...] = ()
    """Of a notebook: what is typed into the reader's own shell."""
    marked: kept.Marked = ()


def facts_of(env: BuildEnvironment, page: RecordedPage) -> PageFacts:
    """Return what is known about a page and all that it asks for."""
    title = env.titles[page.name].astext()
    path = Path(env.doc2path(page.name))
    if path.suffix == ".ipynb":
        cells = typed_on_the_machine(json.loads(path.read_text(encoding="utf-8")))
        return PageFacts(page.name, title, cells=tuple(cells))
    marked = kept.marks(env).get(page.name, ())
    return PageFacts(page.name, title, tuple(_items(env, page)), page.record, marked=marked)


def _items(env: BuildEnvironment, page: RecordedPage) -> Iterator[ItemFacts]:
    """Yield a page's items, each with what its claim says, if it proves one."""
    if not page.items:
        return
    anchors: Counter[str] = Counter()
    doctree = env.get_doctree(page.name)
    advice = {
        step["ordinal"]: tuple(_without_links(step))
        for short in doctree.findall(short_node)
        for step in steps_of(short)
    }
    for node in doctree.findall(item_node):
        known = page.by_ordinal[item_of(node).ordinal]
        item = known.item
        if isinstance(node.parent, claim_node) and isinstance(item, Block):
            sentence = tuple(_without_links(node.parent[0]))
            anchor = numbered(claim_anchor(item.claim), anchors)
            yield ItemFacts(item, known.halves, sentence, anchor)
        else:
            code = ""
            if known.in_file:
                language = next(node.findall(nodes.literal_block)).get("language", "text")
                code = edit_figure(known.in_file, language, known.standings[0])
            yield ItemFacts(item, known.halves, advice=advice.get(item.ordinal, ()), edit=code)


def numbered(anchor: str, before: Counter[str]) -> str:
    """Return the id of a claim on a page that may have made the same one before."""
    before[anchor] += 1
    return anchor if before[anchor] == 1 else f"{anchor}-{before[anchor]}"


def _without_links(sentence: nodes.Node) -> Iterator[nodes.Node]:
    """Yield copies of a sentence's parts, which can stand inside a link."""
    for child in sentence.children:
        if isinstance(child, nodes.Text | nodes.literal | nodes.emphasis | nodes.strong):
            yield child.deepcopy()
        else:
            yield nodes.Text(child.astext())
