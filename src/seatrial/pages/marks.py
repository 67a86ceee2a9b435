"""The HTML of what stands beside blocks: a page's status, edits, claims and starting points.

Whatever a copy button takes stands in elements of class ``seatrial-command``, also in an edit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape

from docutils.nodes import make_id

from seatrial.pages.highlighting import highlighted
from seatrial.pages.shown import Standing
from seatrial.transcript.blocks import Edit
from seatrial.transcript.record import Run
from seatrial.transcript.spelling import SUPPORT

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def not_run_mark(standing: Standing, reason: str) -> str:
    """Return a mark that says that no run stands behind what is shown, and why."""
    text = f"{standing.value}: {reason}" if reason else standing.value
    return f'<span class="seatrial-unproved">{escape(text)}</span>'


@dataclass(frozen=True)
class PageStatus:
    """What is known of a page as a whole."""

    runs: Mapping[str, Run]
    # spelling -> its run, in the order in which a page shows them
    not_run: Mapping[str, int] = field(default_factory=dict)
    # why lines were not run -> how many lines
    doubtful: Mapping[Standing, int] = field(default_factory=dict)
    # what is known of blocks and edits that did not run as they stand -> how many
    switch: bool = False
    # the page has blocks in both spellings
    spellings: Sequence[str] = ()
    # that the site shows


def page_status(status: PageStatus) -> str:
    """Return the line under a page's title: when it ran, on what, what did not, and the switch."""
    switch = '<div class="seatrial-switch"></div>\n' if status.switch else ""
    parts = []
    for spelling, run in status.runs.items():
        spelt = f' data-spelling="{spelling}"' if status.switch else ""
        parts.append(f'<p class="seatrial-page-run"{spelt}>ran on {ran_on(run, spelling)}</p>\n')
    for spelling in status.spellings if status.switch else ():
        if spelling not in status.runs:
            spelt = f' data-spelling="{spelling}"'
            parts.append(f'<p class="seatrial-page-run"{spelt}>not run yet</p>\n')
    for standing, number in status.doubtful.items():
        text = f"{counted(number, 'block')}: {standing.value}"
        parts.append(f'<p><span class="seatrial-unproved">{text}</span></p>\n')
    if status.not_run:
        total = counted(sum(status.not_run.values()), "line")
        reasons = "".join(
            f"<li>{counted(lines, 'line')}: {escape(why)}</li>"
            for why, lines in status.not_run.items()
        )
        parts.append(
            f'<details class="seatrial-not-run"><summary>{total} not run</summary>'
            f"<ul>{reasons}</ul></details>\n"
        )
    known = f'<div class="seatrial-page-known">\n{"".join(parts)}</div>\n'
    return f'<div class="seatrial-page">\n{switch}{known}</div>\n'


def ran_on(run: Run, spelling: str = "") -> str:
    """Return the day of a run and the versions of its tools."""
    tools = [
        f"{escape(tool)} ({escape(note)})" if note else escape(tool)
        for tool, note in _tools_with_notes(run, spelling)
    ]
    day = f'<time datetime="{escape(run.ran)}">{escape(day_in_words(run.ran))}</time>'
    return ", ".join([*([day] if run.ran else []), *tools])


def _tools_with_notes(run: Run, spelling: str) -> Iterator[tuple[str, str]]:
    """Yield tools, each with what a reader has to know of it."""
    support = SUPPORT.get(spelling, "")
    told = zip(run_tools(run), versions(run), versions(run, brief=False), strict=True)
    for name, brief, whole in told:
        known = name == "Compose" and support
        yield (whole, support) if known else (brief, "")


def run_tools(run: Run) -> tuple[str, ...]:
    """Return the names of a run's tools, Docker first."""
    first = [name for name in ("Docker", "Compose") if name in run.tools]
    return (*first, *sorted(name for name in run.tools if name not in first))


def versions(run: Run, *, brief: bool = True) -> tuple[str, ...]:
    """Return the tools of a run, Docker first, each with its version."""
    return tuple(
        f"{name} {_brief_version(run.tools[name]) if brief else run.tools[name]}"
        for name in run_tools(run)
    )


def _brief_version(version: str) -> str:
    """Return the first two numbers of a version."""
    found = re.match(r"\d+\.\d+", version)
    return found.group() if found else version


def day_in_words(day: str) -> str:
    """Return a day as a person writes it, in the language of the page's own words."""
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return day
    return f"{found.day} {_MONTHS[found.month - 1]} {found.year}"


