"""The reports of shares: one is missing, came twice, failed, or ran nothing."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from seatrial.__main__ import main

FAILED = '<failure message="differs&#10;more"/>'


def report(
    folder: Path,
    share: str,
    *,
    name: str = "",
    dealt: str = "abc",
    tests: int = 2,
    inside: str = "",
) -> None:
    """Write a report as pytest writes it."""
    folder.mkdir(exist_ok=True)
    path = folder / (name or f"{share.replace('/', '-')}.xml")
    path.write_text(
        f'<testsuites><testsuite name="pytest" tests="{tests}"'
        f' failures="{bool(inside):d}" errors="0" skipped="0" time="61.5"><properties>'
        f'<property name="seatrial-shard" value="{share}"/>'
        f'<property name="seatrial-deal" value="{dealt}"/>'
        '<property name="seatrial-pages" value="1"/></properties>'
        f'<testcase classname="a.rst::v2" name="top-1">{inside}</testcase>'
        "</testsuite></testsuites>"
    )


def test_all_shares_make_one_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, output = tmp_path / "reports", tmp_path / "reports/all.xml"
    for share in ("1/2", "2/2"):
        report(folder, share)
    # twice: the report that was joined before is none of a share
    for _ in range(2):
        assert main(["join", "--shards", "2", "--output", str(output), str(folder)]) == 0
    assert "share 2 of 2: 2 tests, 62 s\nseatrial: all 2 shares passed, with 4 tests" in (
        capsys.readouterr().out
    )
    suites = ET.parse(output).getroot().findall("testsuite")
    assert [suite.get("name") for suite in suites] == ["share 1/2", "share 2/2"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({}, "share 2 of 2 has no report"),
        ({"share": "1/2", "name": "again.xml"}, "share 1 of 2 has 2 reports"),
        ({"share": "2/3"}, "this is share 2 of 3, and 2 shares are to be joined"),
        ({"share": "2/2", "inside": FAILED}, "share 2 of 2 failed: 1 of 2 tests"),
        ({"share": "2/2", "tests": 0}, "share 2 of 2 ran nothing, though it has 1 page"),
        ({"share": "2/2", "dealt": "xyz"}, "dealt from different files or records"),
        ({"share": "7/2"}, "cannot be read: shares are counted from 1/2 to 2/2"),
    ],
)
def test_what_is_wrong_with_shares_is_told(
    more: dict[str, str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report(tmp_path, "1/2")
    if more:
        report(tmp_path, **more)  # type: ignore[arg-type]
    assert main(["join", "--shards", "2", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert sentence in said.err
    assert ("failed: a.rst::v2::top-1: differs\n" in said.out) is ("inside" in more)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "there is no report in this folder"),
        ("<testsuites><testsuite>", "this report cannot be read"),
        ("<testsuites/>", "does not say which share it is of"),
    ],
)
def test_what_is_no_report_is_told(
    text: str | None, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        (tmp_path / "1.xml").write_text(text)
    assert main(["join", "--shards", "1", str(tmp_path)]) == 1
    assert sentence in capsys.readouterr().err
