"""Hold how much of each folder of the package runs in tests that need no engine and no browser.

It reads what `coverage json` wrote.  What is left needs an engine, or runs in another process; the
modules beside the folders are faces, whose tests drive them from outside.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# percent of a folder's statements
FLOORS = {"transcript": 98, "pages": 97, "pytest_plugin": 53, "run": 56, "trials": 55, "watch": 0}


def covered(
    report: Mapping[str, Any],
) -> dict[str, float]:
    """Return what share of each folder's statements ran, in percent."""
    ran: dict[str, int] = {}
    there: dict[str, int] = {}
    for name, file in report["files"].items():
        folder, within, _ = name.partition("src/seatrial/")[2].partition("/")
        if within:
            summary = file["summary"]
            ran[folder] = ran.get(folder, 0) + summary["covered_lines"]
            there[folder] = there.get(folder, 0) + summary["num_statements"]
    return {folder: 100 * ran[folder] / max(1, there[folder]) for folder in sorted(there)}


def main() -> None:
    """Print the share of each folder; fail where one is below its floor, or has none."""
    report = Path(sys.argv[1]).read_text(encoding="utf-8")
    shares = covered(json.loads(report))
    low = []
    for folder in sorted({*shares, *FLOORS}):
        share, floor = shares.get(folder, 0.0), FLOORS.get(folder)
        print(f"{folder:14} {share:5.1f} %, at least {'?' if floor is None else floor} %")
        if floor is None or share < floor:
            low.append(folder)
    if low:
        sys.exit(
            f"floors: too little of {', '.join(low)} runs, or it has no floor; test more of it"
        )


if __name__ == "__main__":
    main()
