"""What a page shows of its blocks, from records alone."""

import io
import json
import logging
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from seatrial.pages.highlighting import highlighted
from seatrial.pages.marks import claim_anchor
from seatrial.pages.reading import read
from seatrial.transcript.blocks import Block, in_spelling
from seatrial.transcript.events import Sighting
from seatrial.transcript.places import MACHINE, Container, Place
from seatrial.transcript.record import (
    ItemRecord,
    Record,
    Run,
    StepRecord,
    digest_of,
    load,
    save,
    sealed,
)
from seatrial.transcript.steps import Step, parse

TOOLS = {
    "v2": {"Docker": "26.1.5", "Compose": "2.26.1"},
    "v1": {"Docker": "20.10.24", "Compose": "1.29.2"},
}

PAGE = """
A page
======

Before the first block.

.. console::

   $ docker compose run --rm web python manage.py shell
   ...
   >>> for name in ["Ada"]:
   ...     print(name)
   ...
   Ada
   >>> exit()
   $ hostname
   box-...-1
   $ cat /no/such/file
   cat: /no/such/file: No such file or directory
   [1]

.. claim:: Echo says what it is told, see :ref:`edits`.

   $ echo hello
   hello

.. _edits:

Edits
-----

.. edit:: docker-compose.yml
   :new: 2,3
   :was: ports: []

   db:
     ports:
       - "127.0.0.1:5432:5432"
     image: postgres:17

.. console::
   :not-run: it takes three machines & a cluster

   $ docker stack deploy -c stack.yml example
"""
CAME = {
    "docker compose run --rm web python manage.py shell": (
        "5 objects imported automatically",
        "(use -v 2 for details).",
    ),
    "hostname": ("box-77-1",),
}


@dataclass
class Project:
    """A documentation project in a folder of its own."""

    folder: Path
    said: str = ""
    # what the last build warned of
    written: list[str] = field(default_factory=list)
    # the pages that the last build wrote

    def configure(self, *extensions: str, **settings: object) -> None:
        """Write conf.py."""
        named = {
            "extensions": extensions or ("seatrial.sphinx_ext",),
            "html_theme": "basic",
            "html_use_index": False,
        }
        lines = [f"{name} = {value!r}\n" for name, value in {**named, **settings}.items()]
        (self.folder / "conf.py").write_text("".join(lines), encoding="utf-8")

    def page(self, text: str, name: str = "index.rst") -> None:
        """Write a page."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def record(
        self,
        came: Mapping[str, tuple[str, ...]] | None = None,
        *,
        spellings: tuple[str, ...] = ("v2",),
    ) -> None:
        """Keep a run of every page that gave what it promises, or what `came` says."""
        for page in read(self.folder).pages:
            runs = {}
            for spelling in spellings:
                items = [
                    ItemRecord(
                        item.digest,
                        tuple(
                            gave(step, came or {})
                            for step in parse(in_spelling(item, spelling, "example"))  # type: ignore[arg-type]
                        )
                        if isinstance(item, Block) and not item.not_run
                        else (),
                    )
                    for item in page.items
                ]
                runs[spelling] = sealed(Run("2026-11-22", TOOLS[spelling], tuple(items)))
            save(self.folder / "records", Record(page.name, runs))

    def build(self, builder: str = "html", *, parallel: int = 1) -> str:
        """Build the project and return the text of its first page, if the builder makes one."""
        said = io.StringIO()
        self.written = []
        with (
            patch_docutils(self.folder),
            docutils_namespace(),
            warnings.catch_warnings(),
            only_warnings(),
        ):
            warnings.simplefilter("ignore")  # Sphinx's and other extensions' own
            app = Sphinx(
                self.folder,
                self.folder,
                self.folder / "_build" / builder,
                self.folder / "_build" / "doctrees",
                builder,
                status=None,
                warning=said,
                parallel=parallel,
            )
            app.connect("html-page-context", lambda _app, page, *_: self.written.append(page))
            app.build()
        self.said = re.sub(r"\x1b\[[\d;]*m", "", said.getvalue())
        for name in ("index.html", "index.txt"):
            if (path := self.folder / "_build" / builder / name).exists():
                return path.read_text(encoding="utf-8")
        return ""

    def soup(self) -> BeautifulSoup:
        """Build the project and return its first page, parsed."""
        return BeautifulSoup(self.build(), "html.parser")


@contextmanager
def only_warnings() -> Iterator[None]:
    """Have Sphinx make no message of what nobody reads: of a small build, a tenth of the time."""
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def gave(step: Step, came: Mapping[str, tuple[str, ...]]) -> StepRecord:
    """Return what a step gave, by default just what it promises."""
    in_front = step.program == "Python" and "exit" not in step.command
    new = Container("web", one_off=True)
    place = Place("Python", new) if step.program == "Python" else MACHINE
    acts = ("create", "start") if "run --rm" in step.command else ("die", "destroy")
    did = (Sighting("container", "web", acts, one_off=True),)
    told = "run --rm" in step.command or step.command == "exit()"
    return StepRecord(
        command=step.command,
        output=came.get(step.command, step.promise),
        status=None if in_front else step.status or 0,
        place=place,
        seconds=0.1,
        sightings=did if told else (),
    )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project with a sample project beside its pages."""
    (tmp_path / "example").mkdir()
    made = Project(tmp_path)
    made.configure(seatrial_project="example", exclude_patterns=["_build", "example"])
    return made


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> BeautifulSoup:
    """A recorded page with something of everything."""
    project = Project(tmp_path_factory.mktemp("shown"))
    project.configure()
    project.page(PAGE)
    project.record(CAME)
    soup = project.soup()
    assert project.said == ""
    return soup


