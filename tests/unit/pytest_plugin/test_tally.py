"""What a run of pytest came to, of one process and of several, in words."""

from dataclasses import fields
from typing import Any

import pytest

from seatrial.pytest_plugin.tally import Tally, summary

RAN = "seatrial: ran 2 blocks with 1 step; 0 claims proved"


def test_nothing_that_another_process_did_is_forgotten() -> None:
    filled: dict[str, Any] = {each.name: 1 for each in fields(Tally) if each.type == "int"}
    filled |= {each.name: [each.name] for each in fields(Tally) if each.type == "list[str]"}
    done = Tally(**filled, notes={"note": None}).as_plain()
    assert all(done.values()), "a field is not filled here"
    tally = Tally()
    tally.take_over(done)
    assert tally.as_plain() == done
    tally.take_over(done)
    assert tally.steps == 2
    assert tally.selected == 1, "each process knows of all that was selected"
    assert tally.notes == {"note": None}


@pytest.mark.parametrize(
    ("more", "lines"),
    [
        ({}, [RAN]),
        (
            {"cells": 1, "claims": 1},
            ["seatrial: ran 2 blocks with 1 step and 1 cell; 1 claim proved"],
        ),
        ({"shorts": 1}, [f"{RAN}; 1 short form held"]),
        (
            {"shorts": 2, "silent": 1},
            [f"{RAN}; 2 short forms held; 1 block promises no output"],
        ),
        ({"silent": 1}, [f"{RAN}; 1 block promises no output"]),
        ({"silent": 2}, [f"{RAN}; 2 blocks promise no output"]),
        (
            {"unrecorded": 1},
            [RAN, "seatrial: 1 block without a record, compared with promises"],
        ),
        (
            {"unlike": ["a"]},
            [
                RAN,
                "seatrial: 1 difference from records that other versions made; promises decided:",
                "  a",
            ],
        ),
        (
            {"changed": ["page.rst"], "worse": ["`x` now fails"]},
            [RAN, "seatrial: wrote page.rst", "seatrial: `x` now fails"],
        ),
        (
            {"steps": 0, "selected": 2},
            [
                "seatrial: ran 2 blocks with 0 steps; 0 claims proved",
                "seatrial: no step ran, so nothing was shown to be true",
            ],
        ),
        (
            {"steps": 0, "selected": 2, "without_docker": 2},
            ["seatrial: ran 2 blocks with 0 steps; 0 claims proved"],
        ),
    ],
)
def test_the_end_of_a_run_in_words(more: dict[str, Any], lines: list[str]) -> None:
    tally = Tally(**{"blocks": 2, "steps": 1, **more})
    assert list(summary(tally, tell_unrecorded=True)) == lines
    assert list(summary(tally, tell_unrecorded=False)) == [
        line for line in lines if "without a record" not in line
    ]
