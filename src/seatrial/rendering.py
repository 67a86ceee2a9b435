"""The HTML of blocks, edits, claims and sandboxes: pure functions from what is known to markup.

Whatever a copy button takes stands in elements of class ``seatrial-command``, also in an edit.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import lru_cache
from html import escape
from itertools import groupby

from docutils.nodes import make_id
from pygments import formatters, highlight, lexers, util  # type: ignore[import-untyped]

from seatrial.blocks import Block, Edit
from seatrial.events import Sighting
from seatrial.judging import Came, is_silent, judge
from seatrial.matching import ELISION, Comparison, Pair, came_at_end, trimmed
from seatrial.record import Ending, ItemRecord, Run, StepRecord
from seatrial.steps import Step

# What each program of the prompt table is highlighted as; a program of a project's own is asked
# for by its name.
_LEXERS = {
    "shell": "bash",
    "container shell": "bash",
    "Python": "python",
    "pdb": "python",
    "psql": "postgresql",
    "password": "text",
}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_FORMATTER = formatters.HtmlFormatter(nowrap=True)


class Standing(Enum):
    """What is known about an item of a page."""

    RAN = "ran"
    NEVER_RAN = "not run yet"
    DIFFERS = "changed since it last ran"
    EDITED = "its record was changed by hand"
    LEFT_OUT = "not run"
    # on purpose, with a reason


@dataclass(frozen=True)
class Shown:
    """A block in one spelling, and what is known about it."""

    block: Block
    steps: tuple[Step, ...]
    # none where the block cannot be read as a transcript
    standing: Standing
    run: Run | None = None
    given: ItemRecord | None = None
    comparisons: tuple[Comparison | None, ...] = ()
    # for each step its promise and its recorded output; None where it promises no output
    label: str = ""
    # the spelling, where the page has to say which


def as_recorded(
    block: Block,
    steps: Sequence[Step],
    run: Run | None,
    given: ItemRecord | None,
    *,
    label: str = "",
    own_output: bool = False,
    strict: bool = False,
    outdated: bool = False,
) -> Shown:
    """Return a block with what its record says.

    What varies and is `outdated` stood below other things when it ran, or in another project.

    With `own_output` the recorded output stands where it is not the promised one: a page promises
    the output of one spelling, and each shows what came of its own run.
    """
    if block.not_run:
        return Shown(block, tuple(steps), Standing.LEFT_OUT, label=label)
    if run is None or given is None or not steps:
        return Shown(block, tuple(steps), Standing.NEVER_RAN, label=label)
    if run.edited or given.edited:
        return Shown(block, tuple(steps), Standing.EDITED, label=label)
    if outdated or [step.command for step in steps] != [step.command for step in given.steps]:
        return Shown(block, tuple(steps), Standing.DIFFERS, label=label)
    steps = [
        step.with_remarks(came_at_end(step.remarks, came.output))
        for step, came in zip(steps, given.steps, strict=True)
    ]
    silent = is_silent(block, steps, strict=strict)
    judged = [
        judge(step, following, came_of(record), silent=silent)
        for step, following, record in zip(steps, [*steps[1:], None], given.steps, strict=True)
    ]
    kept = own_output or all(each.kept for each in judged)
    standing = Standing.RAN if kept else Standing.DIFFERS
    comparisons = tuple(each.comparison for each in judged)
    return Shown(block, tuple(steps), standing, run, given, comparisons, label)


def came_of(step: StepRecord) -> Came:
    """Return what a record says that came, as a judge takes it."""
    return Came(step.output, step.status, listening_ended=step.ending is Ending.LEFT)


# --- blocks ---------------------------------------------------------------------------------------


def block_figure(shown: Shown) -> str:
    """Return a block as a figure: the transcript, what to copy, and when it ran."""
    pieces = _transcript(shown)
    copy = any(step.prompt for step in shown.steps)
    return (
        f'<figure class="seatrial-block" data-standing="{shown.standing.name.lower()}">\n'
        f"{_head(shown.label, 'copy commands' if copy else '')}"
        f'<div class="seatrial-transcript highlight">\n{_joined(pieces)}</div>\n'
        f"{_caption(shown)}</figure>\n"
    )


def spelling_tabs(page: str, ordinal: int, halves: Sequence[Shown]) -> str:
    """Return the content of a sphinx-tabs container: a tab list, then a panel for each half.

    Tabs of one label change together, also with those that an author wrote as ``group-tab``.
    """
    stem = make_id(f"{page}-{ordinal}")
    tabs, panels = [], []
    for number, half in enumerate(halves):
        tab, panel = f"tab-{stem}-{number}", f"panel-{stem}-{number}"
        name = base64.b64encode(half.label.encode()).decode()
        tabs.append(
            f'<button type="button" class="sphinx-tabs-tab group-tab" role="tab" id="{tab}" '
            f'name="{name}" aria-controls="{panel}" tabindex="{-1 if number else 0}" '
            f'aria-selected="{"false" if number else "true"}">{escape(half.label)}</button>'
        )
        panels.append(
            f'<div class="sphinx-tabs-panel group-tab" role="tabpanel" id="{panel}" '
            f'aria-labelledby="{tab}"{" hidden" if number else ""}>\n{block_figure(half)}</div>\n'
        )
    return (
        f'<div role="tablist" aria-label="Spelling of Compose">{"".join(tabs)}</div>\n'
        f"{''.join(panels)}"
    )


@dataclass(frozen=True)
class _Piece:
    """A part of a transcript: preformatted lines, or an element that cannot stand among them."""

    preformatted: bool
    html: str


def _transcript(shown: Shown) -> Iterator[_Piece]:
    """Yield a transcript, line by line."""
    lines, first = shown.block.lines, shown.block.line
    at = 0
    place = ""
    for number, step in enumerate(shown.steps):
        start = step.line - first
        yield from _plain(lines[at:start])
        given = shown.given.steps[number] if shown.given else None
        compared = shown.comparisons[number] if shown.comparisons else None
        place_now = str(given.place) if given else ""
        yield _Piece(True, _typed(step, place_now if place_now != place else ""))
        place = place_now or place
        ended = given is None or given.status is not None
        if compared is None:
            yield from _plain(step.promise)
        else:
            yield from _answer(compared)
        if step.status is not None and ended:
            yield _Piece(True, _status(step.status))
        elif step.status is not None and compared is None:
            yield from _plain([f"[{step.status}]"])
        at = start + len(step.shown) + len(step.promise) + (step.status is not None)
    yield from _plain(trimmed(lines[at:]))


def _joined(pieces: Iterable[_Piece]) -> str:
    """Return pieces with neighbouring preformatted ones in one ``<pre>``."""
    parts = []
    for preformatted, group in groupby(pieces, key=lambda piece: piece.preformatted):
        html = "".join(piece.html for piece in group)
        parts.append(f"<pre>{html}</pre>\n" if preformatted else html)
    return "".join(parts)


def _plain(lines: Sequence[str]) -> Iterator[_Piece]:
    """Yield lines as they are."""
    if lines:
        yield _Piece(True, _output(escape(line) for line in lines))


def _output(lines: Iterable[str]) -> str:
    """Return lines of output, already marked up, as one element."""
    text = "".join(f"{line}\n" for line in lines)
    return f'<span class="seatrial-output">{text}</span>'


def _typed(step: Step, place: str) -> str:
    """Return the lines of a step's input; the place stands beside the first."""
    where = _place(place) if place else ""
    if step.is_key:
        name = {"^C": "Ctrl-C", "^D": "Ctrl-D"}.get(step.command, step.command)
        key = f'<kbd class="seatrial-key" title="{name}">{escape(step.command)}</kbd>'
        return _row(key, where)
    rows = []
    coloured = highlighted(_LEXERS.get(step.program, step.program.lower()), step.typed)
    for line, typed, html in zip(step.shown, step.typed, coloured, strict=True):
        prompt = line[: len(line) - len(typed)] if line.endswith(typed) else ""
        rows.append(
            _row(
                (f'<span class="seatrial-prompt">{escape(prompt)}</span>' if prompt else "")
                + f'<span class="seatrial-command">{html}</span>',
                where,
            )
        )
        where = ""
    return "".join(rows)


