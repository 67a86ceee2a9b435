"""Links from each page to the repository, to the page's source there, and to where it is edited.

`repository_url` in conf.py is the address that the repository is cloned from.  Where it is not set,
or no address of web pages, no page has such a link.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sphinx.application import Sphinx

# What a host's name has in it -> the paths for the source of a file and for editing it.
FORMS = {
    "gitlab": ("/-/blob/{branch}/{file}", "/-/edit/{branch}/{file}"),
    "codeberg": ("/src/branch/{branch}/{file}", "/_edit/{branch}/{file}"),
    "gitea": ("/src/branch/{branch}/{file}", "/_edit/{branch}/{file}"),
    "forgejo": ("/src/branch/{branch}/{file}", "/_edit/{branch}/{file}"),
    "bitbucket": ("/src/{branch}/{file}", "/src/{branch}/{file}?mode=edit"),
}
USUAL = ("/blob/{branch}/{file}", "/edit/{branch}/{file}")


def home(address: str) -> str:
    """Return where a repository is shown on the web; nothing where its address does not say so."""
    parts = urlsplit(address)
    known = parts.scheme in ("http", "https") and parts.netloc
    return address.rstrip("/").removesuffix(".git") if known else ""


def links(address: str, branch: str, file: str) -> list[tuple[str, str]]:
    """Return the links for a page, each with its name; without a `file` the repository's alone."""
    if not (root := home(address)):
        return []
    found = [("Repository", root)]
    if file:
        host = urlsplit(root).netloc
        view, edit = next((form for name, form in FORMS.items() if name in host), USUAL)
        found.append(("Source of this page", root + view.format(branch=branch, file=file)))
        found.append(("Edit this page", root + edit.format(branch=branch, file=file)))
    return found


def add_links(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], doctree: object
) -> None:
    """Give a page's template its links; a page without a source of its own has one."""
    file = ""
    if doctree is not None:
        file = Path(app.env.doc2path(page, base=False)).as_posix()
    config = app.config
    context["repository_links"] = links(config.repository_url, config.repository_branch, file)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the setting and connect it; `repository_url` itself is tools/sample.py's."""
    app.add_config_value("repository_branch", "main", "html", (str,))
    app.connect("html-page-context", add_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
