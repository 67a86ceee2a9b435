"""The record that a page's run is compared with, where it can be trusted."""

from __future__ import annotations

from seatrial.errors import RecordError
from seatrial.pages.settings import Settings
from seatrial.transcript.blocks import Page
from seatrial.transcript.record import Record, Run, load, path_of
from seatrial.transcript.spelling import COMMANDS


def trusted_record(page: Page, spelling: str, settings: Settings) -> Record | None:
    """Return a page's record, to compare a run in a spelling of Compose with.

    Raises RecordError where it was changed by hand, or a strict project has none.
    """
    record = load(settings.records, page.name)
    run = record.runs.get(spelling) if record else None
    hint = f"type `{record_command(page, settings)}`"
    if run is None:
        if settings.strict:
            spelt = f" spelt `{COMMANDS[spelling]}`" if record else ""
            problem = f"there is no record of this page{spelt}, and `seatrial_strict` is set"
            raise RecordError(problem, where=page.source, hint=hint)
    elif edited := _edited(page, run):
        where = str(path_of(settings.records, page.name))
        raise RecordError(f"was changed by hand: {edited}", where=where, hint=hint)
    return record


def record_command(page: Page, settings: Settings) -> str:
    """Return what a writer types to record a page."""
    return settings.record_command.replace("{page}", page.source)


def _edited(page: Page, run: Run) -> str:
    """Return what of a run was changed since it was recorded, in words; nothing where all fits."""
    digests = {item.digest: item.where for item in page.items}
    blocks = [digests.get(item.digest, item.digest) for item in run.items if item.edited]
    if blocks:
        return f"what it holds of {', '.join(blocks)}"
    return "its day, its versions or its list of blocks" if run.edited else ""
