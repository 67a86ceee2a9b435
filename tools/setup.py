"""Make what a target needs and this machine lacks: Python packages in .venv, and small programs."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# one lock and one cache folder serve both, and both run before anything is installed
sys.path.insert(0, str(ROOT / "engine"))

from report import cache_folder, locked  # noqa: E402

# Where each group is installed.  JupyterLab lives apart: beside it, importing what renders the site
# takes three times as long.
GROUPS = {"site": ".venv", "watch": ".venv", "test": ".venv", "bench": ".venv", "lab": ".venv-lab"}

# What `make epub CHECK=1` checks a book with.
EPUBCHECK = "epubcheck"

# What the browser tests open pages in. What pages themselves call, `engine/` installs. The first is
# Chromium without what draws windows: with it, the tests take two thirds of the time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def say(message: str) -> None:
    """Print one line of progress at once, also where the output is a file."""
    print(message, flush=True)


def run(*command: str | Path, settings: dict[str, str] | None = None) -> None:
    """Run `command`, showing only its errors; end with one sentence where it fails."""
    finished = subprocess.run(
        [str(part) for part in command], env=settings, stdout=subprocess.DEVNULL
    )
    if finished.returncode:
        line = " ".join(str(part) for part in command)
        sys.exit(f"setup: `{line}` ended with {finished.returncode}; what it said is above")


def place(group: str) -> Path:
    """Return the virtual environment of a group."""
    return ROOT / GROUPS[group]


def incomplete(venv: Path) -> Path:
    """Return what is written before the first change to an environment and removed after the last.

    Where it is found, an earlier run was interrupted, and nothing in there can be trusted.
    """
    return venv / "incomplete"


def digest(group: str) -> str:
    """Sum up what an installed `group` depends on: lock, package, Python and place."""
    state = hashlib.sha256()
    for name in ("uv", group):
        state.update((ROOT / f"requirements/{name}.txt").read_bytes())
    package, _, _ = (ROOT / "pyproject.toml").read_text().partition("[dependency-groups]")
    state.update(package.encode())
    # Scripts in .venv/bin name their interpreter by an absolute path, which ends with a move.
    state.update(f"{sys.version} {sys.base_prefix} {ROOT}".encode())
    return state.hexdigest()


def installed(group: str) -> bool:
    """Whether its environment is whole and up to date for `group`."""
    venv = place(group)
    if incomplete(venv).exists():
        return False
    # each group of .venv holds all of those before it: the larger serves where a smaller is asked
    names = [name for name in GROUPS if GROUPS[name] == GROUPS[group]]
    for larger in names[names.index(group) :]:
        stamp = venv / f"installed-{larger}"
        if stamp.exists() and stamp.read_text() == digest(larger):
            return True
    return False


def packages_from_debian(names: list[str], *, purpose: str) -> None:
    """Install Debian's packages `names`, or say in one sentence who should."""
    wanted = " ".join(names)
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        ask = f"type `sudo apt-get install {wanted}`" if apt else f"install {wanted}"
        sys.exit(
            f"setup: {purpose} needs {wanted}, which this machine lacks; {ask}, then try again"
        )
    say(f"setup: installing {wanted} with apt-get, for {purpose}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [apt, "-o", "DPkg::Lock::Timeout=300", "-qq", "install", "-y"]
    install += ["--no-install-recommends", *names]
    listed = any(Path("/var/lib/apt/lists").glob("*Packages*"))
    if not listed or subprocess.run(install, env=quiet, stdout=subprocess.DEVNULL).returncode:
        # Apt's lists are old or missing, or an earlier install was interrupted.
        say("setup: refreshing apt's lists first")
        run("dpkg", "--configure", "-a", settings=quiet)
        run(apt, "-o", "DPkg::Lock::Timeout=300", "-qq", "update", settings=quiet)
        run(*install, settings=quiet)


def browser() -> None:
    """Have a browser for the tests: the quickest where Debian has it and we may install it."""
    quickest, *others = BROWSERS
    if shutil.which(quickest):
        return
    may = os.geteuid() == 0 and shutil.which("apt-cache") is not None
    offered = (
        may and not subprocess.run(["apt-cache", "show", quickest], capture_output=True).returncode
    )
    if offered or not any(map(shutil.which, others)):
        wanted = quickest if offered else others[0]
        packages_from_debian([wanted], purpose="opening the site in a browser")


def settings_for_uv(python: Path, cache: Path) -> dict[str, str]:
    """Give uv a cache of ours, and the index and certificates that pip is set up with."""
    settings = {"UV_HTTP_TIMEOUT": "120", **os.environ, "UV_CACHE_DIR": str(cache / "uv")}
    for setting, variable in (("index-url", "UV_DEFAULT_INDEX"), ("cert", "SSL_CERT_FILE")):
        asked = subprocess.run(
            [python, "-m", "pip", "config", "get", f"global.{setting}"],
            capture_output=True,
            text=True,
        )
        if asked.returncode == 0:
            settings.setdefault(variable, asked.stdout.strip())
    return settings


def made_here(venv: Path) -> bool:
    """Whether an environment was made where it lies, and not moved or copied here with the clone.

    The programs of one that was moved name the Python of where it was made, and with it the sources
    of that other clone.
    """
    settings = venv / "pyvenv.cfg"
    return settings.exists() and f" {venv}\n" in settings.read_text()


def install(group: str) -> None:
    """Bring an environment to what `requirements/<group>.txt` says, from nothing if not whole."""
    venv = place(group)
    python, mark = venv / "bin" / "python", incomplete(venv)
    if importlib.util.find_spec("ensurepip") is None:
        packages_from_debian(["python3-venv"], purpose="a virtual environment")
    trusted = not mark.exists() and python.exists() and any(venv.glob("installed-*"))
    if not trusted or not made_here(venv):
        shutil.rmtree(venv, ignore_errors=True)
    fresh = not venv.exists()
    venv.mkdir(exist_ok=True)
    mark.touch()
    # What was there for a larger group stays: `make site` takes nothing from who runs tests.
    there = [name for name in GROUPS if (venv / f"installed-{name}").exists()]
    group = max([group, *there], key=list(GROUPS).index)
    for stamp in venv.glob("installed-*"):
        stamp.unlink()
    if fresh:
        say(f"setup: making {venv.name}")
        run(sys.executable, "-m", "venv", venv)
    pip: list[str | Path] = [python, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    run(*pip, "install", "--require-hashes", "-r", ROOT / "requirements/uv.txt")
    say(f"setup: installing requirements/{group}.txt into {venv.name}")
    settings = settings_for_uv(python, cache_folder())
    uv: list[str | Path] = [venv / "bin/uv", "--no-config", "--no-python-downloads", "--quiet"]
    # Compiled now, or every first import pays: builds took three times as long without.
    sync: list[str | Path] = ["pip", "sync", "--require-hashes", "--compile-bytecode"]
    run(*uv, *sync, "--python", python, ROOT / f"requirements/{group}.txt", settings=settings)
    this: list[str | Path] = ["pip", "install", "--no-deps", "--no-build-isolation"]
    run(*uv, *this, "--python", python, "--editable", ROOT, settings=settings)
    (venv / f"installed-{group}").write_text(digest(group))
    mark.unlink()


def main() -> None:
    """Set up the group that the command line names."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file has to say so itself
        version = ".".join(map(str, sys.version_info[:2]))
        sys.exit(
            f"setup: {sys.executable} is Python {version}, and 3.11 or later is needed;"
            " type `make PYTHON=python3.13 ...` if you have another"
        )
    if len(sys.argv) != 2 or sys.argv[1] not in (*GROUPS, EPUBCHECK):
        sys.exit(f"usage: python3 tools/setup.py {'|'.join([*GROUPS, EPUBCHECK])}")
    group = sys.argv[1]
    if group == EPUBCHECK:
        if shutil.which(EPUBCHECK) is None:
            packages_from_debian([EPUBCHECK], purpose="checking the EPUB")
        return
    # two makes at once take turns: in one clone alone, whose file this is
    with locked(Path(__file__), lambda line: say(f"setup: {line}")):
        if not installed(group):
            install(group)
        if group in ("test", "bench"):
            browser()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("setup: interrupted; the same command again goes on")
