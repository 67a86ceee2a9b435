"""What becomes a block, what is left out with a reason, and what only looks like a transcript."""

from pathlib import Path

import pytest

from seatrial.pages.reading import read
from seatrial.transcript.blocks import Block, Page
from seatrial.transcript.commands import needs_docker
from tests.unit.pages.test_pages import page

SESSION = "   $ echo one\n   one\n"


def pages(folder: Path, conf: str, files: dict[str, str]) -> dict[str, Page]:
    """Write a source tree with lines of its own in conf.py, and read it."""
    (folder / "conf.py").write_text(
        f'extensions = ["seatrial.sphinx_ext", "myst_parser", "sphinx.ext.ifconfig"]\n{conf}\n'
    )
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return {found.source: found for found in read(folder).pages}


def blocks(found: Page) -> list[tuple[int, str]]:
    """Return the line and the reason of each block."""
    return [(item.line, item.not_run) for item in found.items]


def named(found: Page) -> list[tuple[str, str]]:
    """Return where a page shows what is not run, and why."""
    return [(each.where, each.reason) for each in found.look_alikes]


# --- what Sphinx colours as a transcript ----------------------------------------------------------


@pytest.mark.parametrize(
    "language",
    ["Console", "CONSOLE", "Shell-Session", "PyCon", "pycon3", "python-console", "PSQL", "ours"],
)
def test_a_lexer_of_transcripts_makes_a_block_however_it_is_called(
    tmp_path: Path, language: str
) -> None:
    """A project's own name for one, such as `ours`, counts too."""
    conf = (
        "from pygments.lexers.shell import BashSessionLexer\n"
        "class Ours(BashSessionLexer):\n    aliases = ['mine']\n"
        "def setup(app):\n    app.add_lexer('ours', Ours)\n"
    )
    files = {
        "index.rst": f"T\n=\n\n.. code-block:: {language}\n\n{SESSION}\n.. code:: {language}\n\n"
        f"{SESSION}\n.. literalinclude:: session.inc\n   :language: {language}\n",
        "other.md": f"# T\n\n```{language} title=x\n$ ls\n```\n\n~~~~{language}\n$ ls\n~~~~\n",
        "session.inc": "$ echo one\none\n",
    }
    found = pages(tmp_path, conf, files)
    assert blocks(found["index.rst"]) == [(6, ""), (11, ""), (1, "")]
    assert blocks(found["other.md"]) == [(4, ""), (8, "")]
    assert [*named(found["index.rst"]), *named(found["other.md"])] == []


@pytest.mark.parametrize(
    ("conf", "text"),
    [
        ("highlight_language = 'console'", f"::\n\n{SESSION}"),
        ("highlight_language = 'Console'", f".. code-block::\n\n{SESSION}"),
        ("", f".. highlight:: console\n\n::\n\n{SESSION}\n.. highlight:: none\n\n::\n\n   $ no\n"),
        ("", f".. highlight:: console\n\n.. code-block::\n\n{SESSION}"),
    ],
)
def test_a_default_language_makes_blocks_of_what_names_none(
    tmp_path: Path, conf: str, text: str
) -> None:
    found = pages(tmp_path, conf, {"index.rst": f"T\n=\n\n{text}\n::\n\n   a: 1\n"})["index.rst"]
    assert [item.lines for item in found.items] == [("$ echo one", "one")]
    assert found.problems == ()


@pytest.mark.parametrize(
    "text", ["```Consol e\n$ ls\n```\n", ":::{code-block} Console\n$ ls\n:::\n"]
)
def test_a_block_in_capitals_that_was_not_collected_is_a_problem_too(
    tmp_path: Path, text: str
) -> None:
    """Without `colon_fence` the second is a paragraph."""
    found = page(tmp_path, f"# T\n\n{text}", "md")
    assert bool(found.problems) is text.startswith(":")


def test_a_shell_block_with_prompts_is_a_transcript(tmp_path: Path) -> None:
    text = "# T\n\n```bash\n$ echo one\none\n```\n\n```Bash\nls\n```\n"
    found = page(tmp_path, text, "md", seatrial_plain_shell_blocks=True)
    assert [isinstance(item, Block) and item.plain for item in found.items] == [False, True]


