"""The Sphinx face: renders blocks with what their record says; never runs anything."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ConfigError, NoUri
from sphinx.util import logging

from seatrial import __version__
from seatrial.errors import RecordError, SeatrialError, TranscriptError
from seatrial.pages.cell_pages import for_site
from seatrial.pages.collecting import CollectItems
from seatrial.pages.directives import (
    UNPROVED,
    Claim,
    Console,
    EditFile,
    Overview,
    RunMatrix,
    Sandbox,
    unproved,
)
from seatrial.pages.marks import (
    PageStatus,
    claim_anchor,
    claim_mark,
    edit_figure,
    page_status,
    sandbox_parts,
)
from seatrial.pages.nodes import (
    claim_node,
    item_node,
    item_of,
    items_of,
    overview_node,
    sandbox_node,
    status_node,
)
from seatrial.pages.overviews import (
    ItemFacts,
    Link,
    PageFacts,
    claims_ledger,
    command_index,
    not_run_ledger,
    run_matrix,
    tested_versions,
)
from seatrial.pages.rendering import transcript_in_words
from seatrial.pages.settings import Settings, settings
from seatrial.pages.shown import Shown, Standing, as_recorded
from seatrial.pages.tabs import needs_tabs, spellings
from seatrial.transcript.blocks import Block, Edit, Item
from seatrial.transcript.cells import typed_on_the_machine
from seatrial.transcript.record import Record, Run, load, path_of
from seatrial.transcript.spelling import COMMANDS, in_spelling, respelt
from seatrial.transcript.steps import Step, parse

STATIC = Path(__file__).parent / "static"

#: Directives without a page of their own to look at: they tell of all.
OVERVIEWS: Mapping[str, Callable[[Sequence[PageFacts], Link], list[nodes.Node]]] = {
    "claims-ledger": claims_ledger,
    "not-run-ledger": not_run_ledger,
    "command-index": command_index,
    "tested-versions": tested_versions,
}

logger = logging.getLogger(__name__)


def renders(app: Sphinx) -> bool:
    """Tell whether this builder's pages are HTML; in all others places are words."""
    return bool(app.builder.format == "html")


def spellings_shown(app: Sphinx, item: Item, steps: Sequence[Step]) -> tuple[str, ...]:
    """Return the spellings of Compose in which a page shows an item, the page's own first."""
    spellings = app.config.seatrial_spellings
    first = "v2" if "v2" in spellings or not spellings else spellings[0]
    if isinstance(item, Edit):
        return (first,)
    if item.only:
        return (item.only,)
    project = project_name(app)
    both = {"v1", "v2"} <= set(spellings) and "sphinx_tabs.tabs" in app.extensions
    # a name that a command of plain `docker` prints may differ as well
    lines = [line for step in steps for line in (*step.typed, *step.promise)]
    if both and any(respelt(line, project) != line for line in lines):
        return ("v2", "v1")
    return (first,)


def project_name(app: Sphinx) -> str:
    """Return what Compose calls the sample project."""
    return Path(app.config.seatrial_project).name


def steps_of(item: Item, known: Settings) -> tuple[Step, ...]:
    """Return an item's steps; none for an edit, or where a block is no transcript."""
    try:
        return parse(item, known.prompts) if isinstance(item, Block) else ()
    except TranscriptError:
        return ()


def halves_of(
    app: Sphinx,
    known: Settings,
    block: Block,
    record: Record | None,
    nth: int,
    *,
    one: bool = False,
) -> list[Shown]:
    """Return a block in each spelling that a page shows, or in `one`, with what its record says.

    `nth` counts the blocks of the same digest that stand before it on the page.
    """
    spellings = spellings_shown(app, block, steps_of(block, known))
    spellings = spellings[:1] if one else spellings
    items = _seen(app.env)[block.page].items if block.varies else ()
    before = [item.digest for item in items[: block.ordinal]]
    halves = []
    for spelling in spellings:
        spelt = in_spelling(block, spelling, project_name(app))
        assert isinstance(spelt, Block)
        run = record.runs.get(spelling) if record else None
        half = as_recorded(
            spelt,
            steps_of(spelt, known),
            run,
            record.item(spelling, block.digest, nth) if record else None,
            spelling=spelling if len(spellings) > 1 or block.only else "",
            own_output=spelling != spellings[0],
            strict=known.strict,
            outdated=bool(block.varies and run and not run.fits(before, known.project)),
        )
        halves.append(half)
    return halves


