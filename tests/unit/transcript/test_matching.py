"""Promise and output: kept or not, what is shown where not, and what a rewritten promise keeps."""

import tracemalloc
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby, pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from seatrial.transcript import matching
from seatrial.transcript.kinds import by_kind
from seatrial.transcript.matching import (
    Pair,
    came_at_end,
    compare,
    line_matches,
    stands_for_any_lines,
)

WORDS = ("a", "b", "a b", "", "ab", "abc", "x...y", "xy", "x1y")
PROMISED = (*WORDS, "...", "...", "a...", "...b", "  ...")


def kept(promise: Sequence[str], output: Sequence[str]) -> bool:
    """Tell whether a promise is kept."""
    return compare(promise, output).kept


def differences(promise: Sequence[str], output: Sequence[str]) -> list[tuple[str, str]]:
    """Return the lines that differ, each with its sign."""
    return [
        ("-", row.promised or "") if row.pair is Pair.MISSING else ("+", row.came or "")
        for row in compare(promise, output).rows
        if row.pair in (Pair.MISSING, Pair.EXTRA)
    ]


def cheapest(promise: tuple[str, ...], output: tuple[str, ...]) -> int:
    """Return how many lines have to differ, found by trying everything."""

    @lru_cache
    def cost(i: int, j: int) -> int:
        if i == len(promise):
            return len(output) - j
        ways = []
        if stands_for_any_lines(promise[i]):
            ways.append(cost(i + 1, j))
            if j < len(output):
                ways.append(cost(i, j + 1))
        else:
            ways.append(cost(i + 1, j) + 1)
            if j < len(output) and line_matches(promise[i], output[j]):
                ways.append(cost(i + 1, j + 1))
        if j < len(output):
            ways.append(cost(i, j + 1) + 1)
        return min(ways)

    return cost(0, 0)


def lines(words: Sequence[str]) -> st.SearchStrategy[tuple[str, ...]]:
    """Return up to seven lines, the last of them not blank."""
    some = st.lists(st.sampled_from(words), max_size=7)
    return some.filter(lambda drawn: not drawn or bool(drawn[-1].strip())).map(tuple)


