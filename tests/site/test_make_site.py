"""`make site` with nothing changed asks Sphinx nothing, and with anything changed it does."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONF = "exclude_patterns = ['.venv', '_build', 'README.md']\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small project with this one's Makefile, its tool and packages, and its site."""
    tree = tmp_path_factory.mktemp("small")
    shutil.copy(ROOT / "Makefile", tree)
    (tree / "tools").mkdir()
    shutil.copy(ROOT / "tools/render.py", tree / "tools")
    (tree / ".venv").symlink_to(ROOT / ".venv")
    (tree / "conf.py").write_text(CONF)
    (tree / "index.rst").write_text("Small\n=====\n\n.. toctree::\n   :glob:\n\n   how-to/*\n")
    (tree / "README.md").write_text("# Small\n")
    (tree / "how-to").mkdir()
    (tree / "how-to" / "page.rst").write_text("One page\n========\n")
    make(tree)
    return tree


@pytest.fixture
def tree(built: Path, tmp_path: Path) -> Path:
    """Return a copy of it for one test."""
    return Path(shutil.copytree(built, tmp_path / "small", symlinks=True))


def make(tree: Path, *settings: str) -> str:
    """Run `make site`, and return what was said of the sources."""
    made = subprocess.run(
        ["make", "-s", "SETUP=true", *settings, "site"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stderr


def test_nothing_changed_builds_nothing(tree: Path) -> None:
    page = tree / "_build/html/how-to/page.html"
    page.write_text("as it was")
    assert make(tree) == ""
    assert page.read_text() == "as it was"


def test_an_edited_page_is_built_again(tree: Path) -> None:
    (tree / "how-to/page.rst").write_text("Another page\n============\n")
    make(tree)
    assert "Another page" in (tree / "_build/html/how-to/page.html").read_text()


def test_where_the_code_that_makes_pages_has_changed_all_are_made_again(tree: Path) -> None:
    page = tree / "_build/html/how-to/page.html"
    (tree / "README.md").touch()
    make(tree)  # Sphinx makes all pages again in a folder that it has not seen
    page.write_text("as it was")
    (tree / "src").mkdir()
    (tree / "src/extension.py").write_text("# as good as new\n")
    make(tree)
    assert "One page" in page.read_text()


def test_a_removed_page_leaves_the_index(tree: Path) -> None:
    (tree / "how-to/page.rst").unlink()
    make(tree)
    assert "One page" not in (tree / "_build/html/index.html").read_text()


def test_another_address_is_another_site(tree: Path) -> None:
    (tree / "conf.py").write_text(
        f"{CONF}import os\nproject = os.environ.get('SITE_URL', 'nowhere')\n"
    )
    make(tree)
    make(tree, "SITE_URL=https://example.org/")
    assert "https://example.org/" in (tree / "_build/html/index.html").read_text()


def test_a_site_that_was_removed_is_built(tree: Path) -> None:
    shutil.rmtree(tree / "_build/html")
    make(tree)
    assert (tree / "_build/html/index.html").exists()


def test_a_build_with_a_warning_is_not_taken_for_done(tree: Path) -> None:
    # a page out of step with its record warns in each build: here, each build warns by itself
    (tree / "conf.py").write_text(
        f"{CONF}from sphinx.util import logging\n"
        "def setup(app):\n"
        "    app.connect('env-updated', lambda *_: logging.getLogger(__name__).warning('again'))\n"
    )
    assert "again" in make(tree)
    assert "again" in make(tree)
