"""Which nodes of a page are transcripts, why one is left out, and what only looks like one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from textwrap import dedent
from typing import Any

from docutils import nodes
from sphinx.addnodes import highlightlang, only
from sphinx.config import Config
from sphinx.ext.ifconfig import ifconfig
from sphinx.highlighting import lexer_classes
from sphinx.util.tags import Tags

from seatrial.transcript.blocks import CONSOLE_LANGUAGES
from seatrial.transcript.programs import PROMPTS

#: Languages of commands without prompts.
PLAIN_LANGUAGES = frozenset({"bash", "sh", "shell", "ksh", "zsh"})
#: The class by which a writer says that something is shown and never run.
NOT_RUN = "not-run"
MADE_ELSEWHERE = "made by another directive"
TESTED_ELSEWHERE = "left to sphinx.ext.doctest"
OTHER_SYSTEM = "it is at a prompt of Windows"

# Outputs for which a page can have parts of its own: what one of them shows has readers.
_FORMATS = ("html", "latex", "text", "man", "texinfo", "epub")
_WINDOWS = re.compile(
    r"(?:\([\w.-]+\) )?(?:PS(?: [^>]*)?> |(?:PS )?[A-Za-z]:(?:[\\/][^>]*)?>)", re.IGNORECASE
)
# A block in one of these may begin with words and go on as a transcript. In all other languages a
# prompt in the middle is part of a program, or of a page that shows how pages are written.
_ANY_TEXT = PLAIN_LANGUAGES | {"", "none", "text", "default", "output", "plaintext"}
# `# ` is a prompt as well, and begins a comment far more often.
_AMBIGUOUS = "# "
_SHOWN_BY_HTML = re.compile(r"<(pre|code|samp)\b[^>]*>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
# How others show the reader's shell: in a virtual environment, in a folder.
_MORE_PROMPTS = (r"\([\w.-]+\) \$ ", r"~[\w./-]*\$ ")


@dataclass(frozen=True)
class Shown:
    """A node that shows a transcript and becomes no block."""

    node: nodes.Element
    lines: tuple[str, ...]
    # what it shows, from its first prompt on
    reason: str


def is_console(language: str) -> bool:
    """Tell whether Sphinx colours a language as a transcript: its names have no capitals."""
    language = language.lower()
    if language in CONSOLE_LANGUAGES:
        return True
    # a project's own name for one of the same lexers, or of its own that builds on one
    classes = getattr(lexer_classes.get(language), "__mro__", ())
    return any(CONSOLE_LANGUAGES & set(vars(each).get("aliases", ())) for each in classes)


def name_languages(document: nodes.document, default: str, prompts: re.Pattern[str]) -> None:
    """Name the language of literal blocks that have none, where `highlight` makes it a console.

    Sphinx does so for all, when a page is written.  Here it is done for those that begin with a
    prompt: what else a page shows in `::` may be anything.
    """
    for node in document.findall(lambda n: isinstance(n, nodes.literal_block | highlightlang)):
        assert isinstance(node, nodes.Element)
        if isinstance(node, highlightlang):
            default = node["lang"]
        elif (
            "language" not in node
            and is_console(default)
            and node.rawsource == node.astext()
            and prompts.match(node.astext().lstrip("\n"))
        ):
            node["language"] = default


def hidden_by(node: nodes.Node, config: Config, tags: Sequence[str]) -> str:
    """Return what hides a node from every reader, whatever the site is built for; "" if nothing."""
    parent = node.parent
    while parent is not None:
        if isinstance(parent, only) and not _holds(parent["expr"], tags):
            return f"no reader sees it: `only:: {parent['expr']}`"
        if isinstance(parent, ifconfig) and not _is_true(parent["expr"], config):
            return f"no reader sees it: `ifconfig:: {parent['expr']}`"
        parent = parent.parent
    return ""


def _holds(condition: str, tags: Sequence[str]) -> bool:
    """Tell whether a condition holds for any output; Sphinx shows what it cannot understand."""
    try:
        return any(
            Tags([*tags, name, f"format_{name}", f"builder_{name}"]).eval_condition(condition)
            for name in _FORMATS
        )
    except Exception:
        return True


def _is_true(expression: str, config: Config) -> bool:
    """Tell what `ifconfig` makes of an expression: it is Python, and Sphinx evaluates it too."""
    names = {value.name: value.value for value in config}
    try:
        return bool(eval(expression, {**names, **vars(config), "builder": "html"}))
    except Exception:
        return True


def at_other_system(lines: Sequence[str]) -> bool:
    """Tell whether a block begins at a prompt of Windows."""
    first = next((line for line in lines if line.strip()), "")
    return _WINDOWS.match(first.lstrip()) is not None


def prompts_of(config: Config) -> re.Pattern[str]:
    """Return what a prompt followed by input looks like in a project."""
    own = [row[1] for row in config.seatrial_prompts if _is_row(row)]
    table = [
        row.pattern
        for row in PROMPTS
        if not (row.continues or row.secret or row.pattern == _AMBIGUOUS)
    ]
    return re.compile(f"(?:{'|'.join([*own, *_MORE_PROMPTS, *table])})(?=\\S)")


def _is_row(row: Any) -> bool:
    """Tell whether a row of `seatrial_prompts` can be used; others are refused elsewhere."""
    try:
        return bool(re.compile(row[1]))
    except (TypeError, IndexError, KeyError, re.error):
        return False


def look_alikes(document: nodes.document, prompts: re.Pattern[str]) -> Iterator[Shown]:
    """Yield what looks like a transcript, and why it is none; call it once blocks are collected."""
    for node in document.findall(_may_show):
        assert isinstance(node, nodes.Element)
        if _is_deliberate(node):
            continue
        for text, reason, anywhere in _texts(node):
            lines = dedent(text.expandtabs(8)).splitlines()
            first = next((n for n, line in enumerate(lines) if prompts.match(line)), None)
            if first is not None and (anywhere or not any(s.strip() for s in lines[:first])):
                yield Shown(node, tuple(lines[first:]), reason)


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
