"""How Sphinx renders the site, and how `seatrial` reads its pages."""

import os
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pypandoc  # type: ignore[import-untyped]
from docutils import nodes
from rcssmin import cssmin  # type: ignore[import-untyped]
from rjsmin import jsmin  # type: ignore[import-untyped]
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx_tabs.tabs import SphinxTabsTablist  # type: ignore[import-untyped]

from seatrial.pages.directives import Answer, Console, EditFile, Figures, RunMatrix
from seatrial.pages.overviews import OVERVIEWS

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "tools"))  # for the extensions of this site

project = "Containers in practice"
author = "The authors of Containers in practice"
copyright = f"2026, {author}"
language = "en_GB"

extensions = ["myst_parser", "notfound.extension", "seatrial.sphinx_ext", "sphinx_tabs.tabs"]
# of tools/: the sample project as a zip; tables that can be shown as lists; groups of pages; links
# to the repository; the tutorial's parts; an EPUB; Markdown and llms.txt; messages; the search
extensions += ["sample", "tables", "navigation", "repository", "tutorial"]
extensions += ["book", "twins", "troubles", "search_index"]
exclude_patterns = [
    *(
        ".*",
        "_build",
        "deploy",
        "engine",
        "example",
        "records",
        "requirements",
        "src",
        "tests",
        "tools",
    ),
    # for who works on the code, who reads them there
    *("README.md", "ARCHITECTURE.md", "decisions"),
]

seatrial_project = "example"
seatrial_download = "example.zip"  # tools/sample.py writes it
seatrial_strict = True  # output that no page promises is a failure
seatrial_record_command = "make record PAGES={page}"
seatrial_spellings = ["v2", "v1"]  # `docker compose` and `docker-compose`

# Literals in sentences have to occur in something that ran, or in a file that says what they name.
seatrial_prose = ["index", "explanation/*", "how-to/*", "reference/*", "notebooks/*"]
seatrial_prose_sources = [
    *("conf.py", "Makefile", "pyproject.toml", "deploy/kubernetes.yaml", "engine", "src/seatrial"),
    *(".github", ".gitlab-ci.yml", ".readthedocs.yaml", "requirements/site.txt"),
    *("tests/bench.py", "tests/matrix.py", "tests/messages.py", "reference/matrix/rows.json"),
    *("tests/unit/transcript/test_steps.py", "tests/unit/transcript/test_spelling.py"),
    *("tests/unit/transcript/test_record.py", "tests/unit/trials/test_verdicts.py"),
    *(
        "tests/kernel/test_kernel.py",
        "tests/kernel/test_in_containers.py",
        "tests/terminal/test_witness.py",
    ),
    "tests/terminal/test_pytest_face.py",
    *("tests/unit/pages/test_collected.py", "tests/faults/test_collected.py"),
    *("tests/faults/test_recording.py", "tests/faults/test_environments.py"),
    *("tests/terminal/test_terminal.py", "tests/terminal/test_page_run.py"),
    "tests/faults/test_shells.py",
    "tests/unit/pages/test_pages.py",
    "tests/adoption/test_another_project.py",
]
seatrial_prose_known = [
    *(
        f"make {name}"
        for file in HERE.glob("Makefile")
        for name in re.findall(r"(?m)^([a-z-]+):", file.read_text())
    ),
    *(
        f":{name}:"
        for kind in (Console, EditFile, RunMatrix, Figures, Answer)
        for name in kind.option_spec
    ),
    *(f".. {name}::" for name in OVERVIEWS),
    *(path.relative_to(HERE).as_posix() for path in HERE.glob("tests/**/test_*.py")),
]

# Quotation marks and ellipses, and no dashes: `--rm` stays what one types, also as a link's text.
smartquotes_action = "qe"
myst_heading_anchors = 3
sphinx_tabs_disable_css_loading = True  # its colours and fonts are not the theme's: see site.css
sphinx_tabs_disable_tab_closing = True

