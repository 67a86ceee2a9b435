"""A block in each spelling of Compose: in tabs, or for the page's switch to choose from."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape

from docutils.nodes import make_id

from seatrial.pages.rendering import block_figure
from seatrial.pages.shown import Shown
from seatrial.transcript.spelling import COMMANDS, CURRENT, OLD, without_wait


def spellings(page: str, ordinal: int, halves: Sequence[Shown]) -> str:
    """Return a block in each spelling of Compose.

    Halves that differ in the command's hyphen alone, or in that Compose 1.29 does not wait, are for
    the page's switch to choose from; where names or outputs differ, sphinx-tabs show both.  Tabs of
    one label change together, also with those that an author wrote as ``group-tab``.
    """
    if len(halves) == 1 or alike(halves):
        return "".join(map(block_figure, halves))
    stem = make_id(f"{page}-{ordinal}")
    names, panels = [], []
    for number, half in enumerate(halves):
        label = half.label
        tab, panel = f"tab-{stem}-{number}", f"panel-{stem}-{number}"
        name = base64.b64encode(label.encode()).decode()
        names.append(
            f'<button type="button" class="sphinx-tabs-tab group-tab" role="tab" id="{tab}" '
            f'name="{name}" aria-controls="{panel}" tabindex="{-1 if number else 0}" '
            f'aria-selected="{"false" if number else "true"}">{escape(label)}</button>'
        )
        hidden = ' hidden=""' if number else ""
        panels.append(
            f'<div class="sphinx-tabs-panel group-tab" role="tabpanel" id="{panel}" '
            f'aria-labelledby="{tab}"{hidden}>\n{block_figure(half)}</div>\n'
        )
    return (
        f'<div role="tablist" aria-label="Spelling of Compose">{"".join(names)}</div>\n'
        f"{''.join(panels)}"
    )


def needs_tabs(halves: Sequence[Shown]) -> bool:
    """Tell whether a block's spellings differ in more than the command itself."""
    return len(halves) > 1 and not alike(halves)


def alike(halves: Sequence[Shown]) -> bool:
    """Tell whether two spellings of a block show the same but for the command and its wait."""
    first, *others = [
        [without_wait(line.replace(COMMANDS[OLD], COMMANDS[CURRENT])) for line in _visible(half)]
        for half in halves
    ]
    return all(first == other for other in others)


def _visible(shown: Shown) -> Iterator[str]:
    """Yield the lines of a block that no fold hides, and its standing."""
    yield shown.standing.value
    yield from shown.block.lines
    yield from (str(step.status or 0) for step in (shown.given.steps if shown.given else ()))
    for compared in shown.comparisons:
        for row in compared.rows if compared is not None and not compared.kept else ():
            yield row.came or ""
