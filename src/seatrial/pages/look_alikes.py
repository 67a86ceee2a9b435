"""What looks like a transcript and is none: why nothing of it is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from textwrap import dedent
from typing import Any

from docutils import nodes
from sphinx.config import Config

from seatrial.pages.consoles import PLAIN_LANGUAGES

#: The class by which a writer says that something is shown and never run.
NOT_RUN = "not-run"
TESTED_ELSEWHERE = "left to sphinx.ext.doctest"

# A block in one of these may begin with words and go on as a transcript. In all other languages a
# prompt in the middle is part of a program, or of a page that shows how pages are written.
_ANY_TEXT = PLAIN_LANGUAGES | {"", "none", "text", "default", "output", "plaintext"}
_SHOWN_BY_HTML = re.compile(r"<(pre|code|samp)\b[^>]*>(.*?)</\1>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Seeming:
    """A node that shows a transcript and becomes no block."""

    node: nodes.Element
    lines: tuple[str, ...]
    # what it shows, from its first prompt on
    reason: str


def look_alikes(document: nodes.document, prompts: re.Pattern[str]) -> Iterator[Seeming]:
    """Yield what looks like a transcript, and why it is none; call it once blocks are collected."""
    for node in document.findall(_may_show):
        assert isinstance(node, nodes.Element)
        if _is_deliberate(node):
            continue
        for text, reason, anywhere in _texts(node):
            lines = dedent(text.expandtabs(8)).splitlines()
            first = next((n for n, line in enumerate(lines) if prompts.match(line)), None)
            if first is not None and (anywhere or not any(s.strip() for s in lines[:first])):
                yield Seeming(node, tuple(lines[first:]), reason)


def is_tested_elsewhere(node: nodes.Element, config: Config) -> bool:
    """Tell whether sphinx.ext.doctest tests a node, by a directive of its own or as it stands."""
    if "testnodetype" in node:
        return True
    return isinstance(node, nodes.doctest_block) and bool(
        "sphinx.ext.doctest" in config.extensions and config.doctest_test_doctest_blocks
    )


def _may_show(node: nodes.Node) -> bool:
    """Tell whether a node shows lines as they were written."""
    return isinstance(
        node, nodes.literal_block | nodes.doctest_block | nodes.raw | nodes.line_block
    ) and not isinstance(node.parent, nodes.line_block)


def _is_deliberate(node: nodes.Element) -> bool:
    """Tell whether a writer has said so, or a notebook shows its cells."""
    parent: Any = node
    while parent is not None:
        if NOT_RUN in parent.get("classes", ()) or type(parent).__module__ == "nbsphinx":
            return True
        parent = parent.parent
    return False


def _texts(node: nodes.Element) -> Iterator[tuple[str, str, bool]]:
    """Yield what a node shows, why that is not run, and whether any of its lines may be typed."""
    text = node.astext()
    if isinstance(node, nodes.doctest_block):
        yield text, "it is a doctest block", True
    elif isinstance(node, nodes.line_block):
        yield text, "it is a line block", True
    elif isinstance(node, nodes.raw):
        if "html" not in node.get("format", ""):
            yield text, f"it is raw {node.get('format', 'text')}", True
        for _, shown in _SHOWN_BY_HTML.findall(text):
            yield unescape(re.sub(r"<[^>]*>", "", shown)).lstrip("\n"), "it is raw HTML", True
    elif "language" in node:
        language = node["language"]
        yield text, f"its language is `{language}`", language.lower() in _ANY_TEXT
    elif node.rawsource != text:
        yield text, "it is a parsed-literal", True
    else:
        yield text, "it is a literal block without a language", True
