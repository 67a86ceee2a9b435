"""A check compares a run with what the page promises and with what its record holds."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seatrial.transcript.events import Sighting
from seatrial.transcript.record import Record, StepRecord, load, save, sealed, write_whole
from tests.terminal.project import Project, new_project

pytestmark = pytest.mark.terminal

PAGE = """\
.. console::

   $ cat names
   Ada
   ...
   $ echo over
   over
   $ cat /no/such/file
   ...
   [1]
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project whose page was recorded; it shows more than it promises."""
    folder = tmp_path_factory.mktemp("recorded")
    made = new_project(folder / "project")
    conf = 'extensions = ["seatrial.sphinx_ext"]\nseatrial_project = "sample"\n'
    (made.folder / "conf.py").write_text(conf)
    (made.folder / "sample").mkdir()
    (made.folder / "sample" / "names").write_text("Ada\nGrace\nJoan\n")
    made.write("index.rst", PAGE)
    own = {"SEATRIAL_CACHE": str(folder / "cache"), "TMPDIR": str(folder)}
    done = made.run("--seatrial-record", environment=own)
    assert done.sentences[1:] == ["seatrial: wrote records/index.json"]
    return made.folder


@pytest.fixture
def project(recorded: Path, tmp_path: Path) -> Project:
    """A copy of that project."""
    return Project(shutil.copytree(recorded, tmp_path, dirs_exist_ok=True))


def change(project: Project, step: Callable[[StepRecord], StepRecord], nth: int = 0) -> None:
    """Change a step of the record as a run of then would have written it."""
    record = load(project.folder / "records", "index")
    assert record is not None
    run = record.runs["v2"]
    steps = list(run.items[0].steps)
    steps[nth] = step(steps[nth])
    other = sealed(replace(run, items=(replace(run.items[0], steps=tuple(steps)),)))
    _write(project, Record("index", {"v2": other}))


def _write(project: Project, record: Record) -> None:
    """Write a record as it stands, whatever stood there."""
    path = project.folder / "records" / "index.json"
    path.unlink()
    save(path.parent, record)


def test_a_run_that_gives_what_the_record_holds_passes(project: Project) -> None:
    checked = project.run()
    assert checked.status == 0, checked.text
    assert checked.sentences == ["seatrial: ran 1 block with 3 steps; 0 claims proved"]


@pytest.mark.parametrize(
    ("nth", "step", "said"),
    [
        (0, lambda s: replace(s, output=("Ada", "Grace")), "+ Joan"),
        (0, lambda s: replace(s, output=("Ada", "Grace", "Jane")), "- Jane"),
        (0, lambda s: replace(s, output=("Ada", "Joan", "Grace")), "Grace"),
        (
            1,
            lambda s: replace(s, sightings=(Sighting("container", "web", ("start",)),)),
            "Docker did something else than its record holds:",
        ),
    ],
)
def test_what_is_shown_and_not_promised_counts(
    project: Project, nth: int, step: Callable[[StepRecord], StepRecord], said: str
) -> None:
    change(project, step, nth)
    checked = project.run()
    assert checked.status == 1
    assert said in checked.text
    assert f"index.rst:{(6, 9, 11)[nth]}: `" in checked.text
    assert "type `pytest --seatrial-record index.rst`" in checked.text
    assert "1 failed" in checked.text


def test_a_difference_from_the_record_stops_nothing(project: Project) -> None:
    project.write("index.rst", PAGE + "\n.. console::\n\n   $ echo on\n   on\n")
    project.run("--seatrial-record")
    record = load(project.folder / "records", "index")
    assert record is not None
    run = record.runs["v2"]
    first = replace(run.items[0].steps[0], output=("Ada",))
    items = (replace(run.items[0], steps=(first, *run.items[0].steps[1:])), run.items[1])
    _write(project, Record("index", {"v2": sealed(replace(run, items=items))}))
    checked = project.run()
    assert sorted(checked.verdicts.values()) == ["FAILED", "PASSED"]


@pytest.mark.parametrize(
    "edit",
    [
        lambda run: run["items"][0]["steps"][0].update(output=["Ada", "an invention"]),
        lambda run: run["items"][0]["steps"][0].update(status=3),
        lambda run: run["items"][0]["steps"].pop(),
        lambda run: run.update(ran="2001-01-01"),
    ],
)
def test_a_record_that_was_changed_by_hand_is_never_taken_for_a_run(
    project: Project, edit: Callable[[dict[str, Any]], object]
) -> None:
    path = project.folder / "records" / "index.json"
    data = json.loads(path.read_text())
    edit(data["runs"]["v2"])
    path.write_text(json.dumps(data))
    checked = project.run()
    assert checked.status == 1
    assert "records/index.json: was changed by hand: " in checked.text
    assert "Traceback" not in checked.text
    # recording puts it right
    assert project.run("--seatrial-record").status == 0
    assert project.run().status == 0


@pytest.mark.parametrize("text", ["{", '{"format": 0, "page": "index", "runs": {}}', ""])
def test_a_record_that_cannot_be_read_fails_in_a_sentence(project: Project, text: str) -> None:
    path = project.folder / "records" / "index.json"
    path.write_text(text)
    checked = project.run()
    assert checked.status == 1
    assert "records/index.json: is not a record of this format" in checked.text
    assert "hint: delete the file and record the page again" in checked.text
    assert path.read_text() == text


def test_without_a_record_promises_decide_and_that_is_said(project: Project) -> None:
    (project.folder / "records" / "index.json").unlink()
    checked = project.run()
    assert checked.status == 0
    said = "seatrial: 1 block without a record, compared with promises"
    assert said in checked.text.splitlines()
    write_whole(
        project.folder / "conf.py",
        (project.folder / "conf.py").read_text() + "seatrial_strict = True\n",
    )
    strict = project.run()
    assert strict.status == 1
    assert "index.rst: there is no record of this page, and `seatrial_strict` is set" in strict.text


def test_other_versions_make_differences_a_list(project: Project) -> None:
    change(project, lambda s: replace(s, output=("Ada", "Grace")))
    record = load(project.folder / "records", "index")
    assert record is not None
    older = sealed(replace(record.runs["v2"], tools={"Python": "2.7", "Debian GNU/Linux": "9"}))
    _write(project, Record("index", {"v2": older}))
    checked = project.run()
    assert checked.status == 0
    assert checked.sentences[1:] == [
        "seatrial: 1 difference from records that other versions made; promises decided:"
    ]
    assert "  index.rst:6: printed something else than its record holds" in checked.text


def test_what_varies_keeps_its_kinds_of_lines(project: Project) -> None:
    steps = "   $ true\n   $ echo $RANDOM tries\n   ...\n"
    page = f".. console::\n   :varies: 2: it is by chance\n\n{steps}"
    project.write("index.rst", page)
    project.run("--seatrial-record")
    assert project.run().status == 0
    change(project, lambda s: replace(s, output=("17 attempts",)), 1)
    assert "- <varies> attempts" in project.run().text


@pytest.mark.parametrize(
    ("option", "promise", "said"),
    [
        ("7: by chance", "...", "`:varies:` names step 7, and the block has 1"),
        ("1: by chance", "x", "is said to vary, and all of its output is promised"),
    ],
)
def test_a_step_that_cannot_vary_is_refused(
    project: Project, option: str, promise: str, said: str
) -> None:
    page = f".. console::\n   :varies: {option}\n\n   $ echo x\n   {promise}\n"
    project.write("index.rst", page)
    checked = project.run()
    assert checked.status == 1
    assert said in checked.text


def test_what_varies_is_old_once_the_project_has_changed(project: Project) -> None:
    page = ".. console::\n   :varies: by chance\n\n   $ echo $RANDOM\n   ...\n"
    project.write("index.rst", page)
    project.run("--seatrial-record")
    assert project.run().status == 0
    (project.folder / "sample" / "names").write_text("Ada\n")
    assert "the project changed since it was recorded" in project.run().text


def test_what_set_up_prints_is_neither_kept_nor_compared(project: Project) -> None:
    page = ".. sandbox:: Ready.\n\n   $ echo $RANDOM\n\n.. console::\n\n   $ echo on\n   on\n"
    project.write("index.rst", page)
    project.run("--seatrial-record")
    record = load(project.folder / "records", "index")
    assert record is not None
    assert [len(item.steps[0].output) for item in record.runs["v2"].items] == [0, 1]
    checked = project.run()
    assert checked.status == 0, checked.text
