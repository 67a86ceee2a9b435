"""Recording reads what it wrote once more, and nothing else."""

from collections import Counter
from pathlib import Path

import pytest
from docutils import nodes
from sphinx.application import Sphinx

from seatrial.pages.reading import Reader
from seatrial.trials.page import PageRun
from seatrial.trials.recording import Recorder

pytestmark = pytest.mark.terminal

PAGE = "A\n=\n\n.. console::\n\n   $ echo {}\n   nothing yet\n"


def test_each_page_that_is_recorded_is_read_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: Counter[str] = Counter()
    note = Reader._note

    def counted(reader: Reader, app: Sphinx, doctree: nodes.document) -> None:
        read[app.env.docname] += 1
        note(reader, app, doctree)

    monkeypatch.setattr(Reader, "_note", counted)
    (tmp_path / "conf.py").write_text('extensions = ["seatrial.sphinx_ext"]\n')
    (tmp_path / "index.rst").write_text("A\n=\n")
    names = ["a", "b", "c", "d"]
    for name in names:
        (tmp_path / f"{name}.rst").write_text(PAGE.format(name))
    recorder = Recorder(Reader(tmp_path))
    for name in names:
        page = recorder.tree.page(recorder.tree.settings.source / f"{name}.rst")
        assert page is not None
        run = PageRun(page, recorder.tree.settings, None, recording=True)
        try:
            run.through(1)
            recorder.take(run)
        finally:
            run.close()
    assert read == {"index": 1, **dict.fromkeys(names, 2)}
    assert all((tmp_path / f"{name}.rst").read_text().endswith(f"   {name}\n") for name in names)
