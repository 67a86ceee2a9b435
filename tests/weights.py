"""What each built page costs its reader, beside the same page of a plain Sphinx site.

The plain site is made of the Markdown of the same pages, with the same theme and nothing of ours.
A page is opened by Chromium with nothing kept from before, in turn here and there.  `make weights`
prints a line for each page, the heaviest first.  It fails where a page asks another site for
something, or where axe finds a violation.
"""

from __future__ import annotations

import gzip
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from playwright.sync_api import Browser, Request
from sphinx.application import Sphinx

from tests.site import axe
from tests.site.conftest import BUILT, PAGES, QuietHandler, chromium, served, window

# of each page, the median of so many
TIMES = 3
COLUMNS = ("kB", "requests", "elements", "ms")
LINE = "{:>7} {:>8} {:>8} {:>5}"
OPENED = """() => [
  document.querySelectorAll("*").length,
  performance.getEntriesByType("navigation")[0].loadEventEnd,
]"""


@dataclass(frozen=True)
class Cost:
    """One page, opened some times."""

    kilobytes: float
    """Of all files it asked for, as a server sends them (gzip)."""
    requests: int
    elements: int
    milliseconds: float
    """From the request to the end of loading."""
    faults: tuple[str, ...] = ()
    """What it asked of other sites, and what axe finds."""

    def __str__(self) -> str:
        """Return its columns."""
        return LINE.format(
            f"{self.kilobytes:.1f}", self.requests, self.elements, f"{self.milliseconds:.0f}"
        )


def plain(folder: Path) -> Path:
    """Build a plain site of the Markdown of our pages, and return its folder."""
    source = folder / "source"
    for path in BUILT.rglob("*.md"):
        copy = source / path.relative_to(BUILT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    how = {"extensions": ["myst_parser"], "html_theme": "furo", "suppress_warnings": ["*"]}
    built = folder / "html"
    # what the Markdown links to stands in our site alone
    Sphinx(source, None, built, folder / "trees", "html", how, status=None, warning=None).build()
    return built


@cache
def weight(path: Path) -> float:
    """Return the kilobytes of a file, as a server sends it."""
    return len(gzip.compress(path.read_bytes(), 6)) / 1000


def cost(browser: Browser, site: str, folder: Path, name: str) -> Cost:
    """Open a page some times, and return what that took."""
    times: list[float] = []
    faults: list[str] = []
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    for turn in range(TIMES):
        with window(browser, site) as seen:
            asked.clear()
            seen.page.on("requestfinished", note)
            seen.page.goto(f"{site}/{name}", wait_until="networkidle")
            elements, milliseconds = seen.page.evaluate(OPENED)
            times.append(milliseconds)
            faults += seen.elsewhere
            if folder == BUILT and not turn:
                faults += axe.violations(seen.page)
    own = [url.removeprefix(f"{site}/") for url in asked if url.startswith(f"{site}/")]
    files = {each.partition("?")[0] for each in own}
    kilobytes = sum(weight(folder / each) for each in files)
    return Cost(kilobytes, len(files), elements, statistics.median(times), tuple(faults))


def main() -> int:
    """Print the table; return 1 where a page is not as it has to be."""
    costs: dict[str, tuple[Cost, Cost | None]] = {}
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        other = plain(Path(folder))
        with served(QuietHandler) as here, served(QuietHandler, other) as there:
            for name in PAGES:
                print(f"weights: page {len(costs) + 1} of {len(PAGES)}, {name}", file=sys.stderr)
                ours = cost(browser, here, BUILT, name)
                is_there = (other / name).exists()
                costs[name] = ours, cost(browser, there, other, name) if is_there else None
    print(LINE.format(*COLUMNS), LINE.format(*COLUMNS), " page", sep="  |")
    for name, (ours, plainly) in sorted(costs.items(), key=lambda each: -each[1][0].kilobytes):
        print(ours, plainly or " " * 31, f" {name}", sep="  |")
    print("On the left this site, on the right plain Sphinx. Medians of pages that both have:")
    pairs = [pair for pair in costs.values() if pair[1] is not None]
    for what in ("kilobytes", "requests", "elements", "milliseconds"):
        one, two = (statistics.median(getattr(pair[n], what) for pair in pairs) for n in (0, 1))
        print(f"  {what}: {one:.0f} here, {two:.0f} there, {one / two:.2f} times")
    faults = [f"{name}: {fault}" for name, (ours, _) in costs.items() for fault in ours.faults]
    print(
        *(faults or ["No page asks another site for anything, or violates a rule of axe."]),
        sep="\n",
    )
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