def one(found: BeautifulSoup | Tag, selector: str) -> Tag:
    """The one element that a selector finds."""
    tags = found.select(selector)
    assert len(tags) == 1, f"{len(tags)} of {selector}"
    return tags[0]


def texts(found: BeautifulSoup | Tag, selector: str) -> list[str]:
    """The texts of the elements that a selector finds."""
    return [tag.get_text() for tag in found.select(selector)]


# --- a block that ran -----------------------------------------------------------------------------


def test_prompts_stand_apart_from_commands(shown: BeautifulSoup) -> None:
    block = shown.select("figure")[0]
    assert texts(block, ".seatrial-command") == [
        "docker compose run --rm web python manage.py shell",
        'for name in ["Ada"]:',
        "    print(name)",
        "",
        "exit()",
        "hostname",
        "cat /no/such/file",
    ]
    assert texts(block, ".seatrial-prompt") == ["$ ", ">>> ", "... ", "...", ">>> ", "$ ", "$ "]


def test_a_transcript_reads_as_it_was_typed_without_any_style_sheet(shown: BeautifulSoup) -> None:
    lines = one(shown.select("figure")[0], ".seatrial-transcript").get_text().splitlines()
    assert [line for line in lines if line] == [
        "your machine",
        "$ docker compose run --rm web python manage.py shell",
        "new container of web Python",
        "… 2 lines5 objects imported automatically",
        "(use -v 2 for details).",
        '>>> for name in ["Ada"]:',
        "...     print(name)",
        "...",
        "Ada",
        ">>> exit()",
        "this container is gone now",
        "your machine",
        "$ hostname",
        "box-77-1",
        "$ cat /no/such/file",
        "cat: /no/such/file: No such file or directory",
        "exit status 1",
    ]


def test_elided_lines_are_folded_under_their_number(shown: BeautifulSoup) -> None:
    folded = one(shown, ".seatrial-elided")
    assert not folded.has_attr("open")
    assert one(folded, "summary").get_text() == "… 2 lines"
    assert one(folded, "pre").get_text().splitlines() == list(next(iter(CAME.values())))


def test_what_is_elided_within_a_line_is_shown_in_place(shown: BeautifulSoup) -> None:
    varied = one(shown, ".seatrial-varied")
    assert varied.get_text() == "77"
    assert varied.parent is not None
    assert varied.parent.get_text() == "box-77-1\n"


def test_a_promised_exit_status_is_said_in_words(shown: BeautifulSoup) -> None:
    assert texts(shown, ".seatrial-status") == ["exit status 1\n"]


def test_places_are_frames_in_frames_and_their_names_are_announced(shown: BeautifulSoup) -> None:
    machine = one(shown.select("figure")[0], ".seatrial-transcript > .seatrial-frame")
    assert (machine["data-kind"], machine["aria-label"]) == ("machine", "your machine")
    inner = one(machine, ".seatrial-frame > .seatrial-frame")
    assert (inner["data-kind"], inner["aria-label"]) == ("made", "new container of web, Python")
    assert {frame["role"] for frame in shown.select(".seatrial-frame")} == {"group"}
    assert texts(inner, ".seatrial-command") == [
        *texts(inner, ".seatrial-stretch .seatrial-command")
    ]


def test_a_stretch_holds_the_lines_of_one_program(shown: BeautifulSoup) -> None:
    stretches = shown.select("figure")[0].select(".seatrial-stretch")
    assert [texts(each, ".seatrial-command")[0] for each in stretches] == [
        "docker compose run --rm web python manage.py shell",
        'for name in ["Ada"]:',
        "hostname",
    ]


def test_a_password_is_no_command_and_what_follows_it_is_pasted_by_itself(project: Project) -> None:
    project.page(
        "Page\n====\n\n.. console::\n\n   $ psql -h 127.0.0.1\n   Password: s3cret\n"
        "   db=# select 1;\n   1\n   db=# \\q\n   $ true\n"
    )
    soup = project.soup()
    assert [texts(each, ".seatrial-command") for each in soup.select(".seatrial-stretch")] == [
        ["psql -h 127.0.0.1"],
        ["select 1;", "\\q"],
        ["true"],
    ]
    assert texts(soup, ".seatrial-secret") == ["s3cret"]


