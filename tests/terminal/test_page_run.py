"""Pages run in a real bash: what passes, what does not, and what is said of it."""

from pathlib import Path

import pytest

from seatrial.pages.settings import Settings
from seatrial.run.session import Terminal
from seatrial.transcript.blocks import Block, Edit, Item, Page
from seatrial.transcript.programs import PROMPTS, Prompt
from seatrial.trials.page import PageRun
from seatrial.trials.verdicts import ItemResult, Verdict, explain

pytestmark = pytest.mark.terminal


def block(text: str, ordinal: int = 1, **more: object) -> Block:
    """Return a block with this text."""
    lines = tuple(text.strip("\n").split("\n"))
    return Block("page", "page.rst", ordinal * 100, lines, "", ordinal, **more)  # type: ignore[arg-type]


def run(
    *items: Item | str,
    timeout: float = 20,
    build_timeout: float = 600,
    strict: bool = True,
    project: Path | None = None,
    prompts: tuple[Prompt, ...] = PROMPTS,
    recording: bool = False,
) -> tuple[list[ItemResult], tuple[Item, ...]]:
    """Run a page; return what became of its items, and the items rewritten if it was complete."""
    page = Page(
        "page",
        "page.rst",
        tuple(block(i, n) if isinstance(i, str) else i for n, i in enumerate(items, start=1)),
    )
    settings = Settings(
        source=Path("/nonexistent"),
        project=project,
        records=Path("/nonexistent/records"),
        prompts=prompts,
        timeout=timeout,
        build_timeout=build_timeout,
        strict=strict,
    )
    trial = PageRun(page, settings, None, recording=recording)
    try:
        results = [trial.through(item.ordinal) for item in page.items]
        changes, _ = trial.rewritten() if recording and trial.complete else ([], [])
        return results, tuple(new for _, new in changes)
    finally:
        trial.close()


def outcome(text: str, **more: object) -> ItemResult:
    """Run a page of one block."""
    ((result,), _) = run(text, **more)  # type: ignore[arg-type]
    return result


def passes(text: str, **more: object) -> None:
    """Expect a block to pass."""
    result = outcome(text, **more)
    assert result.verdict is Verdict.PASSED, explain(result)


def fails(text: str, line: int, verdict: Verdict = Verdict.DIFFERS, **more: object) -> str:
    """Expect a block to fail at its nth line and nothing after that to run; return why."""
    result = outcome(text, **more)
    verdicts = [step.verdict for step in result.steps]
    first = next(n for n, found in enumerate(verdicts) if found is not Verdict.PASSED)
    assert result.steps[first].step.line == 99 + line, explain(result)
    assert verdicts[first] is verdict, explain(result)
    assert result.verdict is verdict
    assert set(verdicts[first + 1 :]) <= {Verdict.NOT_RUN}
    return explain(result)


# --- what passes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "$ echo hi\nhi",
        "$ true",
        "$ false\n[1]",
        "$ ls /no/such\nls: cannot access '/no/such': No such file or directory\n[2]",
        "$ printf 'no end'\nno end\n$ echo next\nnext",
        "$ printf 'a\\n\\nb\\n\\n'\na\n\nb\n\n$ true",
        "$ seq 100\n1\n...\n100",
        "$ date\n...20...",
        "$ for i in 1 2; do\n>   echo $i\n> done\n1\n2",
        "$ cat <<E\n$ no prompt\n# no comment\n>>> no Python\nE\n...",
        "$ cat <<E\n> a\n>\n> E\na\n\n$ true",
        "$ echo a \\\n    b\na b",
        "$ echo '> quoted'\n> quoted\n$ true",
        "$ python3 -q\n>>> [1]\n[1]\n>>> exit()",
        "$ python3 -q\n>>> 42\n42\n>>> exit(3)\n[3]",
        "$ python3 -q\n>>> for i in range(2):\n...     print(i)\n...\n0\n1\n>>> exit()",
        "$ python3 -q\n>>> print('...')\n...\n>>> x = (\n... 1)\n>>> x\n1\n^D",
        "$ python3 -q\n>>> 1/0\nTraceback (most recent call last):\n...\nZero...\n>>> exit()",
        "$ sleep 1000\n^C\n[130]",
        "$ cat\n^D\n$ true",
        "$ cd /tmp && pwd\n/tmp\n$ pwd\n/tmp",
        "$ printf '\\033[31mred\\033[0m\\r\\n'\nred",
        "$ sleep 1000 &\n[1] ...\n$ kill %1; wait\n...",
    ],
)
def test_a_block_that_tells_the_truth_passes(text: str) -> None:
    passes(text)


