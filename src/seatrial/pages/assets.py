"""Our style sheets and scripts, on the pages that use them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from seatrial.pages.site import Site

STATIC = Path(__file__).parents[1] / "static"


def offer_files(site: Site, app: Sphinx) -> None:
    """Have Sphinx copy our files into the site."""
    if site.is_html and not site.is_book:
        app.config.html_static_path.append(str(STATIC))


def add_files(
    app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Ask for our style sheet and script on the pages that use them."""
    if app.builder.name == "epub":  # its pages have what every reader can show
        return
    body = context.get("body", "")
    if 'class="seatrial-' in body or "seatrial-overview" in body:
        app.add_css_file("seatrial-tokens.css", priority=400)
        app.add_css_file("seatrial.css")
        app.add_js_file("seatrial.js", loading_method="defer")
    if 'class="seatrial-stage' in body:
        app.add_css_file("seatrial-stage.css")
        app.add_js_file("seatrial-stage.js", loading_method="defer")
