"""Words of the list are found wherever a reader sees them, and nowhere else."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("words", ROOT / "tools/words.py")
assert SPEC is not None
assert SPEC.loader is not None
words = importlib.util.module_from_spec(SPEC)
sys.modules["words"] = words  # dataclasses look their module up
SPEC.loader.exec_module(words)

LIST = words.Words({"mend(s|ed)?": "fix", "line ends": "line endings"}, frozenset())
RST = """
.. _how-to-mend:

Mend a page
===========

Plain words, :doc:`mend-permissions`, ``mend`` and :unproved:`mend <nobody mends it>`, and
on this line :ref:`what was mended <how-to-mend>`, line
ends and *mended*.

.. claim:: It mends, with ``exec``
   or otherwise.

   $ echo mend
   mend

.. code-block:: text

   mend

.. list-table::

   * - mend
     - - ``mend``

.. admonition:: What is mended

   Nothing. ::

      mend

.. console::
   :not-run: it mends nothing

   $ mend

.. mend: a comment
"""
MARKDOWN = """
(how-to-mend)=
# Mend a page

Plain words, {doc}`mend-permissions`, `mend` and {unproved}`mend <nobody mends it>`, and
[what was mended](mend.md).

```{claim} It mends.
$ echo mend
```

```text
mend
```

| mend | `mend` |
|---|---|
| a | b |

~~~{admonition} Note
It is mended.
~~~
"""


def found(text: str, read: object) -> list[str]:
    assert callable(read)
    return [complaint.split(";")[0] for complaint in LIST.found(read(text))]


def test_words_of_a_page_are_found_with_their_lines() -> None:
    assert found(RST, words.of_rst) == [
        *("4: `Mend`", "7: `mends`", "8: `mended`", "9: `mended`", "8: `line ends`"),
        *("11: `mends`", "23: `mend`", "26: `mended`", "32: `mends`"),
    ]


def test_words_of_a_page_in_markdown_are_found_with_their_lines() -> None:
    assert found(MARKDOWN, words.of_markdown) == [
        *("3: `Mend`", "5: `mends`", "6: `mended`", "8: `mends`"),
        *("16: `mend`", "21: `mended`"),
    ]


def test_words_of_a_notebook_are_found_in_its_text_alone() -> None:
    cells = [
        {"cell_type": "code", "source": ["$ mend"]},
        {"cell_type": "markdown", "source": ["# It\n", "\n", "is mended\n"]},
    ]
    notebook = json.dumps({"cells": cells})
    assert found(notebook, words.of_notebook) == ["cell 2, line 3: `mended`"]


def test_words_of_messages_are_found_and_those_of_comments_and_docstrings_are_not() -> None:
    source = '"""It mends all."""\n# mend\nKEY = "mend"\nraise E(f"mend {page}")\nhelp("mend it")\n'
    assert found(source, words.of_python) == ["4: `mend`", "5: `mend`"]
    assert found('print("run `mend x` first")', words.of_python) == []


def test_words_of_the_interface_are_found() -> None:
    template = (
        '{# mend a #}\n<h1 class="mend">Mend it</h1>\n<a title="mend it">{{ _("mend it") }}</a>'
    )
    assert found(template, words.of_interface) == ["2: `Mend`", "3: `mend`", "3: `mend`"]
    assert found("go: ## mend it\n\t@echo mend\n", words.of_makefile) == ["1: `mend`"]


def test_a_page_with_such_a_word_fails_and_one_that_is_unfinished_does_not(tmp_path: Path) -> None:
    (tmp_path / "how-to").mkdir()
    for name in ("one", "two"):
        (tmp_path / f"how-to/{name}.rst").write_text("Mend it.\n")
    (tmp_path / "how-to/three.rst").write_text("Fix it.\n")
    known = words.Words(LIST.instead, frozenset({"how-to/two.rst", "how-to/three.rst", "gone.rst"}))
    complaints, done = words.check(known, tmp_path)
    assert complaints == ["how-to/one.rst:1: `Mend`; write fix"]
    assert done == ["how-to/three.rst", "gone.rst"]


@pytest.mark.parametrize(
    "text",
    [
        "It stands in the file.",
        "Compose 2 knows it.",
        "It is no copy.",
        "for visitors",
        "made anew",
    ],
)
def test_the_list_itself_finds(text: str) -> None:
    assert list(words.Words.load().found([words.Sentence(1, text)]))


@pytest.mark.parametrize(
    "text",
    [
        *("It stands for any line.", "Compose 2 and later", "Compose 2.40", "There is no copy."),
        *("It is no longer here.", "where the line ends", "a stand-in"),
    ],
)
def test_the_list_itself_passes_over(text: str) -> None:
    assert not list(words.Words.load().found([words.Sentence(1, text)]))


def test_every_page_of_the_site_is_looked_at() -> None:
    seen = words.files()
    assert {"index.rst", "README.md", "notebooks/first-steps.ipynb", "Makefile"} <= set(seen)
    assert all(path.relative_to(ROOT).as_posix() in seen for path in ROOT.glob("how-to/*.*"))
    for name in seen:
        assert (ROOT / name).is_file()


def test_causes_of_messages_are_read_and_messages_are_not(tmp_path: Path) -> None:
    path = tmp_path / "messages.toml"
    path.write_text('line = "they mend"\ncause = "They mend it, not ``mend``."\n')
    assert [each.line for each in words.sentences(path)] == [2]
    assert len(list(LIST.found(words.sentences(path)))) == 1
