"""When the site is rendered, and what of an earlier build is not built upon."""

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("render", ROOT / "tools/render.py")
assert SPEC is not None
assert SPEC.loader is not None
render = importlib.util.module_from_spec(SPEC)
# dataclasses look their module up
sys.modules["render"] = render
SPEC.loader.exec_module(render)

FILES = (
    "index.rst",
    "how-to/page.rst",
    "src/seatrial/faces.py",
    "_templates/page.html",
    "tests/test_it.py",
    "src/__pycache__/faces.pyc",
    ".hidden/notes",
    ".venv/lib/module.py",
    ".venv/installed-site",
)


@pytest.fixture
def build(tmp_path: Path) -> Any:
    """A build that ended without a warning, and the tree that it was made of."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for path in (tmp_path, *tmp_path.rglob("*")):
        at(path, 1)
    made = render.Build(tmp_path, "https://example.org/")
    made.begin()
    for name in ("html/index.html", "doctrees/index.doctree", "warnings"):
        (made.folder / name).parent.mkdir(exist_ok=True)
        (made.folder / name).touch()
    made.end()
    at(made.done, 2)
    at(made.warnings, 2)
    return made


def at(path: Path, moment: int) -> None:
    """Say that something was changed some seconds after the epoch."""
    os.utime(path, (moment, moment))


def test_where_nothing_is_newer_nothing_is_built(build: Any) -> None:
    assert build.is_current()
    assert not render.Build(build.root, "https://example.com/").is_current()
    (build.html / "index.html").unlink()
    assert not build.is_current()


@pytest.mark.parametrize(
    ("changed", "current"),
    [
        ("how-to/page.rst", False),
        # of what was removed the folder tells
        ("how-to", False),
        ("src/seatrial/faces.py", False),
        (".venv/installed-site", False),
        ("tests/test_it.py", True),
        ("src/__pycache__/faces.pyc", True),
        (".hidden/notes", True),
        (".venv/lib/module.py", True),
    ],
)
def test_a_site_is_built_where_a_part_of_it_is_newer(
    build: Any, changed: str, *, current: bool
) -> None:
    at(build.root / changed, 3)
    assert build.is_current() is current


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ("src/seatrial/faces.py", False),
        ("_templates/page.html", False),
        ("src/seatrial", True),
        ("src/__pycache__/faces.pyc", True),
        ("how-to/page.rst", True),
    ],
)
def test_where_our_code_is_newer_all_pages_are_made_again(
    build: Any, changed: str, *, kept: bool
) -> None:
    at(build.root / changed, 3)
    build.begin()
    assert build.html.exists() is kept
    assert (build.folder / "doctrees").exists() is kept


def test_a_build_that_was_interrupted_is_not_built_upon(build: Any) -> None:
    build.begin()
    assert build.html.exists()
    assert not build.is_current()
    build.begin()
    assert not build.html.exists()


def test_a_build_with_warnings_is_not_taken_as_done(build: Any) -> None:
    build.begin()
    build.warnings.write_text("page.rst:1: WARNING: something")
    build.end()
    assert not build.is_current()
    build.begin()
    assert build.html.exists(), "it ended, and can be built upon"


@pytest.mark.parametrize(("status", "current"), [(0, True), (1, False)])
def test_sphinx_is_asked_once_and_a_build_that_failed_is_not_done(
    build: Any, monkeypatch: pytest.MonkeyPatch, status: int, *, current: bool
) -> None:
    asked = []

    def sphinx(*more: str) -> int:
        asked.append(more)
        return status

    monkeypatch.setattr(render, "ROOT", build.root)
    monkeypatch.setattr(render, "sphinx", sphinx)
    monkeypatch.setenv("SITE_URL", build.address)
    assert render.main([]) == 0
    assert asked == []
    assert render.main(["--strict"]) == status
    assert asked[0][0] == "-W"
    assert build.is_current() is current
