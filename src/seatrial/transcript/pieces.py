"""The pieces of a text that a program takes one after the other, each as it wants it typed."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from seatrial.transcript.programs import Program, python_is_unfinished


def first_piece(program: Program, lines: Sequence[str]) -> tuple[int, list[str]] | None:
    """Return how many lines are one piece of input, and what to type; None if it has no end."""
    if program.name == "Python":
        return _python_piece(lines)
    if not program.is_shell:
        return 1, [lines[0]]
    for count in range(1, len(lines) + 1):
        if not program.is_unfinished("\n".join(lines[:count])):
            return count, list(lines[:count])
    return None


def _python_piece(lines: Sequence[str]) -> tuple[int, list[str]] | None:
    """Return the first statement of some lines as an interactive Python wants it typed.

    There, a blank line ends an indented block, and a block is ended by a blank line.
    """
    try:
        statements = ast.parse("\n".join(lines)).body
    except SyntaxError:
        statements = []
    if statements:
        first = statements[0]
        count = first.end_lineno or 1
        typed = list(lines[:count])
        following = [s for s in statements[1:] if s.lineno <= count]
        if following:
            count = max(s.end_lineno or count for s in following)
            typed = list(lines[:count])
        for number in range(len(typed) - 1, -1, -1):
            without = [*typed[:number], *typed[number + 1 :]]
            if not typed[number].strip() and _same_python(typed, without):
                typed = without
        return count, [*typed, ""] if python_is_unfinished("\n".join(typed)) else typed
    for count in range(1, len(lines) + 1):
        if not python_is_unfinished("\n".join(lines[:count])):
            return count, list(lines[:count])
    # code that never ends is no code: it stays untyped
    return None


def _same_python(some: Sequence[str], others: Sequence[str]) -> bool:
    try:
        return ast.dump(ast.parse("\n".join(some))) == ast.dump(ast.parse("\n".join(others)))
    except SyntaxError:
        return False
