"""Pages as Sphinx reads them: every block found, in order, with the line it stands on."""

import subprocess
import sys
from pathlib import Path

import pytest

from seatrial.errors import SeatrialError
from seatrial.pages.reading import Reader, Tree, read
from seatrial.transcript.blocks import Block, Edit, Page

EVERYTHING = ("seatrial.sphinx_ext", "myst_parser", "sphinx_tabs.tabs")


def tree(folder: Path, files: dict[str, str], *extensions: str, **settings: object) -> Tree:
    """Write a source tree and read it."""
    lines = [f"extensions = {list(extensions or EVERYTHING)!r}", "exclude_patterns = ['parts']"]
    lines += [f"{name} = {value!r}" for name, value in settings.items()]
    (folder / "conf.py").write_text("\n".join(lines))
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, newline="")
    return read(folder)


def page(folder: Path, text: str, suffix: str = "rst", **settings: object) -> Page:
    """Read one page, called index."""
    (found,) = tree(folder, {f"index.{suffix}": text}, **settings).pages
    return found


def check_places(folder: Path, found: Page) -> None:
    """Expect every item's lines to stand in its file where it says they do."""
    for item in found.items:
        source = (folder / item.source).read_text().expandtabs(8).splitlines()
        there = source[item.line - 1 : item.line - 1 + len(item.lines)]
        indent = len(there[0]) - len(item.lines[0])
        assert [line[indent:] for line in there] == list(item.lines), item


def seen(found: Page) -> list[tuple[str, int, str]]:
    """Return the section, line and first line of each item."""
    return [(item.section, item.line, item.lines[0]) for item in found.items]


RST = """\
Title
=====

.. sandbox:: Everything is **up**.

   $ echo set-up

.. console::

   $ echo first
   first

Part One
--------

Text, and a block without options:

.. code-block:: console

   $ echo second
   second

.. claim:: Echo says what it is told,
   again and again.
   :timeout: 90 s

   $ echo third
   third

* a list

  .. console::
     :terminal: 2
     :timeout: 5

     $ echo fourth

     $ echo again

.. note::

   .. console::
      :not-run: it would say nothing

      $ echo fifth

.. edit:: file.yml
   :new: 2

   a: 1
   b: 2

.. tabs::

   .. tab:: One

      .. console::

         $ echo sixth

   .. tab:: Two

      .. code-block:: pycon

         >>> "seventh"
         'seventh'

.. sourcecode:: psql

   db=# select 'eighth';

.. console::
   $ echo ninth

.. code-block:: python

   print("none of ours")

.. console::
   :only: v1

   $ echo tenth
"""

MYST = """\
# Title

```{sandbox} Everything is **up**.
$ echo set-up
```

```{console}
$ echo first
first
```

## Part One

```console
$ echo second
second
```

```{claim} Echo says what it is told, again and again.
:timeout: 90 s

$ echo third
third
```

* a list

  ```{console}
  :terminal: 2
  :timeout: 5

  $ echo fourth

  $ echo again
  ```

:::{note}
```{console}
:not-run: it would say nothing

$ echo fifth
```
:::

```{edit} file.yml
:new: 2

a: 1
b: 2
```

````{tabs}
```{tab} One

:::{console}
$ echo sixth
:::
```
```{tab} Two

:::{code-block} pycon
>>> "seventh"
'seventh'
:::
```
````

~~~psql
db=# select 'eighth';
~~~

````{console}
$ echo ninth
````

```python
print("none of ours")
```

```{console}
---
only: v1
---
$ echo tenth
```
"""


