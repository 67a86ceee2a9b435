"""The HTML of blocks: the nest of places with its lines.

Pure functions from what is known to markup.  Whatever a copy button takes stands in elements of
class ``seatrial-command``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from itertools import groupby

from seatrial.pages import removals
from seatrial.pages.captions import caption
from seatrial.pages.highlighting import highlighted
from seatrial.pages.marks import counted, not_run_mark
from seatrial.pages.nest import Frame, Kind, Line, Part, frame_at, in_words, nested, share
from seatrial.pages.pieces import Piece, folded, is_table, joined, output, plain
from seatrial.pages.shown import Shown, Standing
from seatrial.transcript.matching import ELISION, Pair, Row, trimmed
from seatrial.transcript.places import MACHINE
from seatrial.transcript.programs import PROGRAMS
from seatrial.transcript.spelling import COMMANDS
from seatrial.transcript.steps import Step

_ROW = '<span class="seatrial-row"'
# a program of a project's own is asked for by its name
_LEXERS = {program.name: program.lexer for program in PROGRAMS}


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
    return (
        f'<figure class="seatrial-block" data-standing="{shown.standing.name.lower()}"'
        f"{_spelt(shown)}>\n{_named(shown)}"
        f'<div class="seatrial-transcript highlight">\n{body}</div>\n'
        f"{caption(shown, nest, _only(shown))}</figure>\n"
    )


def numbered_lines(shown: Shown) -> str:
    """Return the nest of places of a block; each line of input has the number of its step."""
    nest = nested(shown.steps, shown.given, shown.block.terminal)
    return (
        '<div class="seatrial-transcript highlight">\n'
        f"{_Transcript(shown, numbered=True).frame(nest)}</div>\n"
    )


def commands_figures(halves: Sequence[Shown]) -> str:
    """Return a block's commands alone, in each spelling of Compose in which they differ."""
    first, *others = halves
    if all(_inputs(half) == _inputs(first) for half in others):
        return _commands_figure(replace(first, spelling=""))
    return "".join(map(_commands_figure, halves))


def _inputs(shown: Shown) -> list[tuple[str, ...]]:
    """Return what is typed."""
    return [step.typed for step in shown.steps]


def _commands_figure(shown: Shown) -> str:
    """Return a block's commands alone as a figure, with a mark where it did not run as it is."""
    if not shown.steps:
        return block_figure(shown)
    transcript = _Transcript(shown, commands_alone=True)
    marks = [f'<span class="seatrial-only">{escape(only)}</span>'] if (only := _only(shown)) else []
    if shown.standing is not Standing.RAN:
        marks.append(not_run_mark(shown.standing, shown.block.not_run))
    below = f'<figcaption class="seatrial-caption">{" ".join(marks)}</figcaption>\n'
    return (
        f'<figure class="seatrial-block seatrial-commands"{_spelt(shown)}>\n{_named(shown)}'
        f'<div class="seatrial-transcript highlight">\n{transcript.frame(_entered(shown))}</div>\n'
        f"{below if marks else ''}</figure>\n"
    )


def commands_in_words(shown: Shown) -> list[str]:
    """Return a block's commands alone, with a line for each place that is entered."""
    if not shown.steps:
        return list(shown.block.lines)
    return in_words(
        _entered(shown),
        lambda line: shown.steps[line.step].shown if line.part is Part.INPUT else (),
    )


def _entered(shown: Shown) -> Frame:
    """Return the nest of a block whose steps alone are shown: of no place it says how it ended."""
    nest = nested(shown.steps, shown.given, shown.block.terminal)
    for frame in nest.frames():
        frame.end = ""
    return nest


def _only(shown: Shown) -> str:
    """Return in which spelling of Compose alone a block exists, in words; nothing where in both."""
    return f"{COMMANDS[shown.block.only]} only" if shown.block.only else ""


def _spelt(shown: Shown) -> str:
    """Return the attribute by which a page's switch finds a half."""
    return f' data-spelling="{shown.spelling}"' if shown.spelling and not shown.block.only else ""


