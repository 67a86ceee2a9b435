"""The breakages that are tried by hand have to stay possible."""

import importlib.util
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).resolve().parent.parent / "breakages.py"
SPEC = importlib.util.spec_from_file_location("breakages", PATH)
assert SPEC is not None
assert SPEC.loader is not None
breakages = importlib.util.module_from_spec(SPEC)
sys.modules["breakages"] = breakages
SPEC.loader.exec_module(breakages)


@pytest.mark.parametrize("breakage", breakages.BREAKAGES, ids=lambda breakage: breakage.name)
def test_every_breakage_finds_what_it_breaks(breakage: "breakages.Breakage") -> None:  # type: ignore[name-defined]
    text = (breakages.ROOT / breakage.file).read_text(encoding="utf-8")
    assert breakages.broken(text, breakage) != text


def test_there_are_at_least_25_different_ones() -> None:
    assert len({breakage.name for breakage in breakages.BREAKAGES}) >= 25