@pytest.mark.parametrize(("text", "suffix"), [(RST, "rst"), (MYST, "md")])
def test_every_block_of_a_page_is_found_with_what_it_says(
    tmp_path: Path, text: str, suffix: str
) -> None:
    found = page(tmp_path, text, suffix, myst_enable_extensions=["colon_fence"])
    assert found.problems == ()
    check_places(tmp_path, found)
    assert [item.ordinal for item in found.items] == list(range(1, 13))
    blocks = [item for item in found.items if isinstance(item, Block)]
    words = ["set-up", "first", "second", "third", "fourth", "fifth", "sixth"]
    words += ["seventh", "eighth", "ninth", "tenth"]
    assert [word for word, block in zip(words, blocks, strict=True) if word in block.lines[0]] == (
        words
    )
    assert [item.section for item in found.items[:3]] == ["title", "title", "part-one"]
    setup, _, second, third, fourth, fifth, *_, tenth = blocks
    assert setup.setup
    assert not second.setup
    assert third.claim == "Echo says what it is told, again and again."
    assert third.timeout == 90
    assert (fourth.terminal, fourth.timeout) == (2, 5)
    assert fourth.lines == ("$ echo fourth", "", "$ echo again")
    assert fifth.not_run == "it would say nothing"
    assert tenth.only == "v1"
    edit = found.items[6]
    assert isinstance(edit, Edit)
    assert (edit.file, edit.new, edit.lines) == ("file.yml", (2,), ("a: 1", "b: 2"))


def test_a_page_of_plain_markdown_needs_no_directive(tmp_path: Path) -> None:
    found = page(
        tmp_path, "# T\n\n```console\n$ true\n```\n\n```shell-session\n$ true\n```\n", "md"
    )
    assert [item.line for item in found.items] == [4, 8]


def test_blocks_that_say_the_same_stand_each_on_its_own_line(tmp_path: Path) -> None:
    text = "T\n=\n\n" + ".. console::\n\n   $ true\n\n.. code-block:: console\n\n   $ true\n\n" * 3
    found = page(tmp_path, text)
    assert [item.line for item in found.items] == [6, 10, 14, 18, 22, 26]


def test_a_block_whose_lines_also_stand_in_the_text_is_found_below_its_directive(
    tmp_path: Path,
) -> None:
    found = page(tmp_path, "T\n=\n\n::\n\n   $ true\n\n.. code-block:: console\n\n   $ true\n")
    assert [item.line for item in found.items] == [10]


def test_an_included_block_stands_in_the_file_that_was_included(tmp_path: Path) -> None:
    part = "Text.\n\n.. console::\n\n   $ echo included\n   included\n"
    files = {
        "index.rst": "T\n=\n\n.. include:: parts/a.txt\n\n.. console::\n\n   $ echo own\n\n"
        ".. code-block:: console\n\n   $ echo own too\n",
        "parts/a.txt": part + "\nMore.\n\n.. code-block:: console\n\n   $ echo also included\n",
    }
    (found,) = tree(tmp_path, files).pages
    assert found.problems == ()
    check_places(tmp_path, found)
    assert [(item.source, item.line) for item in found.items] == [
        ("parts/a.txt", 5),
        ("parts/a.txt", 12),
        ("index.rst", 8),
        ("index.rst", 12),
    ]


def test_an_included_markdown_block_stands_in_the_file_that_was_included(tmp_path: Path) -> None:
    files = {
        "index.md": "# T\n\n```{include} parts/a.md\n```\n\n```console\n$ echo own\n```\n",
        "parts/a.md": "Text.\n\n```{console}\n$ echo one\n```\n\n```console\n$ echo two\n```\n",
    }
    (found,) = tree(tmp_path, files).pages
    assert [(item.source, item.line) for item in found.items] == [
        ("parts/a.md", 4),
        ("parts/a.md", 8),
        ("index.md", 7),
    ]


def test_a_block_that_is_included_from_another_file_as_a_whole_stands_there(tmp_path: Path) -> None:
    files = {
        "index.rst": "T\n=\n\n.. literalinclude:: parts/session.txt\n   :language: console\n",
        "parts/session.txt": "$ echo hi\nhi\n",
    }
    (found,) = tree(tmp_path, files).pages
    assert [(item.source, item.line, item.lines) for item in found.items] == [
        ("parts/session.txt", 1, ("$ echo hi", "hi"))
    ]


def test_substitutions_of_the_page_are_made_where_a_block_asks_for_them(tmp_path: Path) -> None:
    found = page(
        tmp_path,
        "T\n=\n\n.. |name| replace:: Ada\n\n.. claim:: |name| says *hello*.\n\n   $ true\n\n"
        ".. console::\n\n   $ echo '|name|'\n   |name|\n",
    )
    assert found.problems == ()
    assert found.items[1].lines == ("$ echo '|name|'", "|name|")


