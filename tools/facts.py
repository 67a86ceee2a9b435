"""Compare versions and dates in sentences with records and with `facts.toml`; say which are old.

A version that a sentence names is one that ran (a record, or the sample's requirements, has it), or
it is in the list, with its source and the day on which somebody looked.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from words import ROOT, sentences

LIST = ROOT / "tools/facts.toml"
PAGES = ("index.rst", "explanation/*", "how-to/*", "reference/*.rst", "notebooks/*.ipynb")
YEAR = timedelta(days=365)
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
MENTION = re.compile(
    rf"(?P<date>(?:{'|'.join(MONTHS)}) \d{{4}})|(?P<report>CVE-\d+-\d+)"
    r"|(?:Docker|Engine|Compose|Postgres|PostgreSQL|Debian|Django|Python|API|CLI) \d[\d.]*"
    r"|(?<![\w.:/-])(?P<bare>\d+\.\d[\d.]*)"
)
# A number with a unit is no version.
NUMBER = re.compile(r"[\d.,]+")
UNIT = re.compile(r"\s*(?:s|ms|seconds?|minutes?|times|%|[MGk]i?B|GB|MB)\b|\s*%|[\w/:-]")


@dataclass(frozen=True)
class Fact:
    """Something that sentences say and no run of this project shows."""

    text: str
    """As it stands in sentences."""
    what: str
    source: str
    checked: date
    """The day on which somebody looked whether it is still so."""


def load(path: Path = LIST) -> list[Fact]:
    """Read the list."""
    return [Fact(**each) for each in tomllib.loads(path.read_text(encoding="utf-8"))["fact"]]


def mentions(text: str) -> Iterator[str]:
    """Yield the versions, dates and reports that a sentence names, each as it is written."""
    if NUMBER.fullmatch(text):
        # a cell of a table of measurements
        return
    for match in MENTION.finditer(text):
        found = match.group().rstrip(".")
        if match["bare"] and (UNIT.match(text[match.end() :]) or found.count(".") > 2):
            continue
        yield found


def ran(root: Path = ROOT) -> set[str]:
    """Return the versions that records and the sample's requirements hold."""
    found: set[str] = set()
    for path in sorted(root.glob("records/**/*.json")):
        for run in json.loads(path.read_text(encoding="utf-8"))["runs"].values():
            found |= {*run["tools"].values(), *run["images"].values()}
            found |= {name.rpartition(":")[2] for name in run["images"]}
    for path in (root / "example/requirements.txt", root / "reference/matrix/rows.json"):
        found |= set(re.findall(r"\d+(?:\.\d+)+", path.read_text(encoding="utf-8")))
    return found - {""}


def complaints(facts: list[Fact], root: Path = ROOT) -> Iterator[str]:
    """Yield what neither a run nor the list knows, and what of the list no sentence names."""
    left, versions = {fact.text for fact in facts}, ran(root)
    listed = frozenset(left)
    for place, found in everything(root):
        number = found.rpartition(" ")[2]
        left -= {found, number}
        known = any(f"{version}.".startswith(f"{number}.") for version in versions)
        if not known and not listed & {found, number}:
            yield (
                f"{place}: `{found}` is in no record and not in tools/facts.toml; "
                "add it there with its source"
            )
    for text in sorted(left):
        yield f"tools/facts.toml: no sentence names `{text}` any more; remove it"


def everything(root: Path) -> Iterator[tuple[str, str]]:
    """Yield each mention of the guide with its place."""
    for path in sorted(path for pattern in PAGES for path in root.glob(pattern)):
        if path.suffix in (".rst", ".md", ".ipynb"):
            for sentence in sentences(path):
                place = f"{path.relative_to(root)}:{sentence.cell or sentence.line}"
                for found in mentions(sentence.text.replace("\n", " ")):
                    yield place, found


def main() -> int:
    """Print complaints, and which facts are older than a year; exit status 1 for complaints."""
    facts = load()
    wrong = list(complaints(facts))
    for each in wrong:
        print(each)
    for fact in facts:
        if date.today() - fact.checked > YEAR:
            print(
                f"tools/facts.toml: `{fact.text}` was checked on {fact.checked}, over a year ago; "
                f"look at {fact.source} and change the day"
            )
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
