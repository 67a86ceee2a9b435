"""For how long a program has to read before that is a question."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from seatrial.run import listening
from seatrial.run.front import NOTHING, WORKING, Look, State

READS = Look(State.READS, (7, 1))


def again(number: int, *, timed: bool = False, contained: bool = False) -> Look:
    """Return that a program went to sleep once more."""
    return Look(State.READS, (7, number), timed, contained)


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that is set by hand."""
    clock = [100.0]
    monkeypatch.setattr(listening, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    return clock


def held(looks: list[Look], seconds: list[float], before: Look = NOTHING) -> Iterator[bool]:
    """Yield what is told of each look, one every 50 ms."""
    watch = listening._Held(before)
    for look in looks:
        seconds[0] += 0.05
        yield watch.holds(look)


def test_who_reads_for_long_enough_asks(seconds: list[float]) -> None:
    assert list(held([READS] * 4, seconds)) == [False, False, True, True]


def test_who_works_meanwhile_starts_from_nothing(seconds: list[float]) -> None:
    looks = [READS, READS, WORKING, READS, READS, READS]
    assert list(held(looks, seconds)) == [False] * 5 + [True]


def test_the_sleep_in_which_the_line_was_typed_does_not_count(seconds: list[float]) -> None:
    assert not any(held([READS] * 20, seconds, before=READS))


def test_another_sleep_is_another_reading_but_for_one_with_an_end(seconds: list[float]) -> None:
    assert not any(held([again(n) for n in range(2, 20)], seconds))
    seconds[0] = 0.0
    watch = listening._Held(NOTHING)
    for number in range(2, 5):
        seconds[0] += 0.05
        watch.holds(again(number, timed=True))
    assert watch.rounds == 3


@pytest.mark.parametrize("look", [again(1, contained=True), NOTHING])
def test_what_is_known_late_or_not_at_all_takes_longer(look: Look, seconds: list[float]) -> None:
    told = list(held([look] * 30, seconds))
    assert 15 < told.index(True) < 25


@pytest.mark.parametrize(
    ("line", "shown"),
    [(">", False), (">>", False), ("..", False), ("db=", False), ("$ x", True), ("10%", True)],
)
def test_a_line_that_may_become_a_prompt_is_not_shown(line: str, shown: bool) -> None:
    listener, came = SimpleNamespace(_seen=["db=# "]), SimpleNamespace(unfinished=line)
    assert listening.Listener._begins_a_prompt(listener, came) is not shown  # type: ignore[arg-type]
