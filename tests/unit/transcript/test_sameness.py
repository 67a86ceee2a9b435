"""What a run gave against what its record holds: everything that a page shows counts."""

from dataclasses import replace

import pytest

from seatrial.transcript.events import Sighting
from seatrial.transcript.kinds import in_promised_order, told, without_building
from seatrial.transcript.sameness import Given, differences

UP = Sighting("container", "web", ("create", "start"))
HELD = Given(("one 3f2a9c1b7d0e", "two"), 0, ("your machine",), (UP,))


def lines(one: str, other: str, *, varies: bool = False) -> tuple[str, ...]:
    """Return how two outputs differ."""
    return differences(Given(one.split("\n")), Given(other.split("\n")), varies=varies)


@pytest.mark.parametrize(
    ("came", "said"),
    [
        (replace(HELD, status=1), "ended with exit status 1, its record says exit status 0"),
        (replace(HELD, status=None), "ended with no exit status, its record says exit status 0"),
        (replace(HELD, places=("psql",)), "ran in psql, its record says your machine"),
        (
            replace(HELD, output=("one 3f2a9c1b7d0e", "three")),
            "printed something else than its record holds:\n- two\n+ three",
        ),
        (replace(HELD, output=HELD.output[:1]), "- two"),
        (replace(HELD, output=(*HELD.output, "three")), "+ three"),
        (replace(HELD, output=HELD.output[::-1]), "printed something else"),
        (replace(HELD, output=()), "- one <id>\n- two"),
        (replace(HELD, errors=("x", "y")), "ended with x, y, its record says no error"),
        (replace(HELD, sightings=()), "Docker did something else"),
        (replace(HELD, sightings=(UP, UP)), "+ container web: create, start"),
        (replace(HELD, sightings=(replace(UP, one_off=True),)), "+ one-off container web"),
        (replace(HELD, sightings=(replace(UP, actions=("start", "create")),)), "start, create"),
    ],
)
def test_each_difference_is_said(came: Given, said: str) -> None:
    (found,) = differences(HELD, came)
    assert said in found


def test_what_varies_by_nature_is_no_difference() -> None:
    assert not differences(HELD, replace(HELD, output=("one 0a1b2c3d4e5f", "two  ", "")))
    # of two containers that were treated alike, neither comes first
    down = Sighting("container", "db", ("kill", "stop", "die"))
    also = Sighting("container", "db", ("kill", "die", "stop"))
    assert not differences(replace(HELD, sightings=(UP, down)), replace(HELD, sightings=(also, UP)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # Compose 2.26 and 5.6; the order of containers is by chance
        (
            " Container a-db-1  Started\n Container a-web-1  Started\nx",
            "x\n Container a-web-1 Started \n Container a-db-1 Started ",
        ),
        ("#1 [internal] load\n#1 DONE 0.1s", "#3 [internal] load\n#3 CACHED"),
        (
            "#7 [2/3] RUN pip install x\n#7 1.234 Collecting x\n#7 DONE 1.9s",
            "#8 [2/3] RUN pip install x\n#8 CACHED",
        ),
        (
            "Creating a_db_1 ... \nCreating a_db_1 ... done",
            "Creating a_db_1 ... done\nCreating a_db_1 ... ",
        ),
        (
            "Building web\nStep 1/2 : FROM x\n ---> 0a1b2c3d4e5f\nSuccessfully tagged a:latest",
            "Building web\nStep 1/2 : FROM x\n ---> Using cache\nSuccessfully tagged a:latest",
        ),
        ("WARN[0000] a warning", "WARN[0012] a warning"),
        ("Stopping a_db_1   ... done", "Stopping a_db_1 ... done"),
        ("Attaching to a_web_2, a_web_1", "Attaching to a_web_1, a_web_2"),
        ("Going to remove a-web-2, a-web-1", "Going to remove a-web-1, a-web-2"),
    ],
)
def test_progress_has_no_order(one: str, other: str) -> None:
    assert not lines(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (" Container a-db-1  Started", " Container a-db-1  Running"),
        (" Container a-db-1  Started", " Container a-web-1  Started"),
        (" Container a-db-1  Started", ""),
        ("#7 [2/3] RUN pip install x", "#7 [2/3] RUN pip install y"),
        ("Creating a_db_1 ... done", "Recreating a_db_1 ... done"),
        ("Creating a_db_1 ... done", "Creating a_db_1 ... error"),
        ("Building web\nStep 1/2 : FROM x", "Building web\nStep 1/2 : FROM y"),
        # Compose 1 with BuildKit: what follows a build is no part of it
        ("Building web\n#1 [internal] load\nhello", "Building web\n#1 [internal] load\nbye"),
        ("Building web\n#1 [a] b\nRecreating a_1 ... done", "Building web\n#1 [a] b"),
    ],
)
def test_what_progress_says_counts(one: str, other: str) -> None:
    assert lines(one, other)


