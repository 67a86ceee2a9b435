"""A page is put together with its record once in a build, whoever asks for it."""

import sys
from collections import Counter
from collections.abc import Callable, Hashable
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from seatrial.pages.reading import read
from seatrial.transcript import judging, record, steps
from tests.unit.test_sphinx_ext import Project

PAGE = """
Page
====

.. claim:: Echo says what it is told.

   $ echo hello
   hello

.. console::

   $ docker compose up -d
   $ docker ps --format '{{.Names}}'
   example-web-1

.. console::

   $ echo hello
   hello
"""
OVERVIEWS = """
Overviews
=========

.. claims-ledger::

.. command-index::

.. tested-versions::
"""


def counted(
    monkeypatch: pytest.MonkeyPatch,
    function: Callable[..., Any],
    key: Callable[..., Hashable],
) -> Counter[Hashable]:
    """Count the calls of a function by some key, wherever it was imported."""
    calls: Counter[Hashable] = Counter()

    @wraps(function)
    def counting(*arguments: Any, **more: Any) -> Any:
        calls[key(*arguments)] += 1
        return function(*arguments, **more)

    for name, module in list(sys.modules.items()):
        if name.startswith("seatrial.") and getattr(module, function.__name__, None) is function:
            monkeypatch.setattr(module, function.__name__, counting)
    return calls


def test_a_build_parses_and_judges_a_block_once_in_each_spelling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "example").mkdir()
    project = Project(tmp_path)
    project.configure(
        seatrial_project="example",
        seatrial_spellings=["v2", "v1"],
        exclude_patterns=["_build", "example"],
    )
    project.page(PAGE + "\n.. toctree::\n\n   overviews\n   more\n")
    project.page(OVERVIEWS, "overviews.rst")
    project.page(OVERVIEWS, "more.rst")
    project.record(spellings=("v2", "v1"))
    items = next(page for page in read(tmp_path).pages if page.name == "index").items
    parsed = counted(monkeypatch, steps.parse, lambda block, *_: block)
    judged = counted(monkeypatch, judging.judge, lambda step, *_: step.line)
    loaded = counted(monkeypatch, record.load, lambda _, page: page)
    project.build()
    assert project.said == ""
    assert "Ran on" in (tmp_path / "_build" / "html" / "more.html").read_text()
    # the second block is spelt in two ways
    assert sorted(block.ordinal for block in parsed) == [1, 2, 2, 3]  # type: ignore[attr-defined]
    assert set(parsed.values()) == {1}
    first, second, third = (item.line for item in items)
    assert judged == {first: 1, second: 2, second + 1: 2, third: 1}
    assert loaded == {"index": 1, "overviews": 1, "more": 1}


def test_a_second_build_of_one_process_shows_what_was_recorded_since(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.configure()
    project.page(PAGE)
    project.record()
    (tmp_path / "records").rename(tmp_path / "later")
    shown = []
    with patch_docutils(tmp_path), docutils_namespace():
        out = tmp_path / "_build"
        app = Sphinx(
            tmp_path, tmp_path, out / "html", out / "trees", "html", status=None, warning=None
        )
        for records in (tmp_path / "later", tmp_path / "records"):
            app.build()
            shown.append((out / "html" / "index.html").read_text().count('data-standing="ran"'))
            records.rename(tmp_path / "records")
    assert shown == [0, 3]
