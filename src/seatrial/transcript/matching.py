"""Compare what a page promises with what came, line by line.

One alignment serves all who ask: whether the promise was kept, what to show where it was not, and
what a rewritten promise keeps.  What a pattern matched can therefore never appear as a difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

ELISION = "..."
# the most cells (promised lines times lines that came) of the table of an alignment
_TABLE = 250_000


class Pair(Enum):
    """How a promised line and a line of output stand to each other."""

    SAME = "same"
    ELIDED = "elided"
    MISSING = "missing"
    EXTRA = "extra"


@dataclass(frozen=True)
class Row:
    """One line of an alignment."""

    pair: Pair
    promised: str | None
    # None where the output has a line that no promise covers
    came: str | None
    # None where a promised line did not come


@dataclass(frozen=True)
class Comparison:
    """A promise and an output, aligned."""

    rows: tuple[Row, ...]

    @property
    def kept(self) -> bool:
        """Tell whether the output is what was promised."""
        return all(row.pair in (Pair.SAME, Pair.ELIDED) for row in self.rows)

    @property
    def rewritten(self) -> tuple[str, ...]:
        """Return a promise that the output keeps, with every elision that still matches."""
        lines: list[str] = []
        for row in self.rows:
            if row.pair is Pair.ELIDED:
                # one line `...` may stand for many: it is written once
                if not lines or lines[-1] != row.promised:
                    lines.append(row.promised or "")
            elif row.pair is Pair.SAME:
                lines.append(row.promised or "")
            elif row.pair is Pair.EXTRA:
                lines.append(row.came or "")
        return tuple(lines)


def line_matches(promised: str, came: str) -> bool:
    """Tell whether a line is the promised one; spaces at its end do not count."""
    promised = promised.rstrip()
    first, *parts = promised.split(ELISION)
    if not parts:
        return promised == came.rstrip()
    last = parts.pop()
    if last:
        came = came.rstrip()
    # each part at its first place: no other choice leaves more room for the rest
    at, end = len(first), len(came) - len(last)
    if not (at <= end and came.startswith(first) and came.endswith(last)):
        return False
    for part in parts:
        found = came.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def came_at_end(lines: Sequence[str], output: Sequence[str]) -> int:
    """Return how many of some lines, from the first, an output ends with; blank ones do not end it.

    These lines may be a writer's comments below the output, or be a part of it.
    """
    came = trimmed(output)
    for count in range(len(lines), 0, -1):
        tail = came[max(0, len(came) - count) :]
        if (
            lines[count - 1].strip()
            and len(tail) == count
            and all(map(line_matches, lines[:count], tail))
        ):
            return count
    return 0


def stands_for_any_lines(promised: str) -> bool:
    """Tell whether a promised line is an elision of whole lines."""
    return promised.strip() == ELISION


def trimmed(lines: Sequence[str]) -> tuple[str, ...]:
    """Return lines without the blank ones at the end, which no page shows."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return tuple(lines[:end])


def compare(promise: Sequence[str], output: Sequence[str]) -> Comparison:
    """Align a promise with an output so that as few lines as possible differ."""
    wanted, came = trimmed(promise), trimmed(output)
    kept = _kept(wanted, came)
    if kept is not None:
        return Comparison(tuple(kept))
    rows: list[Row] = []
    head = _same(wanted, came)
    tail = _same(wanted[head:][::-1], came[head:][::-1])
    wanted_end, came_end = len(wanted) - tail, len(came) - tail
    differing = _align(wanted[head:wanted_end], came[head:came_end])
    aligned = [
        *(Row(Pair.SAME, *pair) for pair in zip(wanted[:head], came[:head], strict=True)),
        *differing,
        *(Row(Pair.SAME, *pair) for pair in zip(wanted[wanted_end:], came[came_end:], strict=True)),
    ]
    for same, group in groupby(aligned, lambda r: r.pair is Pair.SAME):
        gap = list(group)
        rows.extend(gap if same else _with_counterparts(gap))
    return Comparison(tuple(rows))


def _kept(wanted: Sequence[str], came: Sequence[str]) -> list[Row] | None:
    """Return the alignment of a promise that is kept, in one pass; None where it is not.

    What stands between two elisions is taken at its first place: no other leaves more room for the
    rest.  What follows the last one has to come at the end.
    """
    rows: list[Row] = []
    at = first = 0
    elisions = [number for number, line in enumerate(wanted) if stands_for_any_lines(line)]
    for elision in [*elisions, len(wanted)]:
        part = wanted[first:elision]
        begins = range(at, at + 1)
        if first:
            last = len(came) - len(part)
            begins = range(at if elision < len(wanted) else max(at, last), last + 1)
        begin = next((each for each in begins if _matches(part, came, each)), None)
        if begin is None or (elision == len(wanted) and begin + len(part) < len(came)):
            return None
        if first:
            elided = wanted[first - 1]
            rows += [Row(Pair.ELIDED, elided, line) for line in came[at:begin]]
            rows.append(Row(Pair.ELIDED, elided, None))
        at = begin + len(part)
        rows += [Row(Pair.SAME, *pair) for pair in zip(part, came[begin:at], strict=True)]
        first = elision + 1
    return rows


