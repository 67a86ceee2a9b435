"""The kernel, cell by cell, as a front end drives it.  Needs an engine, and starts no container."""

import json
import os
import re
import signal
from pathlib import Path

import pytest
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from seatrial.kernel import Application
from tests.kernel.conftest import FrontEnd

pytestmark = pytest.mark.engine


def sandboxes(cache: Path) -> list[Path]:
    return [
        Path(json.loads(entry.read_text())["root"]) for entry in cache.glob("sandboxes/**/*.json")
    ]


def test_a_cell_gives_its_output_and_says_where_it_ran(front_end: FrontEnd) -> None:
    cell = front_end.run("echo hello; pwd")
    assert (cell.status, cell.text) == ("ok", "hello\n/home/you/sandbox\n")
    assert cell.words == "(ran on your machine)"
    assert cell.ran == {"at": [{}], "now": {}, "moved": False, "leave": "", "did": []}
    assert "your machine" in cell.shown[0]["text/html"]


def test_a_cell_goes_into_the_program_in_front(front_end: FrontEnd) -> None:
    cell = front_end.run("python3 -q")
    assert cell.ran["moved"]
    assert cell.words == "(ran in Python on your machine)\nYou are there now. Leave with `exit()`."
    assert (cell.ran["at"], cell.ran["now"]) == ([{"program": "Python"}], {"program": "Python"})
    assert 'data-kind="program"' in cell.shown[0]["text/html"]
    assert front_end.run("6 * 7").text == "42\n"
    cell = front_end.run("exit()\necho back")
    assert cell.text == "back\n"
    assert cell.ran["at"] == [{"program": "Python"}, {}]
    assert cell.words == "(ran in Python on your machine, then your machine)\nYou are there now."


def test_python_takes_a_cell_as_a_notebook_would(front_end: FrontEnd) -> None:
    front_end.run("python3 -q")
    code = (
        "def double(x):\n    y = 2 * x\n\n    return y\nfor n in (1, 2):\n    double(n)\ndouble(3)"
    )
    assert front_end.run(code).text == "2\n4\n6\n"
    text = 'x = """a\n\nb"""\nlen(x)'
    assert front_end.run(text).text == "4\n"
    assert front_end.run("if False:\n    1\nelse:\n    2\n\n# a remark\n3").text == "2\n3\n"
    assert front_end.run("a = 1; b = 2\na + b").text == "3\n"


def test_a_failing_command_stops_the_cell_and_is_an_error(front_end: FrontEnd) -> None:
    cell = front_end.run("echo one\nls /no/such/folder\necho two\necho three")
    assert cell.status == "error"
    assert cell.error == "CommandFailed: exit status 2"
    assert "the 2 lines after it were not typed" in cell.traceback[-1]
    assert "two" not in cell.text
    assert front_end.run("echo on").text == "on\n"


def test_an_error_in_python_is_one_too(front_end: FrontEnd) -> None:
    front_end.run("python3 -q")
    assert front_end.run("1 / 0").error == "PythonError: ZeroDivisionError: division by zero"
    assert front_end.run("def f(:").error.startswith("PythonError: SyntaxError")
    assert front_end.run("print('ValueError: only text')").status == "ok"


@pytest.mark.parametrize(
    ("before", "code", "who"),
    [
        ("", 'echo "open', "The shell"),
        ("", "cat <<E\nno end", "The shell"),
        ("", "ls |", "The shell"),
        ("python3 -q", "x = [1,", "Python"),
        ("python3 -q", "def f():", "Python"),
    ],
)
def test_unfinished_input_says_what_it_waits_for(
    front_end: FrontEnd, before: str, code: str, who: str
) -> None:
    front_end.run(before or "true")
    cell = front_end.run(code)
    assert cell.error.startswith(f"Unfinished: {who} waits for the rest")
    assert front_end.run("print(1)" if before else "echo 1").text == "1\n"


def test_output_comes_while_a_command_runs_and_interrupting_ends_it(front_end: FrontEnd) -> None:
    # in a shell of their own: an interactive one may miss Ctrl-C while it starts the next command
    cell = front_end.run("sh -c 'echo first; exec sleep 60'", press=("first",))
    assert (cell.text, cell.error) == ("first\n", "Interrupted: Ctrl-C was pressed")
    cell = front_end.run("sh -c 'while :; do echo again; sleep 0.1; done'", press=("again",))
    assert cell.status == "error"
    assert "^C" not in cell.text
    assert front_end.run("echo alive; echo $x").status == "ok"


