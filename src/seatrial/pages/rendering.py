"""The HTML of blocks: the nest of places with its lines, and what Docker did.

Pure functions from what is known to markup.  Whatever a copy button takes stands in elements of
class ``seatrial-command``.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from docutils.nodes import make_id

from seatrial.pages.highlighting import highlighted
from seatrial.pages.lives import engine_words, lives
from seatrial.pages.marks import counted, not_run_mark
from seatrial.pages.nest import Frame, Kind, Line, Part, frame_at, in_words, nested, share
from seatrial.pages.shown import Shown, Standing
from seatrial.transcript.events import Sighting
from seatrial.transcript.matching import ELISION, Pair, Row, trimmed
from seatrial.transcript.places import MACHINE
from seatrial.transcript.record import ItemRecord
from seatrial.transcript.spelling import COMMANDS
from seatrial.transcript.steps import Step

# What each program of the prompt table is highlighted as; a program of a project's own is asked
# for by its name. Colours of shell commands would mark builtins and numbers, which means nothing.
_LEXERS = {
    "shell": "text",
    "container shell": "text",
    "Python": "python",
    "pdb": "python",
    "psql": "postgresql",
    "password": "text",
}
# what stands between two columns of a table
_COLUMNS = re.compile(r"\S(?: {3,}| +\| +)\S|-\+-")
# how many things that Docker did are told before a fold is opened
_MOST_TOLD = 3
_EXEC = frozenset({"exec_create", "exec_start", "exec_die"})
# of a container that was made for one command
_ONE_OFF_LIFE = frozenset({"create", "start", "die", "destroy"})


def block_figure(shown: Shown) -> str:
    """Return a block as a figure: the nest of places, and under it what Docker did."""
    steps, block = shown.steps, shown.block
    if steps:
        transcript = _Transcript(shown)
        nest = nested(steps, shown.given, block.terminal)
        body = transcript.frame(nest)
    else:
        nest = frame_at(MACHINE)
        pre = joined(plain(trimmed(block.lines)))
        body = f'<div class="seatrial-frame" data-kind="machine">{pre}</div>\n'
    label = f"{COMMANDS[block.only]} only" if block.only else ""
    return (
        f'<figure class="seatrial-block" data-standing="{shown.standing.name.lower()}"'
        f"{_spelt(shown)}>\n{_named(shown)}"
        f'<div class="seatrial-transcript highlight">\n{body}</div>\n'
        f"{_caption(shown, nest, label)}</figure>\n"
    )


def spellings(page: str, ordinal: int, halves: Sequence[Shown], *, tabs: bool = True) -> str:
    """Return a block in each spelling of Compose.

    Halves that differ in the command's hyphen alone are for the page's switch to choose from; where
    names or outputs differ, sphinx-tabs show both.  Tabs of one label change together, also with
    those that an author wrote as ``group-tab``.
    """
    if len(halves) == 1 or not tabs or alike(halves):
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
    """Tell whether a block's spellings differ in more than the hyphen."""
    return len(halves) > 1 and not alike(halves)


