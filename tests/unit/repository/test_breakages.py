"""The breakages that are tried by hand have to stay possible."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parents[2]


def loaded(name: str) -> ModuleType:
    """Return a script of tests/ as a module."""
    spec = importlib.util.spec_from_file_location(name, TESTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


OF_THE_PAGE = loaded("breakages")
OF_NOTEBOOKS = loaded("notebook_breakages")


@pytest.mark.parametrize("breakage", OF_THE_PAGE.BREAKAGES, ids=lambda breakage: breakage.name)
def test_every_breakage_finds_what_it_breaks(breakage: Any) -> None:
    text = (OF_THE_PAGE.ROOT / breakage.file).read_text(encoding="utf-8")
    assert OF_THE_PAGE.broken(text, breakage) != text


@pytest.mark.parametrize("breakage", OF_NOTEBOOKS.BREAKAGES, ids=lambda breakage: breakage.name)
def test_every_breakage_of_a_notebook_finds_what_it_breaks(breakage: Any) -> None:
    assert breakage.old in (OF_NOTEBOOKS.ROOT / breakage.file).read_text(encoding="utf-8")


def test_there_are_enough_different_ones() -> None:
    assert len({breakage.name for breakage in OF_THE_PAGE.BREAKAGES}) >= 60
    assert len({breakage.name for breakage in OF_NOTEBOOKS.BREAKAGES}) >= 15