def _row(content: str, aside: str) -> str:
    """Return a line of the transcript; the line's end is inside, where nothing shows it twice."""
    return (
        f'<span class="seatrial-row"><span class="seatrial-line">{content}</span>{aside}\n</span>'
    )


def _place(place: str) -> str:
    """Return where a line ran; the brackets are for readers without style sheets."""
    return (
        '<span class="seatrial-place"><span class="seatrial-unseen">  [</span>'
        f'{escape(place)}<span class="seatrial-unseen">]</span></span>'
    )


def _status(status: int) -> str:
    """Return a promised exit status in words."""
    return f'<span class="seatrial-status">exit status {status}\n</span>'


def _answer(compared: Comparison) -> Iterator[_Piece]:
    """Yield a step's recorded output, with what the page elides folded."""
    if not compared.kept:
        yield from _plain([row.came for row in compared.rows if row.came is not None])
        return
    for elided, group in groupby(compared.rows, key=lambda row: row.pair is Pair.ELIDED):
        if elided:
            came = [row.came for row in group if row.came is not None]
            if came:
                yield _Piece(False, _folded(came, f"… {_count(len(came), 'line')}"))
        else:
            yield _Piece(True, _output(_with_elisions(r.promised, r.came) for r in group))


def _folded(lines: Sequence[str], summary: str) -> str:
    """Return lines that open under a summary."""
    return (
        f'<details class="seatrial-elided"><summary>{escape(summary)}</summary>'
        f"<pre>{_output(escape(line) for line in lines)}</pre></details>\n"
    )


