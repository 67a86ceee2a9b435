"""What all pages of a site add up to: blocks, steps, claims, and how many of these are proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seatrial.pages.facts import ItemFacts, PageFacts
from seatrial.pages.shown import Standing
from seatrial.transcript.blocks import Block, Edit


@dataclass(frozen=True)
class Totals:
    """How much a site shows."""

    pages: int
    """That have blocks or edits."""
    blocks: int
    steps: int
    edits: int
    ran: int
    """Steps in all spellings that ran."""
    claims: int
    proved: int
    left_out: int
    """Blocks and edits that are shown and not run."""
    marked: int
    """Literals of sentences that are marked as unproved."""


def totals(pages: Sequence[PageFacts]) -> Totals:
    """Return what pages add up to."""
    with_items = [page for page in pages if page.items]
    facts = [each for page in with_items for each in page.items]
    blocks = [each for each in facts if isinstance(each.item, Block)]
    claims = [each for each in facts if each.anchor]
    return Totals(
        pages=len(with_items),
        blocks=len(blocks),
        steps=sum(len(each.halves[0].steps) for each in blocks if each.halves),
        edits=sum(isinstance(each.item, Edit) for each in facts),
        ran=sum(len(half.steps) for each in blocks for half in each.halves if half.given),
        claims=len(claims),
        proved=sum(not doubt(each) for each in claims),
        left_out=sum(bool(each.item.not_run) for each in facts),
        marked=sum(len(page.marked) for page in pages),
    )


def doubt(facts: ItemFacts) -> str:
    """Return why a claim does not count as proved; nothing where it does."""
    if facts.item.not_run:
        return f"not proved: {facts.item.not_run}"
    missing = [half.label for half in facts.halves if half.standing is not Standing.RAN]
    if not missing:
        return ""
    where = ", ".join(label for label in missing if label)
    return f"not proved yet{f' with {where}' if where else ''}"
