"""The format that a writer writes, read as steps."""

import re
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.errors import TranscriptError
from seatrial.transcript.blocks import Block
from seatrial.transcript.programs import PROMPTS, Prompt
from seatrial.transcript.shell import shell_is_unfinished
from seatrial.transcript.steps import Step, parse, read_prompt, same_prompt, with_promises


def block(text: str, *, plain: bool = False, line: int = 1) -> Block:
    """Return a block with this text as its lines."""
    lines = tuple(text.strip("\n").split("\n"))
    return Block("page", "page.rst", line, lines, "", 1, plain=plain)


def steps(text: str) -> tuple[Step, ...]:
    """Return the steps of a text."""
    return parse(block(text))


def commands(text: str) -> list[str]:
    """Return the commands of a text."""
    return [step.command for step in steps(text)]


# --- prompts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "prompt", "program"),
    [
        ("$ ls", "$ ", "shell"),
        ("# ls", "# ", "container shell"),
        ("root@3f2a:/app# ls", "root@3f2a:/app# ", "container shell"),
        ("root@...:/app# ls", "root@...:/app# ", "container shell"),
        ("web@my.host:~/my code$ ls", "web@my.host:~/my code$ ", "container shell"),
        ("sh-5.2# ls", "sh-5.2# ", "container shell"),
        ("app@3f2a:/app$ ls", "app@3f2a:/app$ ", "container shell"),
        ("root@3f2a:/# ls", "root@3f2a:/# ", "container shell"),
        ("bash-5.2$ ls", "bash-5.2$ ", "container shell"),
        ("/ # ls", "/ # ", "container shell"),
        ("/app $ ls", "/app $ ", "container shell"),
        ("~ $ ls", "~ $ ", "container shell"),
        (">> Mayflower", ">> ", "psql"),
        ("> rest", "> ", "shell"),
        (">>> 1 + 1", ">>> ", "Python"),
        ("... 1 + 1", "... ", "Python"),
        ("(Pdb) next", "(Pdb) ", "pdb"),
        ("(Pdb++) next", "(Pdb++) ", "pdb"),
        ("db=# select 1;", "db=# ", "psql"),
        ("db=> select 1;", "db=> ", "psql"),
        ("my-db=*# commit;", "my-db=*# ", "psql"),
        ("db=!# rollback;", "db=!# ", "psql"),
        ("db=!> rollback;", "db=!> ", "psql"),
        ("db-# from x;", "db-# ", "psql"),
        ("db(# 1)", "db(# ", "psql"),
        ("db'# it's'", "db'# ", "psql"),
        ('db"# x"', 'db"# ', "psql"),
        ('db"> x"', 'db"> ', "psql"),
        ("db^# )", "db^# ", "psql"),
        ("db$# body", "db$# ", "psql"),
        ("db*# comment", "db*# ", "psql"),
        ("db-*# from x;", "db-*# ", "psql"),
        ("Password: hunter2", "Password: ", "password"),
        ("Password for user postgres: x", "Password for user postgres: ", "password"),
    ],
)
def test_a_prompt_says_which_program_a_line_is_typed_into(
    line: str, prompt: str, program: str
) -> None:
    found = read_prompt(line, PROMPTS)
    assert found is not None
    assert (found[1], found[0].program) == (prompt, program)


@pytest.mark.parametrize("prompt", ["$", ">>>", "#", "db=#", "(Pdb)", "root@...:/app#"])
def test_a_prompt_with_nothing_behind_it_is_an_empty_line_of_input(prompt: str) -> None:
    (step,) = steps(prompt)
    assert step.typed == ("",)
    assert step.prompt == prompt + " "


@pytest.mark.parametrize(
    "line", ["$5 for it", "#hashtag", ">>>x", "a => b", "x=#", " $ ls", "total 4", "...", "^C", ""]
)
def test_a_line_of_output_is_no_prompt(line: str) -> None:
    found = read_prompt(line.rstrip("#"), PROMPTS)
    assert found is None or found[0].continues


def test_lines_that_psql_copies_are_input_there_and_output_elsewhere() -> None:
    text = "db=# copy ships from stdin;\nEnter data.\n>> Mayflower\n>> \\.\nCOPY 1\ndb=# \\q"
    assert commands(text) == ["copy ships from stdin;", "Mayflower", "\\.", "\\q"]
    (quoted,) = steps("$ tail letter\n>> you wrote\n> I did")
    assert quoted.promise == (">> you wrote", "> I did")


