"""What programs say in trouble: the page of all messages, and the data of the field for them.

`reference/messages.toml` has one entry for each message.  ``.. messages::`` becomes a section for
each, with the line that a run printed; ``.. paste-what-you-see::`` becomes the field that looks up
what a reader pastes, and without JavaScript a link to the page.  Each build writes the messages for
that field into a script, so that it also works where the site is opened from files.
"""

import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError, NoUri
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from seatrial.transcript.record import load

logger = logging.getLogger(__name__)

DATA = "reference/messages.toml"
PAGE = "reference/messages"
SCRIPT = "messages-data.js"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}|(\.\.\.)")
_LITERAL = re.compile(r"``(.+?)``")
# of a value that no kind is given for
_NAME = r"""[^\s"',;]+"""
# prefixes of logs, which stand before what a program itself said
_PREFIX = re.compile(r"^(?:[\w-]+ +\| |#\d+ (?:\d+\.\d+ )?)")


#: The kinds of wordings that other versions, programs and systems have.
OTHERS = ("older", "newer", "elsewhere")


@dataclass(frozen=True)
class Wording:
    """How another version says the same."""

    line: str
    versions: str
    source: str


@dataclass(frozen=True)
class Message:
    """A message, its cause and what helps."""

    id: str
    says: str
    line: str
    cause: str
    fix: str
    title: str = ""
    type: str = ""
    not_run: str = ""
    # the address that quotes it, where no run of this site printed it
    also: str = ""
    # the section for another case that the cause names
    symptom: bool = False
    # says that something failed, and not what: other messages on the screen come first
    older: tuple[Wording, ...] = ()
    newer: tuple[Wording, ...] = ()
    elsewhere: tuple[Wording, ...] = ()

    @property
    def wordings(self) -> list[Wording]:
        """Return how other versions and other programs say it."""
        return [each for kind in OTHERS for each in getattr(self, kind)]

    @property
    def fixes(self) -> list[str]:
        """Return the sections that help, the likelier one first."""
        return [self.fix, self.also] if self.also else [self.fix]

    @property
    def heading(self) -> str:
        """Return the line, with dots in place of what varies."""
        return self.title or _PLACEHOLDER.sub("...", self.line)


@dataclass(frozen=True)
class Exempt:
    """A line that looks like an error and is no message for this page."""

    line: str
    reason: str


@dataclass(frozen=True)
class Printed:
    """A line that a run printed."""

    page: str
    line: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Messages:
    """All that the data file holds."""

    kinds: Mapping[str, str]
    programs: tuple[str, ...]
    messages: tuple[Message, ...]
    exempt: tuple[Exempt, ...] = ()
    tool: tuple[str, ...] = field(default=())
    # pages about the tool itself, whose errors are not those of a reader's project

    def pattern(self, line: str) -> re.Pattern[str]:
        """Return what matches a line of the data file, at the end of a printed one."""
        parts, at, named = [], 0, set[str]()
        for found in _PLACEHOLDER.finditer(line):
            parts.append(re.escape(line[at : found.start()]))
            name = found.group(1)
            if name is None:
                parts.append(".*?")
            elif name in named:
                parts.append(f"(?P={name})")
            else:
                named.add(name)
                parts.append(f"(?P<{name}>{self.kinds.get(name, _NAME)})")
            at = found.end()
        parts.append(re.escape(line[at:]))
        return re.compile("".join(parts))

    @cached_property
    def patterns(self) -> dict[str, list[re.Pattern[str]]]:
        """Return what matches the line of each message and its other wordings, by its id."""
        return {
            each.id: [self.pattern(line) for line in (each.line, *(w.line for w in each.wordings))]
            for each in self.messages
        }

    def of(self, line: str) -> list[str]:
        """Return the ids of the messages that a printed line is."""
        return [
            name for name, ways in self.patterns.items() if any(way.search(line) for way in ways)
        ]

    def is_exempt(self, line: str) -> bool:
        """Tell whether a line is listed as no message."""
        return any(self.pattern(each.line).search(line) for each in self.exempt)


