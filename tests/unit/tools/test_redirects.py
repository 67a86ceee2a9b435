"""What stands at an address that a page had."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import docutils_namespace

ROOT = Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("redirects", ROOT / "tools/redirects.py")
assert SPEC is not None
assert SPEC.loader is not None
redirects = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(redirects)

Build = Callable[[dict[str, str]], Path]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Builds a site of two pages, and returns the folder of its HTML."""

    def built(moved: dict[str, str]) -> Path:
        (tmp_path / "new").mkdir(exist_ok=True)
        (tmp_path / "index.rst").write_text("Index\n=====\n\n.. toctree::\n\n   new/page\n")
        (tmp_path / "new/page.rst").write_text("Page\n====\n")
        out = tmp_path / "out"
        with docutils_namespace():
            app = Sphinx(tmp_path, None, out, tmp_path / "doctrees", "html", status=None)
            redirects.setup(app)
            app.config.redirects = moved
            app.build()
        return out

    return built


def test_an_old_address_leads_to_the_new_one(build: Build) -> None:
    page = (build({"old/page": "new/page"}) / "old/page.html").read_text()
    assert '<meta http-equiv="refresh" content="0; url=../new/page.html">' in page
    assert '<a href="../new/page.html">' in page


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("old", "nowhere", "there is no page nowhere"), ("new/page", "index", "is still a page")],
)
def test_one_that_leads_nowhere_ends_the_build(build: Build, old: str, new: str, said: str) -> None:
    with pytest.raises(ExtensionError, match=said):
        build({old: new})