@pytest.mark.parametrize("dots", ["... ", "...   "])
def test_the_debugger_takes_several_lines(dots: str) -> None:
    text = f"(Pdb) for n in range(2):\n{dots}    print(n)\n{dots.rstrip()}\n0\n1\n(Pdb) c"
    loop, _ = steps(text)
    assert [line.lstrip() for line in loop.typed] == ["for n in range(2):", "print(n)", ""]
    assert loop.promise == ("0", "1")


@pytest.mark.parametrize("key", ["^C", "^D", "^Z"])
def test_a_key_on_a_line_of_its_own_is_pressed(key: str) -> None:
    text = steps(f"$ sleep 60\n{key}\n[148]")
    assert [step.is_key for step in text] == [False, True]


@pytest.mark.parametrize(
    ("promised", "answered", "same"),
    [
        ("$ ", "$ ", True),
        (">>> ", ">>> ", True),
        (">>> ", "... ", False),
        ("... ", "... ", True),
        ("... ", ">>> ", False),
        ("root@...:/app# ", "root@3f2a9:/app# ", True),
        ("root@...:/app# ", "root@3f2a9:/tmp# ", False),
        ("root@...:/app# ", "web@3f2a9:/app# ", False),
        ("db=# ", "db=# ", True),
        ("db=# ", "db=> ", False),
        ("# ", "$ ", False),
        ("$ ", "$ > ", False),
        ("db=# ", "db=# db=# ", False),
    ],
)
def test_a_page_may_elide_what_varies_in_a_prompt(promised: str, answered: str, same: bool) -> None:
    assert same_prompt(promised, answered) is same


def test_a_project_can_add_prompts_of_its_own() -> None:
    text = "$ redis-cli\nredis> get x\n(nil)\nredis> quit"
    assert [step.command for step in parse(block(text))] == ["redis-cli"]
    mine = (Prompt("redis", r"redis> "), *PROMPTS)
    read = parse(block(text), mine)
    assert [(step.program, step.command) for step in read] == [
        ("shell", "redis-cli"),
        ("redis", "get x"),
        ("redis", "quit"),
    ]
    assert read[1].promise == ("(nil)",)
    new = with_promises(block(text), [(read[1], ["(integer) 1"], None)], mine)
    assert list(new.lines) == ["$ redis-cli", "redis> get x", "(integer) 1", "redis> quit"]


# --- steps ----------------------------------------------------------------------------------------


def test_the_transcript_of_the_design_reads_as_a_person_reads_it() -> None:
    read = steps(
        """
$ docker compose run --rm web python manage.py shell
>>> from guestbook.models import Entry
>>> Entry.objects.create(name="Ada", text="hello")
<Entry: Ada: hello>
>>> exit()
$ docker compose exec db psql -U postgres db
db=# select count(*) from guestbook_entry;
 count
-------
     1
(1 row)

db=# \\q
$ docker compose exec web cat /no/such/file
cat: /no/such/file: No such file or directory
[1]
"""
    )
    assert [(s.line, s.prompt, s.command, s.promise, s.status) for s in read] == [
        (1, "$ ", "docker compose run --rm web python manage.py shell", (), None),
        (2, ">>> ", "from guestbook.models import Entry", (), None),
        (
            3,
            ">>> ",
            'Entry.objects.create(name="Ada", text="hello")',
            ("<Entry: Ada: hello>",),
            None,
        ),
        (5, ">>> ", "exit()", (), None),
        (6, "$ ", "docker compose exec db psql -U postgres db", (), None),
        (
            7,
            "db=# ",
            "select count(*) from guestbook_entry;",
            (" count", "-------", "     1", "(1 row)"),
            None,
        ),
        (13, "db=# ", "\\q", (), None),
        (
            14,
            "$ ",
            "docker compose exec web cat /no/such/file",
            ("cat: /no/such/file: No such file or directory",),
            1,
        ),
    ]


def test_a_step_knows_the_line_it_stands_on_in_its_file() -> None:
    read = parse(block("$ cat <<E\nx\nE\nx\n\n$ true\n[1]\n$ false", line=40))
    assert [step.line for step in read] == [40, 45, 47]