def read(path: Path) -> Messages:
    """Return what the data file holds; raises TypeError where an entry has an unknown key."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return Messages(
        kinds=data["kinds"],
        programs=tuple(data["programs"]),
        messages=tuple(map(_message, data["message"])),
        exempt=tuple(Exempt(**each) for each in data.get("exempt", ())),
        tool=tuple(data.get("tool", ())),
    )


def _message(entry: dict[str, Any]) -> Message:
    for kind in OTHERS:
        entry[kind] = tuple(Wording(**each) for each in entry.get(kind, ()))
    return Message(**entry)


def lines_of(records: Path, but: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield the lines that pages printed, each with its page; the current Compose comes first."""
    for path in sorted(records.rglob("*.json")):
        page = path.relative_to(records).with_suffix("").as_posix()
        record = None if page in but else load(records, page)
        for spelling in sorted(record.runs, reverse=True) if record else ():
            for item in record.runs[spelling].items if record else ():
                for step in item.steps:
                    for line in step.output:
                        yield page, _PREFIX.sub("", line.strip())


def printed(known: Messages, records: Path) -> dict[str, list[Printed]]:
    """Return what runs printed of each message, by its id; nothing where none did.

    Which of two wordings comes may be chance, so another one counts where the first never came.
    """
    first, others = defaultdict[str, list[Printed]](list), defaultdict[str, list[Printed]](list)
    run = {each.id for each in known.messages if not each.not_run}
    for page, line in lines_of(records, known.tool):
        for name, ways in known.patterns.items():
            for at, way in enumerate(ways if name in run else ()):
                if match := way.search(line):
                    (others if at else first)[name].append(Printed(page, line, match.groupdict()))
    return {**others, **first}


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a command with values in place of its placeholders; a missing one is in capitals."""
    return _PLACEHOLDER.sub(
        lambda found: (values.get(found[1]) or found[1].upper()) if found[1] else found[0], text
    )


# --- the page -------------------------------------------------------------------------------------


class AllMessages(SphinxDirective):
    """``.. messages::``: a section for each program, and in it one for each message."""

    def run(self) -> list[nodes.Node]:
        """Return the sections."""
        root = Path(self.env.srcdir)
        known = read(root / DATA)
        records = root / "records"
        self.env.note_dependency(str(root / DATA))
        for path in records.rglob("*.json"):
            self.env.note_dependency(str(path))
        runs = printed(known, records)
        text = [line for each in known.programs for line in _group(known, each, runs)]
        return self.parse_text_to_nodes("\n".join(text), allow_section_headings=True)


def _group(known: Messages, program: str, runs: Mapping[str, list[Printed]]) -> Iterator[str]:
    """Yield the lines of the section of a program."""
    yield from (program, "-" * len(program), "")
    for message in known.messages:
        if message.says == program:
            yield from _section(message, runs.get(message.id, []))


def _section(message: Message, runs: list[Printed]) -> Iterator[str]:
    """Yield the lines of the section of a message."""
    if not (runs or message.not_run):
        logger.warning(
            "%s: %s: no run printed it, and `not_run` is not set", DATA, message.id, type="messages"
        )
    heading = _escaped(message.heading)
    yield from (f".. _message-{message.id}:", "", heading, "^" * len(heading), "")
    shown = runs[0].line if runs else filled(message.line, {})
    yield from _block(shown, "message-line")
    yield from (message.cause, "")
    if message.type:
        typed = _block(filled(message.type, runs[0].values if runs else {}))
        yield from (".. container:: message-type", "")
        yield from (f"   {line}" if line else "" for line in typed)
    if runs:
        where = f"printed on :doc:`/{runs[0].page}`"
    elif message.not_run:
        where = f"not run here (`source <{message.not_run}>`__)"
    else:
        where = "not run yet"
    yield from (f"Fix: {' or '.join(f':section:`{each}`' for each in message.fixes)}; {where}.", "")
    for kind in OTHERS:
        for each in getattr(message, kind):
            yield from (f"{kind.title()}, in {each.versions} (`source <{each.source}>`__):", "")
            yield from _block(filled(each.line, {}), "message-line")


def _block(text: str, kind: str = "") -> Iterator[str]:
    """Yield the lines of a block of plain text."""
    yield ".. code-block:: none"
    if kind:
        yield f"   :class: {kind}"
    yield ""
    yield from (f"   {line}" for line in text.split("\n"))
    yield ""


def _escaped(text: str) -> str:
    """Return a text in which nothing is markup."""
    return re.sub(r"([\\*`|_<>])", r"\\\1", text)


class section_node(nodes.Inline, nodes.TextElement):  # noqa: N801 (docutils names nodes so)
    """A link to a section, whose title is known once all pages are read."""


def section(
    _name: str, rawtext: str, text: str, *_: object, **__: object
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """Return the link of ``:section:`page#id```."""
    return [section_node(rawtext, "", place=text)], []


def title_of(app: Sphinx, place: str) -> str:
    """Return the title of a section; raises ExtensionError where there is no such section."""
    page, _, anchor = place.partition("#")
    if page in app.env.found_docs:
        for each in app.env.get_doctree(page).findall(nodes.section):
            if not anchor or anchor in each["ids"]:
                return next(each.findall(nodes.title)).astext()
    raise ExtensionError(f"{DATA}: there is no section {place}")


def link_sections(app: Sphinx, doctree: nodes.document, here: str) -> None:
    """Give each link to a section its address and its title."""
    for node in list(doctree.findall(section_node)):
        page, _, anchor = str(node["place"]).partition("#")
        title = title_of(app, node["place"])
        try:
            address = app.builder.get_relative_uri(here, page)
        except NoUri:
            node.replace_self(nodes.Text(title))
            continue
        uri = f"{address}#{anchor}" if anchor and app.builder.format == "html" else address
        node.replace_self(nodes.reference("", title, refuri=uri, internal=True))


# --- the field ------------------------------------------------------------------------------------


class paste_node(nodes.General, nodes.Element):  # noqa: N801 (docutils names nodes so)
    """The place of the field; its child is what is there without JavaScript."""


class PasteWhatYouSee(SphinxDirective):
    """``.. paste-what-you-see::``: the field that finds a message."""

    def run(self) -> list[nodes.Node]:
        """Return the field's place, with a link to the page of all messages."""
        text = f":doc:`/{PAGE}` lists the messages of Docker, Compose, Postgres and Django."
        if self.env.docname == PAGE:
            text = "It looks for messages of the list below."
        parsed, problems = self.parse_inline(text, lineno=self.lineno)
        return [paste_node("", nodes.paragraph("", "", *parsed)), *problems]