def test_a_page_says_once_when_and_on_what_it_ran(shown: BeautifulSoup) -> None:
    status = one(shown, ".seatrial-page")
    assert one(status, ".seatrial-page-run").get_text() == (
        "ran on 22 November 2026, Docker 26.1, Compose 2.26"
    )
    assert one(status, "time")["datetime"] == "2026-11-22"
    assert status.find_previous_sibling() is not None
    assert status.find_previous_sibling().name == "h1"  # type: ignore[union-attr]
    assert one(status, "summary").get_text() == "1 line not run"
    assert texts(status, "li") == ["1 line: it takes three machines & a cluster"]
    assert status.select(".seatrial-switch") == []
    assert not any("ran on" in caption for caption in texts(shown, "figcaption"))


def test_what_docker_did_is_told_in_words_and_in_the_engines_own_below(project: Project) -> None:
    project.page(
        "Page\n====\n\n.. console::\n\n   $ docker compose up -d; hostname\n   box-...-1\n"
    )
    project.record()
    record = load(project.folder / "records", "index")
    assert record is not None
    item = record.runs["v2"].items[0]
    did = (
        Sighting("container", "db", ("kill", "stop", "die", "destroy")),
        Sighting("container", "db", ("create", "rename", "start")),
    )
    item = replace(item, steps=(replace(item.steps[0], sightings=did),))
    run = sealed(replace(record.runs["v2"], items=(item,)))
    save(project.folder / "records", replace(record, runs={"v2": run}))
    did_fold = one(project.soup(), ".seatrial-did")
    assert one(did_fold, "summary").get_text() == "db was recreated"
    assert texts(did_fold, "li li") == [
        "container db: kill, stop, die, destroy",
        "container db: create, rename, start",
    ]


def test_lines_after_a_key_are_pasted_by_themselves(project: Project) -> None:
    project.page("Page\n====\n\n.. console::\n\n   $ tail -f log\n   one\n   ^C\n   $ true\n")
    stretches = project.soup().select(".seatrial-stretch")
    assert [texts(each, ".seatrial-command") for each in stretches] == [["tail -f log"], ["true"]]


def test_what_a_frame_shows_is_not_told_again_and_all_else_is(project: Project) -> None:
    project.page(
        "Page\n====\n\n.. console::\n\n   $ docker compose exec web hostname\n   ...\n"
        "   $ docker compose exec web hostname > file\n"
    )
    project.record({"docker compose exec web hostname": ("box",)})
    record = load(project.folder / "records", "index")
    assert record is not None
    ran = (Sighting("container", "web", ("exec_create", "exec_start", "exec_die")),)
    item = record.runs["v2"].items[0]
    for framed, told in ((item.steps[:1], []), (item.steps, ["web ran a command"])):
        steps = tuple(replace(step, sightings=ran) for step in framed)
        rest = tuple(replace(step, sightings=()) for step in item.steps[len(framed) :])
        run = sealed(replace(record.runs["v2"], items=(replace(item, steps=(*steps, *rest)),)))
        save(project.folder / "records", replace(record, runs={"v2": run}))
        assert texts(project.soup(), ".seatrial-did > summary") == told


def test_a_page_has_no_buttons_until_a_script_makes_them(shown: BeautifulSoup) -> None:
    assert shown.select("figure button") == []


def test_code_that_looks_like_markup_is_shown_as_text(project: Project) -> None:
    project.page('Page\n====\n\n.. console::\n\n   $ echo "<b>&amp;"\n   <b>&amp;\n')
    project.record()
    soup = project.soup()
    assert texts(soup, ".seatrial-command") == ['echo "<b>&amp;"']
    assert texts(soup, ".seatrial-output") == ["<b>&amp;\n"]


def test_a_list_that_python_prints_is_no_exit_status(project: Project) -> None:
    project.page(
        "Page\n====\n\n.. console::\n\n   $ python3\n   >>> print('x')\n   x\n"
        "   >>> [1]\n   [1]\n   >>> exit()\n"
    )
    project.record({"[1]": ("[1]",)})
    soup = project.soup()
    assert soup.select(".seatrial-status") == []
    assert texts(soup, ".seatrial-output") == ["x\n", "[1]\n"]
    assert project.said == ""


def test_a_key_is_no_command_and_what_came_before_it_is_there(project: Project) -> None:
    project.page("Page\n====\n\n.. console::\n\n   $ tail -f log\n   one\n   ^C\n")
    project.record({"tail -f log": ("one", "two")})
    soup = project.soup()
    assert texts(soup, ".seatrial-command") == ["tail -f log"]
    assert texts(soup, "kbd") == ["^C"]
    assert texts(soup, ".seatrial-elided pre") == ["two\n"]


def test_empty_lines_of_a_transcript_are_kept(project: Project) -> None:
    project.page("Page\n====\n\n.. console::\n\n   $ echo one\n   one\n\n   $ true\n")
    project.record()
    assert "one\n\n$ true" in one(project.soup(), ".seatrial-transcript").get_text()


