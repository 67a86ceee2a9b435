"""Why an item of a page is never run, though its writer did not say so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docutils import nodes
from sphinx.addnodes import only
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.ext.ifconfig import ifconfig
from sphinx.util.tags import Tags

MADE_ELSEWHERE = "made by another directive"
OTHER_SYSTEM = "it is at a prompt of Windows"

# Outputs for which a page can have parts of its own: what one of them shows has readers.
_FORMATS = ("html", "latex", "text", "man", "texinfo", "epub")
_WINDOWS = re.compile(
    r"(?:\([\w.-]+\) )?(?:PS(?: [^>]*)?> |(?:PS )?[A-Za-z]:(?:[\\/][^>]*)?>)", re.IGNORECASE
)


def note_tags(app: Sphinx, config: Config) -> None:
    """Note which tags are on, by `-t` or conf.py: parts of pages depend on them."""
    config["_seatrial_tags"] = tuple(sorted(app.tags))


def hidden_by(node: nodes.Node, config: Config, tags: Sequence[str]) -> str:
    """Return what hides a node from every reader, whatever the site is built for; "" if nothing."""
    parent = node.parent
    while parent is not None:
        if isinstance(parent, only) and not _holds(parent["expr"], tags):
            return f"no reader sees it: `only:: {parent['expr']}`"
        if isinstance(parent, ifconfig) and not _is_true(parent["expr"], config):
            return f"no reader sees it: `ifconfig:: {parent['expr']}`"
        parent = parent.parent
    return ""


def _holds(condition: str, tags: Sequence[str]) -> bool:
    """Tell whether a condition holds for any output; Sphinx shows what it cannot understand."""
    try:
        return any(
            Tags([*tags, name, f"format_{name}", f"builder_{name}"]).eval_condition(condition)
            for name in _FORMATS
        )
    except Exception:
        return True


def _is_true(expression: str, config: Config) -> bool:
    """Tell what `ifconfig` makes of an expression: it is Python, and Sphinx evaluates it too."""
    names = {value.name: value.value for value in config}
    try:
        return bool(eval(expression, {**names, **vars(config), "builder": "html"}))
    except Exception:
        return True


def at_other_system(lines: Sequence[str]) -> bool:
    """Tell whether a block begins at a prompt of Windows."""
    first = next((line for line in lines if line.strip()), "")
    return _WINDOWS.match(first.lstrip()) is not None
