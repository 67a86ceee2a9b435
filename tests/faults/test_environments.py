"""The environment that a conf.py asks for: made once, and changed by no page."""

import zipfile
from pathlib import Path

import pytest

from seatrial.errors import SandboxError
from seatrial.pages.settings import Settings
from seatrial.run import environments
from seatrial.transcript.blocks import Block, Page
from seatrial.trials.page import PageRun
from seatrial.trials.verdicts import Verdict, explain

pytestmark = pytest.mark.terminal


def wheel(folder: Path) -> Path:
    """Return a wheel of a package with one module, which says hello as a program too."""
    path = folder / "gust-1.0-py3-none-any.whl"
    files = {
        "gust.py": "def main(): print('hello from', __file__)\n",
        "gust-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: gust\nVersion: 1.0\n",
        "gust-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
        "gust-1.0.dist-info/entry_points.txt": "[console_scripts]\ngust = gust:main\n",
        "gust-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


@pytest.fixture(scope="module")
def requirements(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """What is installed: a wheel, and nothing that would be fetched."""
    return ("--no-index", str(wheel(tmp_path_factory.mktemp("wheel"))))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger's folder for all tests here: to make an environment takes seconds."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(autouse=True)
def cache(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEATRIAL_CACHE", str(shared))
    return shared


def passes(text: str, requirements: tuple[str, ...], said: list[str]) -> None:
    """Expect a page to pass in an environment."""
    lines = tuple(text.strip("\n").split("\n"))
    page = Page("page", "page.rst", (Block("page", "page.rst", 1, lines, "", 1),))
    folder = Path("/nonexistent")
    settings = Settings(folder, None, folder, strict=True, requirements=requirements)
    trial = PageRun(page, settings, None, say=said.append)
    try:
        result = trial.through(1)
    finally:
        trial.close()
    assert result.verdict is Verdict.PASSED, explain(result)


def test_pages_see_the_environment_that_is_asked_for_and_change_a_layer_of_it(
    requirements: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "_PATIENCE", 0.0)
    said = list[str]()
    passes(
        """
$ gust
hello from /home/you/venv/lib/.../site-packages/gust.py
$ python3 -c 'import docutils'
...
ModuleNotFoundError: No module named 'docutils'
[1]
$ pip uninstall --yes gust
...
Not uninstalling gust at ..., outside environment /home/you/venv
...
$ echo 'def main(): print("other")' > "$(python3 -c 'import sysconfig; print(
>     sysconfig.get_path("purelib"))')/gust.py"
$ gust
other
""",
        requirements,
        said,
    )
    assert set(said) == {"seatrial: making the environment of the pages, which is done once"}
    said.clear()
    passes("$ gust\nhello from ...", requirements, said)
    assert said == []


def test_an_environment_that_was_not_finished_is_made_again(
    requirements: tuple[str, ...], cache: Path
) -> None:
    first = environments.built(requirements, print)
    (first.programs.parent / "whole").unlink()
    (first.programs / "gust").unlink()
    assert environments.built(requirements, print) == first
    assert (first.programs / "gust").exists()
    Path(requirements[-1]).write_bytes(b"other")
    with pytest.raises(SandboxError, match="cannot be made"):
        environments.built(requirements, print)
    assert len(list((cache / "environments").glob("*/"))) == 1