def test_a_label_before_a_block_can_be_linked_to(project: Project) -> None:
    project.page(
        "Page\n====\n\nSee :ref:`this <here>`.\n\n.. _here:\n\n.. console::\n\n   $ true\n"
    )
    project.record()
    soup = project.soup()
    assert soup.select('a[href="#here"]')
    assert soup.select("#here")


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("bash", ["cat > f <<'EOF'", "", "  a $b", "EOF"]),
        ("python", ["def f():", "    '''one", "", "    two'''", ""]),
        ("postgresql", ["\\d", "select '<a>'", "", "from t;"]),
        ("no such language", ["a", "", ""]),
        ("bash", [""]),
    ],
)
def test_highlighting_changes_no_character_of_a_line(language: str, lines: list[str]) -> None:
    marked = highlighted(language, lines)
    # a parser takes spaces for none unless they are preformatted
    shown = [BeautifulSoup(f"<pre>{line}</pre>", "html.parser").get_text() for line in marked]
    assert shown == lines


# --- claims, edits, starting points ---------------------------------------------------------------


def test_a_claim_is_prose_with_a_mark_that_opens_its_proof(shown: BeautifulSoup) -> None:
    claim = one(shown, ".seatrial-claim")
    assert one(claim, "p").get_text() == "Echo says what it is told, see Edits."
    assert one(claim, "p a")["href"] == "#edits"
    assert "proved: show the run" in one(claim, "details > summary").get_text()
    assert texts(claim, "details > figure .seatrial-command") == ["echo hello"]


def test_a_claim_has_an_address_that_follows_from_its_sentence(shown: BeautifulSoup) -> None:
    sentence = "Echo says what it is told, see :ref:`edits`."
    assert one(shown, ".seatrial-claim")["id"] == claim_anchor(sentence)
    assert claim_anchor(sentence) == "claim-echo-says-what-it-is-told-see-ref-edits"


def test_two_claims_of_one_sentence_have_two_addresses(project: Project) -> None:
    claim = ".. claim:: It is true.\n\n   $ true\n\n"
    project.page(f"Page\n====\n\n{claim}{claim}")
    project.record()
    ids = [tag["id"] for tag in project.soup().select(".seatrial-claim")]
    assert ids == ["claim-it-is-true", "claim-it-is-true-2"]


def test_a_claim_without_a_run_says_that_it_is_not_proved(project: Project) -> None:
    project.page("Page\n====\n\n.. claim:: It is true.\n\n   $ true\n")
    assert texts(project.soup(), "summary") == ["not proved yet"]


def test_the_new_lines_of_an_edit_are_marked_by_more_than_colour(shown: BeautifulSoup) -> None:
    edit = one(shown, "figure.seatrial-edit")
    assert one(edit, "pre").get_text().splitlines() == [
        "  db:",
        "-   ports: []",
        "+   ports:",
        '+     - "127.0.0.1:5432:5432"',
        "    image: postgres:17",
    ]
    assert one(edit, "figcaption").get_text() == "docker-compose.yml the new lines marked"
    assert texts(edit, "ins.seatrial-command") == ["  ports:", '    - "127.0.0.1:5432:5432"']


def test_a_page_says_what_it_starts_from(project: Project) -> None:
    project.page(
        "Page\n====\n\n.. sandbox:: the services, up and *migrated*\n\n   $ docker compose up -d\n"
    )
    project.record()
    soup = project.soup()
    assert one(soup, ".seatrial-sandbox > p").get_text() == (
        "Starts from: the services, up and migrated"
    )
    assert texts(soup, ".seatrial-sandbox > details .seatrial-command") == ["docker compose up -d"]


def test_a_page_that_starts_from_nothing_says_so_in_one_line(project: Project) -> None:
    project.page("Page\n====\n\n.. sandbox::\n\nText.\n")
    sandbox = one(project.soup(), ".seatrial-sandbox")
    assert sandbox.get_text().strip() == "This page starts from nothing."
    assert sandbox.select("details") == []


# --- what did not run -----------------------------------------------------------------------------


def test_a_block_that_is_never_run_gives_its_reason(shown: BeautifulSoup) -> None:
    block = shown.select("figure")[-1]
    assert one(block, "figcaption").get_text() == "not run: it takes three machines & a cluster"


def test_a_page_that_was_never_run_says_so_once(project: Project) -> None:
    project.page("Page\n====\n\n.. console::\n\n   $ true\n\n.. console::\n\n   $ false\n   [1]\n")
    soup = project.soup()
    assert texts(soup, "figcaption") == ["not run yet", "not run yet"]
    (line,) = project.said.strip().splitlines()
    assert line.startswith(f"{project.folder / 'index.rst'}:6: WARNING: ")
    assert "no block of this page has run yet; type `pytest --seatrial-record index.rst`" in line
    assert line.endswith("[seatrial.stale]")