def test_a_block_that_begins_with_output_is_refused_with_its_place() -> None:
    with pytest.raises(TranscriptError) as raised:
        parse(block("hello\n$ echo hello", line=17))
    assert str(raised.value).startswith("page.rst:17: the block begins with output: 'hello'")
    assert "hint: begin it with a prompt" in str(raised.value)
    with pytest.raises(TranscriptError, match=r"^page\.rst:18: "):
        parse(block(" \nhello\n$ echo hello", line=17))


def test_a_block_may_not_begin_with_a_key_or_a_continuation() -> None:
    for first in ("^C", "^D", "> x", "... x", "db-# x", "[1]"):
        with pytest.raises(TranscriptError):
            steps(f"{first}\n$ true")


def test_blank_lines_before_the_first_prompt_and_between_steps_promise_nothing() -> None:
    read = steps("\n\n$ echo a\na\n\n\n$ echo b\nb\n\n")
    assert [step.promise for step in read] == [("a",), ("b",)]


def test_blank_lines_inside_output_belong_to_it() -> None:
    (step,) = steps("$ printf '\\na\\n\\nb'\n\na\n\nb")
    assert step.promise == ("", "a", "", "b")


@pytest.mark.parametrize(
    ("last", "status"), [("[1]", 1), ("[137]", 137), ("[0]", 0), ("  [2]  ", 2)]
)
def test_a_last_line_with_a_number_in_brackets_is_the_exit_status(last: str, status: int) -> None:
    (step,) = steps(f"$ x\nout\n{last}\n")
    assert (step.promise, step.status) == (("out",), status)


@pytest.mark.parametrize("last", ["[1, 2]", "[]", "[1] 4242", "[1234]", "[x]", "[-1]", "[1]."])
def test_any_other_last_line_in_brackets_is_output(last: str) -> None:
    (step,) = steps(f"$ x\n{last}")
    assert (step.promise, step.status) == ((last,), None)


def test_a_number_in_brackets_before_the_last_line_is_output() -> None:
    (step,) = steps("$ x\n[1]\nout")
    assert (step.promise, step.status) == (("[1]", "out"), None)


def test_keys_are_steps_of_the_program_that_runs() -> None:
    read = steps("$ sleep 100\n^C\n[130]\n$ cat\n  ^D\n$ echo ^C")
    assert [(s.command, s.is_key, s.program, s.status) for s in read] == [
        ("sleep 100", False, "shell", None),
        ("^C", True, "shell", 130),
        ("cat", False, "shell", None),
        ("^D", True, "shell", None),
        ("echo ^C", False, "shell", None),
    ]


def test_output_before_a_key_belongs_to_the_step_before() -> None:
    sleep, key = steps("$ ping db\nPING db\n64 bytes\n^C\n--- statistics ---\n[1]")
    assert sleep.promise == ("PING db", "64 bytes")
    assert (key.promise, key.status) == (("--- statistics ---",), 1)


# --- the container's shell and comments -----------------------------------------------------------


def test_a_hash_is_output_where_no_shell_was_opened() -> None:
    read = steps("$ cat config.yml\n# the database\ndb: x\n$ grep '#' f\n# a comment")
    assert [step.command for step in read] == ["cat config.yml", "grep '#' f"]
    assert read[0].promise == ("# the database", "db: x")
    # nor in a container's shell with another prompt, nor behind a key in a shell of one's own
    for text in ("root@1:/# cat f\n# out", "$ cat\n^C\n# out"):
        assert steps(text)[-1].promise == ("# out",)


@pytest.mark.parametrize("blank", ["", "\n"])
@pytest.mark.parametrize(
    ("first", "following"),
    [
        ("$ echo one\none", "$ echo two"),
        ("$ false\n[1]", "$ echo two"),
        ("$ true", "$ echo two"),
        ("$ python3\n>>> 1\n1", ">>> 2"),
        ("$ python3\n>>> exit()", "$ echo two"),
        ("$ docker compose exec web sh\n# exit", "$ echo two"),
        ("$ psql\ndb=# select 1;\n1", "db=# select 2;"),
    ],
)
def test_comments_between_steps_are_no_output(first: str, following: str, blank: str) -> None:
    remarks = "# Now the second,\n# as in a python shell\n"
    read = steps(f"{first}\n{blank}{remarks}{following}")
    assert read[-1].prompt in following
    assert steps(first)[-1].promise == read[-2].promise
    assert steps(first)[-1].status == read[-2].status
    written = [line for line in read[-2].remarks if line.strip()]
    assert written == ["# Now the second,", "# as in a python shell"]


