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


def test_every_page_with_a_record_takes_part_in_both_spellings() -> None:
    known = turn.runs()
    assert turn.ALWAYS in known
    assert len(known) == 2 * len(list((ROOT / "records").rglob("*.json"))) > 4
    assert {run.rpartition("::")[2] for run in known} == {"v2", "v1"}


@pytest.mark.parametrize("first", [0, 738_000])
def test_all_run_within_as_many_days_as_there_are_shares(first: int) -> None:
    known = turn.runs()
    days = [turn.turn(first + day, known) for day in range(turn.SHARES)]
    assert {run for day in days for run in day} == set(known)
    assert all(day[0] == turn.ALWAYS for day in days)
    # each but that one once
    assert sum(map(len, days)) == len(known) - 1 + turn.SHARES


def test_a_day_takes_no_longer_than_another_but_for_one_page() -> None:
    known = turn.runs()
    days = [sum(known[run] for run in turn.turn(day, known)) for day in range(turn.SHARES)]
    assert max(days) - min(days) <= max(known.values())