def test_a_project_says_itself_how_a_page_is_recorded(project: Project) -> None:
    project.configure(seatrial_record_command="make record PAGES={page}")
    project.page("Page\n====\n\n.. console::\n\n   $ true\n")
    project.build()
    assert "; type `make record PAGES=index.rst` [seatrial.stale]" in project.said


def test_a_block_that_changed_since_it_ran_warns_at_its_own_line(project: Project) -> None:
    project.page("Page\n====\n\n.. console::\n\n   $ true\n\n.. console::\n\n   $ echo a\n   a\n")
    project.record()
    text = (project.folder / "index.rst").read_text(encoding="utf-8")
    project.page(text.replace("echo a", "echo  a"))
    soup = project.soup()
    assert texts(soup, "figcaption") == ["not run yet"]
    assert texts(soup, ".seatrial-page .seatrial-unproved") == ["1 block: not run yet"]
    (line,) = project.said.strip().splitlines()
    assert line.startswith(f"{project.folder / 'index.rst'}:10: WARNING: this block has not run")


def test_a_record_of_another_output_proves_nothing(project: Project) -> None:
    project.page("Page\n====\n\n.. claim:: It says a.\n\n   $ echo a\n   a\n")
    project.record({"echo a": ("b",)})
    soup = project.soup()
    assert texts(soup, "figcaption") == ["changed since it last ran"]
    assert texts(soup, "summary") == ["not proved yet"]
    assert "gave something else than the page shows" in project.said


def test_the_warning_can_be_silenced_by_its_name(project: Project) -> None:
    project.configure(suppress_warnings=["seatrial.stale"])
    project.page("Page\n====\n\n.. console::\n\n   $ true\n")
    assert texts(project.soup(), "figcaption") == ["not run yet"]
    assert project.said == ""


def test_a_stale_page_warns_at_every_build(project: Project) -> None:
    project.page("Page\n====\n\n.. console::\n\n   $ true\n")
    project.build()
    project.build()
    assert project.said.count("[seatrial.stale]") == 1


def test_a_broken_record_is_one_clear_warning(project: Project) -> None:
    project.page("Page\n====\n\n.. console::\n\n   $ true\n\n.. console::\n\n   $ true\n")
    (project.folder / "records").mkdir()
    (project.folder / "records" / "index.json").write_text('{"format": 0}', encoding="utf-8")
    soup = project.soup()
    assert texts(soup, "figcaption") == ["not run yet", "not run yet"]
    assert project.said.count("WARNING") == 1
    assert "records/index.json: is not a record of this format" in project.said
    assert "[seatrial.record]" in project.said


def test_a_record_of_format_1_is_shown_and_told_once_at_every_build(project: Project) -> None:
    project.page("Page\n====\n\n.. console::\n\n   $ true\n\n.. console::\n\n   $ true\n")
    project.record()
    file = project.folder / "records" / "index.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    (run,) = record["runs"].values()
    run = {name: run[name] for name in ("ran", "tools", "items")}
    for item in run["items"]:
        del item["seal"]
        for step in item["steps"]:
            step["place"] = "your machine"
    record |= {"format": 1, "runs": {"v2": run}}
    file.write_text(json.dumps(record), encoding="utf-8")
    for _ in range(2):
        soup = project.soup()
        assert all("ran on" in text for text in texts(soup, "figcaption"))
        (line,) = project.said.strip().splitlines()
        assert (
            "the record of index has format 1, whose runs carry no digest: nothing tells whether "
            "it was changed; type `pytest --seatrial-record index.rst` [seatrial.record]" in line
        )


def test_a_block_that_begins_with_output_is_shown_with_a_warning(project: Project) -> None:
    project.page("Page\n====\n\n.. console::\n\n   hello\n   $ echo hello\n")
    soup = project.soup()
    assert one(soup, ".seatrial-transcript").get_text().strip() == "hello\n$ echo hello"
    assert "the block begins with output: 'hello'" in project.said
    assert "[seatrial.transcript]" in project.said


def test_a_setting_that_makes_no_sense_is_one_sentence(project: Project) -> None:
    project.configure(seatrial_project="no-such-folder")
    project.page("Page\n====\n")
    with pytest.raises(Exception, match="names a folder that is not there: no-such-folder"):
        project.build()


# --- both spellings of Compose --------------------------------------------------------------------

BOTH = """
Page
====

.. console::

   $ docker compose ps --format '{{.Name}}'
   example-web-1

.. console::

   $ echo the same in both
   the same in both
"""


@pytest.fixture
def bilingual(project: Project) -> Project:
    """A project that was run in both spellings."""
    project.configure(seatrial_project="example", seatrial_spellings=("v2", "v1"))
    project.page(BOTH)
    project.record(spellings=("v2", "v1"))
    return project


def halves(soup: BeautifulSoup) -> list[Tag]:
    """The blocks that a page has in both spellings, each of which the switch may show."""
    return soup.select("figure[data-spelling]")