# nbsphinx costs half a second an import, so it is loaded once there is a notebook to render.
if any(HERE.glob("notebooks/*.ipynb")):
    extensions += ["nbsphinx"]
    exclude_patterns += ["**/.ipynb_checkpoints"]
    nbsphinx_execute = "never"
    # The text of notebooks is read by pandoc, which comes as a Python package.
    os.environ["PATH"] += os.pathsep + str(Path(pypandoc.get_pandoc_path()).parent)
    # Both would be fetched from another origin, by every page.
    nbsphinx_requirejs_path = ""
    nbsphinx_assume_equations = False
    nbsphinx_epilog = ".. tutorial-done::\n"
    nbsphinx_prolog = """
.. tutorial-place::

.. container:: notebook-run

   A notebook, to step through yourself: type ``make lab`` in a copy of this project, or
   :download:`download it </{{ env.doc2path(env.docname, base=False) }}>` and open it with the
   kernel *Containers*. The outputs below are those of its last run.
"""

# Addresses that pages had, and the pages that they lead to now (tools/redirects.py).
extensions += ["redirects"]
redirects = {
    "how-to/mend-line-ends": "how-to/fix-line-endings",
    "how-to/mend-permissions": "how-to/fix-permissions",
    "how-to/work-in-a-running-container": "how-to/open-a-shell",
    "notebooks/a-running-container": "notebooks/what-are-you-looking-at",
}

linkcheck_ignore = [r"https?://(127\.0\.0\.1|[a-z]*\.?localhost)\b"]

# Where the site will be served, with a slash at the end: what a sitemap, canonical links and link
# previews are made of. A build that does not know it leaves them out.
if html_baseurl := os.environ.get("SITE_URL", ""):
    extensions += ["sphinx_sitemap", "sphinxext.opengraph"]
    sitemap_url_scheme = "{link}"
    ogp_site_url = html_baseurl
    ogp_social_cards = {"enable": False}  # they would need matplotlib, two seconds an import

# Where the repository can be cloned from. A build that does not know it shows no such line, and no
# links to the sources of pages.
repository_url = os.environ.get("REPOSITORY_URL", "")
repository_branch = os.environ.get("REPOSITORY_BRANCH", "") or "main"

# The page for an address that does not exist, at any depth, so its links begin at the site's root.
notfound_urls_prefix = urlsplit(html_baseurl).path or "/"
notfound_template = "404.html"
notfound_context = {"title": "Page not found", "body": ""}
# The pages that it offers.
not_found_pages = (
    "how-to/restart-or-rebuild",
    "how-to/open-a-shell",
    "how-to/connect-a-database-tool",
    "how-to/store-uploaded-files",
    "how-to/read-the-logs",
    "how-to/clean-up",
)


