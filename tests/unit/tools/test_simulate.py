"""The table of the page about continuous integration is that of the simulation."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("simulate", ROOT / "tools/simulate.py")
assert SPEC is not None
assert SPEC.loader is not None
simulate = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(simulate)


def test_the_page_has_the_table_that_comes_now() -> None:
    text = simulate.PAGE.read_text()
    assert simulate.with_table(text) == text, "type `.venv/bin/python tools/simulate.py --write`"


def test_the_longest_page_is_the_floor() -> None:
    pages = {"long": 600.0, **{f"page-{number}": 60.0 for number in range(10)}}
    overhead = simulate.SET_UP + simulate.START + simulate.READ * len(pages)
    assert simulate.minutes(pages, 1) == (overhead + 1200) / 60
    for workers in (2, 64):
        assert simulate.minutes(pages, workers) == (overhead + 600 + simulate.JOIN) / 60
