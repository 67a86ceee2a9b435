"""The kernel inside containers: who reads there is told by this machine's own engine."""

from collections.abc import Iterator

import pytest
from jupyter_client.manager import KernelManager

from tests.kernel.conftest import FrontEnd

pytestmark = pytest.mark.engine

COMPOSE = """\
%%edit compose.yaml
services:
  web:
    image: python:3.13-slim
    command: sleep infinity
    init: true
  db:
    image: postgres:17
    environment:
      POSTGRES_PASSWORD: kept-in-the-test
    healthcheck:
      test: pg_isready -h 127.0.0.1 -U postgres
      interval: 1s
      retries: 60
"""
UP = "docker compose up -d --wait"
PSQL = "docker compose exec db psql -U postgres"


@pytest.fixture
def inside(manager: KernelManager) -> Iterator[FrontEnd]:
    """A front end whose project is up."""
    front_end = FrontEnd(manager)
    front_end.run(COMPOSE)
    assert front_end.run(UP).status == "ok"
    yield front_end
    front_end.client.stop_channels()


def test_what_reads_asks_and_what_works_does_not(inside: FrontEnd) -> None:
    where = "docker compose exec web"
    cell = inside.run(f"{where} sh -c 'printf \"Password: \"; sleep 1; echo ok'", answers=["never"])
    assert (cell.asked, cell.text) == ([], "Password: ok\n")
    cell = inside.run(f"{where} python -c 'print(input(\"Pick one: \"))'", answers=["two"])
    assert cell.asked == [("Pick one: ", False)]
    assert cell.text.endswith("two\n")
    assert inside.run(f"{where} cat").error.startswith("Question: Input is wanted")
    assert inside.run("echo on").text == "on\n"


def test_pythons_own_editor_of_lines_is_typed_into_as_it_wants(inside: FrontEnd) -> None:
    cell = inside.run("docker compose exec web python")
    assert cell.ran["now"] == {
        "program": "Python",
        "container": {"service": "web", "name": "sandbox-web-1"},
    }
    assert inside.run("for i in range(3):\n    print(i)").text == "0\n1\n2\n"
    assert inside.run("def f():\n    return 7\nf()").text == "7\n"
    cell = inside.run("print('a' * 1_500_000)")
    assert cell.text.endswith("aaa\n(output after 1 MB is left out)\n")
    cell = inside.run("import getpass; len(getpass.getpass('Again: '))", answers=["hidden"])
    assert (cell.asked, cell.text) == ([("Again: ", True)], "Again: \n6\n")
    # where nobody can answer, what asked is left, and not the program that opened it
    assert inside.run("input('Pick: ')").error.startswith("Question: `Pick:` was asked")
    cell = inside.run("def f(:")
    assert cell.error == "PythonError: SyntaxError: invalid syntax"
    cell = inside.run("for i in range(4): print('\\r%d%%' % (i * 25), end='', flush=True)")
    assert cell.status == "ok"
    assert inside.run("6 * 7").text == "42\n"
    assert inside.run("exit()").ran["now"] == {}


def test_another_shell_is_followed_with_its_exit_status(inside: FrontEnd) -> None:
    inside.run(r"docker compose exec web env PS1='/ \$ ' sh")
    assert inside.run("echo within").text == "within\n"
    cell = inside.run("cat /nope\necho next")
    assert cell.error == "CommandFailed: exit status 1"
    assert "next" not in cell.text
    assert inside.run("echo $?").text == "1\n"
    assert inside.run("(sleep 0.1; echo late) &\nsleep 0.5\necho on").text.endswith("on\n")
    inside.run("exit")
    assert inside.run("echo out").ran["at"] == [{}]


def test_psql_says_what_state_a_failure_left_and_where_a_pager_was(inside: FrontEnd) -> None:
    inside.run(PSQL)
    cell = inside.run("begin;\nselect nope;\nselect 1;\nrollback;")
    assert cell.error.startswith("PsqlError: ERROR:  column")
    assert "type `rollback;` to go on" in cell.traceback[-1]
    assert inside.run("rollback;").text == "ROLLBACK\n"
    cell = inside.run("copy (select 1) to stdout;\nselect 2;")
    assert cell.status == "ok"
    cell = inside.run("select generate_series(1, 1200);")
    assert (cell.status, cell.error[:5]) in (("ok", ""), ("error", "Pager"))
    assert "6" in inside.run("select 2 * 3;").text
    assert inside.run("\\q").ran["now"] == {}
