"""The spelling of Compose 1.29, and all that it leaves alone."""

from dataclasses import replace

import pytest

from seatrial.transcript.blocks import Block, Edit, in_spelling
from seatrial.transcript.spelling import respelt

BLOCK = Block(
    "page", "page.rst", 1, ("$ docker compose ps -q web", "> docker compose", "up"), "", 1
)


@pytest.mark.parametrize(
    ("v2", "v1"),
    [
        ("$ docker compose up -d", "$ docker-compose up -d"),
        ("$ docker compose ps | docker compose rm", "$ docker-compose ps | docker-compose rm"),
        ("$ docker exec -it example-web-1 bash", "$ docker exec -it example_web_1 bash"),
        ("example-web-12", "example_web_12"),
        ("/example-web-1", "/example_web_1"),
        ("example-web-run-3f2a9c1b7d0e", "example_web_run_3f2a9c1b7d0e"),
        ("example-web-run-...", "example_web_run_..."),
        ("example-web-...", "example_web_..."),
        (" Container example-db-1  Started", " Container example_db_1  Started"),
        ("example-web   latest", "example_web   latest"),
        ("web-1  | started", "web_1  | started"),
        ("db-12 ...| started", "db_12 ...| started"),
        ("$ docker run example-web true", "$ docker run example_web true"),
        ("example-web:latest", "example_web:latest"),
        ("example-web-1,example-db-1", "example_web_1,example_db_1"),
        ("$ curl http://example-web-1:8000/", "$ curl http://example_web_1:8000/"),
        ("$ docker compose up -d --build --wait", "$ docker-compose up -d --build"),
        ("$ docker compose up --wait web db", "$ docker-compose up web db"),
        ("$ docker compose -f a.yml up --wait; ls", "$ docker-compose -f a.yml up; ls"),
        ("$ (docker compose up --wait) && ls", "$ (docker-compose up) && ls"),
        (
            "$ docker compose stop web && docker compose up -d --wait web",
            "$ docker-compose stop web && docker-compose up -d web",
        ),
    ],
)
def test_a_line_of_compose_2_is_respelt(v2: str, v1: str) -> None:
    assert respelt(v2, "example") == v1
    assert respelt(v1, "example") == v1


@pytest.mark.parametrize(
    "line",
    [
        "$ docker ps",
        "$ docker-compose up",
        "docker composed a song",
        "example_db-data",
        "example-db-data",
        "example_default",
        "an example - web",
        "example-web.yml",
        "https://example-web.org/",
        "$ cat ./example-web/Dockerfile",
        "$ cd /srv/example-web",
        "my-example-web",
        "my-example-web-1",
        "counterexample-web",
        "the web-1 | that",
        "docker-compose.yml",
        "$ docker-compose up -d; npm run build --wait",
        "$ docker-compose up -d | tool --wait",
        "$ docker-compose up -d && tool --wait",
        "$ docker-compose up -d --wait-timeout 9",
        "$ docker-compose stop --wait",
        "$ podman up --wait",
        "example",
    ],
)
def test_all_else_stays_as_it_is(line: str) -> None:
    assert respelt(line, "example") == line


def test_a_projects_name_is_no_pattern() -> None:
    assert respelt("aXb-web-1 a.b-web-1", "a.b") == "aXb-web-1 a.b_web_1"


def test_a_block_is_respelt_line_by_line_and_an_edit_never() -> None:
    spelt = in_spelling(BLOCK, "v1", "example")
    assert spelt == replace(BLOCK, lines=("$ docker-compose ps -q web", "> docker-compose", "up"))
    assert in_spelling(BLOCK, "v2", "example") == BLOCK
    edit = Edit("p", "p.rst", 1, ("docker compose",), "", 1, "README")
    assert in_spelling(edit, "v1", "example") == edit


def test_a_block_for_one_spelling_alone_may_speak_of_the_other() -> None:
    block = replace(BLOCK, only="v1")
    assert in_spelling(block, "v1", "example") == block


def test_what_cannot_wait_in_compose_1_is_waited_for() -> None:
    lines = ("$ docker compose up -d --wait --scale web=3", "$ docker compose ps", "$ other --wait")
    spelt = in_spelling(replace(BLOCK, lines=lines), "v1", "example")
    assert isinstance(spelt, Block)
    assert spelt.waits == {"docker-compose up -d --scale web=3"}
    assert spelt.digest == replace(spelt, waits=frozenset()).digest