def test_what_does_not_listen_is_killed_at_the_third_time(front_end: FrontEnd) -> None:
    front_end.run("kept=1")
    stubborn = (
        "python3 -uc \"import signal, time; n = 0\nsignal.signal(2, lambda *_: print('no'))\n"
        "print('ready')\nwhile True: time.sleep(1)\""
    )
    cell = front_end.run(stubborn, press=("ready\n", "no\n", "no\nno\n"))
    assert cell.status == "error"
    assert front_end.run("echo $kept").text == "1\n"


def test_a_program_asks_the_reader(front_end: FrontEnd) -> None:
    cell = front_end.run('read -p "Go on? [y/N] " x; echo "you said $x"', answers=["yes"])
    assert cell.asked == [("Go on? [y/N] ", False)]
    assert cell.text.endswith("you said yes\n")
    cell = front_end.run('read -sp "Password: " x; echo; echo "${#x} letters"', answers=["secret"])
    assert cell.asked == [("Password: ", True)]
    assert "6 letters" in cell.text
    assert "secret" not in cell.text


def test_a_question_can_be_interrupted(front_end: FrontEnd) -> None:
    cell = front_end.run('read -p "Go on? [y/N] " x', answers=[])
    assert cell.asked == [("Go on? [y/N] ", False)]
    assert cell.status == "error"
    assert front_end.run("echo on").text == "on\n"


def test_where_nobody_can_answer_that_is_said(front_end: FrontEnd) -> None:
    cell = front_end.run('read -p "Go on? [y/N] " x')
    assert cell.error == "Question: `Go on? [y/N]` was asked, and nobody can answer here"
    assert front_end.run("echo on").text == "on\n"


def test_a_program_that_takes_the_whole_screen_gets_one_sentence(front_end: FrontEnd) -> None:
    cell = front_end.run(r"printf '\033[?1049h'; sleep 60")
    said = "this program needs the whole screen, which a notebook does not have"
    assert cell.error == f"FullScreen: {said}"
    assert front_end.run("echo on").text == "on\n"


def test_a_cell_writes_a_file_and_shows_the_change(front_end: FrontEnd) -> None:
    cell = front_end.run("%%edit a/b.txt\none\ntwo")
    assert "+two" in cell.shown[0]["text/plain"]
    assert front_end.run("cat a/b.txt").text == "one\ntwo\n"
    cell = front_end.run("one\n<three>", tags=["edit:a/b.txt"])
    assert "-two" in cell.shown[0]["text/plain"]
    assert ">&lt;three&gt;</ins>" in cell.shown[0]["text/html"]
    cell = front_end.run("%%edit ../../outside\nx")
    assert cell.error == "SandboxError: ../../outside lies outside the project"


def test_a_cell_changes_a_part_of_a_file_and_once_only(front_end: FrontEnd) -> None:
    front_end.run("%%edit a.txt\none\ntwo\nthree")
    change = "%%edit a.txt\n:was: two\n2"
    for cell in (front_end.run(change), front_end.run("%%edit a.txt\n:new: 2\nthree\nfour")):
        assert cell.error == ""
    assert front_end.run("cat a.txt").text == "one\n2\nthree\nfour\n"
    cell = front_end.run(change)
    assert cell.shown[0]["text/plain"] == "a.txt is as it was"
    assert front_end.run("cat a.txt").text == "one\n2\nthree\nfour\n"
    cell = front_end.run("%%edit a.txt\n:was: five\n5")
    assert cell.error == "SandboxError: the lines around the change are not found in a.txt"
    cell = front_end.run("%%edit a.txt\n:new: 2\n5")
    assert cell.error == "TranscriptError: `:new: 2` numbers no lines of a fragment that has 1"


def test_a_closed_terminal_is_replaced(front_end: FrontEnd) -> None:
    assert front_end.run("exit 3").error == "TerminalClosed: the terminal was closed"
    assert front_end.run("pwd").text == "/home/you/sandbox\n"


def test_tab_completes(front_end: FrontEnd) -> None:
    front_end.run("mkdir folder; touch file-one")

    def found(code: str) -> list[str]:
        return list(front_end.reply_to(front_end.client.complete(code, len(code)))["matches"])

    assert "docker" in found("dock")
    assert found("cat fi") == ["file-one"]
    assert found("ls fold") == ["folder/"]
    assert found("true && cat fi") == ["file-one"]
    assert "compose" in found("docker com")
    assert "--detach" in found("docker compose up --det")
    assert "exec" in found("docker compose ex")


def test_shift_tab_shows_the_help_of_a_docker_command(front_end: FrontEnd) -> None:
    def shown(code: str) -> str:
        content = front_end.reply_to(front_end.client.inspect(code, len(code)))
        return str(content["data"].get("text/plain", ""))

    assert "docker compose up [OPTIONS]" in shown("docker compose up -d")
    assert "docker exec [OPTIONS] CONTAINER" in shown("docker exec some-container ls")
    assert shown("ls -l") == ""


