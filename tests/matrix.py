"""Run pages on engines and Composes beside those of the guide, and write down what came.

A row is one run on a private engine, in a copy of this tree, recorded there: what the pages here
promise stays as it is.  In `reference/matrix`, `rows.json` has the rows, `classic.json` and
`containerd.json` the whole guide in either image store, and `table.txt` what the compatibility page
shows of them.  No other page reads them.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from seatrial.transcript.cells import given, promised
from seatrial.transcript.kinds import by_kind
from seatrial.transcript.record import Record, StepRecord, load, write_whole

ROOT = Path(__file__).resolve().parent.parent
RECORDS = ROOT / "records"
KEEP = ROOT / "reference/matrix"
ENGINE = [sys.executable, str(ROOT / "engine/engine.py")]
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
        Row("classic", "5.6", postgres="18"),
        Row("classic", "2.40"),
        Row("classic", "1.29", WHOLE),
        Row("containerd", "5.6", WHOLE),
        Row("containerd", "2.40", (*FEW, "notebooks/restart-or-rebuild.ipynb")),
        Row("containerd", "1.29", fails="KeyError: 'ContainerConfig'"),
        Row("26.1", "2.26"),
        Row("26.1", "1.29"),
        Row("20.10", "1.29"),
    )
}
_running: list[str] = []
# The kind of the engine that the last row has left running.
KEPT = "containerd-5.6"
STEADY = "classic-5.6"


@dataclass(frozen=True)
class Came:
    """What a row gave."""

    tools: Mapping[str, str]
    ran: str
    ran_to_their_end: int = 0
    # How many blocks, edits and cells: in the first spelling also where they gave something else.
    failed: tuple[str, ...] = ()
    # Blocks and cells that broke, or in Compose 1.29 gave something else than is promised.
    changed: tuple[str, ...] = ()
    # Pages that would promise something else.
    error: str = ""


def main(names: Sequence[str]) -> int:
    """Run the rows that the command line names, or all; 1 where an engine was missing.

    With `--table` run none, and write the table from what is kept.  `NAME=FILE` takes a row from
    the report of a `make check` on the same engine (PYTEST_ADDOPTS=--junit-xml=FILE).
    """
    if list(names) == ["--table"]:
        write_whole(KEEP / "table.txt", page())
        return 0
    reports = {row: Path(file) for row, _, file in (name.partition("=") for name in names) if file}
    names = [name.partition("=")[0] for name in names]
    if absent := [str(file) for file in reports.values() if not file.exists()]:
        print(f"matrix: no report {', '.join(absent)}")
        return 2
    if unknown := [name for name in names if name not in ROWS]:
        print(f"matrix: no row {', '.join(unknown)}: choose among {', '.join(ROWS)}")
        return 2
    try:
        missing = [name for name in names or ROWS if not tried(ROWS[name], reports.get(name))]
    except KeyboardInterrupt:
        print("matrix: interrupted; the rows that ended are kept")
        return 130
    finally:
        subprocess.run([*ENGINE, "stop"])
    if missing:
        print(f"matrix: no engine for {', '.join(missing)}; what is known of them stays as it was")
    return 1 if missing else 0


def tried(row: Row, report: Path | None = None) -> bool:
    """Run a row, or take it from a report, and keep what came; tell whether there is an engine."""
    print(f"matrix: {row.name}", flush=True)
    # One engine at a time: they share the machine's memory, and the older ones its rules.
    if row.kind not in _running and subprocess.run([*ENGINE, "stop"]).returncode:
        sys.exit("matrix: the engine that runs cannot be stopped; what it said is above")
    _running[:] = [row.kind]
    environment = started(row)
    if environment is None:
        return False
    with tempfile.TemporaryDirectory(prefix="seatrial-matrix-") as scratch:
        tree = copied(row, Path(scratch))
        rows = known() | {row.name: asdict(run(row, tree, environment, report))}
        write_whole(KEEP / "rows.json", as_json({n: rows[n] for n in ROWS if n in rows}))
        if row.name in (KEPT, STEADY) and report is None:
            write_whole(KEEP / f"{row.kind}.json", as_json(records_below(tree)))
    write_whole(KEEP / "table.txt", page())
    return True


def known() -> dict[str, dict[str, object]]:
    """Return the rows that have run."""
    path = KEEP / "rows.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def as_json(data: object) -> str:
    """Return data as they are kept."""
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


# --- running ------------------------------------------------------------------------------------


def copied(row: Row, scratch: Path) -> Path:
    """Return a copy of this tree, with the Postgres of a row."""
    tree = scratch / "guide"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        # without the records of this tree: one that is there afterwards was written by the run
        if (ROOT / name).exists() and not name.startswith("records/"):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    if row.postgres == "18":
        (tree / "example/docker-compose.override.yml").write_text(POSTGRES_18)
    return tree


def started(row: Row) -> dict[str, str] | None:
    """Start a row's engine and return its clients' environment; None where it cannot be had."""
    compose = [] if row.spelling == "v1" else ["--compose", row.compose]
    if subprocess.run([*ENGINE, "start", row.kind, *compose]).returncode:
        return None
    command = [*ENGINE, "env", row.kind, *compose]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if not printed:
        sys.exit("matrix: a Docker of your own answers, and the rows need engines of ours")
    shown = ["bash", "--norc", "-c", f"{printed}\nexec env -0"]
    output = subprocess.run(shown, capture_output=True, text=True, check=True).stdout
    return dict(line.split("=", 1) for line in output.split("\0") if line)


def run(row: Row, tree: Path, environment: Mapping[str, str], report: Path | None = None) -> Came:
    """Run a row's pages on its engine, unless there is a report of that, and return what came."""
    ran = datetime.now(UTC).date().isoformat()
    tools = {"Docker": _said(environment, "docker", "version", "--format", "{{.Server.Version}}")}
    command = ["docker-compose"] if row.spelling == "v1" else ["docker", "compose"]
    tools["Compose"] = _said(environment, *command, "version", "--short").removeprefix("v")
    if row.fails:
        return Came(tools, ran, error=_failure(row, tree, environment))
    if report is None:
        report = tree / "report.xml"
        before = _texts(tree)
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "--require-docker", "--seatrial-record"),
                *("-m", "not seatrial_prose"),
                *("--compose", row.spelling, f"--junit-xml={report}", *row.pages),
            ],
            cwd=tree,
            env=environment,
        )
        if done.returncode not in (0, 1) or not report.exists():
            sys.exit(
                f"matrix: pytest ended with {done.returncode}; the row {row.name} is as it was"
            )
        changed = [name for name, text in _texts(tree).items() if text != before.get(name)]
    else:
        changed = []
    cases = list(ElementTree.parse(report).iter("testcase"))
    failed = [case for case in cases if {"failure", "error"} & {part.tag for part in case}]
    skipped = [case for case in cases if case.find("skipped") is not None]
    return Came(
        tools,
        ran,
        ran_to_their_end=len(cases) - len(failed) - len(skipped),
        failed=tuple(sorted(_place(case) for case in failed)),
        changed=tuple(sorted(changed)),
    )


