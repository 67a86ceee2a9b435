"""A cell's outputs, compared by kind."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from seatrial.errors import TranscriptError
from seatrial.transcript.cells import (
    RAN,
    edit_of,
    fragment_of,
    given,
    in_spelling,
    promised,
    typed_on_the_machine,
    varies,
)
from seatrial.transcript.sameness import differences


def stream(text: str | list[str]) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def ran(*did: list[object], places: tuple[str, ...] = ("your machine",)) -> dict[str, Any]:
    facts = {"places": list(places), "moved": "", "did": list(did)}
    return {"output_type": "display_data", "data": {RAN: facts, "text/plain": "words"}}


Cell = Sequence[dict[str, Any]]


def same(one: Cell, other: Cell, tags: tuple[str, ...] = ()) -> bool:
    """Tell whether two cells gave the same in the first spelling."""
    return not differences(given(one), given(other), varies=varies(tags, "v2"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("'0a1b2c3d4e5f'", "'f5e4d3c2b1a0'"),
        ("up 3 seconds", "up Less than a second"),
        ("Exited (0) 2 minutes ago", "Exited (0) About a minute ago"),
        ("at 172.18.0.3", "at 172.18.0.12"),
        (["a\n", "b\n"], "a\nb\n"),
        (
            " Container a-db-1  Started\n Container a-web-1  Started\n",
            " Container a-web-1  Started\n Container a-db-1  Started\n",
        ),
        (" Container a-db-1  Started\n", " Container a-db-1 Started \n"),
        ("#1 [internal] load\n#1 DONE 0.0s\n\nx", "#2 [internal] load\n#2 CACHED\nx"),
    ],
)
def test_what_varies_by_nature_is_the_same(one: str | list[str], other: str) -> None:
    assert same([stream(one)], [stream(other)])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3", "4"),
        ("a\nb", "b\na"),
        ("Exited (0) 2 minutes ago", "Exited (1) 2 minutes ago"),
        ("127.0.0.1:5432", "0.0.0.0:5432"),
        ("", "x"),
        ("Container is a word", "Containers are words"),
        (" Container example-db-1  Started\nx\n", "x\n"),
        (" Container a-db-1  Started\n", " Container a-db-1  Created\n"),
        ("#5 [2/3] RUN pip install a", "#5 [2/3] RUN pip install b"),
    ],
)
def test_what_does_not_is_not(one: str, other: str) -> None:
    assert not same([stream(one)], [stream(other)])


def test_where_a_cell_ran_and_what_docker_did_count() -> None:
    restart = ["container", "web", False, ["kill", "die", "stop", "start", "restart"]]
    again = ["container", "web", False, ["create", "destroy", "start"]]
    assert not same([ran(restart)], [ran(again)])
    assert not same([ran()], [ran(places=("the running container example-web-1",))])
    assert not same([ran(restart)], [ran(restart, restart)])
    assert not same([ran(restart)], [ran(["container", "web", True, restart[3]])])
    # the order of what has none is not promised: `stop` may come before `die`
    assert same(
        [ran(restart)],
        [ran(["container", "web", False, ["stop", "kill", "die", "start", "restart"]])],
    )
    assert not same(
        [ran(restart)],
        [ran(["container", "web", False, ["start", "kill", "die", "stop", "restart"]])],
    )


def test_an_error_counts_also_where_text_varies() -> None:
    error = {"output_type": "error", "ename": "CommandFailed", "evalue": "exit status 1"}
    other = {**error, "evalue": "exit status 2"}
    assert same([stream("took 3 x"), error], [stream("took 4 x"), error], tags=("varies",))
    assert not same([error], [other], tags=("varies",))


def test_the_other_spelling_has_other_names_and_other_ways() -> None:
    stored = [stream("example-web-1\n"), ran(["network", "example_default", False, ["create"]])]
    came = [stream("Creating network ...\nexample_web_1\n"), ran()]
    one, other = (promised(given(cell), "v1", "example") for cell in (stored, came))
    assert not differences(one, other)
    assert not same(stored, came)
    typed = in_spelling("docker compose up -d\ndocker exec example-web-1 ls", "v1", "example")
    assert typed == "docker-compose up -d\ndocker exec example_web_1 ls"


@pytest.mark.parametrize(
    ("typed", "old"),
    [
        ("docker compose up -d --wait web", "docker-compose up -d web"),
        ("docker compose --profile more up -d --wait", "docker-compose --profile more up -d"),
    ],
)
def test_where_compose_cannot_wait_the_next_line_does(typed: str, old: str) -> None:
    assert in_spelling(typed, "v2", "example") == typed
    up, wait, after = in_spelling(f"{typed}\nls", "v1", "example").split("\n")
    assert (up, after) == (old, "ls")
    assert re.fullmatch("while .*project=example .*starting.*; do sleep 0.5; done", wait)
    other = "docker compose logs --wait"
    assert in_spelling(other, "v1", "example") == "docker-compose logs --wait"


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


def test_a_cell_that_begins_with_options_is_a_fragment() -> None:
    change = fragment_of("a.txt", ":was: old\n:was:   older\n:new: 2\nbefore\n  new\nafter\n")
    assert change is not None
    assert (change.file, change.lines) == ("a.txt", ("before", "  new", "after"))
    assert (change.new, change.was) == ((2,), ("old", "  older"))
    change = fragment_of("a.txt", ":was: old\nnew\nnewer")
    assert change is not None
    assert change.new == (1, 2)
    change = fragment_of("a.txt", ":new: 1,3-4\na\nb\nc\nd")
    assert change is not None
    assert change.new == (1, 3, 4)


@pytest.mark.parametrize("text", ["a\n:new: 1", "", ":newer: 1\na", "\n:new: 1\na"])
def test_a_cell_without_options_is_a_whole_file(text: str) -> None:
    assert fragment_of("a.txt", text) is None


@pytest.mark.parametrize("numbers", ["3", "0", "2-1", "x", "1,,2", "1\n:new: 3"])
def test_a_fragment_whose_new_lines_are_not_there_is_refused(numbers: str) -> None:
    with pytest.raises(TranscriptError, match="no lines of a fragment that has 2"):
        fragment_of("a.txt", f":new: {numbers}\na\nb")


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
def test_what_compose_tells_of_its_progress_is_no_promise(line: str, spelling: str) -> None:
    cell = [stream(f"{line}\nhello\n")]
    assert promised(given(cell), spelling, "example").output == ("hello",)


def cell(**facts: Any) -> Cell:
    """Return a cell's outputs with what a kernel says of it."""
    data = {"text/plain": "(ran)", RAN: {"did": [], "leave": "", **facts}}
    return [{"output_type": "display_data", "metadata": {}, "data": data}]


@pytest.mark.parametrize(
    ("old", "now"),
    [
        # in words alone, as the first kernels had it; then values beside them, one for each word
        (
            {"at": [{}, {}], "now": {}, "moved": "", "places": ["your machine", "a container"]},
            {"at": [{}], "now": {}, "moved": False},
        ),
        (
            {
                "at": [{"program": "psql"}],
                "now": {},
                "moved": "You are back on your machine.",
                "places": ["psql on your machine"],
            },
            {"at": [{"program": "psql"}], "now": {}, "moved": True},
        ),
    ],
)
def test_what_an_older_kernel_stored_is_still_read(
    old: dict[str, Any], now: dict[str, Any]
) -> None:
    assert same(cell(**old), cell(**now))
    assert not same(cell(**old), cell(**{**now, "at": [{"program": "Python"}]}))
    notebook = {
        "cells": [
            {"cell_type": "code", "source": code, "metadata": {}, "outputs": cell(**facts)}
            for code, facts in (
                ("one", {**now, "now": {"program": "psql"}, "moved": True}),
                ("two", old),
                ("three", now),
            )
        ]
    }
    here = old["moved"] != ""
    assert typed_on_the_machine(notebook) == (["one", "three"] if here else ["one"])