def counted(number: int, noun: str, *, grouped: bool = False) -> str:
    """Return a number of things, in English; thousands are set apart where it is `grouped`."""
    digits = f"{number:,}" if grouped else f"{number}"
    return f"{digits} {noun}" if number == 1 else f"{digits} {noun}s"


# --- edits, claims, sandboxes ---------------------------------------------------------------------


def edit_figure(edit: Edit, language: str, standing: Standing) -> str:
    """Return an edit as a figure: the fragment with its new lines marked by more than colour."""
    new = set(edit.new)
    rows = []
    removed = [
        _edit_row("-", deleted(line, html))
        for line, html in zip(edit.replaced, highlighted(language, edit.replaced), strict=True)
    ]
    for number, html in enumerate(highlighted(language, edit.lines), start=1):
        if number in new:
            rows.extend(removed)
            removed = []
            rows.append(_edit_row("+", f'<ins class="seatrial-new seatrial-command">{html}</ins>'))
        else:
            rows.append(_edit_row(" ", f'<span class="seatrial-context">{html}</span>'))
    rows.extend(removed)
    caption = f"<b>{escape(edit.file)}</b>"
    if 0 < len(new) < len(edit.lines):
        caption += f" <span>the new {'line' if len(new) == 1 else 'lines'} marked</span>"
    if standing is not Standing.RAN:
        caption += f" {not_run_mark(standing, edit.not_run)}"
    return (
        f'<figure class="seatrial-block seatrial-edit seatrial-stretch" '
        f'data-standing="{standing.name.lower()}">\n'
        f'<figcaption class="seatrial-where">{caption}</figcaption>\n'
        f'<div class="seatrial-transcript highlight">\n<pre>{"".join(rows)}</pre>\n</div>\n'
        "</figure>\n"
    )


def deleted(line: str, html: str) -> str:
    """Return a line that is taken away, its indentation not struck through."""
    indent = re.escape(line[: len(line) - len(line.lstrip())])
    # some lexers mark the indentation up
    found = re.match(rf'<span class="w">{indent}</span>|{indent}', html)
    at = found.end() if found else 0
    return f'{html[:at]}<del class="seatrial-was">{html[at:]}</del>'


def _edit_row(sign: str, content: str) -> str:
    """Return a line of an edit with its sign in the gutter."""
    return (
        f'<span class="seatrial-row"><span class="seatrial-gutter">{sign} </span>{content}\n</span>'
    )


def claim_anchor(sentence: str) -> str:
    """Return the id of a claim: the same wherever the sentence stands, so that links last."""
    words = make_id(sentence).split("-")
    anchor = "claim"
    for word in words:
        if len(anchor) + len(word) > 64:
            break
        anchor += f"-{word}"
    return anchor


def claim_mark(standings: Sequence[Standing], reason: str = "") -> str:
    """Return the mark behind a claim's sentence."""
    if all(standing is Standing.RAN for standing in standings):
        return (
            '<span class="seatrial-mark"><span aria-hidden="true">✓</span>'
            '<span class="seatrial-unseen">proved: show the run</span></span>'
        )
    if Standing.LEFT_OUT in standings:
        return f'<span class="seatrial-unproved">not proved: {escape(reason)}</span>'
    return '<span class="seatrial-unproved">not proved yet</span>'


@dataclass(frozen=True)
class SandboxParts:
    """The markup before the sentence, between it and the commands, and after them."""

    before: str
    between: str
    after: str


#: On the fold with what leads to where a page starts: nobody who is there needs it.
SET_UP = "if yours is not: how to get there"


def sandbox_parts(sentence: str, *, set_up: bool = False, reset: str = "") -> SandboxParts:
    """Return the markup around a page's starting point.

    Its fold is there where commands bring it about, or a `reset` is known.
    """
    # most sentences say themselves that the page starts from it
    label = "" if re.search(r"\bstart", sentence, re.IGNORECASE) else "Starts from: "
    before = f'<div class="seatrial-sandbox"><p>{label}'
    if not set_up and not reset:
        return SandboxParts(before, "</p>", "</div>\n")
    return SandboxParts(
        before,
        f"</p>\n<details><summary>{SET_UP}</summary>\n{reset}"
        + (f"<p>{'Then set' if reset else 'Set'} it up:</p>\n" if set_up else ""),
        "</details></div>\n",
    )
