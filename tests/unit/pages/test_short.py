"""The short form of a page: what it names, how it is shown, and what is said of a mistake in it."""

from collections import Counter
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from seatrial.pages.reading import read
from seatrial.transcript.blocks import Block, Edit, Page, Short
from tests.unit.pages.test_pages import page
from tests.unit.test_sphinx_ext import Project, one, texts

FORM = """\
.. short:: The title is ``new``.

   the-line: Change the *value* in ``.env-local``.
   recreate: Let Compose recreate the container,
     and wait for it.
"""
START = """\
.. sandbox:: The site is *up*.

   $ docker compose up -d
"""
REST = """\
Why
---

.. edit:: .env-local
   :name: the-line
   :was: TITLE=old

   TITLE=new

.. console::
   :name: recreate

   $ docker compose up -d
   ...
   $ docker compose exec web python
   ...
   >>> 6 * 7
   42
   >>> exit()

.. claim:: The title is ``new``.

   $ docker logs example-web-1
   new
"""
PAGE = f"A page\n======\n\nWords.\n\n{START}\n{FORM}\n{REST}"


SETTINGS: dict[str, object] = {
    "seatrial_project": "example",
    "seatrial_spellings": ("v2", "v1"),
    "exclude_patterns": ["_build", "example"],
}