def test_compose_commands_stand_there_twice_each_with_its_own_run(bilingual: Project) -> None:
    soup = bilingual.soup()
    assert bilingual.said == ""
    assert [half["data-spelling"] for half in halves(soup)] == ["v2", "v1"]
    assert texts(soup, ".seatrial-label") == ["docker compose", "docker-compose"]
    assert [texts(half, ".seatrial-command") for half in halves(soup)] == [
        ["docker compose ps --format '{{.Name}}'"],
        ["docker-compose ps --format '{{.Name}}'"],
    ]
    assert [texts(half, ".seatrial-output") for half in halves(soup)] == [
        ["example-web-1\n"],
        ["example_web_1\n"],
    ]
    status = {p["data-spelling"]: p.get_text() for p in soup.select(".seatrial-page-run")}
    assert ["Docker 26.1" in status["v2"], "Docker 20.10" in status["v1"]] == [True, True]
    assert "out of support since July 2023" in status["v1"]
    # one switch, and no other
    assert len(soup.select(".seatrial-page .seatrial-switch")) == 1
    assert soup.select("[role=tab]") == []


def test_each_spelling_shows_what_its_own_run_gave(bilingual: Project) -> None:
    bilingual.record(
        {"docker-compose ps --format '{{.Name}}'": ("Name", "example_web_1")},
        spellings=("v2", "v1"),
    )
    assert [texts(half, ".seatrial-output") for half in halves(bilingual.soup())] == [
        ["example-web-1\n"],
        ["Name\nexample_web_1\n"],
    ]
    assert bilingual.said == ""


def test_a_block_that_is_the_same_in_both_stands_there_once(bilingual: Project) -> None:
    soup = bilingual.soup()
    assert len(halves(soup)) == 2
    assert len(soup.select("figure")) == 3


def test_a_block_stands_there_twice_where_its_output_alone_differs(bilingual: Project) -> None:
    bilingual.page(
        "Page\n====\n\n.. console::\n\n   $ docker ps --format '{{.Names}}'\n   example-web-1\n"
    )
    bilingual.record(spellings=("v2", "v1"))
    assert [texts(half, ".seatrial-output") for half in halves(bilingual.soup())] == [
        ["example-web-1\n"],
        ["example_web_1\n"],
    ]


def test_of_two_spellings_one_does_not_wait(bilingual: Project) -> None:
    bilingual.page("Page\n====\n\n.. console::\n\n   $ docker compose up -d --wait\n   ...\n")
    bilingual.record(spellings=("v2", "v1"))
    soup = bilingual.soup()
    assert texts(soup, "figure[data-spelling=v1] .seatrial-command") == ["docker-compose up -d"]


def test_a_spelling_shows_the_exit_status_that_came_of_its_own_run(bilingual: Project) -> None:
    bilingual.page("Page\n====\n\n.. console::\n\n   $ docker compose exec web false\n   [1]\n")
    bilingual.record(spellings=("v2", "v1"))
    record = load(bilingual.folder / "records", "index")
    assert record is not None
    run = record.runs["v1"]
    item = replace(run.items[0], steps=(replace(run.items[0].steps[0], status=126),))
    runs = {**record.runs, "v1": sealed(replace(run, items=(item,)))}
    save(bilingual.folder / "records", replace(record, runs=runs))
    assert [texts(half, ".seatrial-status") for half in halves(bilingual.soup())] == [
        ["exit status 1\n"],
        ["exit status 126\n"],
    ]


def test_a_block_counts_once_in_a_pages_status_whatever_its_spellings(bilingual: Project) -> None:
    bilingual.page(
        "Page\n====\n\n.. console::\n\n   $ docker compose ps\n\n.. console::\n   :only: v1\n"
        "   :not-run: why\n\n   $ docker-compose scale web=3\n"
    )
    status = one(bilingual.soup(), ".seatrial-page")
    assert texts(status, ".seatrial-unproved") == ["1 block: not run yet"]
    assert one(status, "summary").get_text() == "1 line not run"


def test_a_ledger_in_one_page_links_to_claims_in_it(project: Project) -> None:
    project.page("Page\n====\n\n.. claims-ledger::\n\n.. claim:: It is true.\n\n   $ true\n")
    project.record()
    soup = BeautifulSoup(project.build("singlehtml"), "html.parser")
    assert [link["href"] for link in soup.select("a") if "It is true" in link.get_text()] == [
        "#claim-it-is-true"
    ]


def test_the_half_that_never_ran_says_so(bilingual: Project) -> None:
    record = load(bilingual.folder / "records", "index")
    assert record is not None
    (bilingual.folder / "records" / "index.json").unlink()
    save(bilingual.folder / "records", replace(record, runs={"v2": record.runs["v2"]}))
    soup = bilingual.soup()
    assert [texts(half, "figcaption") for half in halves(soup)] == [[], ["not run yet"]]
    assert [half["data-standing"] for half in halves(soup)] == ["ran", "never_ran"]
    assert "spelt `docker-compose`, no block of this page has run yet" in bilingual.said


