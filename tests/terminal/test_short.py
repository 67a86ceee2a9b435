"""The short form of a page, run by itself: a fresh sandbox, the set-up, what it names, a claim."""

import json
import re
from pathlib import Path

import pytest

from tests.terminal.project import Project, new_project
from tests.terminal.test_dealing import counted

pytestmark = pytest.mark.terminal

CONF = """\
extensions = ["seatrial.sphinx_ext"]
exclude_patterns = ["sample"]
seatrial_project = "sample"
"""
PAGE = """\
.. sandbox:: There is a folder.

   $ mkdir folder

.. short:: The title is new.

   the-line: Change the line.
   copy: Copy the file.

.. console::

   $ echo first > only-above

.. edit:: app.txt
   :name: the-line
   :was: old

   new

.. console::

   $ echo between > folder/only-between

.. console::
   :name: copy

   $ cp app.txt folder; cat only-above
   first

.. claim:: The title is new.

   $ cat folder/app.txt
   new
"""
# what the blocks around it have made is not there
ALONE = PAGE.replace("; cat only-above\n   first", "")
NAME = "a.rst::v2::short"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a page whose short form holds by itself."""
    own = new_project(tmp_path)
    (tmp_path / "conf.py").write_text(CONF)
    (tmp_path / "sample").mkdir()
    (tmp_path / "sample/app.txt").write_text("old\n")
    own.write("a.rst", ALONE)
    return own


def test_it_runs_after_its_page_in_a_sandbox_of_its_own(project: Project, tmp_path: Path) -> None:
    noted = tmp_path / "noted"
    # the page's own sandbox is gone by then: both would publish the same ports
    gone = f"test ! -s {noted} || test ! -d $(cat {noted})"
    text = ALONE.replace("$ mkdir folder", f"$ mkdir folder; {gone}")
    project.write("a.rst", text.replace("$ cp app", f"$ pwd -P >> {noted}; cp app"))
    outcome = project.run()
    assert outcome.status == 0, outcome.text
    assert list(outcome.verdicts)[-1] == NAME
    assert set(outcome.verdicts.values()) == {"PASSED"}
    first, second = noted.read_text().split()
    assert first != second
    assert not Path(second).exists()
    # the page's five steps, and three of them again: set-up, block, claim
    assert outcome.sentences == [
        (
            "seatrial: ran 5 blocks with 8 steps; 1 claim proved; 1 short form held; "
            "3 blocks promise no output"
        )
    ]


def test_it_can_be_asked_for_alone_and_needs_no_record(project: Project) -> None:
    outcome = project.run(NAME)
    assert (outcome.status, outcome.verdicts) == (0, {NAME: "PASSED"})
    assert not (project.folder / "records").exists()


def test_what_needs_the_rest_of_the_page_fails_though_the_page_passes(project: Project) -> None:
    project.write("a.rst", PAGE)
    outcome = project.run()
    assert outcome.status == 1
    assert [name for name, how in outcome.verdicts.items() if how != "PASSED"] == [NAME]
    parts = [
        "a.rst:8: the short form fails, typed alone from where the page starts:",
        "a.rst:30: `cp app.txt folder; cat only-above` ended with exit status 1",
        ">   30 | $ cp app.txt folder; cat only-above",
        "hint: nothing else of the page is typed here; name what is missing, too, or put it into",
    ]
    places = [outcome.text.find(part) for part in parts]
    assert -1 not in places, outcome.text
    assert places == sorted(places)
    assert "short form held" not in outcome.text


BROKEN = {
    "the set-up": ("$ mkdir folder", "$ test ! -e {flag} && mkdir folder"),
    "an edit": ("$ mkdir folder", "$ mkdir folder; test ! -e {flag} || rm app.txt"),
    "a named block": ("$ cp app.txt folder", "$ test ! -e {flag} && cp app.txt folder"),
    "the claim": ("$ cat folder/app.txt", "$ test ! -e {flag} && cat folder/app.txt"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_whatever_of_it_fails_is_told(project: Project, tmp_path: Path, name: str) -> None:
    """Each fails once something exists that the page's last block makes."""
    old, new = BROKEN[name]
    flag = tmp_path / "flag"
    text = ALONE.replace(old, new.format(flag=flag))
    project.write("a.rst", f"{text}\n.. console::\n\n   $ touch {flag}\n")
    outcome = project.run()
    assert outcome.status == 1
    assert [name for name, how in outcome.verdicts.items() if how != "PASSED"] == [NAME]
    lines = (project.folder / "a.rst").read_text().splitlines()
    place = "   new" if name == "an edit" else str(flag)
    line = next(number for number, each in enumerate(lines, 1) if place in each)
    said = "a.rst:8: the short form fails, typed alone from where the page starts:"
    assert f"\n{said}\na.rst:{line}: " in outcome.text


