"""Notebooks as Sphinx reads them: what their cells gave is shown as pages show it."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

from seatrial.pages.cell_pages import for_site


def show_cells(app: Sphinx, page: str, source: list[str]) -> None:
    """Let a notebook's cells show what they gave as pages do."""
    if app.builder.format == "html" and Path(app.env.doc2path(page)).suffix == ".ipynb":
        source[0] = for_site(source[0])
