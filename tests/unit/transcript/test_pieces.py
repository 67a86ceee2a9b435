"""A cell is cut into pieces, each one input of the program in front."""

import code

import pytest

from seatrial.transcript.pieces import first_piece
from seatrial.transcript.programs import Program, program_of

SHELL, PYTHON, PSQL = map(program_of, ("shell", "Python", "psql"))


def pieces(program: Program, text: str) -> list[list[str]]:
    """Return all pieces of a cell; what has no end is the last, and said to have none."""
    left, found = text.split("\n"), list[list[str]]()
    while left:
        if not left[0].strip():
            left = left[1:]
            continue
        piece = first_piece(program, left)
        if piece is None:
            return [*found, ["(no end)"]]
        count, typed = piece
        found.append(typed)
        left = left[count:]
    return found


@pytest.mark.parametrize(
    ("program", "text", "found"),
    [
        (SHELL, "ls\npwd", [["ls"], ["pwd"]]),
        (SHELL, "echo 'a\nb'\nls", [["echo 'a", "b'"], ["ls"]]),
        (SHELL, "cat <<E\n$x\nE\nls", [["cat <<E", "$x", "E"], ["ls"]]),
        (SHELL, "for x in 1; do\necho\ndone", [["for x in 1; do", "echo", "done"]]),
        (SHELL, "ls\necho 'a", [["ls"], ["(no end)"]]),
        (PSQL, "select 1\n;", [["select 1"], [";"]]),
        (PYTHON, "x = [\n1]\nx", [["x = [", "1]"], ["x"]]),
        (PYTHON, "x = (\nls", [["(no end)"]]),
        # what is wrong is typed as far as Python would read it
        (PYTHON, "x = = 1\n2", [["x = = 1"], ["2"]]),
    ],
)
def test_a_piece_is_as_much_as_its_program_reads_at_once(
    program: Program, text: str, found: list[list[str]]
) -> None:
    assert pieces(program, text) == found


@pytest.mark.parametrize(
    "cell",
    [
        "def f():\n    x = 1\n\n    return x\nresult = f()",
        "if True:\n    result = 1\nelse:\n    result = 2\nresult += 1",
        "class A:\n\n    def f(self):\n\n        return 3\n\nresult = A().f()",
        "a = 1; b = [\n2]\nresult = a, b",
        "a = 1; b = 2; c = '''x\n\ny'''\nresult = a, b, c",
        "def d(f):\n    return f\n@d\n\ndef g():\n    return 4\nresult = g()",
        "for x in 1, 2:\n    # a comment\n\n    result = x",
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n\n    result = 5",
        "text = '''a\n\nb'''\nresult = text",
        "result = [\n\n    1,\n\n    2]",
    ],
)
def test_pythons_own_console_takes_each_piece_as_one_and_the_cell_does_what_it_says(
    cell: str,
) -> None:
    console = code.InteractiveConsole()
    for piece in pieces(PYTHON, cell):
        wants_more = [console.push(line) for line in piece]
        assert wants_more == [True] * (len(piece) - 1) + [False], piece
    meant: dict[str, object] = {}
    exec(cell, meant)
    assert console.locals["result"] == meant["result"]
