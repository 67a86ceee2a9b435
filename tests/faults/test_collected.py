"""What a page shows and is not run: collected, or named, and never green in silence."""

import json
from pathlib import Path

import pytest

from tests.terminal.project import Project, new_project

pytestmark = pytest.mark.terminal

RIGHT = ".. console::\n\n   $ echo one\n   one\n"
WRONG = ".. console::\n\n   $ echo two\n   2\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with its pages in a folder, of which one is right."""
    (tmp_path / "docs").mkdir()
    made = new_project(tmp_path / "docs")
    (tmp_path / "docs" / "pytest.ini").rename(tmp_path / "pytest.ini")
    (tmp_path / "pytest.ini").write_text("[pytest]\nseatrial = docs\n")
    made.write("index.rst", RIGHT)
    return Project(tmp_path)


def configure(project: Project, lines: str) -> None:
    """Add lines to conf.py."""
    with (project.folder / "docs" / "conf.py").open("a") as conf:
        conf.write(f"{lines}\n")


# --- pages ----------------------------------------------------------------------------------------


def test_a_page_that_sphinx_has_is_run_wherever_it_lies(project: Project) -> None:
    configure(project, 'source_suffix = {".rst": "restructuredtext", ".rest": "restructuredtext"}')
    folders = ("build", ".hidden", "dist/one", "env")
    for folder in folders:
        project.write(f"docs/{folder}/page.rst", WRONG)
        (project.folder / "docs" / folder / "test_not_ours.py").write_text("1 / 0\n")
    (project.folder / "docs/env/pyvenv.cfg").write_text("")
    project.write("docs/page.rest", WRONG)
    outcome = project.run("docs")
    assert outcome.status == 1
    assert outcome.verdicts == {
        **{f"docs/{folder}/page.rst::v2::title-1": "FAILED" for folder in folders},
        "docs/page.rest::v2::title-1": "FAILED",
        "docs/index.rst::v2::title-1": "PASSED",
    }


def test_a_page_that_the_configuration_of_pytest_leaves_out_is_a_failure(project: Project) -> None:
    for name in ("option", "glob", "conftest"):
        project.write(f"docs/{name}.rst", WRONG)
    (project.folder / "docs" / "conftest.py").write_text("collect_ignore = ['conftest.rst']\n")
    with (project.folder / "pytest.ini").open("a") as configuration:
        configuration.write("addopts = --ignore=docs/option.rst --ignore-glob=*/glob.rst\n")
    outcome = project.run("docs")
    assert outcome.status == 1
    assert outcome.verdicts == {
        "docs/conftest.rst::not-collected": "FAILED",
        "docs/glob.rst::not-collected": "FAILED",
        "docs/index.rst::v2::title-1": "PASSED",
        "docs/option.rst::not-collected": "FAILED",
    }
    for page, why in (
        ("conftest", "a conftest.py or a plugin leaves it out"),
        ("glob", "addopts has --ignore-glob */glob.rst"),
        ("option", "addopts has --ignore docs/option.rst"),
    ):
        assert f"{page}.rst: this page was not collected: {why}" in outcome.text
    # nobody asked for them here
    assert project.run("docs/index.rst").status == 0


@pytest.mark.parametrize("processes", ["-n0", "-n1"])
def test_a_page_that_a_person_leaves_out_is_named(project: Project, processes: str) -> None:
    project.write("docs/page.rst", WRONG)
    outcome = project.run("docs", "--ignore=docs/page.rst", processes)
    assert outcome.status == 0, outcome.text
    sentence = "page.rst: this page was not collected: --ignore docs/page.rst"
    assert f"seatrial: {sentence}" in outcome.sentences


def test_pages_are_found_over_a_link(project: Project) -> None:
    project.write("docs/page.rst", WRONG)
    link = project.folder / "elsewhere"
    link.mkdir()
    (link / "docs").symlink_to(project.folder / "docs")
    (link / "pytest.ini").write_text("[pytest]\nseatrial = docs\n")
    outcome = Project(link).run("docs")
    assert outcome.verdicts["docs/page.rst::v2::title-1"] == "FAILED"


