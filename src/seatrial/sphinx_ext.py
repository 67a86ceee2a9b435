"""The Sphinx face: registers what shows blocks with what their record says; runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from seatrial import __version__
from seatrial.pages.assets import add_files, offer_files
from seatrial.pages.collecting import CollectItems
from seatrial.pages.directives import (
    UNPROVED,
    Answer,
    Claim,
    Console,
    EditFile,
    Figures,
    Overview,
    RunMatrix,
    Sandbox,
    Short,
    Stage,
    StatusHere,
    unproved,
)
from seatrial.pages.in_markdown import InMarkdown
from seatrial.pages.kept import forget_page, note_page, take_over_pages
from seatrial.pages.left_out import note_tags
from seatrial.pages.nodes import (
    claim_node,
    item_node,
    overview_node,
    sandbox_node,
    short_node,
    status_node,
)
from seatrial.pages.notebooks import show_cells
from seatrial.pages.overviews import OVERVIEWS
from seatrial.pages.rebuilding import pages_to_write_again
from seatrial.pages.settings import SETTINGS
from seatrial.pages.site import Site
from seatrial.pages.writing import fill_overviews, replace_ours

DIRECTIVES: Mapping[str, type[SphinxDirective]] = {
    "console": Console,
    "claim": Claim,
    "edit": EditFile,
    "sandbox": Sandbox,
    "short": Short,
    **dict.fromkeys(OVERVIEWS, Overview),
    "run-matrix": RunMatrix,
    "run-stage": Stage,
    "run-figures": Figures,
    "answer": Answer,
    "page-status": StatusHere,
}
NODES: tuple[type[nodes.Element], ...] = (
    item_node,
    claim_node,
    sandbox_node,
    short_node,
    overview_node,
    status_node,
)


def setup(app: Sphinx) -> dict[str, object]:
    """Register settings, directives, nodes, and who reads, keeps and writes them."""
    for setting in SETTINGS:
        app.add_config_value(setting.name, setting.default, setting.rebuild, setting.types)
    # no setting: it makes Sphinx read pages again where tags changed
    app.add_config_value("_seatrial_tags", (), "env", (tuple,))
    app.add_role(UNPROVED, unproved)
    for name, directive in DIRECTIVES.items():
        app.add_directive(name, directive)
    site = Site(app)
    in_markdown = InMarkdown(site)
    for node in NODES:
        plain = (_enter, _enter)
        visited = (in_markdown.visit, in_markdown.depart)
        app.add_node(
            node, html=plain, latex=plain, text=plain, man=plain, texinfo=plain, markdown=visited
        )
    app.add_transform(CollectItems)
    app.connect("config-inited", note_tags)
    app.connect("builder-inited", site.check)
    app.connect("builder-inited", partial(offer_files, site))
    app.connect("env-before-read-docs", site.begin)
    # of this package by its module: whoever else rewrites a page's text is asked for that
    app.connect("source-read", show_cells)
    app.connect("env-purge-doc", forget_page)
    app.connect("env-merge-info", take_over_pages)
    app.connect("doctree-read", note_page)
    app.connect("env-get-updated", partial(pages_to_write_again, site))
    # first: who writes a page in another form, in between, finds all that fills it
    app.connect("doctree-resolved", partial(fill_overviews, site), priority=400)
    app.connect("doctree-resolved", partial(replace_ours, site))
    app.connect("html-page-context", add_files)
    return {
        "version": __version__,
        "env_version": 8,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }


def _enter(visitor: object, node: object) -> None:
    """Show a node's children, as every builder can."""
