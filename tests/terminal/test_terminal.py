"""A terminal: where it is, what came, and what becomes of programs that do not behave."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seatrial.errors import SessionError
from seatrial.run.listening import Answer, drained
from seatrial.run.received import LIMIT
from seatrial.run.session import LONGEST, Terminal
from seatrial.run.signs import SHELL
from seatrial.run.tty import Tty
from seatrial.transcript.events import Ending
from seatrial.transcript.programs import PROMPTS, Prompt

pytestmark = pytest.mark.terminal

ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
PATIENT = 20.0
# Programs with a terminal of their own, which echoes what is typed, as one in a container does.
INNER = "python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' "
INNER_SHELL = f"{INNER} sh"
# an unprivileged one, whose prompt is `$ `
INNER_USER = (
    f"{INNER} setpriv --reuid=65534 --clear-groups sh" if os.geteuid() == 0 else INNER + "sh"
)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal in an empty folder."""
    opened = Terminal(tmp_path, {**ENVIRONMENT, "TMPDIR": os.environ["TMPDIR"]})
    yield opened
    opened.close()


def given(terminal: Terminal, *lines: str, timeout: float = PATIENT) -> Answer:
    """Type lines and return what came, however it ended."""
    return drained(terminal.type(lines, timeout))


def typed(terminal: Terminal, *lines: str) -> Answer:
    """Type lines and expect a prompt."""
    answer = given(terminal, *lines)
    assert answer.ending is Ending.PROMPT
    return answer


def started(terminal: Terminal, line: str, lines: int = 0) -> None:
    """Type a line, and listen until so many lines of output have come."""
    count = 0
    reading = terminal.type([line], PATIENT, watched=True)
    for output in iter(lambda: next(reading, None), None):
        count += len(output.lines)
        if count >= lines:
            terminal.stop()


# --- the shell ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "output", "status"),
    [
        ("true", (), 0),
        ("false", (), 1),
        ("(exit 42)", (), 42),
        ("(exit 255)", (), 255),
        ("kill -9 $BASHPID | true", (), 0),
        ("(kill -9 $BASHPID)", ("Killed",), 137),
        ("echo hello", ("hello",), 0),
        ("printf 'no end'", ("no end",), 0),
        ("printf '\\n\\na\\n\\n'", ("", "", "a", ""), 0),
        ("printf ''", (), 0),
        ("echo", ("",), 0),
        ("echo to stderr >&2", ("to stderr",), 0),
        ("echo '漢字 é 🐳'", ("漢字 é 🐳",), 0),
        ("", (), 0),
        ("echo $(seq 400 | tr -d '\\n') | wc -c", ("1093",), 0),
        ("tput cols 2>/dev/null || echo $COLUMNS", ("120",), 0),
    ],
)
def test_a_command_gives_its_output_and_its_exit_status(
    terminal: Terminal, command: str, output: tuple[str, ...], status: int
) -> None:
    answer = typed(terminal, command)
    assert (answer.output, answer.status) == (output, status)
    assert (answer.prompt, answer.at_shell) == (SHELL, True)


