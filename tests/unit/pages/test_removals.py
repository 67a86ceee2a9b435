"""Which lines remove data, by the engine's events and by what psql says."""

import pytest

from seatrial.pages.removals import of_cell, of_step
from seatrial.transcript.blocks import Block
from seatrial.transcript.events import Sighting
from seatrial.transcript.places import MACHINE, Container, Place
from seatrial.transcript.record import StepRecord
from seatrial.transcript.steps import Step, parse

PSQL = Place("psql", Container("db", "example-db-1"))


def step(*lines: str) -> Step:
    """A step as a page has it."""
    return parse(Block("page", "page.rst", 1, lines, "", 1))[0]


def did(*sightings: tuple[str, str, str]) -> tuple[Sighting, ...]:
    """What Docker did: kind, name and actions of each object."""
    return tuple(Sighting(what, name, tuple(acts.split())) for what, name, acts in sightings)


def removed(
    line: str, *output: str, place: Place = MACHINE, sightings: tuple[Sighting, ...] = ()
) -> str:
    """What is said of a step."""
    asked = step(line)
    return of_step(asked, StepRecord(asked.command, output, 0, place, 0.1, sightings))


@pytest.mark.parametrize(
    ("sightings", "said"),
    [
        (did(("volume", "example_db-data", "unmount destroy")), "volume example_db-data"),
        (
            did(
                ("volume", "b", "destroy"),
                ("image", "web", "untag delete"),
                ("volume", "a", "destroy"),
            ),
            "volumes a and b; image web",
        ),
        (did(("volume", "(anonymous)", "destroy")), "an anonymous volume"),
        (did(*[("volume", "(anonymous)", "destroy")] * 2), "2 anonymous volumes"),
        (did(("image", "(unnamed)", "delete")), "an unnamed image"),
    ],
)
def test_volumes_and_images_that_are_gone_are_named(
    sightings: tuple[Sighting, ...], said: str
) -> None:
    assert removed("$ docker compose down -v", sightings=sightings) == f"removes data: {said}"


@pytest.mark.parametrize(
    "sightings",
    [
        did(("container", "web", "kill stop die destroy"), ("network", "n", "destroy")),
        # it still has another name
        did(("image", "python:next", "untag")),
        did(("volume", "example_db-data", "create")),
        # that of a container which the same line made
        did(("volume", "(anonymous)", "create destroy")),
    ],
)
def test_a_container_a_name_and_what_the_line_itself_made_are_no_data(
    sightings: tuple[Sighting, ...],
) -> None:
    assert removed("$ docker compose run --rm db true", sightings=sightings) == ""


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (["DELETE 3"], "3 rows"),
        (["DELETE 1"], "1 row"),
        (["DELETE 2", "INSERT 0 1", "DELETE 3"], "5 rows"),
        (["DROP TABLE"], "a table"),
        (["DROP TABLE", "DROP TABLE", "DROP DATABASE"], "2 tables and a database"),
        (["TRUNCATE TABLE"], "all rows of a table"),
        (["BEGIN", "DELETE 3", "ROLLBACK", "DELETE 1"], "1 row"),
    ],
)
def test_rows_are_told_by_the_clients_own_answer(output: list[str], said: str) -> None:
    said = f"removes data: {said}"
    assert removed("db=# anything;", *output, place=PSQL) == said
    assert removed('$ docker compose exec db psql -c "anything"', *output) == said
    assert of_cell([PSQL], "anything;", output, ()) == said


@pytest.mark.parametrize(
    "output", [["DELETE 0"], ["ERROR:  DELETE 3"], ["DELETE 3", "ROLLBACK"], []]
)
def test_what_removed_nothing_says_nothing(output: list[str]) -> None:
    assert removed("db=# delete from entry;", *output, place=PSQL) == ""


def test_another_program_that_prints_the_same_removes_nothing() -> None:
    assert removed("$ echo DELETE 3", "DELETE 3") == ""
    assert of_cell([MACHINE], "echo DELETE 3", ["DELETE 3"], ()) == ""


def test_in_a_transaction_nothing_is_final() -> None:
    said = removed("db=*# delete from entry;", "DELETE 2", place=PSQL)
    assert said == "removes data: 2 rows, once that is committed"
