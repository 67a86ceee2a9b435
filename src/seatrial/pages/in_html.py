"""Our nodes as HTML, while Sphinx writes a page."""

from __future__ import annotations

from collections import Counter, defaultdict
from html import escape

from docutils import nodes

from seatrial.pages.doubts import Doubts
from seatrial.pages.facts import numbered
from seatrial.pages.marks import (
    SET_UP,
    claim_anchor,
    claim_mark,
    edit_figure,
    page_status,
    sandbox_parts,
)
from seatrial.pages.nodes import (
    claim_node,
    item_node,
    item_of,
    sandbox_node,
    short_node,
    status_node,
    steps_of,
)
from seatrial.pages.rendering import block_figure, commands_figures
from seatrial.pages.reset import reset_markup
from seatrial.pages.short import copies, stand_side_by_side, start_of
from seatrial.pages.site import Site
from seatrial.pages.spelt import mark_spelt
from seatrial.pages.tally import Tally
from seatrial.transcript.blocks import Block


class Markup:
    """The markup of one doctree, which may hold several pages: `singlehtml` makes it so."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._doubts = Doubts(site)
        self._anchors: Counter[str] = Counter()
        self._tallies: defaultdict[str, Tally] = defaultdict(Tally)
        # page -> what its blocks and edits add up to

    def replace(self, doctree: nodes.document) -> None:
        """Replace all that is ours by markup."""
        mark_spelt(doctree, self._site)
        # first: the others tell how these stand
        for item in list(doctree.findall(item_node)):
            self._item(item)
        for status in list(doctree.findall(status_node)):
            self._status(status)
        for claim in list(doctree.findall(claim_node)):
            self._claim(claim)
        for short in list(doctree.findall(short_node)):
            self._short(short)
        for sandbox in list(doctree.findall(sandbox_node)):
            self._sandbox(sandbox)

    def _item(self, node: item_node) -> None:
        """Replace a block or an edit; note on its claim how the proof stands."""
        item = item_of(node)
        page = self._site.page(item.page)
        known = page.by_ordinal[item.ordinal]
        self._doubts.tell_of_record(page)
        self._doubts.tell_of_item(page, known, node)
        self._tallies[page.name].take(known)
        literal = next(node.findall(nodes.literal_block))
        if known.in_file:
            language = literal.get("language", "text")
            markup = _raw(edit_figure(known.in_file, language, known.standings[0]))
        else:
            markup = _raw("".join(map(block_figure, known.halves)))
        if isinstance(node.parent, claim_node):
            node.parent["standings"] = known.standings
            node.parent["sentence"] = item.claim if isinstance(item, Block) else ""
            node.parent["reason"] = item.not_run
        node.replace_self([*_targets(node), *_targets(literal), markup])

    def _claim(self, node: claim_node) -> None:
        """Replace a claim by its sentence and the proof that opens under it."""
        paragraph, *proof = node.children
        anchor = numbered(claim_anchor(node["sentence"]), self._anchors)
        mark = claim_mark(node["standings"], node["reason"])
        sentence = nodes.inline("", "", *paragraph.children, classes=["seatrial-sentence"])
        # not the summary itself: a sentence may have links, which cannot stand in one
        node.replace_self(
            [
                *_targets(node),
                _raw(f'<div class="seatrial-claim" id="{anchor}"><p>'),
                sentence,
                _raw(f"</p>\n<details><summary>{mark}</summary>\n"),
                *proof,
                _raw("</details></div>\n"),
            ]
        )

    def _sandbox(self, node: sandbox_node) -> None:
        """Replace what a page starts from by a line, with how one gets there folded under it."""
        paragraph, *commands = node.children
        reset = reset_markup(self._site, node["page"])
        parts = sandbox_parts(paragraph.astext(), set_up=bool(commands), reset=reset)
        sentence = nodes.inline("", "", *paragraph.children)
        node.replace_self(
            [
                *_targets(node),
                _raw(parts.before),
                sentence,
                _raw(parts.between),
                *commands,
                _raw(parts.after),
            ]
        )

    def _short(self, node: short_node) -> None:
        """Replace a short form by its steps, each a sentence with the commands or the edit."""
        page = self._site.page(node["page"])
        steps = nodes.enumerated_list("", enumtype="arabic", prefix="", suffix=".")
        for sentence in steps_of(node):
            known = page.by_ordinal[sentence["ordinal"]]
            if known.in_file:
                code = edit_figure(known.in_file, sentence["language"], known.standings[0])
            else:
                code = commands_figures(known.halves)
            paragraph = nodes.paragraph("", "", *sentence.children)
            steps += nodes.list_item("", paragraph, _raw(code))
        start = self._start(node)
        node.replace_self(
            [
                *_targets(node),
                _raw('<div class="seatrial-short">\n<p class="seatrial-title">In short</p>\n'),
                *start,
                steps,
                _raw("</div>\n"),
            ]
        )

    def _start(self, node: short_node) -> list[nodes.Node]:
        """Return what a short form starts from: a line with a link to how one gets there.

        Where the page says that right beside the form, that is the line.
        """
        sandbox = start_of(node)
        if sandbox is None:
            return []
        if stand_side_by_side(node, sandbox):
            sandbox.parent.remove(sandbox)
            return [sandbox]
        paragraph, *commands = sandbox.children
        parts = sandbox_parts(paragraph.astext())
        link: list[nodes.Node] = []
        if commands:
            anchor = f"starts-from-{nodes.make_id(node['page'])}"
            sandbox["ids"].append(anchor)
            link = [nodes.Text(" "), nodes.reference("", SET_UP, refid=anchor, internal=True)]
        sentence = nodes.inline("", "", *copies(paragraph.children), *link)
        return [_raw(parts.before), sentence, _raw(parts.between), _raw(parts.after)]

    def _status(self, node: status_node) -> None:
        """Replace the place under a page's title by what is known of the page."""
        page = self._site.page(node["page"])
        shown = self._site.settings.spellings
        tally = self._tallies[page.name]
        status = tally.status(page.record, shown, switch=True)
        node.replace_self(_raw(page_status(status)) if status else [])


def _raw(html: str) -> nodes.raw:
    """Return a node that is markup already."""
    return nodes.raw("", html, format="html")


def _targets(node: nodes.Element) -> list[nodes.Node]:
    """Return what keeps links to a node alive: labels that stand before it became its ids."""
    return [_raw(f'<span id="{escape(name)}"></span>') for name in node["ids"]]