def test_tabs_and_blanks_at_line_ends_do_not_hide_where_a_block_stands(tmp_path: Path) -> None:
    found = page(tmp_path, "T\n=\n\n.. console::\n\n\t$ printf 'a\\tb'  \n\ta\tb\n\n\t\n\t$ true\n")
    assert [(item.line, item.lines[0].rstrip()) for item in found.items] == [
        (6, "$ printf 'a\\tb'")
    ]


def test_lines_end_as_they_like(tmp_path: Path) -> None:
    found = page(tmp_path, "T\r\n=\r\n\r\n.. console::\r\n\r\n   $ true\r\n   out\r\n")
    assert [(item.line, item.lines) for item in found.items] == [(6, ("$ true", "out"))]


def test_blocks_without_prompts_are_collected_where_a_project_asks_for_it(tmp_path: Path) -> None:
    text = "# T\n\n```bash\npip install x\n```\n\n```sh\nmake\n```\n\n```python\nx\n```\n"
    assert page(tmp_path, text, "md").items == ()
    found = page(tmp_path, text, "md", seatrial_plain_shell_blocks=True)
    assert [(item.line, isinstance(item, Block) and item.plain) for item in found.items] == [
        (4, True),
        (8, True),
    ]


def test_pages_are_read_in_folders_too_and_named_as_sphinx_names_them(tmp_path: Path) -> None:
    text = "T\n=\n\n.. console::\n\n   $ true\n"
    found = tree(tmp_path, {"index.rst": "T\n=\n", "how-to/one.rst": text, "parts/no.rst": text})
    assert [(p.name, p.source, len(p.items)) for p in found.pages] == [
        ("how-to/one", "how-to/one.rst", 1),
        ("index", "index.rst", 0),
    ]
    assert found.page(tmp_path / "how-to" / "one.rst") is found.pages[0]
    assert found.page(tmp_path / "parts" / "no.rst") is None


def test_several_may_read_the_same_pages_at_once(tmp_path: Path) -> None:
    pages = {f"page-{number}.rst": "T\n=\n\n.. console::\n\n   $ true\n" for number in range(30)}
    tree(tmp_path, {"index.rst": "T\n=\n", **pages})
    for name, text in pages.items():
        (tmp_path / name).write_text(f"{text}\nMore.\n")
    code = "import sys; from seatrial.pages.reading import *; read(Path(sys.argv[1]))"
    reading = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [process.communicate()[1] for process in reading] == [b""] * 2
    assert [process.returncode for process in reading] == [0] * 2


def test_a_page_that_changed_is_read_again_and_another_is_not_forgotten(tmp_path: Path) -> None:
    text = "T\n=\n\n.. console::\n\n   $ true\n"
    tree(tmp_path, {"index.rst": text, "other.rst": text})
    again = tree(tmp_path, {"index.rst": text.replace("true", "false")})
    assert [(p.name, p.items[0].lines) for p in again.pages] == [
        ("index", ("$ false",)),
        ("other", ("$ true",)),
    ]


def test_an_included_file_that_changed_is_read_again(tmp_path: Path) -> None:
    text = ".. console::\n\n   $ true\n"
    files = {"index.rst": "T\n=\n\n.. include:: parts/a.txt\n", "parts/a.txt": text}
    tree(tmp_path, files)
    files["parts/a.txt"] = text.replace("true", "false")
    assert tree(tmp_path, files).pages[0].items[0].lines == ("$ false",)


# --- what is left out -----------------------------------------------------------------------------

