"""The directives a writer uses, and the nodes that keep what they say in Sphinx's doctrees."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.parsers.rst.states import Inliner
from docutils.utils import unescape
from sphinx.transforms import SphinxTransform
from sphinx.util import parselinenos
from sphinx.util.docutils import SphinxDirective

from seatrial.pages.collected import (
    MADE_ELSEWHERE,
    OTHER_SYSTEM,
    PLAIN_LANGUAGES,
    TESTED_ELSEWHERE,
    at_other_system,
    hidden_by,
    is_console,
    is_tested_elsewhere,
    look_alikes,
    name_languages,
    prompts_of,
)
from seatrial.transcript.blocks import CONSOLE_LANGUAGES, Block, Edit, Item, as_attributes

#: The role of a literal that has to occur in nothing that ran, and where its node keeps the reason.
UNPROVED = "unproved"
_WITH_REASON = re.compile(r"(.+?)\s*<([^<>]*[^<>\s][^<>]*)>", re.DOTALL)
_LISTED = r"\s*(?:(?:[>*+-]|\d+[.)]|#\.)\s+)*"
_OURS, _CODE = "console|claim|edit", "code-block|sourcecode|code"
_LANGUAGES = f"(?i:{'|'.join(sorted(CONSOLE_LANGUAGES))})"
# Any directive or fence, and those that can become an item; one colon too few makes a comment.
_OPENING = re.compile(_LISTED + r"(?:\.\. [\w:-]+::|(?:`{3,}|~{3,}|:{3,})\s*[{\w])")
_LOOKS_LIKE_A_BLOCK = re.compile(
    rf"{_LISTED}(?:"
    rf"\.\. (?:(?:{_OURS})(?:::?(?:\s|$)|\s*$)|(?:{_CODE})::?\s+(?:{_LANGUAGES})\s*$)"
    rf"|(?:`{{3,}}|~{{3,}}|:{{3,}})\s*"
    rf"(?:\{{(?:{_OURS})\}}|\{{(?:{_CODE})\}}\s*(?:{_LANGUAGES})\s*$|(?:{_LANGUAGES})(?:\s|$)))"
)


class item_node(nodes.General, nodes.Element):  # noqa: N801 (docutils names nodes so)
    """A block or an edit; its child is the literal block that other builders show."""


class claim_node(nodes.General, nodes.Element):  # noqa: N801
    """A sentence (a paragraph, the first child) and the block that proves it (an item_node)."""


class overview_node(nodes.General, nodes.Element):  # noqa: N801
    """A place for what is put together from all pages and their records."""


class status_node(nodes.General, nodes.Element):  # noqa: N801
    """The place under a page's title for what is known of all its blocks."""


class sandbox_node(nodes.General, nodes.Element):  # noqa: N801
    """What a page starts from: a paragraph and, where that takes commands, an item_node."""


