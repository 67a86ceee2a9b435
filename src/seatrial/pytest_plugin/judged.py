"""Items whose failure is a writer's mistake, and no fault of a program."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from seatrial.errors import EngineUnavailableError, SeatrialError
from seatrial.pages.look_alikes import TESTED_ELSEWHERE
from seatrial.pages.prose import complaints
from seatrial.pytest_plugin.trial import TRIAL, Trial
from seatrial.transcript.blocks import Page

PROSE = "seatrial_prose"
_MAKE_IT_A_BLOCK = "make it a console block, or give it the class `not-run` if it is only shown"


class Failure(Exception):  # noqa: N818 (it is no error of the program)
    """A verdict other than passed, in words."""


class Judged(pytest.Item):
    """An item whose failure is a writer's mistake, and no fault of a program."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> object:  # type: ignore[override]
        """Return a writer's mistake without a Python traceback."""
        if isinstance(excinfo.value, Failure | SeatrialError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class Spelt(pytest.Collector):
    """Something in one spelling of Compose."""

    def __init__(self, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.asked_for: set[int] = set()
        # the numbers of the items that this run of pytest has selected

    @property
    def trial(self) -> Trial:
        """Return what all items share."""
        return self.config.stash[TRIAL]

    def pass_over(self, reason: str, stopped: int | None) -> NoReturn:
        """Skip an item that was not run; raise Failure where nobody asked for what stopped it.

        A run that asks for this item alone must not be green because of one before it.
        """
        if stopped is not None and stopped not in self.asked_for:
            raise Failure(reason)
        pytest.skip(reason)


class ProblemItem(Judged):
    """Something that keeps a page from being run truthfully: it always fails."""

    def __init__(self, *, problem: str, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.problem = problem

    def runtest(self) -> None:
        """Fail."""
        raise Failure(self.problem)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the page's name in place of a test's."""
        return self.path, 0, self.name


class ProseItem(Judged):
    """The literals in the sentences of a page; needs no Docker."""

    def __init__(self, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.add_marker(PROSE)

    def runtest(self) -> None:
        """Look for each literal; raise Failure with those that occur nowhere."""
        trial = self.config.stash[TRIAL]
        # as it reads now: a run before may have rewritten it
        page = trial.tree.page(self.path)
        assert page is not None
        if found := complaints(page.literals, trial.corpus):
            raise Failure("\n".join(found))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the page's name in place of a test's."""
        return self.path, 0, self.name


def look_alikes(parent: pytest.Collector, page: Page) -> Iterator[ProblemItem]:
    """Yield what a page shows and does not run, if that is to fail; else note it."""
    trial = parent.config.stash[TRIAL]
    tested = sum(each.tested for each in page.look_alikes)
    if tested:
        blocks = "1 block is not run" if tested == 1 else f"{tested} blocks are not run"
        trial.tally.notes[f"{page.source}: {blocks}: {TESTED_ELSEWHERE}"] = None
    for number, each in enumerate((e for e in page.look_alikes if not e.tested), start=1):
        words = f"looks like a transcript and is not run: {each.reason}"
        if trial.tree.settings.strict:
            problem = f"{each.where}: this {words}\n  hint: {_MAKE_IT_A_BLOCK}"
            yield ProblemItem.from_parent(parent, name=f"looks-like-{number}", problem=problem)
        else:
            trial.tally.notes[f"{each.where} {words}"] = None


def prose(page_file: pytest.File, page: Page) -> Iterator[pytest.Item]:
    """Yield an item for a page's literals, if these are checked; recording a page comes first."""
    if page.literals:
        yield ProseItem.from_parent(page_file, name="prose")


@contextlib.contextmanager
def docker_or_skip(trial: Trial) -> Iterator[None]:
    """Fail, or skip, with the reason, where there is no engine; put other errors in words."""
    try:
        yield
    except EngineUnavailableError as error:
        if trial.require_docker:
            raise Failure(str(error)) from error
        trial.tally.without_docker += 1
        pytest.skip(str(error).replace("\n", " "))
    except SeatrialError as error:
        raise Failure(str(error)) from error
