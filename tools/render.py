"""Render the site into _build/html, and only where something has changed.

Importing Sphinx takes two seconds, so it is not asked where nothing is newer than the last build
without a warning.  Two things it does not know by itself: a page that was half written when it was
killed looks to it like one that is done, and our own code makes its pages too.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What makes pages beside Sphinx: where a file of it is newer, all are made again.
PAGE_MAKERS = (
    *("Makefile", "tools/render.py", "conf.py", "src", "_templates"),
    *("tools/navigation.py", "tools/repository.py", "tools/tutorial.py"),
)
# What lies in the tree and is no part of the site.
NO_PART = frozenset({"_build", "tests", "__pycache__"})


@dataclass(frozen=True)
class Build:
    """The last build of a site, as its files in `_build` tell of it."""

    root: Path
    address: str
    """Where the site is to be published, and where its repository is, or ''."""

    @property
    def folder(self) -> Path:
        """Return where all is that a build leaves."""
        return self.root / "_build"

    @property
    def done(self) -> Path:
        """Return what is written after a build without a warning."""
        return self.folder / "built"

    @property
    def incomplete(self) -> Path:
        """Return what is written before a build, and stays where that was interrupted."""
        return self.folder / "incomplete"

    @property
    def warnings(self) -> Path:
        """Return what Sphinx writes warnings into, as old as its last start."""
        return self.folder / "warnings"

    @property
    def html(self) -> Path:
        """Return where the pages are."""
        return self.folder / "html"

    def is_current(self) -> bool:
        """Tell whether the site is there, for this address, and nothing is newer than it."""
        if not self.done.exists() or self.done.read_text() != self._stamp:
            return False
        if not (self.html / "index.html").exists():
            return False
        shown = (path for path in self.root.iterdir() if not path.name.startswith("."))
        installed = (self.root / ".venv").glob("installed-*")
        return not any(_newer(_below([*shown, *installed]), self.done))

    def begin(self) -> None:
        """Remove what must not be built upon, and note that a build has begun."""
        self.folder.mkdir(exist_ok=True)
        makers = (self.root / name for name in PAGE_MAKERS)
        files = (path for path in _below(makers) if path.is_file())
        if self.warnings.exists() and any(_newer(files, self.warnings)):
            shutil.rmtree(self.html, ignore_errors=True)
            shutil.rmtree(self.folder / "doctrees", ignore_errors=True)
        if self.incomplete.exists():
            shutil.rmtree(self.html, ignore_errors=True)
        self.done.unlink(missing_ok=True)
        self.incomplete.write_text(self._stamp)

    def end(self) -> None:
        """Note that a build has ended; one with warnings has to be made, and told of, again."""
        if self.warnings.read_text():
            self.incomplete.unlink()
        else:
            self.incomplete.replace(self.done)

    @property
    def _stamp(self) -> str:
        return f"built {self.address}\n"


def _below(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files and folders, and all that is in these."""
    for path in paths:
        if path.name in NO_PART or not (path.exists() or path.is_symlink()):
            continue
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _below(path.iterdir())


def _newer(paths: Iterable[Path], than: Path) -> Iterator[Path]:
    """Yield what was changed after something else was."""
    moment = than.stat().st_mtime_ns
    return (path for path in paths if path.lstat().st_mtime_ns > moment)


def sphinx(*more: str) -> int:
    """Let Sphinx make the pages, and return its exit status."""
    python = str(ROOT / ".venv/bin/python")
    command = [python, "-m", "sphinx", "-b", "html", "-n", "-q", "-w", "_build/warnings", *more]
    return subprocess.run([*command, ".", "_build/html"], cwd=ROOT).returncode


def main(arguments: list[str]) -> int:
    """Render the site, or all of it with warnings as errors where `--strict` says so."""
    if arguments not in ([], ["--strict"]):
        sys.exit("usage: python3 tools/render.py [--strict]")
    addresses = [os.environ.get(name, "") for name in ("SITE_URL", "REPOSITORY_URL")]
    # a site offers the book that there is
    books = [path.name for path in (ROOT / "_build/epub").glob("*.epub")]
    build = Build(ROOT, " ".join(filter(None, [*addresses, *books])))
    if not arguments and build.is_current():
        return 0
    build.begin()
    strict = ["-W", "--keep-going", "-E", "-a", "-d", "_build/strict"]
    status = sphinx(*(strict if arguments else ["-d", "_build/doctrees"]))
    if status == 0:
        build.end()
    return status


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
