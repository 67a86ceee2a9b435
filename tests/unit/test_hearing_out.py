"""What is waited for after a step, so that no later one is given what Docker did in it."""

from types import SimpleNamespace

import pytest

from seatrial.trials.page import PageRun


class Heard:
    """A witness that saw some events, and notes for what it was asked to wait."""

    def __init__(self, events: int) -> None:
        self.events = tuple(range(events))
        self.waited: list[str] = []

    def between(self, *_: int) -> tuple[int, ...]:
        """Return what was seen."""
        return self.events

    def catch_up(self, _begun: int) -> None:
        """Note that all that was told is awaited."""
        self.waited.append("catch up")

    def settle(self, _before: frozenset[str]) -> None:
        """Note that ends are awaited."""
        self.waited.append("settle")

    def await_start(self) -> None:
        """Note that a start is awaited."""
        self.waited.append("start")


@pytest.mark.parametrize(
    ("command", "events", "waited"),
    [
        ("docker compose up -d", 0, ["catch up", "settle"]),
        # a function that was defined before
        ("leave_notes", 3, ["catch up", "settle"]),
        ("ls", 0, ["settle"]),
    ],
)
def test_all_is_awaited_that_a_command_may_have_had_docker_do(
    command: str, events: int, waited: list[str]
) -> None:
    heard = Heard(events)
    run = SimpleNamespace(_witness=heard, _opened_by=lambda _number: frozenset())
    step, answer = SimpleNamespace(command=command), SimpleNamespace(at_shell=True)
    block = SimpleNamespace(terminal=1)
    PageRun._hear_out(run, block, step, answer, 0, frozenset())  # type: ignore[arg-type]
    assert heard.waited == waited