def _matches(part: Sequence[str], came: Sequence[str], begin: int) -> bool:
    """Tell whether promised lines without an elision of lines came, all of them, at a place."""
    return begin + len(part) <= len(came) and all(
        line_matches(line, came[begin + number]) for number, line in enumerate(part)
    )


def _same(wanted: Sequence[str], came: Sequence[str]) -> int:
    """Return how many lines at the beginning are as promised."""
    number = 0
    for line, other in zip(wanted, came, strict=False):
        if stands_for_any_lines(line) or not line_matches(line, other):
            break
        number += 1
    return number


def _with_counterparts(gap: list[Row]) -> list[Row]:
    """Return the rows between two that are the same, with what came in place of missing lines.

    An elision would swallow it, and a rewritten promise forget ``(1 row)`` behind ``...``.
    """
    elided = [number for number, row in enumerate(gap) if row.pair is Pair.ELIDED]
    if not elided or len(elided) == len(gap) or any(row.pair is Pair.EXTRA for row in gap):
        # extra lines beside an elision are of texts too long for a table, and stand as they are
        return gap
    came = [row.came for row in gap if row.came is not None]
    before, after = gap[: elided[0]], gap[elided[-1] + 1 :]
    head = came[: len(before)]
    left = came[len(head) :]
    tail = left[max(0, len(left) - len(after)) :] if after else []
    middle = iter(left[: len(left) - len(tail)])
    between: list[Row] = []
    for row in gap[elided[0] : elided[-1] + 1]:
        if row.came is None:
            between.append(row)
        elif (line := next(middle, None)) is not None:
            between.append(Row(Pair.ELIDED, row.promised, line))
        else:
            between.append(Row(Pair.ELIDED, row.promised, None))
    return [
        *before,
        *(Row(Pair.EXTRA, None, line) for line in head),
        *between,
        *after,
        *(Row(Pair.EXTRA, None, line) for line in tail),
    ]


def _align(wanted: Sequence[str], came: Sequence[str]) -> list[Row]:
    """Return the cheapest alignment: a line missing or extra costs one, an elided line nothing.

    Of texts so long that the table of all choices would be too large, the beginnings alone are
    aligned, and the rest is told as it stands.
    """
    if len(wanted) * len(came) > _TABLE:
        side = int(_TABLE**0.5)
        return [
            *_align(wanted[:side], came[: _TABLE // min(side, len(wanted))]),
            *(
                Row(Pair.ELIDED if stands_for_any_lines(line) else Pair.MISSING, line, None)
                for line in wanted[side:]
            ),
            *(Row(Pair.EXTRA, None, line) for line in came[_TABLE // min(side, len(wanted)) :]),
        ]
    width = len(came)
    # costs[i][j]: the cheapest alignment of wanted[i:] with came[j:]
    costs = [[0] * (width + 1) for _ in range(len(wanted) + 1)]
    costs[len(wanted)] = list(range(width, -1, -1))
    for i in range(len(wanted) - 1, -1, -1):
        line, below, here = wanted[i], costs[i + 1], costs[i]
        if stands_for_any_lines(line):
            here[width] = below[width]
            for j in range(width - 1, -1, -1):
                here[j] = min(below[j], here[j + 1])
            continue
        here[width] = below[width] + 1
        for j in range(width - 1, -1, -1):
            cost = min(below[j], here[j + 1]) + 1
            if below[j + 1] < cost and line_matches(line, came[j]):
                cost = below[j + 1]
            here[j] = cost
    rows: list[Row] = []
    i = j = 0
    while i < len(wanted) or j < width:
        if i == len(wanted):
            rows.append(Row(Pair.EXTRA, None, came[j]))
            j += 1
        elif stands_for_any_lines(wanted[i]):
            if costs[i][j] == costs[i + 1][j]:
                rows.append(Row(Pair.ELIDED, wanted[i], None))
                i += 1
            else:
                rows.append(Row(Pair.ELIDED, wanted[i], came[j]))
                j += 1
        elif j < width and costs[i][j] == costs[i + 1][j + 1] and line_matches(wanted[i], came[j]):
            rows.append(Row(Pair.SAME, wanted[i], came[j]))
            i, j = i + 1, j + 1
        elif costs[i][j] == costs[i + 1][j] + 1:
            rows.append(Row(Pair.MISSING, wanted[i], None))
            i += 1
        else:
            rows.append(Row(Pair.EXTRA, None, came[j]))
            j += 1
    return rows