def test_an_output_that_varies_keeps_its_kinds_of_lines_and_what_it_quotes() -> None:
    held = "took 12 tries\nread settings.py and 'manage.py check'"
    assert not lines(held, "took 9 tries\nread settings.py and 'manage.py check'", varies=True)
    assert lines(held, "took 9 tries", varies=True)
    assert lines(held, "took 9 tries\nread other.py and 'manage.py check'", varies=True)
    assert lines(held, "took 9 tries\nread settings.py and 'manage.py test'", varies=True)
    # dots before a slash are no progress, and what varies may stand in what is quoted
    assert lines("../a.py", "/a.py", varies=True)
    assert not lines("`took 3`", "`took 9`", varies=True)
    assert not lines("'in 12:00:01'", "'in 3s'", varies=True)


@pytest.mark.parametrize(
    "stage", ["#7 [2/3] RUN pip install {}", "Building web\nStep 1/2 : FROM {}"]
)
def test_build_stages_stay_and_other_progress_does_not_count_where_an_output_varies(
    stage: str,
) -> None:
    assert lines(stage.format("x"), stage.format("y"), varies=True)
    started = f"{stage.format('x')}\n Container a-1 Started"
    assert not lines(stage.format("x"), started, varies=True)


def test_what_a_builder_says_between_stages_is_left_out_but_for_what_a_page_promises() -> None:
    output = ["#1 [1/2] FROM x", "#1 0.1 pulling", "#1 DONE 0.2s", "", "hello"]
    assert without_building(output) == (output[0], "hello")
    assert without_building(output, output[2:3]) == (output[0], output[2], "hello")
    older = ["Step 1/1 : FROM x", " ---> 0a1b", "Successfully tagged a:latest", "hello"]
    assert without_building(older) == (older[0], *older[2:])


def test_dots_of_progress_may_stand_anywhere_in_an_output_that_varies() -> None:
    assert not lines(".....\nSystem check: fine", "...\n..System check: fine", varies=True)


def test_how_a_container_was_stopped_that_is_no_more_does_not_count() -> None:
    held = Sighting("container", "web", ("kill", "stop", "die", "destroy"))
    came = replace(HELD, sightings=(replace(held, actions=("die", "destroy")),))
    assert not differences(replace(HELD, sightings=(held,)), came)
    alive = replace(held, actions=("kill", "stop", "die"))
    stopped = replace(HELD, sightings=(replace(held, actions=("die",)),))
    assert differences(replace(HELD, sightings=(alive,)), stopped)


def test_what_is_glued_to_a_number_does_not_vary() -> None:
    assert lines("Result: success-2", "Result: failure+3", varies=True)
    assert lines("web-1 | GET 200", "web-1 | POST 200", varies=True)


def test_what_another_program_prints_is_no_progress() -> None:
    held = Given(("Fatal error", "#0 /app/a.php(3): foo()", "#1 {main}"), docker=False)
    other = replace(held, output=("Fatal error", "#0 /app/b.php(3): foo()", "#1 {main}"))
    assert differences(held, other)
    swapped = replace(held, output=("Starting a", "Stopping a"))
    assert differences(swapped, replace(held, output=("Stopping a", "Starting a")))


def test_a_promise_of_progress_holds_in_any_order_and_spacing() -> None:
    promise = [" Container a-db-1 Started", " Container a-web-1 Started", "..."]
    came = [" Container a-web-1  Started", " Container a-db-1  Started", "more"]
    assert in_promised_order(promise, came) == [*promise[:2], "more"]
    assert in_promised_order(["x"], came) == came
    # what Compose 1 says in other words
    older = ["Recreating a_db_1 ... ", "Recreating a_db_1 ... done", "a_web_1 is up-to-date"]
    promise = ["...", "Container a_web_1 Running", "Container a_db_1 Recreated"]
    assert in_promised_order(promise, older)[1:] == promise[1:]