def _named(shown: Shown) -> str:
    """Return the name of a half, for those who see both."""
    if not shown.spelling or shown.block.only:
        return ""
    return f'<div class="seatrial-label">{escape(shown.label)}</div>\n'


def transcript_in_words(shown: Shown, *, as_came: bool = False) -> list[str]:
    """Return a block as its lines stand on the page, with a line for each place that is entered.

    With `as_came` its output is what came, as far as that is known: nothing of it is elided.
    """
    if not shown.steps:
        return list(shown.block.lines)
    transcript = _Transcript(shown, as_came=as_came)
    return in_words(nested(shown.steps, shown.given, shown.block.terminal), transcript.lines)


def lines_in_places(shown: Shown) -> Iterator[tuple[Frame, Sequence[str]]]:
    """Yield a block's lines as they stand on the page, each part with the frame it stands in."""
    transcript = _Transcript(shown)

    def walk(frame: Frame) -> Iterator[tuple[Frame, Sequence[str]]]:
        for part in frame.held:
            if isinstance(part, Frame):
                yield from walk(part)
            else:
                yield frame, transcript.lines(part)

    return walk(nested(shown.steps, shown.given, shown.block.terminal))


class _Transcript:
    """The markup of a block's frames."""

    def __init__(
        self,
        shown: Shown,
        *,
        commands_alone: bool = False,
        numbered: bool = False,
        as_came: bool = False,
    ) -> None:
        self._commands_alone = commands_alone
        self._numbered = numbered
        self._as_came = as_came
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
        self._removed = [""] * len(shown.steps)
        if shown.given is not None:
            both = zip(shown.steps, shown.given.steps, strict=True)
            self._removed = [removals.of_step(step, given) for step, given in both]
        self._lead = () if commands_alone else lines[: begins[0]]

    def lines(self, line: Line) -> Sequence[str]:
        """Return the lines of a page that one part of a step stands for."""
        step = self._steps[line.step]
        if line.part is Part.INPUT:
            return (*(self._lead if line.step == 0 else ()), *step.shown)
        if line.part is Part.STATUS:
            status = [f"[{step.status}]"] if step.status is not None else []
            return (*status, *self._rest[line.step])
        answer: Sequence[str] = step.promise
        compared = self._compared[line.step]
        if self._as_came and compared is not None:
            answer = [row.came for row in compared.rows if row.came is not None]
        return answer[share(line.part, step.command, answer)]

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
            removes = any(
                self._removed[part.step]
                for part in stretch
                if isinstance(part, Line) and _is_input(part)
            )
            where = where_markup(frame, removes=removes) if typed or not number else ""
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
        if self._commands_alone and not _leads_to_input(part):
            return
        if isinstance(part, Frame):
            if any(piece.html for held in part.held for piece in self._pieces(held)) or part.end:
                yield Piece(False, self.frame(part))
            return
        step = self._steps[part.step]
        if part.part is Part.INPUT:
            html = _typed(step)
            if self._numbered:
                html = html.replace(_ROW, f'{_ROW} data-step="{part.step}"')
            yield Piece(True, html + removed_mark(self._removed[part.step]))
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


def _leads_to_input(part: Line | Frame) -> bool:
    """Tell whether a part is what somebody types, or a place in which they type."""
    return part.entered if isinstance(part, Frame) else _is_input(part)


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


def where_markup(frame: Frame, *, removes: bool = False) -> str:
    """Return a frame's heading, which says where something in it removes data."""
    program = f" <span>{escape(frame.program)}</span>" if frame.program else ""
    mark = f' <span class="seatrial-removing">{removals.REMOVES}</span>' if removes else ""
    return f'<div class="seatrial-where"><b>{escape(frame.name)}</b>{program}{mark}</div>\n'


def removed_mark(removed: str) -> str:
    """Return what a line removed, in a line of its own under it."""
    return f'<span class="seatrial-removed">{escape(removed)}\n</span>' if removed else ""


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
    return f"{_ROW}>{content}\n</span>"


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
            table = is_table(row.came or "" for row in rows)
            marked = (_with_elisions(row.promised, row.came) for row in rows)
            yield Piece(True, output(marked, table=table))


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
