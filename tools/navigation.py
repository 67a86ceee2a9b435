"""The navigation in groups: names of parts of the site, and under them groups that fold.

A toctree's caption says both: `How to: The database` is the group *The database* in the part *How
to*.  A caption without a colon is a part alone, and its pages stand there by themselves.  A group
is a `details` element, which needs no script; that of the page that is shown is open.  Pages below
a page are there where one of them is shown: the theme's own switch for them cannot be reached by
keyboard.
"""

from functools import cache
from typing import Any

from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx


@cache
def grouped(tree: str) -> str:
    """Return a theme's navigation tree with its lists folded, each under the name of its group."""
    soup = BeautifulSoup(tree, "html.parser")
    before = ""
    for caption in soup.select("p.caption"):
        words = caption.get_text()
        part, _, group = words.partition(": ")
        text, pages = caption.select_one(".caption-text"), caption.find_next_sibling()
        assert text is not None
        if group and isinstance(pages, Tag):
            _fold(soup, pages, group)
        if part == before:
            caption.decompose()
        else:
            text.string = part
        before = part
    for toggle in soup.select(".has-children > :is(input, label)"):
        toggle.decompose()
    # pages below a page are shown beside it and its like
    for below in soup.select("li:not(.current) > ul"):
        below.decompose()
    return str(soup)


def _fold(soup: BeautifulSoup, pages: Tag, name: str) -> None:
    """Put a list of pages under its name, open where one of them is shown."""
    group = soup.new_tag("details", attrs={"class": "nav-group"})
    if pages.select_one(".current-page") is not None:
        group["open"] = ""
    summary = soup.new_tag("summary")
    summary.string = name
    count = soup.new_tag("span", attrs={"class": "nav-count"})
    count.string = str(len(pages.find_all("li", recursive=False)))
    summary.append(" ")
    summary.append(count)
    pages.wrap(group)
    group.insert(0, summary)


def group_navigation(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Fold the tree that the theme has put into a page's context."""
    if tree := context.get("furo_navigation_tree"):
        context["furo_navigation_tree"] = grouped(tree)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect it, after the theme and before captions get their level."""
    app.connect("html-page-context", group_navigation, priority=850)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
