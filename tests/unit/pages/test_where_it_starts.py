"""What leads to where a page starts from, and what removes data, as pages show it."""

from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.transcript.events import Sighting
from seatrial.transcript.record import load, save, sealed
from tests.unit.test_sphinx_ext import Project, one, texts

START = ".. sandbox:: The site is up.\n\n   $ docker compose up -d\n\n"
PAGE = f"Page\n====\n\n{START}.. console::\n\n   $ docker compose down -v\n   ...\n   $ true\n"
BOTH = ("v2", "v1")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that Compose runs, with one page."""
    (tmp_path / "example").mkdir()
    (tmp_path / "example" / "compose.yaml").write_text("services: {}\n")
    made = Project(tmp_path)
    configure(made)
    made.page(PAGE)
    made.record(spellings=BOTH)
    return made


def configure(project: Project, **settings: object) -> None:
    """Write conf.py."""
    left_out = ["_build", "example"]
    known = {"seatrial_project": "example", "seatrial_spellings": BOTH}
    project.configure(**{**known, "exclude_patterns": left_out, **settings})


def test_the_commands_that_set_a_page_up_can_be_copied_and_so_can_the_reset(
    project: Project,
) -> None:
    fold = one(project.soup(), ".seatrial-sandbox > details")
    assert texts(fold, "[data-spelling=v2] .seatrial-stretch .seatrial-command") == [
        "docker compose down -v --remove-orphans",
        "docker compose up -d",
    ]
    assert texts(fold, "[data-spelling=v1] .seatrial-stretch .seatrial-command") == [
        "docker-compose down -v --remove-orphans",
        "docker-compose up -d",
    ]
    reset = one(fold, ".seatrial-reset")
    assert "the folder example of this site and in no other" in reset.get_text()
    assert "removes the containers, the networks and the volumes" in reset.get_text()
    assert set(texts(reset, ".seatrial-removing")) == {"removes data"}
    assert "take a fresh copy." in reset.get_text()
    assert reset.select("a") == []


@pytest.mark.parametrize(
    ("address", "link"),
    [("example.zip", "../example.zip"), ("https://host/e.zip", "https://host/e.zip")],
)
def test_a_fresh_copy_is_a_link_where_the_setting_gives_an_address(
    project: Project, address: str, link: str
) -> None:
    configure(project, seatrial_download=address)
    project.page("Page\n====\n\n.. toctree::\n\n   how-to/page\n")
    (project.folder / "how-to").mkdir()
    project.page(PAGE, "how-to/page.rst")
    project.build()
    html = (project.folder / "_build/html/how-to/page.html").read_text(encoding="utf-8")
    assert f'<a href="{link}">a fresh copy</a>' in html


@pytest.mark.parametrize("without", ["a Compose file", "a project", "Compose on the page"])
def test_a_project_without_compose_is_not_told_to_reset_it(project: Project, without: str) -> None:
    if without == "a Compose file":
        (project.folder / "example" / "compose.yaml").unlink()
    elif without == "a project":
        configure(project, seatrial_project="")
    else:
        project.page("Page\n====\n\n.. sandbox:: Here.\n\n   $ touch a\n")
    soup = project.soup()
    assert soup.select(".seatrial-reset") == []
    assert len(soup.select(".seatrial-sandbox .seatrial-command")) >= 1
    assert "remove-orphans" not in soup.get_text()


def test_a_line_that_removes_data_says_so_beside_the_button_and_under_itself(
    project: Project,
) -> None:
    record = load(project.folder / "records", "index")
    assert record is not None
    run = record.runs["v2"]
    set_up, block = run.items
    gone = (Sighting("volume", "example_db-data", ("destroy",)),)
    steps = (replace(block.steps[0], sightings=gone), block.steps[1])
    items = (set_up, replace(block, steps=steps))
    runs = {**record.runs, "v2": sealed(replace(run, items=items))}
    save(project.folder / "records", replace(record, runs=runs))
    soup = project.soup()
    ran = [f for f in soup.select("figure") if "true" in texts(f, ".seatrial-command")]
    assert [texts(figure, ".seatrial-where > .seatrial-removing") for figure in ran] == [
        ["removes data"],
        # its own run did not
        [],
    ]
    (said,) = ran[0].select(".seatrial-removed")
    assert said.get_text() == "removes data: volume example_db-data\n"
    row = said.find_previous_sibling()
    assert row is not None
    assert row.get_text() == "$ docker compose down -v\n"
    # what a button copies is the line alone
    assert texts(ran[0], ".seatrial-command") == ["docker compose down -v", "true"]


SPELT = """Page
====

.. sandbox:: Up.

   $ docker compose up -d

.. console::

   $ docker compose logs --tail 5 web
   ...

Type ``docker compose up -d``, or ``docker compose logs --tail=5``. Not ``docker compose``, nor
``docker compose watch``, ``docker compose logs --since 1m``, ``docker compose up -d --wait``,
``docker compose logs example-web-1`` or ``docker compose up -d; true``.

It is ``docker compose up`` here and ``docker-compose up`` there.

``docker compose up``
---------------------

Old
---

.. console::
   :only: v1

   $ docker-compose up -d

Here ``docker compose up`` is another one.
"""


def test_a_command_in_a_sentence_follows_the_switch_where_only_the_hyphen_differs(
    project: Project,
) -> None:
    project.page(SPELT)
    project.record(spellings=BOTH)
    follows = ["docker compose up -d", "docker compose logs --tail=5"]
    assert texts(project.soup(), ".seatrial-spelt") == follows


def test_in_one_spelling_nothing_follows(project: Project) -> None:
    configure(project, seatrial_spellings=("v2",))
    project.page(SPELT)
    project.record()
    assert project.soup().select(".seatrial-spelt") == []