def offer_pages(
    app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Give the page for unknown addresses the titles of the pages that it offers."""
    if pagename == app.config.notfound_pagename:
        titles = app.env.titles
        context["not_found_pages"] = [(name, titles[name].astext()) for name in not_found_pages]


html_theme = "furo"
html_title = project
html_static_path = ["_static"]
templates_path = ["_templates"]
html_favicon = "_static/favicon.svg"
html_css_files = ["seatrial-tokens.css", "site.css", "ways.css"]  # the first is seatrial's own
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_use_index = False
html_theme_options: dict[str, Any] = {"top_of_page_buttons": []}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
highlight_language = "none"  # guessing colours a transcript as Python


# The guide as a book (`make epub`). It has no script, and nothing in it asks another site.
version = "2026"
epub_basename = "containers-in-practice"
epub_title = project
epub_language = "en-GB"
epub_uid = "containers-in-practice"
epub_identifier = epub_basename
epub_scheme = "name"
epub_show_urls = "no"
epub_use_index = False
suppress_warnings = ["epub.unknown_project_files"]  # notebooks that one downloads from the site
epub_css_files = ["book.css"]
epub_exclude_files = [
    *("404.xhtml", "search.xhtml"),
    *(
        path.relative_to(HERE).as_posix()
        for path in (HERE / "_static").iterdir()
        if path.suffix in {".css", ".js"} and path.name not in epub_css_files
    ),
]


def give_captions_a_level(
    _app: Sphinx, _pagename: str, _templatename: str, context: dict[str, Any], _doctree: object
) -> None:
    """Complete `role="heading"` on captions with the level that it requires (sphinx#14030)."""
    for part in ("body", "furo_navigation_tree"):
        if html := context.get(part):
            context[part] = html.replace('role="heading">', 'role="heading" aria-level="2">')


OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*")


def keep_options_whole(
    _app: Sphinx, _pagename: str, _templatename: str, context: dict[str, Any], _doctree: object
) -> None:
    """Mark each option in the text of a page, because browsers end lines at any hyphen."""
    if not (html := context.get("body")):
        return
    parts = re.split(r"(<(?:script|style|svg|textarea)\b.*?</|<[^>]*>)", html, flags=re.DOTALL)
    parts[::2] = [OPTION.sub(r'<span class="whole">\g<0></span>', text) for text in parts[::2]]
    context["body"] = "".join(parts)


def terms_of(env: BuildEnvironment) -> dict[str, tuple[str, str]]:
    """Return the glossary's terms in small letters, each with its page and its id there."""
    return {
        name.lower(): (page, anchor)
        for name, _, kind, page, anchor, _ in env.domains["std"].get_objects()
        if kind == "term"
    }


def pages_to_link_again(_app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return all pages where the glossary has changed, and none where it has not."""
    terms, before = terms_of(env), env.__dict__.get("linked_terms")
    env.__dict__["linked_terms"] = terms
    return [] if terms == before else sorted(env.found_docs)


def link_terms(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Link the first use of each term on a page to the glossary, so that no writer has to."""
    terms = {term: place for term, place in terms_of(app.env).items() if place[0] != page}
    if not terms or app.builder.format != "html":
        return
    longest_first = "|".join(map(re.escape, sorted(terms, key=len, reverse=True)))
    use = re.compile(rf"(?<![\w-])({longest_first})(?:s|es)?(?![\w-])", re.IGNORECASE)
    for text in list(doctree.findall(nodes.Text)):
        if not _is_prose(text):
            continue
        parts: list[nodes.Node] = []
        at = 0
        for found in use.finditer(text):
            if not (target := terms.pop(found.group(1).lower(), None)):
                continue
            home, anchor = target
            uri = f"{app.builder.get_relative_uri(page, home)}#{anchor}"
            parts += [
                nodes.Text(text[at : found.start()]),
                nodes.reference("", found.group(), refuri=uri, internal=True, classes=["to-term"]),
            ]
            at = found.end()
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(text[at:])])


def _is_prose(text: nodes.Text) -> bool:
    """Tell whether a text is part of a sentence, and of no link, code or heading."""
    node, in_paragraph = text.parent, False
    while node is not None:
        if isinstance(node, nodes.reference | nodes.literal | nodes.FixedTextElement | nodes.title):
            return False
        in_paragraph = in_paragraph or isinstance(node, nodes.paragraph)
        node = node.parent
    return in_paragraph


def name_panels(_app: Sphinx, doctree: nodes.document, _page: str) -> None:
    """Put the name of each tab into its panel, for paper, where there are no tabs."""
    for tabs in doctree.findall(nodes.container):
        row, *panels = tabs.children or [nodes.Text("")]
        if isinstance(row, SphinxTabsTablist):
            for tab, panel in zip(row.children, panels, strict=True):
                assert isinstance(panel, nodes.container)
                panel.insert(0, nodes.paragraph("", tab.astext(), classes=["tab-name"]))


def assets(app: Sphinx) -> list[Path]:
    """Return the scripts and style sheets that the built pages load."""
    folder = Path(app.outdir, "_static")
    built = app.builder.format == "html"
    return [*folder.rglob("*.css"), *folder.rglob("*.js")] if built else []


def forget_assets(app: Sphinx) -> None:
    """Remove those of the last build: Sphinx copies none over one that differs."""
    for path in assets(app):
        path.unlink()


def minify(app: Sphinx, exception: Exception | None) -> None:
    """Take comments and blanks out of the scripts and style sheets that pages load."""
    for path in assets(app) if exception is None else ():
        smaller = cssmin if path.suffix == ".css" else jsmin
        path.write_text(str(smaller(path.read_text(encoding="utf-8"))), encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Connect what this site changes in its pages, after the theme has filled their context."""
    app.connect("html-page-context", give_captions_a_level, priority=900)
    app.connect("html-page-context", keep_options_whole)
    app.connect("html-page-context", offer_pages)
    app.connect("env-get-updated", pages_to_link_again)
    app.connect("doctree-resolved", link_terms)
    app.connect("doctree-resolved", name_panels)
    app.connect("builder-inited", forget_assets, priority=100)  # before others write theirs
    app.connect("build-finished", minify)
