"""Add up the reports of several pytest runs into one closing line."""

import sys
from pathlib import Path
from xml.etree import ElementTree


def main() -> None:
    """Print the sum of the JUnit files that the command line names; fail if nothing ran."""
    tests = failed = skipped = 0
    for name in sys.argv[1:]:
        for suite in ElementTree.fromstring(Path(name).read_text(encoding="utf-8")).iter(
            "testsuite"
        ):
            tests += int(suite.get("tests", 0))
            failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped += int(suite.get("skipped", 0))
    passed = tests - failed - skipped
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    if failed or not passed:
        sys.exit(1)


if __name__ == "__main__":
    main()
