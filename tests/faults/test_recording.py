"""Recording: what came is written down, nothing of the writer's is lost, and no failure unseen."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.terminal.project import Outcome, Project

pytestmark = pytest.mark.terminal

CONF = """\
extensions = ["seatrial.sphinx_ext", "myst_parser"]
suppress_warnings = ["toc.not_included"]
myst_enable_extensions = ["colon_fence"]
exclude_patterns = ["parts"]
seatrial_timeout = 3
"""


@dataclass(frozen=True)
class Case:
    """What becomes of some files when they are recorded."""

    files: Mapping[str, str]
    after: Mapping[str, str]
    # the files that change; all others have to stay as they are
    says: tuple[str, ...] = ()
    # why something was not recorded, or what fails; nothing where all is well


def block(*lines: str) -> str:
    """Return a block of reStructuredText."""
    return ".. console::\n\n" + "".join(f"   {line}\n" for line in lines) + "\n"


def fence(*lines: str, sign: str = "```") -> str:
    """Return a block of Markdown."""
    return "\n".join((f"{sign}console", *lines, sign, "", "Text.\n"))


CASES = {
    "a line behind input of Python stays": Case(
        {"a.md": fence("$ python3 -q", ">>> # one", "... x = 1", ">>> x", "2", ">>> exit()")},
        {"a.md": fence("$ python3 -q", ">>> # one", "... x = 1", ">>> x", "1", ">>> exit()")},
    ),
    "an indented block of Python is closed": Case(
        {"a.md": fence("$ python3 -q", ">>> for n in (1, 2):", "...     print(n)", "1")},
        {"a.md": fence("$ python3 -q", ">>> for n in (1, 2):", "...     print(n)", "1", "2")},
    ),
    "comments stay": Case(
        {"a.md": fence("# say", "$ seq 1", "old", "", "# two", "$ echo 2", "# 3", "$ true")},
        {"a.md": fence("# say", "$ seq 1", "1", "", "# two", "$ echo 2", "2", "# 3", "$ true")},
    ),
    "output with a hash at its end is output where it comes": Case(
        {
            "a.md": fence(
                "$ printf 'a\\n# b\\n'", "a", "# b", "$ printf '\\043!\\n'", "#!", "$ true"
            )
        },
        {},
    ),
    "comments in Python stay": Case(
        {
            "a.md": fence(
                "$ python3 -q", "# say", ">>> 1", "old", "", "# two", "", "# 3", ">>> 2", "2"
            )
        },
        {
            "a.md": fence(
                "$ python3 -q", "# say", ">>> 1", "1", "", "# two", "", "# 3", ">>> 2", "2"
            )
        },
    ),
    "a fence is longer than what it holds": Case(
        {"a.md": fence("$ printf '```\\na\\n````\\n'", "old")},
        {"a.md": fence("$ printf '```\\na\\n````\\n'", "```", "a", "````", sign="`````")},
    ),
    "a fence of another sign stays": Case(
        {"a.md": fence("$ printf '```\\n'", "old", sign="~~~")},
        {"a.md": fence("$ printf '```\\n'", "```", sign="~~~")},
    ),
    "a directive with options has its fence lengthened too": Case(
        {"a.md": "- x\n\n  :::{console}\n  :timeout: 3\n\n  $ echo :::\n  old\n  :::\n"},
        {"a.md": "- x\n\n  ::::{console}\n  :timeout: 3\n\n  $ echo :::\n  :::\n  ::::\n"},
    ),
    "a quotation keeps its margin": Case(
        {"a.md": "> [!NOTE]\n> ```console\n> $ printf '```\\n\\nb\\n'\n> old\n> ```\n"},
        {"a.md": "> [!NOTE]\n> ````console\n> $ printf '```\\n\\nb\\n'\n> ```\n>\n> b\n> ````\n"},
    ),
    "a blank line may open a fence within a list": Case(
        {"a.md": "1. x\n\n   ```console\n\n   $ echo 1\n   old\n   ```\n\n   y\n"},
        {"a.md": "1. x\n\n   ```console\n\n   $ echo 1\n   1\n   ```\n\n   y\n"},
    ),
    "a block with a tab is found": Case(
        {"a.md": fence("$ printf 'a\\tb\\n'", "a\tb", "c")},
        {"a.md": fence("$ printf 'a\\tb\\n'", "a       b")},
    ),
    "a line that closes a fence around the fence is refused": Case(
        {
            "a.md": "````{note}\n"
            + fence("$ printf '````\\n'", "old")
            + "````\n"
            + fence("$ echo 2", "old")
        },
        {
            "a.md": "````{note}\n"
            + fence("$ printf '````\\n'", "old")
            + "````\n"
            + fence("$ echo 2", "2")
        },
        ("a.md:3: the output is not written, because a line of it would close the block",),
    ),
    "a line that is read as an option is refused": Case(
        {"a.rst": ".. console::\n   $ echo :timeout: 2\n   old\n\n" + block("$ echo 2", "old")},
        {"a.rst": ".. console::\n   $ echo :timeout: 2\n   old\n\n" + block("$ echo 2", "2")},
        ("a.rst:2: the output is not written",),
    ),
    "output that is markup elsewhere is written": Case(
        {"a.rst": block("$ printf '\\n\\n:a: b\\n.. note::\\n\\n  x\\n'", "old")},
        {
            "a.rst": block(
                *("$ printf '\\n\\n:a: b\\n.. note::\\n\\n  x\\n'", "", "", ":a: b", ".. note::"),
                *("", "  x"),
            ).replace("   \n", "\n")
        },
    ),
    "a file outside of the folder is written": Case(
        {"a.rst": ".. include:: ../README.rst\n", "../README.rst": block("$ echo 1", "old")},
        {"../README.rst": block("$ echo 1", "1")},
    ),
    "two pages that agree": Case(
        {
            "a.rst": ".. include:: parts/x.txt\n",
            "b.rst": block("$ true") + ".. include:: parts/x.txt\n",
            "parts/x.txt": block("$ seq 2", "old") + block("$ echo 3", "old"),
        },
        {"parts/x.txt": block("$ seq 2", "1", "2") + block("$ echo 3", "3")},
    ),
    "two pages that do not agree": Case(
        {
            "a.rst": block("$ echo one > x", "old") + ".. include:: parts/x.txt\n",
            "b.rst": block("$ echo two > x", "old") + ".. include:: parts/x.txt\n",
            "parts/x.txt": block("$ seq 2", "old") + block("$ true", "$ cat x", "old"),
        },
        {
            "a.rst": block("$ echo one > x") + ".. include:: parts/x.txt\n",
            "b.rst": block("$ echo two > x") + ".. include:: parts/x.txt\n",
            "parts/x.txt": block("$ seq 2", "1", "2") + block("$ true", "$ cat x", "old"),
        },
        (
            (
                "parts/x.txt:9: this block gave different outputs and is left as it was: "
                "a.rst and b.rst show it"
            ),
        ),
    ),
    "one page that shows a block twice": Case(
        {
            "a.rst": ".. include:: parts/x.txt\n\n" * 2 + block("$ echo 2", "old"),
            "parts/x.txt": block("$ x=a$x; echo $x", "old"),
        },
        {"a.rst": ".. include:: parts/x.txt\n\n" * 2 + block("$ echo 2", "2")},
        (
            (
                "parts/x.txt:3: this block gave different outputs and is left as it was: "
                "a.rst shows it twice"
            ),
        ),
    ),
    "a command that fails now": Case(
        {"a.rst": block("$ echo 1", "old", "$ no-such-command", "old") + block("$ echo 2", "old")},
        {
            "a.rst": block(
                *("$ echo 1", "1", "$ no-such-command", "bash: no-such-command: command not found"),
                "[127]",
            )
            + block("$ echo 2", "2")
        },
        (
            "seatrial: a.rst:5: `$ no-such-command` now ends with exit status 127",
            "a.rst:5: `no-such-command` ended with exit status 127, promised is 0",
        ),
    ),
    "a status that changes for the better": Case(
        {"a.rst": block("$ true", "[1]")}, {"a.rst": block("$ true")}
    ),
    "blocks that break": Case(
        {
            "a.rst": block("$ sleep 60", "old")
            + block("$ python3 -q", ">>> 1", "old", "$ true")
            + block("$ echo 3", "old")
            + block("$ echo '$ x'", "old")
            + block("output")
            + block("$ echo 4", "old"),
        },
        {
            "a.rst": block("$ sleep 60", "old")
            + block("$ python3 -q", ">>> 1", "old", "$ true")
            + block("$ echo 3", "3")
            + block("$ echo '$ x'", "old")
            + block("output")
            + block("$ echo 4", "4"),
        },
        (
            "a.rst:3: `sleep 60` gave no prompt back within 3 s",
            "a.rst:9: `1` was answered by the prompt `>>>`, the page goes on at `$`",
            "a.rst:20: output of this block looks like a prompt",
            "a.rst:25: the block begins with output",
        ),
    ),
    "a terminal that is lost": Case(
        {"a.rst": block("$ echo 1", "old") + block("$ exit") + block("$ echo 2", "old")},
        {"a.rst": block("$ echo 1", "1") + block("$ exit") + block("$ echo 2", "old")},
        ("`exit` closed the terminal",),
    ),
}


def project(folder: Path, files: Mapping[str, str]) -> Project:
    """Return a project with these files in its folder of pages."""
    (folder / "pytest.ini").write_text("[pytest]\nseatrial = docs\n")
    for name, text in {"conf.py": CONF, "index.rst": "Index\n=====\n", **files}.items():
        path = folder / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        title = {".rst": "Title\n=====\n\n", ".md": "# Title\n\n"}
        path.write_text(title.get(path.suffix, "") * (name in files) + text)
    return Project(folder)


def text_of(own: Project, name: str) -> str:
    """Return a file's text without its title."""
    text = (own.folder / "docs" / name).read_text()
    return text.removeprefix("Title\n=====\n\n").removeprefix("# Title\n\n")


