"""Work out how long the check takes on several machines, from the seconds in records/.

`python tools/simulate.py --write` puts the table into the page about continuous integration.
"""

import random
import sys
from pathlib import Path

from seatrial.transcript.shares import deal, recorded_seconds

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "how-to/run-the-checks-in-ci.rst"
WORKERS = (1, 2, 4, 8, 16, 32, 64)
# all in seconds
SET_UP = 90.0  # a machine with nothing on it, until its engine answers
START = 1.5  # pytest and Sphinx
READ = 0.2  # a page of the site, which every share reads: 6 seconds for 30 pages
JOIN = 20.0  # the last job
SEED = 28
BEGIN, END = ".. simulated\n\n", ".. end of what was simulated\n"


def guide() -> dict[str, float]:
    """Return the pages of this guide with their seconds, in both spellings."""
    records = ROOT / "records"
    pages = {
        path.relative_to(records).as_posix(): recorded_seconds(path, None)
        for path in sorted(records.rglob("*.json"))
    }
    return {name: seconds for name, seconds in pages.items() if seconds}


def drawn(number: int, pages: dict[str, float]) -> dict[str, float]:
    """Return many pages, each as long as one that was drawn from a few."""
    draw = random.Random(SEED)
    longs = sorted(pages.values())
    return {f"page-{each:04}": draw.choice(longs) for each in range(number)}


def minutes(pages: dict[str, float], workers: int) -> float:
    """Return how long it takes from the start until the reports are joined."""
    longest = max(sum(pages[name] for name in share) for share in deal(pages, workers))
    join = JOIN if workers > 1 else 0
    return (SET_UP + START + READ * len(pages) + longest + join) / 60


def table() -> str:
    """Return the table as the page holds it."""
    few = guide()
    many = drawn(1000, few)
    lines = [
        (
            f".. list-table:: Minutes until the reports are joined: {SET_UP:.0f} s to set a machine"
            f" up, {START} s to start, {READ} s to read each page, {JOIN:.0f} s to join;"
            f" the longest page takes {max(few.values()):.0f} s"
        ),
        "   :header-rows: 1",
        "",
        "   * - Machines",
        *(f"     - {len(pages):,} pages\n     - times as fast" for pages in (few, many)),
    ]
    for workers in WORKERS:
        lines.append(f"   * - {workers}")
        for pages in (few, many):
            took = minutes(pages, workers)
            lines += [f"     - {took:.1f}", f"     - {minutes(pages, 1) / took:.1f}"]
    return "\n".join(lines) + "\n"


def with_table(text: str) -> str:
    """Return a page with the table in its place."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}\n{END}{after}"


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--write"]):
        sys.exit("usage: python tools/simulate.py [--write]")
    if sys.argv[1:]:
        PAGE.write_text(with_table(PAGE.read_text()))
    print(table())
