"""What a front page shows of records: a stage, figures, and answers that other pages prove."""

from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from seatrial.transcript.events import Sighting
from seatrial.transcript.places import Container, Place
from seatrial.transcript.record import Run, load, save, sealed
from tests.unit.test_sphinx_ext import Project, one, texts

FRONT = """
Front
=====

.. toctree::

   fix

.. run-stage:: nest

.. run-figures::
   :ledger: ledger
   :stand-ins: fix

.. answer:: fix
   :takes: {takes}

.. page-status::

.. console::

   $ docker compose up -d

.. console::
   :name: nest

   $ docker compose run --rm web python manage.py shell
   >>> 6 * 7
   42
   >>> exit()
   $ docker compose exec db psql
   db=# select 1;
   db=# \\q
"""
FIX = """
The fix
=======

.. sandbox:: Something is wrong.

   $ docker compose up -d

.. short:: It ``works`` again, see :ref:`there <here>`.

   the-port: Publish the *port*.
   again: Type this.

.. edit:: docker-compose.yml
   :name: the-port

   services: {}

.. console::
   :name: again

   $ docker compose up -d web

.. _here:

.. claim:: It ``works`` again, see :ref:`there <here>`.
   :name: works

   $ true
"""
LEDGER = ":orphan:\n\nLedger\n======\n\n.. claims-ledger::\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return recorded(tmp_path)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[BeautifulSoup, BeautifulSoup]:
    """Return the front page and the other one, for tests that change nothing."""
    made = recorded(tmp_path_factory.mktemp("front"))
    soup = front(made)
    return soup, other(made, "fix")


def other(project: Project, name: str) -> BeautifulSoup:
    """Return another page of the last build."""
    built = project.folder / f"_build/html/{name}.html"
    return BeautifulSoup(built.read_text(encoding="utf-8"), "html.parser")


def recorded(tmp_path: Path) -> Project:
    """Return a project whose pages ran."""
    made = Project(tmp_path)
    (tmp_path / "example").mkdir()
    (tmp_path / "example/docker-compose.yml").write_text("services: {}\n")
    made.configure(
        "seatrial.sphinx_ext", seatrial_project="example", seatrial_spellings=["v2", "v1"]
    )
    made.page(FRONT.format(takes="works, the-port, again"))
    made.page(FIX, "fix.rst")
    made.page(LEDGER, "ledger.rst")
    made.record(spellings=("v2", "v1"))
    enrich(made)
    return made


def enrich(project: Project) -> None:
    """Have the front page's record tell of more containers than the fixture's steps do."""
    up = (
        *(Sighting("container", name, ("create", "start")) for name in ("db", "web", "old")),
        Sighting("network", "example_default", ("create",)),
        Sighting("volume", "example_db-data", ("create",)),
    )
    psql = Place("psql", Container("db", "example-db-1"))
    change(project, 0, lambda step: replace(step, sightings=up))
    change(
        project,
        1,
        lambda step: (
            replace(step, place=psql, status=None)
            if step.command in ("select 1;", "\\q")
            else replace(step, seconds=2.34, status=None)
            if "exec" in step.command
            else step
        ),
    )


def change(project: Project, number: int, how) -> None:  # type: ignore[no-untyped-def]
    """Change the steps of an item in both runs of the front page's record."""
    record = load(project.folder / "records", "index")
    assert record is not None
    runs: dict[str, Run] = {}
    for spelling, run in record.runs.items():
        items = list(run.items)
        items[number] = replace(items[number], steps=tuple(map(how, items[number].steps)))
        stand_ins = {"db": "library/postgres:17"}
        runs[spelling] = sealed(replace(run, items=tuple(items), stand_ins=stand_ins))
    save(project.folder / "records", replace(record, runs=runs))


def front(project: Project) -> BeautifulSoup:
    soup = project.soup()
    assert project.said == ""
    return soup


# --- the stage ------------------------------------------------------------------------------------


def stage(soup: BeautifulSoup) -> Tag:
    return one(soup, '.seatrial-stage[data-spelling="v2"]')


def test_a_stage_has_the_lines_of_the_block_each_with_the_number_of_its_step(
    built: tuple[BeautifulSoup, BeautifulSoup],
) -> None:
    rows = stage(built[0]).select(".seatrial-row[data-step]")
    assert [(row["data-step"], row.get_text().strip()) for row in rows] == [
        ("0", "$ docker compose run --rm web python manage.py shell"),
        ("1", ">>> 6 * 7"),
        ("2", ">>> exit()"),
        ("3", "$ docker compose exec db psql"),
        ("4", "db=# select 1;"),
        ("5", "db=# \\q"),
    ]


def test_a_stage_says_of_each_line_where_it_ran_and_what_docker_did(
    built: tuple[BeautifulSoup, BeautifulSoup],
) -> None:
    soup = stage(built[0])
    told = texts(soup, ".seatrial-told > li")
    assert told[0] == (
        "Ran on your machine. Docker: a new container of web was created and started. 0.10 s"
    )
    assert told[1] == "Ran in a new container of web, in Python. Docker did nothing. 0.10 s"
    assert told[2].startswith("Ran in a new container of web, in Python. Docker: a new container")
    assert told[3] == "Ran on your machine. Docker did nothing. 2.3 s"
    assert told[4] == "Ran in example-db-1, in psql. Docker did nothing. 0.10 s"
    assert one(soup, ".seatrial-saying").get_text() == f"1 of 6. {told[0]}"
    assert "recorded 22 November 2026" in one(soup, ".seatrial-stage-bar").get_text()