def test_tests_of_the_sample_project_are_not_tests_of_the_site(project: Project) -> None:
    configure(project, 'seatrial_project = "sample"\nexclude_patterns = ["sample"]')
    project.write("docs/sample/test_sample.py", "").write_text("def test():\n    assert False\n")
    outcome = project.run("docs")
    assert outcome.status == 0, outcome.text
    assert outcome.verdicts == {"docs/index.rst::v2::title-1": "PASSED"}
    # whoever asks for them gets them
    assert project.run("docs/sample").status == 1


def test_tests_beside_pages_are_run_without_reading_these(project: Project) -> None:
    (project.folder / "docs" / "test_words.py").write_text("def test():\n    pass\n")
    # pytest looks at these too, and leaves them out unasked, though they have pages
    for folder in ("build", ".hidden"):
        project.write(f"docs/{folder}/page.rst", WRONG)
    outcome = project.run("docs/test_words.py::test")
    assert outcome.verdicts == {"docs/test_words.py::test": "PASSED"}
    assert not (project.folder / "docs/_build").exists()


# --- blocks ---------------------------------------------------------------------------------------


def test_what_is_left_out_is_skipped_with_the_reason_and_the_page_goes_on(
    project: Project,
) -> None:
    mark = project.folder / "ran"
    hidden = f".. only:: internal\n\n   .. console::\n\n      $ touch {mark}; false\n"
    windows = ".. code-block:: console\n\n   C:\\> dir\n   x\n"
    project.write("docs/index.rst", f"{hidden}\n{windows}\n{RIGHT}")
    project.write("docs/hidden.rst", hidden)
    outcome = project.run("docs", "-rs")
    assert outcome.status == 0, outcome.text
    assert outcome.verdicts == {
        "docs/hidden.rst::v2::title-1": "SKIPPED",
        "docs/index.rst::v2::title-1": "SKIPPED",
        "docs/index.rst::v2::title-2": "SKIPPED",
        "docs/index.rst::v2::title-3": "PASSED",
    }
    for reason in ("no reader sees it: `only:: internal`", "it is at a prompt of Windows"):
        assert f"not run: {reason}" in outcome.text
    assert not mark.exists()


LOOKS = ">>> 6 * 7\n41\n\n.. code-block:: text\n\n   $ ls\n\n"


@pytest.mark.parametrize(("other", "runs"), [("v1", {"v1"}), ("", {"v1", "v2"})])
def test_a_page_is_run_in_the_spellings_that_its_blocks_name(
    other: str, runs: set[str], project: Project
) -> None:
    configure(project, 'seatrial_project = "example"\nseatrial_spellings = ["v2", "v1"]')
    (project.folder / "docs/example").mkdir()
    (project.folder / "docs/example/docker-compose.yml").write_text("services: {}\n")
    only = f"   :only: {other}\n" if other else ""
    start = ".. sandbox:: It runs.\n\n   $ docker compose up -d\n\n"
    project.write("docs/page.rst", f"{start}.. console::\n{only}\n   $ docker compose ps\n")
    listed = project.run("docs/page.rst", "--collect-only", "-qq").text
    found = {
        line.split("::")[1] for line in listed.splitlines() if line.startswith("docs/page.rst::v")
    }
    assert found == runs, listed


def test_what_only_looks_like_a_transcript_is_named(project: Project) -> None:
    project.write("docs/index.rst", LOOKS + RIGHT)
    project.write("docs/words.rst", LOOKS)
    outcome = project.run("docs")
    assert outcome.status == 0, outcome.text
    words = "looks like a transcript and is not run: it"
    assert outcome.sentences == [
        f"seatrial: index.rst:4 {words} is a doctest block",
        f"seatrial: index.rst:9 {words}s language is `text`",
        f"seatrial: words.rst:4 {words} is a doctest block",
        f"seatrial: words.rst:9 {words}s language is `text`",
        "seatrial: ran 1 block with 1 step; 0 claims proved",
    ]
    assert "words.rst:9 looks like" in project.run("docs/words.rst", "--collect-only").text