def unproved(
    _name: str,
    rawtext: str,
    text: str,
    lineno: int,
    inliner: Inliner,
    _options: Mapping[str, object] | None = None,
    _content: Sequence[str] = (),
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """Return the literal of ``:unproved:`literal <reason>```."""
    parts = _WITH_REASON.fullmatch(unescape(text, restore_backslashes=True))
    if parts is None:
        message = inliner.reporter.error(
            f"`{text}` does not say why it is unproved; write :unproved:`{text} <reason>`",
            line=lineno,
        )
        return [inliner.problematic(rawtext, rawtext, message)], [message]
    literal, reason = parts.groups()
    node = nodes.literal(rawtext, literal)
    node[UNPROVED] = " ".join(reason.split())
    return [node], []


def _duration(argument: str) -> float:
    """Read seconds, as in ``90`` or ``90 s``."""
    value = float(argument.removesuffix("s").strip())
    if value <= 0:
        raise ValueError("must be more than 0 seconds")
    return value


def _spelling(argument: str) -> str:
    """Read the name of a spelling."""
    return directives.choice(argument, ("v1", "v2"))


def _varying(argument: str) -> tuple[tuple[int, ...], str]:
    """Read numbers of steps and why they vary, as in ``2, 3: which of them answers first``."""
    found = re.fullmatch(r"(?:(\d+(?:,\s*\d+)*):(?=\s|$))?\s*(.*)", argument or "", re.DOTALL)
    if found is None or not found[2].strip():
        raise ValueError("say why its output differs from run to run")
    if found[1] is None and argument.lstrip()[:1].isdigit():
        raise ValueError("write numbers of steps as in `2, 3: why they vary`")
    return tuple(map(int, re.findall(r"\d+", found[1] or ""))), " ".join(found[2].split())


_CONSOLE_OPTIONS: dict[str, Callable[[str], object]] = {
    "terminal": directives.positive_int,
    "timeout": _duration,
    "not-run": directives.unchanged_required,
    "only": _spelling,
    "row": directives.unchanged_required,
    "matrix": directives.unchanged_required,
    "varies": _varying,
}


class Console(SphinxDirective):
    """``.. console::`` with a transcript as its content."""

    has_content = True
    option_spec: ClassVar = _CONSOLE_OPTIONS

    def run(self) -> list[nodes.Node]:
        """Return the block's node."""
        self.assert_has_content()
        return [self.block()]

    def block(self, **more: object) -> item_node:
        """Return the node of this directive's content."""
        node = item_node(kind="block")
        node.attributes |= {**_options(self.options), **more}
        return _with_literal(self, node, "console")


class Claim(Console):
    """``.. claim:: A sentence.`` with console steps as its proof."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the sentence and the block that proves it."""
        self.assert_has_content()
        sentence = " ".join(self.arguments[0].split())
        parsed, messages = self.parse_inline(sentence, lineno=self.lineno)
        claim = claim_node("", nodes.paragraph("", "", *parsed), self.block(claim=sentence))
        self.set_source_info(claim)
        return [claim, *messages]


class EditFile(SphinxDirective):
    """``.. edit:: FILE`` with the fragment as it should read afterwards."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {
        "new": directives.unchanged_required,
        "was": directives.unchanged_required,
        "not-run": directives.unchanged_required,
        "language": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return the edit's node."""
        self.assert_has_content()
        try:
            new = parselinenos(self.options.get("new", f"1-{len(self.content)}"), len(self.content))
        except ValueError as error:
            raise self.error(str(error)) from error
        if max(new) >= len(self.content):
            raise self.error(f"there are {len(self.content)} lines, none of number {max(new) + 1}")
        file = self.arguments[0]
        node = item_node(
            kind="edit",
            file=file,
            new=[number + 1 for number in new],
            was=self.options.get("was", "").splitlines(),
            not_run=self.options.get("not-run", ""),
        )
        return [_with_literal(self, node, self.options.get("language") or _language_of(file))]


class Sandbox(Console):
    """``.. sandbox::`` names the state a page starts from; its content brings it about."""

    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {"timeout": _duration}

    def run(self) -> list[nodes.Node]:
        """Return the sentence and the commands, if any."""
        sentence = " ".join(self.arguments[0].split()) if self.arguments else ""
        if not sentence:
            sentence = (
                "This page starts from a running project."
                if self.content
                else "This page starts from nothing."
            )
        parsed, messages = self.parse_inline(sentence, lineno=self.lineno)
        node = sandbox_node("", nodes.paragraph("", "", *parsed))
        self.set_source_info(node)
        if self.content:
            node += self.block(setup=True)
        return [node, *messages]


class Overview(SphinxDirective):
    """A ledger, an index or a table, named by its directive.

    It is put together when the page is written, from all pages and records as they are then.
    """

    def run(self) -> list[nodes.Node]:
        """Return a place for it."""
        node = overview_node(kind=self.name)
        self.set_source_info(node)
        return [node]


class RunMatrix(SphinxDirective):
    """``.. run-matrix:: [NAME]``: a table of what the page's blocks with a ``:row:`` printed."""

    optional_arguments = 1
    option_spec: ClassVar = {"corner": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Return a place for it."""
        node = overview_node(
            kind=self.name,
            matrix=self.arguments[0] if self.arguments else "",
            corner=self.options.get("corner", "What ran"),
        )
        self.set_source_info(node)
        return [node]


def _options(options: dict[str, Any]) -> dict[str, object]:
    """Return a console directive's options by the names of a block's fields."""
    varying, varies = options.get("varies", ((), ""))
    return {
        "terminal": options.get("terminal", 1),
        "timeout": options.get("timeout"),
        "not_run": options.get("not-run", ""),
        "only": options.get("only", ""),
        "row": options.get("row", ""),
        "matrix": options.get("matrix", ""),
        "varies": varies,
        "varying": varying,
    }


def _with_literal(directive: SphinxDirective, node: item_node, language: str) -> item_node:
    """Return the node with its content in it, and its place noted."""
    text = "\n".join(directive.content)
    literal = nodes.literal_block(text, text, language=language)
    node["lines"] = list(directive.content)
    node["place"] = _place(directive)
    directive.set_source_info(node)
    directive.set_source_info(literal)
    node += literal
    return node


def _place(directive: SphinxDirective) -> tuple[str, int]:
    """Return the file and the line near which a directive's content stands."""
    source, line = directive.get_source_info()
    return source, line


def _language_of(file: str) -> str:
    """Return the lexer for a file of a sample project."""
    suffix = Path(file).suffix.removeprefix(".")
    named = {"yml": "yaml", "py": "python", "txt": "text", "cfg": "ini", "md": "markdown"}
    if Path(file).name == "Dockerfile":
        return "docker"
    return named.get(suffix, suffix if suffix in ("toml", "json", "html", "css", "sh") else "text")


class CollectItems(SphinxTransform):
    """Turn all that a page asks for into items, in reading order.

    Ordinary code blocks in a console language become blocks without options.
    """

    # after includes, substitutions and MyST, before Sphinx tells others of the page (880)
    default_priority = 870

    def apply(self, **_: object) -> None:
        """Give each item its number and lines, and note what could not be collected."""
        prompts = prompts_of(self.config)
        name_languages(self.document, self.config.highlight_language, prompts)
        for literal in list(self.document.findall(nodes.literal_block)):
            if self._is_console(literal):
                _wrap(literal, prompts)
        items: list[Item] = []
        left_out: list[int] = []
        generated: list[int] = []
        for node in self.document.findall(item_node):
            made_by = self._maker(node)
            item = self._item(node, len(items) + 1, made_by)
            if item.not_run and not node.get("not_run"):
                left_out.append(item.ordinal)
            if made_by:
                generated.append(item.ordinal)
            node["item"] = as_attributes(item)
            node["what"] = type(item).__name__
            items.append(item)
        if items:
            self._make_room_for_status()
        written = [item for item in items if item.ordinal not in generated]
        self.document["seatrial_problems"] = [*self._errors(), *self._left_out(written)]
        self.document["seatrial_left_out"] = left_out
        self.document["seatrial_look_alikes"] = self._look_alikes(prompts)

    def _make_room_for_status(self) -> None:
        """Put the place for the page's status under its title, or at its top where it has none."""
        status = status_node(page=self.env.docname)
        title = next(self.document.findall(nodes.title), None)
        if title is None or not isinstance(title.parent, nodes.section | nodes.document):
            self.document.insert(0, status)
        else:
            title.parent.insert(title.parent.index(title) + 1, status)

    def _is_console(self, literal: nodes.literal_block) -> bool:
        """Tell whether a code block is a transcript that nothing has claimed yet."""
        if isinstance(literal.parent, item_node) or is_tested_elsewhere(literal, self.config):
            return False
        language = literal.get("language", "")
        if is_console(language):
            return True
        plain = language.lower() in PLAIN_LANGUAGES
        return bool(self.config.seatrial_plain_shell_blocks) and plain

    def _look_alikes(self, prompts: re.Pattern[str]) -> list[tuple[str, str, bool]]:
        """Return the places that show a transcript and are no block, each with its reason."""
        found = []
        for shown in look_alikes(self.document, prompts):
            tags = self.config["_seatrial_tags"]
            if isinstance(shown.node.parent, item_node) or hidden_by(shown.node, self.config, tags):
                continue
            tested = is_tested_elsewhere(shown.node, self.config)
            reason = TESTED_ELSEWHERE if tested else shown.reason
            found.append((self._where(shown.node, shown.lines), reason, tested))
        return found

    def _where(self, node: nodes.Element, lines: Sequence[str]) -> str:
        """Return near which line of which file a node's lines stand."""
        path, near = _source_of(node)
        if not path.is_file():
            path, near = Path(self.env.doc2path(self.env.docname)), self._line_before(node)
        source = _read(path)
        # a paragraph's line is its first, a literal block's may be its last
        begin = max(1, near - len(lines) - 2)
        line = locate(source, begin, lines)
        bare = [re.sub(r"</?\w[^>]*>", "", each) for each in source]
        # with markup in its lines the source reads otherwise, though hardly in front of them
        for words in (lines[0], " ".join(lines[0].split()[:2])):
            below = (n for n, each in enumerate(bare, 1) if n >= begin and words in each)
            line = line or next(below, None)
        return f"{_relative(path, Path(self.env.srcdir))}:{line or near}"

    def _maker(self, node: item_node) -> int:
        """Return the line of the directive that made a block's text; 0 where a writer wrote it."""
        path, near = Path(node["place"][0]), node["place"][1]
        if path.is_file() and (
            self._may_be_rewritten()
            or any("translated" in child for child in node.findall(nodes.literal_block))
            or _stands_in(node["lines"], _read(path), near)
        ):
            return 0
        before = self._line_before(node)
        source = _read(Path(self.env.doc2path(self.env.docname)))
        opened = (n for n, line in enumerate(source, 1) if n > before and _OPENING.match(line))
        return next(opened, max(1, before))

    def _may_be_rewritten(self) -> bool:
        """Tell whether a page's text may be another than its file's when Sphinx parses it."""
        if Path(self.env.doc2path(self.env.docname)).suffix == ".ipynb":
            return True
        listeners = self.env.events.listeners.get("source-read", ())
        # what conf.py defines is of no module
        modules = [getattr(each.handler, "__module__", None) or "" for each in listeners]
        return any(not module.startswith(("sphinx.", "seatrial.")) for module in modules)

    def _line_before(self, node: nodes.Element) -> int:
        """Return the last line of the page's own file that is known to stand before a node."""
        page = Path(self.env.doc2path(self.env.docname))
        last = 0
        for each in self.document.findall():
            if each is node:
                break
            if each.source and each.line and Path(each.source) == page:
                last = max(last, each.line)
        return last

    def _why_not(self, node: item_node, *, generated: bool) -> str:
        """Return why an item is never run: what its writer says, or what keeps us from it."""
        if node.get("not_run"):
            return str(node["not_run"])
        if generated:
            return MADE_ELSEWHERE
        if node["kind"] == "block" and at_other_system(node["lines"]):
            return OTHER_SYSTEM
        return hidden_by(node, self.config, self.config["_seatrial_tags"])

    def _item(self, node: item_node, ordinal: int, made_by: int) -> Item:
        """Return what a node asks for."""
        source, near = node["place"]
        lines = tuple(node["lines"])
        if made_by:
            path, line = Path(self.env.doc2path(self.env.docname)), made_by
        else:
            path = Path(source)
            line = locate(_read(path), near, lines) or near
        not_run = self._why_not(node, generated=bool(made_by))
        section = _section(node)
        page = self.env.docname
        name = _relative(path, Path(self.env.srcdir))
        if node["kind"] == "edit":
            return Edit(
                page,
                name,
                line,
                lines,
                section,
                ordinal,
                node["file"],
                tuple(node["new"]),
                tuple(node["was"]),
                not_run,
            )
        return Block(
            page,
            name,
            line,
            lines,
            section,
            ordinal,
            terminal=node.get("terminal", 1),
            timeout=node.get("timeout"),
            not_run=not_run,
            claim=node.get("claim", ""),
            setup=node.get("setup", False),
            plain=node.get("plain", False),
            only=node.get("only", ""),
            row=node.get("row", ""),
            matrix=node.get("matrix", ""),
            varies=node.get("varies", ""),
            varying=tuple(node.get("varying", ())),
        )

    def _errors(self) -> list[str]:
        """Return what docutils could not read: the content of such a place is not on the page."""
        return [
            f"{_relative(Path(message.get('source') or ''), Path(self.env.srcdir))}:"
            f"{message.get('line', '?')}: {message.children[0].astext()}"
            for message in self.document.findall(nodes.system_message)
            # MyST only warns where docutils gives up
            if message.children and (message["level"] >= 3 or "[myst.directive_" in str(message))
        ]

    def _left_out(self, items: Sequence[Item]) -> list[str]:
        """Return the places that look like blocks and became none."""
        path = Path(self.env.doc2path(self.env.docname))
        if path.suffix == ".ipynb":
            return []
        name = _relative(path, Path(self.env.srcdir))
        # what is shown as an example, or commented out, was never meant to be collected
        shown = Counter(
            line.strip()
            for node in self.document.findall(
                lambda n: (
                    isinstance(n, nodes.literal_block | nodes.comment)
                    and not isinstance(n.parent, item_node)
                )
            )
            for line in node.astext().splitlines()
        )
        here = [item for item in items if item.source == name]
        inside = {item.line + n for item in here for n in range(len(item.lines))}
        source = _read(path)
        openings = [
            number
            for number, line in enumerate(source, start=1)
            if number not in inside and (_OPENING.match(line) or _LOOKS_LIKE_A_BLOCK.match(line))
        ]
        # the last opening above a block's content is its own
        collected = {max((n for n in openings if n < item.line), default=0) for item in here}
        problems = []
        for number in openings:
            line = source[number - 1]
            if number in collected or not _LOOKS_LIKE_A_BLOCK.match(line):
                continue
            if shown[line.strip()]:
                shown[line.strip()] -= 1
                continue
            problems.append(f"{name}:{number}: this console block was not collected")
        return problems


def _source_of(node: nodes.Element) -> tuple[Path, int]:
    """Return the file in which a node stands, and a line near it, as docutils knows them."""
    parent = node
    while parent.source is None and parent.parent is not None:
        parent = parent.parent
    line = node.line or parent.line or 1
    return Path(node.get("source") or parent.source or ""), line


def _stands_in(lines: Sequence[str], source: Sequence[str], near: int) -> bool:
    """Tell whether a block stands in a source: any of its lines does, or it is opened there."""
    there = _without_spaces("\n".join(source))
    # an elision or a bracket stands anywhere
    words = [word for line in lines if len(word := _without_spaces(line)) > 2]
    return (
        not there  # in another encoding than ours
        or not words
        or any(word in there for word in words)
        # what a page writes may be replaced, such as by a version
        or any(_LOOKS_LIKE_A_BLOCK.match(line) for line in source[max(0, near - 2) : near + 1])
    )


def _without_spaces(text: str) -> str:
    return "".join(text.split())


def _wrap(literal: nodes.literal_block, prompts: re.Pattern[str]) -> None:
    """Put an ordinary code block into an item of its own."""
    text = (literal.rawsource or literal.astext()).rstrip("\n")
    node = item_node(kind="block", lines=text.split("\n"))
    # a literalinclude names the file that it shows
    shown, near = literal.get("source"), max(1, (literal.line or 1) - 1)
    node["place"] = (shown, 1) if shown else (literal.source or "", near)
    # one with prompts is a transcript, whatever its language
    plain = literal.get("language", "").lower() in PLAIN_LANGUAGES
    node["plain"] = plain and not prompts.match(text.lstrip("\n"))
    node.source, node.line = literal.source, literal.line
    literal.replace_self(node)
    node += literal


def _section(node: nodes.Node) -> str:
    """Return the id of the section a node stands in."""
    parent = node.parent
    while parent is not None:
        if isinstance(parent, nodes.section) and parent["ids"]:
            return str(parent["ids"][0])
        parent = parent.parent
    return ""


def _read(path: Path) -> list[str]:
    """Return a source file's lines, none where it is no file."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _relative(path: Path, folder: Path) -> str:
    """Return a path as seen from a folder; the name alone of what is no file.

    docutils names an included file as seen from the working directory, where the two are near.
    """
    path, folder = path.resolve(), folder.resolve()
    if path.is_relative_to(folder) or path.is_file():
        return Path(os.path.relpath(path, folder)).as_posix()
    return path.name


def locate(source: Sequence[str], near: int, lines: Sequence[str]) -> int | None:
    """Return the number of the source line at which a block's content begins.

    `near` is a line known to stand before it, counted from 1 as is the result; docutils knows no
    better for code blocks.  None where the content does not stand in the source as it is.
    """
    wanted = [line.rstrip() for line in lines]
    number = next((n for n, line in enumerate(wanted) if line), -1)
    if number < 0:
        return None
    begin = min(max(near - 1, 0), len(source))
    expanded = [line.expandtabs(8) for line in source]
    last = len(source) - len(wanted)
    order: list[int] = [*range(begin, last + 1), *range(min(begin, last + 1))]
    for start in order:
        if any(_stands_at(text, start, wanted, number) for text in (source, expanded)):
            return start + 1
    return None


def _stands_at(source: Sequence[str], start: int, wanted: Sequence[str], number: int) -> bool:
    """Tell whether lines stand at a place as they are, behind a margin that all of them have.

    The margin is known by the line of this number: spaces, tabs and the signs of a quotation.
    """
    first = source[start + number].rstrip()
    margin = first.removesuffix(wanted[number])
    if margin.strip(" \t>") or margin + wanted[number] != first:
        return False
    return all(
        source[start + offset].rstrip() == (margin + line).rstrip()
        for offset, line in enumerate(wanted)
    )
