"""Old addresses of pages: each build writes a page there that leads to where its subject is now."""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.osutil import relative_uri

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={to}">
<meta name="robots" content="noindex">
<link rel="canonical" href="{to}">
<title>This page has moved</title>
</head>
<body>
<main><h1>This page has moved</h1><p><a href="{to}">Go to its new address</a></p></main>
</body>
</html>
"""


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the pages; raises ExtensionError where one would lead nowhere or hide another."""
    if exception is not None or app.builder.name != "html":
        return
    for old, new in app.config.redirects.items():
        if new not in app.env.found_docs:
            raise ExtensionError(f"redirects: there is no page {new} for {old} to lead to")
        if old in app.env.found_docs:
            raise ExtensionError(f"redirects: {old} is still a page")
        path = Path(app.outdir, app.builder.get_target_uri(old))
        to = relative_uri(app.builder.get_target_uri(old), app.builder.get_target_uri(new))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PAGE.format(to=to), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect it."""
    app.add_config_value("redirects", {}, "")
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
