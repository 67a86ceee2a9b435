"""The lines of a source file that open a directive, and the blocks among them that became none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from docutils import nodes

from seatrial.pages.nodes import item_node
from seatrial.transcript.blocks import CONSOLE_LANGUAGES, Item

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


def opens(line: str) -> bool:
    """Tell whether a line opens any directive or fence."""
    return _OPENING.match(line) is not None


def opens_a_block(line: str) -> bool:
    """Tell whether a line looks as if it opened a block or an edit."""
    return _LOOKS_LIKE_A_BLOCK.match(line) is not None


def uncollected(
    document: nodes.document, source: Sequence[str], items: Sequence[Item]
) -> Iterator[int]:
    """Yield the numbers of the lines that look as if they opened a block, and open no item.

    `items` are those whose lines stand in this source.
    """
    # what is shown as an example, or commented out, was never meant to be collected
    shown = Counter(
        line.strip()
        for node in document.findall(
            lambda n: (
                isinstance(n, nodes.literal_block | nodes.comment)
                and not isinstance(n.parent, item_node)
            )
        )
        for line in node.astext().splitlines()
    )
    inside = {item.line + n for item in items for n in range(len(item.lines))}
    openings = [
        number
        for number, line in enumerate(source, start=1)
        if number not in inside and (opens(line) or opens_a_block(line))
    ]
    # the last opening above a block's content is its own
    collected = {max((n for n in openings if n < item.line), default=0) for item in items}
    for number in openings:
        line = source[number - 1]
        if number in collected or not opens_a_block(line):
            continue
        if shown[line.strip()]:
            shown[line.strip()] -= 1
        else:
            yield number