# --- what is left out with a reason ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("around", "reason"),
    [
        (".. only:: internal", "no reader sees it: `only:: internal`"),
        (".. only:: html and internal", "no reader sees it: `only:: html and internal`"),
        (".. only:: not public", "no reader sees it: `only:: not public`"),
        (".. ifconfig:: release == '9'", "no reader sees it: `ifconfig:: release == '9'`"),
        (".. only:: public", ""),
        (".. only:: html", ""),
        (".. only:: latex", ""),
        (".. only:: builder_html or format_latex", ""),
        (".. only:: not html", ""),
        (".. ifconfig:: release == ''", ""),
    ],
)
@pytest.mark.parametrize(
    "inside", ["code-block:: console", "console::", "note::\n\n   .. console::"]
)
def test_a_block_that_no_reader_sees_is_left_out(
    tmp_path: Path, around: str, reason: str, inside: str
) -> None:
    inner = f".. {inside}\n\n      $ false\n".replace("\n", "\n   ")
    found = page_with(tmp_path, f"{around}\n\n   {inner}\n\n.. console::\n\n   $ true\n")
    assert [why for _, why in blocks(found)] == [reason, ""]
    assert found.problems == ()


def page_with(folder: Path, text: str, conf: str = "tags.add('public')") -> Page:
    """Read one page."""
    return pages(folder, conf, {"index.rst": f"T\n=\n\n{text}"})["index.rst"]


def test_tags_that_change_are_heeded(tmp_path: Path) -> None:
    text = ".. only:: internal\n\n   .. console::\n\n      $ true\n"
    assert blocks(page_with(tmp_path, text)) == [(8, "no reader sees it: `only:: internal`")]
    assert blocks(page_with(tmp_path, text, "tags.add('internal')")) == [(8, "")]


def test_a_page_of_which_nothing_is_seen_is_not_reproached(tmp_path: Path) -> None:
    hidden = ".. only:: internal\n\n   .. console::\n\n      $ true\n"
    assert not page_with(tmp_path, hidden).shows_nothing_true
    meant = f"{hidden}\n.. console::\n   :not-run: it sleeps\n\n   $ sleep 9\n"
    assert page_with(tmp_path, meant).shows_nothing_true


@pytest.mark.parametrize(
    "prompt", ["C:\\>", "c:\\Users\\ada> ", "PS C:\\> ", "PS> ", "(env) D:\\x>", "C:> "]
)
def test_a_block_at_a_prompt_of_windows_is_left_out(tmp_path: Path, prompt: str) -> None:
    text = f".. code-block:: console\n\n   {prompt}dir\n   x\n\n.. console::\n\n   $ true\n"
    assert blocks(page_with(tmp_path, text)) == [(6, "it is at a prompt of Windows"), (11, "")]


MAKER = """
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

class Parsed(SphinxDirective):
    def run(self):
        lines = [".. code-block:: console", "", "   $ lamp --on", "   The lamp is on"]
        node = nodes.Element()
        self.state.nested_parse(StringList(lines, "lighthouse"), 0, node)
        return node.children

class Made(SphinxDirective):
    def run(self):
        node = nodes.literal_block("$ lamp --on", "$ lamp --on", language="console")
        self.set_source_info(node)
        return [node]

class Replaced(SphinxTransform):
    default_priority = 800
    def apply(self):
        for node in self.document.findall(nodes.literal_block):
            if "|release|" in node.astext():
                text = node.astext().replace("|release|", "1")
                node.rawsource, node[:] = text, [nodes.Text(text)]

class Here(SphinxDirective):
    has_content = True
    def run(self):
        node = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, node)
        return node.children

def setup(app):
    app.add_directive("parsed", Parsed)
    app.add_directive("made", Made)
    app.add_directive("here", Here)
    app.add_transform(Replaced)
"""


