"""The directives and the role that a writer uses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.parsers.rst.states import Inliner
from docutils.utils import unescape
from sphinx.util import parselinenos
from sphinx.util.docutils import SphinxDirective

from seatrial.pages.nodes import (
    claim_node,
    item_node,
    overview_node,
    sandbox_node,
    short_node,
    status_node,
)
from seatrial.transcript.blocks import Block, Edit, Item
from seatrial.transcript.options import NAME, by_field, readers_of

#: The role of a literal that has to occur in nothing that ran, and where its node keeps the reason.
UNPROVED = "unproved"
_STEP = re.compile(rf"({NAME}):\s+(\S.*)")
_MOST_STEPS = 3
_WITH_REASON = re.compile(r"(.+?)\s*<([^<>]*[^<>\s][^<>]*)>", re.DOTALL)


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


class Console(SphinxDirective):
    """``.. console::`` with a transcript as its content."""

    has_content = True
    option_spec: ClassVar = readers_of(Block)

    def run(self) -> list[nodes.Node]:
        """Return the block's node."""
        self.assert_has_content()
        return [self.block()]

    def block(self, **more: Any) -> item_node:
        """Return the node of this directive's content."""
        options = by_field(Block, self.options)
        block = replace(Block(*_unplaced(self)), **options, **more)
        return _with_literal(self, block, "console")


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
        **readers_of(Edit),
        "new": directives.unchanged_required,  # read once the number of lines is known
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
        edit = Edit(
            *_unplaced(self),
            file,
            tuple(number + 1 for number in new),
            **by_field(Edit, self.options),
        )
        return [_with_literal(self, edit, self.options.get("language") or _language_of(file))]


class Sandbox(Console):
    """``.. sandbox::`` names the state a page starts from; its content brings it about."""

    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {"timeout": readers_of(Block)["timeout"]}

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
        node = sandbox_node("", nodes.paragraph("", "", *parsed), page=self.env.docname)
        self.set_source_info(node)
        if self.content:
            node += self.block(setup=True)
        return [node, *messages]


class Short(SphinxDirective):
    """``.. short:: The sentence of a claim`` with steps as its content: ``NAME: what to do``."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the steps; what they name is known once the page is collected."""
        node = short_node(claim=" ".join(self.arguments[0].split()))
        self.set_source_info(node)
        messages: list[nodes.system_message] = []
        for name, sentence, written in self._steps():
            parsed, more = self.parse_inline(sentence, lineno=self.lineno)
            step = nodes.paragraph("", "", *parsed, item=name, written=written)
            self.set_source_info(step)
            node += step
            messages += more
        return [node, *messages]

    def _steps(self) -> list[tuple[str, str, str]]:
        """Return names and sentences, each with its first line; one that is indented goes on."""
        steps: list[tuple[str, str, str]] = []
        for line in filter(str.strip, self.content):
            if found := _STEP.fullmatch(line):
                steps.append((found[1], found[2].strip(), line))
            elif steps and line[:1].isspace():
                name, sentence, written = steps.pop()
                steps.append((name, f"{sentence} {line.strip()}", written))
            else:
                raise self.error(
                    f"this line of the short form names no block or edit: `{line}`; write "
                    "`NAME: what to do`, where NAME is the `:name:` of a block or an edit"
                )
        if not 1 <= len(steps) <= _MOST_STEPS:
            raise self.error(
                f"a short form has one to three lines, and this one has {len(steps) or 'none'}; "
                "write `NAME: what to do` for each block or edit that is the fix"
            )
        return steps


class Overview(SphinxDirective):
    """A ledger, an index or a table, named by its directive.

    It is put together when the page is written, from all pages and records as they are then.
    """

    def run(self) -> list[nodes.Node]:
        """Return a place for it."""
        node = overview_node(kind=self.name, options={})
        self.set_source_info(node)
        return [node]


class RunMatrix(SphinxDirective):
    """``.. run-matrix:: [NAME]``: a table of what the page's blocks with a ``:row:`` printed."""

    optional_arguments = 1
    option_spec: ClassVar = dict.fromkeys(("corner", "answer", "columns"), directives.unchanged)

    def run(self) -> list[nodes.Node]:
        """Return a place for it."""
        node = overview_node(
            kind=self.name,
            options={
                "matrix": self.arguments[0] if self.arguments else "",
                "corner": self.options.get("corner", "What ran"),
                "answer": self.options.get("answer", ""),
                "columns": self.options.get("columns", ""),
            },
        )
        self.set_source_info(node)
        return [node]


class Stage(SphinxDirective):
    """``.. run-stage:: NAME``: the block of this name, to step through line by line."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a place for it."""
        node = overview_node(kind=self.name, options={"name": self.arguments[0]})
        self.set_source_info(node)
        return [node]


class Figures(SphinxDirective):
    """``.. run-figures::``: what the runs of all pages add up to, and what they were made on."""

    option_spec: ClassVar = dict.fromkeys(("ledger", "stand-ins"), directives.unchanged_required)

    def run(self) -> list[nodes.Node]:
        """Return a place for them."""
        node = overview_node(kind=self.name, options=dict(self.options))
        self.set_source_info(node)
        return [node]


class Answer(SphinxDirective):
    """``.. answer:: PAGE``: claims and commands of another page, taken from it by their names."""

    required_arguments = 1
    option_spec: ClassVar = {"takes": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return a place for it."""
        options = {"page": self.arguments[0], "takes": self.options.get("takes", "")}
        node = overview_node(kind=self.name, options=options)
        self.set_source_info(node)
        return [node]


class StatusHere(SphinxDirective):
    """``.. page-status::``: where a page's status stands, if not under its title."""

    def run(self) -> list[nodes.Node]:
        """Return the place."""
        return [status_node(page=self.env.docname)]


def _unplaced(directive: SphinxDirective) -> tuple[str, str, int, tuple[str, ...], str, int]:
    """Return the first fields of a directive's item, as far as they are known before collecting."""
    source, line = directive.get_source_info()
    return directive.env.docname, source, line, tuple(directive.content), "", 0


def _with_literal(directive: SphinxDirective, item: Item, language: str) -> item_node:
    """Return the node of an item, with the directive's content in it."""
    text = "\n".join(directive.content)
    node = item_node(item=item)
    literal = nodes.literal_block(text, text, language=language)
    directive.set_source_info(node)
    directive.set_source_info(literal)
    node += literal
    return node


def _language_of(file: str) -> str:
    """Return the lexer for a file of a sample project."""
    suffix = Path(file).suffix.removeprefix(".")
    named = {"yml": "yaml", "py": "python", "txt": "text", "cfg": "ini", "md": "markdown"}
    if Path(file).name == "Dockerfile":
        return "docker"
    return named.get(suffix, suffix if suffix in ("toml", "json", "html", "css", "sh") else "text")
