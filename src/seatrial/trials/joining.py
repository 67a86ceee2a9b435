"""The reports of all shares put together, and what is wrong with them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from seatrial.errors import SeatrialError
from seatrial.transcript.shares import Share, read_share


@dataclass(frozen=True)
class Report:
    """What pytest wrote about one share, by `--junit-xml`."""

    path: Path
    share: Share
    dealt: str
    """Digits that are the same for all shares of the same pages."""
    pages: int
    """How many pages with something to run the share has."""
    suites: tuple[ET.Element, ...]

    def count(self, what: str) -> int:
        """Return the number of `tests`, `failures`, `errors` or `skipped`."""
        return sum(int(suite.get(what, 0)) for suite in self.suites)

    @property
    def seconds(self) -> float:
        """Return how long the share took."""
        return sum(float(suite.get("time", 0)) for suite in self.suites)

    def failures(self) -> Iterator[str]:
        """Yield what failed: where, and the first line of why."""
        for case in (case for suite in self.suites for case in suite.iter("testcase")):
            for trouble in (*case.findall("failure"), *case.findall("error")):
                why = (trouble.get("message") or trouble.text or "").strip().splitlines()
                place = "::".join(filter(None, (case.get("classname"), case.get("name"))))
                yield f"{place}: {why[0] if why else trouble.tag}"


def read_report(path: Path) -> Report:
    """Return a share's report; raises SeatrialError where that cannot be made out."""
    try:
        root = ET.parse(path).getroot()
        suites = tuple(root.iter("testsuite"))
        said = {each.get("name"): each.get("value", "") for each in root.iter("property")}
        share = read_share(said["seatrial-shard"])
        dealt, pages = said["seatrial-deal"], int(said["seatrial-pages"])
        return Report(path, share, dealt, pages, suites)
    except KeyError as error:
        raise SeatrialError(
            "this report does not say which share it is of",
            where=str(path),
            hint="write it by `pytest --seatrial-shard N/OF --junit-xml=FILE`",
        ) from error
    except (OSError, ET.ParseError, ValueError) as error:
        raise SeatrialError(
            f"this report cannot be read: {error}", where=str(path), hint="run this share again"
        ) from error


def read_reports(folder: Path, output: Path | None) -> list[Report]:
    """Return all reports in a folder and its folders, but for one that was joined of them earlier.

    Raises SeatrialError where there is none.
    """
    paths = sorted(path for path in folder.rglob("*.xml") if path != output)
    if not paths:
        raise SeatrialError(
            "there is no report in this folder",
            where=str(folder),
            hint="have each share write one by `--junit-xml=FILE`, and collect them here",
        )
    return sorted(map(read_report, paths), key=lambda each: (each.share.number, each.path))


def complaints(reports: Sequence[Report], shares: int) -> Iterator[str]:
    """Yield, in sentences, why these reports do not show that all pages passed."""
    for number in range(1, shares + 1):
        mine = [each for each in reports if each.share == Share(number, shares)]
        if not mine:
            yield f"share {number} of {shares} has no report: run it again"
        if len(mine) > 1:
            names = " and ".join(str(each.path) for each in mine)
            yield f"share {number} of {shares} has {len(mine)} reports: {names}: keep one of them"
    for report in reports:
        share = f"share {report.share.number} of {report.share.of}"
        if report.share.of != shares:
            yield f"{report.path}: this is {share}, and {shares} shares are to be joined"
        if broken := report.count("failures") + report.count("errors"):
            yield f"{share} failed: {broken} of {report.count('tests')} tests"
        elif report.pages and report.count("tests") == report.count("skipped"):
            yield f"{share} ran nothing, though it has {report.pages} pages"
    if len({each.dealt for each in reports}) > 1:
        yield "the shares were dealt from different files or records: run all of them on one commit"


def join(reports: Sequence[Report], output: Path) -> None:
    """Write one report that holds all; raises SeatrialError where it cannot be written."""
    root = ET.Element("testsuites", name="seatrial")
    for report in reports:
        for suite in report.suites:
            suite.set("name", f"share {report.share}")
            root.append(suite)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        ET.ElementTree(root).write(output, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise SeatrialError(
            f"the report cannot be written: {error.strerror}", where=str(output)
        ) from error


def overview(reports: Sequence[Report]) -> Iterator[str]:
    """Yield lines for people: a line for each share, and one for each failure."""
    for report in reports:
        skipped = f", {report.count('skipped')} skipped" if report.count("skipped") else ""
        yield (
            f"share {report.share.number} of {report.share.of}: "
            f"{report.count('tests')} tests{skipped}, {report.seconds:,.0f} s"
        )
        yield from (f"  failed: {line}" for line in report.failures())