@pytest.mark.parametrize("name", ["parsed", "made"])
def test_a_block_that_another_directive_made_is_left_out_and_told_where_that_stands(
    tmp_path: Path, name: str
) -> None:
    text = f"Text.\n\n.. {name}::\n\n.. code-block:: console\n\n{SESSION}"
    found = page_with(tmp_path, text, MAKER)
    assert blocks(found) == [(6, "made by another directive"), (10, "")]
    assert {item.source for item in found.items} == {"index.rst"}


def test_a_block_that_stands_on_the_page_is_run_whatever_is_around_it(tmp_path: Path) -> None:
    boxed = "+---------------------------+\n| .. code-block:: console   |\n"
    boxed += "|                           |\n|    $ echo one             |\n"
    boxed += "+---------------------------+\n"
    replaced = ".. code-block:: console\n\n   $ pip install x==|release|\n"
    text = f"{replaced}\n.. here::\n\n   .. code-block:: console\n\n      $ echo one\n\n{boxed}"
    assert [why for _, why in blocks(page_with(tmp_path, text, MAKER))] == ["", "", ""]


def test_a_page_that_is_made_before_it_is_read_is_its_writers(tmp_path: Path) -> None:
    conf = (
        "block = '.. code-block:: console\\n\\n   $ echo hello\\n'\n"
        "def fill(app, name, source):\n    source[0] = source[0].replace('BLOCK', block)\n"
        "def setup(app):\n    app.connect('source-read', fill)\n"
    )
    assert [why for _, why in blocks(page_with(tmp_path, "BLOCK", conf))] == [""]


# --- what only looks like a transcript ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("In Python:\n\n>>> 6 * 7\n41\n", 6, "it is a doctest block"),
        ("::\n\n   $ ls\n   x\n", 6, "it is a literal block without a language"),
        ("Type::\n\n   Now:\n\n   $ ls\n", 8, "it is a literal block without a language"),
        (".. parsed-literal::\n\n   $ ls *folder*\n   x\n", 6, "it is a parsed-literal"),
        (".. code-block:: text\n\n   $ ls\n", 6, "its language is `text`"),
        (".. code-block:: none\n\n   # first\n   $ ls\n", 7, "its language is `none`"),
        (".. code-block:: bash\n\n   $ ls\n", 6, "its language is `bash`"),
        (".. code-block:: python\n\n   >>> 6 * 7\n", 6, "its language is `python`"),
        (".. code-block:: text\n\n   root@3f2a:/app# ls\n", 6, "its language is `text`"),
        (".. code-block:: text\n\n   (env) $ ls\n", 6, "its language is `text`"),
        (".. code-block:: text\n\n   db=# select 1;\n", 6, "its language is `text`"),
        (".. code-block:: text\n\n   redis> get x\n", 6, "its language is `text`"),
        ("| $ ls\n| x\n", 4, "it is a line block"),
        (".. raw:: html\n\n   <pre>\n   $ <b>ls</b>\n   </pre>\n", 7, "it is raw HTML"),
        (".. list-table::\n\n   * - ::\n\n          $ ls\n", 8, "it is a literal block"),
        (
            "+----------+\n| ::       |\n|          |\n|    $ ls  |\n+----------+\n",
            7,
            "it is a lit",
        ),
    ],
)
def test_what_looks_like_a_transcript_and_is_no_block_is_named(
    tmp_path: Path, text: str, line: int, reason: str
) -> None:
    found = page_with(tmp_path, text, 'seatrial_prompts = [("redis", "redis> ")]')
    assert found.items == ()
    assert [where for where, _ in named(found)] == [f"index.rst:{line}"]
    assert named(found)[0][1].startswith(reason)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("    $ ls\n", 3),
        ("```\n$ ls\n```\n", 4),
        ("```text\n$ ls\n```\n", 4),
        ("<pre>\n$ ls\n</pre>\n", 4),
        ("> ```text\n> $ ls\n> ```\n", 4),
    ],
)
def test_markdown_has_look_alikes_as_well(tmp_path: Path, text: str, line: int) -> None:
    found = page(tmp_path, f"# T\n\n{text}", "md")
    assert [where for where, _ in named(found)] == [f"index.md:{line}"]


