"""All that a page asks for, collected in reading order while Sphinx reads the page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from docutils import nodes
from sphinx.transforms import SphinxTransform

from seatrial.pages.consoles import PLAIN_LANGUAGES, is_console, name_languages, prompts_of
from seatrial.pages.left_out import MADE_ELSEWHERE, OTHER_SYSTEM, at_other_system, hidden_by
from seatrial.pages.locating import lines_of, locate, relative, source_of
from seatrial.pages.look_alikes import TESTED_ELSEWHERE, is_tested_elsewhere, look_alikes
from seatrial.pages.nodes import item_node, item_of, status_node
from seatrial.pages.openings import opens, opens_a_block, uncollected
from seatrial.pages.short import settle
from seatrial.transcript.blocks import Block, Item


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
                _wrap(literal, self.env.docname, prompts)
        items: list[Item] = []
        left_out: list[int] = []
        generated: list[int] = []
        for node in self.document.findall(item_node):
            made_by = self._maker(node)
            item = self._item(node, len(items) + 1, made_by)
            if item.not_run and not item_of(node).not_run:
                left_out.append(item.ordinal)
            if made_by:
                generated.append(item.ordinal)
            node["item"] = item
            items.append(item)
        if items and next(self.document.findall(status_node), None) is None:
            self._make_room_for_status()
        written = [item for item in items if item.ordinal not in generated]
        problems = [*self._errors(), *self._uncollected(written)]
        self.document["seatrial_short"] = settle(self.document, Path(self.env.srcdir), problems)
        self.document["seatrial_problems"] = problems
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
        path, near = source_of(node)
        if not path.is_file():
            path, near = Path(self.env.doc2path(self.env.docname)), self._line_before(node)
        source = lines_of(path)
        # a paragraph's line is its first, a literal block's may be its last
        begin = max(1, near - len(lines) - 2)
        line = locate(source, begin, lines)
        bare = [re.sub(r"</?\w[^>]*>", "", each) for each in source]
        # with markup in its lines the source reads otherwise, though hardly in front of them
        for words in (lines[0], " ".join(lines[0].split()[:2])):
            below = (n for n, each in enumerate(bare, 1) if n >= begin and words in each)
            line = line or next(below, None)
        return f"{relative(path, Path(self.env.srcdir))}:{line or near}"

    def _maker(self, node: item_node) -> int:
        """Return the line of the directive that made a block's text; 0 where a writer wrote it."""
        asked = item_of(node)
        path, near = Path(asked.source), asked.line
        if path.is_file() and (
            self._may_be_rewritten()
            or any("translated" in child for child in node.findall(nodes.literal_block))
            or _stands_in(asked.lines, lines_of(path), near)
        ):
            return 0
        before = self._line_before(node)
        source = lines_of(Path(self.env.doc2path(self.env.docname)))
        opened = (n for n, line in enumerate(source, 1) if n > before and opens(line))
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
        asked = item_of(node)
        if asked.not_run:
            return asked.not_run
        if generated:
            return MADE_ELSEWHERE
        if isinstance(asked, Block) and at_other_system(asked.lines):
            return OTHER_SYSTEM
        return hidden_by(node, self.config, self.config["_seatrial_tags"])

    def _item(self, node: item_node, ordinal: int, made_by: int) -> Item:
        """Return what a node asks for, with its place on the page and in its source."""
        asked = item_of(node)
        if made_by:
            path, line = Path(self.env.doc2path(self.env.docname)), made_by
        else:
            path = Path(asked.source)
            line = locate(lines_of(path), asked.line, asked.lines) or asked.line
        return replace(
            asked,
            source=relative(path, Path(self.env.srcdir)),
            line=line,
            section=_section(node),
            ordinal=ordinal,
            not_run=self._why_not(node, generated=bool(made_by)),
        )

    def _errors(self) -> list[str]:
        """Return what docutils could not read: the content of such a place is not on the page."""
        return [
            f"{relative(Path(message.get('source') or ''), Path(self.env.srcdir))}:"
            f"{message.get('line', '?')}: {message.children[0].astext()}"
            for message in self.document.findall(nodes.system_message)
            # MyST only warns where docutils gives up
            if message.children and (message["level"] >= 3 or "[myst.directive_" in str(message))
        ]

    def _uncollected(self, items: Sequence[Item]) -> Iterator[str]:
        """Yield the places that look like blocks and became none."""
        path = Path(self.env.doc2path(self.env.docname))
        if path.suffix != ".ipynb":
            name = relative(path, Path(self.env.srcdir))
            here = [item for item in items if item.source == name]
            for number in uncollected(self.document, lines_of(path), here):
                yield f"{name}:{number}: this console block was not collected"


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
        or any(opens_a_block(line) for line in source[max(0, near - 2) : near + 1])
    )


def _without_spaces(text: str) -> str:
    return "".join(text.split())


def _wrap(literal: nodes.literal_block, page: str, prompts: re.Pattern[str]) -> None:
    """Put an ordinary code block into an item of its own."""
    text = (literal.rawsource or literal.astext()).rstrip("\n")
    # a literalinclude names the file that it shows
    shown, near = literal.get("source"), max(1, (literal.line or 1) - 1)
    source, line = (shown, 1) if shown else (literal.source or "", near)
    # one with prompts is a transcript, whatever its language
    plain = literal.get("language", "").lower() in PLAIN_LANGUAGES
    plain = plain and not prompts.match(text.lstrip("\n"))
    node = item_node(item=Block(page, source, line, tuple(text.split("\n")), "", 0, plain=plain))
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
