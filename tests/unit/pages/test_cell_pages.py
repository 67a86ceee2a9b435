"""A notebook's cells as JupyterLab and as a site show them."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from bs4 import BeautifulSoup

from seatrial.pages.cell_pages import change_in_jupyter, for_site, ran_in_jupyter
from seatrial.transcript.cells import KERNEL, RAN

RUN = "docker compose run --rm web python manage.py shell"
PSQL = {"program": "psql", "container": {"service": "db", "name": "example-db-1"}}
NEW = {"program": "Python", "container": {"service": "web", "one_off": True}}
PROGRESS = [
    f" Container example-{name}-1 Running \n" for name in ("db", "web", "media", "balancer")
]
DIFF = (
    "--- a.txt as it was\n+++ a.txt as it is now\n@@ -1,3 +1,3 @@\n one\n-  two <b>\n+  2\n three"
)


def ran(
    at: list[dict[str, Any]], *, now: dict[str, Any] | None = None, moved: str = ""
) -> dict[str, Any]:
    """What a kernel says of a cell."""
    return {
        "at": at,
        "now": now or {},
        "leave": "exit()" if moved else "",
        "moved": moved,
        "places": [],
        "did": [["container", "db", False, ["kill", "stop", "die", "start", "restart"]]],
    }


def a_notebook(outputs: Sequence[object], code: str = RUN, kernel: str = KERNEL) -> dict[str, Any]:
    """A notebook of one cell that gave these outputs."""
    return {
        "metadata": {"kernelspec": {"name": kernel}, "language_info": {"pygments_lexer": "bash"}},
        "cells": [
            {"cell_type": "markdown", "source": "# Title\n\nText."},
            {"cell_type": "code", "source": code, "outputs": list(outputs)},
        ],
    }


def outputs_of(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """What a site shows of the outputs of a notebook's last cell."""
    found: list[dict[str, Any]] = json.loads(for_site(json.dumps(notebook)))["cells"][-1]["outputs"]
    return found


def cell(facts: dict[str, Any], printed: list[str]) -> BeautifulSoup:
    """The outputs of a cell on a site."""
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": printed},
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"text/plain": "(ran)", "text/html": "old", RAN: facts},
        },
    ]
    notebook = a_notebook(outputs)
    (shown,) = outputs_of(notebook)
    assert shown["data"]["text/plain"].endswith("(ran)")
    return BeautifulSoup(shown["data"]["text/html"], "html.parser")


def frames(soup: BeautifulSoup) -> list[tuple[str, str]]:
    """The kinds and names of all frames, from the outside in."""
    return [(each["data-kind"], each["aria-label"]) for each in soup.select(".seatrial-frame")]  # type: ignore[misc]


def test_the_same_frames_stand_in_jupyter_and_on_a_site() -> None:
    facts = ran([NEW], now=NEW, moved="You are now in Python in a new one-off container of web.")
    lab = BeautifulSoup(ran_in_jupyter(facts), "html.parser")
    site = cell(facts, ["hello\n"])
    assert (
        frames(lab)
        == frames(site)
        == [
            ("machine", "your machine"),
            ("made", "new container of web, Python"),
        ]
    )
    for soup in (lab, site):
        assert [each.get_text() for each in soup.select(".seatrial-end")] == [
            "You are there now. Leave with exit()."
        ]
        assert soup.select("summary")[-1].get_text() == "db was restarted"


def test_a_frame_in_jupyter_brings_its_style_and_one_on_a_site_has_none() -> None:
    facts = ran([PSQL], now=PSQL)
    styles = [
        each["style"]
        for each in BeautifulSoup(ran_in_jupyter(facts), "html.parser").select("[style]")
    ]
    assert len(styles) == 2
    assert "solid #b4c0cb" in styles[0]
    assert "solid #7fb2d1" in styles[1]
    assert cell(facts, ["1\n"]).select("[style]") == []


def test_output_stands_in_the_one_place_it_came_from_and_progress_before_it() -> None:
    soup = cell(ran([NEW], now=NEW), [*PROGRESS, "hello\n"])
    inner = soup.select(".seatrial-frame .seatrial-frame")[0]
    assert [each.get_text() for each in inner.select(".seatrial-output")] == ["hello\n"]
    assert soup.select("details summary")[0].get_text() == "… 4 lines"
    assert soup.select("details")[0].find_parent(class_="seatrial-frame")["data-kind"] == "machine"  # type: ignore[index]


