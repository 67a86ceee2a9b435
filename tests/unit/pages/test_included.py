"""Included files, wherever the reader of pages was started."""

from pathlib import Path

import pytest

from seatrial.pages.reading import read


@pytest.mark.parametrize("folder", [".", "elsewhere/deep"])
def test_an_included_file_is_named_alike_from_every_working_directory(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (tmp_path / "docs" / "conf.py").write_text('extensions = ["seatrial.sphinx_ext"]\n')
    (tmp_path / "docs" / "index.rst").write_text("Page\n====\n\n.. include:: parts/one.txt\n")
    (tmp_path / "docs" / "parts").mkdir()
    (tmp_path / "docs" / "parts" / "one.txt").write_text(".. console::\n\n   $ true\n")
    monkeypatch.chdir(tmp_path / folder)
    (item,) = read(tmp_path / "docs").pages[0].items
    assert (item.source, item.line) == ("parts/one.txt", 3)
