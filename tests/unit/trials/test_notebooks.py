"""The tutorial's notebooks: what they hold before anything runs."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from seatrial.pages.cell_pages import in_jupyter
from seatrial.transcript.cells import ANSWER, RAN, VARIES, VARIES_V1, edit_of
from seatrial.trials.notebook import NotebookRun, cells_of, read

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TAGS = re.compile(rf"raises-exception|{VARIES}|{VARIES_V1}|{ANSWER}|edit:\S+")

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def sources(notebook: NotebookNode) -> list[str]:
    return [notebook.cells[number].source for number in cells_of(notebook)]


def test_there_are_seven() -> None:
    assert len(NOTEBOOKS) == 7


@each
def test_what_jupyter_shows_is_drawn_by_the_code_of_today(path: Path) -> None:
    drawn = [
        (html, output.data["text/html"])
        for cell in read(path).cells
        for output in cell.get("outputs", ())
        if (html := in_jupyter(output.get("data", {})))
    ]
    assert drawn
    assert all(now == stored for now, stored in drawn), "type `make record PAGES=notebooks`"


@each
def test_a_notebook_is_stored_whole_with_nothing_that_varies(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "containers"
    assert set(notebook.metadata) == {"kernelspec", "language_info", "seatrial"}
    counts = [notebook.cells[number].execution_count for number in cells_of(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"tags", "jupyter", "nbsphinx"}
        for tag in cell.metadata.get("tags", ()):
            assert TAGS.fullmatch(tag), tag


@each
def test_a_notebook_holds_no_path_of_a_machine(path: Path) -> None:
    for folder in (str(Path.home()), "/tmp/seatrial", str(ROOT)):
        assert folder not in path.read_text()


@each
def test_every_cell_that_ran_says_where(path: Path) -> None:
    notebook = read(path)
    for number in cells_of(notebook):
        cell = notebook.cells[number]
        kinds = {key for output in cell.outputs for key in output.get("data", {})}
        wanted = "text/html" if edit_of(cell.source)[0] else "application/vnd.seatrial.ran+json"
        assert wanted in kinds, cell.source


@each
def test_a_notebook_begins_with_its_title_and_ends_by_cleaning_up(path: Path) -> None:
    notebook = read(path)
    assert notebook.cells[0].source.startswith("# ")
    downs = [source for source in sources(notebook) if " down -v" in source]
    assert downs, "nothing is cleaned up"
    after = sources(notebook)[sources(notebook).index(downs[-1]) + 1 :]
    assert not [source for source in after if " up " in source]


@each
def test_an_exercise_has_its_answer_folded_and_a_cell_that_checks_it(path: Path) -> None:
    notebook = read(path)
    answers = [c for c in notebook.cells if ANSWER in c.metadata.get("tags", ())]
    assert answers
    for cell in answers:
        assert cell.metadata.jupyter.source_hidden
        assert cell.metadata.nbsphinx == "hidden"
        # the text shows the very commands that the check runs
        texts = [c.source for c in notebook.cells if "<details>" in c.get("source", "")]
        lines = [f"    {line}".rstrip() for line in cell.source.split("\n")]
        assert any("\n".join(lines) in text for text in texts), cell.source
    last = notebook.cells.index(answers[-1])
    check = notebook.cells[last + 1].source
    assert "Well done" in check
    assert "Still missing" in check
    assert "false" in check.split()


@each
def test_a_cell_that_writes_a_file_says_which_in_every_front_end(path: Path) -> None:
    notebook = read(path)
    for number in cells_of(notebook):
        cell = notebook.cells[number]
        by_line, _ = edit_of(cell.source)
        by_tag, _ = edit_of("", cell.metadata.get("tags", ()))
        assert by_line == by_tag


def test_a_notebook_whose_places_are_others_is_stored_again(tmp_path: Path) -> None:
    path = tmp_path / "first-steps.ipynb"
    path.write_bytes((ROOT / "notebooks" / "first-steps.ipynb").read_bytes())
    tools = read(path).metadata.seatrial.tools
    run = NotebookRun(path, None, "v2", tools)
    assert not run.write()
    came = next(
        o for c in run._came.cells for o in c.get("outputs", ()) if RAN in o.get("data", {})
    )
    came.data[RAN]["at"] = [{"program": "psql"}]
    assert run.write()
    assert '"program": "psql"' in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("elsewhere", [False, True])
def test_outputs_that_vary_are_stored_again_with_any_other(tmp_path: Path, elsewhere: bool) -> None:
    path = tmp_path / "many-containers.ipynb"
    path.write_bytes((ROOT / "notebooks" / path.name).read_bytes())
    run = NotebookRun(path, None, "v2", read(path).metadata.seatrial.tools)
    cells = [run._came.cells[number] for number in cells_of(run._came)]
    varies = next(c for c in cells if VARIES in c.metadata.get("tags", ()))
    stream = next(o for o in varies.outputs if o["output_type"] == "stream")
    stream.text = re.sub(r'"pid": \d+', '"pid": 4321', stream.text)
    if elsewhere:
        other = next(o for o in cells[0].outputs if o["output_type"] == "stream")
        other.text = f"something else\n{other.text}"
    assert run.write() == elsewhere
    assert ('\\"pid\\": 4321' in path.read_text(encoding="utf-8")) == elsewhere
