"""What the engine's events say of a project, read from lines as the engine sends them.

The files in `events` hold one command each, as engine 28.5 told of it (by `docker events
--format '{{json .}}'`), with the project's folder as a reader would have it.  While `exec` ran, so
did a health check of another service.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seatrial.run.log import Event, Log, container_of, sightings
from seatrial.transcript.places import Container

EVENTS = Path(__file__).parent / "events"
CHECK = "/bin/sh -c true"
STEPS = ("up", "exec", "run", "restart", "down")


def lines(step: str) -> list[dict[str, Any]]:
    """Return the events of a command."""
    text = (EVENTS / f"{step}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def took(log: Log, step: str) -> tuple[Event, ...]:
    """Give a log the events of a command, and return what it kept of them."""
    told = lines(step)
    for raw in told:
        log.take(raw)
    return log.between(told[0]["timeNano"], told[-1]["timeNano"] + 1)


@pytest.fixture
def log() -> Log:
    """The log of a project whose services were started."""
    started = Log("example", [CHECK])
    took(started, "up")
    return started


@pytest.mark.parametrize(
    ("step", "told", "container"),
    [
        (
            "up",
            [
                "container db: create, start",
                "container web: create, start",
                "network example_default: create",
                "volume example_data: create",
            ],
            None,
        ),
        (
            "exec",
            ["container web: exec_create, exec_start, exec_die"],
            Container("web", "example-web-1"),
        ),
        (
            "run",
            ["one-off container web: create, start, die, destroy"],
            Container("web", one_off=True),
        ),
        ("restart", ["container web: kill, stop, die, start, restart"], None),
        (
            "down",
            [
                "container db: kill, stop, die, destroy",
                "container web: kill, stop, die, destroy",
                "network example_default: destroy",
                "volume example_data: destroy",
            ],
            None,
        ),
    ],
)
def test_a_command_is_told_by_what_became_of_each_object(
    step: str, told: list[str], container: Container | None
) -> None:
    log = Log("example", [CHECK])
    for before in STEPS[: STEPS.index(step)]:
        took(log, before)
    events = took(log, step)
    assert list(map(str, sightings(events))) == told
    assert container_of(events) == container
    assert log.latest == lines(step)[-1]["timeNano"]
    assert log.under_way == log.unstarted == set()


def each(log: Log, step: str) -> Iterator[tuple[str, bool, bool]]:
    """Yield what happens to containers, and whether one is under way then, or yet to start."""
    for raw in lines(step):
        log.take(raw)
        if raw["Type"] == "container" and CHECK not in raw["Action"]:
            yield raw["Action"], bool(log.under_way), bool(log.unstarted)


def test_an_exec_is_under_way_until_it_ends_and_a_health_check_never_is(log: Log) -> None:
    assert list(each(log, "exec")) == [
        ("exec_create: sleep 10", False, False),
        ("exec_start: sleep 10", True, False),
        # of the health check
        ("exec_die", True, False),
        ("health_status: healthy", True, False),
        ("exec_die", False, False),
    ]


def test_a_container_of_run_is_yet_to_start_and_under_way_while_somebody_is_attached(
    log: Log,
) -> None:
    assert list(each(log, "run")) == [
        ("create", False, True),
        ("attach", True, True),
        ("start", True, False),
        ("die", False, False),
        ("destroy", False, False),
    ]


def test_a_container_that_the_engine_removes_is_under_way_until_it_has(log: Log) -> None:
    ended = next(raw for raw in lines("run") if raw["Action"] == "die")
    log.vanishing.add(ended["Actor"]["ID"])
    assert [*each(log, "run")][-2:] == [("die", True, False), ("destroy", False, False)]


def test_an_exec_ends_with_its_container(log: Log) -> None:
    for raw in lines("exec")[:2]:
        log.take(raw)
    assert log.under_way
    took(log, "restart")
    assert log.under_way == set()


def test_anonymous_volumes_and_images_of_others_are_kept_in_mind(log: Log) -> None:
    assert log.images == {"python:3.13-slim"}
    assert log.stand_ins == dict.fromkeys(("db", "web"), "python:3.13-slim")
    assert [len(name) for name in log.volumes] == [64]


OLD = "sha256:d204567349188a375b15448de20a6514769772efd8436578ca93a483062f8c52"
PYTHON = "sha256:a511787dfe44b8ea59a4dd457830a4b2b51eaf359e0239397ff7d13cfaea93be"


def test_an_image_that_the_project_built_is_told_when_it_goes() -> None:
    log = Log("example")
    # what an earlier run left: on another machine it is not there
    log.names.known(OLD, ["example-web:latest"])
    assert took(log, "build") == ()
    assert list(map(str, sightings(took(log, "prune")))) == ["image example-web: delete"]
    assert list(map(str, sightings(took(log, "rmi")))) == ["image example-web: untag, delete"]
    left = Log("example")
    left.names.known(lines("rmi")[0]["id"], ["example-web"])
    for raw in lines("rmi"):
        left.take({**raw, "Actor": {"ID": raw["id"], "Attributes": {"name": raw["id"]}}})
    assert left.between(0, 2**63) == ()
    # the Compose of then gives no labels
    unlabelled = Log("example")
    for raw in lines("build") + lines("prune"):
        attributes = {"name": raw["Actor"]["Attributes"].get("name", "")}
        unlabelled.take({**raw, "Actor": {**raw["Actor"], "Attributes": attributes}})
    assert [event.name for event in unlabelled.between(0, 2**63)] == ["example-web"]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["docker image rm --force python:next"], ["python:next"]),
        (["docker tag python:3.13-slim python:next", "docker rmi python:next"], ["python:next"]),
        (["docker rmi a511787dfe44"], ["python:next"]),
        (["docker rmi python:next-one", "docker rmi my/python:next", "docker rmi a51178"], []),
        ([], []),
    ],
)
def test_another_image_is_told_where_a_line_of_the_page_names_it(
    typed: list[str], told: list[str]
) -> None:
    log = Log("example")
    log.names.known(PYTHON, ["python:3.13-slim"])
    log.names.typed(typed)
    assert [event.name for event in took(log, "untag")] == told


def test_containerd_says_the_name_itself() -> None:
    log = Log("example")
    log.names.typed(["docker rmi next", "docker rmi python"])
    image = {"Type": "image", "Action": "untag", "timeNano": 1}
    for name in ("python:latest", "python:3"):
        log.take({**image, "Actor": {"ID": PYTHON, "Attributes": {"name": name}}})
    assert [event.name for event in log.between(0, 2)] == ["python"]


def test_of_another_project_only_the_moment_counts() -> None:
    log = Log("exam")
    for step in STEPS:
        assert took(log, step) == ()
    assert log.latest == lines("down")[-1]["timeNano"]
    assert log.volumes == log.images == set()


def test_the_images_of_another_project_are_its_own() -> None:
    log = Log("exam")
    for step in ("build", "prune", "untag", "rmi"):
        assert took(log, step) == ()