@pytest.mark.parametrize("line", ["echo hello", "cat <<< hello"])
def test_a_shell_that_gets_its_line_late_asks_nothing(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    # on a busy machine the kernel's own thread hands over what was typed a moment later
    write = Tty.write
    late: list[threading.Timer] = []

    def write_late(tty: Tty, text: str) -> None:
        late.append(threading.Timer(0.3, write, [tty, text]))
        late[-1].start()

    monkeypatch.setattr(Tty, "write", write_late)
    answer = typed(terminal, line)
    assert (answer.output, answer.status) == (("hello",), 0)
    for each in late:
        each.join()


def test_a_terminal_remembers_what_was_done_in_it(terminal: Terminal, tmp_path: Path) -> None:
    typed(terminal, "mkdir inner && cd inner && name=value && set -- one two")
    assert typed(terminal, 'pwd; echo "$name $2 $?"').output == (
        str(tmp_path / "inner"),
        "value two 0",
    )


def test_an_exit_status_outlives_an_empty_line(terminal: Terminal) -> None:
    typed(terminal, "(exit 7)")
    assert typed(terminal, "echo $?").output == ("7",)


def test_a_bash_that_ends_at_once_is_an_error_that_says_so(tmp_path: Path) -> None:
    bash = tmp_path / "bin" / "bash"
    bash.parent.mkdir()
    bash.write_text("#!/bin/sh\nexit 1\n")
    bash.chmod(0o755)
    with pytest.raises(SessionError, match="bash closed the terminal"):
        Terminal(tmp_path, {**ENVIRONMENT, "PATH": f"{bash.parent}:{ENVIRONMENT['PATH']}"})


def test_an_interrupt_is_not_lost_while_a_shell_is_started(tmp_path: Path) -> None:
    def interrupted(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    to_come = [signal.SIGTERM]
    # Python has hooks that run in the parent behind a fork, and drops what they raise
    os.register_at_fork(
        after_in_parent=lambda: os.kill(os.getpid(), to_come.pop()) if to_come else None
    )
    before = signal.signal(signal.SIGTERM, interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            Terminal(tmp_path, ENVIRONMENT)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert to_come == []


def test_a_terminal_is_one_and_no_pipe(terminal: Terminal) -> None:
    assert typed(terminal, "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && tty | cut -c-9").output == (
        "/dev/pts/",
    )


def test_the_users_own_set_up_of_the_shell_is_not_read(tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("echo from bashrc; alias true=false")
    (tmp_path / ".inputrc").write_text("set editing-mode vi")
    opened = Terminal(tmp_path, {**ENVIRONMENT, "HOME": str(tmp_path)})
    try:
        assert typed(opened, "true").output == ()
        assert typed(opened, "echo $HISTFILE").output == ("",)
    finally:
        opened.close()
    assert {path.name for path in tmp_path.iterdir()} == {".bashrc", ".inputrc"}


@pytest.mark.parametrize(
    "lines",
    [
        ("for i in 1 2; do", "  echo $i", "done"),
        ("echo 1 \\", "&& echo 2"),
        ("cat <<E", "1", "2", "E"),
        ("cat <<'E'", "1", "2", "E"),
        ("echo '1", "2'"),
        ("(echo 1", "echo 2)"),
        ("if true", "then echo 1; echo 2", "fi"),
        ("f() {", "echo 1; echo $1", "}; f 2"),
        # what looks like a prompt, as a page about pages has it
        ("cat > f <<'E'; echo 1; echo 2", "$ echo 1", "> x", ">   y", "$ ", ">>> 1", "E"),
    ],
)
def test_input_of_several_lines_gives_one_output(
    terminal: Terminal, lines: tuple[str, ...]
) -> None:
    answer = typed(terminal, *lines)
    assert answer.output == ("1", "2")
    assert answer.status == 0


def test_input_that_is_unfinished_is_trouble_and_the_shell_comes_back(terminal: Terminal) -> None:
    answer = given(terminal, "echo 'never closed")
    assert answer.ending is Ending.UNFINISHED
    assert typed(terminal, "echo again").output == ("again",)


def test_input_that_was_finished_too_early_is_trouble(terminal: Terminal) -> None:
    answer = given(terminal, "true", "touch never")
    assert (answer.ending, answer.rest) == (Ending.EARLY, "touch never")
    assert typed(terminal, "ls").output == ()


def test_a_line_is_typed_whole_or_not_at_all(terminal: Terminal) -> None:
    longest = f"echo {'x' * (LONGEST - 13)} | wc -c"
    assert (len(longest), typed(terminal, longest).output) == (LONGEST, (f"{LONGEST - 12}",))
    for lines in ([f"touch f; : {'é' * 2048}"], ["touch f", "x" * (LONGEST + 1)]):
        assert given(terminal, *lines).ending is Ending.TOO_LONG
    assert typed(terminal, "ls").output == ()
    typed(terminal, "python3 -q")
    assert given(terminal, f"x = '{'y' * LONGEST}'").ending is Ending.TOO_LONG


# --- exit statuses, whatever a page does to its shell ---------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "PS1='$ '",
        "export PS1='> ' PS2='$ '",
        "unset PS1 PS2",
        "printf 'PS1=\"(env) $PS1\"' > activate; . ./activate",
        "trap 'PS1=\"$ \"' DEBUG",
        "shopt -u promptvars",
        "set -o posix",
        "PS0='$ '",
        "set -u",
    ],
)
def test_a_shell_tells_the_exit_status_whatever_becomes_of_its_prompt(
    terminal: Terminal, command: str
) -> None:
    assert typed(terminal, command).output == ()
    assert typed(terminal, "false").status == 1
    assert typed(terminal, "(exit 7)").status == 7
    assert typed(terminal, "(", "exit 8)").status == 8


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("PROMPT_COMMAND='PS1=\"> \"'", "bash: PROMPT_COMMAND: readonly variable"),
        ("unset PROMPT_COMMAND", "bash: unset: PROMPT_COMMAND: cannot unset: readonly variable"),
    ],
)
def test_what_tells_the_exit_status_cannot_be_taken_away(
    terminal: Terminal, command: str, said: str
) -> None:
    answer = typed(terminal, command)
    assert (answer.output, answer.status) == ((said,), 1)
    assert typed(terminal, "false").status == 1


