"""What the site's own search reads: an index of sections, as a script that works from any address.

Sphinx's index has words and no sections, and its excerpts are fetched, which no browser does for a
file.  So Sphinx makes none here.  Each build writes `search-index.js` from the built pages: of each
section its place, title and words, and what `tools/synonyms.toml` adds.  `_static/search.js` ranks.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

from sections import Section, sections_of
from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
NAME = "search-index.js"
STEMMERS = ("base-stemmer.js", "english-stemmer.js")
SYNONYMS = Path(__file__).with_name("synonyms.toml")
# With it, what was read of a page and is kept for the next build is read again.
VERSION = 2
# Pages that weigh less need not repeat lines of code; of the least, only words that are in no other
# page have to be found.
LESSER = 0.8
LEAST = 0.5
BEGINNING = 160  # characters
LONGEST = 260  # characters of a line of code
WORD = re.compile(r"[\w.-]*[a-zA-Z][\w.-]*")


# What the page offers before anything is typed, and where nothing was found.
STARTS = (
    ("how-to/restart-or-rebuild", "My change does not show up"),
    ("explanation/where-data-lives", "My data or my files are gone"),
    ("explanation/who-can-reach-what", "I cannot connect to a service"),
    ("how-to/find-an-error", "The site fails, and I want to know why"),
    ("how-to/open-a-shell", "I want to open a shell in a container"),
    ("reference/glossary", "I want to know what a word means"),
)


def begin(app: Sphinx) -> None:
    """Let Sphinx make no index of its own."""
    if app.builder.name == "html":
        app.builder.search = False  # type: ignore[attr-defined]


def result_page(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the page that shows what was found, at the address where Sphinx has it."""
    if app.builder.name == "html":
        yield "search", {"search_starts": STARTS}, "search.html"


def put_stemmer(app: Sphinx) -> None:
    """Add the stemmer of English that Sphinx has, for the page that searches."""
    if app.builder.name != "html":
        return
    folder = Path(app.outdir, "_static")
    folder.mkdir(parents=True, exist_ok=True)
    for name in STEMMERS:
        script = files("sphinx.search").joinpath("minified-js", name)
        folder.joinpath(name).write_bytes(script.read_bytes())


class Kept:
    """What was read of the pages, so that a build reads only those that it wrote."""

    def __init__(self, app: Sphinx) -> None:
        self._path = Path(app.doctreedir, "search-sections.json")
        self._known: dict[str, Any] = {}
        self._now: dict[str, Any] = {}
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        if found.get("version") == VERSION:
            self._known = found["pages"]

    def sections(self, page: str, path: Path) -> list[dict[str, Any]]:
        """Return the sections of a page that is built at `path`."""
        status = path.stat()
        stamp = [status.st_mtime_ns, status.st_size]
        entry = self._known.get(page)
        if entry is None or entry["stamp"] != stamp:
            read: list[Section] = sections_of(path.read_text(encoding="utf-8"))
            entry = {"stamp": stamp, "sections": [asdict(each) for each in read]}
        self._now[page] = entry
        return entry["sections"]  # type: ignore[no-any-return]

    def save(self) -> None:
        """Keep what was read."""
        text = json.dumps({"version": VERSION, "pages": self._now})
        self._path.write_text(text, encoding="utf-8")


def index(app: Sphinx) -> dict[str, Any]:
    """Return what the search reads, and warn of keywords whose section is not there."""
    added = tomllib.loads(SYNONYMS.read_text(encoding="utf-8"))
    weights = {page: weight(page, added["weights"]) for page in app.env.found_docs}
    kept = Kept(app)
    asked = dict(added["asked"])
    pages: list[list[Any]] = []
    rows: list[list[Any]] = []
    words = Words()
    # heavier pages first: what these have, the lesser need not say again
    for page in sorted(
        weights.keys() - set(added["left-out"]), key=lambda each: (-weights[each], each)
    ):
        address = app.builder.get_target_uri(page)
        for each in kept.sections(page, Path(app.outdir, address)):
            if each["level"] == 1:
                pages.append([address, each["title"], weights[page]])
            phrases = asked.pop(f"{page}#{each['anchor']}", None)
            text = words.brief if weights[page] < LEAST else words.take
            rows.append(
                [
                    *(len(pages) - 1, each["anchor"], each["level"], each["title"]),
                    *text(each["prose"], each["code"], spare=weights[page] < LESSER),
                    *([phrases] if phrases else ()),
                ]
            )
    kept.save()
    for place in sorted(asked):
        LOGGER.warning("%s: there is no section %s", SYNONYMS.name, place, type="search")
    return {"pages": pages, "sections": rows, "same": added["same"]}


class Words:
    """Makes the index light: which words it has already, and how much of a section it takes."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._lines: set[str] = set()

    def take(self, prose: str, code: str, *, spare: bool) -> tuple[str, str]:
        """Return a section's text, with long lines of code cut, and known ones spared."""
        lines = [
            line if len(line) <= LONGEST else f"{line[:LONGEST].rpartition(' ')[0]} …"
            for line in code.splitlines()
        ]
        if spare:
            lines = [line for line in lines if line not in self._lines]
        else:
            self._lines.update(lines)
        self._known.update(WORD.findall(prose.lower()), WORD.findall(code.lower()))
        return prose, "\n".join(lines)

    def brief(self, prose: str, code: str, **_: bool) -> tuple[str, str]:
        """Return the beginning of a section, and those words of the rest that are new."""
        start = prose if len(prose) <= BEGINNING else prose[:BEGINNING].rpartition(" ")[0]
        self._known.update(WORD.findall(start.lower()))
        rest = dict.fromkeys(WORD.findall(f"{prose[len(start) :]} {code}".lower()))
        new = [word for word in rest if word not in self._known]
        self._known.update(new)
        return start, " ".join(new)


def weight(page: str, weights: dict[str, float]) -> float:
    """Return how much a page counts: as its own entry says, or its folder's, or 1."""
    return weights.get(page, weights.get(page.partition("/")[0] + "/", 1.0))


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the index beside the pages."""
    if exception is not None or app.builder.name != "html":
        return
    text = json.dumps(index(app), ensure_ascii=False, separators=(",", ":"))
    path = Path(app.outdir, NAME)
    path.write_text(f"siteSearch({text});\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect it."""
    app.connect("builder-inited", begin)
    app.connect("html-collect-pages", result_page)
    app.connect("builder-inited", put_stemmer, priority=600)  # after old assets are removed
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