def test_what_only_looks_like_a_transcript_fails_where_a_project_is_strict(
    project: Project,
) -> None:
    configure(project, "seatrial_strict = True")
    project.write("docs/index.rst", LOOKS + RIGHT)
    project.run("docs", "--seatrial-record")
    outcome = project.run("docs")
    assert outcome.status == 1
    assert outcome.verdicts == {
        "docs/index.rst::looks-like-1": "FAILED",
        "docs/index.rst::looks-like-2": "FAILED",
        "docs/index.rst::v2::title-1": "PASSED",
    }
    assert "index.rst:9: this looks like a transcript and is not run: its lang" in outcome.text
    assert "hint: make it a console block, or give it the class `not-run`" in outcome.text


def test_what_sphinx_tests_itself_is_counted_and_does_not_fail(project: Project) -> None:
    configure(project, 'seatrial_strict = True\nextensions += ["sphinx.ext.doctest"]')
    project.write("docs/index.rst", f".. doctest::\n\n   >>> 6 * 7\n   42\n\n{RIGHT}")
    project.run("docs", "--seatrial-record")
    outcome = project.run("docs")
    assert outcome.status == 0, outcome.text
    assert "seatrial: index.rst: 1 block is not run: left to sphinx.ext.doctest" in outcome.text


def test_blocks_that_promise_no_output_are_counted_where_that_is_allowed(
    project: Project,
) -> None:
    silent = ".. console::\n\n   $ echo one\n\n"
    project.write("docs/index.rst", silent * 2 + RIGHT)
    told = "seatrial: ran 3 blocks with 3 steps; 0 claims proved; 2 blocks promise no output"
    assert project.run("docs").sentences == [told]
    configure(project, "seatrial_strict = True")
    project.write("docs/index.rst", silent.replace("echo one", "true") + RIGHT)
    project.run("docs", "--seatrial-record")
    told = "seatrial: ran 2 blocks with 2 steps; 0 claims proved"
    assert project.run("docs").sentences == [told]


# --- notebooks ------------------------------------------------------------------------------------


def test_a_notebook_of_another_kernel_is_neither_run_nor_written(project: Project) -> None:
    configure(project, 'source_suffix = [".rst", ".ipynb"]')
    mark = project.folder / "ran"
    cell = {"cell_type": "code", "source": f"touch {mark}", "outputs": [], "metadata": {}}
    written = {}
    for kernel, metadata in {
        "python3": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "bash": {"kernelspec": {"name": "bash"}},
        "julia": {"language_info": {"name": "julia"}},
    }.items():
        notebook = project.folder / "docs" / f"{kernel}.ipynb"
        whole = {"nbformat": 4, "nbformat_minor": 4, "metadata": metadata, "cells": [cell]}
        written[notebook] = json.dumps(whole)
        notebook.write_text(written[notebook])
    outcome = project.run("docs", "-rs", "--seatrial-record")
    assert outcome.status == 0, outcome.text
    assert {path: path.read_text() for path in written} == written
    for path in written:
        assert outcome.verdicts[f"docs/{path.name}::other-kernel"] == "SKIPPED"
        assert f"not run: its kernel is {path.stem}" in outcome.text
    assert not mark.exists()


# --- several processes ----------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["load", "loadscope"])
def test_several_processes_tell_the_same_as_one(project: Project, how: str) -> None:
    project.write("docs/index.rst", RIGHT * 2 + LOOKS)
    project.write("docs/page.rst", WRONG * 3)
    outcome = project.run("docs", "--seatrial-record", "-n2", f"--dist={how}")
    assert outcome.status == 0, outcome.text
    words = "looks like a transcript and is not run: it"
    assert sorted(outcome.sentences) == [
        f"seatrial: index.rst:12 {words} is a doctest block",
        f"seatrial: index.rst:17 {words}s language is `text`",
        "seatrial: ran 5 blocks with 5 steps; 0 claims proved",
        "seatrial: wrote page.rst",
        "seatrial: wrote records/index.json",
        "seatrial: wrote records/page.json",
    ]


def test_several_processes_of_which_none_ran_a_step_fail(project: Project) -> None:
    left_out = ".. console::\n   :not-run: it sleeps\n\n   $ sleep 9\n\n"
    project.write("docs/index.rst", left_out + RIGHT)
    outcome = project.run("docs/index.rst::v2::title-1", "-n2")
    assert outcome.status == 1, outcome.text
    assert "seatrial: no step ran, so nothing was shown to be true" in outcome.sentences
