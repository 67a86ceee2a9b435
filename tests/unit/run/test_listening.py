"""For how long a program has to read before that is a question."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from seatrial.run import listening
from seatrial.run.front import NOTHING, WORKING, Look, State
from seatrial.run.listening import Listener, drained
from seatrial.run.received import Received
from seatrial.run.signs import Signs
from seatrial.run.tty import Tty
from seatrial.transcript.events import Ending
from seatrial.transcript.programs import PROMPTS

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
        watch.came(0)


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


def test_what_may_still_arrive_is_waited_for(seconds: list[float]) -> None:
    watch = listening._Held(NOTHING)
    for _ in range(10):
        seconds[0] += 1
        assert not watch.holds(READS)
        watch.came(1000)
    watch.came(0)
    assert watch.holds(READS)
    # a job in the background may print for ever; what was printed before fits the buffers
    watch.holds(again(2))
    watch.came(listening._BUFFERED)
    seconds[0] += 1
    assert watch.holds(again(2))


class Starved:
    """A terminal whose listener gets the processor seldom: half a second passes at each look."""

    def __init__(self, seconds: list[float], *pieces: bytes) -> None:
        self.seconds, self.pieces, self.is_busy = seconds, list(pieces), False

    def read(self, wait: float) -> bytes:
        """Return the next piece."""
        self.seconds[0] += max(wait, 0.02)
        return self.pieces.pop(0) if self.pieces else b""

    def look(self, inside: object) -> Look:  # noqa: ARG002
        """Return that the shell reads at its prompt, which it printed long ago."""
        self.seconds[0] += 0.5
        return READS

    def hides_what_is_typed(self, look: Look) -> bool:  # noqa: ARG002
        """Return that everything is shown."""
        return False


@pytest.mark.parametrize(
    "pieces",
    [
        (b"yes\r\n", b"you said yes\r\n[word:0:5]"),
        (b"yes\r\n", b"you said yes\r\n", b"[word:0:5]"),
        (b"yes\r\nyou said yes\r\n", b"[word:0:5]"),
    ],
)
def test_a_listener_that_was_kept_waiting_takes_no_prompt_for_a_question(
    pieces: tuple[bytes, ...], seconds: list[float]
) -> None:
    signs = Signs("word", PROMPTS)
    terminal: Tty = Starved(seconds, *pieces)  # type: ignore[assignment]
    listener = Listener(terminal, signs, lambda: None)
    listener.at_shell = False
    answer = drained(listener.listen(Received(signs), 1000.0, NOTHING, echoes=True))
    assert (answer.ending, answer.prompt) == (Ending.PROMPT, "$ ")
    assert answer.output[-1] == "you said yes"


@pytest.mark.parametrize(
    ("line", "shown"),
    [(">", False), (">>", False), ("..", False), ("db=", False), ("$ x", True), ("10%", True)],
)
def test_a_line_that_may_become_a_prompt_is_not_shown(line: str, shown: bool) -> None:
    listener, came = SimpleNamespace(_seen=["db=# "]), SimpleNamespace(unfinished=line)
    assert listening.Listener._begins_a_prompt(listener, came) is not shown  # type: ignore[arg-type]
