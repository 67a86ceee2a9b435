"""Who reads the terminal: one table of programs, for what the system tells and for guesses.

Where it tells, what a program does decides; where it does not, how long nothing follows does.  The
last column says what is guessed where that differs: it is what one must live with there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from seatrial.run import front, tty
from seatrial.run.front import NOTHING, Look, State, look
from seatrial.run.listening import Answer, drained
from seatrial.run.session import Terminal
from seatrial.transcript.events import Ending

pytestmark = pytest.mark.terminal

#: What a look tells on this system: nothing but Linux has what it reads.
KNOWS = bool(front._NAMES) and Path("/proc/self/syscall").exists()
PATIENT, SHORT = 20.0, 0.8


def python_13() -> str:
    """Return a Python 3.13 that runs, where there is one."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for path in [*map(str, pyenv.glob("3.13*/bin/python3.13")), shutil.which("python3.13") or ""]:
        if path and subprocess.run([path, "--version"], capture_output=True).returncode == 0:
            return path
    return ""


PYTHON_13 = python_13()


class Case(NamedTuple):
    """A command, and how it ends: what asks for input then, and what it had printed."""

    command: str
    ending: Ending
    prompt: str
    output: tuple[str, ...] = ()
    guessed: tuple[Ending, str] | None = None


PROMPT, QUESTION, TIMEOUT = Ending.PROMPT, Ending.QUESTION, Ending.TIMEOUT
UNFINISHED = (Ending.UNFINISHED, "> ")
PICK = (QUESTION, "Pick: ", (), (TIMEOUT, ""))
THREAD = "python3 -c 'from time import sleep; from threading import Thread; Thread"
TICKS = "(while :; do echo tick; sleep 0.01; done) &"
CASES = [
    # reads at a prompt of the table
    Case("python3 -q", PROMPT, ">>> "),
    Case("PS1='# ' sh", PROMPT, "# "),
    Case("bash --norc --noprofile -i", PROMPT, "bash-"),
    Case(r"env PS1='/ \$ ' sh", PROMPT, "/ "),
    Case(r"env PS1='[\u@\h \W]\$ ' bash --norc -i", PROMPT, "["),
    Case(r"env PS1='(base) I have no name!@box:/\$ ' bash --norc -i", PROMPT, "(base) I have"),
    Case("setsid -w env PS1='# ' sh -i", PROMPT, "# "),
    Case("python3 -c 'import pdb; pdb.set_trace()'", PROMPT, "(Pdb) ", guessed=(PROMPT, "(Pdb) ")),
    Case("python3 -c 'import getpass; getpass.getpass()'", PROMPT, "Password: "),
    # reads at none
    Case("read -p 'Your name: ' x", QUESTION, "Your name: ", guessed=(TIMEOUT, "")),
    Case("read x", QUESTION, "", guessed=(TIMEOUT, "")),
    Case("cat", QUESTION, "", guessed=(TIMEOUT, "")),
    Case("sort", QUESTION, "", guessed=(TIMEOUT, "")),
    Case("sh -c 'cat | wc -l'", QUESTION, "", guessed=(TIMEOUT, "")),
    Case("python3 -c 'input(\"Pick: \")'", QUESTION, "Pick: ", guessed=(TIMEOUT, "")),
    Case(
        "python3 -c 'import subprocess; subprocess.run([\"cat\"])'",
        QUESTION,
        "",
        guessed=(TIMEOUT, ""),
    ),
    Case("select x in a b; do break; done", QUESTION, "#? ", guessed=(TIMEOUT, "")),
    Case("python3 -c 'import pty; pty.spawn([\"cat\"])'", QUESTION, "", guessed=(TIMEOUT, "")),
    # in a thread, beside one that sleeps, and in a session of its own
    Case(f'{THREAD}(target=input, args=["Pick: "]).start()\'', *PICK),
    Case(f'{THREAD}(target=sleep, args=[9], daemon=True).start(); input("Pick: ")\'', *PICK),
    Case("setsid -w sh -c 'cat'", QUESTION, "", guessed=(TIMEOUT, "")),
    # behind what a job in the background prints all the time
    Case(f"{TICKS} read -p 'Your name: ' x", QUESTION, "", guessed=(TIMEOUT, "")),
    # works, whatever it looks like
    Case(
        "printf 'Checking password: '; sleep 0.6; echo ok", PROMPT, "$ ", ("Checking password: ok",)
    ),
    Case("printf '# '; sleep 0.6; echo x", PROMPT, "$ ", ("# x",), guessed=(PROMPT, "# ")),
    Case("printf '>>> '; sleep 0.6; echo x", PROMPT, "$ ", (">>> x",), guessed=(PROMPT, ">>> ")),
    Case("printf 'db=# '; sleep 0.6; echo x", PROMPT, "$ ", ("db=# x",), guessed=(PROMPT, "db=# ")),
    Case(
        'python3 -c \'import time; print("# ", end="", flush=True); time.sleep(0.6)\'',
        PROMPT,
        "$ ",
        ("# ",),
        guessed=(PROMPT, "# "),
    ),
    # the shell's own prompt, which it shows and does not ask by
    Case('printf %s "${PS2@P}"; sleep 0.6; echo x', PROMPT, "$ ", ("> x",), guessed=UNFINISHED),
    # so soon that it is output for those who guess, too
    Case("printf '# '; sleep 0.01; echo x", PROMPT, "$ ", ("# x",)),
    Case("sleep 0.5", PROMPT, "$ "),
    Case("sh -c 'sleep 0.5'", PROMPT, "$ "),
    Case("read -t 0.5 x; echo $?", PROMPT, "$ ", ("142",)),
    # both at once: who prints in the background hides no prompt
    Case("(sleep 0.03; echo late) & echo now", PROMPT, "$ "),
]


