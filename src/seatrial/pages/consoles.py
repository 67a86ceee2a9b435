"""Which nodes of a page are transcripts: by their language, and by the prompts in them."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.addnodes import highlightlang
from sphinx.config import Config
from sphinx.highlighting import lexer_classes

from seatrial.transcript.blocks import CONSOLE_LANGUAGES
from seatrial.transcript.programs import PROMPTS

#: Languages of commands without prompts.
PLAIN_LANGUAGES = frozenset({"bash", "sh", "shell", "ksh", "zsh"})

# `# ` is a prompt as well, and begins a comment far more often.
_AMBIGUOUS = "# "
# How others show the reader's shell: in a virtual environment, in a folder.
_MORE_PROMPTS = (r"\([\w.-]+\) \$ ", r"~[\w./-]*\$ ")


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