def test_output_of_two_places_stands_in_neither() -> None:
    soup = cell(ran([{}, PSQL]), ["one\n", "two\n"])
    assert frames(soup) == [("machine", "your machine, then example-db-1, psql")]
    assert [each.get_text() for each in soup.select(".seatrial-output")] == ["one\ntwo\n"]


def test_little_progress_is_not_folded() -> None:
    assert cell(ran([{}]), PROGRESS[:2]).select(".seatrial-elided") == []


def test_a_change_shows_the_lines_that_changed_alone() -> None:
    for html in (change_in_jupyter("a.txt", DIFF),):
        soup = BeautifulSoup(html, "html.parser")
        assert [each.get_text() for each in soup.select(".seatrial-row")] == [
            "-   two <b>\n",
            "+   2\n",
        ]
        assert soup.select("del")[0].get_text() == "two <b>"
        assert soup.select(".seatrial-where")[0].get_text() == "a.txt"


def test_a_change_on_a_site_is_an_edit() -> None:
    output = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/plain": DIFF, "text/html": change_in_jupyter("a.txt", DIFF)},
    }
    notebook = a_notebook([output])
    (shown,) = outputs_of(notebook)
    soup = BeautifulSoup(shown["data"]["text/html"], "html.parser")
    assert len(soup.select(".seatrial-edit .seatrial-row")) == 2
    assert soup.select(".seatrial-where b")[0].get_text() == "a.txt"


def test_what_an_older_kernel_stored_stays_as_it_is() -> None:
    data = {"text/plain": "(ran)", "text/html": "old", RAN: {"places": [], "moved": "", "did": []}}
    stream = {"output_type": "stream", "name": "stdout", "text": "a\n"}
    outputs = [stream, {"output_type": "display_data", "metadata": {}, "data": data}]
    notebook = a_notebook(outputs)
    assert outputs_of(notebook) == outputs


def test_a_removed_line_that_looks_like_a_diffs_head_is_there() -> None:
    diff = "--- a as it was\n+++ a as it is now\n@@ -1,2 +1,2 @@\n--- a comment\n+++x"
    soup = BeautifulSoup(change_in_jupyter("a", diff), "html.parser")
    rows = [each.get_text() for each in soup.select(".seatrial-row")]
    assert rows == ["- -- a comment\n", "+ ++x\n"]


def test_what_is_printed_after_the_frame_is_not_lost() -> None:
    data = {"text/plain": "(ran)", "text/html": "old", RAN: ran([{}])}
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "ab"},
        {"output_type": "stream", "name": "stderr", "text": "cd\n"},
        {"output_type": "display_data", "metadata": {}, "data": data},
        {"output_type": "stream", "name": "stdout", "text": "late\n"},
    ]
    first, last = outputs_of(a_notebook(outputs))
    assert last == outputs[-1]
    assert ">abcd\n<" in first["data"]["text/html"]


def test_a_notebook_says_when_it_ran_under_its_title() -> None:
    notebook = a_notebook([])
    notebook["metadata"]["seatrial"] = {"tools": {"Docker": "28.5.2"}, "ran": "2026-11-28"}
    notebook["cells"][0]["attachments"] = {"a.png": {}}
    title, status, rest, _ = json.loads(for_site(json.dumps(notebook)))["cells"]
    assert title["source"] == "# Title"
    assert "ran on <time" in status["source"]
    assert "28 November 2026</time>, Docker 28.5" in status["source"]
    assert (rest["source"], rest["attachments"]) == ("\nText.", {"a.png": {}})


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "null", "3", "{", '{"cells": null}', '{"metadata": null}'),
        json.dumps(a_notebook([], kernel="python3")),
        json.dumps({**a_notebook([]), "cells": ["text"]}),
        json.dumps({**a_notebook([]), "cells": [{"cell_type": "code", "source": "x"}]}),
        json.dumps(
            a_notebook(
                [{"output_type": "display_data", "data": {RAN: {"at": []}, "text/plain": ""}}]
            )
        ),
    ],
)
def test_what_is_no_notebook_of_ours_comes_back_as_it_is(text: str) -> None:
    assert for_site(text) == text


def test_a_cell_that_removes_data_says_so_under_its_place() -> None:
    facts = {**ran([{}]), "did": [["volume", "example_db-data", False, ["destroy"]]]}
    soup = cell(facts, ["gone\n"])
    said = soup.select_one(".seatrial-frame > .seatrial-where + .seatrial-removed")
    assert said is not None
    assert said.get_text() == "removes data: volume example_db-data\n"
    assert cell(ran([PSQL]), ["DELETE 2\n"]).select(".seatrial-removed") != []
    assert cell(ran([{}]), ["DELETE 2\n"]).select(".seatrial-removed") == []
