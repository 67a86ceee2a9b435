"""What a build does with the address that it will be served at."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def build(folder: Path, **environment: str) -> Path:
    """Render the site into `folder` and return where it lies."""
    sphinx = [sys.executable, "-m", "sphinx", "-b", "html", "-q"]
    subprocess.run(
        [*sphinx, "-d", str(folder / "doctrees"), str(ROOT), str(folder / "html")],
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
    )
    return folder / "html"


def test_a_site_that_knows_its_address_has_a_sitemap_and_link_previews(tmp_path: Path) -> None:
    built = build(tmp_path, SITE_URL="https://docs.example/guide/")
    sitemap = (built / "sitemap.xml").read_text(encoding="utf-8")
    assert "<loc>https://docs.example/guide/explanation/thinking.html</loc>" in sitemap
    page = (built / "explanation" / "thinking.html").read_text(encoding="utf-8")
    assert '<meta property="og:title" content="Thinking in containers"' in page
    assert 'rel="canonical" href="https://docs.example/guide/explanation/thinking.html"' in page
    assert '"/guide/_static/' in (built / "404.html").read_text(encoding="utf-8")


def test_a_site_that_does_not_know_its_address_makes_none_up(tmp_path: Path) -> None:
    built = build(tmp_path, SITE_URL="")
    assert not (built / "sitemap.xml").exists()
    page = (built / "explanation" / "thinking.html").read_text(encoding="utf-8")
    assert "canonical" not in page
    assert "og:url" not in page
