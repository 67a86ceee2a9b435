"""The directives and the role that a writer uses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.parsers.rst.states import Inliner
from docutils.utils import unescape
from sphinx.util import parselinenos
from sphinx.util.docutils import SphinxDirective

from seatrial.pages.nodes import claim_node, item_node, overview_node, sandbox_node

#: The role of a literal that has to occur in nothing that ran, and where its node keeps the reason.
UNPROVED = "unproved"
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
        node = overview_node(kind=self.name, options={})
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
            options={
                "matrix": self.arguments[0] if self.arguments else "",
                "corner": self.options.get("corner", "What ran"),
            },
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
