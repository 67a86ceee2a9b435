"""Run pages on engines and Composes beside those of the guide, and write down what came.

A row is one run on a private engine, in a copy of this tree, recorded there: what the pages here
promise stays as it is.  `records/matrix.json` has the rows, `records/containerd.json` the record of
the whole guide in containerd's image store, and `records/matrix.rst` what the compatibility page
shows of both.  No other page reads them.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

from seatrial.matching import by_kind
from seatrial.record import Record, StepRecord, load, write_whole

ROOT = Path(__file__).resolve().parent.parent
RECORDS = ROOT / "records"
WHOLE = ("explanation", "how-to", "reference", "index.rst", "notebooks")
FEW = ("explanation/practical-implications.rst", "reference/compatibility.rst")
# Postgres 18 where 17 was: the pages' edits go on fitting, and the volume stays where it is.
POSTGRES_18 = """\
services:
  db:
    image: postgres:18
    environment:
      PGDATA: /var/lib/postgresql/data
"""
# What Compose 1 does where its spelling cannot be run.
REPLACE = "docker-compose up -d media && docker-compose up -d --force-recreate media"


@dataclass(frozen=True)
class Row:
    """A run: on which engine, with which Compose and Postgres, of which pages."""

    kind: str
    compose: str
    pages: tuple[str, ...] = FEW
    postgres: str = "17"
    fails: str = ""
    # How its spelling is known to end at once, for the row to show; no page runs then.

    @property
    def name(self) -> str:
        """The row's name on the command line."""
        postgres = "" if self.postgres == "17" else f"-postgres-{self.postgres}"
        return f"{self.kind}-{self.compose}{postgres}"

    @property
    def spelling(self) -> str:
        """The spelling of Compose that is run."""
        return "v1" if self.compose.startswith("1.") else "v2"


ROWS = {
    row.name: row
    for row in (
        Row("classic", "5.6", WHOLE),
        Row("classic", "1.29", WHOLE),
        Row("containerd", "5.6", WHOLE),
        Row("classic", "2.40"),
        Row("containerd", "2.40"),
        Row("classic", "5.6", postgres="18"),
        Row("containerd", "1.29", fails="KeyError: 'ContainerConfig'"),
        Row("26.1", "2.26"),
        Row("26.1", "1.29"),
        Row("20.10", "1.29"),
    )
}
KEPT = "containerd-5.6"
STEADY = "classic-5.6"


@dataclass(frozen=True)
class Came:
    """What a row gave."""

    tools: Mapping[str, str]
    ran: str
    passed: int = 0
    failed: tuple[str, ...] = ()
    # Blocks and cells that broke, or in Compose 1.29 gave something else than is promised.
    changed: tuple[str, ...] = ()
    # Pages that would promise something else.
    error: str = ""


def main(names: Sequence[str]) -> int:
    """Run the rows that the command line names, or all."""
    if unknown := [name for name in names if name not in ROWS]:
        print(f"matrix: no row {', '.join(unknown)}: choose among {', '.join(ROWS)}")
        return 2
    for name in names or ROWS:
        row = ROWS[name]
        print(f"matrix: {name}", flush=True)
        with tempfile.TemporaryDirectory(prefix="seatrial-matrix-") as scratch:
            tree = copied(row, Path(scratch))
            came = run(row, tree)
            rows = known() | {name: asdict(came)}
            write_whole(RECORDS / "matrix.json", as_json({n: rows[n] for n in ROWS if n in rows}))
            if name in (KEPT, STEADY):
                write_whole(RECORDS / f"{row.kind}.json", as_json(records_below(tree)))
    write_whole(RECORDS / "matrix.rst", page())
    return 0


def known() -> dict[str, dict[str, object]]:
    """Return the rows that have run."""
    path = RECORDS / "matrix.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def as_json(data: object) -> str:
    """Return data as they are kept."""
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
