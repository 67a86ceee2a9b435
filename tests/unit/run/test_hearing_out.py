"""What is waited for after a line, so that no later one is given what Docker did in it."""

from types import SimpleNamespace

import pytest

from seatrial.run.follower import Line
from seatrial.run.witness import healthcheck


class Heard:
    """A witness that saw some events, and notes for what it was asked to wait."""

    def __init__(self) -> None:
        self.waited: list[str] = []

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
    ("config", "command"),
    [
        ({"Healthcheck": {"Test": ["CMD-SHELL", "pg_isready -q"]}}, "/bin/sh -c pg_isready -q"),
        (
            {"Healthcheck": {"Test": ["CMD-SHELL", "ready"]}, "Shell": ["/bin/ash", "-ec"]},
            "/bin/ash -ec ready",
        ),
        ({"Healthcheck": {"Test": ["CMD", "pg_isready", "-q"]}}, "pg_isready -q"),
        ({"Healthcheck": {"Test": ["NONE"]}}, ""),
        ({"Healthcheck": None}, ""),
        ({}, ""),
    ],
)
def test_a_health_check_is_known_by_what_the_engine_runs(
    config: dict[str, object], command: str
) -> None:
    assert healthcheck(config) == command


@pytest.mark.parametrize(
    ("command", "events", "above", "at_shell", "waited"),
    [
        ("docker compose up -d", 0, 0, True, ["catch up", "settle"]),
        # a function that was defined before
        ("leave_notes", 3, 0, True, ["catch up", "settle"]),
        ("ls", 0, 0, True, ["settle"]),
        # a program in a container was left
        ("exit", 0, 1, True, ["catch up", "settle"]),
        ("docker compose run --rm web python", 1, 0, False, ["catch up", "start"]),
    ],
)
def test_all_is_awaited_that_a_line_may_have_had_docker_do(
    command: str, events: int, above: int, at_shell: bool, waited: list[str]
) -> None:
    heard = Heard()
    line = SimpleNamespace(
        _witness=heard, _facts=lambda *_: ("fact",) * events, _above=["entry"] * above
    )
    answer = SimpleNamespace(at_shell=at_shell)
    Line._hear_out(line, [command], answer, 0, frozenset())  # type: ignore[arg-type]
    assert heard.waited == waited