def test_its_claim_may_be_one_of_its_steps(project: Project) -> None:
    text = ALONE.replace(
        "claim:: The title is new.\n", "claim:: The title is new.\n   :name: look\n"
    )
    text = text.replace("   copy: Copy the file.", "   copy: Copy the file.\n   look: Look.")
    project.write("a.rst", text)
    outcome = project.run(NAME)
    assert outcome.status == 0, outcome.text
    assert "ran 0 blocks with 3 steps" in outcome.sentences[0]


def test_it_follows_its_own_order(project: Project) -> None:
    text = ALONE.replace(
        "   the-line: Change the line.\n   copy: Copy the file.",
        "   copy: Copy.\n   the-line: Change.",
    )
    project.write("a.rst", text)
    outcome = project.run()
    assert outcome.verdicts[NAME] == "FAILED"
    assert ": `cat folder/app.txt` gave something else" in outcome.text


@pytest.mark.parametrize("option", ["--seatrial-record", "--visible"])
def test_who_records_or_leaves_claims_out_runs_none(project: Project, option: str) -> None:
    outcome = project.run(option)
    assert outcome.status == 0, outcome.text
    assert NAME not in outcome.verdicts
    assert len(outcome.verdicts) == 6


def test_it_is_no_part_of_a_record(project: Project) -> None:
    assert project.run("--seatrial-record").status == 0
    record = json.loads((project.folder / "records/a.json").read_text())
    assert len(record["runs"]["v2"]["items"]) == 6


def test_compose_1_runs_none(project: Project) -> None:
    project.write(
        "a.rst", ALONE.replace("$ mkdir folder", "$ docker compose version; mkdir folder")
    )
    (project.folder / "conf.py").write_text(f'{CONF}seatrial_spellings = ("v2", "v1")\n')
    listed = project.run("--collect-only", "-qq").text
    assert re.findall(r"a.rst::(v\d)::short", listed) == ["v2"]
    assert "a.rst::v1::title-1" in listed


def test_one_process_runs_a_page_and_its_short_form(project: Project) -> None:
    for number in range(3):
        project.write(f"page-{number}.rst", ALONE)
    outcome = project.run("-n2")
    assert outcome.status == 0, outcome.text
    assert counted(outcome) == ["28 passed"]
    ran = re.findall(r"\[(gw\d)\].* PASSED (\S+?)::v2::(\S+)", outcome.text)
    assert len(ran) == 28
    for page in {page for _, page, _ in ran}:
        mine = [(process, item) for process, name, item in ran if name == page]
        assert len({process for process, _ in mine}) == 1
        assert mine[-1][1] == "short"
    assert "4 short forms held" in outcome.sentences[-1]


# --- what changed ---------------------------------------------------------------------------------


def changed(own: Project, *more: str) -> set[str]:
    """Run what changed, and return the items that ran."""
    outcome = own.run(".", "--seatrial-changed", *more)
    print(outcome.text)  # it says why each ran
    return {name.rpartition(":")[2] for name in outcome.verdicts}


def test_it_is_passed_over_with_its_page_and_runs_with_it(project: Project) -> None:
    assert "short" in changed(project)
    assert changed(project) == set()
    project.write("a.rst", ALONE.replace("   new\n", "   new...\n"))
    assert {"title-1", "short"} <= changed(project)


def test_what_it_names_is_an_input_of_its_page(project: Project) -> None:
    project.write("a.rst", ALONE)
    assert "short" in changed(project)
    text = ALONE.replace("   the-line: Change the line.\n", "")
    project.write("a.rst", text)
    outcome = project.run(".", "--seatrial-changed")
    assert outcome.verdicts[NAME] == "FAILED"
    assert any(": its short form changed since it passed" in each for each in outcome.sentences)


def test_a_page_whose_short_form_failed_runs_until_it_holds(project: Project) -> None:
    project.write("a.rst", PAGE)
    assert "short" in changed(project)
    assert {"title-1", "short"} <= changed(project)
    # though its own items passed
    project.write("a.rst", ALONE)
    assert "short" in changed(project)
    assert changed(project) == set()


def test_one_without_the_other_is_no_check_of_the_page(project: Project) -> None:
    assert changed(project, "-k", "title") == {f"title-{n}" for n in range(1, 7)}
    assert "short" in changed(project)
    assert changed(project, "-k", "short") == set()
    (project.folder / "sample/new").touch()
    assert changed(project, "-k", "short") == {"short"}
    assert "title-1" in changed(project)


def test_one_that_fails_alone_makes_its_page_due(project: Project, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    project.write("a.rst", ALONE.replace("$ mkdir folder", f"$ test ! -e {flag} && mkdir folder"))
    assert "short" in changed(project)
    assert changed(project) == set()
    flag.touch()
    assert project.run(NAME).status == 1
    flag.unlink()
    assert {"title-1", "short"} <= changed(project)


def test_a_record_says_nothing_of_a_short_form(project: Project) -> None:
    assert project.run("--seatrial-record").status == 0
    outcome = project.run(".", "--seatrial-changed")
    assert outcome.verdicts[NAME] == "PASSED"
    assert "seatrial: a (v2): its short form has not passed here" in outcome.sentences
