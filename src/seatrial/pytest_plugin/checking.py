"""A run of a page as its next check: kept in the cache where it passed."""

from __future__ import annotations

import time

from seatrial.errors import SeatrialError
from seatrial.pytest_plugin.trial import Trial
from seatrial.transcript.blocks import Page
from seatrial.trials.checked import Check, Checks
from seatrial.trials.inputs import inputs_of, surroundings


class Checking:
    """A run of a page that becomes its last check here, where it passes and nothing changed."""

    def __init__(self, trial: Trial, page: Page, spelling: str) -> None:
        self._trial, self._page, self._spelling = trial, page, spelling
        self._began = time.monotonic()
        self._inputs = self._look()

    def end(self, *, passed: bool, failed: bool) -> None:
        """Keep the check where it passed; forget the one before where this one failed."""
        if self._trial.recording or self._trial.visible:
            # neither is a whole check of the page
            return
        checks = Checks(self._trial.tree.settings.source)
        name = self._page.name
        if failed:
            checks.forget(name, self._spelling)
        # what changed while the page ran may have been seen by it, or not
        elif passed and self._inputs and self._look() == self._inputs:
            took = time.monotonic() - self._began
            checks.keep(name, self._spelling, Check(self._inputs, time.time(), took))

    def _look(self) -> dict[str, str]:
        """Return what the run depends on at this moment; nothing where that cannot be told."""
        trial = self._trial
        if trial.recording or trial.visible:
            return {}
        try:
            engine = trial.engine(self._spelling) if trial.needs_engine(self._page) else None
            settings = trial.tree.settings
            around = surroundings(settings, engine)
            return dict(inputs_of(self._page, self._spelling, settings, around))
        except SeatrialError:
            return {}
