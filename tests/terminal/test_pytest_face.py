"""The pytest face: what a person who runs their pages reads, and what is left on their disk."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from seatrial.run.sweeping import lock
from tests.terminal.project import Outcome, Project, new_project

pytestmark = pytest.mark.terminal


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without blocks."""
    return new_project(tmp_path)


PAGES = {
    "index.rst": """\
.. console::

   $ true

Part One
--------

.. claim:: It holds.

   $ echo hi
   hi

.. console::

   $ true
   $ true
""",
    "how-to/one.rst": ".. console::\n\n   $ true\n",
    "fails.rst": """\
.. console::

   $ echo one
   one
   $ echo two; echo three
   two
   threa
   $ echo four

.. console::

   $ echo five
""",
    "left-out.rst": ".. consol::\n\n   $ false\n\n.. console::\n\n   $ true\n",
    "nothing.rst": ".. console::\n   :not-run: it sleeps\n\n   $ sleep 9\n",
    "typo.rst": ".. code-block: console\n\n   $ false\n",
    "words.rst": "No blocks at all.\n",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What a run of pages of every kind says."""
    own = new_project(tmp_path_factory.mktemp("told"))
    for name, text in PAGES.items():
        own.write(name, text)
    return own.run(environment={"SEATRIAL_CACHE": str(own.folder / "cache")})


def test_an_item_is_named_after_page_section_and_ordinal(told: Outcome) -> None:
    assert told.status == 1
    assert told.verdicts == {
        "fails.rst::v2::title-1": "FAILED",
        "fails.rst::v2::title-2": "SKIPPED",
        "how-to/one.rst::v2::title-1": "PASSED",
        "index.rst::v2::title-1": "PASSED",
        "index.rst::v2::part-one-1": "PASSED",
        "index.rst::v2::part-one-2": "PASSED",
        "left-out.rst::problem-1": "FAILED",
        "left-out.rst::v2::title-1": "PASSED",
        "nothing.rst::runs-no-step": "FAILED",
        "nothing.rst::v2::title-1": "SKIPPED",
        "typo.rst::problem-1": "FAILED",
    }
    assert told.sentences == [
        "seatrial: ran 6 blocks with 8 steps; 1 claim proved; 4 blocks promise no output"
    ]


def test_a_failure_tells_place_lines_promise_and_output_in_this_order(told: Outcome) -> None:
    parts = [
        "fails.rst:8: `echo two; echo three` gave something else than the page promises",
        "     6 | $ echo one",
        ">    8 | $ echo two; echo three",
        "    10 | threa",
        "promised:",
        "- threa",
        "came:",
        "+ three",
    ]
    places = [told.text.find(part) for part in parts]
    assert -1 not in places, told.text
    assert places == sorted(places)


def test_what_follows_a_failure_says_why_it_was_not_run(told: Outcome) -> None:
    assert "not run: fails.rst:6 differs" in told.text


def test_no_failure_of_a_page_is_told_in_pythons_words(told: Outcome) -> None:
    for word in ("Traceback", ".py:", "Error"):
        assert word not in told.text, told.text


def test_a_page_of_which_nothing_runs_or_something_is_left_out_fails(told: Outcome) -> None:
    for sentence in (
        "nothing.rst: no block of this page runs, so it shows nothing true",
        "left-out.rst:4: Unknown directive type “consol”",
        "typo.rst:4: this console block was not collected",
    ):
        assert sentence in told.text, told.text


def test_a_block_in_the_middle_runs_what_it_stands_on_first(project: Project) -> None:
    project.write(
        "index.rst",
        "".join(
            f".. console::\n\n   $ x=${{x}}{n}; echo $x\n   {'123'[:n]}\n\n" for n in (1, 2, 3)
        ),
    )
    outcome = project.run("index.rst::v2::title-2")
    assert outcome.status == 0, outcome.text
    assert outcome.verdicts == {"index.rst::v2::title-2": "PASSED"}
    assert outcome.sentences == ["seatrial: ran 2 blocks with 2 steps; 0 claims proved"]


def test_a_block_that_could_not_be_reached_fails_where_it_alone_is_asked_for(
    project: Project,
) -> None:
    project.write("fails.rst", PAGES["fails.rst"])
    outcome = project.run("fails.rst::v2::title-2")
    assert outcome.status == 1
    assert outcome.verdicts == {"fails.rst::v2::title-2": "FAILED"}
    assert "not run: fails.rst:6 differs" in outcome.text
    both = project.run("fails.rst")
    assert both.verdicts["fails.rst::v2::title-2"] == "SKIPPED"


def test_a_folder_that_is_not_there_is_told_in_one_sentence(project: Project) -> None:
    (project.folder / "pytest.ini").write_text("[pytest]\nseatrial = doc\n")
    (project.folder / "test_ours.py").write_text("def test_ours():\n    pass\n")
    outcome = project.run()
    assert outcome.status == pytest.ExitCode.USAGE_ERROR
    assert "seatrial = doc: there is no doc/conf.py below" in outcome.text


def test_a_run_that_ran_no_step_fails(project: Project) -> None:
    project.write(
        "index.rst",
        ".. console::\n   :not-run: it sleeps\n\n   $ sleep 9\n\n.. console::\n\n   $ true\n",
    )
    outcome = project.run("index.rst::v2::title-1")
    assert outcome.status == 1, outcome.text
    assert "not run: it sleeps" in outcome.text
    assert "seatrial: no step ran, so nothing was shown to be true" in outcome.sentences
    assert project.run("--collect-only", "-q").status == 0


def test_a_setting_that_makes_no_sense_is_told_in_one_sentence(project: Project) -> None:
    project.write("how-to/page.rst", PAGES["fails.rst"])
    project.write("index.rst", PAGES["fails.rst"])
    with (project.folder / "conf.py").open("a") as conf:
        conf.write('seatrial_project = "gone"\n')
    outcome = project.run()
    assert outcome.status == 2
    said = "conf.py: `seatrial_project` names a folder that is not there: gone"
    assert outcome.text.count(f"\n{said}") == 1
    for word in ("Traceback", "/pages.py"):
        assert word not in outcome.text, outcome.text


def test_the_doctests_of_pytest_do_not_run_what_belongs_to_a_page(project: Project) -> None:
    project.write("index.rst", ".. console::\n\n   $ no-such-command shell\n   >>> 1 + 1\n   2\n")
    outcome = project.run("index.rst", "--doctest-glob=*.rst")
    assert outcome.status == 1
    assert outcome.verdicts == {"index.rst::v2::title-1": "FAILED"}
    assert "`no-such-command shell` was answered by the prompt `$`" in outcome.text


# --- what a reader types --------------------------------------------------------------------------

FOLDED_LINES = {
    "needed.rst": """\
.. sandbox:: There is a file.

   $ echo set up > file

.. claim:: Another can be made.

   $ cat file > other; cat other
   set up

.. console::

   $ cat other
   set up
""",
    "entered.rst": """\
.. claim:: There is a Python.

   $ python3 -q
   >>> 6 * 7
   42

.. console::

   >>> exit()
""",
    "left.rst": """\
.. console::

   $ python3 -q
   >>> 6 * 7
   42

.. claim:: It can be left.

   >>> exit()

.. console::

   $ true
""",
    "spare.rst": """\
.. sandbox:: There is a file.

   $ echo set up > file

.. claim:: It can be read.

   $ cat file
   set up

.. console::

   $ cat file
   set up
   $ false
   [1]
""",
    "wrong.rst": """\
.. console::

   $ echo as it came
   as promised
""",
}


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Outcome]:
    """What two runs of the same pages said: of all lines, and of the visible ones alone."""
    own = new_project(tmp_path_factory.mktemp("typed"))
    for name, text in FOLDED_LINES.items():
        own.write(name, text)
    environment = {"SEATRIAL_CACHE": str(own.folder / "cache")}
    return own.run(environment=environment), own.run("--visible", environment=environment)


def test_lines_that_need_nothing_folded_pass_alone(typed: tuple[Outcome, Outcome]) -> None:
    everything, visible = typed
    assert everything.verdicts["spare.rst::v2::title-2"] == "PASSED"
    assert {k: v for k, v in visible.verdicts.items() if k.startswith("spare")} == {
        # what a page starts from is brought about, a proof is not typed
        "spare.rst::v2::title-1": "PASSED",
        "spare.rst::v2::title-2": "SKIPPED",
        "spare.rst::v2::title-3": "PASSED",
    }
    assert "folded away: a reader need not type it" in visible.text
    assert "folded away" not in everything.text


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("needed.rst::v2::title-3", "needed.rst:15: `cat other` ended with exit status 1"),
        ("entered.rst::v2::title-2", "`exit()` is promised at `>>>`, but terminal 1 is at `$`"),
        ("left.rst::v2::title-3", "`true` is promised at `$`, but terminal 1 is at `>>>`"),
        ("wrong.rst::v2::title-1", "- as promised"),
    ],
)
def test_a_line_that_needs_a_folded_one_fails(
    typed: tuple[Outcome, Outcome], item: str, said: str
) -> None:
    everything, visible = typed
    assert everything.verdicts[item] == ("FAILED" if "wrong" in item else "PASSED")
    assert visible.verdicts[item] == "FAILED"
    assert said in visible.text


def test_proofs_cannot_be_left_out_of_a_record(project: Project) -> None:
    project.write("index.rst", FOLDED_LINES["spare.rst"])
    outcome = project.run("--visible", "--seatrial-record")
    assert outcome.status == pytest.ExitCode.USAGE_ERROR
    assert "--visible and --seatrial-record exclude each other" in outcome.text
    assert "Traceback" not in outcome.text
    assert not (project.folder / "records").exists()


# --- recording ------------------------------------------------------------------------------------

RECORDED = """\
.. console::

   $ echo id 3f2a
   id ...
   $ seq 5
   1
   ...
   6

.. console::

   $ false
"""
AS_IT_CAME = RECORDED.replace("   6\n", "   5\n").replace("$ false", "$ false\n   [1]")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Outcome]:
    """A project whose pages were recorded, some of which could not be, and what that said."""
    own = new_project(tmp_path_factory.mktemp("written"))
    own.write("how-to/page.rst", RECORDED)
    own.write("breaks.rst", f"{RECORDED}\n.. console::\n\n   $ exit\n")
    # two pages that somebody edits while they run: elsewhere, and above the block
    path = own.folder / "edited.rst"
    own.write("edited.rst", f".. console::\n\n   $ sed -i 1s/Title/TITLE/ {path}; seq 2\n   1\n")
    path = own.folder / "moved.rst"
    own.write("moved.rst", f".. console::\n\n   $ sed -i '1i New' {path}; seq 2\n   1\n")
    own.write("prompt.rst", ".. console::\n\n   $ echo '$ rm -rf /'\n   old\n")
    own.write("refused.rst", ".. console::\n\n   $ true\n")
    (own.folder / "records" / "refused.json").mkdir(parents=True)
    outcome = own.run(
        "--seatrial-record", environment={"SEATRIAL_CACHE": str(own.folder / "cache")}
    )
    return own, outcome


def test_recording_says_what_it_wrote_and_fails_for_what_it_could_not(
    written: tuple[Project, Outcome],
) -> None:
    project, outcome = written
    assert outcome.status == 1
    assert sorted(outcome.sentences[1:]) == [
        "seatrial: breaks.rst:15: `$ false` now ends with exit status 1",
        "seatrial: how-to/page.rst:15: `$ false` now ends with exit status 1",
        "seatrial: wrote breaks.rst",
        "seatrial: wrote edited.rst",
        "seatrial: wrote how-to/page.rst",
        "seatrial: wrote records/edited.json",
        "seatrial: wrote records/how-to/page.json",
    ]
    kept = {path.name for path in (project.folder / "records").rglob("*") if path.is_file()}
    assert kept == {"edited.json", "page.json"}
    assert "Traceback" not in outcome.text


def test_a_recorded_page_says_what_came_and_its_record_all_of_it(
    written: tuple[Project, Outcome],
) -> None:
    project, _ = written
    assert project.read("how-to/page.rst") == AS_IT_CAME
    record = (project.folder / "records/how-to/page.json").read_text()
    steps = [s for item in json.loads(record)["runs"]["v2"]["items"] for s in item["steps"]]
    assert [(s["command"], s["output"], s["status"]) for s in steps] == [
        ("echo id 3f2a", ["id 3f2a"], 0),
        ("seq 5", ["1", "2", "3", "4", "5"], 0),
        ("false", [], 1),
    ]
    assert str(project.folder) not in record


def test_a_recorded_page_passes_and_is_not_recorded_again(
    written: tuple[Project, Outcome],
) -> None:
    project, _ = written
    before = (project.folder / "records/how-to/page.json").read_bytes()
    again = project.run("--seatrial-record", "how-to")
    assert again.status == 0, again.text
    assert len(again.sentences) == 1
    assert project.read("how-to/page.rst") == AS_IT_CAME
    assert (project.folder / "records/how-to/page.json").read_bytes() == before
    assert project.run("how-to").status == 0


def test_a_page_that_somebody_edits_while_it_runs_is_not_overwritten(
    written: tuple[Project, Outcome],
) -> None:
    project, outcome = written
    edited = (project.folder / "edited.rst").read_text()
    assert edited.startswith("TITLE\n=====\n")
    assert edited.endswith("seq 2\n   1\n   2\n")
    moved = (project.folder / "moved.rst").read_text()
    assert moved.startswith("New\nTitle\n")
    assert moved.endswith("seq 2\n   1\n")
    assert "moved.rst:6: the page changed while its blocks ran" in outcome.text
    assert "hint: run the same command again" in outcome.text


def test_of_a_page_that_breaks_all_else_is_rewritten_and_nothing_recorded(
    written: tuple[Project, Outcome],
) -> None:
    project, outcome = written
    assert "`exit` closed the terminal" in outcome.text
    assert project.read("breaks.rst") == f"{AS_IT_CAME}\n.. console::\n\n   $ exit\n"


def test_a_record_that_cannot_be_read_or_written_is_told_in_one_sentence(
    written: tuple[Project, Outcome],
) -> None:
    assert "records/refused.json: cannot be " in written[1].text


def test_output_that_looks_like_a_prompt_is_not_recorded(
    written: tuple[Project, Outcome],
) -> None:
    project, outcome = written
    assert "prompt.rst:6: output of this block looks like a prompt" in outcome.text
    assert project.read("prompt.rst").endswith("   old\n")


# --- without Docker -------------------------------------------------------------------------------

AWAY = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}
NOT_INSTALLED = {"PATH": "/usr/bin:/bin", **AWAY}


def test_without_docker_a_page_that_needs_it_is_skipped_with_the_reason(project: Project) -> None:
    project.write("index.rst", ".. console::\n\n   $ docker compose version\n   ...\n")
    project.write("other.rst", ".. console::\n\n   $ true\n")
    outcome = project.run(environment=AWAY)
    assert outcome.status == 0, outcome.text
    assert outcome.verdicts == {
        "index.rst::v2::title-1": "SKIPPED",
        "other.rst::v2::title-1": "PASSED",
    }
    assert "no Docker engine answers" in outcome.text
    alone = project.run("index.rst", environment=AWAY)
    assert alone.status == 0
    assert "seatrial: ran 0 blocks with 0 steps; 0 claims proved" in alone.sentences


@pytest.mark.parametrize("environment", [AWAY, NOT_INSTALLED])
def test_without_docker_a_page_that_needs_it_fails_where_docker_is_required(
    project: Project, environment: dict[str, str]
) -> None:
    project.write("index.rst", ".. console::\n\n   $ docker compose version\n   ...\n")
    outcome = project.run("--require-docker", environment=environment)
    assert outcome.status == 1
    assert outcome.verdicts == {"index.rst::v2::title-1": "FAILED"}
    assert "no Docker engine answers" in outcome.text
    assert "hint: install Docker" in outcome.text
    assert "Traceback" not in outcome.text


@pytest.mark.engine
@pytest.mark.usefixtures("docker_engine")
def test_a_docker_without_compose_is_said_to_have_none(project: Project, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    environment = {"DOCKER_CONFIG": str(tmp_path / "empty")}
    asked = subprocess.run(
        ["docker", "compose", "version"],
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )
    if asked.returncode == 0:
        pytest.skip("Compose is installed for all users of this machine")
    project.write("index.rst", ".. console::\n\n   $ docker compose version\n   ...\n")
    outcome = project.run("--require-docker", environment=environment)
    assert outcome.status == 1
    assert "Docker answers, but `docker compose` does not" in outcome.text
    assert "hint: install the Compose plugin" in outcome.text
    assert project.run(environment=environment).verdicts == {"index.rst::v2::title-1": "SKIPPED"}


# --- sentences ------------------------------------------------------------------------------------


PROSE = """\
The program says ``{said}``, and {mark} does not.

.. console::

   $ echo harbour
   harbour
"""


def test_literals_of_sentences_are_checked_where_a_project_asks_for_it(project: Project) -> None:
    project.write("index.rst", PROSE.format(said="echo harbur", mark="``echo shipyard``"))
    assert project.run().verdicts == {"index.rst::v2::title-1": "PASSED"}
    conf = (project.folder / "conf.py").read_text()
    (project.folder / "conf.py").write_text(f'{conf}seatrial_prose = ["*"]\n')
    outcome = project.run("-m", "seatrial_prose")
    assert outcome.status == 1
    assert outcome.verdicts == {"index.rst::prose": "FAILED"}
    assert "index.rst:4: `echo harbur` occurs in nothing that ran\n  hint: was `h" in outcome.text
    assert "index.rst:4: `echo shipyard` occurs in nothing that ran" in outcome.text
    assert "Traceback" not in outcome.text
    # what a run gives counts from then on, within it already
    later = "It says ``harbour-master``.\n\n.. console::\n\n   $ echo harbour-{master,}\n   ...\n"
    project.write("later.rst", later)
    mark = ":unproved:`echo shipyard <there is none>`"
    project.write("index.rst", PROSE.format(said="echo harbour", mark=mark))
    outcome = project.run("--seatrial-record")
    assert outcome.verdicts == {
        f"{page}.rst::{item}": "PASSED"
        for page in ("index", "later")
        for item in ("v2::title-1", "prose")
    }


# --- interrupted ----------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_ended_from_outside_leaves_nothing(
    project: Project, tmp_path: Path, sign: signal.Signals, cache: Path
) -> None:
    mark = tmp_path / "started"
    project.write(
        "index.rst",
        f".. console::\n\n   $ sh -c 'trap \"\" HUP; sleep 1000' &\n   ...\n"
        f"   $ touch {mark}; sleep 1000\n",
    )
    with project.start() as run:
        deadline = time.monotonic() + 60
        while not mark.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert mark.exists()
        assert list(cache.glob("sandboxes/*.json"))
        os.kill(run.process.pid, sign)
        text = run.said.read()
    assert run.process.wait() == 2, text
    # what else would be left is looked for when every test ends
    assert list(cache.glob("sandboxes/*.json")) == []


def test_a_spelling_that_is_none_is_an_error_and_no_green_run(project: Project) -> None:
    outcome = project.run(environment={"SEATRIAL_COMPOSE": "v3"})
    assert outcome.status == pytest.ExitCode.USAGE_ERROR
    assert (
        "SEATRIAL_COMPOSE is 'v3', and no spelling of Compose; set it to v2 or v1" in outcome.text
    )


def test_a_run_that_waits_for_another_says_so_at_once_and_for_which(project: Project) -> None:
    project.write("index.rst", ".. console::\n\n   $ true\n")
    held = lock()
    with project.start() as run:
        line = next(line for line in run.said if "waiting" in line)
        assert line == f"seatrial: waiting for another run (process {os.getpid()})\n"
        held.close()
        assert "1 passed" in run.said.read()