def test_programs_nest_three_levels_deep_in_one_block() -> None:
    passes(
        """
$ python3 -q
>>> import pty
>>> _ = pty.spawn(["env", "-u", "PS1", "dash"])
# echo in the shell
in the shell
# python3 -q
>>> 6 * 7
42
>>> for word in ("a", "b"):
...     print(word)
...
a
b
>>> exit()
# false
# exit
>>> "back in Python"
'back in Python'
>>> exit()
$ echo back in bash
back in bash
"""
    )


def test_output_before_a_key_may_be_a_part_of_what_comes() -> None:
    passes("$ python3 -uc 'while True: print(\"tick\")'\ntick\ntick\n^C\n...\n[130]")


def test_a_password_is_typed_behind_its_prompt() -> None:
    passes(
        "$ python3 -c 'import getpass; print(len(getpass.getpass()))'\nPassword: secret\n6\n$ true"
    )


def test_a_block_goes_on_where_the_last_one_ended() -> None:
    results, _ = run("$ python3 -q\n>>> x = 1", ">>> x + 1\n2\n>>> exit()\n$ true")
    assert [r.verdict for r in results] == [Verdict.PASSED] * 2


def test_two_terminals_of_a_page_share_its_folder_and_nothing_else() -> None:
    results, _ = run(
        "$ name=one; echo text > file",
        block("$ cat file; echo ${name:-none}\ntext\nnone", 2, terminal=2),
        "$ echo $name\none",
    )
    assert [r.verdict for r in results] == [Verdict.PASSED] * 3


def test_a_page_starts_from_a_copy_of_the_project_and_leaves_the_project_alone(
    tmp_path: Path,
) -> None:
    project = tmp_path / "example"
    project.mkdir()
    (project / "file").write_text("old\n")
    passes(
        "$ cat file\nold\n$ echo new > file; touch other\n$ pwd\n/home/you/example", project=project
    )
    assert (project / "file").read_text() == "old\n"
    assert [path.name for path in project.iterdir()] == ["file"]


def test_an_edit_changes_the_copy(tmp_path: Path) -> None:
    project = tmp_path / "example"
    project.mkdir()
    (project / "file").write_text("one\ntwo\n")
    change = Edit("page", "page.rst", 5, ("one", "and a half"), "", 2, "file", new=(2,))
    results, _ = run(
        "$ cat file\none\ntwo", change, "$ cat file\none\nand a half\ntwo", project=project
    )
    assert [r.verdict for r in results] == [Verdict.PASSED] * 3


def test_an_edit_whose_context_is_gone_fails_and_stops_the_page(tmp_path: Path) -> None:
    project = tmp_path / "example"
    project.mkdir()
    (project / "file").write_text("two\n")
    change = Edit("page", "page.rst", 5, ("one", "and a half"), "", 1, "file", new=(2,))
    results, _ = run(change, "$ true", project=project)
    assert [r.verdict for r in results] == [Verdict.BROKEN, Verdict.NOT_RUN]
    assert explain(results[0]).startswith("page.rst:5: the lines around the change are not found")
    assert results[1].reason == "not run: page.rst:5 broken"


# --- what differs ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("$ true\n$ echo hi\nho\n$ true", 2),
        ("$ echo hi\n$ true", 1),
        ("$ true\nhi\n$ true", 1),
        ("$ echo hi\nhi\nho\n$ true", 1),
        ("$ printf 'a\\nb\\n'\na\n$ true", 1),
        ("$ false", 1),
        ("$ echo hi; false\nhi\n$ true", 1),
        ("$ false\n[2]", 1),
        ("$ true\n[1]\n$ true", 1),
        ("$ no-such-command\n...\n$ true", 1),
        ("$ seq 3\n1\n...\n4", 1),
        ("$ python3 -q\n>>> [1]\n[2]\n>>> exit()", 2),
        ("$ python3 -q\n>>> print(1)\n[1]\n>>> exit()", 2),
        ("$ python3 -q\n>>> 42\n>>> exit()", 2),
        ("$ python3 -q\n>>> exit(1)\n$ true", 2),
        ("$ true\n^C\n$ true", 1),
        ("$ sleep 1000\n^C\n$ true", 2),
    ],
)
def test_a_block_that_does_not_tell_the_truth_fails_at_its_step(text: str, line: int) -> None:
    fails(text, line)


