"""Literals in sentences: what counts as known, and what is said of the others."""

import json
import os
import re
from pathlib import Path

import pypandoc  # type: ignore[import-untyped]
import pytest

from seatrial.errors import SeatrialError
from seatrial.pages.prose import Corpus, complaints, lines_of_files, unknown
from seatrial.pages.reading import Tree
from seatrial.transcript.blocks import Literal
from seatrial.transcript.places import MACHINE
from seatrial.transcript.record import ItemRecord, Record, Run, StepRecord, save
from tests.unit.pages.test_pages import tree

ROOT = Path(__file__).resolve().parents[3]
# nbsphinx reads a notebook's text by pandoc, which comes as a Python package
PANDOC = Path(pypandoc.get_pandoc_path()).parent
RAN = """\
docker compose up -d --build
docker compose exec web env
docker compose exec db psql -U postgres db
DATABASE_URL=postgres://postgres:guestbook@db:5432/db
example_db-data:/var/lib/postgresql/data
  restart: unless-stopped
Container example-web-1  Started
Docker 28.5.2, see http://127.0.0.1:8000/health
.env-local
:not-run: it needs a screen
Usage:  docker compose run [OPTIONS] SERVICE [COMMAND] [ARGS...]
      --rm                    Remove the container
      --entrypoint string     Override the entrypoint
  -T, --no-TTY                No pseudo-TTY
  -e, --env stringArray       Set environment variables
usage:
  pip install [options] <requirement specifier> [package-index-options] ...
  --no-deps                   Don't install package dependencies.
$ docker-compose rm
Usage: rm [options] [SERVICE...]
    -s, --stop
bash postgres example
\0
--elsewhere
""".splitlines()


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus(RAN)


@pytest.mark.parametrize(
    "literal",
    [
        *("web", "db", "-d", "--build", "DATABASE_URL", "/health", "28.5.2"),
        *("/var/lib/postgresql/data", "/var/lib/postgresql", ":not-run:", ".env-local"),
        *("docker compose up -d --build", "restart: unless-stopped", "docker  compose\nup"),
        # no line has the whole, and every two words of it are beside each other in one
        "docker compose exec db psql -U postgres example",
        # from help texts: options in any order, some by one letter, and known arguments
        *("run --rm -T web", "docker compose run --rm --entrypoint bash web", "run -Te"),
        *("pip install --no-deps", "docker-compose rm --stop web"),
        # placeholders
        *("example-web-...", "docker compose exec SERVICE env", "Container NAME Started"),
        *("http://<host>:8000/health", "DATABASE_*", "DATABASE_URL=web"),
    ],
)
def test_what_ran_is_known(corpus: Corpus, literal: str) -> None:
    assert not unknown(literal, corpus)


@pytest.mark.parametrize(
    "literal",
    [
        # a sign too few, too many, another, two swapped
        *("docker compos up", "docker compose upp", "docker compose uq", "docker copmose up"),
        *("DATABSE_URL", "5433", "28.5.3", "/var/lib/postgres/data", "restart: unless-stoped"),
        # whole tokens: no parts of words, options, paths, versions, hidden files, compound names
        *("ompose", "-build", "--buil", "/postgresql/data", "28.5", "env-local", "not-ru"),
        *("up -d -build", "example-web", "docker compose up -d --buid"),
        # words that are known, and not beside each other
        *("compose docker up", "docker up", "docker compose exec web --build", "web env docker"),
        # options that a help text does not list, commands that none is about, unknown arguments
        *("run --rmi", "docker compose run --entrypoint bash wep", "run -Tx", "rnu --rm"),
        *(
            "pip install --rm",
            "docker-compose rm --elsewhere",
            "docker compsoe run --rm web",
            "docker rm --stop web",
        ),
        # around placeholders
        *("example-wep-...", "Container NAME Stared", "DATABSE_*", "DATABASE_URL=wep", "-P"),
    ],
)
def test_a_slip_is_noticed(corpus: Corpus, literal: str) -> None:
    assert unknown(literal, corpus)