GOOD = "\n.. console::\n\n   $ true\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (".. consol::\n\n   $ false\n", 4),
        (".. console::\n", 4),
        (".. console::\n   :terminal: two\n\n   $ false\n", 4),
        (".. console::\n   :timeout: -1\n\n   $ false\n", 4),
        (".. console::\n   :colour: red\n\n   $ false\n", 4),
        (".. console::\n   :only: v3\n\n   $ false\n", 4),
        (".. console::\n   :not-run:\n\n   $ false\n", 4),
        (".. console:\n\n   $ false\n", 4),
        (".. console\n\n   $ false\n", 4),
        (".. code-block: console\n\n   $ false\n", 4),
        (".. claim::\n\n   $ false\n", 4),
        (".. claim:: A sentence without a proof.\n", 4),
        (".. edit::\n\n   a: 1\n", 4),
        (".. edit:: file\n   :new: 7\n\n   a: 1\n", 4),
        (".. note::\n   :colour: red\n\n   .. console::\n\n      $ false\n", 4),
        (".. unknown::\n\n   .. console::\n\n      $ false\n", 4),
        (".. unknown::\n\n   .. code-block:: console\n\n      $ false\n", 4),
        (".. include:: no-such-file.txt\n", 4),
        ("Text\n.. console::\n\n   $ false\n", 5),
        ("::\n\n   .. console::\n\n.. console:\n\n   $ false\n", 8),
    ],
)
@pytest.mark.parametrize("around", ["alone", "followed", "preceded"])
def test_a_block_that_was_left_out_is_a_problem_of_its_page(
    tmp_path: Path, text: str, line: int, around: str
) -> None:
    text = "T\n=\n\n" + {"alone": text, "followed": text + GOOD, "preceded": text}[around]
    if around == "preceded":
        text, line = text.replace("T\n=\n\n", "T\n=\n" + GOOD + "\n"), line + 4
    found = page(tmp_path, text)
    assert found.problems
    assert any(p.startswith(f"index.rst:{line}: ") for p in found.problems), found.problems


@pytest.mark.parametrize(
    "text",
    [
        "```{consol}\n$ false\n```\n",
        "```{console}\n:terminal: two\n\n$ false\n```\n",
        "```{console}\n```\n",
        "```{claim}\n$ false\n```\n",
        "```{console}\n---\ntimeout: -1\n---\n$ false\n```\n",
    ],
)
@pytest.mark.parametrize("after", ["", "\n```console\n$ true\n```\n"])
def test_a_markdown_block_that_was_left_out_is_a_problem_of_its_page(
    tmp_path: Path, text: str, after: str
) -> None:
    found = page(tmp_path, f"# T\n\n{text}{after}", "md")
    assert any(p.startswith("index.md:") for p in found.problems), found


@pytest.mark.parametrize(
    "text",
    [
        "An example::\n\n   .. console::\n\n      $ false\n",
        ".. code-block:: rst\n\n   .. console::\n\n      $ false\n",
        ".. A comment on\n   .. console:: and ```console\n",
        "Text that names ``.. console::`` and the console.\n",
        ".. console::\n\n   $ cat page.rst\n   .. console::\n\n      $ false\n   ```console\n",
        ".. code-block:: rst\n\n   .. console::\n\n" + GOOD,
        ".. code-block:: python\n\n   console = 1\n",
        ".. console-like:\n\nText.\n",
        ".. _console:\n\nText\n----\n",
        ".. edit it later\n",
    ],
)
def test_what_only_shows_how_to_write_a_block_is_none(tmp_path: Path, text: str) -> None:
    found = page(tmp_path, f"T\n=\n\n{text}")
    assert found.problems == ()


# --- settings -------------------------------------------------------------------------------------


def test_a_project_without_settings_has_sensible_ones(tmp_path: Path) -> None:
    known = tree(tmp_path, {"index.rst": "T\n=\n"}, "seatrial.sphinx_ext").settings
    assert (known.project, known.strict, known.spellings) == (None, False, ("v2",))
    assert known.records == tmp_path / "records"


def test_settings_reach_the_run(tmp_path: Path) -> None:
    (tmp_path / "sample").mkdir()
    known = tree(
        tmp_path,
        {"index.rst": "T\n=\n"},
        seatrial_project="sample",
        seatrial_strict=True,
        seatrial_timeout=7,
        seatrial_prompts=[("redis", r"redis> "), ("redis", r"more> ", True)],
        seatrial_records="kept",
    ).settings
    assert known.project == tmp_path / "sample"
    assert (known.strict, known.timeout, known.records) == (True, 7.0, tmp_path / "kept")
    assert [(row.program, row.continues) for row in known.prompts[:2]] == [
        ("redis", False),
        ("redis", True),
    ]