def alike(halves: Sequence[Shown]) -> bool:
    """Tell whether two spellings of a block show the same but for the command's hyphen."""
    first, *others = [
        [line.replace(COMMANDS["v1"], COMMANDS["v2"]) for line in _visible(half)] for half in halves
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


def _spelt(shown: Shown) -> str:
    """Return the attribute by which a page's switch finds a half."""
    return f' data-spelling="{shown.spelling}"' if shown.spelling and not shown.block.only else ""


def _named(shown: Shown) -> str:
    """Return the name of a half, for those who see both."""
    if not shown.spelling or shown.block.only:
        return ""
    return f'<div class="seatrial-label">{escape(shown.label)}</div>\n'


def transcript_in_words(shown: Shown) -> list[str]:
    """Return a block as its lines stand on the page, with a line for each place that is entered."""
    if not shown.steps:
        return list(shown.block.lines)
    transcript = _Transcript(shown)
    return in_words(nested(shown.steps, shown.given, shown.block.terminal), transcript.lines)


@dataclass(frozen=True)
class Piece:
    """A part of a transcript: preformatted lines, or an element that cannot stand among them."""

    preformatted: bool
    html: str


class _Transcript:
    """The markup of a block's frames."""

    def __init__(self, shown: Shown) -> None:
        self._steps = shown.steps
        self._given = shown.given
        self._compared = shown.comparisons or (None,) * len(shown.steps)
        lines, first = shown.block.lines, shown.block.line
        begins = [step.line - first for step in shown.steps]
        ends = [
            begin + len(step.shown) + len(step.promise) + (step.status is not None)
            for begin, step in zip(begins, shown.steps, strict=True)
        ]
        # what stands between steps, such as a writer's comments
        between = [lines[e:b] for e, b in zip(ends, [*begins[1:], len(lines)], strict=True)]
        self._rest = [*between[:-1], tuple(trimmed(between[-1]))]
        self._lead = lines[: begins[0]]

    def lines(self, line: Line) -> Sequence[str]:
        """Return the lines of a page that one part of a step stands for."""
        step = self._steps[line.step]
        if line.part is Part.INPUT:
            return (*(self._lead if line.step == 0 else ()), *step.shown)
        if line.part is Part.STATUS:
            status = [f"[{step.status}]"] if step.status is not None else []
            return (*status, *self._rest[line.step])
        return step.promise[share(line.part, step.command, step.promise)]

    def frame(self, frame: Frame) -> str:
        """Return a frame with all that is in it."""
        parts: list[str] = []
        for number, (kind, stretch) in enumerate(self._stretches(frame)):
            if kind == "frame":
                parts.extend(self.frame(part) for part in stretch if isinstance(part, Frame))
                continue
            lead = list(plain(self._lead)) if frame.kind is Kind.MACHINE and not number else []
            pieces = [*lead, *(piece for part in stretch for piece in self._pieces(part))]
            typed = any(map(_is_input, stretch))
            if not pieces and number:
                continue
            where = where_markup(frame) if typed or not number else ""
            parts.append(f'<div class="seatrial-stretch">{where}{joined(pieces)}</div>\n')
        return frame_markup(frame, "".join(parts))

    def _stretches(self, frame: Frame) -> Iterator[tuple[str, list[Line | Frame]]]:
        """Yield what one can paste in one go, and the frames that somebody enters between.

        What follows a password or a key would be taken for an answer.
        """
        stretch: list[Line | Frame] = []
        for part in frame.held:
            if isinstance(part, Frame) and part.entered:
                yield "stretch", stretch
                yield "frame", [part]
                stretch = []
                continue
            if self._breaks(part) and any(map(_is_input, stretch)):
                yield "stretch", stretch
                stretch = []
            stretch.append(part)
        yield "stretch", stretch

    def _breaks(self, part: Line | Frame) -> bool:
        """Tell whether a part is input that cannot be pasted together with the one before it."""
        if not isinstance(part, Line) or not _is_input(part) or not part.step:
            return False
        before = self._steps[part.step - 1]
        return before.is_key or before.program == "password"

    def _pieces(self, part: Line | Frame) -> Iterator[Piece]:
        """Yield the markup of one part."""
        if isinstance(part, Frame):
            if any(piece.html for held in part.held for piece in self._pieces(held)) or part.end:
                yield Piece(False, self.frame(part))
            return
        step = self._steps[part.step]
        if part.part is Part.INPUT:
            yield Piece(True, _typed(step))
        elif part.part is Part.STATUS:
            yield from self._status(part.step)
        else:
            yield from self._output(part.step, part.part)

    def _output(self, number: int, part: Part) -> Iterator[Piece]:
        """Yield what came, or what is promised where nothing is known of a run."""
        compared = self._compared[number]
        if compared is None:
            promise = self._steps[number].promise
            yield from plain(promise[share(part, self._steps[number].command, promise)])
            return
        rows = [row for row in compared.rows if row.came is not None]
        came = [row.came or "" for row in rows]
        own = share(part, self._steps[number].command, came)
        yield from _answer(rows[own], kept=compared.kept)

    def _status(self, number: int) -> Iterator[Piece]:
        """Yield a promised exit status, and what stands below the step."""
        step, compared = self._steps[number], self._compared[number]
        status = step.status
        if self._given is not None and (came := self._given.steps[number].status) is not None:
            # another spelling may end otherwise than the page promises
            status = came or status
        ended = self._given is None or self._given.steps[number].status is not None
        if status is not None and ended:
            yield Piece(True, _status(status))
        elif status is not None and compared is None:
            yield from plain([f"[{status}]"])
        yield from plain(self._rest[number])


def _is_input(part: Line | Frame) -> bool:
    """Tell whether a part is what somebody types."""
    return isinstance(part, Line) and part.part is Part.INPUT


def frame_markup(frame: Frame, held: str, style: str = "") -> str:
    """Return a frame around what it holds; its name is announced to those who do not see it."""
    end = f'<div class="seatrial-end">{escape(frame.end)}</div>\n' if frame.end else ""
    styled = f' style="{style}"' if style else ""
    return (
        f'<div class="seatrial-frame" data-kind="{frame.kind.value}" role="group" '
        f'aria-label="{escape(frame.words)}"{styled}>\n{held}{end}</div>\n'
    )


def where_markup(frame: Frame) -> str:
    """Return a frame's heading."""
    program = f" <span>{escape(frame.program)}</span>" if frame.program else ""
    return f'<div class="seatrial-where"><b>{escape(frame.name)}</b>{program}</div>\n'


def joined(pieces: Iterable[Piece]) -> str:
    """Return pieces with neighbouring preformatted ones in one ``<pre>``."""
    parts = []
    for preformatted, group in groupby(pieces, key=lambda piece: piece.preformatted):
        html = "".join(piece.html for piece in group)
        parts.append(f"<pre>{html}</pre>\n" if preformatted else html)
    return "".join(parts)


def plain(lines: Sequence[str]) -> Iterator[Piece]:
    """Yield lines as they are."""
    if lines:
        table = _is_table(lines)
        yield Piece(True, _output(map(escape, lines), table=table))


def _output(lines: Iterable[str], *, table: bool = False) -> str:
    """Return lines of output, already marked up, as one element; a table keeps its shape."""
    text = "".join(f"{line}\n" for line in lines)
    kind = "seatrial-output seatrial-table" if table else "seatrial-output"
    return f'<span class="{kind}">{text}</span>'


def _is_table(lines: Iterable[str]) -> bool:
    """Tell whether lines of output stand in columns, as those of `docker ps` and `psql` do."""
    columns = [bool(_COLUMNS.search(line)) for line in lines if line.strip()]
    return sum(columns) > 1 and 2 * sum(columns) > len(columns)


def _typed(step: Step) -> str:
    """Return the lines of a step's input."""
    if step.is_key:
        name = {"^C": "Ctrl-C", "^D": "Ctrl-D"}.get(step.command, step.command)
        return _row(f'<kbd class="seatrial-key" title="{name}">{escape(step.command)}</kbd>')
    rows = []
    coloured = highlighted(_LEXERS.get(step.program, step.program.lower()), step.typed)
    for line, typed, html in zip(step.shown, step.typed, coloured, strict=True):
        prompt = line[: len(line) - len(typed)] if line.endswith(typed) else ""
        asked = f'<span class="seatrial-prompt">{escape(prompt)}</span>' if prompt else ""
        if step.program == "password":
            aside = '<span class="seatrial-aside"> (it does not show while you type)</span>'
            rows.append(_row(f'{asked}<span class="seatrial-secret">{html}</span>{aside}'))
        else:
            rows.append(_row(f'{asked}<span class="seatrial-command">{html}</span>'))
    return "".join(rows)


def _row(content: str) -> str:
    """Return a line of input; the line's end is inside, where nothing shows it twice."""
    return f'<span class="seatrial-row">{content}\n</span>'


def _status(status: int) -> str:
    """Return a promised exit status in words."""
    return f'<span class="seatrial-status">exit status {status}\n</span>'


def _answer(came: Sequence[Row], *, kept: bool) -> Iterator[Piece]:
    """Yield lines that came, with what the page elides folded."""
    if not kept:
        yield from plain([row.came for row in came if row.came is not None])
        return
    for elided, group in groupby(came, key=lambda row: row.pair is Pair.ELIDED):
        if elided:
            lines = [row.came or "" for row in group]
            yield Piece(False, folded(lines, f"… {counted(len(lines), 'line')}"))
        else:
            rows = list(group)
            table = _is_table(row.came or "" for row in rows)
            marked = (_with_elisions(row.promised, row.came) for row in rows)
            yield Piece(True, _output(marked, table=table))


def folded(lines: Sequence[str], summary: str) -> str:
    """Return lines that open under a summary."""
    return (
        f'<details class="seatrial-elided"><summary>{escape(summary)}</summary>'
        f"<pre>{_output(map(escape, lines), table=_is_table(lines))}</pre></details>\n"
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


# --- around a block -------------------------------------------------------------------------------


def _caption(shown: Shown, nest: Frame, label: str) -> str:
    """Return what Docker did, or that a block was not run; nothing where neither was."""
    if shown.standing is Standing.RAN and shown.given is not None:
        text = _docker_did(shown.given, nest)
        if shown.block.varies:
            text += (
                '<span class="seatrial-varies">output differs from run to run: '
                f"{escape(shown.block.varies)}</span>"
            )
    else:
        text = not_run_mark(shown.standing, shown.block.not_run)
    if label:
        text = f'<span class="seatrial-only">{escape(label)}</span> {text}'
    return f'<figcaption class="seatrial-caption">{text}</figcaption>\n' if text else ""


def _docker_did(given: ItemRecord, nest: Frame) -> str:
    """Return what Docker did, in words, and step by step in the engine's own under them.

    That a command ran in a container is not told again where a frame shows it.
    """
    said: list[str] = []
    for number, step in enumerate(given.steps):
        worth = [
            s for s in step.sightings if _is_more_than_a_command(s) or not nest.shows(number, s)
        ]
        said += lives(worth, step.command)
    if not said:
        return ""
    steps = "".join(
        f"<li><code>{escape(_first_line(step.command))}</code>"
        f"<ul>{''.join(engine_said(step.sightings))}</ul></li>"
        for step in given.steps
        if step.sightings
    )
    return did_fold(said, steps)


def did_fold(said: Sequence[str], engine: str) -> str:
    """Return what Docker did as a fold: the words on it, the engine's own inside."""
    counted = [
        f"{life} ({times} times)" if times > 1 else life for life, times in Counter(said).items()
    ]
    more = len(counted) - _MOST_TOLD
    words = "; ".join(counted[:_MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")
    return (
        f'<details class="seatrial-did"><summary>{escape(words)}</summary>'
        f"<ul>{engine}</ul></details>"
    )


def _is_more_than_a_command(sighting: Sighting) -> bool:
    """Tell whether more happened to an object than that a command ran in it, or for it alone."""
    acts = set(sighting.actions)
    return not (acts <= _EXEC or (sighting.one_off and acts <= _ONE_OFF_LIFE))


def _first_line(command: str) -> str:
    """Return a command's first line, and a sign that there is more."""
    first, _, rest = command.partition("\n")
    return f"{first} …" if rest else first


def engine_said(sightings: Sequence[Sighting]) -> Iterator[str]:
    """Yield a line for each thing that Docker touched; alike ones, such as replicas, share one."""
    for line, times in Counter(map(engine_words, sightings)).items():
        yield f"<li>{escape(line)}{f' ({times} times)' if times > 1 else ''}</li>"
