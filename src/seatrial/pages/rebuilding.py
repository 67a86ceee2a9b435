"""Which pages are written again: their record changed, or what overviews are put together from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment

from seatrial.pages import kept
from seatrial.pages.kept import Seen
from seatrial.pages.site import Site
from seatrial.transcript.record import path_of


def pages_to_write_again(site: Site, app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the pages whose record changed, and those that are stale: they warn each time.

    They are not read again: a doctree does not depend on the record.  Nor does it for overviews,
    which are written again when anything changed that they are put together from.
    """
    if not site.is_html:
        return []
    again = []
    for page, seen in list(kept.seen(env).items()):
        path = path_of(site.settings.records, page)
        signature = _signature(path)
        if signature != seen.signature:
            kept.seen(env)[page] = Seen(seen.items, signature, site.page(page).is_stale)
            again.append(page)
        elif seen.stale or _is_newer(path, app.builder, page):
            again.append(page)
    now = _state(site, env)
    for page, written in kept.overviews(env).items():
        if written != now:
            kept.overviews(env)[page] = now
            again.append(page)
    return again


def _state(site: Site, env: BuildEnvironment) -> str:
    """Sum up all that overviews are put together from."""
    notebooks = {
        page: _signature(Path(env.doc2path(page)))
        for page in env.found_docs
        if Path(env.doc2path(page)).suffix == ".ipynb"
    }
    titles = {page: title.astext() for page, title in env.titles.items()}
    parts: Sequence[Mapping[str, object]] = (
        *(kept.seen(env), kept.marks(env), kept.shorts(env)),
        *(notebooks, titles),
    )
    state = repr([sorted(part.items()) for part in parts])
    return hashlib.sha256(f"{state}{site.in_reading_order()}".encode()).hexdigest()


def _signature(path: Path) -> str:
    """Return what changes when a file does."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_mtime_ns} {found.st_size}"


def _is_newer(path: Path, builder: Builder, page: str) -> bool:
    """Tell whether a record is younger than its page, as after an interrupted build."""
    if not isinstance(builder, StandaloneHTMLBuilder):
        return False
    try:
        return path.stat().st_mtime > Path(builder.get_outfilename(page)).stat().st_mtime
    except OSError:
        return False
