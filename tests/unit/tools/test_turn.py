"""Pages take turns in `make test`, and none is forgotten."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("turn", ROOT / "tools/turn.py")
assert SPEC is not None
assert SPEC.loader is not None
turn = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(turn)


def test_every_page_with_a_record_takes_part() -> None:
    records = list((ROOT / "records").rglob("*.json"))
    assert len(turn.pages()) == len(records) > 2


@pytest.mark.parametrize("first", [0, 738_000])
def test_all_run_in_both_spellings_within_as_many_days_as_there_are_shares(first: int) -> None:
    known = [f"how-to/page-{number}.rst" for number in range(23)]
    for spelling in ("v2", "v1"):
        days = [turn.turn(first + day, spelling, known) for day in range(turn.SHARES)]
        assert {page for day in days for page in day} - {turn.ALWAYS} == set(known)
        assert max(map(len, days)) <= len(known) / turn.SHARES + 2


def test_one_page_runs_every_time_and_once() -> None:
    known = turn.pages()
    for day in range(turn.SHARES):
        assert turn.turn(day, "v2", known).count(turn.ALWAYS) == 1


def test_the_turn_is_added_to_what_changed() -> None:
    options = turn.in_any_case(0, ["a.rst", "b.md"], ("v2", "v1"))
    assert options[0] == f"--seatrial-always={turn.ALWAYS}::v2"
    assert {option.rpartition("::")[2] for option in options} <= {"v2", "v1"}
    assert len(options) == 1 + sum(
        len(turn.turn(0, each, ["a.rst", "b.md"])) - (each == "v2") for each in ("v2", "v1")
    )