@pytest.mark.parametrize(
    ("literal", "missing"),
    [
        *(("^C", False), ("^", True), ("/app", False), ("app", True), (":only:", False)),
        *(("only:", True), ("sub/lib", False), ("$?", False), ("$", True), ("1.29", False)),
        *(("29", True), ("1.2", True), ("host", False), ("compose", True), ("docker-x", False)),
    ],
)
def test_a_part_of_something_longer_is_not_known(literal: str, missing: bool) -> None:
    lines = ["^C or $?", "/app; sub/lib", ":only: v2", "version 1.29", "http://host", "docker-x"]
    assert unknown(literal, Corpus([*lines, "docker-compose"])) is missing


@pytest.mark.parametrize(
    ("source", "text", "remedy"),
    [
        ("a.rst", "docker compsoe", "was `compose` meant? if it is right, write :unproved:`docker"),
        ("a.md", "harbour", "if it is right, write {unproved}`harbour <why nothing here runs it>`"),
        ("a.ipynb", "harbour", "if it is right, name it in `seatrial_prose_known`"),
    ],
)
def test_a_message_has_place_literal_and_remedy(
    corpus: Corpus, source: str, text: str, remedy: str
) -> None:
    (said,) = complaints([Literal(text, source, 7), Literal("web", source, 8)], corpus)
    assert said.startswith(f"{source}:7: `{text}` occurs in nothing that ran\n  hint: {remedy}")


def test_a_mark_is_for_what_is_unknown(corpus: Corpus) -> None:
    assert complaints([Literal("harbour", "a.rst", 7, "no ship here")], corpus) == []
    (said,) = complaints([Literal("web", "a.rst", 7, "no ship here")], corpus)
    assert said.startswith("a.rst:7: `web` is marked as unproved, and occurs in what ran")


# --- pages ----------------------------------------------------------------------------------------

NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["Words.\n", 'See `"stored"` there.']},
        {
            "cell_type": "code",
            "metadata": {},
            "execution_count": None,
            "source": ["echo typed-in-a-cell"],
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["came-of-a-cell\n"]},
            ],
        },
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}
RST = """\
Title with ``in-a-title``
=========================

* A list with ``long words that go
  on`` and :unproved:`docker swarm <there is
  one machine>`, ``**``.

.. claim:: A claim of ``in-a-claim``.

   $ echo typed-here
   typed-here

.. edit:: made-here.txt

   written-here

.. console::
   :not-run: it is left out
   :timeout: 90

   $ never-ran

.. code-block:: text

   ``shown``

:doc:`index` and :unproved:`an \\example <of backslashes>`.
"""
MYST = "# Title\n\n{unproved}`docker swarm <one\nmachine>` or\n`plain`.\n"


@pytest.fixture(autouse=True)
def _pandoc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}{os.pathsep}{PANDOC}")


def site(folder: Path, **settings: object) -> Tree:
    """Read a project of three pages, of which one has run."""
    output = ("came-of-a-record",)
    step = StepRecord("echo typed-here", output, 0, MACHINE, 0.1)
    run = Run("2026-11-22", {}, (ItemRecord("0", (step,)),))
    save(folder / "records", Record("index", {"v2": run}))
    (folder / "sample").mkdir()
    (folder / "sample/compose.yaml").write_text("services: {in_the_sample: {}}\n")
    (folder / "sample/picture.gif").write_bytes(b"\xff\xfe")
    (folder / "more.txt").write_text("in_a_source\n")
    files = {"index.rst": RST, "more.md": MYST, "book.ipynb": json.dumps(NOTEBOOK, indent=1)}
    settings = {
        "seatrial_prose": ["*"],
        "seatrial_prose_sources": ["more.txt"],
        "seatrial_prose_known": ["in_a_setting"],
        "seatrial_project": "sample",
        "nbsphinx_execute": "never",
        **settings,
    }
    return tree(folder, files, "seatrial.sphinx_ext", "myst_parser", "nbsphinx", **settings)