@pytest.mark.parametrize("following", ["$ echo one", ">>> 1"])
def test_comments_that_open_a_block_are_no_prompt(following: str) -> None:
    (step,) = steps(f"# say it\n#\n\n# and more\n{following}")
    assert (step.command, step.line) == (following[-8:].removeprefix(">>> "), 5)


@pytest.mark.parametrize(
    "text",
    [
        "# exit\n$ true",
        "# cd /app\n# su web\n$ true",
        "# cd /app\n# python manage.py shell\n>>> 1",
        "# python3 -q\n>>> 1",
    ],
)
def test_commands_of_a_root_shell_that_lead_elsewhere_are_no_comments(text: str) -> None:
    assert len(steps(text)) == len(text.split("\n"))


def test_a_comment_at_the_end_of_a_block_stands_below_a_blank_line() -> None:
    (output,) = steps("$ cat f\n# output")
    assert (output.promise, output.remarks) == (("# output",), ())
    (python,) = steps(">>> x\n1\n# a comment")
    assert (python.promise, python.remarks) == (("1",), ("# a comment",))
    (comment,) = steps("$ cat f\noutput\n\n# a comment\n")
    assert (comment.promise, comment.remarks) == (("output",), ("", "# a comment"))


@pytest.mark.parametrize("name", ["install.sh", "start-sh", "sh.conf", "docs/bash.md", "su-exec.c"])
def test_a_file_named_like_a_shell_opens_none(name: str) -> None:
    (step,) = steps(f"$ cat {name}\n# a comment\nset -e")
    assert step.promise == ("# a comment", "set -e")


@pytest.mark.parametrize(
    "opening",
    [
        "docker compose exec web sh",
        "docker compose exec web bash",
        "docker run -it --rm debian:trixie-slim bash -l",
        "docker compose exec web /bin/sh",
        "docker exec -it example-web-1 /bin/bash",
        "su",
        "sudo su -",
    ],
)
def test_a_hash_is_a_prompt_where_a_shell_was_opened(opening: str) -> None:
    read = steps(f"$ {opening}\n# whoami\nroot\n# exit\n$ true")
    assert [step.prompt for step in read] == ["$ ", "# ", "# ", "$ "]


def test_a_hash_is_a_prompt_at_the_beginning_of_a_block() -> None:
    assert commands("# whoami\nroot\n# exit") == ["whoami", "exit"]


@pytest.mark.parametrize(
    ("opening", "inner", "leaving"),
    [
        ("python3", ">>> 1\n1", ">>> exit()"),
        ("python3", ">>> 1\n1", ">>> quit()"),
        ("python3", ">>> 1\n1", "^D"),
        ("psql", "db=# select 1;\n1", "db=# \\q"),
        ("psql", "db=# select 1;\n1", "db=# exit"),
        ("cat", "^C", "# true"),
        ("su web", "$ whoami\nweb", "$ exit"),
    ],
)
def test_a_hash_is_a_prompt_again_where_a_program_inside_the_shell_ended(
    opening: str, inner: str, leaving: str
) -> None:
    read = steps(f"# {opening}\n{inner}\n{leaving}\n# exit\n$ true")
    assert [step.command for step in read][-2:] == ["exit", "true"]
    assert read[-2].prompt == "# "


def test_a_hash_in_the_output_of_a_program_inside_the_shell_is_output() -> None:
    read = steps("# python3\n>>> print('# x')\n# x\n>>> exit()\n# exit")
    assert [step.command for step in read] == ["python3", "print('# x')", "exit()", "exit"]


def test_programs_nest_to_any_depth() -> None:
    rising = ["$ sh", "# python3", ">>> import os; os.system('sh')"] + ["# sh"] * 20
    falling = ["# exit"] * 21 + [">>> exit()", "# exit", "$ true"]
    assert len(steps("\n".join(rising + falling))) == len(rising + falling)


