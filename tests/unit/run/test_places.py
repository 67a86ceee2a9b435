"""Where one is, by the prompts of a terminal and by what the engine told meanwhile."""

import re
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from seatrial.run.follower import Line
from seatrial.run.listening import Answer
from seatrial.run.log import Event, Log
from seatrial.transcript.events import Ending
from seatrial.transcript.places import MACHINE, STRANGE, Container, Place
from seatrial.transcript.programs import PROMPTS, QUESTIONS
from tests.unit.run.test_log import CHECK, lines

WEB, ONE_OFF = Container("web", "example-web-1"), Container("web", one_off=True)
SHELL = "root@1f2e:/app# "


def line() -> Line:
    """Return a terminal in which nothing was opened, and no bash either."""
    made = Line.__new__(Line)
    made._prompts = [(row, re.compile(row.pattern)) for row in (*QUESTIONS, *PROMPTS)]
    made._above = []
    return made


def facts(step: str) -> Sequence[Event]:
    """Return what the engine told of a command until its program had started."""
    if not step:
        return ()
    log = Log("example", [CHECK])
    told = lines(step)
    for raw in told:
        log.take(raw)
        if raw["Action"].partition(":")[0] in ("start", "exec_start"):
            break
    return log.between(told[0]["timeNano"], log.latest + 1)


def now(where: Line, prompt: str, step: str = "", typed: str = "") -> Place:
    """Let a prompt follow a typed line, and return where one is then."""
    at_shell = prompt == "$ "
    where._terminal = SimpleNamespace(at_shell=at_shell)  # type: ignore[assignment]
    ending = Ending.PROMPT if prompt else Ending.CLOSED
    answer = Answer((), prompt, 0 if at_shell else None, 0.1, ending)
    where._arrived(answer, facts(step), typed)
    return where.place


def test_a_program_in_a_container_is_left_as_it_was_entered() -> None:
    where = line()
    assert now(where, SHELL, "exec") == Place("container shell", WEB)
    assert now(where, ">>> ") == Place("Python", WEB)
    assert now(where, "... ") == Place("Python", WEB)
    assert now(where, "(Pdb) ") == Place("pdb", WEB)
    assert now(where, SHELL) == Place("container shell", WEB)
    assert now(where, "$ ") == MACHINE
    assert where._held() == frozenset()


def test_a_container_that_is_entered_from_another_is_the_latest() -> None:
    where = line()
    assert now(where, ">>> ", "run") == Place("Python", ONE_OFF)
    assert now(where, ">>> ", "exec") == Place("Python", WEB)
    # what both hold ends with them
    assert len(where._held()) == 2


def test_who_leaves_a_container_is_where_they_entered_it() -> None:
    where = line()
    assert now(where, "# ", typed="sh") == Place("container shell")
    assert now(where, ">>> ", "exec") == Place("Python", WEB)
    assert now(where, "# ") == Place("container shell")


@pytest.mark.parametrize(
    ("prompt", "step", "typed", "place"),
    [
        (">>> ", "run", "docker compose run --rm web python", Place("Python", ONE_OFF)),
        (">>> ", "", "python3", Place("Python")),
        ("# ", "", "sh", Place("container shell")),
        ("ftp> ", "", "ftp", Place("a program")),
        # of what is not the project's no event tells
        ("# ", "", "docker run -it debian", Place("container shell", STRANGE)),
        # a question, and the rest of something, are of the program that is in front
        ("Continue? [y/N] ", "", "docker system prune", MACHINE),
        ("> ", "", "echo 'a", MACHINE),
        ("", "", "exec true", MACHINE),
        ("$ ", "exec", "docker compose exec web sleep 10", MACHINE),
    ],
)
def test_a_prompt_and_the_engine_tell_where_one_is(
    prompt: str, step: str, typed: str, place: Place
) -> None:
    assert now(line(), prompt, step, typed) == place
