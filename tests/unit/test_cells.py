"""A cell's outputs, compared by kind."""

from typing import Any

import pytest

from seatrial.cells import RAN, edit_of, essence, in_spelling


def stream(text: str | list[str]) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def ran(*did: list[object], places: tuple[str, ...] = ("your machine",)) -> dict[str, Any]:
    facts = {"places": list(places), "moved": "", "did": list(did)}
    return {"output_type": "display_data", "data": {RAN: facts, "text/plain": "words"}}


def of(*outputs: dict[str, Any], tags: tuple[str, ...] = (), spelling: str = "v2") -> list[str]:
    return essence(outputs, tags, spelling=spelling, project="example")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("'0a1b2c3d4e5f'", "'f5e4d3c2b1a0'"),
        ("up 3 seconds", "up Less than a second"),
        ("Exited (0) 2 minutes ago", "Exited (0) About a minute ago"),
        ("at 172.18.0.3", "at 172.18.0.12"),
        (["a\n", "b\n"], "a\nb\n"),
        (" Container example-db-1  Started\nx\n", "x\n"),
        (
            " Container a-db-1  Started\n Container a-web-1  Started\n",
            " Container a-web-1  Started\n Container a-db-1  Started\n",
        ),
        ("#1 [internal] load build definition\n#1 DONE 0.0s\n\nx", "x"),
    ],
)
def test_what_varies_by_nature_is_the_same(one: str | list[str], other: str) -> None:
    assert of(stream(one)) == of(stream(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3", "4"),
        ("a\nb", "b\na"),
        ("Exited (0) 2 minutes ago", "Exited (1) 2 minutes ago"),
        ("127.0.0.1:5432", "0.0.0.0:5432"),
        ("", "x"),
        ("Container is a word", "Containers are words"),
    ],
)
def test_what_does_not_is_not(one: str, other: str) -> None:
    assert of(stream(one)) != of(stream(other))


def test_where_a_cell_ran_and_what_docker_did_count() -> None:
    restart = ran(["container", "web", False, ["kill", "die", "stop", "start", "restart"]])
    anew = ran(["container", "web", False, ["create", "destroy", "start"]])
    assert of(restart) != of(anew)
    assert of(ran()) != of(ran(places=("the running container example-web-1",)))
    # the order of events is not promised, and containers that were treated alike are one
    assert of(restart) == of(
        ran(
            ["container", "web", False, ["die", "kill", "start", "stop", "restart"]],
            ["container", "web", False, ["kill", "die", "stop", "start", "restart"]],
        )
    )


def test_the_end_of_a_one_off_may_come_late() -> None:
    ended = ["container", "web", True, ["create", "start", "die"]]
    assert of(ran(ended)) == of(ran(["container", "web", True, ["create", "start"]]))
    assert of(ran(["container", "web", True, ["die"]])) == of(ran())
    assert of(ran(ended)) != of(ran())


def test_an_error_counts_also_where_text_varies() -> None:
    error = {"output_type": "error", "ename": "CommandFailed", "evalue": "exit status 1"}
    other = {**error, "evalue": "exit status 2"}
    assert of(stream("a"), error, tags=("varies",)) == of(stream("b"), error, tags=("varies",))
    assert of(error, tags=("varies",)) != of(other, tags=("varies",))
    assert of(stream("a"), tags=("varies",)) == of(tags=("varies",))


def test_the_other_spelling_has_other_names_and_other_ways() -> None:
    stored = [stream("example-web-1\n"), ran(["network", "example_default", False, ["create"]])]
    came = [stream("Creating network ...\nexample_web_1\n"), ran()]
    assert of(*stored, spelling="v1") == of(*came, spelling="v1")
    assert of(*stored) != of(*came)
    typed = in_spelling("docker compose up -d\ndocker exec example-web-1 ls", "v1", "example")
    assert typed == "docker-compose up -d\ndocker exec example_web_1 ls"


@pytest.mark.parametrize(
    ("code", "tags", "expected"),
    [
        ("ls", (), ("", "ls")),
        ("%%edit a/b.txt\nx\n", (), ("a/b.txt", "x\n")),
        ("x\n", ("edit:a.txt",), ("a.txt", "x\n")),
        ("%%edit a.txt\nx\n", ("varies", "edit:b.txt"), ("b.txt", "x\n")),
        ("echo %%edit a", (), ("", "echo %%edit a")),
    ],
)
def test_a_cell_says_which_file_it_writes(
    code: str, tags: tuple[str, ...], expected: tuple[str, str]
) -> None:
    assert edit_of(code, tags) == expected


@pytest.mark.parametrize("spelling", ["v2", "v1"])
@pytest.mark.parametrize(
    "line",
    [
        " Container example-db-1 Created ",
        " Container example-web-run-4ef1e3d0f904 Error Error while Stopping",
        " Container example-web-run-4ef1e3d0f904  Error while Stopping",
        " Image example-web Built ",
        " Network example_default Resource is still in use",
        " Dangling images Warning: No resource found to remove",
        "WARN[0001] Found orphan containers (example-web-run-4ef1e3d0f904) for this project.",
    ],
)
def test_what_compose_tells_of_its_progress_does_not_count(line: str, spelling: str) -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": f"{line}\nhello\n"}
    assert of(stream, spelling=spelling) == ["hello"]
