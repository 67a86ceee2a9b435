"""A transcript as a nest of places: pure functions from steps and what a record says of them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from seatrial.pages.nest import (
    Frame,
    Kind,
    Line,
    Part,
    container_of_command,
    ending,
    nested,
    of_cell,
    share,
)
from seatrial.transcript.blocks import Block
from seatrial.transcript.events import Sighting
from seatrial.transcript.places import MACHINE, Container, Place
from seatrial.transcript.record import ItemRecord, StepRecord
from seatrial.transcript.steps import parse

NEW, OLD = Container("web", one_off=True), Container("web", "example-web-1")
GONE = (Sighting("container", "web", ("die", "destroy"), one_off=True),)
LEFT = (Sighting("container", "web", ("die",), one_off=True),)


def block(text: str) -> Block:
    """A block with these lines."""
    return Block("page", "page.rst", 1, tuple(text.splitlines()), "", 1)


def drawn(frame: Frame, depth: int = 0) -> Iterator[str]:
    """Yield a nest as lines, the inputs by their numbers."""
    yield f"{'  ' * depth}{frame.kind.value}: {frame.words}"
    for part in frame.held:
        if isinstance(part, Frame):
            yield from drawn(part, depth + 1)
        elif part.part is Part.INPUT:
            yield f"{'  ' * (depth + 1)}{part.step}"
    if frame.end:
        yield f"{'  ' * (depth + 1)}({frame.end})"


def ran(text: str, *gave: tuple[Place, int | None, tuple[Sighting, ...]]) -> list[str]:
    """Return the nest of a block whose steps ran at places, ended so, and did these things."""
    steps = parse(block(text))
    given = ItemRecord(
        "",
        tuple(
            StepRecord(step.command, step.promise, status, place, 0.1, did)
            for step, (place, status, did) in zip(steps, gave, strict=True)
        ),
    )
    return list(drawn(nested(steps, given)))


def test_places_nest_to_any_depth_and_end_with_what_became_of_them() -> None:
    inside = [Place(program, NEW) for program in ("container shell", "Python")]
    assert ran(
        "$ docker compose run --rm web bash\n# python\n>>> 1\n1\n>>> exit()\n# exit\n$ true",
        (MACHINE, None, ()),
        (inside[0], None, ()),
        (inside[1], None, ()),
        (inside[1], None, ()),
        (inside[0], 0, GONE),
        (MACHINE, 0, ()),
    ) == [
        "machine: your machine",
        "  0",
        "  made: new container of web, a shell",
        "    1",
        "    made: new container of web, Python",
        "      2",
        "      3",
        "    4",
        "    (this container is gone now)",
        "  5",
    ]


def test_a_container_of_run_without_rm_is_still_there() -> None:
    place = Place("Python", NEW)
    assert (
        ran("$ docker compose run web python\n>>> exit()", (MACHINE, None, ()), (place, 0, LEFT))[
            -1
        ]
        == "    (this container has stopped; it is still there)"
    )


def test_a_container_that_runs_on_has_no_end() -> None:
    did = (Sighting("container", "web", ("exec_die",)),)
    place = Place("Python", OLD)
    assert ran(
        "$ docker compose exec web python\n>>> exit()\n$ true",
        (MACHINE, None, ()),
        (place, 0, did),
        (MACHINE, 0, ()),
    ) == [
        "machine: your machine",
        "  0",
        "  running: example-web-1, Python",
        "    1",
        "  2",
    ]


def test_a_block_that_begins_inside_stands_inside() -> None:
    assert ran(">>> 1\n1", (Place("Python", OLD), None, ())) == [
        "machine: your machine",
        "  running: example-web-1, Python",
        "    0",
    ]


def test_a_program_on_the_machine_has_a_look_of_its_own_and_its_password_stands_before_it() -> None:
    psql = Place("psql")
    assert ran(
        "$ psql -h 127.0.0.1\nPassword: secret\ndb=# \\q",
        (MACHINE, None, ()),
        (Place("password"), None, ()),
        (psql, 0, ()),
    ) == ["machine: your machine", "  0", "  1", "  program: psql", "    2"]


def test_a_key_stays_where_the_program_is() -> None:
    assert ran("$ tail -f log\n...\n^C\n$ true", *[(MACHINE, 0, ())] * 3) == [
        "machine: your machine",
        "  0",
        "  1",
        "  2",
    ]


def test_without_a_record_prompts_say_what_they_can() -> None:
    steps = parse(block("$ psql\ndb=# \\q\n$ true"))
    assert list(drawn(nested(steps, None, terminal=2))) == [
        "machine: your machine, terminal 2",
        "  0",
        "  program: psql",
        "    1",
        "  2",
    ]


@pytest.mark.parametrize(
    ("command", "did", "container"),
    [
        ("docker compose exec web ls", "exec_create exec_start exec_die", Container("web")),
        (
            "docker compose exec -T -u root web ls",
            "exec_create exec_start exec_die",
            Container("web"),
        ),
        (
            "docker-compose exec web sh -c 'a | b > c'",
            "exec_create exec_start exec_die",
            Container("web"),
        ),
        ("docker compose exec db psql -d db", "exec_create exec_start exec_die", Container("web")),
        ("docker compose exec web ls 2>&1", "exec_create exec_start exec_die", Container("web")),
        ("docker compose exec web ls | wc -l", "exec_create exec_start exec_die", None),
        ("docker compose exec web ls > file", "exec_create exec_start exec_die", None),
        ("docker compose exec web ls; ls", "exec_create exec_start exec_die", None),
        ("docker compose exec web ls && ls", "exec_create exec_start exec_die", None),
        ("docker compose exec web ls\nls", "exec_create exec_start exec_die", None),
        ("docker compose exec web ls foo>bar", "exec_create exec_start exec_die", None),
        ("docker compose exec -dT web ls", "exec_create exec_start exec_die", None),
        ('docker compose exec web echo "$(ls)"', "exec_create exec_start exec_die", None),
        (
            "docker compose exec web echo '$(ls)'",
            "exec_create exec_start exec_die",
            Container("web"),
        ),
        ("docker compose logs exec x", "exec_create exec_start exec_die", None),
        (
            "docker compose -f a.yml exec web ls",
            "exec_create exec_start exec_die",
            Container("web"),
        ),
        ("docker compose exec -d web ls", "exec_create exec_start exec_die", None),
        ("docker compose exec --detach web ls", "exec_create exec_start exec_die", None),
        ("docker compose exec web ls", "exec_create exec_start", None),
        ("docker compose up -d", "exec_create exec_start exec_die", None),
        (
            "for i in 1 2; do docker compose exec web ls; done",
            "exec_create exec_start exec_die",
            None,
        ),
    ],
)
def test_output_stands_in_a_container_only_where_that_is_sure(
    command: str, did: str, container: Container | None
) -> None:
    sighting = Sighting("container", "web", tuple(did.split()))
    assert container_of_command(command, [sighting]) == container


def test_two_containers_are_not_one() -> None:
    did = ("exec_create", "exec_start", "exec_die")
    both = [Sighting("container", name, did) for name in ("web", "db")]
    assert container_of_command("docker compose exec web ls", both) is None


def test_a_new_container_that_ran_one_command_has_its_end() -> None:
    did = (Sighting("container", "web", ("create", "start", "die", "destroy"), one_off=True),)
    assert ran("$ docker compose run --rm web ls\nmanage.py", (MACHINE, 0, did)) == [
        "machine: your machine",
        "  0",
        "  made: new container of web",
        "    (this container is gone now)",
    ]


def test_what_compose_says_first_stands_before_the_container() -> None:
    up = " Container example-db-1 Running"
    lines = ["WARNING: The FOO variable is not set", "Building web", "", up, "", "manage.py", up]
    run = "docker compose run --rm web ls"
    assert lines[share(Part.TOLD, run, lines)] == lines[:4]
    assert lines[share(Part.OUTPUT, run, lines)] == lines[4:]
    assert lines[share(Part.ALL, run, lines)] == lines


def test_what_compose_1_says_at_the_end_stands_after_the_container() -> None:
    lines = ["Creating example_web_run ... done", "no such file", "ERROR: 127"]
    run = "docker-compose run --rm web nosuch"
    assert lines[share(Part.OUTPUT, run, lines)] == ["no such file"]
    assert lines[share(Part.AFTER, run, lines)] == ["ERROR: 127"]


def test_what_exec_prints_is_the_programs_but_for_warnings() -> None:
    lines = ["", " Container example-db-1 Running", 'time="x" level=info msg="mine"', "ERROR: 1"]
    for command in ("docker compose exec web ls", "docker exec example-web-1 ls", "psql"):
        assert lines[share(Part.TOLD, command, lines)] == []
        assert lines[share(Part.OUTPUT, command, lines)] == lines
    warned = ['time="2026-01-01T00:00:00Z" level=warning msg="obsolete"', "manage.py"]
    assert warned[share(Part.TOLD, "docker compose exec web ls", warned)] == warned[:1]


def test_an_end_is_that_of_the_same_container() -> None:
    other = [Sighting("container", "db", ("die", "destroy"))]
    assert ending(Container("web"), other) == ""
    assert (
        ending(Container("web", one_off=True), [Sighting("container", "web", ("destroy",))]) == ""
    )


def test_a_cell_that_ran_at_one_place_is_entered_there() -> None:
    place = Place("psql", Container("db", "example-db-1"))
    nest = of_cell([place], place, ())
    assert list(drawn(nest)) == ["machine: your machine", "  running: example-db-1, psql"]
    assert [frame.entered for frame in nest.held if isinstance(frame, Frame)] == [True]


def test_a_cell_that_ran_at_two_places_names_both() -> None:
    nest = of_cell([MACHINE, Place("", NEW)], MACHINE, GONE)
    assert list(drawn(nest)) == ["machine: your machine, then new container of web"]
    assert list(drawn(of_cell([MACHINE, MACHINE], MACHINE, ()))) == ["machine: your machine"]


@pytest.mark.parametrize(
    ("actions", "end"),
    [
        ("kill stop die", "this container has stopped; it is still there"),
        ("kill stop die destroy", "this container is gone now"),
        ("kill stop die start restart", ""),
        ("exec_die", ""),
    ],
)
def test_a_running_container_ends_only_where_it_did_not_start_again(actions: str, end: str) -> None:
    assert ending(OLD, [Sighting("container", "web", tuple(actions.split()))]) == end
    again = [Sighting("container", "web", ("create", "start"))]
    assert ending(OLD, [*again, Sighting("container", "web", tuple(actions.split()))]) == ""


def test_what_became_of_one_of_several_is_not_told() -> None:
    gone = Sighting("container", "web", ("die", "destroy"), one_off=True)
    left = Sighting("container", "web", ("die",), one_off=True)
    assert ending(NEW, [gone]) == "this container is gone now"
    assert ending(NEW, [left, gone]) == ""


def test_a_block_that_begins_in_two_programs_does_not_turn_them_round() -> None:
    shell, python = (Place(program, NEW) for program in ("container shell", "Python"))
    assert ran(
        ">>> exit()\n# exit\n$ true", (python, None, ()), (shell, 0, GONE), (MACHINE, 0, ())
    ) == [
        "machine: your machine",
        "  made: new container of web, Python",
        "    0",
        "  made: new container of web, a shell",
        "    1",
        "    (this container is gone now)",
        "  2",
    ]


def test_two_containers_one_after_the_other_are_two_frames() -> None:
    place = Place("Python", NEW)
    twice = "for i in 1 2; do docker compose run --rm web python; done"
    nest = ran(
        f"$ {twice}\n>>> exit()\n>>> exit()",
        (MACHINE, None, ()),
        (place, None, GONE),
        (place, 0, GONE),
    )
    assert nest.count("  made: new container of web, Python") == 2
    assert nest.count("    (this container is gone now)") == 2


def test_a_container_that_is_not_the_projects_is_no_program_on_the_machine() -> None:
    assert ran(
        "$ docker run --rm -it python:3 python\n>>> exit()",
        (MACHINE, None, ()),
        (Place("Python"), 0, ()),
    ) == ["machine: your machine", "  0", "  elsewhere: a container, Python", "    1"]
    steps = parse(block("$ docker compose exec web bash\nroot@1:/app# ls"))
    assert list(drawn(nested(steps, None)))[2] == "  elsewhere: a container, a shell"
    steps = parse(block("$ docker compose up -d\n$ psql\ndb=# \\q"))
    assert list(drawn(nested(steps, None)))[3] == "  program: psql"


def test_a_password_is_asked_for_where_the_program_is() -> None:
    psql = Place("psql", Container("db", "example-db-1"))
    assert ran(
        "$ docker compose exec db psql -W\nPassword: x\ndb=# \\q",
        (MACHINE, None, ()),
        (replace(psql, program="password"), None, ()),
        (psql, 0, ()),
    ) == ["machine: your machine", "  0", "  running: example-db-1, psql", "    1", "    2"]


def test_a_frame_is_of_one_kind() -> None:
    places = [MACHINE, Place("psql"), Place("psql", OLD), Place("psql", NEW)]
    kinds = [nested((), None).kind, *(of_cell([p], p, ()).held[0].kind for p in places[1:])]  # type: ignore[union-attr]
    assert kinds == [Kind.MACHINE, Kind.PROGRAM, Kind.RUNNING, Kind.MADE]
    assert Line(0, Part.INPUT) != Line(0, Part.ALL)