def _with_elisions(promised: str | None, came: str | None) -> str:
    """Return a line that came and is the promised one, with what no promise covers marked."""
    html, at = "", 0
    parts = (promised or "").rstrip().split(ELISION)
    # spaces at the end do not count, unless an elision stands for them
    came = (came or "").rstrip() if parts[-1] else came or ""
    for number, part in enumerate(parts):
        # the last part stands at the end, every other one where it is found first
        found = came.find(part, at) if number < len(parts) - 1 else len(came) - len(part)
        if found > at:
            html += (
                '<span class="seatrial-varied" title="differs from run to run">'
                f"{escape(came[at:found])}</span>"
            )
        html += escape(part)
        at = found + len(part)
    return html


def _count(number: int, noun: str) -> str:
    """Return a number of things, in English."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# --- around a block -------------------------------------------------------------------------------


def _head(label: str, copy: str) -> str:
    """Return what stands above a transcript; the button is for those whose browser can use it."""
    shown = f'<span class="seatrial-label">{escape(label)}</span>' if label else ""
    verb, _, what = copy.partition(" ")
    # a phone has room for the verb alone: what is copied stands right below it
    words = f'{verb}<span class="seatrial-what"> {what}</span>'
    button = (
        '<span class="seatrial-said" role="status"></span>'
        f'<button type="button" class="seatrial-copy" hidden>{words}</button>'
        if copy
        else ""
    )
    return f'<div class="seatrial-head">{shown}{button}</div>\n' if shown or button else ""


def _caption(shown: Shown) -> str:
    """Return when a block ran and what Docker did, or that it was not run."""
    if shown.standing is Standing.RAN and shown.run is not None and shown.given is not None:
        text = f'<span class="seatrial-ran">ran on {ran_on(shown.run)}</span>'
        if shown.block.varies:
            # the dot is for readers without style sheets
            text += (
                '<span class="seatrial-varies"> · output differs from run to run: '
                f"{escape(shown.block.varies)}</span>"
            )
        text += _docker_did(shown.given)
    else:
        text = not_run_mark(shown.standing, shown.block.not_run)
    return f'<figcaption class="seatrial-caption">{text}</figcaption>\n'


def not_run_mark(standing: Standing, reason: str) -> str:
    """Return a mark that says that no run stands behind what is shown, and why."""
    text = f"{standing.value}: {reason}" if reason else standing.value
    return f'<span class="seatrial-unproved">{escape(text)}</span>'


def ran_on(run: Run) -> str:
    """Return the day of a run and the versions of its tools."""
    tools = "".join(f", {escape(tool)}" for tool in versions(run))
    return f'<time datetime="{escape(run.ran)}">{escape(day_in_words(run.ran))}</time>{tools}'


def versions(run: Run, *, brief: bool = True) -> tuple[str, ...]:
    """Return the tools of a run, Docker first, each with its version."""
    tools = {name: run.tools[name] for name in ("Docker", "Compose") if name in run.tools}
    tools |= {name: run.tools[name] for name in sorted(run.tools)}
    return tuple(
        f"{name} {_brief_version(version) if brief else version}" for name, version in tools.items()
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


def _docker_did(given: ItemRecord) -> str:
    """Return what Docker did, step by step, or nothing where it did nothing."""
    steps = [
        f"<li><code>{escape(_first_line(step.command))}</code>"
        f"<ul>{''.join(_sightings(step.sightings))}</ul></li>"
        for step in given.steps
        if step.sightings
    ]
    if not steps:
        return ""
    return (
        '<details class="seatrial-did"><summary>what Docker did</summary>'
        f"<ul>{''.join(steps)}</ul></details>"
    )


def _first_line(command: str) -> str:
    """Return a command's first line, and a sign that there is more."""
    first, _, rest = command.partition("\n")
    return f"{first} …" if rest else first


