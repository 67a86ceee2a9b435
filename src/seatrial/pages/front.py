"""What a front page shows of all others: figures of their runs, and answers taken from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docutils import nodes

from seatrial.pages.facts import ItemFacts, PageFacts
from seatrial.pages.in_markdown import fenced
from seatrial.pages.marks import day_in_words, versions
from seatrial.pages.rendering import commands_figures, commands_in_words
from seatrial.pages.totals import doubt, totals
from seatrial.pages.wanted import Wanted
from seatrial.transcript.record import Run
from seatrial.transcript.spelling import COMMANDS


def run_figures(wanted: Wanted) -> list[nodes.Node]:
    """Return how many claims are proved, how much ran, when, on what, and on which stand-ins."""
    pages = wanted.all_pages()
    found, runs = totals(pages), _runs(pages)
    claims: nodes.Node = nodes.Text("claims proved")
    if ledger := wanted.options.get("ledger"):
        claims = wanted.link(ledger, "", [claims])
    proved = f"{found.proved:,} of {found.claims:,}"
    figures = [[nodes.strong("", proved), nodes.Text(" "), claims]]
    figures.append([nodes.strong("", f"{found.ran:,}"), nodes.Text(" steps run")])
    if days := sorted({run.ran for run in runs}):
        figures.append([nodes.Text("last on "), nodes.strong("", day_in_words(days[-1]))])
    if tools := _tools(runs):
        figures.append([nodes.Text("on "), nodes.strong("", tools)])
    listed = nodes.bullet_list(classes=["seatrial-figures"])
    for parts in figures:
        listed += nodes.list_item("", nodes.paragraph("", "", *parts))
    return [listed, *_door(wanted, runs)]


def _runs(pages: Iterable[PageFacts]) -> list[Run]:
    """Return the last run of each page in each spelling, as far as any step ran."""
    return [
        run
        for page in pages
        for spelling, run in (page.record.runs.items() if page.record else ())
        if spelling in COMMANDS and any(item.steps for item in run.items)
    ]


def _tools(runs: Sequence[Run], *, brief: bool = True) -> str:
    """Return on what pages ran, as "Docker 28.5, Compose 5.6 and 1.29"."""
    named: dict[str, dict[str, None]] = {}
    for tool in ("Docker", "Compose"):
        for run in runs:
            if tool in run.tools:
                version = next(v for v in versions(run, brief=brief) if v.startswith(tool))
                named.setdefault(tool, {})[version.removeprefix(f"{tool} ")] = None
    return ", ".join(
        f"{tool} {' and '.join(sorted(found, key=_numbers, reverse=True))}"
        for tool, found in named.items()
    )


def _numbers(version: str) -> list[int]:
    """Return what versions are sorted by."""
    return [int(part) if part.isdigit() else 0 for part in version.split(".")]


def _door(wanted: Wanted, runs: Sequence[Run]) -> list[nodes.Node]:
    """Return on which versions all was run, and that images were stand-ins where they were."""
    on = _tools(runs, brief=False)
    if not on or not any(run.stand_ins for run in runs):
        return []
    words = "stand-ins for the official images"
    stand_ins: nodes.Node = nodes.Text(words)
    if page := wanted.options.get("stand-ins"):
        stand_ins = wanted.link(page, "", [nodes.Text(words)])
    return [
        nodes.paragraph(
            "",
            "",
            nodes.Text("The runs used "),
            stand_ins,
            nodes.Text(f", on {on}."),
            classes=["seatrial-door"],
        )
    ]


def answer(wanted: Wanted) -> list[nodes.Node]:
    """Return claims of another page, the commands of its blocks, and a link to the page.

    Nothing where it has no item of one of the names.
    """
    name = wanted.options["page"].lstrip("/")
    page = next((each for each in wanted.all_pages() if each.name == name), None)
    names = wanted.options["takes"].replace(",", " ").split()
    found = {each.item.name: each for each in page.items} if page else {}
    if page is None or not names or not all(each in found for each in names):
        return []
    parts: list[nodes.Node] = []
    advice: nodes.paragraph | None = None
    for facts in map(found.__getitem__, names):
        sentence = _claim(wanted, page, facts) if facts.anchor else _copies(facts.advice)
        # what to do in several steps is one paragraph
        if not facts.anchor and advice is not None:
            advice += [nodes.Text(" "), *sentence]
        elif sentence:
            paragraph = nodes.paragraph("", "", *sentence)
            parts.append(paragraph)
            advice = None if facts.anchor else paragraph
        if not facts.anchor:
            parts += _code(facts)
    more = nodes.paragraph("", "", wanted.link(page.name, "", [nodes.Text(page.title)]))
    return [nodes.container("", *parts, more, classes=["seatrial-answer"])]


def _code(facts: ItemFacts) -> list[nodes.Node]:
    """Return what there is to type or to edit, as HTML and for forms of pages without it."""
    html = facts.edit or commands_figures(facts.halves)
    typed = commands_in_words(facts.halves[0]) if facts.halves else facts.item.lines
    plain = fenced("text", typed)
    return [nodes.raw("", html, format="html"), nodes.raw("", plain, format="markdown")]


def _copies(parts: Sequence[nodes.Node]) -> list[nodes.Node]:
    """Return copies of nodes, of which each can stand in one place alone."""
    return [part.deepcopy() for part in parts]


def _claim(wanted: Wanted, page: PageFacts, facts: ItemFacts) -> list[nodes.Node]:
    """Return what a claim says, and a link to its proof, or why there is none."""
    sentence = _copies(facts.sentence)
    if why := doubt(facts):
        return [*sentence, nodes.Text(f" ({why})")]
    proof = wanted.link(page.name, facts.anchor, [nodes.Text("proof")])
    return [*sentence, nodes.Text(" ("), proof, nodes.Text(")")]