def test_a_block_for_one_spelling_stands_alone_under_its_name(bilingual: Project) -> None:
    bilingual.page("Page\n====\n\n.. console::\n   :only: v1\n\n   $ docker-compose scale web=3\n")
    bilingual.record(spellings=("v2", "v1"))
    soup = bilingual.soup()
    assert soup.select("[role=tab]") == []
    assert texts(soup, ".seatrial-only") == ["docker-compose only"]
    assert bilingual.said == ""


# --- builds ---------------------------------------------------------------------------------------


def test_a_changed_record_writes_its_page_again_and_no_other(project: Project) -> None:
    project.page("Page\n====\n\n.. toctree::\n\n   other\n\n.. console::\n\n   $ id\n   ...\n")
    project.page("Other\n=====\n\n.. console::\n\n   $ true\n", "other.rst")
    project.record({"id": ("root",)})
    assert "root" in one(project.soup(), ".seatrial-elided").get_text()
    project.build()
    assert not {"index", "other"} & set(project.written)
    project.record({"id": ("nobody",)})
    assert "nobody" in one(project.soup(), ".seatrial-elided").get_text()
    assert "index" in project.written
    assert "other" not in project.written


def test_a_removed_record_leaves_its_page_not_run(project: Project) -> None:
    project.page("Page\n====\n\n.. console::\n\n   $ true\n")
    project.record()
    project.build()
    (project.folder / "records" / "index.json").unlink()
    assert texts(project.soup(), "figcaption") == ["not run yet"]


def test_a_build_that_was_cut_short_is_made_good(project: Project) -> None:
    project.page("Page\n====\n\n.. console::\n\n   $ true\n")
    project.record()
    project.build()
    # as if the record had come after the page was written
    page = project.folder / "_build" / "html" / "index.html"
    page.write_text("old", encoding="utf-8")
    now = (project.folder / "records" / "index.json").stat().st_mtime
    os.utime(project.folder / "index.rst", (now - 10, now - 10))
    os.utime(page, (now - 5, now - 5))
    assert "ran on" in project.build()


def test_pages_built_in_parallel_are_the_same(project: Project) -> None:
    project.page(PAGE + "\n.. toctree::\n   :glob:\n\n   more*\n")
    for number in range(8):
        project.page(f"More {number}\n======\n\n.. console::\n\n   $ true\n", f"more{number}.rst")
    project.record(CAME)
    alone = project.build()
    for folder in ("html", "doctrees"):
        (project.folder / "_build" / folder).rename(project.folder / "_build" / f"{folder}-before")
    assert project.build(parallel=2) == alone
    assert project.said == ""
    (project.folder / "records" / "more3.json").unlink()
    project.build()
    assert "more3" in project.written
    assert "more4" not in project.written


@pytest.mark.parametrize("builder", ["text", "latex", "man", "gettext", "linkcheck", "xml", "epub"])
def test_other_builders_show_places_as_words(project: Project, builder: str) -> None:
    project.configure(seatrial_spellings=("v2", "v1"), version="1", project="p")
    project.page(PAGE)
    project.record(CAME)
    text = project.build(builder)
    assert "seatrial" not in project.said
    written = {"text": "index.txt", "latex": "p.tex", "man": "p.1", "epub": "index.xhtml"}
    if builder in written:
        text = (project.folder / "_build" / builder / written[builder]).read_text(encoding="utf-8")
        plain = re.sub(r"<[^>]+>|\\", "", text)
        for shown in ("hostname", "deploy", "stack.yml", "new container of web", "gone now"):
            assert shown in plain, shown
    if builder == "text":
        assert (
            "   $ docker compose run --rm web python manage.py shell\n"
            "   [new container of web, Python]\n"
            "   ...\n"
            '   >>> for name in ["Ada"]:\n'
        ) in text
        assert "   [this container is gone now]\n   [your machine]\n   $ hostname\n" in text


def test_the_pages_of_an_epub_are_xml_and_have_no_switch(project: Project) -> None:
    project.configure(seatrial_spellings=("v2", "v1"), version="1", project="p")
    project.page(PAGE)
    project.record(CAME, spellings=("v2", "v1"))
    project.build("epub")
    page = (project.folder / "_build" / "epub" / "index.xhtml").read_text(encoding="utf-8")
    assert ElementTree.fromstring(page) is not None
    soup = BeautifulSoup(page, "html.parser")
    assert soup.find_all("button") == []
    assert soup.find_all("details") == []
    assert soup.find_all(class_=re.compile("seatrial-(frame|switch)")) == []
    assert "seatrial" not in " ".join(str(tag["href"]) for tag in soup.find_all("link"))
    assert " hidden=" not in page
    # when and where it ran, in words; what a page folds stands there
    assert "Ran on " in page
    assert "[new container of web, Python]" in soup.get_text()
    (transcript, *_) = soup.find_all("pre")
    assert "5 objects imported automatically" in transcript.get_text()


