"""Ledgers, indexes and matrices, put together from pages and records alone."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from seatrial.transcript.cells import RAN
from seatrial.transcript.record import load, save, sealed
from tests.unit.test_sphinx_ext import Project, one, texts

TRIED = """
Tried
=====

.. claim:: A restart is not enough.
   :row: ``.env-local``

   $ docker compose exec web printenv TITLE
   Guestbook
   $ docker compose restart web
   ...
   $ docker compose exec web printenv TITLE
   Guestbook

.. console::
   :row: ``.env-local``

   $ docker compose up -d --wait web
   $ docker compose exec web printenv TITLE
   Visitors

.. console::
   :row: Python code

   $ sleep 3
   $ curl -s localhost
   new

.. console::
   :row: not noticed

   $ curl -s localhost | tail
   old
   $ touch views.py
   $ curl -s localhost | tail
   new

.. run-matrix::
   :corner: You changed
   :answer: So type
"""
INDEX = """
Index
=====

.. toctree::

   shell
   database

.. claims-ledger::

.. not-run-ledger::

.. command-index::

.. tested-versions::
"""
SHELL = """
The shell
=========

.. _here:

.. claim:: ``echo`` says what it is told, see :ref:`this <here>`.

   $ echo hello | tr a-z A-Z
   HELLO

.. claim:: ``echo`` says what it is told, see :ref:`this <here>`.

   $ docker compose ps
   NAME

.. console::
   :not-run: it needs a screen

   $ docker compose top
"""
DATABASE = """
The database
============

.. console::
   :row: ``restart``, that is *again*

   $ docker compose build
   ...
   $ docker compose exec db report
   volume: kept
   layer: kept

.. console::
   :row: ``down``

   $ docker compose exec db report --down
   volume: kept
   layer: gone

.. run-matrix::
   :corner: After
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    (tmp_path / "example").mkdir()
    made.configure(seatrial_project="example", seatrial_spellings=["v2", "v1"])
    made.page(INDEX)
    made.page(SHELL, "shell.rst")
    made.page(DATABASE, "database.rst")
    return made


def page(project: Project, name: str = "index") -> BeautifulSoup:
    project.build()
    built = project.folder / "_build/html" / f"{name}.html"
    return BeautifulSoup(built.read_text(encoding="utf-8"), "html.parser")


def entries(soup: BeautifulSoup) -> dict[str, list[str]]:
    """Return each term of all overviews, with the lines listed under it."""
    return {
        " ".join(term.get_text().split()): texts(term.find_next("dd"), "li")  # type: ignore[arg-type]
        for term in soup.select("dl.seatrial-overview dt")
    }


def test_the_ledger_names_every_claim_and_links_to_its_proof(project: Project) -> None:
    project.record(spellings=("v2", "v1"))
    soup = page(project)
    first = soup.select("dl.seatrial-overview")[0]
    assert texts(first, "li") == ["echo says what it is told, see this."] * 2
    assert "seatrial.css" in str(soup.head)
    targets = [str(link["href"]) for link in first.select("li a")]
    assert targets[0] != targets[1]
    shell = page(project, "shell")
    for target in targets:
        name, _, anchor = target.partition("#")
        assert name == "shell.html"
        assert shell.find(id=anchor) is not None
    assert "Docker 26.1, Compose 2.26" in first.get_text()
    assert "Docker 20.10" in first.get_text()
    assert project.said == ""


def test_the_ledger_counts(project: Project) -> None:
    project.record(spellings=("v2", "v1"))
    assert (
        "2 pages with 5 blocks of 6 steps and 0 edits; run in all spellings, that is 9 steps. "
        "2 claims, of which 2 proved. Shown and not run: 1."
    ) in page(project).get_text()


def test_a_claim_that_one_spelling_did_not_prove_is_not_proved(project: Project) -> None:
    project.record(spellings=("v2",))
    said = texts(page(project).select("dl.seatrial-overview")[0], "li")
    assert said == [
        "echo says what it is told, see this.",
        "echo says what it is told, see this. (not proved yet with docker-compose)",
    ]
    assert "of which 1 proved" in page(project).get_text()


def test_what_was_not_run_is_listed_with_its_reason(project: Project) -> None:
    project.record(spellings=("v2", "v1"))
    lists = page(project).select("dl.seatrial-overview")
    assert texts(lists[1], "li") == ["docker compose top: it needs a screen"]


def test_what_is_marked_as_unproved_is_listed_and_counted(project: Project) -> None:
    mark = ":unproved:`docker swarm <one machine>`"
    project.page(f"{SHELL}\nNot {mark}, never {mark}.\n", "shell.rst")
    project.record(spellings=("v2", "v1"))
    soup = page(project)
    ledger = soup.select("dl.seatrial-overview")[1]
    assert texts(ledger, "li")[-1:] == ["docker swarm: one machine"]
    assert "Shown and not run: 1. Named in sentences and unproved: 1." in soup.get_text()
    # the mark alone goes, and every ledger follows
    project.page(":orphan:\n\nLedger\n======\n\n.. not-run-ledger::\n", "ledger.rst")
    assert "docker swarm" in page(project, "ledger").get_text()
    project.page(SHELL, "shell.rst")
    assert "docker swarm" not in page(project, "ledger").get_text()


