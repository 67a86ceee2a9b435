"""What Sphinx is given in place of our nodes when it writes a page, in every builder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import NoUri
from sphinx.util import logging

from seatrial.pages.doubts import Doubts
from seatrial.pages.facts import numbered
from seatrial.pages.in_html import Markup
from seatrial.pages.in_markdown import run_in_words
from seatrial.pages.marks import claim_anchor
from seatrial.pages.nodes import (
    claim_node,
    item_node,
    item_of,
    overview_node,
    sandbox_node,
    short_node,
    status_node,
    steps_of,
)
from seatrial.pages.overviews import OVERVIEWS
from seatrial.pages.rendering import commands_in_words, transcript_in_words
from seatrial.pages.short import copies, stand_side_by_side, start_of
from seatrial.pages.site import Site
from seatrial.pages.wanted import Wanted
from seatrial.transcript.blocks import Block, Edit

_logger = logging.getLogger(__name__)


def fill_overviews(site: Site, _app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Fill the places for ledgers, indexes and matrices from all pages and records."""
    for place in list(doctree.findall(overview_node)):
        overview = OVERVIEWS[place["kind"]]
        link = partial(_link, site, page)
        wanted = Wanted(site.facts(page), site.all_facts, link, place["options"])
        filled = overview.build(wanted)
        if not filled and overview.when_empty:
            _logger.warning(overview.when_empty, type="seatrial", subtype="matrix", location=place)
        place.replace_self(filled)


def replace_ours(site: Site, _app: Sphinx, doctree: nodes.document, _page: str) -> None:
    """Replace what is ours in a page that is about to be written."""
    if next(iter(doctree.findall(_is_ours)), None) is None:
        return
    if site.is_html and not site.is_book:
        Markup(site).replace(doctree)
    elif site.app.builder.format != "markdown":  # there they are visited as they are
        _put_in_words(site, doctree)


def _is_ours(node: nodes.Node) -> bool:
    """Tell whether a node is one of this extension's."""
    return isinstance(node, item_node | claim_node | sandbox_node | short_node)


def _put_in_words(site: Site, doctree: nodes.document) -> None:
    """Write the places that a transcript enters into it, as lines in brackets."""
    doubts = Doubts(site)
    for node in list(doctree.findall(item_node)):
        item = item_of(node)
        page = site.page(item.page)
        halves = page.by_ordinal[item.ordinal].halves
        if not halves:
            continue
        doubts.tell_of_record(page)
        literal = next(node.findall(nodes.literal_block))
        text = "\n".join(transcript_in_words(halves[0], as_came=site.is_book))
        literal.rawsource = text
        literal.children = [nodes.Text(text)]
        if site.is_book:
            literal["language"] = "text"
    if site.is_book:
        _bind(site, doctree)
    for short in list(doctree.findall(short_node)):
        _put_short_in_words(site, short)


def _bind(site: Site, doctree: nodes.document) -> None:
    """Say when a page ran, and keep the places that links lead to on what an e-book shows."""
    for status in list(doctree.findall(status_node)):
        told = run_in_words(site, status["page"])
        status.replace_self([nodes.paragraph("", told)] if told else [])
    anchors: Counter[str] = Counter()
    for claim in doctree.findall(claim_node):
        asked = item_of(next(claim.findall(item_node)))
        if isinstance(asked, Block):
            claim["ids"].append(numbered(claim_anchor(asked.claim), anchors))
    for node in doctree.findall(_is_ours):
        first = next(each for each in node.children if isinstance(each, nodes.Element))
        if isinstance(node, nodes.Element):
            first["ids"] += node["ids"]


def _put_short_in_words(site: Site, node: short_node) -> None:
    """Write a short form as a list, each step with its commands or its edit."""
    page = site.page(node["page"])
    steps = nodes.enumerated_list("", enumtype="arabic", prefix="", suffix=".")
    for sentence in steps_of(node):
        known = page.by_ordinal[sentence["ordinal"]]
        step = nodes.list_item("", nodes.paragraph("", "", *sentence.children))
        if isinstance(known.item, Edit):
            step += nodes.paragraph("", "", nodes.literal("", known.item.file))
            lines: Sequence[str] = known.item.lines
        else:
            lines = commands_in_words(known.halves[0])
        text = "\n".join(lines)
        step += nodes.literal_block(text, text, language=sentence["language"])
        steps += step
    start = start_of(node)
    begins: list[nodes.Node] = []
    if start is not None and not stand_side_by_side(node, start):
        begins = [nodes.paragraph("", "", *copies(start[0].children))]
    node.replace_self([nodes.rubric("", "In short"), *begins, steps])


def _link(site: Site, here: str, page: str, anchor: str, shown: Sequence[nodes.Node]) -> nodes.Node:
    """Return a link to a page, or to a claim on it."""
    builder = site.app.builder
    try:
        address = builder.get_relative_uri(here, page)
    except NoUri:
        return nodes.inline("", "", *shown)
    if anchor and builder.name == "singlehtml":
        address = f"#{anchor}"
    elif anchor and site.is_html:
        address += f"#{anchor}"
    return nodes.reference("", "", *shown, refuri=address, internal=True)
