"""What the compatibility page shows of other engines is what ran there."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[3]
STEP = {"command": "docker image ls", "status": 0, "place": "your machine", "seconds": 0.1}


@pytest.fixture
def matrix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, with records and rows of its own."""
    spec = importlib.util.spec_from_file_location("matrix", ROOT / "tests/matrix.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "matrix", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "KEEP", tmp_path / "keep")
    monkeypatch.setattr(module, "RECORDS", tmp_path / "records")
    for name in ("keep", "records"):
        (tmp_path / name).mkdir()
    return module


def record(*outputs: list[str]) -> dict[str, object]:
    """Return a page's record, of a block with a step for each output."""
    steps = [STEP | {"output": output, "sightings": []} for output in outputs]
    run = {"ran": "2026-11-28", "tools": {}, "items": [{"digest": "abc", "steps": steps}]}
    return {"format": 1, "page": "how-to/clean-up", "runs": {"v2": run}}


def write(folder: Path, name: str, data: object) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(data))


def test_the_table_on_the_page_is_made_of_what_is_kept(
    matrix: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix, "KEEP", ROOT / "reference/matrix")
    monkeypatch.setattr(matrix, "RECORDS", ROOT / "records")
    assert (ROOT / "reference/matrix/table.txt").read_text() == matrix.page()


def test_what_the_store_changes_is_shown_and_what_varies_anyway_is_not(matrix: ModuleType) -> None:
    write(matrix.RECORDS, "how-to/clean-up.json", record(["web latest", "<none>"], ["42 kB"]))
    write(matrix.KEEP, "classic.json", {"how-to/clean-up": record(["<none>", "web latest"], ["1"])})
    write(matrix.KEEP, "containerd.json", {"how-to/clean-up": record(["web latest"], ["7 kB"])})
    (found,) = matrix.differences()
    assert (found.page, found.command) == ("how-to/clean-up", "docker image ls")
    assert (found.classic, found.containerd) == (("<none>",), ())


def test_a_row_says_what_was_not_as_promised(matrix: ModuleType) -> None:
    row: dict[str, object] = {"tools": {"Docker": "28.5.2+dfsg4", "Compose": "5.6.0"}}
    row |= {"ran_to_their_end": 12, "failed": ["index.rst::cell-1"], "changed": [], "error": ""}
    ended = row | {"ran_to_their_end": 0, "failed": [], "error": "KeyError: 'ContainerConfig'"}
    write(matrix.KEEP, "rows.json", {"classic-5.6": row, "containerd-1.29": ended})
    page = matrix.page()
    assert "28.5.2\n" in page
    assert "``index.rst::cell-1``" in page
    assert "``KeyError: 'ContainerConfig'``" in page
    assert "containerd's store these steps" not in page
    assert "No step printed" not in page


def test_a_row_that_there_is_none_of_is_refused(
    matrix: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert matrix.main(["classic-9"]) == 2
    assert "choose among classic-5.6" in capsys.readouterr().out


def test_a_failure_is_named_by_page_spelling_and_block(matrix: ModuleType) -> None:
    case = ElementTree.Element(
        "testcase", classname="how-to.clean-up.rst.v2", name="remove-the-images-1"
    )
    assert matrix._place(case) == "how-to/clean-up.rst::v2::remove-the-images-1"
