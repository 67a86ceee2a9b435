"""What a build does with the address that it will be served at."""

import os
import subprocess
import sys
from pathlib import Path

from tests.site.conftest import BUILT, ROOT


def built(address: str, folder: Path) -> Path:
    """Return where the site for an address lies: `_build/html`, or else one rendered here."""
    if address == os.environ.get("SITE_URL", ""):
        assert (BUILT / "index.html").exists(), "no site in _build/html; type `make site` first"
        return BUILT
    sphinx = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-d", str(folder / "doctrees")]
    subprocess.run(
        [*sphinx, str(ROOT), str(folder / "html")],
        env={**os.environ, "SITE_URL": address},
        check=True,
        capture_output=True,
    )
    return folder / "html"


def test_a_site_that_knows_its_address_has_a_sitemap_and_link_previews(tmp_path: Path) -> None:
    site = built("https://docs.example/guide/", tmp_path)
    sitemap = (site / "sitemap.xml").read_text(encoding="utf-8")
    assert "<loc>https://docs.example/guide/explanation/thinking.html</loc>" in sitemap
    page = (site / "explanation" / "thinking.html").read_text(encoding="utf-8")
    assert '<meta property="og:title" content="Thinking in containers"' in page
    assert 'rel="canonical" href="https://docs.example/guide/explanation/thinking.html"' in page
    assert '"/guide/_static/' in (site / "404.html").read_text(encoding="utf-8")


def test_a_site_that_does_not_know_its_address_makes_none_up(tmp_path: Path) -> None:
    site = built("", tmp_path)
    assert not (site / "sitemap.xml").exists()
    page = (site / "explanation" / "thinking.html").read_text(encoding="utf-8")
    assert "canonical" not in page
    assert "og:url" not in page