def _sightings(sightings: Sequence[Sighting]) -> Iterator[str]:
    """Yield a line for each thing that Docker touched; alike ones, such as replicas, share one."""
    for line, times in Counter(map(in_words, sightings)).items():
        yield f"<li>{escape(line)}{f' ({times} times)' if times > 1 else ''}</li>"


def in_words(sighting: Sighting) -> str:
    """Return what was done to one thing, in words."""
    what = f"one-off {sighting.what} of" if sighting.one_off else sighting.what
    # creating, starting and ending an exec is one act to a reader
    acts = ("exec" if act.startswith("exec_") else act for act in sighting.actions)
    return f"{what} {sighting.name}: {', '.join(act for act, _ in groupby(acts))}"


# --- edits, claims, sandboxes ---------------------------------------------------------------------


def edit_figure(edit: Edit, language: str, standing: Standing) -> str:
    """Return an edit as a figure: the fragment with its new lines marked by more than colour."""
    new = set(edit.new)
    rows = []
    removed = [
        _edit_row("-", f'<del class="seatrial-was">{html}</del>')
        for html in highlighted(language, edit.replaced)
    ]
    for number, html in enumerate(highlighted(language, edit.lines), start=1):
        if number in new:
            rows.extend(removed)
            removed = []
            rows.append(_edit_row("+", f'<ins class="seatrial-new seatrial-command">{html}</ins>'))
        else:
            rows.append(_edit_row(" ", f'<span class="seatrial-context">{html}</span>'))
    rows.extend(removed)
    caption = f"<code>{escape(edit.file)}</code>"
    if 0 < len(new) < len(edit.lines):
        caption += f", the new {'line' if len(new) == 1 else 'lines'} marked"
    if standing is not Standing.RAN:
        caption += f" {not_run_mark(standing, edit.not_run)}"
    return (
        f'<figure class="seatrial-block seatrial-edit" data-standing="{standing.name.lower()}">\n'
        f'<figcaption class="seatrial-file">{caption}</figcaption>\n'
        f"{_head('', 'copy new lines' if new else '')}"
        f'<div class="seatrial-transcript highlight">\n<pre>{"".join(rows)}</pre>\n</div>\n'
        "</figure>\n"
    )


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


def sandbox_parts(sentence: str, has_commands: bool) -> SandboxParts:
    """Return the markup around a page's starting point."""
    # most sentences say themselves that the page starts from it
    label = "" if re.search(r"\bstart", sentence, re.IGNORECASE) else "Starts from: "
    return SandboxParts(
        f'<div class="seatrial-sandbox"><p>{label}',
        "</p>\n<details><summary>the commands for it</summary>\n" if has_commands else "</p>",
        "</details></div>\n" if has_commands else "</div>\n",
    )


# --- highlighting ---------------------------------------------------------------------------------


def highlighted(language: str, lines: Sequence[str]) -> list[str]:
    """Return lines as Pygments marks them up, one string a line."""
    if not lines:
        return []
    html = str(highlight("\n".join(lines), _lexer(language), _FORMATTER)).split("\n")
    # Pygments ends the last line, and leaves out empty ones behind it
    html = [*html, *[""] * len(lines)][: len(lines)]
    return [
        escape(line) if line.lstrip().startswith("\\") and language == "postgresql" else marked
        for line, marked in zip(lines, html, strict=True)
    ]


@lru_cache(maxsize=64)
def _lexer(language: str) -> object:
    """Return the lexer of a language, or one that leaves text alone."""
    try:
        found: object = lexers.get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except util.ClassNotFound:
        found = lexers.get_lexer_by_name("text", stripnl=False, ensurenl=False)
    return found