def test_the_boxes_of_a_stage_are_what_the_lines_before_it_made(
    built: tuple[BeautifulSoup, BeautifulSoup],
) -> None:
    soup = stage(built[0])
    assert [box["data-box"] for box in soup.select("[data-box]")] == [
        *("machine", "db", "web", "old", "new web"),
    ]
    assert texts(soup, ".seatrial-net > span") == ["network example_default"]
    assert texts(soup, ".seatrial-kept > i") == ["example_db-data"]
    assert one(soup, '[data-box="db"] small').get_text() == "postgres:17"
    lines = soup.select(".seatrial-told > li")
    assert [line["data-at"] for line in lines] == [
        *("machine", "new web", "new web", "machine", "db", "db"),
    ]
    made = [line["data-made"] for line in lines]
    assert made == ["web=", "web=", *["web=gone now"] * 4]


def test_what_was_removed_before_a_stage_has_no_box(project: Project) -> None:
    gone = (
        Sighting("container", "old", ("die", "destroy")),
        Sighting("container", "db", ("create", "start")),
        Sighting("container", "db", ("die", "destroy")),
    )
    change(project, 0, lambda step: replace(step, sightings=(*step.sightings, *gone)))
    boxes = [box["data-box"] for box in stage(front(project)).select("[data-box]")]
    # another container of `db` took the first one's place
    assert sorted(map(str, boxes)) == ["db", "machine", "new web", "web"]


def test_a_stage_of_a_block_that_did_not_run_shows_the_block_alone(project: Project) -> None:
    text = FRONT.format(takes="works")
    project.page(text.replace("6 * 7\n   42", "6 * 8\n   48"))
    soup = project.soup()
    assert soup.select(".seatrial-stage") == []
    assert len([c for c in texts(soup, ".seatrial-command") if c == "6 * 8"]) == 4


def test_a_stage_without_its_block_is_a_warning(project: Project) -> None:
    project.page(FRONT.format(takes="works").replace("run-stage:: nest", "run-stage:: no"))
    project.build()
    assert "index.rst:9: WARNING: no block of this page has the `:name:` that" in project.said


def test_a_page_without_a_stage_loads_nothing_for_it(
    built: tuple[BeautifulSoup, BeautifulSoup],
) -> None:
    assert "seatrial-stage.js" in str(built[0].head)
    assert "seatrial.js" in str(built[1])
    assert "seatrial-stage" not in str(built[1])


# --- figures --------------------------------------------------------------------------------------


def test_figures_are_the_records_and_follow_them(project: Project) -> None:
    soup = front(project)
    assert [" ".join(text.split()) for text in texts(soup, ".seatrial-figures > li")] == [
        "1 of 1 claims proved",
        "19 steps run",
        "last on 22 November 2026",
        "on Docker 26.1 and 20.10, Compose 2.26 and 1.29",
    ]
    assert one(soup, ".seatrial-figures a")["href"] == "ledger.html"
    ledger = other(project, "ledger").get_text()
    assert "that is 19 steps. 1 claim, of which 1 proved." in ledger
    project.page(FIX.replace("$ true", "$ false\n   [1]"), "fix.rst")
    assert "0 of 1 claims proved" in project.soup().get_text()


def test_the_door_names_stand_ins_where_a_run_used_one_and_the_versions(project: Project) -> None:
    door = one(front(project), ".seatrial-door")
    assert door.get_text() == (
        "The runs used stand-ins for the official images, "
        "on Docker 26.1.5 and 20.10.24, Compose 2.26.1 and 1.29.2."
    )
    assert one(door, "a")["href"] == "fix.html"
    project.record(spellings=("v2", "v1"))
    assert front(project).select(".seatrial-door") == []


# --- answers --------------------------------------------------------------------------------------


def test_an_answer_is_what_its_page_says_with_its_proof_and_commands(
    built: tuple[BeautifulSoup, BeautifulSoup],
) -> None:
    answer = one(built[0], ".seatrial-answer")
    assert texts(answer, "p") == [
        "It works again, see there. (proof)",
        "Publish the port. Type this.",
        "The fix",
    ]
    assert texts(answer, "p em, p code") == ["works", "port"]
    assert texts(answer, ".seatrial-command") == [
        "services: {}",
        "docker compose up -d web",
        "docker-compose up -d web",
    ]
    proof, more = (str(link["href"]) for link in answer.select("a"))
    page, _, anchor = proof.partition("#")
    assert (page, more) == ("fix.html", "fix.html")
    assert built[1].find(id=anchor) is not None


def test_an_answer_follows_its_page(project: Project) -> None:
    front(project)
    project.page(FIX.replace("Publish the *port*", "Open it"), "fix.rst")
    assert "Open it. Type this." in front(project).get_text()


def test_a_claim_that_nothing_proves_says_so_in_an_answer(project: Project) -> None:
    project.page(FIX.replace("$ true", "$ false\n   [1]"), "fix.rst")
    answer = one(project.soup(), ".seatrial-answer")
    assert "see there. (not proved yet)" in answer.get_text()


def test_an_answer_that_its_page_has_no_more_is_a_warning(project: Project) -> None:
    project.page(FRONT.format(takes="works, gone"))
    project.build()
    assert "index.rst:15: WARNING: its page has no item of each name" in project.said


# --- the page's status ----------------------------------------------------------------------------


def test_a_page_says_where_its_status_stands(built: tuple[BeautifulSoup, BeautifulSoup]) -> None:
    soup = built[0]
    status = one(soup, ".seatrial-page")
    assert status.find_previous("div", class_="seatrial-answer") is not None
    before = one(built[1], ".seatrial-page").find_previous_sibling()
    assert before is not None
    assert before.name == "h1"


def test_other_builders_have_figures_and_answers(project: Project) -> None:
    text = project.build("text")
    assert "1 of 1** claims proved" in text
    assert "Publish the *port*. Type this." in text
