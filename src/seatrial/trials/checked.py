"""The last check of each page that passed here, kept in the user's cache: one file a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from seatrial.run import cache
from seatrial.transcript.folders import digest
from seatrial.transcript.record import write_whole

_FORMAT = 1


@dataclass(frozen=True)
class Check:
    """A check of one page in one spelling that passed."""

    inputs: Mapping[str, str]
    """What it depended on, each with a digest (`trials/inputs.py`)."""
    when: float
    """Its end, in seconds since the epoch."""
    seconds: float
    """How long it took."""

    @property
    def day_and_time(self) -> str:
        """Return when it was, in local time: "28 November, 14:03"."""
        when = datetime.fromtimestamp(self.when)
        return f"{when.day} {when:%B, %H:%M}"


@dataclass(frozen=True)
class Checks:
    """The checks of the pages of one source directory."""

    source: Path

    def path(self, page: str, spelling: str) -> Path:
        """Return the file in which the last check of a page in a spelling is kept."""
        name = digest(str(self.source.resolve()), page, spelling)
        return cache.folder("checked") / f"{name}.json"

    def last(self, page: str, spelling: str) -> Check | None:
        """Return the last check that passed; None where there was none.

        Raises ValueError where the file cannot be read as one: it then counts for nothing.
        """
        path = self.path(page, spelling)
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            inputs, when = dict(data["inputs"]), float(data["when"])
            whose = (data["format"], data["source"], data["page"], data["spelling"])
            if whose != (_FORMAT, str(self.source.resolve()), page, spelling) or not inputs:
                raise ValueError("it is of something else")
            datetime.fromtimestamp(when)
            return Check(inputs, when, float(data["seconds"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"{path} cannot be read") from error

    def keep(self, page: str, spelling: str, check: Check) -> None:
        """Keep a check that passed, in place of the one before; whole or not at all.

        Raises RecordError where the file cannot be written.
        """
        whose = {"source": str(self.source.resolve()), "page": page, "spelling": spelling}
        data = {"format": _FORMAT, **whose, **asdict(check)}
        write_whole(self.path(page, spelling), json.dumps(data, indent=1) + "\n")

    def forget(self, page: str, spelling: str) -> None:
        """Forget the last check that passed: a later one of the same page did not."""
        path = self.path(page, spelling)
        path.unlink(missing_ok=True)
        # nor did any whole run in which it was passed over
        for whole in path.parent.glob("whole-*.json"):
            whole.unlink(missing_ok=True)
