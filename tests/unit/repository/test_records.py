"""What the committed records may not say."""

import re
from pathlib import Path

import pytest

from seatrial.run.scrubbing import HOME

ROOT = Path(__file__).resolve().parents[3]
RECORDS = sorted((ROOT / "records").rglob("*.json"))


def test_there_are_records() -> None:
    assert RECORDS


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_names_no_folder_of_the_machine_that_it_was_made_on(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.findall(
        r"/(?:root|tmp/seatrial|home(?!/app))/[^\s\"]*", text.replace(f"{HOME}/", "")
    )


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_names_no_host_that_packages_come_from(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"(?:Get|Hit|Ign|Err):\d+ https?://(?!mirror)\S+", text)
    assert not re.findall(r"Looking in (?:indexes|links)", text)