@pytest.mark.parametrize(
    ("command", "ending"),
    [
        ("readonly PS1='$ '", Ending.CLOSED),
        ("PS1='$ ' exec sh", Ending.UNSEEN),
        ("echo \"PS1='# '\" > rc; exec bash --rcfile rc", Ending.UNSEEN),
        ("exec bash --norc", Ending.UNSEEN),
    ],
)
def test_a_shell_that_tells_no_exit_status_any_more_is_trouble(
    terminal: Terminal, command: str, ending: Ending
) -> None:
    assert given(terminal, command).ending is ending


def test_a_builtin_may_ask_at_a_prompt_of_its_own(terminal: Terminal) -> None:
    assert typed(terminal, "read -sp 'Password: ' word").prompt == "Password: "
    assert typed(terminal, "secret").status == 0
    assert typed(terminal, "echo $word").output == ("secret",)


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ('echo "$PS2"', ("> ",)),
        ('printf "%s" "$PS1"', ("$ ",)),
        ("declare -p PS1 PS2", ('declare -- PS1="$ "', 'declare -- PS2="> "')),
        ("set | grep -c ^PROMPT_COMMAND", ("1",)),
        ("env | grep -c PROMPT_COMMAND", ("0",)),
        ("echo $HISTFILE", ("",)),
    ],
)
def test_a_prompts_own_word_is_seen_by_nobody(
    terminal: Terminal, command: str, output: tuple[str, ...]
) -> None:
    assert typed(terminal, command).output == output


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("set -x", ("+ true",)),
        ("set -v", ("true",)),
        ("trap 'echo before' DEBUG", ("before",)),
        ("trap 'echo failed' ERR", ()),
    ],
)
def test_what_a_shell_does_at_its_prompt_is_not_traced(
    terminal: Terminal, command: str, output: tuple[str, ...]
) -> None:
    assert typed(terminal, command).output == ()
    assert typed(terminal, "true").output == output


@pytest.mark.parametrize("lines", [("# a comment",), ("",), ("  # one", "  # two")])
def test_what_runs_no_command_has_no_exit_status_of_the_one_before(
    terminal: Terminal, lines: tuple[str, ...]
) -> None:
    typed(terminal, "(exit 7)")
    assert [typed(terminal, line).status for line in lines] == [0] * len(lines)
    assert typed(terminal, "echo $?").output == ("7",)
    assert typed(terminal, "echo )").status == 2


def test_an_exclamation_mark_means_what_it_does_to_a_reader(terminal: Terminal) -> None:
    answer = typed(terminal, "echo \"print('Hello, world!')\"")
    assert (answer.output, answer.status) == (("bash: !': event not found",), 1)
    assert typed(terminal, "echo 'Hello, world!'; [ ! -e x ] && echo \"1 != 2!\"").output == (
        "Hello, world!",
        "1 != 2!",
    )
    assert typed(terminal, "cat <<E", "#!/bin/sh", "a !b", "E").output == ("#!/bin/sh", "a !b")
    typed(terminal, "echo again")
    assert typed(terminal, "!!").output == ("echo again", "again")
    assert typed(terminal, "history 1 | cut -c 8-").output == ("history 1 | cut -c 8-",)