def test_history_and_what_a_console_asks(front_end: FrontEnd) -> None:
    front_end.run("echo one")
    asked = front_end.client.history(hist_access_type="tail", n=5)
    history = front_end.reply_to(asked)["history"]
    assert [entry[2] for entry in history] == ["echo one"]
    for code, expected in (("ls", "complete"), ("ls |", "incomplete"), ('"', "incomplete")):
        assert front_end.reply_to(front_end.client.is_complete(code))["status"] == expected


def test_a_restart_gives_a_fresh_sandbox_and_a_shutdown_removes_it(
    manager: KernelManager, cache: Path
) -> None:
    front_end = FrontEnd(manager)
    front_end.run("touch here")
    (first,) = sandboxes(cache)
    assert (first / "you" / "sandbox" / "here").exists()
    manager.restart_kernel()
    front_end.client.wait_for_ready(timeout=60)
    assert not first.exists()
    assert front_end.run("ls").text == ""
    (second,) = sandboxes(cache)
    manager.shutdown_kernel()
    front_end.client.stop_channels()
    assert sandboxes(cache) == []
    assert not second.exists()


def test_a_terminated_kernel_removes_its_sandbox(manager: KernelManager, cache: Path) -> None:
    front_end = FrontEnd(manager)
    front_end.run("touch here")
    manager.signal_kernel(signal.SIGTERM)
    assert isinstance(manager.provisioner, LocalProvisioner)
    assert manager.provisioner.process is not None
    manager.provisioner.process.wait(timeout=30)
    front_end.client.stop_channels()
    assert sandboxes(cache) == []


def test_what_a_killed_kernel_left_is_removed_by_the_next(
    manager: KernelManager, cache: Path
) -> None:
    front_end = FrontEnd(manager)
    front_end.run("touch here; sleep 600 &")
    (first,) = sandboxes(cache)
    manager.signal_kernel(signal.SIGKILL)
    manager.restart_kernel(now=True)
    front_end.client.wait_for_ready(timeout=60)
    assert front_end.run("ls").text == ""
    assert not first.exists()
    assert len(sandboxes(cache)) == 1
    front_end.client.stop_channels()
    mine = [
        entry
        for entry in Path("/proc").glob("[0-9]*/cmdline")
        if entry.parent.name != str(os.getpid()) and b"sleep\x00600" in _read(entry)
    ]
    assert mine == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_what_speaks_of_the_end_has_spoken_before_the_process_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = []

    class Thread:
        def is_alive(self) -> bool:
            return True

        def stop(self) -> None:
            done.append("told to stop")

        def join(self) -> None:
            done.append("waited for")

    monkeypatch.setattr(IPKernelApp, "start", lambda _self: done.append("served"))
    application = Application()  # type: ignore[no-untyped-call]
    application.control_thread = Thread()
    application.start()
    assert done == ["served", "told to stop", "waited for"]


# --- what a program does decides, not what it looks like ------------------------------------------


def test_a_program_that_reads_at_no_known_prompt_asks(front_end: FrontEnd) -> None:
    cell = front_end.run('read -p "Your name: " x; echo "Hello, $x"', answers=["Ada"])
    assert cell.asked == [("Your name: ", False)]
    assert cell.text.endswith("Hello, Ada\n")
    cell = front_end.run("cat", answers=["one", "two", "^D"])
    assert (cell.text, cell.status) == ("one\ntwo\n", "ok")
    assert front_end.run("cat").error.startswith("Question: Input is wanted")
    assert front_end.run("echo on").text == "on\n"


@pytest.mark.parametrize("words", ["Checking password: ", "# ", "$ ", "Go on? [y/N] ", ">>> "])
def test_what_looks_like_a_prompt_is_none_while_its_program_works(
    front_end: FrontEnd, words: str
) -> None:
    cell = front_end.run(f"printf '%s' '{words}'; sleep 0.7; echo ok", answers=["never typed"])
    assert (cell.asked, cell.text, cell.ran["moved"]) == ([], f"{words}ok\n", False)
    assert front_end.run("echo on").text == "on\n"


def test_an_unfinished_line_is_shown_while_its_program_works(front_end: FrontEnd) -> None:
    cell = front_end.run("sh -c 'printf half; exec sleep 60'", press=("half",))
    assert (cell.text, cell.error) == ("half\n", "Interrupted: Ctrl-C was pressed")


