"""Pages dealt out to several processes: whole, the longest first, once more where one dies."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.run.sweeping import sweep
from seatrial.transcript.record import Record, load, save, sealed
from tests.terminal.project import Outcome, Project, new_project

pytestmark = pytest.mark.terminal

HELLO = ".. console::\n\n   $ echo hello\n   hello\n\n"
WRONG = ".. console::\n\n   $ echo hello\n   goodbye\n\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of which two pages pass."""
    made = new_project(tmp_path)
    for name in ("one", "other"):
        made.write(f"{name}.rst", HELLO)
    return made


def counted(outcome: Outcome) -> list[str]:
    """Return what pytest counted in its last line."""
    return re.findall(r"\d+ (?:failed|passed|skipped|error)", outcome.text.splitlines()[-1])


def noting(file: Path, what: str) -> str:
    """Return a block that adds something to a file outside of its sandbox."""
    return f".. console::\n\n   $ echo {what} >> {file}\n\n"


def test_a_page_whose_process_ends_is_run_once_more_and_whole(
    project: Project, tmp_path: Path
) -> None:
    flag, begun = tmp_path / "flag", tmp_path / "begun"
    killing = f"   $ test -e {flag} || {{ touch {flag}; kill -9 $PPID; }}\n"
    project.write("index.rst", noting(begun, "once") + f".. console::\n\n{killing}\n" + HELLO)
    outcome = project.run("-n2")
    assert outcome.status == 0, outcome.text
    assert begun.read_text() == "once\n" * 2
    why = "the process that ran it ended before it, or its engine did"
    assert outcome.sentences == [
        f"seatrial: index.rst v2 was run once more: {why}",
        "seatrial: ran 5 blocks with 5 steps; 0 claims proved; 2 blocks promise no output",
    ]


def test_a_page_that_ends_its_process_each_time_fails_and_no_other_does(project: Project) -> None:
    project.write("index.rst", ".. console::\n\n   $ kill -9 $PPID\n\n" + HELLO)
    outcome = project.run("-n2")
    assert outcome.status == 1, outcome.text
    assert counted(outcome) == ["1 failed", "2 passed"]
    said = "the process that ran this page ended before it, or its engine did, and so did the next"
    assert f"\n{said}\n" in outcome.text
    # the process that came last has nobody after it who would remove what it left
    sweep()


def test_a_file_that_is_not_there_is_named_by_several_processes_as_by_one(
    project: Project,
) -> None:
    for options in ([], ["-n2"]):
        outcome = project.run(*options, "one.rst", "none.rst")
        assert outcome.status == 4
        assert "file or directory not found: none.rst" in outcome.text


def test_several_processes_count_what_one_does(project: Project) -> None:
    project.write("index.rst", HELLO * 2 + WRONG + HELLO)
    one, several = project.run(), project.run("-n2")
    assert one.status == several.status == 1
    assert one.sentences == several.sentences
    assert one.sentences[-1].startswith("seatrial: ran 5 blocks with 5 steps")
    assert counted(one) == counted(several) == ["1 failed", "4 passed", "1 skipped"]


@pytest.mark.parametrize("how", ["load", "loadfile"])
def test_the_blocks_of_a_page_run_in_one_process(project: Project, how: str) -> None:
    noted = [project.folder / f"{n}.txt" for n in range(4)]
    for number, file in enumerate(noted):
        project.write(f"page-{number}.rst", noting(file, "$PPID") * 2)
    outcome = project.run("-n2", f"--dist={how}")
    assert outcome.status == 0, outcome.text
    processes = [file.read_text().split() for file in noted]
    assert [len(each) for each in processes] == [2] * 4
    assert [len(set(each)) for each in processes] == [1] * 4
    assert len({each[0] for each in processes}) == 2


@pytest.mark.parametrize(("how", "processes"), [("load", 2), ("loadfile", 1)])
def test_tests_beside_the_pages_are_dealt_as_was_asked_for(
    project: Project, how: str, processes: int
) -> None:
    noted = project.folder / "processes"
    code = (
        "import os, pathlib, pytest\n\n"
        "@pytest.mark.parametrize('number', range(6))\n"
        "def test_it(number):\n"
        f"    with pathlib.Path({str(noted)!r}).open('a') as file:\n"
        "        file.write(f'{os.getpid()}\\n')\n"
    )
    (project.folder / "test_it.py").write_text(code)
    outcome = project.run("-n2", f"--dist={how}", "test_it.py")
    assert outcome.status == 0, outcome.text
    ran = noted.read_text().split()
    assert (len(ran), len(set(ran))) == (6, processes)


def test_what_took_longest_when_it_was_recorded_is_begun_first(tmp_path: Path) -> None:
    project, begun = new_project(tmp_path), tmp_path / "begun"
    took = {"a": 2.0, "b": 3.0, "c": 1.0, "d": 4.0}
    for page in took:
        project.write(f"{page}.rst", noting(begun, page))
    assert project.run("--seatrial-record").status == 0
    for page, seconds in took.items():
        slow_down(tmp_path / "records", page, seconds)
    begun.unlink()
    outcome = project.run("-n1")
    assert outcome.status == 0, outcome.text
    assert begun.read_text().split() == ["d", "b", "a", "c"]


def slow_down(records: Path, page: str, seconds: float) -> None:
    """Have a record say that the step of its page took so long."""
    record = load(records, page)
    assert record is not None
    run = record.runs["v2"]
    steps = (replace(run.items[0].steps[0], seconds=seconds),)
    changed = sealed(replace(run, items=(replace(run.items[0], steps=steps),)))
    (records / f"{page}.json").unlink()
    save(records, Record(page, {"v2": changed}))
