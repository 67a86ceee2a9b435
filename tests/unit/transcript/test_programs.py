"""What the table says of programs: whose a prompt is, and when input is complete."""

import pytest

from seatrial.transcript.programs import PROMPTS, QUESTIONS, program_of, row_of


@pytest.mark.parametrize(
    ("prompt", "program", "continues"),
    [
        ("$ ", "shell", False),
        ("> ", "shell", True),
        ("root@1f2e:/app# ", "container shell", False),
        ("app@web:~$ ", "container shell", False),
        ("bash-5.2# ", "container shell", False),
        ("sh-5.2$ ", "container shell", False),
        ("# ", "container shell", False),
        ("/srv/app # ", "container shell", False),
        ("~ $ ", "container shell", False),
        (">>> ", "Python", False),
        ("... ", "Python", True),
        ("(Pdb) ", "pdb", False),
        ("(Pdb++) ", "pdb", False),
        ("db=# ", "psql", False),
        ("db=*> ", "psql", False),
        ("db=!# ", "psql", False),
        ("db-# ", "psql", True),
        ("db(# ", "psql", True),
        ("db'# ", "psql", True),
        ("Password for user you: ", "password", False),
    ],
)
def test_a_prompt_names_its_program(prompt: str, program: str, continues: bool) -> None:
    row = row_of(prompt, PROMPTS)
    assert row is not None
    assert (row.program, row.continues) == (program, continues)
    assert row.secret is (program == "password")


@pytest.mark.parametrize("line", ["", "$", "$  ", "total 0", "a: b", "100 % ", ">>>> ", "(pdb) "])
def test_what_is_no_prompt_has_no_row(line: str) -> None:
    assert row_of(line, PROMPTS) is None


@pytest.mark.parametrize(
    ("question", "secret"),
    [
        ("Password: ", True),
        ("Enter passphrase for key '/k': ", True),
        ("Proceed (y/N) ", False),
        ("Are you sure (yes/no/[fingerprint])? ", False),
        ("Continue? [y/N] ", False),
        ("Username (leave blank to use 'you'): ", False),
        ("Type 'yes' to continue, or 'no' to cancel: ", False),
    ],
)
def test_a_question_to_a_person_is_known_with_what_hides_its_answer(
    question: str, secret: bool
) -> None:
    row = row_of(question, QUESTIONS)
    assert row is not None
    assert (row.secret, row.asks) == (secret, True)


@pytest.mark.parametrize(
    ("program", "text", "unfinished"),
    [
        ("shell", "echo 'a", True),
        ("container shell", "ls |", True),
        ("shell", "ls", False),
        ("Python", "def f():", True),
        ("Python", "f(", True),
        ("Python", "x = = 1", False),
        ("psql", "select 1", True),
        ("psql", "select 1;", False),
        ("psql", "\\d", False),
        ("psql", " ", False),
        ("password", "(", False),
        ("one that nobody knows", "(", False),
    ],
)
def test_input_is_unfinished_where_its_program_would_ask_for_more(
    program: str, text: str, unfinished: bool
) -> None:
    assert program_of(program).is_unfinished(text) is unfinished