def lines(found: str, text: str) -> int:
    """Return the number of the line on which a text stands first."""
    return next(n for n, line in enumerate(found.splitlines(), 1) if text in line)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that shows pages in both spellings of Compose."""
    (tmp_path / "example").mkdir()
    made = Project(tmp_path)
    made.configure(**SETTINGS)
    return made


def short(project: Project, text: str = PAGE, *, record: bool = True) -> tuple[BeautifulSoup, Tag]:
    """Build a page, and return it and its short form."""
    project.page(text)
    if record:
        project.record(spellings=("v2", "v1"))
    soup = project.soup()
    return soup, one(soup, ".seatrial-short")


# --- what it names --------------------------------------------------------------------------------


def test_a_short_form_names_items_of_its_page_and_a_claim(tmp_path: Path) -> None:
    found = page(tmp_path, PAGE)
    assert found.problems == ()
    assert found.short == Short("index.rst", lines(PAGE, ".. short::"), (2, 3), 4)
    assert isinstance(found.items[1], Edit)
    assert isinstance(found.items[3], Block)
    assert found.items[3].claim == "The title is ``new``."


def test_a_page_without_one_has_none(tmp_path: Path) -> None:
    assert page(tmp_path, PAGE.replace(FORM, "")).short is None


def test_a_name_changes_no_digest(tmp_path: Path) -> None:
    named = [item.digest for item in page(tmp_path, PAGE).items]
    plain = PAGE.replace(FORM, "").replace("   :name: the-line\n", "")
    plain = plain.replace("   :name: recreate\n", "")
    assert [item.digest for item in page(tmp_path, plain).items] == named


def test_a_short_form_in_markdown(tmp_path: Path) -> None:
    text = (
        "# A page\n\n```{short} It is so.\nsay: Say *hello*.\nmore: Say more.\n```\n\n"
        "```{console}\n:name: say\n\n$ echo hello\nhello\n```\n\n"
        "```{edit} a.txt\n:name: more\n\nmore\n```\n\n"
        "```{claim} It is so.\n$ true\n```\n"
    )
    found = page(tmp_path, text, "md")
    assert (found.problems, found.short) == ((), Short("index.md", 3, (1, 2), 3))


# --- mistakes -------------------------------------------------------------------------------------

NO_NAME = "write `NAME: what to do`, where NAME is the `:name:` of a block or an edit"
COUNT = "write `NAME: what to do` for each block or edit that is the fix"
MISTAKES = {
    "no such name": (
        "   recreate: Let",
        "   recrate: Let",
        "   recrate: Let",
        (
            "no block or edit of this page is named `recrate`; "
            "give the option `:name: recrate` to the one that is meant"
        ),
    ),
    "a name that two items have": (
        "Why\n---\n",
        "Why\n---\n\n.. console::\n   :name: recreate\n\n   $ false\n   [1]\n",
        "$ docker compose up -d\n   ...",
        "the name `recreate` is that of index.rst:22 as well; give one of the two another `:name:`",
    ),
    "an item named twice": (
        "   recreate: Let",
        "   the-line: Let",
        "   the-line: Let",
        "the short form names `the-line` twice; leave one of these lines out",
    ),
    "no such claim": (
        ".. short:: The title",
        ".. short:: This title",
        ".. short::",
        (
            "no claim of this page says `This title is ``new``.`; "
            "write the sentence of one behind `short::`, word for word"
        ),
    ),
    "a claim in Compose 1 alone": (
        ".. claim:: The title is ``new``.\n",
        ".. claim:: The title is ``new``.\n   :only: v1\n",
        ".. short::",
        (
            "the claim `The title is ``new``.` comes only with `:only: v1`, and a short form is "
            "run in Compose 2 and later; name a claim without that option"
        ),
    ),
    "a claim that is not run": (
        ".. claim:: The title is ``new``.\n",
        ".. claim:: The title is ``new``.\n   :not-run: it is late\n",
        ".. short::",
        "the claim `The title is ``new``.` is not run: it is late; name a claim that is",
    ),
    "a block in Compose 1 alone": (
        "   :name: recreate\n",
        "   :name: recreate\n   :only: v1\n",
        "   recreate: Let",
        (
            "the block named `recreate` comes only with `:only: v1`, and a short form is run in "
            "Compose 2 and later; name one without that option"
        ),
    ),
    "a block that is not run": (
        "   :name: recreate\n",
        "   :name: recreate\n   :not-run: it is late\n",
        "   recreate: Let",
        (
            "the block named `recreate` is not run: it is late; "
            "name one that is, or take `:not-run:` away"
        ),
    ),
    "an edit that is not run": (
        "   :name: the-line\n",
        "   :name: the-line\n   :not-run: it is late\n",
        "   the-line: Change",
        (
            "the edit named `the-line` is not run: it is late; "
            "name one that is, or take `:not-run:` away"
        ),
    ),
    "a line without a name": (
        "   the-line: Change",
        "   Change",
        ".. short::",
        (
            "this line of the short form names no block or edit: "
            f"`Change the *value* in ``.env-local``.`; {NO_NAME}"
        ),
    ),
    "no line": (
        FORM,
        ".. short:: The title is ``new``.\n",
        ".. short::",
        f"a short form has one to three lines, and this one has none; {COUNT}",
    ),
    "four lines": (
        "   the-line: Change",
        "   a: A.\n   b: B.\n   the-line: Change",
        ".. short::",
        f"a short form has one to three lines, and this one has 4; {COUNT}",
    ),
    "a second one": (
        REST,
        f"{FORM}\n{REST}",
        "second",
        "this is the second short form of its page; put the lines of both into one",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_problem_of_the_page_and_one_warning_of_a_build(
    tmp_path: Path, name: str
) -> None:
    old, new, at, words = MISTAKES[name]
    assert old in PAGE
    text = PAGE.replace(old, new, 1)
    line = lines(text, at.partition("\n")[0]) if at != "second" else _second(text)
    if "\n" in at:
        line = text[: text.index(at, text.index("Why"))].count("\n") + 1
    found = page(tmp_path, text)
    assert [each.replace("\n", " ") for each in found.problems] == [f"index.rst:{line}: {words}"]
    made = Project(tmp_path)
    made.configure()
    made.build()
    said = [each for each in made.said.splitlines() if "has run yet" not in each]
    assert words.partition("`")[0] in said[0]
    assert f"index.rst:{line}: " in said[0]


def _second(text: str) -> int:
    """Return the line of the second short form."""
    return [n for n, line in enumerate(text.splitlines(), 1) if ".. short::" in line][1]


def test_a_form_with_a_mistake_is_not_shown(project: Project) -> None:
    project.page(PAGE.replace("   recreate: Let", "   recrate: Let"))
    soup = project.soup()
    assert soup.select(".seatrial-short") == []
    assert len(soup.select(".seatrial-sandbox")) == 1


@pytest.mark.parametrize("name", ["The line", "-line", "Line", "the_line"])
def test_a_name_is_a_word(tmp_path: Path, name: str) -> None:
    (problem,) = page(tmp_path, PAGE.replace(":name: the-line", f":name: {name}")).problems[:1]
    assert "write small letters, digits and hyphens, such as `the-line`" in problem


# --- how it is shown ------------------------------------------------------------------------------


def test_it_shows_sentences_and_what_is_typed_and_nothing_that_came(project: Project) -> None:
    _, form = short(project)
    assert project.said == ""
    assert texts(form, "p.seatrial-title") == ["In short"]
    steps = form.select("ol > li")
    assert [one(step, "p").decode_contents() for step in steps] == [
        (
            'Change the <em>value</em> in <code class="docutils literal notranslate">'
            '<span class="pre">.env-local</span></code>.'
        ),
        "Let Compose recreate the container, and wait for it.",
    ]
    assert texts(steps[0], "figcaption b") == [".env-local"]
    assert texts(steps[0], ".seatrial-command") == ["TITLE=new"]
    v2, v1 = steps[1].select("figure")
    assert (v2["data-spelling"], v1["data-spelling"]) == ("v2", "v1")
    assert texts(v2, ".seatrial-command") == [
        "docker compose up -d",
        "docker compose exec web python",
        "6 * 7",
        "exit()",
    ]
    assert texts(v1, ".seatrial-command")[:1] == ["docker-compose up -d"]
    assert texts(form, "ol .seatrial-output, ol details, ol .seatrial-end") == []
    # its places are those of the run, so that no two programs' lines are copied in one go
    assert texts(v2, ".seatrial-stretch > .seatrial-where b") == [
        "your machine",
        "new container of web",
    ]


def test_an_edit_stands_there_as_it_does_further_down(project: Project) -> None:
    soup, form = short(project, PAGE.replace(".env-local", "settings.py"))
    assert form.select("figure.seatrial-edit .o")
    above, below = soup.select("figure.seatrial-edit")
    assert str(above) == str(below)
    assert above in form.descendants


def test_all_ids_of_the_page_are_its_own(project: Project) -> None:
    text = PAGE.replace("   $ docker compose up -d\n   ...", "   $ docker logs example-web-1\n   a")
    soup, form = short(project, text)
    assert (
        texts(form, "ol figure[data-spelling=v1] .seatrial-command")[0]
        == "docker logs example_web_1"
    )
    assert form.select("ol [id]") == []
    ids = Counter(str(tag["id"]) for tag in soup.select("[id]"))
    assert [each for each, times in ids.items() if times > 1] == []


def test_a_block_that_is_the_same_in_both_spellings_stands_there_once(project: Project) -> None:
    text = PAGE.replace("   $ docker compose up -d\n   ...", "   $ docker ps\n   example-web-1")
    text = text.replace("docker compose exec web python", "python3 -q")
    _, form = short(project, text)
    (figure,) = form.select("figure.seatrial-commands")
    assert "docker ps" in figure.get_text()
    assert "data-spelling" not in figure.attrs


def test_what_stands_beside_it_is_where_it_starts_from(project: Project) -> None:
    soup, form = short(project)
    start = one(soup, ".seatrial-sandbox")
    assert start in form.descendants
    assert texts(start, "summary") == ["if yours is not: how to get there"]


def test_what_stands_elsewhere_is_repeated_with_a_link(project: Project) -> None:
    soup, form = short(project, PAGE.replace(f"{START}\n{FORM}", f"{START}\nWords.\n\n{FORM}"))
    start = one(form, ".seatrial-sandbox > p")
    assert start.get_text() == "Starts from: The site is up. if yours is not: how to get there"
    target = one(soup, str(one(start, "a")["href"]))
    assert "seatrial-sandbox" in target.find_next_sibling()["class"]  # type: ignore[index]


def test_a_page_that_says_not_where_it_starts_has_no_such_line(project: Project) -> None:
    _, form = short(project, PAGE.replace(START, ""))
    assert form.select(".seatrial-sandbox") == []


def test_what_did_not_run_as_it_stands_says_so_in_the_form_too(project: Project) -> None:
    _, form = short(project, record=False)
    # the edit, and the block in both spellings
    assert texts(form, "ol .seatrial-unproved") == ["not run yet"] * 3
    project.record(spellings=("v2", "v1"))
    assert one(project.soup(), ".seatrial-short").select(".seatrial-unproved") == []


def test_a_block_of_one_spelling_says_so(project: Project) -> None:
    _, form = short(project, PAGE.replace(":name: recreate", ":name: recreate\n   :only: v2"))
    assert texts(form, ".seatrial-only") == ["docker compose only"]


@pytest.mark.parametrize("builder", ["text", "latex", "man", "texinfo", "epub", "singlehtml"])
def test_every_builder_shows_it(project: Project, builder: str) -> None:
    project.page(PAGE)
    project.record(spellings=("v2", "v1"))
    project.configure(**SETTINGS, version="1")
    project.build(builder)
    made = "".join(
        path.read_text(encoding="utf-8", errors="replace")
        for path in (project.folder / "_build" / builder).rglob("*")
        if path.suffix in (".txt", ".tex", ".1", ".texi", ".xhtml", ".html")
    )
    assert made.count("In short") == 1, project.said
    assert made.count("Let Compose recreate the container, and wait for it.") == 1
    assert "ERROR" not in project.said


def test_in_words_it_has_the_commands_alone(project: Project) -> None:
    project.page(PAGE)
    project.record(spellings=("v2", "v1"))
    text = project.build("text")
    form = text[text.index("In short") : text.index("Why")]
    assert [line.strip() for line in form.splitlines() if line.strip()][1:] == [
        '1. Change the *value* in ".env-local".',
        '".env-local"',
        "TITLE=new",
        "2. Let Compose recreate the container, and wait for it.",
        "$ docker compose up -d",
        "$ docker compose exec web python",
        "[new container of web, Python]",
        ">>> 6 * 7",
        ">>> exit()",
    ]


def test_a_doctree_keeps_what_it_needs_from_build_to_build(project: Project) -> None:
    _, first = short(project)
    (project.folder / "records/index.json").touch()
    assert str(one(project.soup(), ".seatrial-short")) == str(first)
    (found,) = read(project.folder).pages
    assert isinstance(found, Page)
    assert found.short is not None