def _open(visitor: Any, _node: nodes.Element) -> None:
    visitor.body.append('<div class="paste-messages">')


def _close(visitor: Any, _node: nodes.Element) -> None:
    visitor.body.append("</div>\n")


def _nothing(_visitor: Any, _node: nodes.Element) -> None:
    pass


def add_script(
    app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Ask for the field's files where a page has one."""
    # a book has no scripts
    if app.builder.name != "epub" and 'class="paste-messages"' in context.get("body", ""):
        app.add_css_file("messages.css")
        app.add_js_file("messages.js", loading_method="defer")


def _address(app: Sphinx, place: str) -> list[str]:
    """Return the address of a section and its title."""
    page, _, anchor = place.partition("#")
    return [f"{app.builder.get_target_uri(page)}#{anchor}", title_of(app, place)]


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the messages into a script; raises ExtensionError where a fix leads nowhere."""
    if exception is not None or app.builder.format != "html" or PAGE not in app.env.found_docs:
        return
    root = Path(app.srcdir)
    known = read(root / DATA)
    runs = printed(known, root / "records")
    entries = []
    for each in known.messages:
        values = runs[each.id][0].values if each.id in runs else {}
        entries.append(
            {
                "id": each.id,
                "title": each.heading,
                "says": each.says,
                "lines": [each.line, *(wording.line for wording in each.wordings)],
                "cause": each.cause,
                "type": each.type,
                "values": {
                    name: value for name, value in values.items() if f"{{{name}}}" in each.type
                },
                "symptom": each.symptom,
                "fixes": [_address(app, place) for place in each.fixes],
            }
        )
    data = {"kinds": known.kinds, "page": app.builder.get_target_uri(PAGE), "messages": entries}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    Path(app.outdir, "_static", SCRIPT).write_text(f"recordedMessages({text});\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives, the field's node and the steps of the build."""
    app.add_directive("messages", AllMessages)
    app.add_directive("paste-what-you-see", PasteWhatYouSee)
    plain = (_nothing, _nothing)
    others: dict[str, Any] = dict.fromkeys(("markdown", "latex", "text", "man", "texinfo"), plain)
    app.add_node(paste_node, html=(_open, _close), **others)
    app.add_role("section", section)
    app.add_node(section_node)
    app.connect("doctree-resolved", link_sections, priority=400)  # before Markdown is written
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