# --- continuation lines ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("$ for i in 1 2\n> do echo $i\n> done", ("for i in 1 2", "do echo $i", "done")),
        ("$ echo a \\\n>   b", ("echo a \\", "  b")),
        ("$ echo a \\\n    b \\\n    c", ("echo a \\", "    b \\", "    c")),
        ("$ cat <<EOF\n> a\n>\n> b\n> EOF", ("cat <<EOF", "a", "", "b", "EOF")),
        ("$ cat <<EOF\na\n\nb\nEOF", ("cat <<EOF", "a", "", "b", "EOF")),
        ("$ cat <<'EOF' > f\n$HOME\nEOF", ("cat <<'EOF' > f", "$HOME", "EOF")),
        (
            "$ cat > f << END\n# comment\n$ text\nEND",
            ("cat > f << END", "# comment", "$ text", "END"),
        ),
        ("$ cat <<-EOF\n\ta\n\tEOF", ("cat <<-EOF", "\ta", "\tEOF")),
        # tabs may lead to its end where a dash says so, and blanks never
        ("$ cat <<EOF\n\tEOF\nEOF", ("cat <<EOF", "\tEOF", "EOF")),
        ("$ cat <<-EOF\n  EOF\nEOF", ("cat <<-EOF", "  EOF", "EOF")),
        ("# apt-get update \\\n  && true", ("apt-get update \\", "  && true")),
        ("root@...:/app# cat <<E\nx\nE", ("cat <<E", "x", "E")),
    ],
)
def test_a_shell_command_goes_on_over_several_lines(text: str, typed: tuple[str, ...]) -> None:
    (step,) = steps(f"{text}\noutput")
    assert step.typed == typed
    assert step.promise == ("output",)


def test_a_command_that_is_complete_is_followed_by_output() -> None:
    for command in ("echo '\\\\' \\\\", "echo '<<' 1", "cat <<< word", "echo $((1 << 2))"):
        (step,) = steps(f"$ {command}\nEOF")
        assert step.promise == ("EOF",), command


@pytest.mark.parametrize(
    ("text", "unfinished"),
    [
        ("# a comment", False),
        ("(cd x && ls)", False),
        ("(cd x", True),
        ("f() { ls; }", False),
        ("echo $(date", True),
        ("echo `date`", False),
        ("echo `date", True),
        ("echo if", False),
        ("if ls", True),
        ("cat < if", False),
        ("ls &&\n", True),
        ("ls |\nwc", False),
        ("cat <<E | wc\na\nE", False),
        ("cat <<E | wc\na", True),
        ("cat <<A <<B\na\nA\nb\nB\nls", False),
        ("cat <<A <<B\na\nA\nb", True),
    ],
)
def test_a_shell_reads_on_where_something_is_open(text: str, unfinished: bool) -> None:
    assert shell_is_unfinished(text.split("\n")) is unfinished


