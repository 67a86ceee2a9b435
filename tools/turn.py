"""Choose the pages that `make test` runs today, so that it ends before anybody stops waiting.

A page whose blocks changed since they ran fails the build of the site: what is left for tests is
that Docker, or the sample project, has changed under pages that nobody touched.  The weekly run in
CI finds that for all of them, and so does `make check`.  So they take turns here: one page is run
every time, of the others a share each day that takes as long as any other, in one spelling or the
other, and all of them within SHARES days.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from seatrial.transcript.shares import deal, recorded_seconds

ROOT = Path(__file__).resolve().parent.parent
ALWAYS = "explanation/practical-implications.rst::v2"
SHARES = 28


def runs(root: Path = ROOT) -> dict[str, float]:
    """Return the pages that have run, each with its spelling, and how many seconds it took."""
    records = root / "records"
    return {
        f"{name}{suffix}::{spelling}": recorded_seconds(record, spelling)
        for record in sorted(records.rglob("*.json"))
        for name in [record.relative_to(records).with_suffix("")]
        for suffix in (".rst", ".md")
        if (root / f"{name}{suffix}").exists()
        for spelling in ("v2", "v1")
    }


def turn(day: int, seconds: Mapping[str, float]) -> list[str]:
    """Return what is run on a day, counted from any day; the one that always is comes first."""
    others = {run: each for run, each in seconds.items() if run != ALWAYS}
    return [ALWAYS, *deal(others, SHARES)[day % SHARES]]


if __name__ == "__main__":
    spelling = os.environ.get("SEATRIAL_COMPOSE") or ""
    for run in turn(datetime.now(UTC).toordinal(), runs()):
        if run.endswith(spelling):
            print(f"--seatrial-always={run}")