@st.composite
def with_elisions(draw: st.DrawFn) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a promise that is kept and the output that keeps it."""
    # an elision next to dots of the output would begin with the first of them
    output = draw(lines([word for word in WORDS if "..." not in word]))
    promise: list[str] = []
    at = 0
    while at < len(output):
        way = draw(st.sampled_from(["whole", "part", "many"]))
        if way == "many" and not (promise and stands_for_any_lines(promise[-1])):
            promise.append("...")
            at += draw(st.integers(0, len(output) - at))
            continue
        line = output[at]
        left = draw(st.integers(0, len(line)))
        right = draw(st.integers(left, len(line)))
        promise.append(f"{line[:left]}...{line[right:]}" if way == "part" else line)
        at += 1
    return tuple(promise), output


# --- examples -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("promise", "output"),
    [
        ([], []),
        (["a"], ["a"]),
        (["a", "b"], ["a", "b"]),
        (["a"], ["a   "]),
        (["a   "], ["a"]),
        (["a"], ["a", "", " "]),
        (["a", ""], ["a"]),
        (["", "a"], ["", "a"]),
        (["..."], []),
        (["..."], ["a", "b"]),
        (["a", "...", "z"], ["a", "z"]),
        (["a", "...", "z"], ["a", "b", "z", "c", "z"]),
        (["...", "..."], ["a"]),
        (["...", "b", "..."], ["a", "b", "c"]),
        (["    ..."], ["a", "b"]),
        (["Container ...-web-1  Started"], ["Container example-web-1  Started"]),
        (["...a"], ["a"]),
        (["a..."], ["a"]),
        (["a...c...e"], ["abcde"]),
        (["a...b...b"], ["a b b b"]),
        (["x = (1.5, ...)"], ["x = (1.5, [2])"]),
        (["...."], ["the end."]),
        (["Password: ..."], ["Password: "]),
    ],
)
def test_a_promise_is_kept(promise: list[str], output: list[str]) -> None:
    assert kept(promise, output)


@pytest.mark.parametrize(
    ("promise", "output"),
    [
        ([], ["a"]),
        (["a"], []),
        (["a"], ["A"]),
        (["a"], [" a"]),
        (["a b"], ["a  b"]),
        (["a", "b"], ["b", "a"]),
        (["a"], ["a", "b"]),
        (["a", "b"], ["a"]),
        (["a"], ["", "a"]),
        (["", "a"], ["a"]),
        (["a", "", "b"], ["a", "b"]),
        (["...", "b"], ["a"]),
        (["a", "..."], ["b"]),
        (["...", "a", "b"], ["a", "x", "b"]),
        (["a...c"], ["ac d"]),
        (["a...a"], ["a"]),
        (["a.c"], ["abc"]),
        (["(1 row)"], ["1 row"]),
        (["a... b"], ["a  c"]),
        ([".."], ["ab"]),
        (["…"], ["anything"]),
    ],
)
def test_a_promise_is_broken(promise: list[str], output: list[str]) -> None:
    assert not kept(promise, output)


def test_one_changed_character_is_one_line_missing_and_one_more() -> None:
    assert differences(["one", "two", "three"], ["one", "twa", "three"]) == [
        ("-", "two"),
        ("+", "twa"),
    ]


def test_what_an_elision_matched_is_never_shown_as_a_difference() -> None:
    promise = ["NAME  IMAGE", "...", "web-...  web", "done"]
    output = ["NAME  IMAGE", "db-1  db", "media-1  media", "web-1  web", "gone"]
    assert differences(promise, output) == [("-", "done"), ("+", "gone")]


def test_a_line_that_came_too_much_is_the_only_difference() -> None:
    assert differences(["a", "c"], ["a", "b", "c"]) == [("+", "b")]


def test_a_line_that_did_not_come_is_the_only_difference() -> None:
    assert differences(["a", "b", "c"], ["a", "c"]) == [("-", "b")]


def test_an_elision_does_not_hide_what_came_in_place_of_a_missing_line() -> None:
    assert differences(["...", "(1 row)"], ["a", "b", "(2 rows)"]) == [
        ("-", "(1 row)"),
        ("+", "(2 rows)"),
    ]
    assert differences(["...", "end"], []) == [("-", "end")]


# --- rewriting ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("promise", "output", "rewritten"),
    [
        (["old"], ["new"], ["new"]),
        ([], ["new"], ["new"]),
        (["old"], [], []),
        (["..."], [], ["..."]),
        (["..."], ["a", "b"], ["..."]),
        (["a", "...", "old"], ["a", "b", "c", "new"], ["a", "...", "new"]),
        (["a", "...", "d"], ["a", "b", "c", "d", "e"], ["a", "...", "d", "e"]),
        (["id ...", "old"], ["id 3f2a", "new"], ["id ...", "new"]),
        (["id ...", "old"], ["name 3f2a", "new"], ["name 3f2a", "new"]),
        (["...", "b", "...", "old"], ["a", "b", "c", "new"], ["...", "b", "...", "new"]),
        (["  ...", "old"], ["a", "b", "new"], ["  ...", "new"]),
        (["a  ", "old"], ["a", "new"], ["a  ", "new"]),
        (["old", "..."], ["new", "b", "c"], ["new", "..."]),
        (["...", "old", "b"], ["a", "new", "b"], ["...", "new", "b"]),
        (["old", "...", "old"], ["new", "a", "new"], ["new", "...", "new"]),
        (["old", "...", "old"], ["new"], ["new", "..."]),
        (["...", "gone", "..."], ["a", "b"], ["..."]),
        (["...", "old"], ["new"], ["...", "new"]),
    ],
)
def test_a_rewritten_promise_keeps_every_elision_that_still_matches(
    promise: list[str], output: list[str], rewritten: list[str]
) -> None:
    assert compare(promise, output).rewritten == tuple(rewritten)


def test_an_elision_that_no_longer_matches_is_dropped() -> None:
    before = ["Container ...-db-1  Started", "took ... s"]
    after = ["Volume created", "took 1.5 seconds"]
    assert compare(before, after).rewritten == tuple(after)


# --- what holds for everything --------------------------------------------------------------------


@given(lines(PROMISED))
def test_every_output_keeps_its_own_text_as_promise(output: tuple[str, ...]) -> None:
    assert kept(output, output)


@given(lines(WORDS))
def test_every_output_keeps_the_promise_of_anything(output: tuple[str, ...]) -> None:
    assert kept(["..."], output)


@given(lines(PROMISED), lines(PROMISED))
def test_every_output_keeps_the_promise_that_was_rewritten_for_it(
    promise: tuple[str, ...], output: tuple[str, ...]
) -> None:
    assert kept(compare(promise, output).rewritten, output)


@given(with_elisions())
def test_a_promise_that_was_kept_is_rewritten_as_it_was(
    pair: tuple[tuple[str, ...], tuple[str, ...]],
) -> None:
    promise, output = pair
    comparison = compare(promise, output)
    assert comparison.kept
    elided = map(stands_for_any_lines, promise)
    assume(not any(a and b for a, b in pairwise(elided)))
    assert comparison.rewritten == promise


@given(lines(PROMISED), lines(WORDS))
def test_rewriting_twice_changes_nothing(promise: tuple[str, ...], output: tuple[str, ...]) -> None:
    once = compare(promise, output).rewritten
    assert compare(once, output).rewritten == once


@given(lines(PROMISED), lines(WORDS))
def test_an_alignment_holds_every_line_once_in_order_and_pairs_only_what_matches(
    promise: tuple[str, ...], output: tuple[str, ...]
) -> None:
    rows = compare(promise, output).rows
    assert tuple(row.came for row in rows if row.came is not None) == output
    lone = [r.promised for r in rows if r.pair in (Pair.SAME, Pair.MISSING)]
    assert lone == [line for line in promise if not stands_for_any_lines(line)]
    for row in rows:
        if row.pair is Pair.SAME:
            assert row.promised is not None
            assert row.came is not None
            assert line_matches(row.promised, row.came)


@given(lines(PROMISED), lines(WORDS))
def test_no_alignment_has_fewer_differences(
    promise: tuple[str, ...], output: tuple[str, ...]
) -> None:
    fewest = 0
    gaps = groupby(compare(promise, output).rows, lambda row: row.pair is Pair.SAME)
    for pairs in ([row.pair for row in gap] for same, gap in gaps if not same):
        # what came in place of a missing line is shown although an elision could take it
        fewest += pairs.count(Pair.MISSING)
        fewest += 0 if Pair.ELIDED in pairs else pairs.count(Pair.EXTRA)
    assert fewest == cheapest(promise, output)


def test_a_long_output_with_a_difference_at_both_ends_is_aligned_at_once() -> None:
    lines = [f"line {n}" for n in range(300)]
    found = differences(["first", *lines, "last"], ["FIRST", *lines, "LAST"])
    assert found == [("-", "first"), ("+", "FIRST"), ("-", "last"), ("+", "LAST")]


def test_a_line_with_many_elisions_is_matched_at_once() -> None:
    assert not kept(["a..." * 12 + "b"], ["a" * 400])


# --- what varies by nature ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Container 3f2a9c1b7d0e", "Container 0123456789ab"),
        ("a" * 63 + "1", "0" + "b" * 63),
        ("sha256:0f9e8d7c6b5a", "sha256:" + "ab12" * 16),
        ("2026-11-22T15:02:52.123456789Z up", "2027-01-02T00:00:00Z up"),
        ("2026-11-22 15:02:52,123 INFO", "2025-12-31 23:59:59,999 INFO"),
        ("2026-11-22 15:02", "2026-11-23 16:03"),
        ("[22/Nov/2026 15:02:52] GET /", "[01/Jan/2027 00:00:00] GET /"),
        ("ran on 2026-11-22", "ran on 2027-03-01"),
        ("Sun Nov 22 15:02:52 2026", "Mon Jan  1 00:00:00 2029"),
        ("at 15:02:52", "at 00:00:01"),
        ("172.18.0.2:5432", "10.0.17.255:5432"),
        ("took 1.5s", "took 12.25s"),
        ("[1] 4711", "[1] 12"),
        ('{"pid": 7}', '{"pid": 4711}'),
        ("[FATAL tini (7)] exec", "[FATAL tini (31)] exec"),
        ("waiting (process 7)", "waiting (process 4711)"),
        ("Up 3 minutes", "Up 59 minutes"),
        ("About a minute ago", "Less than a second ago"),
        ("in 0.3 seconds", "in 11 seconds"),
        ("123e4567-e89b-12d3-a456-426614174000", "00000000-1111-2222-3333-444444444444"),
        ("Up 3 minutes   db", "Up 13 minutes  db"),
        ("psql (17.11 (Debian 17.11-0+deb13u1))", "psql (17.6 (Debian 17.6-1.pgdg13+1))"),
        (
            "psql (15.18 (Debian 15.18-0+deb12u1), server 17.11 (Debian 17.11-0+deb13u1))",
            "psql (15.9 (Debian 15.9-0+deb12u1), server 17.12 (Debian 17.12-0+deb13u1))",
        ),
        (
            "Python 3.13.5 (main, Aug 10 2026, 12:06:59) [GCC 14.2.0] on linux",
            "Python 3.13.11 (main, Nov  3 2026, 02:00:00) [Clang 19.1.7] on linux",
        ),
        ("ref ab::ggvtugd6a4n74m8a578avwhx1: no", "ref ab::x1lt2k9dqrjbkyvpcva5kafmv: no"),
        ("1.978 ERROR: No matching distribution", "0.807 ERROR: No matching distribution"),
        ("/tmp/pip-build-env-_zonfk4m/overlay", "/tmp/pip-build-env-pbj62pl7/overlay"),
        ("65536 bytes copied, 289 MB/s", "65536 bytes copied, 1.2 GB/s"),
    ],
)
def test_what_varies_by_nature_tells_the_same(one: str, other: str) -> None:
    assert one != other
    assert by_kind(one) == by_kind(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3 objects", "4 objects"),
        ("(1 row)", "(2 rows)"),
        ("127.0.0.1:5432", "0.0.0.0:5432"),
        ("127.0.0.1:8000", "172.18.0.2:8000"),
        ("version 17.1", "version 17.2"),
        ("psql (17.11 (Debian 17.11-0+deb13u1))", "psql (18.1 (Debian 18.1-1.pgdg13+1))"),
        (
            "psql (15.18 (Debian 15.18-0+deb12u1), server 17.11 (Debian 17.11-0+deb13u1))",
            "psql (17.11 (Debian 17.11-0+deb13u1))",
        ),
        (
            "Python 3.13.5 (main, Aug 10 2026, 12:06:59) [GCC 14.2.0] on linux",
            "Python 3.12.5 (main, Aug 10 2026, 12:06:59) [GCC 14.2.0] on linux",
        ),
        (
            "Python 3.13.5 (main) [GCC 14.2.0] on linux",
            "Python 3.13.5 (main) [GCC 14.2.0] on win32",
        ),
        ("example-web-1", "example-web-2"),
        ("Exited (0)", "Exited (1)"),
        ("decade", "facade"),
        ("deadbeefcafe", "feedfacebeef"),
        ("HTTP 200", "HTTP 500"),
        ("Up 3 minutes", "Exited 3 minutes ago"),
        ("5432/tcp", "5433/tcp"),
        ("1.978 ERROR: No such file", "1.978 ERROR: No such folder"),
        ("1.978 eggs", "0.807 eggs"),
        ("64 MB", "66 MB"),
        ("std::vector", "std::string"),
    ],
)
def test_what_tells_something_is_not_taken_for_chance(one: str, other: str) -> None:
    assert by_kind(one) != by_kind(other)


@given(st.tuples(lines(PROMISED), lines(WORDS)) | with_elisions())
def test_a_promise_that_is_kept_is_aligned_as_by_the_table_of_all_choices(
    pair: tuple[tuple[str, ...], tuple[str, ...]],
) -> None:
    wanted, came = pair
    rows = matching._align(wanted, came)
    is_kept = all(row.pair in (Pair.SAME, Pair.ELIDED) for row in rows)
    assert matching._kept(wanted, came) == (rows if is_kept else None)


def test_a_long_difference_takes_little_memory_and_loses_no_line() -> None:
    wanted = [f"promised {number}" for number in range(500)]
    came = [f"came {number}" for number in range(10_000)]
    tracemalloc.start()
    rows = compare(wanted, came).rows
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [row.promised for row in rows if row.promised is not None] == wanted
    assert [row.came for row in rows if row.came is not None] == came
    assert peak < 25_000_000  # bytes: a table of all choices has five million cells


@pytest.mark.parametrize(
    ("promise", "output", "told"),
    [
        (
            "w1 same w2 w3 w4 w5",
            "c1 same c2 c3 c4 c5",
            "-w1 +c1 same -w2 -w3 +c2 +c3 -w4 -w5 +c4 +c5",
        ),
        ("w1 same", "c1 c2 c3 c4 c5 c6 c7 same c8", "-w1 +c1 +c2 +c3 +c4 +c5 +c6 +c7 same +c8"),
        ("w1 same", "c1 c2 c3 c4 c5 c6 c7 c8 same", "-w1 +c1 +c2 +c3 +c4 +c5 +c6 +c7 +c8 same"),
        ("w1 same w2 w3 w4 ... w5", "c1 same c2", "-w1 +c1 same -w2 -w3 +c2 -w4 ... -w5"),
    ],
)
def test_of_what_is_too_long_for_a_table_the_beginnings_alone_are_aligned(
    promise: str, output: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "_TABLE", 16)
    rows = compare(promise.split(), output.split()).rows
    signs = {Pair.MISSING: "-", Pair.EXTRA: "+", Pair.SAME: "", Pair.ELIDED: ""}
    assert " ".join(f"{signs[row.pair]}{row.promised or row.came}" for row in rows) == told


@pytest.mark.parametrize(
    ("promised", "came", "matches"),
    [
        ("a...b...c", "aXbYc", True),
        ("a...b...c", "aXYc", False),
        # each part at a place of its own
        ("a...b...b", "ab", False),
        ("ab...b...c", "abc", False),
        ("a...b...b...c", "abc", False),
        ("a...b...b...c", "abXbc", True),
        ("...a...b", "ab", True),
        ("...b", "Xb  ", True),
    ],
)
def test_the_parts_between_elisions_of_a_line_come_one_after_the_other(
    promised: str, came: str, matches: bool
) -> None:
    assert line_matches(promised, came) is matches


@pytest.mark.parametrize(
    ("output", "count"),
    [
        (["a", "# one"], 1),
        (["# one", ""], 1),
        (["# one", "# two 3"], 2),
        (["# one", "# two 3", "", "# four"], 4),
        (["# one", "a"], 0),
        (["# two 3"], 0),
        ([], 0),
    ],
)
def test_lines_that_may_be_comments_are_output_as_far_as_it_ends_with_them(
    output: list[str], count: int
) -> None:
    assert came_at_end(["# one", "# two ...", "", "# four"], output) == count


def test_a_container_before_and_after_its_first_health_check_is_the_same() -> None:
    row = "3f2a9c1b7d0e   example-web   Up 5 seconds ({})   8000/tcp   example-web-1"
    assert by_kind(row.format("healthy")) == by_kind(row.format("health: starting"))
    assert by_kind(row.format("healthy")) != by_kind(row.format("unhealthy"))