@pytest.mark.parametrize("builder", ["dirhtml", "singlehtml"])
def test_every_way_of_writing_html_shows_records(project: Project, builder: str) -> None:
    project.page(PAGE)
    project.record(CAME)
    text = project.build(builder)
    assert "ran on" in text
    assert "seatrial.css" in text
    assert project.said == ""


def test_one_line_in_conf_is_enough(project: Project) -> None:
    (project.folder / "conf.py").write_text('extensions = ["seatrial.sphinx_ext"]\n')
    project.page("Page\n====\n\n.. code-block:: console\n\n   $ true\n")
    project.record()
    assert "ran on" in project.build()
    assert project.said == ""
    static = project.folder / "_build" / "html" / "_static"
    assert (static / "seatrial.css").exists()
    assert (static / "seatrial.js").exists()


def test_a_page_without_blocks_asks_for_none_of_our_files(project: Project) -> None:
    project.page("Page\n====\n\nText.\n")
    assert "seatrial" not in project.build()


def test_fences_in_markdown_are_shown_like_directives(project: Project) -> None:
    project.configure("myst_parser", "seatrial.sphinx_ext")
    project.page(
        "# Page\n\n```console\n$ echo a\na\n```\n\n```{console}\n:terminal: 2\n$ echo b\nb\n```\n\n"
        "```{claim} It says c.\n$ echo c\nc\n```\n",
        "index.md",
    )
    project.record()
    soup = project.soup()
    assert texts(soup, ".seatrial-command") == ["echo a", "echo b", "echo c"]
    assert texts(soup, ".seatrial-output") == ["a\n", "b\n", "c\n"]
    assert len(soup.select(".seatrial-claim")) == 1
    assert project.said == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("index.rst", "Page\n====\n\n:unproved:`docker swarm <one machine>`, ``docker swarm``\n"),
        ("index.md", "# Page\n\n{unproved}`docker swarm <one machine>`, `docker swarm`\n"),
    ],
)
def test_a_literal_that_is_marked_as_unproved_looks_like_any(
    project: Project, name: str, text: str
) -> None:
    project.configure("myst_parser", "seatrial.sphinx_ext")
    project.page(text, name)
    marked, plain = project.soup().select("p code")
    assert marked == plain
    assert project.said == ""


def test_every_elision_of_a_line_is_shown_where_it_stands(project: Project) -> None:
    project.page("Page\n====\n\n.. console::\n\n   $ ls\n   a ... b ... b\n   ...end\n   x ...\n")
    project.record({"ls": ("a 1 b 2 b 3 b", "the end  ", "x ")})
    soup = project.soup()
    assert texts(soup, ".seatrial-varied") == ["1", "2 b 3", "the "]
    assert texts(soup, ".seatrial-output") == ["a 1 b 2 b 3 b\nthe end\nx \n"]


# --- what no run stands behind --------------------------------------------------------------------


def test_a_record_that_was_changed_by_hand_is_never_shown(project: Project) -> None:
    project.page("Page\n====\n\n.. console::\n\n   $ hostname\n   ...\n")
    project.record(CAME)
    assert "box-77-1" in project.build()
    path = project.folder / "records" / "index.json"
    path.write_text(path.read_text().replace("box-77-1", "an invention"))
    soup = project.soup()
    assert "an invention" not in soup.text
    assert texts(soup, "figcaption") == ["its record was changed by hand"]
    assert "what the record holds of this block was changed since it was recorded; " in project.said
    assert "index.rst:6: WARNING" in project.said


def test_a_page_says_what_varies_until_its_sample_project_changes(project: Project) -> None:
    (project.folder / "example" / "names").write_text("Ada\n")
    page = ".. console::\n   :varies: the machine makes up its name\n\n   $ hostname\n   ...\n"
    project.page(f"Page\n====\n\n{page}")
    project.record(CAME)
    record = load(project.folder / "records", "index")
    assert record is not None
    depends = {"project": digest_of(project.folder / "example")}
    run = sealed(replace(record.runs["v2"], depends=depends))
    (project.folder / "records" / "index.json").unlink()
    save(project.folder / "records", Record("index", {"v2": run}))
    soup = project.soup()
    assert "output differs from run to run: the machine makes up its name" in soup.text
    assert project.said == ""
    (project.folder / "example" / "names").write_text("Grace\n")
    (project.folder / "records" / "index.json").touch()
    soup = project.soup()
    assert texts(soup, "figcaption") == ["changed since it last ran"]


@pytest.mark.parametrize(("value", "said"), [("3:", "say why its output differs"), ("", "")])
def test_what_varies_needs_a_reason(project: Project, value: str, said: str) -> None:
    project.page(f"Page\n====\n\n.. console::\n   :varies: {value}\n\n   $ hostname\n   ...\n")
    project.build()
    assert "invalid option value" in project.said
    assert said in project.said
