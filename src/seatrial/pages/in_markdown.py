"""Our nodes as Markdown: the form in which seatrial reads pages itself, and where each line ran.

What stands in the fences is what a writer wrote: read back, it gives the same blocks and edits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import groupby
from typing import Protocol

from docutils import nodes

from seatrial.pages.marks import day_in_words, run_tools, versions
from seatrial.pages.nest import Kind
from seatrial.pages.nodes import (
    claim_node,
    item_node,
    item_of,
    sandbox_node,
    short_node,
    status_node,
    steps_of,
)
from seatrial.pages.recorded import RecordedItem
from seatrial.pages.rendering import lines_in_places
from seatrial.pages.shown import Shown
from seatrial.pages.site import Site
from seatrial.pages.tally import Tally
from seatrial.transcript.blocks import Block, Edit, Item, Varies
from seatrial.transcript.options import readers_of
from seatrial.transcript.places import MACHINE
from seatrial.transcript.record import Run
from seatrial.transcript.spelling import COMMANDS, CURRENT, OLD, SUPPORT

#: Where those lines ran of which nothing else is said.
MACHINE_UNLESS_SAID = f"Lines ran {MACHINE.within}, except where a note says otherwise."

# an option's value that YAML would take for something else than its letters stands in quotes
_BARE = re.compile(r"\w(?:[\w ./,'=()-]|:(?=\S))*")


class Visitor(Protocol):
    """What writes a page as Markdown: the translator of sphinx-markdown-builder, or one like it."""

    def add(self, value: str, prefix_eol: int = 0, suffix_eol: int = 0) -> None:
        """Add text, with so many newlines before and after it at least."""


class InMarkdown:
    """What a translator to Markdown calls for our nodes."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def visit(self, visitor: Visitor, node: nodes.Element) -> None:
        """Add a node's Markdown, and raise SkipNode: nothing of it is left to visit."""
        if text := self._text(node):
            visitor.add(text, prefix_eol=2, suffix_eol=2)
        raise nodes.SkipNode

    def depart(self, _visitor: Visitor, _node: nodes.Element) -> None:
        """Do nothing: no node of ours is departed from."""

    def _text(self, node: nodes.Element) -> str:
        """Return a node's Markdown; nothing for a status of which nothing is known."""
        if isinstance(node, status_node):
            return run_in_words(self._site, node["page"], code="`")
        if isinstance(node, claim_node | sandbox_node):
            paragraph, *proof = node.children
            item = next((each for each in proof if isinstance(each, item_node)), None)
            heads = f"{{sandbox}} {_sentence(paragraph)}"
            if item is not None and isinstance(block := item_of(item), Block) and block.claim:
                heads = f"{{claim}} {block.claim}"
            return self._item(item, heads) if item is not None else fenced(heads, [])
        if isinstance(node, short_node):
            steps = [f"{step['item']}: {_sentence(step)}" for step in steps_of(node)]
            return fenced(f"{{short}} {node['claim']}", steps)
        return self._item(node) if isinstance(node, item_node) else ""

    def _item(self, node: item_node, heads: str = "") -> str:
        """Return a block or an edit, and under it where its lines ran."""
        item = item_of(node)
        known = self._site.page(item.page).by_ordinal[item.ordinal]
        told = list(_options(item))
        if isinstance(item, Edit):
            heads = f"{{edit}} {item.file}"
        elif not heads:
            literal = next(node.findall(nodes.literal_block))
            heads = "{console}" if told else literal.get("language", "console")
        text = fenced(heads, [*told, *(["", *item.lines] if told else item.lines)])
        where = _where(known)
        return f"{text}\n\n{where}" if where else text


def run_in_words(site: Site, name: str, code: str = "") -> str:
    """Return when a page ran, on what, and how the other spelling of Compose is written.

    Nothing where nothing of it is to run.  What is typed stands between two marks of `code`.
    """
    page = site.page(name)
    tally = Tally()
    for known in page.items:
        tally.take(known)
    status = tally.status(page.record, site.settings.spellings, switch=True)
    if status is None:
        return ""
    told = [ran(run, spelling, code) for spelling, run in status.runs.items()]
    told += [f"{number} of the blocks: {why.value}." for why, number in status.doubtful.items()]
    return " ".join([*told, MACHINE_UNLESS_SAID])


def fenced(heads: str, lines: Sequence[str]) -> str:
    """Return lines in a fence that none of them closes; no backtick may stand beside backticks."""
    mark = "~" if "`" in heads else "`"
    longest = max((len(line) - len(line.lstrip(mark)) for line in map(str.strip, lines)), default=0)
    fence = mark * max(3, longest + 1)
    return "\n".join([f"{fence}{heads}", *lines, fence])


def _sentence(paragraph: nodes.Node) -> str:
    """Return a sentence in one line; of its markup what is code stays code."""
    parts = []
    for child in paragraph.children:
        text = " ".join(child.astext().split(" ")).replace("\n", " ")
        parts.append(f"`{text}`" if isinstance(child, nodes.literal) else text)
    return "".join(parts)


def _options(item: Item) -> Iterator[str]:
    """Yield the options of a block or an edit, where it has any."""
    if isinstance(item, Edit) and item.new != tuple(range(1, len(item.lines) + 1)):
        yield f":new: {','.join(map(str, item.new))}"
    readers = readers_of(type(item))
    for each in fields(item):
        name = each.name.replace("_", "-")
        value = getattr(item, each.name)
        if name in readers and value != each.default:
            yield f":{name}: {_value(value)}"


def _value(value: object) -> str:
    """Return an option's value as it is written."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Varies):
        numbers = ", ".join(map(str, value.steps))
        value = f"{numbers}: {value.why}" if numbers else value.why
    if isinstance(value, tuple):
        value = "\n".join(value)
    text = str(value)
    return text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def ran(run: Run, spelling: str, code: str = "") -> str:
    """Return the day and the versions of a run, in a sentence."""
    tools = [
        f"{whole} ({SUPPORT[spelling]})" if name == "Compose" and spelling in SUPPORT else whole
        for name, whole in zip(run_tools(run), versions(run, brief=False), strict=True)
    ]
    told = ", ".join([day_in_words(run.ran), *tools])
    if spelling != OLD:
        return f"Ran on {told}."
    old, new = (f"{code}{COMMANDS[each]}{code}" for each in (OLD, CURRENT))
    return f"Also ran with {old} in place of {new}: {told}."


def _where(known: RecordedItem) -> str:
    """Return which lines of a block ran elsewhere than on the reader's machine, and where."""
    if not known.halves or not known.halves[0].steps:
        return ""
    told = " ".join(_told(known.halves[0]))
    return f"({told})" if told else ""


def _told(shown: Shown) -> Iterator[str]:
    """Yield a sentence for each place away from the machine, with the numbers of its lines."""
    number = 0
    for _, group in groupby(lines_in_places(shown), key=lambda pair: id(pair[0])):
        parts = list(group)
        frame = parts[0][0]
        count = sum(len(lines) for _, lines in parts)
        first, number = number + 1, number + count
        if count and frame.kind is not Kind.MACHINE:
            lines = f"Line {first}" if count == 1 else f"Lines {first}-{number}"
            end = f"; {frame.end}" if frame.end else ""
            yield f"{lines}: {frame.words}{end}."
