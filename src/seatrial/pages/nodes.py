"""The nodes that keep in Sphinx's doctrees what a page asks for."""

from __future__ import annotations

from docutils import nodes

from seatrial.transcript.blocks import Item


class item_node(nodes.General, nodes.Element):  # noqa: N801 (docutils names nodes so)
    """A block or an edit; its child is the literal block that other builders show.

    It keeps the item itself.  Until that is collected, its source is as docutils names it, its line
    is one near its content, it has no section, and its number is 0.
    """


class claim_node(nodes.General, nodes.Element):  # noqa: N801
    """A sentence (a paragraph, the first child) and the block that proves it (an item_node)."""


class overview_node(nodes.General, nodes.Element):  # noqa: N801
    """A place for what is put together from all pages and their records."""


class status_node(nodes.General, nodes.Element):  # noqa: N801
    """The place under a page's title for what is known of all its blocks."""


class short_node(nodes.General, nodes.Element):  # noqa: N801
    """The fix at a page's top: a paragraph for each step, which names a block or an edit.

    Once collected it keeps the number of that item as `ordinal`, and of its code the `language`.
    """


class sandbox_node(nodes.General, nodes.Element):  # noqa: N801
    """What a page starts from: a paragraph and, where that takes commands, an item_node."""


def items_of(doctree: nodes.document) -> tuple[Item, ...]:
    """Return what a page asks for, in reading order."""
    return tuple(item_of(node) for node in doctree.findall(item_node))


def steps_of(node: short_node) -> list[nodes.paragraph]:
    """Return the sentences of a short form, each of which names an item."""
    return [child for child in node.children if isinstance(child, nodes.paragraph)]


def item_of(node: item_node) -> Item:
    """Return the block or edit of a node."""
    item: Item = node["item"]
    return item
