"""Another project takes the package up: a wheel, a line of conf.py, one of pytest.ini, a target."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.terminal

ROOT = Path(__file__).parents[2]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "src")

CONF = 'extensions = ["seatrial.sphinx_ext"]\n'
PYTEST_INI = "[pytest]\nseatrial = docs\n"
MAKEFILE = "check:\n\tpython -m pytest -v -p no:cacheprovider $(ARGUMENTS)\n"

RST = """\
Using the shell
===============

As they had it before they knew of us:

.. code-block:: console

   $ echo hello from the shell
   hello from the shell
   $ ls /no/such/folder
   ls: ...
   [2]

.. code-block:: python

   this_is("no transcript")

Python
------

.. code-block:: console

   $ python3 -q
   >>> import sys
   >>> sys.version_info.major
   3

Some words between.

.. code-block:: pycon

   >>> exit()
"""

MYST = """\
# Installing

```console
$ python3 -c 'print("hello from Markdown")'
hello from Markdown
```
"""

README = """\
# A tool

```bash
# make a folder, and go there
mkdir -p work && cd work

cat > settings.ini <<EOF
[tool]
EOF
test -s settings.ini
```
"""


@dataclass(frozen=True)
class Project:
    """A foreign documentation project."""

    folder: Path
    path: str
    # where Python finds the package that was installed

    @property
    def docs(self) -> Path:
        """Return the source directory."""
        return self.folder / "docs"

    def call(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the project, with this Python first on the path."""
        own = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**own, "PYTHONPATH": self.path, "PATH": path, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def check(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `make check`."""
        return self.call("make", "-s", "check", ARGUMENTS=" ".join(arguments))

    def build(self) -> subprocess.CompletedProcess[str]:
        """Render the site, with warnings as errors."""
        return self.call(
            *("sphinx-build", "-n", "-W", "--keep-going", "-q", "docs", "docs/_build/html")
        )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the sources without network."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
            )
        else:
            shutil.copy(ROOT / name, copy / name)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "built"],
        cwd=copy,
        check=True,
        capture_output=True,
    )
    (built,) = (copy / "built").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel is installed into."""
    target = tmp_path_factory.mktemp("site-packages")
    command = [sys.executable, "-m", "pip", "--isolated", "install", "--no-deps", "--no-index"]
    command += ["--no-compile", "--disable-pip-version-check", "--root-user-action=ignore"]
    subprocess.run([*command, "--target", str(target), str(wheel)], check=True, capture_output=True)
    return target


@pytest.fixture
def project(tmp_path: Path, installed: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project, as somebody writes it who has read the first page of our manual."""
    monkeypatch.setenv("SEATRIAL_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "theirs"
    docs = folder / "docs"
    (docs / "how-to").mkdir(parents=True)
    (docs / "conf.py").write_text(CONF)
    (folder / "pytest.ini").write_text(PYTEST_INI)
    (folder / "Makefile").write_text(MAKEFILE)
    toctree = "\n.. toctree::\n   :glob:\n\n   how-to/*\n"
    (docs / "index.rst").write_text(f"Theirs\n======\n{toctree}")
    (docs / "how-to" / "shell.rst").write_text(RST)
    return Project(folder, str(installed))


def with_markdown(project: Project) -> None:
    """Give the project pages in Markdown, and a README whose commands have no prompts."""
    (project.docs / "conf.py").write_text(
        'extensions = ["seatrial.sphinx_ext", "myst_parser"]\nseatrial_plain_shell_blocks = True\n'
    )
    (project.docs / "how-to" / "install.md").write_text(MYST)
    (project.docs / "how-to" / "readme.md").write_text(README)


def verdicts(text: str) -> list[str]:
    """Return the items and their verdicts, in order."""
    return re.findall(r"^(\S+::\S+ [A-Z]+)", text, flags=re.MULTILINE)


def test_the_wheel_holds_all_that_the_package_needs(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = {
        f"seatrial/{path.relative_to(ROOT / 'src/seatrial').as_posix()}"
        for path in (ROOT / "src/seatrial").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources <= names
    assert {"seatrial/py.typed", "seatrial/static/seatrial.css"} <= names
    assert {name.split("/")[0] for name in names} == {"seatrial", "seatrial-0.1.0.dist-info"}


def test_the_package_that_was_installed_is_the_one_under_test(project: Project) -> None:
    program = "import seatrial.pytest_plugin as p; print(p.__file__)"
    done = project.call(sys.executable, "-c", program)
    assert done.stdout.strip() == f"{project.path}/seatrial/pytest_plugin/__init__.py", done.stderr
    done = project.call(sys.executable, "-m", "seatrial", "--version")
    assert done.stdout == "seatrial 0.1.0\n"


def test_a_project_with_plain_code_blocks_changes_two_lines_and_has_them_run(
    project: Project,
) -> None:
    done = project.check()
    assert done.returncode == 0, done.stdout + done.stderr
    assert verdicts(done.stdout) == [
        "docs/how-to/shell.rst::v2::using-the-shell-1 PASSED",
        "docs/how-to/shell.rst::v2::python-1 PASSED",
        "docs/how-to/shell.rst::v2::python-2 PASSED",
    ]
    assert "seatrial: ran 3 blocks with 6 steps" in done.stdout


def test_markdown_and_commands_without_prompts_are_run_as_well(project: Project) -> None:
    with_markdown(project)
    done = project.check()
    assert done.returncode == 0, done.stdout + done.stderr
    assert verdicts(done.stdout)[:2] == [
        "docs/how-to/install.md::v2::installing-1 PASSED",
        "docs/how-to/readme.md::v2::a-tool-1 PASSED",
    ]
    broken = README.replace("test -s settings.ini", "test -s settings.cfg")
    (project.docs / "how-to" / "readme.md").write_text(broken)
    done = project.check("docs/how-to/readme.md")
    assert done.returncode == 2
    assert "`test -s settings.cfg` ended with exit status 1, promised is 0" in done.stdout


@pytest.mark.parametrize(
    ("right", "wrong", "step"),
    [
        ("   hello from the shell\n", "   hello from the shall\n", "$ echo hello"),
        ("   [2]\n", "", "$ ls /no"),
        ("$ python3 -q", "$ pyton3 -q", "$ pyton3"),
        ("   >>> exit()", "   >>> exit(1)", ">>> exit"),
    ],
)
def test_a_page_that_stops_telling_the_truth_fails(
    project: Project, right: str, wrong: str, step: str
) -> None:
    page = project.docs / "how-to" / "shell.rst"
    assert page.read_text().count(right) == 1
    page.write_text(page.read_text().replace(right, wrong))
    lines = page.read_text().splitlines()
    line = next(n for n, text in enumerate(lines, start=1) if text.strip().startswith(step))
    done = project.check()
    assert done.returncode == 2
    assert f"\nhow-to/shell.rst:{line}: `{step.split(' ', 1)[1]}" in done.stdout


def test_the_site_says_that_nothing_has_run_and_after_recording_that_it_has(
    project: Project,
) -> None:
    done = project.build()
    assert done.returncode == 1
    assert "has run yet" in done.stderr
    assert project.check("--seatrial-record").returncode == 0
    done = project.build()
    assert done.returncode == 0, done.stderr
    html = (project.docs / "_build/html/how-to/shell.html").read_text()
    assert "hello from the shell" in html
    assert re.search(r'href="[./]*_static/seatrial\.css', html)
    assert (project.docs / "_build/html/_static/seatrial.css").is_file()
    page = project.docs / "how-to" / "shell.rst"
    page.write_text(page.read_text().replace("hello from", "greetings from"))
    done = project.build()
    assert done.returncode == 1
    assert "shell.rst" in done.stderr


def test_another_builder_shows_the_blocks_too(project: Project) -> None:
    done = project.call("sphinx-build", "-W", "-q", "-b", "text", "docs", "docs/_build/text")
    assert done.returncode == 0, done.stderr
    text = (project.docs / "_build/text/how-to/shell.txt").read_text()
    assert "$ echo hello from the shell\n   hello from the shell" in text


# --- with Docker ----------------------------------------------------------------------------------

COMPOSE = """\
services:
  app:
    image: python:3.13-slim
    init: true
    environment:
      TERM: dumb
      PYTHON_BASIC_REPL: "1"
"""

DOCKER_PAGE = """\
Containers
==========

.. console::

   $ docker compose run --rm app sh
   ...
   # echo in the container
   in the container
   # printf 'no end of line'
   no end of line
   # python3 -q
   >>> import os
   >>> sum(range(4))
   6
   >>> 42
   42
   >>> for word in ("a", "b"):
   ...     print(word)
   ...
   a
   b
   >>> os.path.exists("/.dockerenv")
   True
   >>> exit()
   # exit 3
   [3]
   $ docker compose run --rm app python3 -c 'print("one command")'
   ...
   one command

.. claim:: What Compose started is gone.

   $ docker compose ps --all --quiet
"""


def leftovers(commands: Sequence[Sequence[str]]) -> str:
    """Return what these commands list."""
    return "".join(
        subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for command in commands
    )


@pytest.mark.engine
@pytest.mark.usefixtures("docker_engine")
def test_a_project_with_a_compose_file_of_its_own_runs_it_and_leaves_nothing(
    project: Project,
) -> None:
    sample = project.docs / "adopter"
    sample.mkdir()
    (sample / "docker-compose.yml").write_text(COMPOSE)
    with (project.docs / "conf.py").open("a") as conf:
        conf.write('seatrial_project = "adopter"\nexclude_patterns = ["adopter"]\n')
    (project.docs / "how-to" / "docker.rst").write_text(DOCKER_PAGE)
    done = project.check("--require-docker", "docs/how-to/docker.rst")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "seatrial: ran 2 blocks with 13 steps; 1 claim proved" in done.stdout
    mine = ["--filter", "label=com.docker.compose.project=adopter", "--quiet"]
    assert (
        leftovers(
            [
                ["docker", "ps", "--all", *mine],
                ["docker", "network", "ls", *mine],
                ["docker", "volume", "ls", *mine],
            ]
        )
        == ""
    )
    wrong = DOCKER_PAGE.replace("   6\n", "   7\n")
    (project.docs / "how-to" / "docker.rst").write_text(wrong)
    done = project.check("--require-docker", "docs/how-to/docker.rst")
    assert done.returncode == 2
    assert "how-to/docker.rst:14: `sum(range(4))` gave something else" in done.stdout
