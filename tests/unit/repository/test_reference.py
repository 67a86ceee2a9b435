"""The reference names all that can be set: nothing that exists is missing from it."""

import re
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from seatrial.sphinx_ext import DIRECTIVES

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = (ROOT / "reference/settings.rst").read_text()
SYNTAX = (ROOT / "reference/console-syntax.rst").read_text()
ALL = SETTINGS + SYNTAX + (ROOT / "reference/errors.rst").read_text()


def missing(names: set[str], text: str) -> list[str]:
    assert names
    return sorted(name for name in names if name not in text)


def test_every_target_of_make_is_there() -> None:
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert missing({f"make {target}" for target in targets} - {"make help"}, SETTINGS) == []


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Sphinx:
    folder = tmp_path_factory.mktemp("app")
    (folder / "conf.py").write_text('extensions = ["seatrial.sphinx_ext"]\n')
    (folder / "index.rst").write_text("A\n=\n")
    with patch_docutils(folder), docutils_namespace():
        return Sphinx(folder, folder, folder / "out", folder / "doctrees", "dummy", status=None)


def test_every_setting_of_conf_py_is_there(app: Sphinx) -> None:
    names = {value.name for value in app.config if value.name.startswith("seatrial_")}
    assert missing({f".. confval:: {name}\n" for name in names}, SETTINGS) == []


def test_every_option_of_pytest_is_there() -> None:
    source = (ROOT / "src/seatrial/pytest_plugin/__init__.py").read_text()
    assert missing(set(re.findall(r'addoption\(\s*"(--[\w-]+)', source)), SETTINGS) == []


def test_every_variable_that_is_read_is_there() -> None:
    source = "".join(path.read_text() for path in (ROOT / "src/seatrial").rglob("*.py"))
    names = set(re.findall(r"[\"'](SEATRIAL_[A-Z0-9_]+)[\"']", source))
    assert missing(names, ALL) == []


def test_every_option_of_a_directive_is_there() -> None:
    options = {name for each in DIRECTIVES.values() for name in each.option_spec or ()}
    assert {"terminal", "not-run", "row", "varies", "corner"} <= options
    assert missing({f":{option}:" for option in options}, SYNTAX) == []


def test_every_command_is_there() -> None:
    source = (ROOT / "src/seatrial/__main__.py").read_text()
    words = set(re.findall(r'add_parser\(\s*"([a-z]+)"', source))
    words |= set(re.findall(r'add_argument\("(--[a-z-]+)"', source))
    assert {"sweep", "install", "--prefix"} <= words
    assert missing(words, SETTINGS) == []