def test_a_command_that_fails_with_the_right_output_is_said_to_have_failed() -> None:
    text = fails("$ echo hi; (exit 4)\nhi", 1)
    assert text.startswith(
        "page.rst:100: `echo hi; (exit 4)` ended with exit status 4, promised is 0\n"
    )


def test_a_block_that_shows_no_output_promises_statuses_only_where_a_project_is_not_strict() -> (
    None
):
    passes("$ echo hi", strict=False)
    passes("$ echo hi\n$ (exit 3)\n[3]", strict=False)
    fails("$ echo hi\n$ false", 2, strict=False)
    fails("$ echo hi\n$ echo ho\nho", 1, strict=False)
    fails("$ echo hi", 1, strict=True)


def test_a_plain_block_and_a_set_up_promise_statuses_only() -> None:
    for kind in ("plain", "setup"):
        text = "echo hi" if kind == "plain" else "$ echo hi"
        ((result,), _) = run(block(text, **{kind: True}))
        assert result.verdict is Verdict.PASSED
        ((result,), _) = run(block(text.replace("echo hi", "false"), **{kind: True}))
        assert result.verdict is Verdict.DIFFERS


def test_a_block_that_is_not_run_is_not_run_and_stops_nothing() -> None:
    results, _ = run(block("$ false", not_run="it fails"), "$ true", block("$ x", 3, only="v1"))
    assert [r.verdict for r in results] == [Verdict.NOT_RUN, Verdict.PASSED, Verdict.NOT_RUN]
    assert [r.reason for r in results] == ["not run: it fails", "", "not run: only for v1"]


def test_what_follows_a_failed_block_is_not_run_and_says_why() -> None:
    results, _ = run("$ false", "$ touch ran", "$ true")
    assert [r.verdict for r in results] == [Verdict.DIFFERS, Verdict.NOT_RUN, Verdict.NOT_RUN]
    assert results[2].reason == "not run: page.rst:100 differs"


# --- what breaks ----------------------------------------------------------------------------------


def test_python_that_never_started_is_noticed_at_the_line_that_should_have_started_it() -> None:
    text = fails("$ no-such-command python manage.py shell\n>>> 1 + 1\n2", 1, Verdict.BROKEN)
    assert text.startswith(
        "page.rst:100: `no-such-command python manage.py shell` was answered by the prompt `$`, "
        "the page goes on at `>>>`\n"
    )
    assert "ended with exit status 127, promised is 0" in text


def test_a_program_that_is_still_in_front_is_noticed() -> None:
    text = fails("$ python3 -q\n$ echo hi\nhi", 1, Verdict.BROKEN)
    assert "was answered by the prompt `>>>`, the page goes on at `$`" in text


def test_a_block_that_goes_on_in_a_program_that_is_not_there_is_noticed() -> None:
    text = fails(">>> 1 + 1\n2", 1, Verdict.BROKEN)
    assert "`1 + 1` is promised at `>>>`, but terminal 1 is at `$`" in text


def test_a_program_left_open_by_one_block_is_noticed_by_the_next() -> None:
    results, _ = run("$ python3 -q\n>>> 1\n1", "$ echo hi\nhi")
    assert [r.verdict for r in results] == [Verdict.PASSED, Verdict.BROKEN]
    assert "is promised at `$`, but terminal 1 is at `>>>`" in explain(results[1])


def test_a_command_that_hangs_is_broken_and_quoted() -> None:
    text = fails("$ echo before; sleep 1000\nbefore\n$ true", 1, Verdict.BROKEN, timeout=1.5)
    assert text.startswith(
        "page.rst:100: `echo before; sleep 1000` gave no prompt back within 1.5 s\n"
        "  and still running: `sleep 1000`\n"
    )
    assert "came:\n  before\n" in text
    assert "hint: set `:timeout:` on the block" in text


def test_the_timeout_of_a_block_goes_before_the_settings() -> None:
    ((result,), _) = run(block("$ sleep 1000", timeout=0.3), timeout=600)
    assert "gave no prompt back within 0.3 s" in explain(result)
    ((result,), _) = run(block("$ sleep 0.6", timeout=20.0), timeout=0.2)
    assert result.verdict is Verdict.PASSED


def test_what_may_build_images_has_a_timeout_of_its_own() -> None:
    text = "$ true docker build; sleep 1000"
    said = fails(text, 1, Verdict.BROKEN, timeout=600, build_timeout=0.3)
    assert "gave no prompt back within 0.3 s" in said
    passes("$ true docker build; sleep 0.6", timeout=0.2)


