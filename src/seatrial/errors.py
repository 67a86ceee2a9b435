"""What can go wrong, said in one sentence with a place and a remedy."""

from __future__ import annotations


class SeatrialError(Exception):
    """A run that cannot go on; a difference between page and run is a verdict instead."""

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        """Return the place, what happened and, on a line of its own, what to do."""
        place = f"{self.where}: " if self.where else ""
        remedy = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{place}{self.message}{remedy}"


class TranscriptError(SeatrialError):
    """A block that cannot be read as a console transcript."""


class SessionError(SeatrialError):
    """A terminal that could not be opened or was lost."""


class SandboxError(SeatrialError):
    """A sandbox that could not be made, filled or taken down."""


class EngineUnavailableError(SeatrialError):
    """No Docker engine, or no Compose, where one is needed."""


class RecordError(SeatrialError):
    """A record that cannot be read or written."""