# --- what programs print --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("printf '\\033[1;31mred\\033[0m\\n'", ("red",)),
        ("printf ' 10%%\\r 99%%\\r100%%\\n'", ("100%",)),
        ("printf '\\033[2Kdb | ready\\n'", ("db | ready",)),
        ("printf 'one\\ntwo\\n\\033[2A\\033[2KONE\\n\\n'", ("ONE", "two")),
        ("printf 'a\\tb\\n'", ("a       b",)),
        ("printf 'dos\\r\\nends\\r\\n'", ("dos", "ends")),
        ("printf '\\033]0;title\\007text\\n'", ("text",)),
        ("ls --color=auto; touch f; ls --color=auto", ("f",)),
        ("echo a | grep --color=auto a", ("a",)),
        ("printf '%0300d\\n' 1", ("0" * 299 + "1",)),
        ("printf '%0300d' 1", ("0" * 299 + "1",)),
        ("printf '>>> 1\\n$ 2\\n# 3\\n'", (">>> 1", "$ 2", "# 3")),
        ("printf '>>> \\n$ \\n# \\ndb=# \\n'", (">>> ", "$ ", "# ", "db=# ")),
        ("printf '>>>'", (">>>",)),
        ("printf 'Password: \\n'", ("Password: ",)),
    ],
)
def test_output_stands_there_as_a_reader_sees_it(
    terminal: Terminal, command: str, output: tuple[str, ...]
) -> None:
    assert typed(terminal, command).output == output


def test_output_that_is_not_utf_8_is_shown_and_noted(terminal: Terminal) -> None:
    answer = typed(terminal, "printf 'caf\\351\\n'")
    assert answer.output == ("caf\\xe9",)
    assert answer.note == "the output is not UTF-8: byte 0xe9, shown as \\xe9"


def test_an_output_of_every_byte_breaks_nothing(terminal: Terminal) -> None:
    answer = typed(terminal, "python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(256)))'")
    assert answer.note
    assert typed(terminal, "echo again").output == ("again",)


def test_output_beyond_the_limit_is_trouble(terminal: Terminal) -> None:
    answer = given(terminal, "head -c 10000000 /dev/zero | tr '\\0' x")
    assert answer.ending is Ending.TOO_MUCH
    assert sum(map(len, answer.output)) <= LIMIT + 100_000
    terminal.interrupt()
    # whether or not the terminal could be saved, it knows
    if terminal.alive:
        assert typed(terminal, "echo again").output == ("again",)


def test_output_of_many_lines_within_the_limit_is_read_whole(terminal: Terminal) -> None:
    assert typed(terminal, "seq 50000").output[-1] == "50000"


def test_a_program_that_changes_the_terminals_settings_is_forgiven(terminal: Terminal) -> None:
    typed(terminal, "stty echo")
    typed(terminal, "stty -icanon -opost")
    typed(terminal, "stty sane")
    typed(terminal, "stty cols 40 rows 5")
    typed(terminal, "stty -echo")
    assert typed(terminal, "echo fine").output == ("fine",)


def test_a_program_that_leaves_the_echo_on_does_not_add_to_the_output(terminal: Terminal) -> None:
    typed(terminal, "stty sane")
    assert typed(terminal, "echo fine").output == ("fine",)


def test_a_job_in_the_background_does_not_keep_the_prompt_away(terminal: Terminal) -> None:
    answer = typed(terminal, "sleep 1000 &")
    assert len(answer.output) == 1
    assert answer.output[0].startswith("[1] ")
    assert typed(terminal, "kill %1; wait").status == 0


# --- programs in front ----------------------------------------------------------------------------


def test_a_program_answers_by_its_own_prompt(terminal: Terminal) -> None:
    assert typed(terminal, "python3 -q").prompt == ">>> "
    answer = typed(terminal, "1 + 1")
    assert (answer.output, answer.prompt, answer.status) == (("2",), ">>> ", None)
    assert not answer.at_shell
    assert typed(terminal, "exit(3)").status == 3


def test_input_of_python_goes_on_over_several_lines(terminal: Terminal) -> None:
    typed(terminal, "python3 -q")
    answer = typed(terminal, "for i in range(2):", "    print(i)", "")
    assert answer.output == ("0", "1")
    answer = typed(terminal, "x = [", "1,", "]")
    assert answer.output == ()
    assert typed(terminal, "x").output == ("[1]",)


def test_output_that_ends_no_line_does_not_hide_the_prompt(terminal: Terminal) -> None:
    typed(terminal, "python3 -q")
    assert typed(terminal, "print('no end', end='')").output == ("no end",)
    typed(terminal, "import os; _ = os.system('sh')")
    assert typed(terminal, "printf 'no end'").output == ("no end",)


def test_output_that_ends_in_hashes_is_not_cut(terminal: Terminal) -> None:
    typed(terminal, "sh")
    assert typed(terminal, "echo '## # end'").output == ("## # end",)
    assert typed(terminal, "echo '# '").output == ("# ",)


