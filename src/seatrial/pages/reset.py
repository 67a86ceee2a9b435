"""How a reader resets the project where another page left it otherwise."""

from __future__ import annotations

from html import escape

from sphinx.util.osutil import relative_uri

from seatrial.pages.nest import frame_at
from seatrial.pages.rendering import frame_markup, removed_mark, where_markup
from seatrial.pages.site import Site
from seatrial.transcript.folders import COMPOSE_FILES
from seatrial.transcript.places import MACHINE
from seatrial.transcript.spelling import COMMANDS, CURRENT

_DOWN = "down -v --remove-orphans"
_REMOVED = "removes data: all volumes of the project"


def reset_markup(site: Site, page: str) -> str:
    """Return how the project is brought back to nothing; nothing where Compose runs none."""
    project = site.settings.project
    if project is None or not any((project / name).is_file() for name in COMPOSE_FILES):
        return ""
    lines = (line for item in site.page(page).items for line in item.item.lines)
    if not any(COMMANDS[CURRENT] in line for line in lines):
        # it leaves nothing behind, and needs nothing gone
        return ""
    name = f"<code>{escape(project.name)}</code>"
    spellings = site.settings.spellings
    figures = "".join(_figure(each, both=len(spellings) > 1) for each in spellings)
    return (
        '<div class="seatrial-reset">\n<p>Another page left the project otherwise? Reset it, in '
        f"the folder {name} of this site and in no other. The command removes the containers, the "
        f"networks and the volumes of the project, with all that is stored in them:</p>\n{figures}"
        f"<p>Then delete the folder {name}, because edits of other pages stay in it, and take "
        f"{_fresh_copy(site, page)}.</p>\n</div>\n"
    )


def _figure(spelling: str, *, both: bool) -> str:
    """Return the command in one spelling, with a button that copies it."""
    frame = frame_at(MACHINE)
    row = (
        '<span class="seatrial-row"><span class="seatrial-prompt">$ </span>'
        f'<span class="seatrial-command">{COMMANDS[spelling]} {_DOWN}</span>\n</span>'
    )
    held = f"{where_markup(frame, removes=True)}<pre>{row}{removed_mark(_REMOVED)}</pre>"
    stretch = f'<div class="seatrial-stretch">{held}</div>\n'
    spelt = f' data-spelling="{spelling}"' if both else ""
    named = f'<div class="seatrial-label">{COMMANDS[spelling]}</div>\n' if both else ""
    return (
        f'<figure class="seatrial-block seatrial-commands"{spelt}>\n{named}'
        f'<div class="seatrial-transcript highlight">\n{frame_markup(frame, stretch)}</div>\n'
        "</figure>\n"
    )


def _fresh_copy(site: Site, page: str) -> str:
    """Return "a fresh copy", as a link where conf.py says where to get one."""
    address: str = site.settings.download
    if not address:
        return "a fresh copy"
    if "://" not in address:
        address = relative_uri(site.app.builder.get_target_uri(page), address)
    return f'<a href="{escape(address)}">a fresh copy</a>'