@pytest.fixture(params=["known", "guessed"])
def known(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the system tells who reads; else the answer is always that nobody knows."""
    if request.param == "guessed":
        monkeypatch.setattr(tty, "look", lambda *_: NOTHING)
    elif not KNOWS:
        pytest.skip("this system does not tell what a process waits for")
    return bool(request.param == "known")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal in an empty folder."""
    environment = {"PATH": os.environ["PATH"], "TMPDIR": os.environ["TMPDIR"]}
    opened = Terminal(tmp_path, environment)
    yield opened
    opened.close()


def typed(terminal: Terminal, *lines: str, timeout: float = PATIENT) -> Answer:
    return drained(terminal.type(lines, timeout))


@pytest.mark.parametrize("case", CASES, ids=[case.command for case in CASES])
def test_what_a_program_does_decides(terminal: Terminal, known: bool, case: Case) -> None:
    command = case.command.replace("python3 ", f"{sys.executable} ")
    waits = not known and case.guessed is not None and case.guessed[0] is TIMEOUT
    answer = typed(terminal, command, timeout=SHORT if waits else PATIENT)
    ending, prompt = (case.ending, case.prompt) if known or not case.guessed else case.guessed
    assert answer.ending is ending
    assert answer.prompt.startswith(prompt)
    if case.output and ending is case.ending and prompt == case.prompt:
        assert answer.output == case.output


@pytest.mark.parametrize(
    ("opens", "line", "output"),
    [
        # output without an end before the prompt, of which another was seen last
        ("python3 -q", "for n in range(3): print(n, end=',')\n", ("0,1,2,",)),
        ("python3 -q", "for i in range(4): print('\\r%d%%' % (i * 25), end='')\n", ("75%",)),
        ("PS1='# ' sh", "printf 'no end'", ("no end",)),
    ],
)
def test_a_prompt_is_seen_behind_whatever_output(
    terminal: Terminal,
    known: bool,  # noqa: ARG001 (both must give the same)
    opens: str,
    line: str,
    output: tuple[str, ...],
) -> None:
    first = typed(terminal, opens)
    answers = [
        typed(terminal, part, *([""] if part.startswith("for") else []))
        for part in line.split("\n")
        if part
    ]
    assert {answer.prompt for answer in answers} == {first.prompt}
    assert tuple(said for answer in answers for said in answer.output) == output


def test_a_job_in_the_background_hides_no_prompt(terminal: Terminal) -> None:
    if not KNOWS:
        pytest.skip("this system does not tell what a process waits for")
    typed(terminal, "PS1='# ' sh")
    answers = [typed(terminal, line) for line in ("(sleep 0.02; echo late) &", "sleep 0.2")]
    assert [answer.prompt for answer in answers] == ["# ", "# "]
    assert "late" in answers[0].output + answers[1].output
    assert typed(terminal, "exit").at_shell
    answer = typed(terminal, "(for i in 1 2 3 4 5; do sleep 0.01; echo late; done) & sleep 0.02")
    assert (answer.ending, answer.status) == (Ending.PROMPT, 0)
    assert "late" in typed(terminal, "wait").output + answer.output


def test_what_passes_on_what_it_reads_is_not_known_to_read(terminal: Terminal) -> None:
    # as Docker's client: one thread reads, another waits for the other side by epoll, now and then
    code = (
        "import select, sys, threading, time; e = select.epoll(); "
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start(); sys.stdin.read()"
    )
    assert typed(terminal, f"{sys.executable} -c '{code}'", timeout=SHORT).ending is TIMEOUT


def test_each_line_gets_its_own_output(terminal: Terminal) -> None:
    # a key is read, and the newline behind it is left for the shell, which asks twice
    key = f"{sys.executable} -c 'import os, tty; tty.setcbreak(0); os.read(0, 1)'"
    assert typed(terminal, f"stty -icanon; {key}; stty icanon").ending in (QUESTION, TIMEOUT)
    assert typed(terminal, "a").at_shell
    time.sleep(0.1)
    for line in ("one", "two", "three"):
        assert typed(terminal, f"echo {line}").output == (line,)
    answer = typed(terminal, "false")
    assert (answer.output, answer.status) == ((), 1)
    if KNOWS:
        assert typed(terminal, 'printf %s "${PS1@P}"; sleep 0.3; echo x').output == ("$ x",)
        assert typed(terminal, "echo four").output == ("four",)


def test_a_question_that_is_asked_again_is_one_again(terminal: Terminal) -> None:
    if not KNOWS:
        pytest.skip("this system does not tell what a process waits for")
    typed(terminal, "while read -p 'Pick: ' x; do echo got $x; done")
    for answer in (typed(terminal, "one"), typed(terminal, "two")):
        assert (answer.ending, answer.prompt) == (QUESTION, "Pick: ")
    assert typed(terminal, "^D").at_shell


def test_other_shells_ask_by_prompts_of_their_own(terminal: Terminal) -> None:
    typed(terminal, "export PS1='$ '; export PROMPT_COMMAND")
    for shell in ("sh", "bash --norc --noprofile -i"):
        assert not typed(terminal, shell).at_shell
        assert typed(terminal, "exit").at_shell
    answer = typed(terminal, "export PS1; sh -i", timeout=SHORT)
    assert terminal.word not in answer.prompt + "".join(answer.output)


@pytest.mark.skipif(not PYTHON_13, reason="needs Python 3.13, whose own editor of lines this is")
def test_pythons_own_editor_of_lines_takes_a_block_as_it_is(terminal: Terminal) -> None:
    typed(terminal, f"env -u PYTHON_BASIC_REPL TERM=xterm {PYTHON_13} -q")
    assert typed(terminal, "for w in 'ab':", "    print(w)", "").output == ("a", "b")
    assert typed(terminal, "def f():", "    if 1:", "        return 2", "").output == ()
    assert typed(terminal, "f()").output == ("2",)
    assert typed(terminal, "x = [1,", "2]", "").output == ()
    assert typed(terminal, "def f(:").output[-1] == "SyntaxError: invalid syntax"
    # a line that goes on in the next row, alone and in a block
    assert typed(terminal, f"len('{'x' * 300}')").output == ("300",)
    assert typed(terminal, "def f():", f"    return '{'x' * 300}'", "").output == ()
    typed(terminal, "from threading import Timer")
    typed(terminal, "def tick(n): n and (print(n), Timer(0.01, tick, [n - 1]).start())", "")
    assert typed(terminal, "tick(60)").prompt == ">>> "
    assert typed(terminal, "input('Pick: ')").ending is QUESTION


@pytest.mark.skipif(not PYTHON_13, reason="the debugger takes several lines since Python 3.13")
def test_the_debugger_takes_several_lines(terminal: Terminal) -> None:
    typed(terminal, f"{PYTHON_13} -c 'import pdb; pdb.set_trace()'")
    assert typed(terminal, "for n in range(2):", "    print(n)", "").output == ("0", "1")


@pytest.mark.parametrize(
    "screen", ["vim notes.txt", r"printf '\033[?1049h'; sleep 9", r"printf '\033[9;9Hhere'; cat"]
)
def test_who_draws_a_whole_screen_is_no_question(terminal: Terminal, screen: str) -> None:
    if screen.startswith("vim") and not shutil.which("vim"):
        pytest.skip("needs vim")
    assert typed(terminal, screen).ending is Ending.FULL_SCREEN


@pytest.mark.parametrize("line", ["--More--", "--More--(7%)", ":", "(END)", "lines 1-9"])
def test_a_pager_is_left_and_its_opener_goes_on(terminal: Terminal, line: str) -> None:
    if not KNOWS:
        pytest.skip("this system does not tell what a process waits for")
    typed(terminal, f"{sys.executable} -q")
    typed(terminal, "import os, subprocess")
    pager = f"echo shown; printf '%s' '{line}'; read -rsn1 x < /dev/tty"
    assert typed(terminal, f'_ = subprocess.run(["bash", "-c", "{pager}"])').ending is Ending.PAGER
    assert terminal.leave_pager().prompt == ">>> "
    assert typed(terminal, "6 * 7").output[-1] == "42"


# --- a look ---------------------------------------------------------------------------------------


def test_the_same_sleep_is_no_news() -> None:
    one = Look(State.READS, (7, 3))
    assert not one.is_news(Look(State.READS, (7, 3)))
    assert one.is_news(Look(State.READS, (7, 2)))
    assert one.is_news(NOTHING)
    assert not Look(State.WORKS).is_news(NOTHING)


def test_what_may_not_be_looked_at_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> object:
        raise PermissionError

    monkeypatch.setattr(front, "_call", refused)
    assert look(os.getpid()).state is State.UNKNOWN


@pytest.mark.parametrize("process", [0, 1, 2**22 + 1])
def test_a_process_without_a_terminal_is_not_known(process: int) -> None:
    assert look(process) == NOTHING


def test_what_runs_in_a_container_decides_where_the_front_only_passes_on() -> None:
    asked = []

    def inside() -> None:
        asked.append(1)

    assert look(1, inside).state is State.UNKNOWN
    assert bool(asked) == bool(front._NAMES)
