"""The short form of a page: what its lines name, found while Sphinx reads the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging

from seatrial.pages.locating import lines_of, locate, relative, source_of
from seatrial.pages.nodes import item_node, item_of, sandbox_node, short_node, steps_of
from seatrial.transcript.blocks import Block, Edit, Item, Short
from seatrial.transcript.spelling import OLD

_logger = logging.getLogger(__name__)


class _Unsettled(Exception):  # noqa: N818 (it is a writer's mistake, and told as such)
    """Why a short form says nothing that can be run."""

    def __init__(self, message: str, node: nodes.Element) -> None:
        super().__init__(message)
        self.message, self.node = message, node


def settle(document: nodes.document, folder: Path, problems: list[str]) -> Short | None:
    """Find what a page's short form names; add to `problems` what is wrong with names.

    A form with a mistake is taken off the page: what it would show is not known.
    """
    places = list(document.findall(item_node))
    items = [item_of(node) for node in places]
    found: Short | None = None
    try:
        _require_own_names(places)
    except _Unsettled as error:
        problems.append(_told(error, folder))
    for number, node in enumerate(list(document.findall(short_node))):
        try:
            if number:
                raise _Unsettled(
                    "this is the second short form of its page; put the lines of both into one",
                    node,
                )
            found = _settled(node, places, items, folder)
        except _Unsettled as error:
            problems.append(_told(error, folder))
            node.parent.remove(node)
    return found


def start_of(node: short_node) -> sandbox_node | None:
    """Return what the page of a short form starts from, if it says that."""
    page: nodes.Node = node
    # `singlehtml` puts several pages into one doctree
    while page.parent is not None and not isinstance(page, addnodes.start_of_file):
        page = page.parent
    return next(iter(page.findall(sandbox_node)), None)


def stand_side_by_side(one: nodes.Node, other: nodes.Node) -> bool:
    """Tell whether nothing stands between two nodes."""
    if one.parent is not other.parent:
        return False
    between: int = one.parent.index(one) - one.parent.index(other)
    return abs(between) == 1


def copies(parts: Sequence[nodes.Node]) -> list[nodes.Node]:
    """Return copies of nodes that a page shows twice: no id of theirs stands there twice."""
    copied = [part.deepcopy() for part in parts]
    for each in (element for part in copied for element in part.findall(nodes.Element)):
        each["ids"] = []
    return copied


def _told(error: _Unsettled, folder: Path) -> str:
    """Say in a build what is wrong, and return it with its place."""
    if isinstance(error.node, item_node):
        item = item_of(error.node)
        path, line = folder / item.source, item.line
    else:
        path, line = source_of(error.node)
        written = error.node.get("written", "")
        line = locate(lines_of(path), line, [written]) or line
    _logger.warning(error.message, type="seatrial", subtype="short", location=f"{path}:{line}")
    return f"{relative(path, folder)}:{line}: {error.message}"


def _require_own_names(places: Sequence[item_node]) -> None:
    """Raise _Unsettled where two items of a page have one name."""
    before: dict[str, Item] = {}
    for node in places:
        item = item_of(node)
        if not item.name:
            continue
        if (other := before.get(item.name)) is not None:
            raise _Unsettled(
                f"the name `{item.name}` is that of {other.where} as well; "
                "give one of the two another `:name:`",
                node,
            )
        before[item.name] = item


def _settled(
    node: short_node, places: Sequence[item_node], items: Sequence[Item], folder: Path
) -> Short:
    """Return a short form, and keep in its steps the numbers of their items."""
    claim = _claim(node, items)
    steps: list[int] = []
    for step in steps_of(node):
        item = _named(step, items)
        if item.ordinal in steps:
            raise _Unsettled(
                f"the short form names `{item.name}` twice; leave one of these lines out",
                step,
            )
        steps.append(item.ordinal)
        step["ordinal"] = item.ordinal
        code = next(places[item.ordinal - 1].findall(nodes.literal_block))
        step["language"] = code.get("language", "text")
    path, line = source_of(node)
    node["page"] = claim.page
    return Short(relative(path, folder), line, tuple(steps), claim.ordinal)


def _claim(node: short_node, items: Sequence[Item]) -> Block:
    """Return the claim that a short form makes hold."""
    sentence = node["claim"]
    claims = [item for item in items if isinstance(item, Block) and item.claim == sentence]
    if not claims:
        raise _Unsettled(
            f"no claim of this page says `{sentence}`; "
            "write the sentence of one behind `short::`, word for word",
            node,
        )
    current = [claim for claim in claims if claim.only != OLD]
    if not current:
        raise _Unsettled(
            f"the claim `{sentence}` comes only with `:only: v1`, and a short form is run "
            "in Compose 2 and later; name a claim without that option",
            node,
        )
    ran = [claim for claim in current if not claim.not_run]
    if not ran:
        reason = current[0].not_run
        raise _Unsettled(
            f"the claim `{sentence}` is not run: {reason}; name a claim that is",
            node,
        )
    return ran[0]


def _named(step: nodes.paragraph, items: Sequence[Item]) -> Item:
    """Return the block or edit that a step names."""
    name = step["item"]
    item = next((item for item in items if item.name == name), None)
    if item is None:
        raise _Unsettled(
            f"no block or edit of this page is named `{name}`; "
            f"give the option `:name: {name}` to the one that is meant",
            step,
        )
    if item.not_run:
        kind = "edit" if isinstance(item, Edit) else "block"
        raise _Unsettled(
            f"the {kind} named `{name}` is not run: {item.not_run}; "
            "name one that is, or take `:not-run:` away",
            step,
        )
    if isinstance(item, Block) and item.only == OLD:
        raise _Unsettled(
            f"the block named `{name}` comes only with `:only: v1`, and a short form is run in "
            "Compose 2 and later; name one without that option",
            step,
        )
    return item
