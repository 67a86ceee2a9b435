"""Pages take turns in `make test`, and none is forgotten."""

import importlib.util
import os
import subprocess
import sys
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


@pytest.mark.parametrize(("typed", "asked"), [("", {"v1", "v2"}), ("v1", {"v1"}), ("v2", {"v2"})])
def test_what_is_said_are_options_of_pytest_in_the_spelling_asked_for(
    typed: str, asked: set[str]
) -> None:
    command = [sys.executable, str(ROOT / "tools/turn.py")]
    environment = {**os.environ, "SEATRIAL_COMPOSE": typed}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    known = turn.runs()
    runs = [line.removeprefix("--seatrial-always=") for line in said.stdout.splitlines()]
    assert set(runs) <= set(known)
    assert {run.rpartition("::")[2] for run in runs} <= asked
    assert (turn.ALWAYS in runs) == ("v2" in asked)