def test_an_output_is_taken_apart_once() -> None:
    found = told(["", "", "a", " Network a_default  Created", "b", ""])
    assert found.lines == ("a", "b")
    assert found.progress == {"Network a_default Created"}
    found = told(["Creating a_1 ... ", "Starting b_1 ... error", "#7 [1/2] FROM x "])
    assert found.progress == {
        "Container b_1 Starting error",
        "[1/2] FROM x",
    }
    assert told([" a "], docker=False).lines == (" a",)


def test_a_log_is_compared_container_by_container() -> None:
    assert not lines("a-1  | x\nb-1  | y\na-1  | z", "b-1  | y\na-1  | x\na-1  | z")
    assert lines("a-1  | x | 1\na-1  | y | 1", "a-1  | y | 1\na-1  | x | 1")
    assert lines("hello\na-1  | x", "a-1  | x\nhello")


def test_of_a_loop_that_waits_its_end_counts_and_not_how_often_it_went_round() -> None:
    tried = Sighting("container", "web", ("exec", "exec", "exec"))
    held = Given(("not yet", "ready"), 0, sightings=(tried,), waits=True)
    came = Given(
        ("no", "no", "ready"), 0, sightings=(replace(tried, actions=("exec",)),), waits=True
    )
    assert not differences(held, came)
    assert differences(held, replace(came, output=("no", "ready", "late")))
    assert differences(replace(HELD, sightings=(tried,)), replace(HELD, sightings=came.sightings))


def test_the_order_of_what_the_engine_lists_does_not_count() -> None:
    held, came = Given(("a", "b")), Given(("b", "a"))
    assert differences(held, came)
    assert not differences(replace(held, lists=True), replace(came, lists=True))


@pytest.mark.parametrize(
    ("held", "came", "same"),
    [
        ("kill kill stop die", "kill stop die", True),
        ("kill die", "die", False),
        ("stop stop die", "stop die", False),
    ],
)
def test_one_that_takes_its_time_to_stop_is_killed_twice(held: str, came: str, same: bool) -> None:
    did = (
        replace(HELD, sightings=(replace(UP, actions=tuple(actions.split())),))
        for actions in (held, came)
    )
    assert (not differences(*did)) is same


def acted(actions: str, *, one_off: bool = False) -> Given:
    """Return what Docker did to a container."""
    return Given(sightings=(Sighting("container", "db", tuple(actions.split()), one_off),))


@pytest.mark.parametrize(
    ("held", "came"),
    [
        ("create start", "create start die"),
        ("exec_die", "exec_die die"),
        # started again before its database, and ended by itself
        ("kill die stop start restart", "kill die stop start die restart"),
        ("kill kill die stop start restart", "kill die stop start restart die"),
    ],
)
def test_an_end_that_nobody_asked_for_may_come_in_the_next_step(held: str, came: str) -> None:
    assert differences(acted(held), acted(came)) == ()
    assert differences(Given(), acted("die")) == ()
    assert differences(Given(), acted("")) != ()
    assert differences(acted(held, one_off=True), acted(came, one_off=True)) != ()
    assert differences(acted("start"), acted("start kill die")) != ()
    assert differences(acted("start"), acted("start die start")) != ()
    restart = "kill die stop start restart"
    assert differences(acted(restart), acted("kill die stop")) != ()
    assert differences(acted("start"), acted("start kill die stop")) != ()


def test_a_line_below_the_heads_of_a_table_is_as_wide_as_the_table() -> None:
    assert lines("---+----", "---+-----") == ()
    assert lines("---", "------") == ()
    assert lines("---+---", "---") != ()
    assert lines("a ---", "a ----") != ()


def test_what_is_up_to_date_in_compose_1_is_told_by_chance() -> None:
    assert lines("db is up-to-date", "media is up-to-date") == ()
    assert lines("Creating db ... \nCreating a ... done", "Creating a ... done") == ()
    assert lines("Creating a ... error", "Creating a ... ") != ()
    assert lines("db is up-to-date", "Creating db ... done") != ()
