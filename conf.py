"""How Sphinx renders the site, and how `seatrial` reads its pages."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pypandoc  # type: ignore[import-untyped]
from sphinx.application import Sphinx

HERE = Path(__file__).parent

project = "Containers in practice"
author = "The authors of Containers in practice"
copyright = f"2026, {author}"
language = "en_GB"

extensions = ["myst_parser", "notfound.extension", "seatrial.sphinx_ext", "sphinx_tabs.tabs"]
exclude_patterns = [
    *(".*", "_build", "engine", "example", "records", "requirements", "src", "tests", "tools"),
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md"),
]

seatrial_project = "example"
seatrial_strict = True  # output that no page promises is a failure
seatrial_spellings = ["v2", "v1"]  # `docker compose` and `docker-compose`

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
    nbsphinx_prolog = """
.. container:: notebook-run

   A notebook, to step through yourself: type ``make lab`` in a copy of this project, or
   :download:`download it </{{ env.doc2path(env.docname, base=False) }}>` and open it with the
   kernel *Containers*. What you see below is what came when it was last run.
"""

# Where the site will be served, with a slash at the end: what a sitemap, canonical links and link
# previews are made of. A build that does not know it leaves them out.
if html_baseurl := os.environ.get("SITE_URL", ""):
    extensions += ["sphinx_sitemap", "sphinxext.opengraph"]
    sitemap_url_scheme = "{link}"
    ogp_site_url = html_baseurl
    ogp_social_cards = {"enable": False}  # they would need matplotlib, two seconds an import

# The page for an address that does not exist, at any depth, so its links begin at the site's root.
notfound_urls_prefix = urlsplit(html_baseurl).path or "/"

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
templates_path = ["_templates"]
html_favicon = "_static/favicon.svg"
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_use_index = False
html_theme_options: dict[str, Any] = {
    "top_of_page_buttons": [],
    # The high-contrast palettes below have a background that barely differs from the page's.
    "light_css_variables": {"color-code-background": "#f1f4f8"},
    "dark_css_variables": {"color-code-background": "#1b2027"},
}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
highlight_language = "none"  # guessing colours a transcript as Python


def give_captions_a_level(
    _app: Sphinx, _pagename: str, _templatename: str, context: dict[str, Any], _doctree: object
) -> None:
    """Complete `role="heading"` on captions with the level that it requires (sphinx#14030)."""
    for part in ("body", "furo_navigation_tree"):
        if html := context.get(part):
            context[part] = html.replace('role="heading">', 'role="heading" aria-level="2">')


def setup(app: Sphinx) -> None:
    """Connect what this site mends in its pages, after the theme has filled their context."""
    app.connect("html-page-context", give_captions_a_level, priority=900)