def test_pythons_prompt_is_seen_behind_a_line_without_an_end(front_end: FrontEnd) -> None:
    front_end.run("python3 -q")
    cell = front_end.run("for i in range(4): print('\\r%d%%' % (i * 25), end='', flush=True)")
    assert (cell.text, cell.status) == ("75%\n", "ok")
    assert front_end.run("6 * 7").text == "42\n"


def test_too_much_output_is_cut_and_the_program_goes_on(front_end: FrontEnd) -> None:
    front_end.run("python3 -q\nkept = 7")
    cell = front_end.run("print('a' * 2_000_000)")
    assert cell.status == "ok"
    assert 900_000 < len(cell.text) < 1_100_000
    assert cell.text.endswith("(output after 1 MB is left out)\n")
    assert front_end.run("kept").text == "7\n"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("$ ls", "Prompt: a cell has no prompt, such as `$`"),
        (">>> 1 + 1", "Prompt: a cell has no prompt, such as `>>>`"),
        ("!ls", "NotIPython: `!` is IPython's: this cell is typed into a shell"),
        ("%%bash\nls", "NotIPython: `%%` is IPython's: this cell is typed into a shell"),
        ("%cd src", "NotIPython: `%` is IPython's: this cell is typed into a shell"),
        ("exit()", "NotThere: there is no Python in front to leave"),
        ("quit()", "NotThere: there is no Python in front to leave"),
        ("\\q", "NotThere: there is no psql in front to leave"),
    ],
)
def test_what_is_meant_for_another_program_gets_one_sentence(
    front_end: FrontEnd, code: str, error: str
) -> None:
    cell = front_end.run(code)
    assert (cell.error, cell.text) == (error, "")
    assert front_end.run("echo on").text == "on\n"


def test_lines_may_end_as_on_windows(front_end: FrontEnd) -> None:
    assert front_end.run("echo one\r\nfor i in 2 3; do\r\n  echo $i\r\ndone").text == "one\n2\n3\n"


def test_another_shells_exit_status_stops_a_cell_as_the_readers_own(front_end: FrontEnd) -> None:
    front_end.run("PS1='# ' sh")
    cell = front_end.run("false\necho next")
    assert (cell.error, cell.text) == ("CommandFailed: exit status 1", "")
    assert front_end.run("(exit 3)").error == "CommandFailed: exit status 3"
    assert front_end.run("echo $?").text == "3\n"
    assert front_end.run("exit 0").status == "ok"


def test_nothing_is_typed_after_an_interrupt(front_end: FrontEnd) -> None:
    front_end.run("python3 -q")
    code = "import time\nfor n in range(99):\n    print('tick', flush=True)\n    time.sleep(0.2)"
    cell = front_end.run(f"{code}\nprint('after')", press=("tick",))
    assert cell.error == "Interrupted: Ctrl-C was pressed"
    assert "after" not in cell.text
    assert front_end.run("6 * 7").text == "42\n"


def test_what_asks_for_a_shell_within_a_shell_is_one(front_end: FrontEnd) -> None:
    cell = front_end.run(r"env PS1='/ \$ ' sh")
    assert cell.ran["now"] == {"program": "container shell"}
    assert front_end.run("echo within").text == "within\n"


def test_the_terminals_own_word_is_never_seen(front_end: FrontEnd) -> None:
    asks = 'echo "${PS1@P}"; echo "${PS1:1}"; export PS1; env | grep PS1; declare -p PS1 PS2'
    text = front_end.run(f'{asks}; printf "%s" "$PROMPT_COMMAND"; set | grep PROMPT').text
    assert not re.search(r"[0-9a-f]{20}", text)
    # another terminal, and what the one before had written into a file
    front_end.run("exec 2> log")
    front_end.run("exit")
    text = front_end.run("cat log").text
    assert text
    assert not re.search(r"[0-9a-f]{20}", text)


def test_where_nobody_answers_only_what_asked_is_left(front_end: FrontEnd) -> None:
    front_end.run("python3 -q")
    front_end.run("kept = 3")
    assert front_end.run("input('Pick: ')").error.startswith("Question: `Pick:` was asked")
    assert front_end.run("kept").text == "3\n"


def test_a_question_that_is_asked_twice_is_answered_twice(front_end: FrontEnd) -> None:
    asks = "for n in 1 2; do read -p 'Pick: ' x; echo $x; done"
    cell = front_end.run(asks, answers=["one", "two"])
    assert [asked for asked, _ in cell.asked] == ["Pick: ", "Pick: "]
    assert cell.status == "ok"


def test_a_line_that_is_refused_is_none_of_those_after_it(front_end: FrontEnd) -> None:
    assert front_end.run("$ ls").traceback[-1] == "hint: type only what follows it: `ls`"
    assert front_end.run("$ ls\necho").traceback[-1].endswith("the line after it was not typed")
