"""The command line: housekeeping that belongs to no page."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from seatrial import __version__
from seatrial.errors import SeatrialError
from seatrial.sandbox import sweep


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="seatrial", description="Run a documentation's console transcripts on a real engine."
    )
    parser.add_argument("--version", action="version", version=f"seatrial {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("sweep", help="remove what killed runs left: containers, volumes, folders")
    parser.parse_args(arguments)
    try:
        swept = sweep()
    except SeatrialError as error:
        print(f"seatrial: {error}", file=sys.stderr)
        return 1
    print(f"seatrial: swept {swept} sandbox{'' if swept == 1 else 'es'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
