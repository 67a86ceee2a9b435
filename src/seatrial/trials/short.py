"""The short form of a page as a page of its own: what a reader types who takes its word for it."""

from __future__ import annotations

from dataclasses import replace

from seatrial.transcript.blocks import Block, Page, Short
from seatrial.trials.outcome import newly_failed
from seatrial.trials.page import PageRun
from seatrial.trials.verdicts import Verdict, explain


def in_short(page: Page, short: Short) -> Page:
    """Return the page that holds its set-up, what the short form names, and then the claim."""
    setup = [item.ordinal for item in page.items if isinstance(item, Block) and item.setup]
    claim = [short.claim] if short.claim not in short.steps else []
    by_ordinal = {item.ordinal: item for item in page.items}
    items = (by_ordinal[each] for each in (*setup, *short.steps, *claim))
    # a run counts the items of its page
    numbered = (replace(item, ordinal=number) for number, item in enumerate(items, start=1))
    return replace(page, items=tuple(numbered), short=None)


def why_it_fails(run: PageRun, short: Short) -> str:
    """Return what came of a short form that was run to its end, in words; "" where it holds."""
    for result in run.results:
        worse = newly_failed(result)
        if result.verdict is Verdict.PASSED and not worse:
            continue
        told = explain(replace(result, steps=worse) if worse else result)
        return (
            f"{short.where}: the short form fails, typed alone from where the page starts:\n"
            f"{told}\n"
            "hint: nothing else of the page is typed here; name what is missing, too, "
            "or put it into the set-up"
        )
    return ""
