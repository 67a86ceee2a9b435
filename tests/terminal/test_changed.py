"""`--seatrial-changed`: what is as it was does not run, and whatever changed does."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.terminal.project import Outcome, Project, new_project

pytestmark = pytest.mark.terminal

PAGE = """\
.. console::

   $ cat app.txt
   {}

.. edit:: app.txt
   :new: 1
   :was: one

   two

.. include:: part.inc
"""
PART = ".. console::\n\n   $ cat app.txt\n   two\n"
CONF = """\
extensions = ["seatrial.sphinx_ext"]
exclude_patterns = ["sample"]
seatrial_project = "sample"
"""


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that passed, with what its run noted: each test takes a copy of both."""
    folder = tmp_path_factory.mktemp("passed")
    own = new_project(folder / "project")
    (own.folder / "conf.py").write_text(CONF)
    (own.folder / "sample").mkdir()
    (own.folder / "sample/app.txt").write_text("one\n")
    own.write("a.rst", PAGE.format("one"))
    (own.folder / "part.inc").write_text(PART)
    own.write("b.rst", ".. console::\n\n   $ true\n")
    noted = {"SEATRIAL_CACHE": str(folder / "cache"), "TMPDIR": str(folder)}
    assert own.run(".", "--seatrial-changed", environment=noted).status == 0
    own.folder.rename(folder / "as-it-passed")
    return folder


@pytest.fixture
def project(passed: Path, cache: Path) -> Iterator[Project]:
    """A project with two pages that passed, of which one has an edit and an included block."""
    # where it passed: the same files in another folder are another project
    folder = shutil.copytree(passed / "as-it-passed", passed / "project", symlinks=True)
    shutil.copytree(passed / "cache", cache, dirs_exist_ok=True)
    yield Project(folder)
    shutil.rmtree(folder)


def replaced(name: str, old: str, new: str) -> Callable[[Path], object]:
    """Return a change of a file's text."""

    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return change


def run(own: Project, *more: str) -> Outcome:
    return own.run(".", "--seatrial-changed", *more)


def ran(outcome: Outcome) -> set[str]:
    """Return the pages that ran."""
    print(outcome.text)  # it says why each ran
    return {name.partition(".")[0] for name in outcome.verdicts}


def test_with_nothing_changed_nothing_runs_and_all_is_well(project: Project) -> None:
    outcome = run(project)
    assert (outcome.status, ran(outcome)) == (0, set())
    # not even read
    assert "test session starts" not in outcome.text
    assert outcome.sentences == [
        "seatrial: nothing changed: all 2 runs passed before with the very same inputs"
    ]


