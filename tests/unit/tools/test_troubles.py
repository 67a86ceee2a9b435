"""The page of messages and what its field compares with, of a small project."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import docutils_namespace, patch_docutils

from tests.troubles import ROOT

DATA = """
programs = ["Docker"]
[kinds]
port = '\\d{1,5}'
[[message]]
id = "daemon"
says = "Docker"
line = "Cannot connect to the Docker daemon at {socket}."
cause = "It does not run."
fix = "index#start-it"
type = "docker -H {socket} ps"
not_run = "https://example.org/thread"
"""
INDEX = "A\n=\n\n.. toctree::\n\n   reference/messages\n\nStart it\n--------\n\nType.\n"
PAGE = "M\n=\n\n.. paste-what-you-see::\n\n.. messages::\n"

Build = Callable[[str], Path]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """A site with a page of messages, built from a data file."""

    def built(data: str) -> Path:
        source = tmp_path / "source"
        shutil.rmtree(source, ignore_errors=True)
        (source / "reference").mkdir(parents=True)
        tools = str(ROOT / "tools")
        (source / "conf.py").write_text(
            f"import sys\nsys.path.insert(0, {tools!r})\nextensions = ['troubles']\n"
        )
        (source / "index.rst").write_text(INDEX)
        (source / "reference/messages.rst").write_text(PAGE)
        (source / "reference/messages.toml").write_text(data)
        out = tmp_path / "out"
        with patch_docutils(source), docutils_namespace():
            app = Sphinx(
                source, source, out, tmp_path / "trees", "html", status=None, warning=sys.stderr
            )
            app.build()
        assert app.statuscode == 0
        return out

    return built


def test_a_message_becomes_a_section_that_leads_to_its_fix(build: Build) -> None:
    html = (build(DATA) / "reference/messages.html").read_text()
    assert 'id="message-daemon"' in html
    assert "docker -H SOCKET ps" in html
    assert re.search(r'href="\.\./index\.html#start-it">Start it</a>', html)
    assert 'href="https://example.org/thread"' in html


def test_the_field_gets_the_messages_as_a_script(build: Build) -> None:
    text = (build(DATA) / "_static/messages-data.js").read_text()
    data = json.loads(re.fullmatch(r"recordedMessages\((.*)\);\n", text)[1])  # type: ignore[index]
    [message] = data["messages"]
    assert message["lines"] == ["Cannot connect to the Docker daemon at {socket}."]
    assert message["fixes"] == [["index.html#start-it", "Start it"]]


def test_a_second_section_is_linked_too(build: Build) -> None:
    out = build(DATA + 'also = "index#start-it"\n')
    links = r'href="\.\./index\.html#start-it">Start it</a> or <a'
    assert re.search(links, (out / "reference/messages.html").read_text())
    assert (out / "_static/messages-data.js").read_text().count("index.html#start-it") == 2


def test_a_page_without_the_field_loads_nothing_for_it(build: Build) -> None:
    out = build(DATA)
    assert "messages.js" in (out / "reference/messages.html").read_text()
    assert "messages.js" not in (out / "index.html").read_text()


def test_a_fix_that_is_nowhere_ends_the_build(build: Build) -> None:
    with pytest.raises(ExtensionError, match="there is no section index#nowhere"):
        build(DATA.replace("index#start-it", "index#nowhere"))


def test_a_message_that_nothing_printed_is_a_warning(
    build: Build, capsys: pytest.CaptureFixture[str]
) -> None:
    # not the end of the build: a record that was removed is made again from the pages
    out = build(DATA.replace('not_run = "https://example.org/thread"', ""))
    assert "daemon: no run printed it" in capsys.readouterr().err
    assert "not run yet" in (out / "reference/messages.html").read_text()
