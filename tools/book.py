"""Offer the guide as an EPUB on the site, where `make epub` has made one.

Every page names it at its foot; the setting that says whether there is one makes Sphinx write all
pages again once that changes.
"""

import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.osutil import relative_uri

# What folds an answer in the text of a notebook.
FOLD = re.compile(r"</?(?:details|summary)\b[^>]*>")


def made(config: Config, folder: Path) -> Path:
    """Return where the book is, if it was made."""
    return folder / "_build" / "epub" / f"{config.epub_basename}.epub"


def look(app: Sphinx, config: Config) -> None:
    """Note whether there is a book."""
    config["book_offered"] = made(config, Path(app.confdir)).is_file()


def offer(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Tell the foot of a page where the book is."""
    if app.builder.name == "html" and app.config.book_offered:
        book = f"{app.config.epub_basename}.epub"
        context["book"] = relative_uri(app.builder.get_target_uri(page), book)


def put(app: Sphinx, exception: Exception | None) -> None:
    """Copy the book beside the pages; an old one goes where there is none now."""
    if exception is not None or app.builder.name != "html":
        return
    book = made(app.config, Path(app.confdir))
    copy = Path(app.outdir, book.name)
    if app.config.book_offered:
        shutil.copyfile(book, copy)
    else:
        copy.unlink(missing_ok=True)


def bind(app: Sphinx, doctree: nodes.document, _page: str) -> None:
    """Make of a page a chapter: of a file that one downloads the name stays, and no fold."""
    if app.builder.name != "epub":
        return
    for link in list(doctree.findall(addnodes.download_reference)):
        link.replace_self(nodes.inline("", "", *link.children))
    for markup in list(doctree.findall(nodes.raw)):
        if FOLD.search(text := markup.astext()):
            markup.replace_self(nodes.raw("", FOLD.sub("", text), format="html"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect it."""
    app.add_config_value("book_offered", False, "html", (bool,))
    app.connect("config-inited", look)
    app.connect("html-page-context", offer)
    app.connect("doctree-resolved", bind)
    app.connect("build-finished", put)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
