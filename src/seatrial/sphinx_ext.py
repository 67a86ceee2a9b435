"""The Sphinx face: renders blocks with what their record says; never runs anything."""

from __future__ import annotations

from sphinx.application import Sphinx

from seatrial import __version__
from seatrial.directives import (
    Claim,
    CollectItems,
    Console,
    EditFile,
    Sandbox,
    claim_node,
    item_node,
    sandbox_node,
)


def _enter(visitor: object, node: object) -> None:
    """Show a node's children, as every builder can."""


def setup(app: Sphinx) -> dict[str, object]:
    """Register settings, directives and nodes."""
    app.add_config_value("seatrial_project", "", "env", (str,))
    app.add_config_value("seatrial_records", "records", "html", (str,))
    app.add_config_value("seatrial_prompts", [], "env", (list, tuple))
    app.add_config_value("seatrial_timeout", 60.0, "", (int, float))
    app.add_config_value("seatrial_build_timeout", 600.0, "", (int, float))
    app.add_config_value("seatrial_strict", False, "", (bool,))
    app.add_config_value("seatrial_spellings", ("v2",), "html", (list, tuple))
    app.add_config_value("seatrial_plain_shell_blocks", False, "env", (bool,))
    for name, directive in (
        ("console", Console), ("claim", Claim), ("edit", EditFile), ("sandbox", Sandbox),
    ):
        app.add_directive(name, directive)
    for node in (item_node, claim_node, sandbox_node):
        app.add_node(node, **dict.fromkeys(("html", "latex", "text", "man", "texinfo"), (_enter, _enter)))
    app.add_transform(CollectItems)
    return {"version": __version__, "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
