"""Lines of code in the colours of their language, by Pygments."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape

from pygments import formatters, highlight, lexers, util  # type: ignore[import-untyped]

_FORMATTER = formatters.HtmlFormatter(nowrap=True)


def highlighted(language: str, lines: Sequence[str]) -> list[str]:
    """Return lines as Pygments marks them up, one string a line."""
    if not lines:
        return []
    html = str(highlight("\n".join(lines), _lexer(language), _FORMATTER)).split("\n")
    # Pygments ends the last line, and leaves out empty ones behind it
    html = [*html, *[""] * len(lines)][: len(lines)]
    return [
        escape(line) if line.lstrip().startswith("\\") and language == "postgresql" else marked
        for line, marked in zip(lines, html, strict=True)
    ]


@lru_cache(maxsize=64)
def _lexer(language: str) -> object:
    """Return the lexer of a language, or one that leaves text alone."""
    try:
        found: object = lexers.get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except util.ClassNotFound:
        found = lexers.get_lexer_by_name("text", stripnl=False, ensurenl=False)
    return found
