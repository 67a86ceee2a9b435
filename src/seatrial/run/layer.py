"""A virtual environment of a sandbox's own: what pages install is there, and nothing else changes.

It lies above another environment, that of pytest mostly: its packages are found, its programs run,
and pip takes them for somebody else's.
"""

from __future__ import annotations

import importlib.util
import os
import re
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: What a virtual environment is made from, also where this process runs in one
PYTHON = Path(getattr(sys, "_base_executable", sys.executable))
# the Python that a script names in its first line, or in its second where the path is long
_INTERPRETER = re.compile(
    rb"^(?:#![ ]*|\'\'\'exec\' \"?)((/[^\"'\n]*)/(?:python|pypy)[\w.]*)", re.MULTILINE
)
_PIP = """\
#!{python}
import sys
from pip._internal.cli.main import main
sys.exit(main())
"""


@dataclass(frozen=True)
class Environment:
    """An environment of Python that a layer may lie above."""

    programs: Path
    # folder of its scripts
    packages: tuple[str, ...]
    # folders in which its packages are found
    own: bool
    # a virtual environment, in which everything may be run; no system's, whose rest stays as it is
    pip: bool = True
    # whether it has one


def running() -> Environment:
    """Return the environment that this process runs in."""
    packages = [*site.getsitepackages()]
    if site.ENABLE_USER_SITE and site.USER_SITE:
        packages.append(site.USER_SITE)
    return Environment(
        Path(sysconfig.get_path("scripts")),
        tuple(packages),
        own=sys.prefix != sys.base_prefix,
        pip=importlib.util.find_spec("pip") is not None,
    )


def made(folder: Path) -> Environment:
    """Return the virtual environment in a folder, of the same Python as this process."""
    return Environment(folder / "bin", (str(_packages(folder)),), own=True)


def make(folder: Path, beneath: Environment) -> None:
    """Make a layer in a folder that is not there yet."""
    packages = _packages(folder)
    programs = folder / "bin"
    packages.mkdir(parents=True)
    programs.mkdir()
    # as in the environment beneath: of a system's Python pip may install for the user
    shared = "false" if beneath.own else "true"
    (folder / "pyvenv.cfg").write_text(
        f"home = {PYTHON.parent}\ninclude-system-site-packages = {shared}\n", encoding="utf-8"
    )
    # by a call, or what is installed there in editable form would not be found
    lines = [f"import site; site.addsitedir({folder!r})\n" for folder in beneath.packages]
    (packages / "beneath.pth").write_text("".join(lines), encoding="utf-8")
    for name in {"python", "python3", *_pythons(beneath.programs)}:
        (programs / name).symlink_to(PYTHON)
    if beneath.pip:
        for name in ("pip", "pip3"):
            _write(programs / name, _PIP.format(python=programs / "python").encode())
    for program in _entries(beneath.programs):
        _add(program, programs, beneath)


def _packages(folder: Path) -> Path:
    """Return where packages are in a virtual environment."""
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))


def _entries(programs: Path) -> list[Path]:
    return sorted(programs.iterdir()) if programs.is_dir() else []


def _pythons(programs: Path) -> Iterator[str]:
    """Yield the names under which a folder has this process's Python."""
    base = PYTHON.resolve()
    for entry in _entries(programs):
        if entry.name.startswith(("python", "pypy")) and entry.resolve() == base:
            yield entry.name


def _add(program: Path, programs: Path, beneath: Environment) -> None:
    """Add a program of the environment beneath to a layer's own."""
    new = programs / program.name
    if new.is_symlink() or new.exists() or not program.is_file():
        return
    with program.open("rb") as file:
        head = b"\n".join(file.read(4096).split(b"\n", 2)[:2])
    found = _INTERPRETER.search(head) if head.startswith(b"#!") else None
    if found and _same(Path(os.fsdecode(found[2])), beneath.programs):
        python = os.fsencode(programs / "python")
        _write(new, program.read_bytes().replace(found[1], python, 1))
    elif beneath.own and not program.name.startswith(("activate", "Activate")):
        new.symlink_to(program)


def _same(one: Path, other: Path) -> bool:
    return one == other or one.resolve() == other.resolve()


def _write(script: Path, text: bytes) -> None:
    script.write_bytes(text)
    script.chmod(0o755)


def search_path(path: str, first: Iterable[Path]) -> str:
    """Return a PATH that begins with some folders and leaves virtual environments of ours out."""
    own = {os.environ.get("VIRTUAL_ENV", "")}
    if sys.prefix != sys.base_prefix:
        own.add(sys.prefix)
    places = [Path(folder).resolve() for folder in own if folder]
    kept = [
        folder
        for folder in path.split(os.pathsep)
        if not any(Path(folder).resolve().is_relative_to(place) for place in places)
    ]
    return os.pathsep.join([*map(str, first), *kept])


def neutral(venv: str, python: str = "/usr") -> dict[str, str]:
    """Return what to show in place of the paths of this machine's Python.

    `venv` is shown for the virtual environment that this process runs in, `python` for a Python
    that somebody installed below their home.
    """
    shown: dict[str, str] = {}
    if sys.prefix != sys.base_prefix:
        shown |= {sys.prefix: venv, str(Path(sys.prefix).resolve()): venv}
    for base in (sys.base_prefix, str(Path(sys.base_prefix).resolve())):
        if re.match(r"/(?:root|(?:home|Users)/[^/]+)/", base):
            shown[base] = python
    return shown
