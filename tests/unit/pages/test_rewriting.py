"""Promised outputs put back into pages: in place, and everything else byte by byte as it was."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seatrial.errors import TranscriptError
from seatrial.pages.reading import read
from seatrial.pages.rewriting import rewrite
from seatrial.transcript.blocks import Block

CONF = 'extensions = ["seatrial.sphinx_ext", "myst_parser"]\nexclude_patterns = ["parts"]\n'


def blocks(folder: Path, name: str, text: str) -> list[Block]:
    """Write a page and return its blocks."""
    (folder / "conf.py").write_text(CONF)
    (folder / name).write_bytes(text.encode())
    return [i for page in read(folder).pages for i in page.items if isinstance(i, Block)]


def with_lines(block: Block, *lines: str) -> tuple[Block, Block]:
    """Return a block and what it becomes."""
    return block, replace(block, lines=lines)


def rewritten(
    folder: Path, name: str, text: str, new: Sequence[Sequence[str] | None]
) -> tuple[str, tuple[str, ...]]:
    """Give a page's blocks new lines; return its text and what was written."""
    pairs = [
        with_lines(block, *lines)
        for block, lines in zip(blocks(folder, name, text), new, strict=True)
        if lines is not None
    ]
    changed = rewrite(folder, pairs)
    return (folder / name).read_bytes().decode(), changed


RST = """\
T
=

.. console::
   :timeout: 5

   $ echo one
   old

* .. code-block:: console

     $ printf 'a\\n\\nb\\n'
     old

     old

  Text with trailing blanks.   

.. claim:: It says two.

\t$ echo two
\told

\N{SNOWMAN} end, without a newline at the end of the file"""  # noqa: W291


def test_new_promises_are_indented_as_the_old_ones_were(tmp_path: Path) -> None:
    text, changed = rewritten(
        tmp_path,
        "index.rst",
        RST,
        [
            ("$ echo one", "one", "and more"),
            ("$ printf 'a\\n\\nb\\n'", "a", "", "b"),
            ("$ echo two",),
        ],
    )
    assert changed == ("index.rst",)
    expected = RST.replace("   old\n\n*", "   one\n   and more\n\n*")
    expected = expected.replace("     old\n\n     old\n", "     a\n\n     b\n")
    expected = expected.replace("\told\n", "")
    assert text == expected


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_line_ends_stay_as_they_are(tmp_path: Path, ending: str) -> None:
    before = "T\n=\n\n.. console::\n\n   $ echo one\n   old\n\nEnd.\n".replace("\n", ending)
    text, _ = rewritten(tmp_path, "index.rst", before, [("$ echo one", "one", "more")])
    assert text == before.replace("   old", f"   one{ending}   more")


def test_a_page_of_mixed_line_ends_keeps_each(tmp_path: Path) -> None:
    before = "T\r\n=\r\n\r\n.. console::\n\n   $ echo one\r\n   old\n\r\nEnd.\n"
    text, _ = rewritten(tmp_path, "index.rst", before, [("$ echo one", "one")])
    assert text.replace("   one\r\n", "   old\n") == before


def test_form_feeds_and_odd_separators_do_not_move_lines(tmp_path: Path) -> None:
    before = "T\n=\n\nA\u2028b\n\x0c\n\n.. console::\n\n   $ echo one\n   old\n"
    text, _ = rewritten(tmp_path, "index.rst", before, [("$ echo one", "one")])
    assert text == before.replace("old", "one")


def test_a_byte_order_mark_stays(tmp_path: Path) -> None:
    before = "\ufeffT\n=\n\n.. console::\n\n   $ echo one\n   old\n"
    text, _ = rewritten(tmp_path, "index.rst", before, [("$ echo one", "one")])
    assert text == before.replace("old", "one")


def test_a_block_at_the_end_of_a_file_without_a_newline_keeps_it_so(tmp_path: Path) -> None:
    before = "T\n=\n\n.. console::\n\n   $ echo one\n   old"
    text, _ = rewritten(tmp_path, "index.rst", before, [("$ echo one", "one", "more")])
    assert text == before.replace("old", "one\n   more")
    text, _ = rewritten(tmp_path, "index.rst", before, [("$ echo one",)])
    assert text == before.replace("\n   old", "")


def test_lines_of_a_block_that_stay_the_same_are_not_touched(tmp_path: Path) -> None:
    before = "T\n=\n\n.. console::\n\n   $ printf 'a\\tb'   \n   a\tb  \n   old\n"
    (block,) = blocks(tmp_path, "index.rst", before)
    rewrite(tmp_path, [with_lines(block, *block.lines[:-1], "new")])
    assert (tmp_path / "index.rst").read_text() == before.replace("old", "new")