@pytest.mark.parametrize("name", CASES)
def test_what_becomes_of_pages_that_are_recorded(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    own = project(tmp_path, case.files)
    outcome = own.run("docs", "--seatrial-record")
    assert {file: text_of(own, file) for file in case.files} == {**case.files, **case.after}
    for sentence in case.says:
        # titles move the lines of pages down
        assert _moved(sentence) in outcome.text, outcome.text
    for word in ("Traceback", "updating environment"):
        assert word not in outcome.text, outcome.text
    assert outcome.status == bool(case.says), outcome.text
    wrote = {s.removeprefix("seatrial: wrote ") for s in outcome.sentences if " wrote " in s}
    assert {name for name in wrote if not name.startswith("records/")} == set(case.after)
    if not case.says:
        again = own.run("docs", "--seatrial-record")
        assert again.status == 0, again.text
        assert len(again.sentences) == 1


def _moved(sentence: str) -> str:
    """Return a sentence with the line numbers of pages as they are below a title."""
    for kind, lines in (("a.rst:", 3), ("a.md:", 2)):
        before, found, after = sentence.partition(kind)
        if found:
            number, _, rest = after.partition(":")
            return f"{before}{kind}{int(number) + lines}:{rest}"
    return sentence


NOT_RUN = ".. console::\n   :not-run: it is long\n\n   $ sleep 60\n"
THREE = block("$ echo 1", "old") + block("$ echo 2", "old") + block("$ echo 3", "old") + NOT_RUN


def test_recording_a_part_of_a_page_writes_what_ran_and_fails(tmp_path: Path) -> None:
    own = project(tmp_path, {"a.rst": THREE})
    outcome = own.run("docs/a.rst::v2::title-2", "--seatrial-record")
    assert text_of(own, "a.rst") == THREE.replace("old", "1", 1).replace("old", "2", 1)
    assert outcome.status == 1
    assert (
        "a.rst: no record was written, because only a part of the page was run: "
        "2 of its 4 blocks and edits" in outcome.text
    )
    assert not (own.folder / "docs" / "records").exists()
    last = own.run("docs", "-k", "title-3", "--seatrial-record")
    assert last.status == 0, last.text
    assert "old" not in text_of(own, "a.rst")
    assert (own.folder / "docs" / "records" / "a.json").exists()


def test_a_page_that_failed_is_recorded_where_only_what_failed_is_asked_for(
    tmp_path: Path,
) -> None:
    own = project(tmp_path, {"a.rst": block("$ echo 1", "1") + block("$ echo 2", "old")})
    cache = ("-p", "cacheprovider")
    assert own.run("docs", *cache).status == 1
    outcome: Outcome = own.run("docs", "--lf", "--seatrial-record", *cache)
    assert outcome.status == 0, outcome.text
    assert "seatrial: wrote a.rst" in outcome.sentences
    assert text_of(own, "a.rst") == block("$ echo 1", "1") + block("$ echo 2", "2")