CHANGES: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "prose": (replaced("b.rst", "Title\n=====\n", "Other title\n===========\n\nMore.\n"), set()),
    "a command": (replaced("b.rst", "$ true", "$ :"), {"b"}),
    "a promise": (replaced("a.rst", "   one\n\n..", "   o...\n\n.."), {"a"}),
    "an edit": (replaced("a.rst", "   two\n", "   two\n   # more\n"), {"a"}),
    "an option": (replaced("b.rst", "::\n", "::\n   :timeout: 9\n"), {"b"}),
    "an included block": (replaced("part.inc", "   two", "   t..."), {"a"}),
    "a file of the sample": (lambda f: (f / "sample/new").touch(), {"a", "b"}),
    "an ignored file of the sample": (lambda f: (f / "sample/.env").touch(), {"a", "b"}),
    "a mode": (lambda f: (f / "sample/app.txt").chmod(0o755), {"a", "b"}),
    "an empty folder": (lambda f: (f / "sample/empty").mkdir(), {"a", "b"}),
    "a link": (lambda f: (f / "sample/to").symlink_to("app.txt"), {"a", "b"}),
    "a setting": (lambda f: (f / "conf.py").write_text(f"{CONF}seatrial_timeout=9"), {"a", "b"}),
    "a new page": (lambda f: (f / "c.rst").write_text((f / "b.rst").read_text()), {"c"}),
    "a page that is gone": (lambda f: (f / "b.rst").unlink(), set()),
    "a page of another name": (lambda f: (f / "b.rst").rename(f / "c.rst"), {"c"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_depends_on_a_change_runs(name: str, project: Project) -> None:
    change, expected = CHANGES[name]
    change(project.folder)
    assert ran(run(project)) == expected


def test_the_site_is_read_where_a_variable_changed_that_conf_py_names(project: Project) -> None:
    (project.folder / "conf.py").write_text(f"import os\n{CONF}x = os.environ.get('WORD')\n")
    assert run(project).status == 0
    assert "test session starts" not in run(project).text
    outcome = project.run(".", "--seatrial-changed", environment={"WORD": "other"})
    # `WORD` was not set before
    assert "test session starts" in outcome.text
    assert ran(outcome) == set()


def test_each_page_that_runs_is_told_with_what_changed(project: Project) -> None:
    replaced("sample/app.txt", "one\n", "one\n\n")(project.folder)
    for name in "wxyz":
        (project.folder / "sample" / name).touch()
    said = run(project).sentences
    assert said[0].startswith(
        "seatrial: a (v2): sample/app.txt changed, sample/w is new, sample/x is new and 2 more "
        "since it passed on "
    )
    assert "seatrial: 2 of 2 runs changed; 0 passed before with the very same inputs" in said


def test_a_terminal_with_another_path_runs_all(project: Project) -> None:
    path = f"{os.environ['PATH']}{os.pathsep}/nowhere"
    outcome = project.run(".", "--seatrial-changed", environment={"PATH": path})
    assert ran(outcome) == {"a", "b"}


def test_a_page_that_failed_runs_until_it_passes(project: Project) -> None:
    replaced("sample/app.txt", "one\n", "other\n")(project.folder)
    for _ in range(2):
        outcome = run(project)
        assert (outcome.status, "a" in ran(outcome)) == (1, True)
    # as it was when it passed: but it failed since
    replaced("sample/app.txt", "other\n", "one\n")(project.folder)
    outcome = run(project)
    assert ran(outcome) == {"a", "b"}
    assert "seatrial: a (v2): it has not passed here, and has no record" in outcome.sentences


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": 1}'])
def test_a_note_of_a_check_that_cannot_be_read_counts_for_nothing(
    damage: str, project: Project, cache: Path
) -> None:
    for path in (cache / "checked").glob("*.json"):
        path.write_text(damage)
    outcome = run(project)
    assert ran(outcome) == {"a", "b"}
    assert "cannot be read" in outcome.sentences[0]


def test_a_note_of_another_page_counts_for_nothing(project: Project, cache: Path) -> None:
    for whole in (cache / "checked").glob("whole-*.json"):
        # the note of the run as a whole would be believed before those of its pages
        whole.unlink()
    one, other = sorted((cache / "checked").glob("*.json"))
    one.write_text(other.read_text())
    assert len(ran(run(project))) == 1


def test_a_clock_that_went_backwards_decides_nothing(project: Project, cache: Path) -> None:
    for path in (cache / "checked").glob("*.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "when": 4e9}))
    assert ran(run(project)) == set()


@pytest.mark.parametrize("arguments", [("b.rst", "--visible"), ("a.rst::v2::title-1",)])
def test_a_part_of_a_page_is_no_check_of_it(arguments: tuple[str, ...], tmp_path: Path) -> None:
    own = new_project(tmp_path)
    (tmp_path / "conf.py").write_text(CONF.replace("seatrial_project", "# "))
    own.write("a.rst", ".. console::\n\n   $ true\n\n.. console::\n\n   $ true\n")
    own.write("b.rst", ".. console::\n\n   $ true\n")
    assert own.run(*arguments).status == 0
    assert ran(run(own)) == {"a", "b"}


def test_a_page_that_changed_while_it_ran_runs_once_more(project: Project) -> None:
    sample = project.folder / "sample"
    project.write("b.rst", f".. console::\n\n   $ touch {sample}/late\n")
    assert "b" in ran(run(project, "-k", "b.rst"))
    assert "b" in ran(run(project, "-k", "b.rst"))
    assert ran(run(project, "-k", "b.rst")) == set()


def test_what_a_record_says_counts_for_whoever_has_not_run_it(
    project: Project, cache: Path
) -> None:
    assert project.run("b.rst", "--seatrial-record").status == 0
    # what another machine has
    for path in (cache / "checked").glob("*.json"):
        path.unlink()
    assert ran(run(project)) == {"a"}
    record = project.folder / "records/b.json"
    data = json.loads(record.read_text())
    del data["runs"]["v2"]["depends"]["inputs"]
    data["runs"]["v2"]["seal"] = "none"
    record.write_text(json.dumps(data))
    outcome = run(project)
    assert ran(outcome) == {"b"}
    said = "seatrial: b (v2): it has not passed here, and its record has no digests"
    assert said in outcome.sentences


def test_a_few_seconds_are_given_to_what_waited_longest(project: Project) -> None:
    project.write("c.rst", ".. console::\n\n   $ true\n")
    (project.folder / "sample/new").touch()
    outcome = run(project, "--seatrial-at-most", "0", "--seatrial-always", "b.rst::v2")
    # it never ran, and the other one was asked for
    assert ran(outcome) == {"b", "c"}
    assert "seatrial: left for `make check CHANGED=1`: a (v2)" in outcome.sentences
    assert ran(run(project)) == {"a"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--seatrial-changed", "--visible"), "exclude each other"),
        (("--seatrial-changed", "--seatrial-record"), "exclude each other"),
        (("--seatrial-at-most", "3"), "needs --seatrial-changed"),
        (("--seatrial-always", "b.rst::v2"), "needs --seatrial-changed"),
    ],
)
def test_options_that_make_no_sense_together(
    arguments: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    outcome = new_project(tmp_path).run(*arguments)
    assert outcome.status == pytest.ExitCode.USAGE_ERROR
    assert says in outcome.text