# --- rendering ------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What the blocks and edits of a page add up to."""

    spellings: set[str] = field(default_factory=set)
    # in which the page has blocks that ran
    left_out: Counter[str] = field(default_factory=Counter)
    # why lines were not run -> how many lines
    doubtful: dict[int, Standing] = field(default_factory=dict)
    # number of a block or an edit that did not run as it stands -> what is known of it
    asked: int = 0
    # blocks that are to run
    both: bool = False

    def take(self, half: Shown) -> None:
        """Count a block in one spelling."""
        if half.standing is Standing.LEFT_OUT:
            lines = sum(len(step.typed) for step in half.steps) or len(half.block.lines)
            # both spellings leave the same lines out
            if half.spelling != "v1" or half.block.only:
                self.left_out[half.block.not_run] += lines
            return
        self.asked += 1
        self.both = self.both or (bool(half.spelling) and not half.block.only)
        if half.standing is Standing.RAN:
            self.spellings |= {half.spelling} if half.spelling else {"v2", "v1"}
        else:
            self.doubtful.setdefault(half.block.ordinal, half.standing)

    def take_edit(self, edit: Edit, standing: Standing) -> None:
        """Count an edit."""
        if standing is Standing.LEFT_OUT:
            self.left_out[edit.not_run] += len(edit.new) or len(edit.lines)
        elif standing is not Standing.RAN:
            self.doubtful[edit.ordinal] = standing


