"""A shell's input: its pieces, and whether it has come to its end."""

from __future__ import annotations

import re
from collections.abc import Sequence

# A shell's input, piece by piece; what no piece fits is a quote or a backslash that stands open.
SHELL_PIECE = re.compile(
    r"""
    (?P<blank> [ \t]+ | \\\n )
    | (?P<word>
        (?: \\. | \$?'' | \$'(?:\\.|[^'\\])+' | '[^']*' | "(?:\\.|[^"\\])*"
          | \$?\(\([^\n]*?\)\) | <<< | [^\s;&|()`'"\\<\#] | (?<=[^\s;&|()`])\# )+ )
    | <<(?P<dash> -?)[ \t]* (?P<quote> ['"]?) (?P<ends> [\w.-]+) (?P=quote)
    | (?P<comment> \#[^\n]* )
    | (?P<operator> \n | \|\| | && | [;&|()`<] )
    """,
    re.VERBOSE | re.DOTALL,
)
_CLOSED_BY = {
    "if": "fi",
    "case": "esac",
    "{": "}",
    "(": ")",
    **dict.fromkeys(("for", "while", "until", "select"), "done"),
}
# words after which a command begins, as it does after an operator
BEFORE_COMMANDS = frozenset({"if", "then", "else", "elif", "while", "until", "do", "!", "{"})


def shell_is_unfinished(typed: Sequence[str]) -> bool:
    """Tell whether a shell would read on.

    Knows quotes, backslashes, here-documents, brackets, compound commands and operators at the end
    of a line (POSIX.1-2024, 2.3 and 2.10): what a guide's reader types, not all that a shell can.
    """
    text = "\n".join(typed)
    at = 0
    closers: list[str] = []
    bodies: list[tuple[str, bool]] = []
    # here-documents that begin after this line: the word that ends each, and whether tabs may lead
    starts_command, goes_on = True, False
    while at < len(text):
        piece = SHELL_PIECE.match(text, at)
        if piece is None:
            return True
        at = piece.end()
        if piece["ends"]:
            bodies.append((piece["ends"], bool(piece["dash"])))
        elif piece["word"]:
            word = piece["word"]
            if starts_command and word in _CLOSED_BY:
                closers.append(_CLOSED_BY[word])
            elif starts_command and closers and word == closers[-1]:
                closers.pop()
            starts_command, goes_on = starts_command and word in BEFORE_COMMANDS, False
        elif sign := piece["operator"]:
            if sign == "\n" and bodies:
                after = _after_bodies(text, at, bodies)
                if after is None:
                    return True
                at, bodies = after, []
            elif sign == "(" or (sign == "`" and "`" not in closers):
                closers.append(")" if sign == "(" else "`")
            elif closers and sign == closers[-1]:
                closers.pop()
            if sign != "\n":
                goes_on = sign in ("|", "||", "&&")
            starts_command = sign != "<"
    return bool(closers or bodies) or goes_on


def _after_bodies(text: str, at: int, bodies: Sequence[tuple[str, bool]]) -> int | None:
    """Return where a text goes on after its here-documents; None where one is not at its end."""
    for word, indented in bodies:
        while True:
            if at > len(text):
                return None
            line, _, _ = text[at:].partition("\n")
            at += len(line) + 1
            if (line.lstrip("\t") if indented else line) == word:
                break
    return min(at, len(text))