def _said(environment: Mapping[str, str], *command: str) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _failure(row: Row, tree: Path, environment: Mapping[str, str]) -> str:
    """Return how Compose 1 fails where it replaces a container, or fail if it does not."""
    folder = tree / "example"
    done = subprocess.run(
        ["bash", "-c", REPLACE], cwd=folder, env=environment, capture_output=True, text=True
    )
    subprocess.run(
        ["docker-compose", "down", "-v"], cwd=folder, env=environment, capture_output=True
    )
    last = done.stderr.strip().splitlines()[-1:] or [""]
    if done.returncode == 0 or last[0] != row.fails:
        sys.exit(f"matrix: {row.name} was to end with {row.fails}, and ended with {last[0]!r}")
    return last[0]


def _texts(tree: Path) -> dict[str, str]:
    """Return the pages of a tree, and of its notebooks what has to be the same in another run."""
    found = [path for name in WHOLE for path in [tree / name, *(tree / name).rglob("*")]]
    pages = [path for path in found if path.suffix in (".rst", ".md", ".ipynb")]
    return {
        path.relative_to(tree).as_posix(): path.read_text()
        if path.suffix != ".ipynb"
        else "\n".join(
            line for cell in json.loads(path.read_text())["cells"] for line in _counts(cell)
        )
        for path in pages
    }


def _counts(cell: Mapping[str, Any]) -> Iterator[str]:
    """Yield what of a cell's outputs counts with every Compose."""
    tags = cell["metadata"].get("tags", ())
    counts = promised(given(cell.get("outputs", ())), "v2", "example", tags)
    yield from (*counts.output, *counts.places)


def _place(case: ElementTree.Element) -> str:
    """Return the page, the spelling and the name of a test, of what pytest makes of them."""
    found = re.fullmatch(r"(.+)\.(rst|md|ipynb)(\.v\d)?", case.get("classname", ""))
    page = f"{found[1].replace('.', '/')}.{found[2]}" if found else case.get("classname", "")
    spelling = found[3].replace(".", "::") if found and found[3] else ""
    return f"{page}{spelling}::{case.get('name')}"


def records_below(tree: Path) -> dict[str, object]:
    """Return the records of all pages of a tree in the first spelling, by page."""
    found: dict[str, object] = {}
    for path in sorted((tree / "records").rglob("*.json")):
        name = path.relative_to(tree / "records").with_suffix("").as_posix()
        data = json.loads(path.read_text())
        if "runs" in data and "v2" in data["runs"]:
            found[name] = data | {"runs": {"v2": data["runs"]["v2"]}}
    return found


# --- what the compatibility page shows ------------------------------------------------------------


