"""What an overview is asked for with, and what it is put together from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from docutils import nodes

from seatrial.pages.facts import PageFacts

#: ``(page, id on it, what to show) -> link``; an empty id is the page itself.
Link = Callable[[str, str, Sequence[nodes.Node]], nodes.Node]


@dataclass(frozen=True)
class Wanted:
    """What a page asks for in place of an overview, and what that is put together from."""

    here: PageFacts
    """The page that asks."""
    all_pages: Callable[[], Sequence[PageFacts]]
    """All of the site, in reading order; called by those who need them."""
    link: Link
    options: Mapping[str, str]


@dataclass(frozen=True)
class Overview:
    """A kind of overview."""

    build: Callable[[Wanted], list[nodes.Node]]
    when_empty: str = ""
    """What its writer is told where there is nothing to show; nothing where that may be."""
