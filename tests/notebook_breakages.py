"""Break the tutorial or the sample project, one thing at a time, and see the right cell fail.

Run it by hand, with an engine in the environment: ``python tests/notebook_breakages.py``, or with
names of some.
Each breakage is made in a private copy of the site; the check of that copy must fail, at the cell
that the breakage falsifies.  Exit status 1 where one went unnoticed.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPIED = (
    *("conf.py", "index.rst", "pyproject.toml", "tools"),
    *("_static", "_templates", "notebooks", "example"),
)


@dataclass(frozen=True)
class Breakage:
    """One thing broken, and the cell whose failure shows it."""

    name: str
    notebook: str
    file: str
    old: str
    # as the file has it: in a notebook, as JSON
    new: str
    cell: str
    # part of the source of the cell that fails


def cell(name: str, notebook: str, old: str, new: str, cell: str) -> Breakage:
    """Return a breakage of a notebook itself."""
    return Breakage(name, notebook, f"notebooks/{notebook}.ipynb", old, new, cell)


def sample(name: str, notebook: str, file: str, old: str, new: str, cell: str) -> Breakage:
    """Return a breakage of the sample project."""
    return Breakage(name, notebook, f"example/{file}", old, new, cell)


COMPOSE = "docker-compose.yml"
BREAKAGES = (
    # notebooks: what a writer gets wrong
    cell(
        "an-output-by-one-character",
        "first-steps",
        "<h1>Guestbook</h1>",
        "<h1>Guestbooks</h1>",
        'grep -o "<h1>',
    ),
    cell(
        "a-command-misspelt",
        "first-steps",
        '"docker compose exec web whoami"',
        '"docker compose exec web whoamy"',
        "whoamy",
    ),
    cell(
        "a-place-that-is-not-where-it-ran",
        "first-steps",
        '"name": "example-web-1"',
        '"name": "example-db-1"',
        "exec web whoami",
    ),
    cell(
        "a-cell-in-the-wrong-program",
        "what-are-you-looking-at",
        '"exit()"',
        '"served.value"',
        "served.value",
    ),
    cell(
        "exec-for-run",
        "what-are-you-looking-at",
        '"docker compose run web python manage.py shell"',
        '"docker compose exec web python manage.py shell"',
        "docker compose exec web python manage.py shell",
    ),
    cell(
        "an-answer-forgotten",
        "what-are-you-looking-at",
        '"docker compose exec web touch /tmp/found"',
        '"true"',
        "true",
    ),
    cell(
        "an-answer-that-is-wrong",
        "what-are-you-looking-at",
        '"docker compose exec web touch /tmp/found"',
        '"docker compose run --rm web touch /tmp/found"',
        "docker compose run --rm web touch /tmp/found",
    ),
    cell(
        "a-statement-without-its-end",
        "talking-to-the-database",
        '"from guestbook_entry;"',
        '"from guestbook_entry"',
        "from guestbook_entry",
    ),
    cell(
        "a-failure-that-is-no-longer-allowed",
        "talking-to-the-database",
        '"raises-exception"',
        '"varies"',
        "docker run --rm postgres:17 pg_isready",
    ),
    cell(
        "a-file-that-is-not-written",
        "restart-or-rebuild",
        '"GUESTBOOK_TITLE=Guests"',
        '"GUESTBOOK_TITLE=Guestbook"',
        "GUESTBOOK_TITLE",
    ),
    cell(
        "a-fragment-that-replaces-nothing",
        "restart-or-rebuild",
        '":was: GUESTBOOK_TITLE=Guestbook\\n"',
        '":was: GUESTBOOK_TITLE=Guestbooks\\n"',
        "%%edit .env-local",
    ),
    cell(
        "a-backup-that-is-not-restored",
        "what-survives",
        "ON_ERROR_STOP=1 db < backup.sql\\n",
        "ON_ERROR_STOP=1 db < /dev/null\\n",
        "ON_ERROR_STOP=1",
    ),
    # the sample project: what changes under a notebook
    sample(
        "a-volume-removed",
        "what-survives",
        COMPOSE,
        "    volumes:\n      - db-data:/var/lib/postgresql/data\n",
        "",
        "docker compose up -d",
    ),
    sample(
        "another-port",
        "first-steps",
        COMPOSE,
        "127.0.0.1:8000:8000",
        "127.0.0.1:8001:8000",
        "docker compose ps",
    ),
    sample(
        "a-service-renamed",
        "first-steps",
        COMPOSE,
        "\n  media:\n    image",
        "\n  storage:\n    image",
        "docker compose config --services",
    ),
    sample(
        "a-photo-in-the-container",
        "files-that-vanish",
        "config/settings.py",
        "storages.backends.s3.S3Storage",
        "django.core.files.storage.FileSystemStorage",
        "default_storage.save",
    ),
    sample(
        "another-user-in-the-image",
        "first-steps",
        "Dockerfile",
        "USER app",
        "USER root",
        "exec web whoami",
    ),
    sample(
        "a-page-that-no-longer-fails",
        "many-containers",
        "guestbook/views.py",
        'raise RuntimeError("This page fails on purpose.")',
        'return HttpResponse("fine")',
        "/fail",
    ),
    sample(
        "no-alias-for-the-database",
        "talking-to-the-database",
        COMPOSE,
        "          - postgres\n",
        "          - pg\n",
        "psql -h postgres",
    ),
)


def run(breakage: Breakage) -> str:
    """Break one thing in a copy and check it; return what is wrong, nothing where it was caught."""
    with tempfile.TemporaryDirectory(prefix="broken-") as folder:
        site = Path(folder)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
                shutil.copytree(source, site / name, ignore=ignored)
            else:
                shutil.copy(source, site / name)
        path = site / breakage.file
        text = path.read_text()
        if breakage.old not in text:
            return f"{breakage.file} has no {breakage.old!r} to break"
        path.write_text(text.replace(breakage.old, breakage.new, 1))
        notebook = f"notebooks/{breakage.notebook}.ipynb"
        command = [sys.executable, "-m", "pytest", "-q", "-x", "--require-docker"]
        done = subprocess.run(
            [*command, "--compose", "v2", "-p", "no:cacheprovider", notebook],
            cwd=site,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 1:
        return f"pytest ended with {done.returncode}, not 1:\n{done.stdout[-2000:]}{done.stderr}"
    failure = re.search(
        rf"{breakage.notebook}\.ipynb: cell \d+ .*\n(?P<source>(?:  .*\n)+)", done.stdout
    )
    if failure is None:
        return f"no cell is named:\n{done.stdout[-2000:]}"
    if breakage.cell not in failure["source"]:
        return f"another cell failed than expected:\n{failure.group()}"
    print("      ", failure.group().partition("\n")[0])
    return ""


def main() -> int:
    """Run the breakages that were named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = [b.name for b in BREAKAGES]
    parser.add_argument(
        "names", nargs="*", choices=[*known, []], metavar="NAME", help="those to try"
    )
    wanted = parser.parse_args().names
    failed = 0
    chosen = [b for b in BREAKAGES if not wanted or b.name in wanted]
    for breakage in chosen:
        start = time.monotonic()
        trouble = run(breakage)
        failed += bool(trouble)
        verdict = f"MISSED {breakage.name}: {trouble}" if trouble else f"caught {breakage.name}"
        print(f"{verdict} ({time.monotonic() - start:.0f} s)", flush=True)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
