"""What a build does with the address that it will be served at."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def doctrees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What all builds here have read, which does not depend on the address."""
    return tmp_path_factory.mktemp("doctrees")


def build(folder: Path, doctrees: Path, **environment: str) -> Path:
    """Render the site into `folder` and return where it lies."""
    sphinx = [sys.executable, "-m", "sphinx", "-b", "html", "-q"]
    subprocess.run(
        [*sphinx, "-d", str(doctrees), str(ROOT), str(folder / "html")],
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
    )
    return folder / "html"


def test_a_site_that_knows_its_address_has_a_sitemap_and_link_previews(
    tmp_path: Path, doctrees: Path
) -> None:
    built = build(tmp_path, doctrees, SITE_URL="https://docs.example/guide/")
    sitemap = (built / "sitemap.xml").read_text(encoding="utf-8")
    assert "<loc>https://docs.example/guide/explanation/thinking.html</loc>" in sitemap
    page = (built / "explanation" / "thinking.html").read_text(encoding="utf-8")
    assert '<meta property="og:title" content="Thinking in containers"' in page
    assert 'rel="canonical" href="https://docs.example/guide/explanation/thinking.html"' in page
    assert '"/guide/_static/' in (built / "404.html").read_text(encoding="utf-8")


def test_a_site_that_does_not_know_its_address_makes_none_up(
    tmp_path: Path, doctrees: Path
) -> None:
    built = build(tmp_path, doctrees, SITE_URL="")
    assert not (built / "sitemap.xml").exists()
    page = (built / "explanation" / "thinking.html").read_text(encoding="utf-8")
    assert "canonical" not in page
    assert "og:url" not in page