MYST = """\
# T

```console
$ echo one
old
```

1. A list

   ```{console}
   :terminal: 2

   $ echo two
   old
   ```

:::{note}
```{console}
$ echo three
```
:::
"""


def test_markdown_is_rewritten_in_its_fences(tmp_path: Path) -> None:
    text, _ = rewritten(
        tmp_path,
        "index.md",
        MYST.replace(":::{note}", "````{note}").replace("\n:::\n", "\n````\n"),
        [("$ echo one", "one"), ("$ echo two", "two"), ("$ echo three", "three")],
    )
    expected = MYST.replace(":::{note}", "````{note}").replace("\n:::\n", "\n````\n")
    expected = expected.replace("$ echo one\nold", "$ echo one\none")
    expected = expected.replace("$ echo two\n   old", "$ echo two\n   two")
    assert text == expected.replace("$ echo three", "$ echo three\nthree")


def test_an_included_file_is_rewritten_in_its_own_place(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    part = ".. console::\n\n   $ echo one\n   old\n"
    (tmp_path / "parts" / "a.txt").write_text(part)
    text = "T\n=\n\n.. include:: parts/a.txt\n\n.. console::\n\n   $ echo two\n   old\n"
    index, changed = rewritten(
        tmp_path, "index.rst", text, [("$ echo one", "one"), ("$ echo two", "two")]
    )
    assert changed == ("index.rst", "parts/a.txt")
    assert index == text.replace("old", "two")
    assert (tmp_path / "parts" / "a.txt").read_text() == part.replace("old", "one")


def test_a_page_that_says_the_same_is_not_written(tmp_path: Path) -> None:
    (block, *_) = blocks(tmp_path, "index.rst", RST)
    before = (tmp_path / "index.rst").stat().st_mtime_ns
    assert rewrite(tmp_path, [(block, block)]) == ()
    assert rewrite(tmp_path, []) == ()
    assert (tmp_path / "index.rst").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "meanwhile",
    [
        RST.replace("echo two", "echo three"),
        "A line more.\n\n" + RST,
        RST.replace("   :timeout: 5\n", ""),
        "gone\n",
        "",
    ],
)
def test_a_page_that_changed_meanwhile_is_refused_and_nothing_is_written(
    tmp_path: Path, meanwhile: str
) -> None:
    found = blocks(tmp_path, "index.rst", RST)
    other = tmp_path / "a.rst"
    other.write_text("T\n=\n\n.. console::\n\n   $ echo other\n   old\n")
    first = next(i for p in read(tmp_path).pages if p.name == "a" for i in p.items)
    assert isinstance(first, Block)
    before = other.read_bytes()
    (tmp_path / "index.rst").write_text(meanwhile)
    with pytest.raises(TranscriptError, match="the page changed while its blocks ran"):
        rewrite(
            tmp_path,
            [with_lines(first, "$ echo other", "other")]
            + [with_lines(block, block.lines[0], "new") for block in found],
        )
    assert (tmp_path / "index.rst").read_text() == meanwhile
    assert other.read_bytes() == before


def test_a_page_that_is_gone_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (block, *_) = blocks(tmp_path, "index.rst", RST)
    (tmp_path / "index.rst").unlink()
    with pytest.raises(TranscriptError, match=r"index\.rst: cannot be read any more"):
        rewrite(tmp_path, [with_lines(block, "$ x")])


_LINES = ["a", "", "  b", "...", "漢字", "x" * 90, "- item", "* b", "=====", "\\back", "``c``"]


# Sphinx reads the page twice for each of these
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(outputs=st.lists(st.lists(st.sampled_from(_LINES), max_size=5), min_size=9, max_size=9))
def test_whatever_is_put_back_is_read_back(tmp_path: Path, outputs: list[list[str]]) -> None:
    found = blocks(tmp_path, "index.rst", RST.replace("\t", "   "))
    assert len(found) <= len(outputs)
    pairs = []
    for block, output in zip(found, outputs, strict=False):
        lines = [block.lines[0], *output]
        while not lines[-1].strip():
            lines.pop()
        pairs.append(with_lines(block, *lines))
    rewrite(tmp_path, pairs)
    text = (tmp_path / "index.rst").read_text()
    assert [b.lines for b in blocks(tmp_path, "index.rst", text)] == [new.lines for _, new in pairs]
    assert text.startswith("T\n=\n\n.. console::\n   :timeout: 5\n\n   $ echo one")
    assert text.endswith("end, without a newline at the end of the file")