def test_a_program_that_cannot_be_interrupted_is_broken_and_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # it ends by no key, however long that is waited for
    monkeypatch.setattr(Terminal.interrupt, "__defaults__", (0.4,))
    fails("$ (trap '' INT HUP TERM; sleep 1000)\n$ true", 1, Verdict.BROKEN, timeout=0.3)


def test_a_terminal_that_was_closed_stays_closed_for_the_page() -> None:
    results, _ = run("$ exit", "$ true")
    assert [r.verdict for r in results] == [Verdict.BROKEN, Verdict.NOT_RUN]


def test_a_block_that_begins_with_output_is_broken_at_its_place() -> None:
    result = outcome("hi\n$ echo hi")
    assert result.verdict is Verdict.BROKEN
    assert explain(result).startswith("page.rst:100: the block begins with output: 'hi'")


def test_unfinished_input_is_broken() -> None:
    text = fails("$ echo 'never closed\n$ true", 1, Verdict.BROKEN)
    assert "is unfinished: the shell waits for the rest of it" in text


# --- recording ------------------------------------------------------------------------------------


def rewritten(text: str, **more: object) -> str:
    """Record a page of one block and return the block as it is rewritten."""
    _, items = run(text, recording=True, **more)  # type: ignore[arg-type]
    return "\n".join(items[0].lines)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("$ echo hi\nho", "$ echo hi\nhi"),
        ("$ echo hi", "$ echo hi\nhi"),
        ("$ true\nho\n[1]", "$ true"),
        ("$ false", "$ false\n[1]"),
        ("$ false\n[2]", "$ false\n[1]"),
        ("$ seq 9\n1\n...\n10", "$ seq 9\n1\n...\n9"),
        ("$ echo id 3f2a\nid ...", "$ echo id 3f2a\nid ..."),
        ("$ python3 -q\n>>> [2]\n[1]\n>>> exit()", "$ python3 -q\n>>> [2]\n[2]\n>>> exit()"),
        ("$ echo a\nb\n\n$ echo c\nd", "$ echo a\na\n\n$ echo c\nc"),
        ("$ sleep 1000\n^C", "$ sleep 1000\n^C\n[130]"),
        ("$ echo hi\nhi\n[0]", "$ echo hi\nhi\n[0]"),
    ],
)
def test_recording_writes_what_came_and_keeps_what_still_matches(before: str, after: str) -> None:
    assert rewritten(before) == after
    assert rewritten(after) == after
    passes(after)


def test_recording_goes_on_after_a_difference_but_not_after_a_break() -> None:
    _, items = run("$ echo a\nx", "$ echo b\ny", recording=True)
    assert [item.lines for item in items] == [("$ echo a", "a"), ("$ echo b", "b")]
    results, items = run("$ echo a\nx", "$ exit", "$ echo b\ny", recording=True)
    assert items == ()
    assert [r.verdict for r in results] == [Verdict.DIFFERS, Verdict.BROKEN, Verdict.NOT_RUN]


def test_recording_writes_statuses_where_no_output_is_promised() -> None:
    for before, after in (
        ("$ echo hi; false", "$ echo hi; false\n[1]"),
        ("$ echo hi\n[1]", "$ echo hi"),
        ("$ false\n[1]\n$ true\n[0]", "$ false\n[1]\n$ true\n[0]"),
        ("$ python3 -q\n>>> [7]\n[7]\n>>> exit()",) * 2,
    ):
        assert rewritten(before, strict=False) == after
        passes(after, strict=False)


@pytest.mark.parametrize("kind", ["plain", "setup"])
def test_recording_does_not_forgive_what_it_cannot_rewrite(kind: str) -> None:
    text = "false" if kind == "plain" else "$ false"
    results, items = run(block(text, **{kind: True}), "$ true", recording=True)
    assert items == ()
    assert [r.verdict for r in results] == [Verdict.DIFFERS, Verdict.NOT_RUN]


def test_a_record_says_where_each_step_ran() -> None:
    page = Page(
        "page",
        "page.rst",
        (block("$ python3 -q\n>>> 1\n1\n>>> exit()\n$ true\n$ python3 -q\n>>> exit()"),),
    )
    trial = PageRun(page, Settings(Path("/nonexistent"), None, Path("/nonexistent")), None)
    try:
        trial.through(1)
        (item,) = trial.record(page.items).items
    finally:
        trial.close()
    mine, inside = "your machine", "Python on your machine"
    assert [str(step.place) for step in item.steps] == [mine, inside, inside, mine, mine, inside]
    assert [step.status for step in item.steps] == [None, None, 0, 0, None, 0]