def test_literals_have_places_and_reasons(tmp_path: Path) -> None:
    found = [each for page in site(tmp_path).pages for each in page.literals]
    assert found == [
        Literal('"stored"', "book.ipynb", 8),
        Literal("in-a-title", "index.rst", 1),
        Literal("long words that go on", "index.rst", 4),
        Literal("docker swarm", "index.rst", 5, "there is one machine"),
        Literal("**", "index.rst", 6),
        Literal("in-a-claim", "index.rst", 8),
        Literal("an \\example", "index.rst", 27, "of backslashes"),
        Literal("docker swarm", "more.md", 3, "one machine"),
        Literal("plain", "more.md", 5),
    ]


def test_what_counts_as_known(tmp_path: Path) -> None:
    corpus = site(tmp_path).corpus()
    for literal in (
        *("echo typed-here", "came-of-a-record", "made-here.txt", "written-here"),
        *("typed-in-a-cell", "came-of-a-cell", "in_the_sample", "compose.yaml", "in_a_source"),
        *("in_a_setting", ".. claim::", "index.rst"),
    ):
        assert not unknown(literal, corpus), literal
    for literal in ("never-ran", "in-a-title", "shown", ":timeout: 90", '"stored"'):
        assert unknown(literal, corpus), literal


def test_only_chosen_pages_are_checked(tmp_path: Path) -> None:
    pages = site(tmp_path, seatrial_prose=["m*"]).pages
    assert [page.name for page in pages if page.literals] == ["more"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"seatrial_prose": ["index.rst"]}, "conf.py: `seatrial_prose` names no page: index.rst"),
        ({"seatrial_prose": ["*", "x"]}, "conf.py: `seatrial_prose` names no page: x"),
        ({"seatrial_prose": True}, "conf.py: `seatrial_prose` is not a list: True"),
        ({"seatrial_prose_known": "web"}, "conf.py: `seatrial_prose_known` is not a list: 'web'"),
        (
            {"seatrial_prose_sources": ["none.txt"]},
            "conf.py: `seatrial_prose_sources` names what is not there: none.txt",
        ),
    ],
)
def test_a_setting_that_makes_no_sense_is_one_sentence(
    tmp_path: Path, settings: dict[str, object], said: str
) -> None:
    with pytest.raises(SeatrialError) as raised:
        site(tmp_path, **settings).corpus()
    assert str(raised.value).split("\n")[0] == said


def test_a_source_beside_the_documentation_is_named_as_seen_from_its_project(
    tmp_path: Path,
) -> None:
    for name in (".ci/run", "src/tool/main.py", "src/node_modules/x.js"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"in {name}\n")
    (tmp_path / "docs").mkdir()
    lines = [
        line
        for name in ("src", ".ci/run")
        for line in lines_of_files(tmp_path / "docs" / ".." / name, tmp_path / "docs")
    ]
    assert lines == ["\0", "src/tool/main.py", "in src/tool/main.py", "\0", ".ci/run", "in .ci/run"]


@pytest.mark.parametrize("text", ["docker swarm", "docker swarm < >"])
def test_a_mark_without_a_reason_is_a_problem_of_its_page(tmp_path: Path, text: str) -> None:
    (page,) = tree(tmp_path, {"index.rst": f"A\n=\n\n:unproved:`{text}`\n"}).pages
    (problem,) = page.problems
    assert problem.startswith(f"index.rst:4: `{text}` does not say why it is unproved; write ")


# --- this guide -----------------------------------------------------------------------------------


def test_few_literals_of_this_guide_are_marked() -> None:
    pages = [ROOT / "index.rst"]
    for folder in ("explanation", "how-to", "reference"):
        pages += [*(ROOT / folder).rglob("*.rst"), *(ROOT / folder).rglob("*.md")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    marks = re.findall(r":unproved:`|\{unproved\}`", text)
    assert 0 < len(marks) <= 60