@pytest.mark.parametrize(
    ("wanted", "arguments"),
    [
        ([], ()),
        ("", ()),
        ("needs.txt", ("--requirement", "HERE/needs.txt")),
        (["django>=5", "uv"], ("django>=5", "uv")),
        ([".", "./[docs]"], ("--editable", "HERE", "--editable", "HERE[docs]")),
        (["./needs.txt"], ("HERE/needs.txt",)),
    ],
)
def test_requirements_are_found_from_where_conf_py_is(
    tmp_path: Path, wanted: object, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "needs.txt").write_text("")
    known = tree(tmp_path, {"index.rst": "T\n=\n"}, seatrial_environment=wanted).settings
    assert known.requirements == tuple(a.replace("HERE", str(tmp_path)) for a in arguments)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"seatrial_project": "gone"}, "`seatrial_project` names a folder that is not there: gone"),
        ({"seatrial_prompts": ["redis> "]}, "`seatrial_prompts` has a row that is not a pair"),
        ({"seatrial_prompts": [("redis", "(")]}, "`seatrial_prompts` has a row that is not a pair"),
        ({"seatrial_prompts": [("redis", 7)]}, "`seatrial_prompts` has a row that is not a pair"),
        (
            {"seatrial_prompts": [("a", "b", True, 1)]},
            "`seatrial_prompts` has a row that is not a pair",
        ),
        ({"seatrial_prompts": [("redis", "")]}, "`seatrial_prompts` has a row that is not a pair"),
        ({"seatrial_spellings": ["v3"]}, "`seatrial_spellings`"),
        ({"seatrial_spellings": []}, "`seatrial_spellings`"),
        ({"seatrial_timeout": 0}, "`seatrial_timeout`"),
        ({"seatrial_timeout": "60"}, "`seatrial_timeout` has to be a number: '60'"),
        ({"seatrial_records": 5}, "`seatrial_records` has to be a text: 5"),
        ({"seatrial_project": ["a"]}, "`seatrial_project` has to be a text"),
        ({"seatrial_spellings": [["v2"]]}, "`seatrial_spellings` has to name some of"),
        ({"seatrial_strict": "no"}, "`seatrial_strict` has to be True or False: 'no'"),
        ({"seatrial_record_command": 5}, "`seatrial_record_command` has to be a text"),
        ({"seatrial_environment": "gone.txt"}, "`seatrial_environment` names a file that is not"),
        ({"seatrial_environment": ["a", 7]}, "`seatrial_environment` is not a list of require"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_in_one_sentence(
    tmp_path: Path, settings: dict[str, object], says: str
) -> None:
    with pytest.raises(SeatrialError) as raised:
        tree(tmp_path, {"index.rst": "T\n=\n"}, **settings)
    assert str(raised.value).startswith(f"conf.py: {says}")
    assert raised.value.hint


def test_a_project_that_did_not_switch_the_extension_on_is_told_how(tmp_path: Path) -> None:
    with pytest.raises(SeatrialError, match="not switched on") as raised:
        tree(tmp_path, {"index.rst": "T\n=\n"}, "sphinx.ext.todo")
    assert "extensions" in raised.value.hint


def test_a_conf_py_that_fails_is_said_to_and_where(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text("1/0")
    with pytest.raises(SeatrialError, match="Sphinx cannot read the pages"):
        read(tmp_path)


def test_a_folder_without_conf_py_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(SeatrialError, match=r"conf\.py"):
        read(tmp_path)


def test_what_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text('extensions = ["seatrial.sphinx_ext"]\n')
    (tmp_path / "part.inc").write_text(".. console::\n\n   $ echo one\n")
    for name in ("index", "other"):
        (tmp_path / f"{name}.rst").write_text("T\n=\n\n.. console::\n\n   $ true\n")
    (tmp_path / "page.rst").write_text("T\n=\n\n.. include:: part.inc\n")
    reader = Reader(tmp_path)
    before = reader.read()
    (tmp_path / "part.inc").write_text(".. console::\n\n   $ echo two\n")
    (tmp_path / "new.rst").write_text("T\n=\n")
    (tmp_path / "other.rst").unlink()
    after = reader.read({tmp_path.resolve() / "part.inc"})
    assert [page.name for page in after.pages] == ["index", "new", "page"]
    assert after.page(tmp_path / "index.rst") is before.page(tmp_path / "index.rst")
    assert [item.lines for page in after.pages for item in page.items] == [
        ("$ true",),
        ("$ echo two",),
    ]
