"""Watching: what is saved is judged and shown, in the quickest way that is true."""

import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pexpect
import pytest
from websockets.sync.client import connect

from seatrial.run.sweeping import lock
from seatrial.watch.browser import PORT, _bound
from tests.terminal.forking import Watching

pytestmark = pytest.mark.terminal

CONF = 'extensions = ["seatrial.sphinx_ext"]\nhtml_theme = "basic"\n'
# Ctrl-C while an object is deleted, where Python drops what the handler raises
DROPPED = """
import os, signal
class Deleted:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
Deleted()
"""
SEATRIAL = str(Path(sys.executable).parent / "seatrial")
WATCHING = "seatrial: watching\r\n"


class Project:
    """A project whose blocks note outside of their sandbox that they ran."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "pages"
        self.folder.mkdir()
        self._notes = folder / "notes"
        (self.folder / "conf.py").write_text(CONF)

    def block(self, word: str, *promise: str, options: str = "") -> str:
        """Return a block that notes a word, prints it, and promises it or something else."""
        command = f"echo {word} | tee -a {self._notes}"
        lines = "".join(f"   {line}\n" for line in promise or (word,))
        return f".. console::\n{options}\n   $ {command}\n{lines}\n"

    def write(self, *blocks: str, name: str = "index.rst") -> None:
        """Save a page of some blocks."""
        (self.folder / name).write_text("\n".join(("Title\n=====\n", *blocks)))

    def ran(self) -> list[str]:
        """Return the words of the blocks that ran since this was asked last."""
        words = self._notes.read_text().split() if self._notes.exists() else []
        self._notes.write_text("")
        return words


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


Start = Callable[..., Watching]


@pytest.fixture
def start(project: Project) -> Iterator[Start]:
    """What starts `seatrial watch` on a terminal of its own; it is ended by a key."""
    with ExitStack() as started:

        def begin(*pages: str, until: str = WATCHING) -> Watching:
            child = Watching(["watch", *pages], project.folder, os.environ)
            started.callback(child.end, "q")
            child.expect(until)
            return child

        yield begin


def test_a_changed_promise_is_judged_by_the_last_run(project: Project, start: Start) -> None:
    project.write(project.block("one"), project.block("two"))
    watch = start("index.rst")
    assert "index.rst: 2 passed (run)" in str(watch.before)
    assert project.ran() == ["one", "two"]
    project.write(project.block("one", "uno"), project.block("two"))
    watch.expect(r"- uno\r\ncame:\r\n\+ one\r\n")
    watch.expect(r"1 passed, 1 failed \(judged against the run of \d\d:\d\d\)")
    project.write("A sentence.\n", project.block("one"), project.block("two"))
    watch.expect(r"2 passed \(judged against the run of \d\d:\d\d\)")
    watch.send("q")
    watch.expect("ended, and nothing is left")
    # it is kept for the next time, as long as nothing else changed
    again = start("index.rst")
    assert re.search(r"2 passed \(judged against the run of \d\d:\d\d\)", str(again.before))
    assert project.ran() == []
    (project.folder / "conf.py").write_text(CONF + "seatrial_timeout = 20\n")
    again.expect(r"settings in conf.py changed, so it runs from the start")
    again.expect(r"2 passed \(run\)")
    assert project.ran() == ["one", "two"]


def test_a_run_that_failed_is_kept_too(project: Project, start: Start) -> None:
    project.write(project.block("one", "uno"), project.block("two"))
    first = start("index.rst")
    assert "1 passed, 1 failed (run)" in str(first.before)
    first.send("q")
    first.expect(pexpect.EOF)
    project.write(project.block("one"), project.block("two"))
    assert re.search(r"2 passed \(judged against the run", str(start("index.rst").before))
    assert project.ran() == ["one", "two"]


def test_a_changed_last_command_is_run_on_top(project: Project, start: Start) -> None:
    project.write(project.block("one"), project.block("two"))
    watch = start("index.rst")
    project.ran()
    project.write(project.block("one"), project.block("three"))
    watch.expect("runs on top of the earlier try; `r` runs it from the start")
    watch.expect(r"2 passed \(on top of the earlier try\)")
    assert project.ran() == ["three"]
    # what stands below it is typed where that ended
    project.write(project.block("one"), project.block("three"), project.block("four"))
    watch.expect(r"3 passed \(on top of the earlier try\)")
    assert project.ran() == ["four"]
    watch.send("r")
    watch.expect(r"3 passed \(run\)")
    assert project.ran() == ["one", "three", "four"]


def test_a_run_on_top_is_not_kept(project: Project, start: Start) -> None:
    project.write(project.block("one"), project.block("two"))
    watch = start("index.rst")
    project.write(project.block("one"), project.block("three"))
    watch.expect(r"on top of the earlier try\)")
    watch.send("q")
    watch.expect(pexpect.EOF)
    project.ran()
    assert "2 passed (run)" in str(start("index.rst").before)
    assert project.ran() == ["one", "three"]


def test_a_changed_earlier_command_runs_all(project: Project, start: Start) -> None:
    project.write(project.block("one"), project.block("two"))
    watch = start("index.rst")
    project.ran()
    project.write(project.block("zero"), project.block("two"))
    watch.expect(r"2 passed \(run\)")
    assert project.ran() == ["zero", "two"]


def test_an_edit_is_not_made_twice(project: Project, start: Start) -> None:
    edit = ".. edit:: notes.txt\n   :new: 1\n\n   {}\n\n"
    project.write(project.block("one"), edit.format("first"))
    watch = start("index.rst")
    project.ran()
    project.write(project.block("one"), edit.format("second"))
    watch.expect(r"2 passed \(run\)")
    assert project.ran() == ["one"]


def test_a_key_records(project: Project, start: Start) -> None:
    project.write(project.block("one", "uno"))
    watch = start("index.rst")
    watch.send("s")
    watch.expect("recorded; written: index.rst, records/index.json")
    watch.expect(r"1 passed \(judged against the run of")
    assert project.block("one") in (project.folder / "index.rst").read_text()


def _half_written(project: Project) -> None:
    project.write(project.block("one", options="   :timeout: ne\n"))


def _no_text(project: Project) -> None:
    (project.folder / "index.rst").write_bytes(b"Title\n=====\n\n\xff\xfe ``\xc3\n")


def _no_python(project: Project) -> None:
    (project.folder / "conf.py").write_text("extensions = [\n")


def _no_root(project: Project) -> None:
    (project.folder / "index.rst").unlink()


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (_half_written, "index.rst: not run until that is corrected and saved"),
        (_no_text, r"index.rst: 'utf-8' codec can't decode"),
        (_no_python, "There is a syntax error in your configuration file"),
        (_no_root, "waiting for the next save"),
    ],
    ids=["half written", "no text", "conf.py", "deleted"],
)
def test_it_goes_on_after_bad_input(
    project: Project, start: Start, break_it: Callable[[Project], None], said: str
) -> None:
    project.write(project.block("one"))
    watch = start("index.rst")
    break_it(project)
    watch.expect(said)
    (project.folder / "conf.py").write_text(CONF)
    project.write(project.block("one", "uno"))
    watch.expect(r"1 failed \(judged against the run of")


def test_a_page_that_is_gone_is_told(project: Project, start: Start) -> None:
    project.write()
    project.write(project.block("one"), name="other.rst")
    watch = start()
    (project.folder / "other.rst").unlink()
    watch.expect("other: the page is gone")


def test_what_changes_nothing_is_not_run(project: Project, start: Start) -> None:
    project.write(project.block("one"))
    watch = start("index.rst")
    for name in (".index.rst.swp", "index.rst~", "#index.rst#", "4913", ".#index.rst"):
        (project.folder / name).write_text("draft")
    project.write(project.block("one"))
    watch.expect(r"index.rst: 1 passed \(judged against the run of")
    # and of what an editor keeps beside the page nothing is said
    assert str(watch.before) == ""
    (project.folder / "other.txt").write_text("")
    watch.expect("other.txt: no page to judge")
    assert project.ran() == ["one"]


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("none.rst", "there is no page none.rst"),
        ("conf.py", "conf.py is not a page that Sphinx reads"),
        ("../outside.rst", "there is no conf.py in "),
    ],
)
def test_a_page_that_cannot_be_watched(project: Project, page: str, said: str) -> None:
    project.write()
    (project.folder.parent / "outside.rst").write_text("Title\n=====\n")
    command = [SEATRIAL, "watch", page]
    ended = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=False)
    assert said in ended.stderr
    assert ended.returncode == 1


def test_it_waits_for_another_run(project: Project, start: Start) -> None:
    project.write(project.block("one"))
    other = lock()
    watch = start("index.rst", until="waiting for another run")
    other.close()
    watch.expect(r"1 passed \(run\)")


def test_what_is_saved_during_a_run_ends_it(project: Project, start: Start) -> None:
    # before each of its steps, a run looks whether there is something newer
    steps = ".. console::\n\n" + "   $ sleep 0.02\n" * 100 + "\n"
    project.write(project.block("one"), steps, project.block("two"))
    watch = start("index.rst", until="sleep 0.02 ")
    project.write(project.block("one"), steps, project.block("three"))
    watch.expect("left, because something newer is there")
    watch.expect(r"3 passed \(on top of the earlier try\)")
    assert project.ran() == ["one", "three"]


@pytest.mark.parametrize("how", ["q", signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_nothing_is_left(project: Project, start: Start, how: str | signal.Signals) -> None:
    project.write(".. console::\n\n   $ sleep 61\n")
    watch = start("index.rst", until="reading the pages")
    before = termios.tcgetattr(watch.child_fd)
    watch.expect("sleep 61 ")
    assert termios.tcgetattr(watch.child_fd) != before
    if isinstance(how, str):
        watch.send(how)
    else:
        os.kill(watch.process.pid, how)
    watch.expect("ended, and nothing is left")
    assert termios.tcgetattr(watch.child_fd) == before
    watch.expect(pexpect.EOF)
    # what is left, the fixture of all these tests looks for


def test_an_interrupt_that_python_drops_ends_it(project: Project, start: Start) -> None:
    project.write(project.block("one"))
    watch = start("index.rst")
    (project.folder / "conf.py").write_text(CONF + DROPPED)
    watch.expect("Exception ignored in: <function Deleted.__del__")
    watch.expect("ended, and nothing is left")
    watch.expect(pexpect.EOF)


def test_two_that_begin_at_once_have_a_port_each() -> None:
    with _bound() as one, _bound() as other:
        assert one.getsockname() != other.getsockname()


def test_a_browser_is_told(project: Project, start: Start) -> None:
    project.write(project.block("one"))
    other, watch = start("index.rst"), start()
    # which of them is at our port depends on what other tests watch meanwhile
    addresses = []
    for each in (other, watch):
        addresses += re.findall(r"http://(127\.0\.0\.1:\d+)/", str(each.before))
        assert (f":{PORT}/" in str(each.before)) != (f"port {PORT} is taken" in str(each.before))
    assert len(addresses) == len(set(addresses)) == 2
    with connect(f"ws://{addresses[1]}/websocket-reload") as browser:
        project.write("A sentence.\n", project.block("one"))
        assert browser.recv(timeout=60) == "refresh"
    assert "A sentence." in (project.folder / "_build/watch/html/index.html").read_text()


def test_without_a_terminal_there_are_no_keys(project: Project) -> None:
    project.write(project.block("one"))
    with subprocess.Popen(
        [SEATRIAL, "watch", "index.rst"],
        cwd=project.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as watch:
        assert watch.stdout is not None
        said = []
        for line in watch.stdout:
            said.append(line)
            if line == "seatrial: watching\n":
                watch.terminate()
    assert "seatrial: no keys, because this is not a terminal; Ctrl-C ends\n" in said
    assert said[-1] == "seatrial: ended, and nothing is left\n"


def test_without_an_engine_the_page_is_shown(
    project: Project, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    project.write(".. console::\n\n   $ docker ps\n")
    watch = start("index.rst")
    assert "index.rst: not run: no Docker engine answers" in str(watch.before)
    project.write("A sentence.\n", ".. console::\n\n   $ docker ps\n")
    watch.expect("index.rst: not run: no Docker engine answers")
    assert "A sentence." in (project.folder / "_build/watch/html/index.html").read_text()
