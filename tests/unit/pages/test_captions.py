"""The line under a block."""

import pytest

from seatrial.pages.captions import caption
from seatrial.pages.nest import nested
from seatrial.pages.shown import Shown, Standing
from seatrial.transcript.blocks import Block
from seatrial.transcript.events import Sighting
from seatrial.transcript.places import MACHINE, Container, Place
from seatrial.transcript.record import ItemRecord, Run, StepRecord
from seatrial.transcript.steps import parse

DB = Place("psql", Container("db", "example-db-1"))
MADE = (Sighting("container", "db", ("create", "start")),)
VOLUME = (Sighting("volume", "db", ("create",)),)


@pytest.mark.parametrize(
    ("claim", "place", "did", "stand_ins", "said"),
    [
        ("It runs.", DB, (), {"db": "postgres:17"}, True),
        ("It runs.", MACHINE, MADE, {"db": "postgres:17"}, True),
        ("It runs.", MACHINE, VOLUME, {"db": "postgres:17"}, False),
        ("It runs.", MACHINE, (), {"db": "postgres:17"}, False),
        ("It runs.", DB, MADE, {}, False),
        ("", DB, MADE, {"db": "postgres:17"}, False),
    ],
)
def test_a_claim_says_for_which_image_it_was_run_on_a_stand_in(
    claim: str,
    place: Place,
    did: tuple[Sighting, ...],
    stand_ins: dict[str, str],
    said: bool,
) -> None:
    block = Block("page", "page.rst", 1, ("$ true",), "", 1, claim=claim)
    steps = parse(block)
    given = ItemRecord(block.digest, (StepRecord("true", (), 0, place, 0.1, did),))
    run = Run("2026-11-29", {}, (given,), stand_ins=stand_ins)
    shown = Shown(block, steps, Standing.RAN, run, given)
    words = "run on a stand-in for <code>postgres:17</code>"
    assert (words in caption(shown, nested(steps, given), "")) is said