def test_programs_nest(terminal: Terminal) -> None:
    assert typed(terminal, "python3 -q").prompt == ">>> "
    assert typed(terminal, "import pty; _ = pty.spawn(['sh'])").prompt == "# "
    assert typed(terminal, "echo in the shell").output == ("in the shell",)
    assert typed(terminal, "python3 -q").prompt == ">>> "
    assert typed(terminal, "6 * 7").output == ("42",)
    assert typed(terminal, "exit()").prompt == "# "
    assert typed(terminal, "exit").prompt == ">>> "
    assert typed(terminal, "exit()").at_shell


def test_a_shell_inside_whose_prompt_is_the_readers_own_is_still_another(
    terminal: Terminal,
) -> None:
    # its terminal echoes, as in a container
    answer = typed(terminal, INNER_USER)
    assert (answer.prompt, answer.at_shell) == ("$ ", False)
    answer = typed(terminal, "echo inside")
    assert (answer.output, answer.status) == (("inside",), None)
    assert typed(terminal, "exit").at_shell


def test_an_echo_is_no_output_however_long_the_line(terminal: Terminal) -> None:
    typed(terminal, INNER_SHELL)
    for length in (1, 60, 115, 118, 119, 120, 121, 300):
        word = "x" * length
        assert typed(terminal, f"echo {word}").output == (word,), length


def test_an_echo_of_readline_is_no_output_however_long_the_line(terminal: Terminal) -> None:
    typed(terminal, f"TERM=xterm {INNER} python3 -q")
    typed(terminal, "import os")
    for term in ("xterm", "dumb"):
        typed(terminal, f"_ = os.system('TERM={term} PYTHON_BASIC_REPL=1 python3 -q')")
        for length in (60, 105, 112, 115, 116, 117, 120, 240, 300):
            word = f"{'x' * (length - 4)}{length}"
            assert typed(terminal, f"len('{word}')").output == (str(len(word)),), (term, length)
        typed(terminal, "exit()")


def test_a_prompt_drawn_once_more_before_the_echo_is_not_the_next_one(
    terminal: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "late.py").write_text(
        "import sys, time\n"
        "def say(text): sys.stdout.write(text); sys.stdout.flush()\n"
        "say('db=# ')\n"
        "for line in sys.stdin:\n"
        "    say('\\rdb=# '); time.sleep(0.2)\n"
        "    say(line); say('answer\\n'); say('db=# ')\n"
    )
    assert typed(terminal, "stty -echo; python3 late.py").prompt == "db=# "
    for _ in range(3):
        answer = typed(terminal, "select 1;")
        assert (answer.output, answer.prompt) == (("answer",), "db=# ")


def test_an_answer_that_repeats_the_question_is_output(terminal: Terminal) -> None:
    typed(terminal, "python3 -q")
    for value in ("42", "[1]", "1.5", "..."):
        expected = "Ellipsis" if value == "..." else value
        assert typed(terminal, value).output == (expected,)


def test_an_echo_is_told_from_an_output_that_says_the_same(terminal: Terminal) -> None:
    typed(terminal, INNER_SHELL)
    assert typed(terminal, "cat <<E", "cat <<E", "E").output == ("cat <<E",)
    typed(terminal, "exit")
    typed(terminal, "python3 -q")
    assert typed(terminal, "print('print')").output == ("print",)


def test_a_password_is_asked_for_and_not_shown(terminal: Terminal) -> None:
    command = "python3 -c 'import getpass; print(len(getpass.getpass()))'"
    assert typed(terminal, command).prompt == "Password: "
    answer = typed(terminal, "secret")
    assert answer.output[-1] == "6"
    assert "secret" not in "".join(answer.output)


def test_a_prompt_may_stand_on_a_line_that_the_cursor_was_moved_down_to(
    terminal: Terminal, tmp_path: Path
) -> None:
    # as Compose 1.29 does: it draws its progress, moves below it, and lets a shell begin there
    (tmp_path / "start").write_text(
        "printf 'Creating ... \\r\\r\\n\\033[1A\\033[2K\\rCreating ... done\\r\\033[1B'\n"
        f"exec {INNER} bash --norc -i\n"
    )
    answer = typed(terminal, "sh start")
    assert answer.prompt.startswith("bash-")
    assert answer.output == ("Creating ... done",)
    assert typed(terminal, "echo within").output == ("within",)
    assert typed(terminal, "exit").at_shell


