"""What is put together from all pages and their records: ledgers, indexes, matrices.

Pure functions from what is known of pages to docutils' nodes, which every builder can show.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from html import escape

from docutils import nodes

from seatrial.pages.facts import ItemFacts, PageFacts
from seatrial.pages.front import answer, run_figures
from seatrial.pages.marks import counted, day_in_words, versions
from seatrial.pages.shown import Shown, Standing
from seatrial.pages.stage import run_stage
from seatrial.pages.totals import doubt, totals
from seatrial.pages.wanted import Overview, Wanted
from seatrial.transcript.blocks import Block, Edit
from seatrial.transcript.commands import functions, heading, normalised, simple_commands
from seatrial.transcript.matching import Comparison, Pair
from seatrial.transcript.programs import is_shell
from seatrial.transcript.record import Record, Run, StepRecord
from seatrial.transcript.spelling import COMMANDS

_CELL = re.compile(r"\s*([^:]+):\s+(\S.*)")
_NOTHING = "nothing"
_LITERAL = re.compile(r"(`+)(.+?)\1")


# --- claims ---------------------------------------------------------------------------------------


def claims_ledger(wanted: Wanted) -> list[nodes.Node]:
    """Return every claim of the site, page by page, with the runs that proved it."""
    pages, link = wanted.all_pages(), wanted.link
    entries = []
    for page in pages:
        claims = [facts for facts in page.items if facts.anchor]
        if not claims:
            continue
        listed = nodes.bullet_list()
        for facts in claims:
            line = nodes.paragraph("", "", link(page.name, facts.anchor, _copies(facts.sentence)))
            if why := doubt(facts):
                line += [nodes.Text(" "), nodes.strong("", f"({why})")]
            listed += nodes.list_item("", line)
        runs = nodes.paragraph("", _proved(page.record))
        entries.append(_entry(link(page.name, "", [nodes.Text(page.title)]), runs, listed))
    return [_counts(pages), *_definitions(entries)]


def _counts(pages: Sequence[PageFacts]) -> nodes.Node:
    """Return how much the site shows, in a sentence."""
    found = totals(pages)
    named = f" Named in sentences and unproved: {found.marked}." if found.marked else ""
    many = partial(counted, grouped=True)
    return nodes.paragraph(
        "",
        f"{many(found.pages, 'page')} with {many(found.blocks, 'block')} of "
        f"{many(found.steps, 'step')} and {many(found.edits, 'edit')}; run in all spellings, "
        f"that is {many(found.ran, 'step')}. {many(found.claims, 'claim')}, of which "
        f"{found.proved} proved. Shown and not run: {found.left_out}.{named}",
    )


def _proved(record: Record | None) -> str:
    """Return when and on what a page ran."""
    if record is None or not record.runs:
        return "Nothing of this page has run yet."
    return f"Ran {' and '.join(map(_ran, _in_order(record.runs)))}."


def _in_order(runs: Mapping[str, Run]) -> list[Run]:
    """Return the runs of a page, the current Compose first."""
    return [runs[spelling] for spelling in COMMANDS if spelling in runs]


def _ran(run: Run) -> str:
    """Return the day and the tools of a run."""
    tools = ", ".join(versions(run))
    return f"on {day_in_words(run.ran)} ({tools})" if tools else f"on {day_in_words(run.ran)}"


def not_run_ledger(wanted: Wanted) -> list[nodes.Node]:
    """Return everything that is shown or named and was never run, with the reasons."""
    link = wanted.link
    entries = []
    for page in wanted.all_pages():
        listed = nodes.bullet_list()
        shown = [
            (each.item.file if isinstance(each.item, Edit) else _first_command(each), reason)
            for each in page.items
            if (reason := each.item.not_run)
        ]
        for what, reason in (*shown, *page.marked):
            line = nodes.paragraph("", "", nodes.literal(what, what))
            line += nodes.Text(f": {reason}")
            listed += nodes.list_item("", line)
        if listed.children:
            entries.append(_entry(link(page.name, "", [nodes.Text(page.title)]), listed))
    if not entries:
        return [nodes.paragraph("", "Nothing: every command of the site was run.")]
    return _definitions(entries)


def _first_command(facts: ItemFacts) -> str:
    """Return the first line that a block has a reader type."""
    steps = facts.halves[0].steps if facts.halves else ()
    if steps:
        return steps[0].typed[0]
    return facts.item.lines[0] if facts.item.lines else ""


# --- commands -------------------------------------------------------------------------------------


def command_index(wanted: Wanted) -> list[nodes.Node]:
    """Return every command that pages and notebooks run in a shell, and where they do.

    Commands of both spellings of Compose stand under the current one.
    """
    found: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for page in wanted.all_pages():
        texts = (*_typed(page), *page.cells)
        own = frozenset().union(*map(functions, texts))
        for text in texts:
            for words in simple_commands(text):
                if words[0] not in own:
                    found[heading(words)][normalised(words)][page.name] = page.title
    entries = []
    for name in sorted(found, key=lambda name: (not name.startswith("docker"), name)):
        listed = nodes.bullet_list()
        for command in sorted(found[name]):
            line = nodes.paragraph("", "", nodes.literal(command, command))
            for number, (where, title) in enumerate(sorted(found[name][command].items())):
                line += nodes.Text(", " if number else ": ")
                line += wanted.link(where, "", [nodes.Text(title)])
            listed += nodes.list_item("", line)
        entries.append(_entry(nodes.literal(name, name), listed))
    return _definitions(entries)


def _typed(page: PageFacts) -> Iterable[str]:
    """Yield what a page has a reader type into shells."""
    for facts in page.items:
        if facts.halves and not facts.item.not_run:
            for step in facts.halves[0].steps:
                if is_shell(step.program) and not step.is_key:
                    yield step.command


# --- versions -------------------------------------------------------------------------------------


def tested_versions(wanted: Wanted) -> list[nodes.Node]:
    """Return a table of the sets of tools that pages ran on."""
    rows: dict[tuple[str, tuple[str, ...]], list[Run]] = defaultdict(list)
    for page in wanted.all_pages():
        for spelling, run in page.record.runs.items() if page.record else ():
            if any(item.steps for item in run.items):
                rows[COMMANDS[spelling], versions(run, brief=False)].append(run)
    if not rows:
        return [nodes.paragraph("", "Nothing has run yet.")]
    return _table(
        ["Spelling", "Tools", "Pages", "Steps", "Last run"],
        [
            [
                [nodes.literal(spelling, spelling)],
                [nodes.Text(", ".join(tools))],
                [nodes.Text(str(len(runs)))],
                [nodes.Text(str(sum(len(i.steps) for run in runs for i in run.items)))],
                [nodes.Text(day_in_words(max(run.ran for run in runs)))],
            ]
            for (spelling, tools), runs in sorted(rows.items())
        ],
    )


# --- matrices -------------------------------------------------------------------------------------


def run_matrix(wanted: Wanted) -> list[nodes.Node]:
    """Return a table of what the blocks of a page printed: a row for each block with a ``:row:``.

    A line ``label: value`` of a block's recorded output is a cell.  Where the other spelling of
    Compose printed another value, the cell has both.

    With an ``answer``, a cell says whether a command was enough (see `_attempts`), and the column
    of this name has the first command that was.  Of the others, ``columns`` are shown, or all.
    """
    rows: dict[str, list[ItemFacts]] = defaultdict(list)
    for facts in wanted.here.items:
        item = facts.item
        if isinstance(item, Block) and item.row and item.matrix == wanted.options["matrix"]:
            rows[item.row].append(facts)
    if not rows:
        return []
    answer = wanted.options.get("answer", "")
    filled = {
        row: _row(facts, answer) if answer else _row(facts[-1:]) for row, facts in rows.items()
    }
    labels = wanted.options.get("columns", "").split(", ")
    if labels == [""]:
        every = dict.fromkeys(label for cells in filled.values() for label in cells)
        labels = [label for label in every if label != answer]
    head = [answer, *labels] if answer else [*labels]
    return _table(
        [wanted.options["corner"], *head],
        [
            [_inline(row), *(_inline(cells.get(label, "–")) for label in head)]
            for row, cells in filled.items()
        ],
    )


def _row(facts: Sequence[ItemFacts], answer: str = "") -> dict[str, str]:
    """Return the cells of a row, from the blocks that have its name."""
    count = max(len(each.halves) for each in facts)
    # a block that is the same in both spellings has one half, which stands for both
    first, *others = (
        [each.halves[at if at < len(each.halves) else 0] for each in facts] for at in range(count)
    )
    cells = dict(_cells(first, answer))
    for other in others:
        labelled = next(half.label for half in reversed(other) if half.label)
        for label, value in _cells(other, answer):
            if label != answer and cells.get(label, value) != value:
                cells[label] += f" ({labelled}: {value})"
    return cells or {answer: Standing.NEVER_RAN.value}


def _cells(halves: Sequence[Shown], answer: str) -> Iterable[tuple[str, str]]:
    """Yield the cells of a row, where all its blocks have run."""
    if all(half.given is not None and half.standing is Standing.RAN for half in halves):
        yield from _attempts(halves, answer) if answer else _lines(halves)


def _lines(halves: Iterable[Shown]) -> Iterable[tuple[str, str]]:
    """Yield the cells that blocks printed, where the page does not elide them."""
    for step, compared in _steps(halves):
        elided = {
            row.came
            for row in (compared.rows if compared is not None and compared.kept else ())
            if row.pair is Pair.ELIDED
        }
        for line in step.output:
            if line not in elided and (cell := _CELL.fullmatch(line)):
                yield cell.group(1), cell.group(2).rstrip()


def _attempts(halves: Iterable[Shown], answer: str) -> Iterable[tuple[str, str]]:
    """Yield whether each command of a row was enough, and as its `answer` the first that was.

    The row's last command looks for the change.  Typed earlier in the row it looks too, and a
    command between two looks was enough where the second gave what the last one gives.
    """
    steps = [step for step, _ in _steps(halves)]
    last, tried, found = steps[-1], list[str](), False
    for step in steps:
        if step.command != last.command:
            tried += [step.command] if simple_commands(step.command) else []
            continue
        enough = (step.output, step.status) == (last.output, last.status)
        if (label := _attempt(tried)) is not None:
            yield label, "yes" if enough else "no"
        if enough and not found:
            found = True
            yield answer, ", then ".join(f"``{command}``" for command in tried) or _NOTHING
        tried = []


def _attempt(tried: Sequence[str]) -> str | None:
    """Return the column of what was tried: a command of Compose without what it applies to."""
    words = [normalised(simple_commands(command)[0]).split() for command in tried]
    if len(words) > 1 or any(each[:2] != ["docker", "compose"] for each in words):
        return None
    compose = [word for command in words for word in command[2:]]
    kept = [word for at, word in enumerate(compose) if not at or word.startswith("-")]
    return f"``{' '.join(kept)}``" if kept else _NOTHING


def _steps(halves: Iterable[Shown]) -> Iterable[tuple[StepRecord, Comparison | None]]:
    """Yield the recorded steps of blocks, each with how it compares with its promise."""
    for half in halves:
        if half.given is not None:
            yield from zip(half.given.steps, half.comparisons, strict=True)


def _inline(text: str) -> list[nodes.Node]:
    """Return a text with what stands in backticks as literals."""
    parts: list[nodes.Node] = []
    at = 0
    for literal in _LITERAL.finditer(text):
        parts += [nodes.Text(text[at : literal.start()])]
        parts += [nodes.literal(literal.group(2), literal.group(2))]
        at = literal.end()
    return [part for part in (*parts, nodes.Text(text[at:])) if part.astext()]


# --- nodes ----------------------------------------------------------------------------------------


def _copies(parts: Sequence[nodes.Node]) -> list[nodes.Node]:
    """Return copies of nodes, of which each can stand in one place alone."""
    return [part.deepcopy() for part in parts]


def _entry(term: nodes.Node, *body: nodes.Node) -> nodes.definition_list_item:
    """Return a term and what belongs to it."""
    return nodes.definition_list_item("", nodes.term("", "", term), nodes.definition("", *body))


def _definitions(entries: Sequence[nodes.Node]) -> list[nodes.Node]:
    """Return entries as a list; nothing where there are none."""
    return [nodes.definition_list("", *entries, classes=["seatrial-overview"])] if entries else []


def _table(head: Sequence[str], rows: Sequence[Sequence[Sequence[nodes.Node]]]) -> list[nodes.Node]:
    """Return a table whose first column names its rows.

    In a browser it stands in a box that scrolls where it is narrow, by the keyboard too.
    """
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    cells: Sequence[Sequence[Sequence[nodes.Node]]] = [[_inline(name) for name in head]]
    for kind, lines in ((nodes.thead, cells), (nodes.tbody, rows)):
        part = kind("")
        for line in lines:
            entries = [nodes.entry("", nodes.paragraph("", "", *cell)) for cell in line]
            part.append(nodes.row("", *entries))
        group += part
    label = escape(", ".join(filter(None, head)))
    return [
        nodes.raw(
            "",
            f'<div class="seatrial-wide" role="region" tabindex="0" aria-label="{label}">',
            format="html",
        ),
        nodes.table("", group, classes=["colwidths-auto", "seatrial-overview"]),
        nodes.raw("", "</div>", format="html"),
    ]


#: The directives that stand for an overview, by name.
OVERVIEWS: Mapping[str, Overview] = {
    "claims-ledger": Overview(claims_ledger),
    "not-run-ledger": Overview(not_run_ledger),
    "command-index": Overview(command_index),
    "tested-versions": Overview(tested_versions),
    "run-matrix": Overview(
        run_matrix,
        when_empty="no block of this page has a `:row:` for the matrix; add the option to one",
    ),
    "run-stage": Overview(
        run_stage,
        when_empty="no block of this page has the `:name:` that the stage asks for; give it to one",
    ),
    "run-figures": Overview(run_figures),
    "answer": Overview(
        answer,
        when_empty="its page has no item of each name that the answer takes; name what it shows",
    ),
}
