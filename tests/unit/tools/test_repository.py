"""Links to the repository, to a page's source in it, and to where that is edited."""

import importlib.util
from pathlib import Path

import pytest

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
