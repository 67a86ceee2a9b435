"""The sample project as a zip: complete, and the same for the same files."""

import importlib.util
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

ROOT = Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("sample", ROOT / "tools/sample.py")
assert SPEC is not None
assert SPEC.loader is not None
sample = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(sample)


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for number in (1, 2):
        folder = tmp_path / str(number) / "example"
        shutil.copytree(ROOT / "example", folder)
        for path in folder.rglob("*"):
            os.utime(path, (number * 1e9, number * 1e9))
            path.chmod(path.stat().st_mode | (0o020 if number == 2 else 0))
        (folder / "__pycache__").mkdir(exist_ok=True)
        (folder / "__pycache__" / "x.pyc").write_bytes(bytes(number))
        sample.write_zip(folder, tmp_path / f"{number}.zip")
        made.append((tmp_path / f"{number}.zip").read_bytes())
    assert made[0] == made[1]


def test_a_changed_file_gives_other_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "file").write_text("one")
    sample.write_zip(folder, tmp_path / "1.zip")
    (folder / "file").write_text("two")
    sample.write_zip(folder, tmp_path / "2.zip")
    assert (tmp_path / "1.zip").read_bytes() != (tmp_path / "2.zip").read_bytes()


def test_the_zip_holds_the_whole_project_with_its_hidden_files(tmp_path: Path) -> None:
    sample.write_zip(ROOT / "example", tmp_path / "example.zip")
    with zipfile.ZipFile(tmp_path / "example.zip") as made:
        assert made.testzip() is None
        made.extractall(tmp_path)
    held = {p.relative_to(tmp_path) for p in (tmp_path / "example").rglob("*") if p.is_file()}
    there = {p.relative_to(ROOT) for p in (ROOT / "example").rglob("*") if p.is_file()}
    assert held == {path for path in there if path.suffix != ".pyc"}
    assert Path("example/.env-local") in held
    assert all((tmp_path / p).read_bytes() == (ROOT / p).read_bytes() for p in held)


@pytest.mark.parametrize("address", ["", "https://git.example/team/guide.git"])
def test_a_page_links_the_zip_and_a_repository_that_is_set(tmp_path: Path, address: str) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "docker-compose.yml").write_text("services: {}\n")
    (tmp_path / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT / 'tools')!r})\n"
        'extensions = ["seatrial.sphinx_ext", "sample"]\nexclude_patterns = ["ours", "out"]\n'
        f'seatrial_project = "ours"\nrepository_url = "{address}"\n'
    )
    (tmp_path / "index.rst").write_text("A\n=\n\n.. toctree::\n\n   how/b\n")
    (tmp_path / "how").mkdir()
    (tmp_path / "how" / "b.rst").write_text("B\n=\n\n.. get-the-sample::\n")
    out = tmp_path / "out"
    with patch_docutils(tmp_path), docutils_namespace():
        Sphinx(tmp_path, tmp_path, out, out / "d", "html", status=None, warningiserror=True).build()
    page = (out / "how/b.html").read_text()
    assert 'href="../ours.zip"' in page
    assert zipfile.ZipFile(out / "ours.zip").namelist() == ["ours/docker-compose.yml"]
    assert ("git clone https://git.example/team/guide.git\ncd guide" in page) == bool(address)
    assert ("git clone" in page) == bool(address)