@dataclass
class Rendering:
    """The rendering of one doctree, which may hold several pages: `singlehtml` makes it so."""

    app: Sphinx
    known: Settings
    records: dict[str, Record | None] = field(default_factory=dict)
    # page -> its record
    unreadable: set[str] = field(default_factory=set)
    # pages whose record is broken
    occurrences: Counter[tuple[str, str]] = field(default_factory=Counter)
    # how often a page had an item of a digest so far
    anchors: Counter[str] = field(default_factory=Counter)
    told: set[tuple[str, str]] = field(default_factory=set)
    # pages and spellings of which it was said already that nothing ran
    statuses: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    # page -> what its blocks and edits add up to

    def render(self, doctree: nodes.document) -> None:
        """Replace all that is ours by markup."""
        for status in list(doctree.findall(status_node)):
            self._status(status)
        for claim in list(doctree.findall(claim_node)):
            self._claim(claim)
        for sandbox in list(doctree.findall(sandbox_node)):
            self._sandbox(sandbox)

    def items(self, doctree: nodes.document) -> None:
        """Replace blocks and edits; note on each claim how its proof stands."""
        for node in list(doctree.findall(item_node)):
            item = item_of(node)
            if isinstance(item, Edit):
                new, standings = self._edit(item, node)
            else:
                new, standings = self._block(item, node)
            if isinstance(node.parent, claim_node):
                node.parent["standings"] = standings
                node.parent["sentence"] = item.claim if isinstance(item, Block) else ""
                node.parent["reason"] = item.not_run
            literal = next(node.findall(nodes.literal_block))
            node.replace_self([*_targets(node), *_targets(literal), new])

    def _block(self, item: Block, node: item_node) -> tuple[nodes.Node, list[Standing]]:
        """Return a block's markup, in as many spellings as the page shows."""
        nth = self._nth(item)
        halves = halves_of(self.app, self.known, item, self._record(item.page), nth)
        for half, spelling in zip(
            halves, spellings_shown(self.app, item, steps_of(item, self.known)), strict=True
        ):
            self._tell(item, node, half.standing, spelling)
        if not halves[0].steps and not item.not_run:
            self._tell_why(item, node)
        for half in halves:
            self.statuses[item.page].take(half)
        standings = [half.standing for half in halves]
        tabs = self.app.builder.name != "epub"
        markup = _raw(spellings(item.page, item.ordinal, halves, tabs=tabs))
        if not (tabs and needs_tabs(halves)):
            return markup, standings
        # the class is how sphinx-tabs knows that a page needs its script
        container = nodes.container(classes=["sphinx-tabs", "seatrial-tabs"])
        container += markup
        return container, standings

    def in_words(self, doctree: nodes.document) -> None:
        """Write the places that a transcript enters into it, as lines in brackets."""
        for node in list(doctree.findall(item_node)):
            item = item_of(node)
            if not isinstance(item, Block):
                continue
            half = halves_of(
                self.app, self.known, item, self._record(item.page), self._nth(item), one=True
            )[0]
            literal = next(node.findall(nodes.literal_block))
            text = "\n".join(transcript_in_words(half))
            literal.rawsource = text
            literal.children = [nodes.Text(text)]

    def _edit(self, item: Edit, node: item_node) -> tuple[nodes.Node, list[Standing]]:
        """Return an edit's markup."""
        nth = self._nth(item)
        record = self._record(item.page)
        (spelling,) = spellings_shown(self.app, item, ())
        if item.not_run:
            standing = Standing.LEFT_OUT
        elif record and record.item(spelling, item.digest, nth):
            standing = Standing.RAN
        else:
            standing = Standing.NEVER_RAN
        self.statuses[item.page].take_edit(item, standing)
        self._tell(item, node, standing, spelling)
        literal = next(node.findall(nodes.literal_block))
        return _raw(edit_figure(item, literal.get("language", "text"), standing)), [standing]

    def _claim(self, node: claim_node) -> None:
        """Replace a claim by its sentence and the proof that opens under it."""
        paragraph, *proof = node.children
        anchor = _numbered(claim_anchor(node["sentence"]), self.anchors)
        mark = claim_mark(node["standings"], node["reason"])
        sentence = nodes.inline("", "", *paragraph.children, classes=["seatrial-sentence"])
        # not the summary itself: a sentence may have links, which cannot stand in one
        node.replace_self(
            [
                *_targets(node),
                _raw(f'<div class="seatrial-claim" id="{anchor}"><p>'),
                sentence,
                _raw(f"</p>\n<details><summary>{mark}</summary>\n"),
                *proof,
                _raw("</details></div>\n"),
            ]
        )

    def _sandbox(self, node: sandbox_node) -> None:
        """Replace what a page starts from by a line, with the commands folded under it."""
        paragraph, *commands = node.children
        parts = sandbox_parts(paragraph.astext(), bool(commands))
        sentence = nodes.inline("", "", *paragraph.children)
        node.replace_self(
            [
                *_targets(node),
                _raw(parts.before),
                sentence,
                _raw(parts.between),
                *commands,
                _raw(parts.after),
            ]
        )

    def _status(self, node: status_node) -> None:
        """Replace the place under a page's title by what is known of the page."""
        tally = self.statuses[node["page"]]
        record = self.records.get(node["page"])
        runs = {
            s: run for s, run in (record.runs if record else {}).items() if s in tally.spellings
        }
        ordered: dict[str, Run] = {s: runs[s] for s in ("v2", "v1") if s in runs}
        # a page on which everything is left out on purpose has nothing to tell of a run
        if not tally.asked:
            node.replace_self([])
            return
        switch = tally.both and self.app.builder.name != "epub"
        doubtful = Counter(tally.doubtful.values())
        shown = tuple(s for s in ("v2", "v1") if s in self.app.config.seatrial_spellings)
        status = PageStatus(ordered, tally.left_out, doubtful, switch, shown)
        node.replace_self(_raw(page_status(status)))

    def _nth(self, item: Item) -> int:
        """Count the items of a digest on a page; return how many came before."""
        key = (item.page, item.digest)
        self.occurrences[key] += 1
        return self.occurrences[key] - 1

    def _record(self, page: str) -> Record | None:
        """Return a page's record, read once; say so where it is none."""
        if page not in self.records:
            try:
                self.records[page] = load(self.known.records, page)
            except RecordError as error:
                self.records[page] = None
                self.unreadable.add(page)
                logger.warning(str(error), type="seatrial", subtype="record")
            record = self.records[page]
            if record and any(run.old_format for run in record.runs.values()):
                logger.warning(
                    "the record of %s has format 1, whose runs carry no digest: nothing tells "
                    "whether it was changed; type `%s`",
                    page,
                    self._command(page),
                    type="seatrial",
                    subtype="record",
                )
        return self.records[page]

    def _command(self, page: str) -> str:
        """Return what a person types to record a page."""
        file = Path(self.app.env.doc2path(page, False)).as_posix()
        return str(self.app.config.seatrial_record_command.replace("{page}", file))

    def _tell(self, item: Item, node: item_node, standing: Standing, spelling: str) -> None:
        """Warn where no run stands behind an item; once for a page of which nothing ran."""
        if standing in (Standing.RAN, Standing.LEFT_OUT) or item.page in self.unreadable:
            return
        if self.app.builder.name == "epub":
            # the build of the site warns already
            return
        record = self.records[item.page]
        if record is None or spelling not in record.runs:
            missing = "" if record is None else spelling
            if (item.page, missing) in self.told:
                return
            self.told.add((item.page, missing))
            what = f"spelt `{COMMANDS[spelling]}`, no block" if missing else "no block"
            sentence = f"{what} of this page has run yet"
        elif standing is Standing.EDITED:
            sentence = "what the record holds of this block was changed since it was recorded"
        elif standing is Standing.DIFFERS:
            sentence = "the last run of this block gave something else than the page shows"
        else:
            sentence = "this block has not run as it stands"
        logger.warning(
            "%s; type `%s`",
            sentence,
            self._command(item.page),
            type="seatrial",
            subtype="stale",
            location=_location(self.app, item, node),
        )

    def _tell_why(self, item: Block, node: item_node) -> None:
        """Warn of a block that cannot be read as a transcript."""
        try:
            parse(item, self.known.prompts)
        except TranscriptError as error:
            logger.warning(
                "%s; %s",
                error.message,
                error.hint,
                type="seatrial",
                subtype="transcript",
                location=_location(self.app, item, node),
            )