def test_a_prompt_that_nobody_knows_is_no_prompt_until_it_is_told(tmp_path: Path) -> None:
    command = "while printf 'redis> '; read line; do echo $line; done"
    prompts = (Prompt("redis", r"redis> "), *PROMPTS)
    opened = Terminal(tmp_path, ENVIRONMENT, prompts)
    try:
        assert typed(opened, command).prompt == "redis> "
        assert typed(opened, "get x").output == ("get x",)
    finally:
        opened.close()
    other = Terminal(tmp_path, ENVIRONMENT)
    try:
        answer = given(other, command)
        assert (answer.ending, answer.prompt) == (Ending.QUESTION, "redis> ")
        assert answer.output == ()
    finally:
        other.close()


# --- keys -----------------------------------------------------------------------------------------


def test_control_c_ends_a_program_that_sleeps(terminal: Terminal) -> None:
    started(terminal, "sleep 1000")
    answer = typed(terminal, "^C")
    assert (answer.output, answer.status) == ((), 130)


@pytest.mark.parametrize(
    "command", ["yes tick", "python3 -uc 'while True: print(\"tick\")'", "tail -F log"]
)
def test_control_c_ends_a_program_that_prints_for_ever(
    terminal: Terminal, tmp_path: Path, command: str
) -> None:
    (tmp_path / "log").write_text("tick\n" * 9)
    started(terminal, command, 6)
    answer = typed(terminal, "^C")
    assert answer.status == 130
    assert not any("tick" in line for line in answer.output)
    assert typed(terminal, "echo again").output == ("again",)


def test_control_c_in_python_is_no_end_of_it(terminal: Terminal) -> None:
    typed(terminal, "python3 -q")
    started(terminal, "import time; time.sleep(1000)")
    time.sleep(0.2)
    answer = typed(terminal, "^C")
    assert answer.prompt == ">>> "
    assert answer.output[-1] == "KeyboardInterrupt"


def test_control_d_ends_what_reads(terminal: Terminal) -> None:
    typed(terminal, "python3 -q")
    answer = typed(terminal, "^D")
    assert (answer.output, answer.status) == ((), 0)
    started(terminal, "wc -l")
    assert typed(terminal, "^D").output == ("0",)


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["exit", "exit 3", "exec true", "kill -9 $$", "^D"])
def test_a_command_that_closes_the_terminal_is_trouble(terminal: Terminal, command: str) -> None:
    answer = given(terminal, command)
    assert answer.ending is Ending.CLOSED
    assert not terminal.alive
    assert not answer.at_shell


def test_a_command_that_hangs_is_interrupted_and_the_terminal_goes_on(terminal: Terminal) -> None:
    answer = given(terminal, "echo before; sleep 1000", timeout=1.0)
    assert (answer.ending, answer.output) == (Ending.TIMEOUT, ("before",))
    assert answer.note == "still running: `sleep 1000`"
    assert terminal.interrupt()
    assert typed(terminal, "echo again").output == ("again",)


def test_of_a_loop_that_hangs_the_program_within_is_named(terminal: Terminal) -> None:
    answer = given(terminal, "until (sleep 1000) | cat; do :; done", timeout=1.0)
    assert answer.note == "still running: `sleep 1000`, `cat`"
    assert terminal.interrupt()


def test_a_program_that_cannot_be_interrupted_is_killed_with_its_terminal(
    terminal: Terminal,
) -> None:
    answer = given(terminal, "(trap '' INT HUP TERM; echo $BASHPID; sleep 1000)", timeout=1.0)
    assert answer.ending is Ending.TIMEOUT
    stubborn = int(answer.output[0])
    assert Path(f"/proc/{stubborn}").exists()
    assert not terminal.interrupt(patience=0.4)
    assert not terminal.alive
    deadline = time.monotonic() + 5
    while Path(f"/proc/{stubborn}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path(f"/proc/{stubborn}").exists()


def test_a_closed_terminal_leaves_no_process(terminal: Terminal) -> None:
    typed(terminal, "sleep 1000 &")
    typed(terminal, "(trap '' HUP; sleep 1001) &")
    typed(terminal, "python3 -q")
    terminal.close()
    terminal.close()
    assert not terminal.alive


def test_two_terminals_are_two(tmp_path: Path) -> None:
    one, two = Terminal(tmp_path, ENVIRONMENT), Terminal(tmp_path, ENVIRONMENT)
    try:
        typed(one, "x=1; touch f")
        assert typed(two, "echo $x$(ls)").output == ("f",)
    finally:
        one.close()
        two.close()