def compounds(bodies: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return commands that hold others."""
    frames = (
        "if true; then\n{}\nelse\n{}\nfi",
        "for x in a 'b c'; do {}\n{}\ndone",
        "while false\ndo\n{}\n{}\ndone | cat",
        "case $x in\na)\n{}\n;;\n(b) {}\n;;\nesac",
        "{{\n{}\n{}\n}} && echo 'if'",
        "(\n{}\n{}\n)",
        "f() {{\n{}\n{}\n}}",
        'echo "$(\n{}\n{}\n)"',
    )
    return st.builds(str.format, st.sampled_from(frames), bodies, bodies)


SIMPLE = (
    "echo a # it's",
    'echo \'two\nlines\' "a $x \\" b"',
    "printf x |\ncat",
    "true &&\n\ntrue",
    "echo done \\\n  if",
    "echo $((1 + 2)) ${x:-'}'}",
    "cat <<END\nif '\nEND",
    "cat <<-'END' | cat\n\tx $(\n\tEND",
    "x=`echo a`; [ -z $x ] || ! true",
)
SHELL = st.recursive(st.sampled_from(SIMPLE), compounds, max_leaves=4)


def bash_reads_on(text: str) -> bool:
    """Tell whether Bash itself would, by what it says of a script that ends there."""
    done = subprocess.run(
        ["bash", "-n"], input=text, capture_output=True, text=True, env={"LC_ALL": "C"}
    )
    ended = re.search(r"unexpected (EOF|end of file)|delimited by end-of-file", done.stderr)
    return bool(ended) or text.endswith("\\")


@given(SHELL, st.data())
def test_a_shell_reads_on_where_bash_does(text: str, data: st.DataObject) -> None:
    lines = text.split("\n")
    typed = lines[: data.draw(st.integers(1, len(lines)))]
    assert shell_is_unfinished(typed) is bash_reads_on("\n".join(typed))


@pytest.mark.parametrize("command", ["cat quote.md", "echo '> x'", "diff a b", "git log -1 | head"])
def test_output_that_quotes_is_output_where_the_command_is_complete(command: str) -> None:
    (step,) = steps(f"$ {command}\n> quoted\nand not")
    assert step.typed == (command,)
    assert step.promise == ("> quoted", "and not")


@pytest.mark.parametrize(
    "first",
    [
        "echo 'a",
        'echo "a',
        "echo a |",
        "true &&",
        "false ||",
        "if true",
        "while true; do",
        "f() {",
        "(cd x",
        "case $x in",
        "echo $(",
        "echo `",
        "echo \"it's",
        "cat <<E",
        "echo a \\",
    ],
)
def test_an_unfinished_command_goes_on_at_the_next_prompt(first: str) -> None:
    (step,) = steps(f"$ {first}\n> more\noutput")
    assert step.typed[:2] == (first, "more")


def test_a_blank_elision_ends_a_compound_statement_and_the_next_is_output() -> None:
    (step,) = steps(">>> for i in range(3):\n...     print(i)\n...\n0\n...\n2")
    assert step.typed == ("for i in range(3):", "    print(i)", "")
    assert step.promise == ("0", "...", "2")


def test_an_elision_after_a_complete_statement_is_output() -> None:
    (step,) = steps(">>> print(text)\n...\nend")
    assert step.typed == ("print(text)",)
    assert step.promise == ("...", "end")


@pytest.mark.parametrize(
    "typed",
    [
        ("# Fibonacci series:", "a, b = 0, 1"),
        ("# one", "# two", "x = 1"),
        ("# a loop", "for n in x:", "    print(n)", ""),
        ("x = 1  # complete", "y = 2"),
        ("def f(:", "    pass"),
        ("print(text)", "and so on"),
    ],
)
def test_a_line_behind_input_of_python_is_input_and_never_output(typed: tuple[str, ...]) -> None:
    read = steps(">>> " + "\n... ".join(typed) + "\noutput\n>>> 2")
    assert [step.typed for step in read] == [typed, ("2",)]
    assert read[0].promise == ("output",)


@pytest.mark.parametrize(
    ("text", "keyed"),
    [
        ("for n in (1, 2):\n...     print(n)", ("for n in (1, 2):", "    print(n)", "")),
        ("@decorated\n... def f(): pass", ("@decorated", "def f(): pass", "")),
        ("for n in x: print(n)", ("for n in x: print(n)", "")),
        ("if x:\n...     1\n...", ("if x:", "    1", "")),
        ("# a comment", ("# a comment",)),
        ("f(", ("f(",)),
        ("x = 1", ("x = 1",)),
    ],
)
def test_an_indented_block_of_python_that_stands_open_is_closed(
    text: str, keyed: tuple[str, ...]
) -> None:
    (step,) = steps(f">>> {text}\noutput")
    assert step.keyed == keyed
    assert len(step.shown) == len(step.typed)


@pytest.mark.parametrize(
    "typed",
    [
        ("x = [", "    1,", "]"),
        ("class A:", "    def f(self):", "        return 1", ""),
        ('text = """a', "", 'b"""'),
        ("print(1, \\", "      2)"),
        ("@decorated", "def f(): pass", ""),
        ("with open(f) as g:", "    g.read()", ""),
        ("try:", "    1/0", "except ZeroDivisionError:", "    pass", ""),
        ("async def f():", "    await g()", ""),
    ],
)
def test_a_python_statement_goes_on_over_several_lines(typed: tuple[str, ...]) -> None:
    text = ">>> " + "\n... ".join(typed) + "\noutput\n>>> 2"
    for spelt in (text, "\n".join(line.rstrip() for line in text.split("\n"))):
        read = steps(spelt)
        assert read[0].typed == typed
        assert read[0].promise == ("output",)


def test_a_statement_that_python_refuses_is_followed_by_its_traceback() -> None:
    (step,) = steps(">>> def f(:\n... \nSyntaxError: invalid syntax")
    assert step.typed == ("def f(:",)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("db=# select 1,\ndb-# 2;", ("select 1,", "2;")),
        ("db=# select (1,\ndb(# 2);", ("select (1,", "2);")),
        ("db=> select 'a\ndb'> b';", ("select 'a", "b';")),
        ("db=*# delete\ndb-*# from x;", ("delete", "from x;")),
        ("db=# do $$\ndb$# begin end $$;", ("do $$", "begin end $$;")),
    ],
)
def test_a_statement_of_psql_goes_on_over_several_lines(text: str, typed: tuple[str, ...]) -> None:
    (step,) = steps(f"{text}\n(1 row)")
    assert step.typed == typed
    assert step.promise == ("(1 row)",)


# --- blocks without prompts -----------------------------------------------------------------------


def test_each_command_of_a_plain_block_promises_its_exit_status_alone() -> None:
    read = parse(
        block(
            "# install it\n  # all\npip install x\ncat <<E > f\n# no comment\nE\nmake \\\n  all\n",
            plain=True,
            line=30,
        )
    )
    assert [(s.line, s.prompt, s.command, s.promise, s.status) for s in read] == [
        (32, "$ ", "pip install x", (), None),
        (33, "$ ", "cat <<E > f\n# no comment\nE", (), None),
        (36, "$ ", "make \\\n  all", (), None),
    ]


def test_a_compound_command_of_a_plain_block_is_one_step() -> None:
    text = "for i in 1 2; do\n  echo $i\ndone\nif true\nthen\n  echo 'a\nb'\nfi\ntrue"
    assert [s.command for s in parse(block(text, plain=True))] == [
        "for i in 1 2; do\n  echo $i\ndone",
        "if true\nthen\n  echo 'a\nb'\nfi",
        "true",
    ]


def test_a_plain_block_that_ends_in_the_middle_of_a_command_loses_no_line() -> None:
    typed = ("echo a \\", "  b \\")
    first, last = parse(block("\n".join(["true", *typed]), plain=True, line=30))
    assert first == Step("$ ", "shell", ("true",), ("true",), (), None, 30)
    assert last == Step("$ ", "shell", typed, typed, (), None, 31)


# --- new promises ---------------------------------------------------------------------------------


def test_new_promises_stand_where_the_old_ones_stood() -> None:
    old = block("$ a\nold\n[1]\n\n>>> f(\n... )\nold\nold\n\n$ c\n$ d\n[2]\n", line=5)
    read = parse(old)
    new = with_promises(
        old,
        [
            (read[0], ["new", "lines"], 0),
            (read[1], [], None),
            (read[2], ["came"], 3),
            (read[3], [], 2),
        ],
    )
    assert list(new.lines) == [
        *("$ a", "new", "lines", "", ">>> f(", "... )", "", "$ c", "came", "[3]", "$ d", "[2]"),
    ]


def test_steps_without_a_new_promise_stay_as_they_are() -> None:
    old = block("$ a\nold\n[1]\n$ b\nold")
    assert with_promises(old, [(parse(old)[1], ["new"], 0)]).lines == (
        *("$ a", "old", "[1]", "$ b", "new"),
    )


def test_an_exit_status_of_zero_that_was_written_down_stays_written_down() -> None:
    old = block("$ a\nout\n[0]")
    assert with_promises(old, [(parse(old)[0], ["out"], 0)]) == old


@pytest.mark.parametrize(
    "came", [["$ looks like a prompt"], [">>> x"], ["out", "[3]"], ["[0]"], ["^C"], ["db=# x"]]
)
def test_output_that_would_be_read_as_something_else_is_not_written_down(came: list[str]) -> None:
    old = block("$ a\nout\n$ b", line=9)
    with pytest.raises(TranscriptError) as raised:
        with_promises(old, [(parse(old)[0], came, 0)])
    assert str(raised.value).startswith("page.rst:9: ")
    assert "`...`" in raised.value.hint


LINES = ("a", "", "b c", "...", "x...", "[1, 2]", "(1 row)", "  indented", "# no prompt")
CAME = st.lists(st.sampled_from(LINES), max_size=3).filter(lambda ls: not ls or bool(ls[-1]))


@given(
    came=st.lists(CAME, min_size=4, max_size=4),
    statuses=st.lists(st.sampled_from([0, 1, 130]), min_size=4, max_size=4),
)
def test_promises_put_back_are_read_as_they_were_given(
    came: list[list[str]], statuses: list[int]
) -> None:
    old = block("$ one\nold\n\n$ two \\\n> more\n[4]\n>>> f(\n... )\nold\n$ three")
    told = [
        (step, promise, None if step.program == "Python" else status)
        for step, promise, status in zip(parse(old), came, statuses, strict=True)
    ]
    again = parse(with_promises(old, told))
    assert [(s.command, [*s.promise, *s.remarks], s.status or 0) for s in again] == [
        (step.command, promise, status or 0) for step, promise, status in told
    ]


@pytest.mark.parametrize(
    ("came", "written"),
    [
        (["new"], ["$ a", "new", "", "# out"]),
        ([], ["$ a", "", "# out"]),
        (["a", "# new"], ["$ a", "a", "# new"]),
        (["# out"], ["$ a", "# out"]),
    ],
)
def test_a_hash_at_the_end_of_a_block_goes_only_where_others_come(
    came: list[str], written: list[str]
) -> None:
    old = block("$ a\n# out")
    assert list(with_promises(old, [(parse(old)[0], came, 0)]).lines) == written


@pytest.mark.parametrize("came", [["new"], [], ["a", "# new"], ["# new"]])
def test_a_comment_of_the_writer_stays_whatever_comes(came: list[str]) -> None:
    old = block("# first\n$ a\nout\n\n# second\n$ b\n# third\n# fourth\n$ c\n\n# last\n")
    new = with_promises(old, [(step, came, 0) for step in parse(old)])
    comments = [line for line in new.lines if line.startswith("# ") and line != "# new"]
    assert comments == ["# first", "# second", "# third", "# fourth", "# last"]
    assert [step.command for step in parse(new)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("old", "came", "status", "written"),
    [
        # a blank line, so that the comment is not taken for output that looks like it
        ("$ a\n# mine\n$ b", ["# new"], 0, ["$ a", "# new", "", "# mine", "$ b"]),
        ("$ a\n\n# mine\n$ b", ["# new"], 0, ["$ a", "# new", "", "# mine", "$ b"]),
        ("$ a\n# mine\n$ b", ["# new", "x"], 0, ["$ a", "# new", "x", "# mine", "$ b"]),
        ("$ a\n# mine\n$ b", ["# new"], 1, ["$ a", "# new", "[1]", "# mine", "$ b"]),
        ("$ a\nx\n# out", ["y"], 0, ["$ a", "y", "", "# out"]),
    ],
)
def test_a_comment_below_an_output_stays_apart_from_it(
    old: str, came: list[str], status: int, written: list[str]
) -> None:
    page = block(old)
    assert list(with_promises(page, [(parse(page)[0], came, status)]).lines) == written


def test_output_that_is_refused_is_told_at_the_step_that_gave_it() -> None:
    old = block("$ a\nout\n$ b\nout\n$ c", line=9)
    with pytest.raises(TranscriptError, match=r"^page\.rst:11: "):
        with_promises(
            old, [(step, ["$ x"] if step.command == "b" else [], 0) for step in parse(old)]
        )


@pytest.mark.parametrize(("number", "shown", "promise", "line"), [(0, 1, 4, 9), (2, 1, 2, 15)])
def test_a_line_of_the_writer_that_would_be_removed_is_refused(
    number: int, shown: int, promise: int, line: int
) -> None:
    old = block("$ a\nout\n\n# a comment\n$ b\n$ c \\\n> more\nout", line=9)
    step = parse(old)[number]
    wrong = replace(step, shown=step.shown[:shown], promise=("x",) * promise)
    said = rf"^page\.rst:{line}: recording would remove a line of yours: .*\n  hint: write "
    with pytest.raises(TranscriptError, match=said):
        with_promises(old, [(wrong, [], 0)])
