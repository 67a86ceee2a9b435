"""Commands of Compose in sentences and tables, which follow the page's switch in the browser.

Only those do of which a run tells that they exist in Compose 1 as well.
"""

from __future__ import annotations

import re

from docutils import nodes

from seatrial.pages.nodes import item_node, item_of
from seatrial.pages.site import Site
from seatrial.transcript.blocks import Block
from seatrial.transcript.spelling import COMMANDS, CURRENT, OLD, commands_of_old, respelt

#: The class of a literal that is a command in the current spelling, and nothing but that.
SPELT = "seatrial-spelt"
_COMMAND = re.compile(rf"{COMMANDS[CURRENT]} [^\n|;&]+")


def mark_spelt(doctree: nodes.document, site: Site) -> None:
    """Mark the literals of a page that are commands in both spellings, but for the hyphen."""
    if not {CURRENT, OLD} <= set(site.settings.spellings):
        return
    literals = [
        each for each in doctree.findall(nodes.literal) if _COMMAND.fullmatch(each.astext())
    ]
    if not literals:
        return
    apart = _set_apart(doctree)
    for literal in literals:
        around = _ancestors(literal)
        if (
            _is_both(literal.astext(), site)
            and not any(isinstance(each, nodes.title) for each in around)
            and not apart.intersection(map(id, around))
        ):
            literal["classes"].append(SPELT)


def _is_both(command: str, site: Site) -> bool:
    """Tell whether a command of the current Compose ran in Compose 1, with the same options."""
    old = command.replace(COMMANDS[CURRENT], COMMANDS[OLD], 1)
    if respelt(command, site.settings.project_name) != old:
        return False
    known = site.ran_in_old
    return all(
        name in known and options <= known[name] for name, options in commands_of_old([old]).items()
    )


def _set_apart(doctree: nodes.document) -> set[int]:
    """Return the identities of what speaks of the spellings apart: there each keeps its own."""
    found: set[int] = set()
    for literal in doctree.findall(nodes.literal):
        if COMMANDS[OLD] in literal.astext():
            found.add(id(literal.parent))
    for node in doctree.findall(item_node):
        item = item_of(node)
        if isinstance(item, Block) and item.only == OLD:
            section = next((e for e in _ancestors(node) if isinstance(e, nodes.section)), None)
            found.add(id(section))
    return found


def _ancestors(node: nodes.Node) -> list[nodes.Node]:
    """Return what a node stands in, the innermost first."""
    found: list[nodes.Node] = []
    while (node := node.parent) is not None:
        found.append(node)
    return found
