"""Choose the pages that `make test` runs today, so that it ends before anybody stops waiting.

A page whose blocks changed since they ran fails the build of the site: what is left for tests is
that Docker, or the sample project, has changed under pages that nobody touched.  So they take
turns: one page is run every time, of the others a share each day, in one spelling or the other, and
all of them within SHARES days.  `make check` runs them all.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALWAYS = "explanation/practical-implications.rst"
SHARES = 14


def pages(root: Path = ROOT) -> list[str]:
    """Return the pages that have run: those with a record."""
    records = root / "records"
    names = sorted(path.relative_to(records).with_suffix("") for path in records.rglob("*.json"))
    return [
        f"{name}{suffix}"
        for name in map(str, names)
        for suffix in (".rst", ".md")
        if (root / f"{name}{suffix}").exists()
    ]


def turn(day: int, spelling: str, known: list[str]) -> list[str]:
    """Return the pages that are run on a day, counted from any day, in a spelling of Compose."""
    runs = [(each, page) for each in ("v2", "v1") for page in known]
    share = [run for number, run in enumerate(runs) if number % SHARES == day % SHARES]
    always = [ALWAYS] if spelling == "v2" else []
    return list(dict.fromkeys([*always, *(page for each, page in share if each == spelling)]))


def in_any_case(day: int, known: list[str], spellings: tuple[str, ...]) -> list[str]:
    """Return the options of pytest by which these pages run besides those that changed."""
    return [
        f"--seatrial-always={page}::{spelling}"
        for spelling in spellings
        for page in turn(day, spelling, known)
    ]


if __name__ == "__main__":
    spelling = os.environ.get("SEATRIAL_COMPOSE")
    today = datetime.now(UTC).toordinal()
    print(*in_any_case(today, pages(), (spelling,) if spelling else ("v2", "v1")))