def page() -> str:
    """Return what the compatibility page includes, from the rows and the records that are kept."""
    rows = [(ROWS[name], data) for name, data in known().items() if name in ROWS]
    lines = [
        ".. Made by `make matrix` from rows.json, classic.json and containerd.json.",
        "",
        ".. container:: seatrial-wide",
        "",
        "   .. list-table::",
        "      :class: seatrial-overview",
        "      :header-rows: 1",
        "      :widths: auto",
        "",
        *_line("Docker", "Image store", "Compose", "Postgres", "Pages", "Ran", "Not as promised"),
    ]
    for row, data in sorted(rows, key=lambda each: list(ROWS.values()).index(each[0])):
        tools = data["tools"]
        assert isinstance(tools, dict)
        lines += _line(
            tools["Docker"].partition("+")[0],
            "containerd" if row.kind == "containerd" else "classic",
            tools["Compose"].partition("-")[0],
            row.postgres,
            "none" if row.fails else "all" if row.pages == WHOLE else str(len(row.pages)),
            "" if row.fails else f"{data['ran_to_their_end']:,}",
            _otherwise(data),
        )
    lines += ["", *_differences()]
    return "\n".join(lines) + "\n"


def _line(*cells: str) -> list[str]:
    """Return a row of the list table."""
    return [f"      {'*' if not at else ' '} - {cell}".rstrip() for at, cell in enumerate(cells)]


def _otherwise(data: Mapping[str, object]) -> str:
    """Return what of a row was not as promised."""
    if data["error"]:
        return f"``{data['error']}``"
    failed, changed = data["failed"], data["changed"]
    assert isinstance(failed, list)
    assert isinstance(changed, list)
    names = [f":doc:`/{Path(name).with_suffix('')}`" for name in changed]
    return "; ".join([*names, *(f"``{name}``" for name in failed)]) or "nothing"


@dataclass(frozen=True)
class Difference:
    """A step that printed something else in containerd's store."""

    page: str
    command: str
    classic: tuple[str, ...]
    containerd: tuple[str, ...]


def _differences() -> list[str]:
    """Return the steps that printed something else in containerd's store, as a definition list."""
    if not all((KEEP / f"{store}.json").exists() for store in ("classic", "containerd")):
        return []
    found = list(differences())
    if not found:
        return ["No step printed anything else in containerd's store."]
    lines = [
        "In containerd's store these steps print something else (``-`` is the classic store, ``+``",
        "is containerd's; the order of lines, and what building an image says, are left out):",
        "",
    ]
    for each in found:
        lines += [f":doc:`/{each.page}`, ``{each.command}``", "   .. code-block:: text", ""]
        lines += [f"      - {line}".rstrip() for line in each.classic]
        lines += [f"      + {line}".rstrip() for line in each.containerd]
        lines += [""]
    return lines


def differences() -> Iterator[Difference]:
    """Yield the steps of pages whose output depends on where images are kept.

    What differs as well between two runs in the classic store is no matter of the store. Of a step
    that its page has no more, there are two runs alone: then only lines count that one store lacks.
    """
    stores = ("classic", "containerd")
    again, other = (json.loads((KEEP / f"{store}.json").read_text()) for store in stores)
    for name in sorted(other):
        here = load(RECORDS, name)
        steps = _steps(_record(other[name]))
        second = _steps(_record(again[name])) if name in again and here is not None else {}
        now = _steps(here)
        for place, step in second.items():
            if place not in steps:
                continue
            mine, theirs, mine_again = map(_told, (now.get(place, step), steps[place], step))
            if place not in now and (step.given.waits or (mine - theirs and theirs - mine)):
                continue
            # two streams that meet may leave a line's end out: then the letters are the same
            if _letters(mine) != _letters(theirs) and mine == mine_again:
                yield Difference(
                    name,
                    step.command.split("\n")[0],
                    tuple((mine - theirs).elements()),
                    tuple((theirs - mine).elements()),
                )


def _record(data: Mapping[str, object]) -> Record | None:
    """Return a record that is kept beside others."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{data['page']}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data))
        return load(Path(folder), str(data["page"]))


def _steps(record: Record | None) -> dict[tuple[str, int], StepRecord]:
    """Return the steps of a record in the first spelling, by command and how often it was typed."""
    if record is None or "v2" not in record.runs:
        return {}
    typed: Counter[str] = Counter()
    found = {}
    for item in record.runs["v2"].items:
        for step in item.steps:
            found[step.command, typed[step.command]] = step
            typed[step.command] += 1
    return found


def _letters(told: Counter[str]) -> Counter[str]:
    """Return the letters of some lines."""
    return Counter("".join(told.elements()).replace(" ", ""))


def _told(step: StepRecord) -> Counter[str]:
    """Return what a step printed, by kind and in any order, without how an image was built.

    Numbers are left out, too: of processes, of the replica that came first, of requests.
    """
    number = re.compile(r"\d[\d.]*(?:[kMG]?B\b)?")
    lines = (number.sub("<number>", by_kind(line)).strip() for line in step.output)
    return Counter(line for line in lines if line and not line.startswith("#"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
