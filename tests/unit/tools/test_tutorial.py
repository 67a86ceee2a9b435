"""The tutorial's list of parts says what its notebooks and the navigation say."""

import importlib.util
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("tutorial", ROOT / "tools/tutorial.py")
assert SPEC is not None
assert SPEC.loader is not None
tutorial = importlib.util.module_from_spec(SPEC)
# dataclasses look their module up
sys.modules["tutorial"] = tutorial
SPEC.loader.exec_module(tutorial)


def text_of(page: str) -> str:
    """Return the text of a notebook."""
    notebook = json.loads((ROOT / f"{page}.ipynb").read_text(encoding="utf-8"))
    return "\n".join("".join(cell["source"]) for cell in notebook["cells"])


def test_the_parts_are_all_notebooks_in_the_order_of_the_navigation() -> None:
    named = [part.page for part in tutorial.parts(ROOT)]
    index = (ROOT / "index.rst").read_text(encoding="utf-8")
    assert named == re.findall(r"(?m)^   (notebooks/[\w-]+)$", index)
    assert sorted(named) == sorted(f"notebooks/{p.stem}" for p in ROOT.glob("notebooks/*.ipynb"))


def test_each_notebook_says_the_same_of_itself() -> None:
    for part in tutorial.parts(ROOT):
        text = text_of(part.page)
        assert text.startswith(f"# {part.title}\n")
        time = next(line for line in text.split("\n") if line.startswith("- **Time:**"))
        assert f"**Time:** {part.minutes} minutes" in time
        # the first one has the table instead
        assert ("core notebook" in time) == (part.core and part.page != tutorial.FIRST)


def test_the_front_page_says_how_many_parts_there_are() -> None:
    parts = tutorial.parts(ROOT)
    index = " ".join((ROOT / "index.rst").read_text(encoding="utf-8").split())
    assert f"has {number(len(parts))} notebooks" in index
    core = [part.minutes for part in parts if part.core]
    assert f"The {number(len(core))} core ones" in index
    assert 50 <= sum(core) <= 70  # "an hour"


def number(value: int) -> str:
    """Return a number as a word."""
    return ["none", "one", "two", "three", "four", "five", "six", "seven", "eight"][value]