@pytest.mark.parametrize(
    "text",
    [
        "Costs::\n\n   $ \n   $5 and more\n",
        "::\n\n   .. console::\n\n      $ ls\n",
        ".. code-block:: rst\n\n   .. console::\n\n      $ ls\n",
        ".. code-block:: markdown\n\n   ```{console}\n   $ ls\n   ```\n",
        '.. code-block:: python\n\n   def f():\n       """Say.\n\n       >>> f()\n       """\n',
        ".. code-block:: bash\n\n   # a comment\n   ls\n",
        ".. code-block:: yaml\n\n   # a comment\n   a: 1\n",
        ".. code-block:: text\n\n   # a comment\n   a = 1\n",
        ".. code-block:: text\n\n   > quoted\n   ... and more\n",
        ".. code-block:: text\n\n   Password: secret\n",
        ".. code-block:: diff\n\n   - a\n   +>>> b\n",
        "Text that says ``$ ls``, and > 3.\n",
        ".. console::\n\n   $ cat page\n   $ ls\n",
        ".. console::\n   :not-run: it sleeps\n\n   $ sleep 9\n",
        ".. only:: internal\n\n   ::\n\n      $ ls\n",
        ".. $ ls\n",
        ".. raw:: html\n\n   <p>$ ls</p>\n",
        # what a writer says is only shown
        ".. rst-class:: not-run\n\n::\n\n   $ ls\n",
        ".. rst-class:: not-run\n\n>>> 6 * 7\n41\n",
        ".. code-block:: text\n   :class: not-run\n\n   $ ls\n",
        ".. parsed-literal::\n   :class: not-run\n\n   $ ls *x*\n",
        ".. container:: not-run\n\n   ::\n\n      $ ls\n",
    ],
)
def test_what_is_no_transcript_or_is_said_to_be_only_shown_is_not_named(
    tmp_path: Path, text: str
) -> None:
    assert named(page_with(tmp_path, text)) == []


def test_what_sphinx_tests_itself_is_left_to_it(tmp_path: Path) -> None:
    text = (
        ".. testsetup::\n\n   import math\n\n.. doctest::\n\n   >>> math.floor(3.7)\n   3\n\n"
        ">>> 6 * 7\n42\n\n.. testcode::\n\n   >>> 1\n\n.. console::\n\n   $ true\n"
    )
    found = page_with(tmp_path, text, 'extensions += ["sphinx.ext.doctest"]')
    assert [item.line for item in found.items] == [22]
    assert [each.tested for each in found.look_alikes] == [True, True, True]
    off = 'extensions += ["sphinx.ext.doctest"]\ndoctest_test_doctest_blocks = ""'
    assert [e.tested for e in page_with(tmp_path, text, off).look_alikes] == [True, False, True]


# --- pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["html/.buildinfo", "doctrees/environment.pickle"])
def test_a_copy_that_a_build_has_made_is_no_page(tmp_path: Path, sign: str) -> None:
    folder = f"_build/{sign.split('/')[0]}"
    copy = f"{folder}/index.rst"
    files = {"index.rst": "T\n=\n", copy: "T\n=\n", "_build/own.rst": "T\n=\n"}
    assert copy in pages(tmp_path, "", files)
    (tmp_path / "_build" / sign).write_text("")
    assert set(pages(tmp_path, "", files)) == {"index.rst", "_build/own.rst"}


@pytest.mark.parametrize(
    ("lines", "needs"),
    [
        (["$ pip freeze", "docker==7.1"], False),
        (["$ ls docker-compose.yml", "docker-compose.yml"], False),
        (["$ docker ps"], True),
        (["$ python3 -q", ">>> 'docker'"], True),
        (["# docker ps"], True),
        (["$ cat > x <<END", "docker ps", "END"], True),
        (["no prompt", "$ docker ps"], True),
    ],
)
def test_a_page_needs_docker_for_what_is_typed_alone(lines: list[str], needs: bool) -> None:
    block = Block("page", "page.rst", 1, tuple(lines), "top", 1)
    assert needs_docker(Page("page", "page.rst", (block,))) is needs
