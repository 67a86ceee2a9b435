"""Links to the repository, to a page's source in it, and to where that is edited."""

import importlib.util
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

ROOT = Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("repository", ROOT / "tools/repository.py")
assert SPEC is not None
assert SPEC.loader is not None
repository = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(repository)


@pytest.mark.parametrize(
    ("address", "view", "edit"),
    [
        ("https://git.example/team/guide.git", "/blob/main/a/b.rst", "/edit/main/a/b.rst"),
        ("https://github.com/team/guide/", "/blob/main/a/b.rst", "/edit/main/a/b.rst"),
        ("https://gitlab.example/team/guide", "/-/blob/main/a/b.rst", "/-/edit/main/a/b.rst"),
        (
            "https://codeberg.org/team/guide",
            "/src/branch/main/a/b.rst",
            "/_edit/main/a/b.rst",
        ),
        (
            "https://bitbucket.org/team/guide",
            "/src/main/a/b.rst",
            "/src/main/a/b.rst?mode=edit",
        ),
    ],
)
def test_a_page_has_three_links_in_the_form_of_its_host(address: str, view: str, edit: str) -> None:
    root = address.rstrip("/").removesuffix(".git")
    assert repository.links(address, "main", "a/b.rst") == [
        ("Repository", root),
        ("Source of this page", root + view),
        ("Edit this page", root + edit),
    ]


def test_a_page_without_a_source_links_the_repository_alone() -> None:
    assert repository.links("https://git.example/team/guide.git", "main", "") == [
        ("Repository", "https://git.example/team/guide")
    ]


@pytest.mark.parametrize("address", ["", "git@git.example:team/guide.git", "/srv/guide.git"])
def test_an_address_of_no_web_page_gives_no_links(address: str) -> None:
    assert repository.links(address, "main", "a/b.rst") == []


@pytest.mark.parametrize("address", ["", "https://git.example/team/guide.git"])
def test_a_built_page_has_the_links_where_the_setting_gives_an_address(
    tmp_path: Path, address: str
) -> None:
    (tmp_path / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT / 'tools')!r})\n"
        'extensions = ["seatrial.sphinx_ext", "sample", "repository"]\n'
        'html_theme = "furo"\nexclude_patterns = ["out", "example"]\n'
        f"templates_path = [{str(ROOT / '_templates')!r}]\nseatrial_project = 'example'\n"
        f'repository_url = "{address}"\nrepository_branch = "trunk"\n'
    )
    (tmp_path / "example").mkdir()
    (tmp_path / "index.rst").write_text("A\n=\n\n.. toctree::\n\n   how/b\n")
    (tmp_path / "how").mkdir()
    (tmp_path / "how" / "b.rst").write_text("B\n=\n")
    out = tmp_path / "out"
    with patch_docutils(tmp_path), docutils_namespace():
        Sphinx(tmp_path, tmp_path, out, out / "d", "html", status=None, warning=None).build()
    links = {}
    for name in ("how/b.html", "search.html"):
        page = BeautifulSoup((out / name).read_text(), "html.parser")
        links[name] = [str(link["href"]) for link in page.select(".repository-links a")]
    root = "https://git.example/team/guide"
    file = "trunk/how/b.rst"
    assert links["how/b.html"] == (
        [root, f"{root}/blob/{file}", f"{root}/edit/{file}"] if address else []
    )
    assert links["search.html"] == ([root] if address else [])