def _location(app: Sphinx, item: Item, node: nodes.Node) -> str:
    """Return an item's place as Sphinx writes places."""
    source = Path(app.srcdir, item.source)
    return f"{source if source.exists() else node.source}:{item.line}"


def _raw(html: str) -> nodes.raw:
    """Return a node that is markup already."""
    return nodes.raw("", html, format="html")


def _targets(node: nodes.Element) -> list[nodes.Node]:
    """Return what keeps links to a node alive: labels that stand before it became its ids."""
    return [_raw(f'<span id="{escape(name)}"></span>') for name in node["ids"]]


def render(app: Sphinx, doctree: nodes.document, _page: str) -> None:
    """Render what is ours in a page that is about to be written."""
    if next(iter(doctree.findall(_is_ours)), None) is None:
        return
    rendering = Rendering(app, settings(app))
    if renders(app):
        rendering.items(doctree)
        rendering.render(doctree)
    else:
        rendering.in_words(doctree)


def _is_ours(node: nodes.Node) -> bool:
    """Tell whether a node is one of this extension's."""
    return isinstance(node, item_node | claim_node | sandbox_node)


# --- overviews ------------------------------------------------------------------------------------


def put_together(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Fill the places for ledgers, indexes and matrices from all pages and records."""
    places = list(doctree.findall(overview_node))
    if not places:
        return
    known = settings(app)
    everything: list[PageFacts] = []
    for place in places:
        if place["kind"] == "run-matrix":
            filled = run_matrix(facts_of(app, known, page), place["matrix"], place["corner"])
            if not filled:
                logger.warning(
                    "no block of this page has a `:row:` for the matrix; add the option to one",
                    type="seatrial",
                    subtype="matrix",
                    location=place,
                )
        else:
            everything = everything or [
                facts_of(app, known, name) for name in _in_reading_order(app)
            ]
            filled = OVERVIEWS[place["kind"]](everything, partial(_link, app, page))
        place.replace_self(filled)


def facts_of(app: Sphinx, known: Settings, page: str) -> PageFacts:
    """Return what is known about a page and all that it asks for."""
    try:
        record = load(known.records, page)
    except RecordError:
        record = None  # the page itself warns of it
    title = app.env.titles[page].astext()
    path = Path(app.env.doc2path(page))
    if path.suffix == ".ipynb":
        cells = typed_on_the_machine(json.loads(path.read_text(encoding="utf-8")))
        return PageFacts(page, title, cells=tuple(cells))
    facts = []
    same: Counter[str] = Counter()
    anchors: Counter[str] = Counter()
    for node in app.env.get_doctree(page).findall(item_node):
        item = item_of(node)
        halves: tuple[Shown, ...] = ()
        if isinstance(item, Block):
            halves = tuple(halves_of(app, known, item, record, same[item.digest]))
            same[item.digest] += 1
        sentence: tuple[nodes.Node, ...] = ()
        anchor = ""
        if isinstance(node.parent, claim_node) and isinstance(item, Block):
            sentence = tuple(_without_links(node.parent[0]))
            anchor = _numbered(claim_anchor(item.claim), anchors)
        facts.append(ItemFacts(item, halves, sentence, anchor))
    return PageFacts(page, title, tuple(facts), record, marked=_marked(app.env.get_doctree(page)))


def _marked(doctree: nodes.document) -> tuple[tuple[str, str], ...]:
    """Return the literals of a page that are marked as unproved, with the reasons, each once."""
    found = [
        (node.astext(), node[UNPROVED])
        for node in doctree.findall(nodes.literal)
        if UNPROVED in node
    ]
    return tuple(dict.fromkeys(found))


def _numbered(anchor: str, before: Counter[str]) -> str:
    """Return the id of a claim on a page that may have made the same one before."""
    before[anchor] += 1
    return anchor if before[anchor] == 1 else f"{anchor}-{before[anchor]}"


def _without_links(sentence: nodes.Node) -> Iterator[nodes.Node]:
    """Yield copies of a sentence's parts, which can stand inside a link."""
    for child in sentence.children:
        if isinstance(child, nodes.Text | nodes.literal | nodes.emphasis | nodes.strong):
            yield child.deepcopy()
        else:
            yield nodes.Text(child.astext())


def _in_reading_order(app: Sphinx) -> list[str]:
    """Return all pages in the order of the site's tables of contents, then those in none."""
    order: dict[str, None] = {}
    waiting = [app.config.root_doc]
    while waiting:
        page = waiting.pop(0)
        if page not in order and page in app.env.found_docs:
            order[page] = None
            waiting = [*app.env.toctree_includes.get(page, ()), *waiting]
    return [*order, *sorted(app.env.found_docs - set(order))]


def _link(
    app: Sphinx, here: str, page: str, anchor: str, shown: Sequence[nodes.Node]
) -> nodes.Node:
    """Return a link to a page, or to a claim on it."""
    try:
        address = app.builder.get_relative_uri(here, page)
    except NoUri:
        return nodes.inline("", "", *shown)
    if anchor and app.builder.name == "singlehtml":
        address = f"#{anchor}"
    elif anchor and renders(app):
        address += f"#{anchor}"
    return nodes.reference("", "", *shown, refuri=address, internal=True)


# --- when to render again -------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """A page with items, and the record it was last written with."""

    items: tuple[Item, ...]
    signature: str = "never looked at"
    stale: bool = True


def forget_page(_app: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Forget what a page showed: it is read again, or gone."""
    for kept in (_seen(env), _overviews(env), _marks(env)):
        kept.pop(page, None)


def take_over_pages(
    _app: Sphinx, env: BuildEnvironment, pages: Set[str], other: BuildEnvironment
) -> None:
    """Take over what another process read."""
    _seen(env).update((page, seen) for page, seen in _seen(other).items() if page in pages)
    _overviews(env).update((page, "") for page in _overviews(other) if page in pages)
    _marks(env).update((page, marked) for page, marked in _marks(other).items() if page in pages)


def note_page(app: Sphinx, doctree: nodes.document) -> None:
    """Note what a page shows that a record has to tell about."""
    if items := items_of(doctree):
        _seen(app.env)[app.env.docname] = Seen(items)
    if next(iter(doctree.findall(overview_node)), None) is not None:
        _overviews(app.env)[app.env.docname] = ""
    if marked := _marked(doctree):
        _marks(app.env)[app.env.docname] = marked


def pages_to_write_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the pages whose record changed, and those that are stale: they warn each time.

    They are not read again: a doctree does not depend on the record.  Nor does it for overviews,
    which are written again when anything changed that they are put together from.
    """
    if not renders(app):
        return []
    known = settings(app)
    again = []
    for page, seen in list(_seen(env).items()):
        path = path_of(known.records, page)
        signature = _signature(path)
        if signature != seen.signature:
            _seen(env)[page] = Seen(seen.items, signature, _is_stale(app, known, page, seen.items))
            again.append(page)
        elif seen.stale or _is_newer(path, app.builder, page):
            again.append(page)
    now = _state(app, env)
    for page, written in _overviews(env).items():
        if written != now:
            _overviews(env)[page] = now
            again.append(page)
    return again


def _state(app: Sphinx, env: BuildEnvironment) -> str:
    """Sum up all that overviews are put together from."""
    notebooks = {
        page: _signature(Path(env.doc2path(page)))
        for page in env.found_docs
        if Path(env.doc2path(page)).suffix == ".ipynb"
    }
    titles = {page: title.astext() for page, title in env.titles.items()}
    parts: Sequence[Mapping[str, object]] = (_seen(env), notebooks, titles, _marks(env))
    state = repr([sorted(part.items()) for part in parts])
    return hashlib.sha256(f"{state}{_in_reading_order(app)}".encode()).hexdigest()


def _overviews(env: BuildEnvironment) -> dict[str, str]:
    """Return the pages with overviews, and the state that each was last written for."""
    kept: dict[str, str] = env.__dict__.setdefault("seatrial_overviews", {})
    return kept


def _marks(env: BuildEnvironment) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the pages with literals that are marked as unproved, and these."""
    kept: dict[str, tuple[tuple[str, str], ...]] = env.__dict__.setdefault("seatrial_marks", {})
    return kept


def _seen(env: BuildEnvironment) -> dict[str, Seen]:
    """Return the pages with items, as kept from build to build."""
    kept: dict[str, Seen] = env.__dict__.setdefault("seatrial_seen", {})
    return kept


def _signature(path: Path) -> str:
    """Return what changes when a file does."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_mtime_ns} {found.st_size}"


def _is_newer(path: Path, builder: Builder, page: str) -> bool:
    """Tell whether a record is younger than its page, as after an interrupted build."""
    if not isinstance(builder, StandaloneHTMLBuilder):
        return False
    try:
        return path.stat().st_mtime > Path(builder.get_outfilename(page)).stat().st_mtime
    except OSError:
        return False


def _is_stale(app: Sphinx, known: Settings, page: str, items: Sequence[Item]) -> bool:
    """Tell whether a page shows something that its record does not know."""
    try:
        record = load(known.records, page)
    except RecordError:
        return True
    return any(
        record is None
        or (found := record.item(spelling, item.digest)) is None
        or found.edited
        or (run := record.runs[spelling]).edited
        or run.old_format
        for item in items
        if not item.not_run
        for spelling in spellings_shown(app, item, steps_of(item, known))
    )


# --- set-up ---------------------------------------------------------------------------------------


def note_tags(app: Sphinx, config: Config) -> None:
    """Note which tags are on, by `-t` or conf.py: parts of pages depend on them."""
    config["_seatrial_tags"] = tuple(sorted(app.tags))


def check_settings(app: Sphinx) -> None:
    """Refuse settings that make no sense, and offer our files to the pages."""
    if not renders(app):
        return
    try:
        settings(app)
    except SeatrialError as error:
        raise ConfigError(str(error)) from error
    app.config.html_static_path.append(str(STATIC))


def show_cells(app: Sphinx, page: str, source: list[str]) -> None:
    """Let a notebook's cells show what they gave as pages do."""
    if renders(app) and Path(app.env.doc2path(page)).suffix == ".ipynb":
        source[0] = for_site(source[0])


def add_files(
    app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Ask for our style sheet and script on the pages that use them."""
    body = context.get("body", "")
    if 'class="seatrial-' in body or "seatrial-overview" in body:
        app.add_css_file("seatrial-tokens.css", priority=400)
        app.add_css_file("seatrial.css")
        app.add_js_file("seatrial.js", loading_method="defer")


def _enter(visitor: object, node: object) -> None:
    """Show a node's children, as every builder can."""


def setup(app: Sphinx) -> dict[str, object]:
    """Register settings, directives and nodes."""
    app.add_config_value("seatrial_project", "", "env", (str,))
    app.add_config_value("seatrial_records", "records", "html", (str,))
    app.add_config_value("seatrial_record_command", "pytest --seatrial-record {page}", "", (str,))
    app.add_config_value("seatrial_environment", "", "", (str, list, tuple))
    app.add_config_value("seatrial_prompts", [], "env", (list, tuple))
    app.add_config_value("seatrial_timeout", 60.0, "", (int, float))
    app.add_config_value("seatrial_build_timeout", 600.0, "", (int, float))
    app.add_config_value("seatrial_strict", False, "", (bool,))
    app.add_config_value("seatrial_spellings", ("v2",), "env", (list, tuple))
    app.add_config_value("seatrial_plain_shell_blocks", False, "env", (bool,))
    # no setting: it makes Sphinx read pages again where tags changed
    app.add_config_value("_seatrial_tags", (), "env", (tuple,))
    app.add_config_value("seatrial_prose", [], "", (list, tuple))
    app.add_config_value("seatrial_prose_sources", [], "", (list, tuple))
    app.add_config_value("seatrial_prose_known", [], "", (list, tuple))
    app.add_role(UNPROVED, unproved)
    app.add_directive("console", Console)
    app.add_directive("claim", Claim)
    app.add_directive("edit", EditFile)
    app.add_directive("sandbox", Sandbox)
    for name in OVERVIEWS:
        app.add_directive(name, Overview)
    app.add_directive("run-matrix", RunMatrix)
    for node in (item_node, claim_node, sandbox_node, overview_node, status_node):
        plain = (_enter, _enter)
        app.add_node(node, html=plain, latex=plain, text=plain, man=plain, texinfo=plain)
    app.add_transform(CollectItems)
    app.connect("config-inited", note_tags)
    app.connect("source-read", show_cells)
    app.connect("env-purge-doc", forget_page)
    app.connect("env-merge-info", take_over_pages)
    app.connect("doctree-read", note_page)
    app.connect("env-get-updated", pages_to_write_again)
    app.connect("builder-inited", check_settings)
    app.connect("doctree-resolved", put_together)
    app.connect("doctree-resolved", render)
    app.connect("html-page-context", add_files)
    return {
        "version": __version__,
        "env_version": 6,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
