"""Faults of runs of pages: what a page's shell does to a run, and what a run says of it."""

import importlib.util
import os
import sys
import time
import zipfile
from pathlib import Path

import pytest

from seatrial.pages.settings import Settings
from seatrial.run import listening
from seatrial.transcript.blocks import Page
from seatrial.transcript.places import MACHINE
from seatrial.transcript.programs import PROMPTS, Prompt
from seatrial.trials.page import PageRun
from seatrial.trials.verdicts import Verdict, explain
from tests.terminal.test_page_run import block, fails, passes, run

pytestmark = pytest.mark.terminal


@pytest.fixture
def wheel(tmp_path: Path) -> str:
    """The name of a wheel in a sample project."""
    name = "gust-1.0-py3-none-any.whl"
    files = {
        "gust.py": "",
        "gust-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: gust\nVersion: 1.0\n",
        "gust-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
        "gust-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name


def test_what_a_page_installs_is_installed_for_that_page_alone(tmp_path: Path, wheel: str) -> None:
    passes(
        f"""
$ pip install --quiet --no-index ./{wheel}
$ python3 -c 'import docutils, gust; print(gust.__file__)'
/home/you/venv/lib/.../site-packages/gust.py
$ pip uninstall --quiet --yes gust
$ python3 -m pip install --quiet --no-index ./{wheel} && python -c 'import gust'
$ pip uninstall --yes docutils
...
Not uninstalling docutils at /home/you/venv/lib/..., outside environment /home/you/venv
...
""",
        project=tmp_path,
    )
    assert importlib.util.find_spec("gust") is None
    fails("$ python3 -c 'import gust'", 1)


def test_pip_of_another_python_installs_nothing(tmp_path: Path, wheel: str) -> None:
    text = fails(
        f"""
$ python=$(python3 -c 'import sys; print(sys._base_executable)')
$ $python -c 'import ensurepip, pip' || pip() {{ echo 'activated virtualenv'; false; }}
$ $python -m pip install --no-index ./{wheel}
""",
        3,
        project=tmp_path,
    )
    assert "Could not find an activated virtualenv" in text or "No module named pip" in text


def test_a_page_sees_nothing_of_the_environment_that_runs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "CONDA_PREFIX", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    monkeypatch.setenv("PATH", f"{sys.prefix}/bin:{os.environ['PATH']}")
    passes(
        """
$ env | grep -c -e elsewhere -e ^VIRTUAL_ENV=
0
[1]
$ case :$PATH: in :$HOME/../venv/bin:*) ;; *) echo ${PATH%%:*}; esac
/home/you/venv/bin
$ for name in pip pip3 python python3 pytest; do command -v $name; done
/home/you/venv/bin/pip
/home/you/venv/bin/pip3
/home/you/venv/bin/python
/home/you/venv/bin/python3
/home/you/venv/bin/pytest
$ python -c 'import sys; print(sys.prefix)'
/home/you/venv
$ npm config get prefix 2> /dev/null || echo ~/.local
/home/you/.local
"""
    )


def test_a_prompt_that_nobody_knows_names_the_setting() -> None:
    command = "while printf 'redis> '; read line; do echo $line; done"
    text = fails(f"$ {command}\nredis> x\nx", 1, Verdict.BROKEN)
    assert "waits for input at `redis>`" in text
    assert "add `redis> ` to `seatrial_prompts` in conf.py" in text
    prompts = (Prompt("redis", r"redis> "), *PROMPTS)
    passes(f"$ {command}\nredis> x\nx\nredis> [1]\n[1]\n^C\n[130]", prompts=prompts)


def test_a_project_says_which_of_its_prompts_asks_for_the_rest() -> None:
    prompts = (Prompt("ask", r"> "), Prompt("ask", r"\.\.\. ", continues=True), *PROMPTS)
    command = "read -p '> ' a; read -p '... ' b; echo $a$b"
    page = f"$ printf 'x\\ny\\n'\n...\n$ {command}\n> one\n... two\nonetwo"
    passes(page, prompts=prompts)
    fails(page.replace("onetwo", "one"), 4, prompts=prompts)


def test_output_that_is_not_utf_8_is_said_to_be() -> None:
    text = fails("$ printf 'caf\\351\\n'\ncafé", 1)
    assert "  and the output is not UTF-8: byte 0xe9, shown as \\xe9" in text
    assert "+ caf\\xe9" in text


def test_an_output_of_10_mb_is_broken_and_short_to_read() -> None:
    text = fails("$ head -c 10000000 /dev/zero | tr '\\0' x\n...\n$ true", 1, Verdict.BROKEN)
    assert "printed more than 1 MB" in text.splitlines()[0]
    assert "hint: show less of it, such as with `| head`" in text
    assert len(text) < 10_000


def test_an_output_of_many_lines_for_ever_is_broken_and_short_to_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # the real limit takes seconds to be reached
    monkeypatch.setattr(listening, "FLOOD", 4_000_000)
    text = fails("$ yes\ny\n...\n$ true", 1, Verdict.BROKEN)
    assert "printed more than 1 MB" in text.splitlines()[0]
    assert len(text) < 10_000


@pytest.mark.parametrize("command", ["exit", "exec true", "kill -9 $$"])
def test_a_command_that_closes_the_terminal_is_broken_and_says_so(command: str) -> None:
    text = fails(f"$ {command}\n$ echo hi\nhi", 1, Verdict.BROKEN)
    assert text.startswith(f"page.rst:100: `{command}` closed the terminal\n")


@pytest.mark.parametrize(
    ("text", "line", "verdict", "said"),
    [
        ("$ set -e\n$ false", 2, Verdict.BROKEN, "hint: the shell itself ended here, as by `set"),
        ("$ exit 3", 1, Verdict.BROKEN, "hint: leave the last `exit` out"),
        ("$ PS1='$ '\n$ false", 2, Verdict.DIFFERS, "ended with exit status 1"),
        ("$ PROMPT_COMMAND=", 1, Verdict.DIFFERS, "hint: do not change PROMPT_COMMAND"),
        ("$ exec bash --norc\n$ true", 1, Verdict.BROKEN, "hint: leave that line out"),
        (f"$ : {'x' * 4096}", 1, Verdict.BROKEN, "hint: break it up by `\\`"),
        ("$ ls /no/such", 1, Verdict.DIFFERS, "hint: if it is meant to fail, put `[2]` below"),
        ("$ cd /home/you/x", 1, Verdict.DIFFERS, "hint: /home/you is only shown"),
        ('$ echo "a !b"', 1, Verdict.DIFFERS, "!b: event not found"),
    ],
)
def test_what_a_shell_did_is_told_by_its_cause(
    text: str, line: int, verdict: Verdict, said: str
) -> None:
    assert said in fails(text, line, verdict)


def test_a_plain_block_with_prompts_is_told_what_it_is() -> None:
    ((result,), _) = run(block("$ echo hello", plain=True))
    assert "hint: this block has prompts: make it `console`" in explain(result)


def test_a_process_that_drops_its_mark_and_its_terminal_ends_with_the_sandbox() -> None:
    ((result,), _) = run(
        "$ env -i setsid sh -c 'echo $$ > pid; exec sleep 1000' & until test -s pid; do :; done\n"
        "...\n$ cat pid\n..."
    )
    process = Path("/proc", result.steps[1].output[0])
    deadline = time.monotonic() + 5
    while process.exists() and time.monotonic() < deadline:
        time.sleep(0.02)  # a process that was killed is not gone at once
    assert not process.exists()


def test_a_record_holds_nothing_of_this_machines_paths() -> None:
    page = Page("page", "page.rst", (block("$ pwd; echo $HOME\n..."),))
    settings = Settings(Path("/nonexistent"), None, Path("/nonexistent"))
    trial = PageRun(page, settings, None)
    try:
        trial.through(1)
        (item,) = trial.record(page.items).items
        assert item.steps[0].output == ("/home/you/sandbox", "/home/you")
        assert (item.steps[0].status, item.steps[0].place) == (0, MACHINE)
    finally:
        trial.close()


def test_a_program_that_a_block_left_open_is_named_with_its_line() -> None:
    results, _ = run("$ python3 -q\n>>> 6 * 7\n42", "$ echo on\non")
    assert "hint: leave Python by `exit()` below page.rst:102" in explain(results[1])