def test_commands_are_listed_with_their_pages(project: Project) -> None:
    project.record(spellings=("v2", "v1"))
    (project.folder / "tour.ipynb").write_text(json.dumps(notebook()))
    (project.folder / "conf.py").write_text(
        (project.folder / "conf.py").read_text()
        + "\nsource_suffix = dict.fromkeys(['.rst', '.ipynb'], 'restructuredtext')\n"
        "def setup(app):\n"
        "    app.connect('source-read', read)\n"
        "def read(app, name, content):\n"
        "    if name == 'tour':\n"
        "        content[0] = 'Tour\\n====\\n'\n"
    )
    index = entries(page(project))
    assert index["docker compose ps"] == ["docker compose ps: The shell, Tour"]
    assert index["docker compose exec"] == [
        "docker compose exec db psql: Tour",
        "docker compose exec db report: The database",
        "docker compose exec db report --down: The database",
    ]
    assert index["tr"] == ["tr a-z A-Z: The shell"]
    assert "docker compose top" not in index  # it was never run
    assert index["rev"] == ["rev: Tour"]
    assert "turn" not in index  # a function of the page
    assert not any("select" in name for name in index)  # typed into psql


def notebook() -> dict[str, object]:
    def cell(source: str, moved: str = "") -> dict[str, object]:
        output = {"output_type": "display_data", "data": {RAN: {"moved": moved}}}
        return {
            "cell_type": "code",
            "source": [source],
            "metadata": {},
            "outputs": [output] if moved else [],
        }

    return {
        "cells": [
            cell("docker compose ps"),
            cell("turn() { rev; }"),
            cell("turn round"),
            cell("docker compose exec db psql", "You are now in psql in db."),
            cell("select 1;"),
            cell("\\q", "You are back on your machine."),
            cell("%%edit docker-compose.yml\nservices: {}"),
        ]
    }


def test_versions_are_those_that_pages_ran_on(project: Project) -> None:
    project.record(spellings=("v2", "v1"))
    rows = page(project).select("table.seatrial-overview tbody tr")
    assert [texts(row, "td")[0].strip() for row in rows] == ["docker compose", "docker-compose"]
    assert "Docker 26.1.5, Compose 2.26.1" in rows[0].get_text()
    assert [cell.strip() for cell in texts(rows[0], "td")[2:]] == ["2", "5", "22 November 2026"]


def cells(project: Project) -> list[list[str]]:
    table = one(page(project, "database"), "table.seatrial-overview")
    return [[cell.strip() for cell in texts(row, "th, td")] for row in table.select("tr")]


def test_a_matrix_is_filled_from_what_came_and_is_not_elided(project: Project) -> None:
    project.record({"docker compose build": ("context: 17 kB",)}, spellings=("v2", "v1"))
    assert cells(project) == [
        ["After", "volume", "layer"],
        ["restart, that is *again*", "kept", "kept"],
        ["down", "kept", "gone"],
    ]


def test_a_matrix_shows_where_the_spellings_differ(project: Project) -> None:
    project.record(spellings=("v2", "v1"))
    record = load(project.folder / "records", "database")
    assert record is not None
    run = record.runs["v1"]
    step = replace(run.items[1].steps[0], output=("volume: gone", "layer: gone"))
    items = (run.items[0], replace(run.items[1], steps=(step,)))
    save(
        project.folder / "records",
        replace(record, runs={**record.runs, "v1": sealed(replace(run, items=items))}),
    )
    assert cells(project)[2] == ["down", "kept (docker-compose: gone)", "gone"]


def test_a_matrix_names_the_first_command_that_was_enough(project: Project) -> None:
    project.page(TRIED, "database.rst")
    assert cells(project)[1][:2] == [".env-local", "not run yet"]
    project.record(spellings=("v2", "v1"))
    assert cells(project) == [
        ["You changed", "So type", "nothing", "restart", "up -d --wait"],
        [".env-local", "docker compose up -d --wait web", "no", "no", "yes"],
        ["Python code", "nothing", "yes", "–", "–"],
        ["not noticed", "touch views.py", "no", "–", "–"],
    ]


def test_a_matrix_has_the_columns_that_it_names(project: Project) -> None:
    chosen = "   :columns: ``up -d --wait``, nothing\n"
    project.page(TRIED.rstrip("\n") + f"\n{chosen}", "database.rst")
    project.record(spellings=("v2", "v1"))
    assert cells(project)[:2] == [
        ["You changed", "So type", "up -d --wait", "nothing"],
        [".env-local", "docker compose up -d --wait web", "yes", "no"],
    ]


def test_a_matrix_does_not_fill_a_row_that_has_not_run(project: Project) -> None:
    project.record(spellings=("v2", "v1"))
    changed = DATABASE.replace("report --down", "report --all")
    project.page(changed, "database.rst")
    assert cells(project)[2][:3] == ["down", "–", "–"]


def test_a_matrix_without_rows_is_a_warning(project: Project) -> None:
    project.page("A\n=\n\n.. run-matrix:: other\n", "database.rst")
    project.build()
    assert "database.rst:4: WARNING: no block of this page has a `:row:`" in project.said


def test_overviews_follow_a_record_that_changed(project: Project) -> None:
    assert "of which 0 proved" in page(project).get_text()
    project.record(spellings=("v2", "v1"))
    assert "of which 2 proved" in page(project).get_text()
    page(project)
    assert "index" not in project.written


def test_other_builders_show_overviews_too(project: Project) -> None:
    project.record(spellings=("v2", "v1"))
    assert "see this" in project.build("text")
