"""Which process runs which page, where pytest-xdist has several.

A page is run whole by one process, the longest first.  Where the process ends in the middle of it,
or the engine that it ran on, the page is run once more by another one.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from seatrial.pytest_plugin.shard import records_folder
from seatrial.pytest_plugin.trial import TRIAL, Trial
from seatrial.transcript.shares import recorded_seconds
from seatrial.transcript.spelling import SPELLINGS

# of a page that has ended twice before its end
_TWICE = "the process that ran this page ended before it, or its engine did, and so did the next"


def require_what_is_asked(config: pytest.Config) -> None:
    """Raise UsageError for a file that is not there; xdist's processes would only find nothing."""
    if hasattr(config, "workerinput") or config.getoption("pyargs"):
        return
    for asked in config.args:
        if not (config.invocation_params.dir / asked.partition("::")[0]).exists():
            raise pytest.UsageError(f"file or directory not found: {asked}")


class _LongestFirst(OrderedDict[str, dict[str, bool]]):
    """Work that waits, of which what takes longest is taken first."""

    def __init__(self, seconds: Callable[[str], float]) -> None:
        super().__init__()
        self._seconds = seconds

    def popitem(self, last: bool = True) -> tuple[str, dict[str, bool]]:  # noqa: ARG002
        """Remove what takes longest and return it; of the same length, what came first."""
        # a second an item is as good a guess as any
        key = max(self, key=lambda scope: self._seconds(scope) or len(self[scope]))
        return key, self.pop(key)


class PageScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Deals out pages whole, and other tests as they were asked for: each file, or each test."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        self._trial: Trial = config.stash[TRIAL]
        self._begun = Counter[str]()
        # how often a page was begun and not ended
        records = self._trial.source / records_folder(self._trial.source / "conf.py")

        @cache
        def seconds(scope: str) -> float:
            """Return what a page took when it was recorded, in one spelling or in all."""
            file, _, spelling = scope.partition("::")
            place = self._trial.place(config.rootpath / file)
            if place is None:
                return 0.0
            record = (records / place.relative_to(self._trial.source)).with_suffix(".json")
            return recorded_seconds(record, spelling or None)

        self.workqueue = _LongestFirst(seconds)
        # it is in order by itself
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        """Return a page in one spelling, a file, or a test.

        Recording writes both spellings of a page into one file.
        """
        file, _, rest = nodeid.partition("::")
        spelling, _, item = rest.partition("::")
        if item and spelling in SPELLINGS and not self._trial.recording:
            return f"{file}::{spelling}"
        return nodeid if file.endswith(".py") and self._trial.tests_alone else file

    def _reschedule(self, node: WorkerController) -> None:
        """Give a process more work where it has but one item left, which it runs once it has more.

        Two, as xdist has it, would keep a page waiting behind long items while others are idle.
        """
        if (
            node.shutting_down
            or not self.workqueue
            or self._pending_of(self.assigned_work[node]) < 2
        ):
            super()._reschedule(node)

    def remove_node(self, node: WorkerController) -> str | None:
        """Take a process out that has ended, and give its work to others.

        Returns the item that it was in, unless that item's page is run once more.
        """
        work = self.assigned_work[node]
        broken = next((scope for scope, items in work.items() if not all(items.values())), "")
        if not broken or broken.partition("::")[0].endswith(".py"):
            item: str | None = super().remove_node(node)
            return item
        self._begun[broken] += 1
        if self._begun[broken] > 1:
            self._fail(next(item for item, done in work[broken].items() if not done))
            del work[broken]
        else:
            work[broken] = dict.fromkeys(work[broken], False)
            page = " ".join(broken.split("::"))
            words = "was run once more: the process that ran it ended before it, or its engine did"
            self._trial.tally.notes[f"{page} {words}"] = None
        super().remove_node(node)
        return None

    def _fail(self, item: str) -> None:
        """Report that an item, with all of its page, could not be run."""
        file = item.partition("::")[0]
        report = pytest.TestReport(item, (file, None, file), {}, "failed", _TWICE, "call")
        self.config.hook.pytest_runtest_logreport(report=report)
