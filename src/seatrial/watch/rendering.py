"""Renders pages that changed, by one Sphinx that stays in memory."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives, roles
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.console import strip_colors
from sphinx.util.docutils import (
    additional_nodes,
    docutils_namespace,
    patch_docutils,
    register_node,
)

from seatrial.errors import SeatrialError


class Renderer:
    """The HTML of a source directory, made once and then page by page.

    `say` is given what Sphinx warns of.
    """

    def __init__(self, source: Path, folder: Path, say: Callable[[str], None]) -> None:
        self.folder = folder / "html"
        self._source, self._doctrees = source, folder / "doctrees"
        self._warnings = _Lines(say)
        self._app: Sphinx | None = None
        self._registered: tuple[dict[str, object], dict[str, object]] = ({}, {})
        self._nodes: frozenset[type[nodes.Element]] = frozenset()
        # what its extensions gave docutils

    def render(self) -> None:
        """Write the pages that changed; raise SeatrialError where Sphinx cannot."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with (
                patch_docutils(str(self._source)),
                docutils_namespace(),
                warnings.catch_warnings(),
            ):
                warnings.simplefilter("ignore")
                app = self._app = self._again() if self._app else self._opened()
                app.build()
        except SphinxError as error:
            raise SeatrialError(
                f"Sphinx cannot render the pages: {error}", where=str(self._source)
            ) from error

    def _opened(self) -> Sphinx:
        """Return Sphinx as conf.py sets it up."""
        app = Sphinx(
            self._source,
            self._source,
            self.folder,
            self._doctrees,
            "html",
            status=None,
            warning=self._warnings,
        )
        self._registered = (dict(directives._directives), dict(roles._roles))  # type: ignore[attr-defined]
        self._nodes = frozenset(additional_nodes)
        return app

    def _again(self) -> Sphinx:
        """Return Sphinx as it was, with what its extensions gave docutils."""
        assert self._app is not None
        directives._directives, roles._roles = map(dict, self._registered)  # type: ignore[attr-defined]
        for node in self._nodes:
            register_node(node)
        return self._app


class _Lines(io.StringIO):
    """A file that hands on whole lines."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say
        self._begun = ""

    def write(self, text: str) -> int:
        """Hand on the lines that are whole."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in map(strip_colors, lines):
            # what a record says of the page counts for less than the verdict that follows
            if line.strip() and not line.endswith("[seatrial.stale]"):
                self._say(line)
        return len(text)
